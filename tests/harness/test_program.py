"""A stack file reaches the program as the engine hands it over."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from harness.plan import Plan
from harness.program import PLACEHOLDER, UnknownStackError, merge
from harness.properties import UNKNOWN, Secret
from rehearsal.program import read_configuration, run_program, stacks
from tests.plans import EXAMPLES, STACKS, any_stack, plan_of


def configured(folder: Path, stack_file: str, overrides: dict[str, Any] | None = None, project_file: str = "") -> Any:
    (folder / "Pulumi.yaml").write_text(f"name: sample\nruntime: python\n{project_file}")
    (folder / "Pulumi.dev.yaml").write_text(stack_file)
    return read_configuration("dev", overrides, folder)


def test_objects_are_json_and_scalars_text(tmp_path: Path) -> None:
    values = configured(
        tmp_path, "config:\n  a: {b: [1, x], c: true}\n  aws:region: eu-west-1\n  on: true\n  n: 3\n  s: '007'\n"
    ).values
    assert json.loads(values.pop("sample:a")) == {"b": [1, "x"], "c": True}
    assert values == {"aws:region": "eu-west-1", "sample:on": "true", "sample:n": "3", "sample:s": "007"}


def test_the_keys_of_an_object_come_in_alphabetical_order_as_the_engine_hands_them_over(tmp_path: Path) -> None:
    values = configured(tmp_path, "config:\n  pools: {spot: {sizes: [b, a], arch: arm64}, general: {}}\n").values
    assert values["sample:pools"] == '{"general": {}, "spot": {"arch": "arm64", "sizes": ["b", "a"]}}'


def test_only_true_and_false_are_boolean_and_a_time_of_day_is_text(tmp_path: Path) -> None:
    stack = (
        "config:\n  a: {on: yes, at: 12:30, day: 2026-01-01, none: ~, empty: , float: 1.5, hex: 0x10, version: 1.2.3}\n"
    )
    assert json.loads(configured(tmp_path, stack).values["sample:a"]) == {
        "on": "yes",
        "at": "12:30",
        "day": "2026-01-01",
        "none": None,
        "empty": None,
        "float": 1.5,
        "hex": 16,
        "version": "1.2.3",
    }


def test_secrets_get_a_placeholder_and_are_listed(tmp_path: Path) -> None:
    stack = "config:\n  token: {secure: v1:x}\n  a: {b: [{secure: v1:y}], c: 1}\n  plain: {secure: v1:z, other: 1}\n"
    configuration = configured(tmp_path, stack)
    assert configuration.values["sample:token"] == PLACEHOLDER
    assert json.loads(configuration.values["sample:a"]) == {"b": [PLACEHOLDER], "c": 1}
    assert configuration.secret_keys == {"sample:token", "sample:a"}
    assert configuration.placeholders == ("sample:token", "sample:a.b[0]")
    assert "v1:" not in json.dumps([configuration.values["sample:token"], configuration.values["sample:a"]])
    given = read_configuration("dev", {"token": "known"}, tmp_path)
    assert given.values["sample:token"] == "known"
    assert given.placeholders == ("sample:a.b[0]",)


def test_the_projects_own_values_are_below_the_stacks(tmp_path: Path) -> None:
    project = "config:\n  a: 1\n  b: {value: 2}\n  c: {type: string, default: x}\n"
    values = configured(tmp_path, "config:\n  a: 5\n", project_file=project).values
    assert values == {"sample:a": "5", "sample:b": "2", "sample:c": "x"}


def test_default_providers_that_are_switched_off(tmp_path: Path) -> None:
    stack = "config:\n  pulumi:disable-default-providers: [aws, kubernetes]\n"
    assert configured(tmp_path, stack).disabled_providers == ("aws", "kubernetes")


def test_merging_is_deep_and_none_takes_away() -> None:
    base = {"a": {"b": 1, "c": [1]}, "d": 1}
    assert merge(base, {"a": {"b": 2, "e": {"f": 3}}}) == {"a": {"b": 2, "c": [1], "e": {"f": 3}}, "d": 1}
    assert merge(base, {"a": {"c": [2]}, "d": None}) == {"a": {"b": 1, "c": [2]}}
    assert merge(base, {"a": 1}) == {"a": 1, "d": 1}
    assert base == {"a": {"b": 1, "c": [1]}, "d": 1}


def test_overrides_are_the_projects_unless_they_say_otherwise(tmp_path: Path) -> None:
    values = configured(tmp_path, "config:\n  a: {b: 1}\n", {"a": {"c": 2}, "aws:region": "eu-west-1"}).values
    assert {key: value for key, value in values.items() if key != "sample:a"} == {"aws:region": "eu-west-1"}
    assert json.loads(values["sample:a"]) == {"b": 1, "c": 2}


def test_a_stack_without_a_file_is_refused(project: Path) -> None:
    with pytest.raises(UnknownStackError, match="no stack 'moon': expected one of: dev, refused"):
        run_program("moon", root=project)


def test_the_sample_runs_known_and_unknown(project: Path) -> None:
    before = (Path.cwd(), dict(os.environ))
    known, unknown = (run_program("dev", unknown=mode, root=project) for mode in (False, True))
    assert [entry.urn for entry in known] == [entry.urn for entry in unknown]
    assert known.project == "sample"
    assert known.exports["arn"].endswith(":cluster/platform")
    assert known.exports["endpoint"].startswith("https://")
    assert known.exports["password"] == Secret(PLACEHOLDER)
    assert known.one(name="traefik", type="kubernetes:helm.sh/v3:Release").inputs["namespace"] == "traefik"
    assert unknown.exports["arn"] is UNKNOWN
    assert unknown.exports["cidr"] == "10.0.0.0/16"
    assert known.unknowns() == ["config sample:password"]
    assert "output arn" in unknown.unknowns()
    assert (Path.cwd(), dict(os.environ)) == before
    assert "PULUMI_CONFIG" not in os.environ


def test_an_override_reaches_the_program(project: Path) -> None:
    plan = run_program("dev", config={"network": {"subnets": {"ap-northeast-1d": "10.0.2.0/24"}}}, root=project)
    assert [entry.name for entry in plan.find(type="aws:ec2/subnet:Subnet")] == [
        "net-ap-northeast-1a",
        "net-ap-northeast-1c",
        "net-ap-northeast-1d",
    ]


@any_stack
def test_each_stack_of_this_project_plans_the_same_resources_known_and_unknown(stack: str) -> None:
    def shape(plan: Plan) -> list[tuple[str, list[str]]]:
        return [(entry.urn, sorted(entry.inputs)) for entry in plan]

    known, unknown = (plan_of(stack, unknown=mode) for mode in (False, True))
    assert {urn for urn, _ in shape(known)} == {urn for urn, _ in shape(unknown)}
    assert not [entry.name for entry in known if entry.unknown_inputs]
    assert known.exports.keys() == unknown.exports.keys()


def test_this_project_has_stacks_and_examples() -> None:
    assert stacks()
    assert set(stacks(EXAMPLES)) == set(STACKS)


def test_a_project_may_have_its_program_elsewhere(project: Path, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere"
    other.mkdir()
    (other / "Pulumi.yaml").write_text(f"name: sample\nruntime: python\nmain: {os.path.relpath(project, other)}\n")
    (other / "Pulumi.dev.yaml").symlink_to(project / "Pulumi.dev.yaml")
    assert run_program("dev", root=other).to_json() == run_program("dev", root=project).to_json()
