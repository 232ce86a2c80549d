"""What `make import-ids` lists, refuses, and writes."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from harness.properties import reveal
from tests.plans import EXAMPLES, STACKS, plan_of
from tools.import_ids import NAMED_BY_PULUMI, NEVER, OF_ANOTHER, Candidate, candidates, import_file, main

ACCOUNT: Final = "111122223333"
REGION: Final = "ap-northeast-1"


def _candidates(stack: str, **given: str) -> dict[str, Candidate]:
    return {it.label: it for it in candidates(plan_of(stack), given, ACCOUNT, REGION)}


def _run(*arguments: str) -> int:
    return main(["--stack", "dev", "--project", str(EXAMPLES), *arguments])


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_of_aws_is_listed_once_with_an_id_a_command_or_a_reason(stack: str) -> None:
    found = candidates(plan_of(stack), {}, ACCOUNT, REGION)
    assert len({it.label for it in found}) == len(found)
    assert {it.entry.urn for it in found} == {
        entry.urn for entry in plan_of(stack) if entry.custom and not entry.read and entry.type.startswith("aws:")
    }
    made_up = {str(it.entry.id) for it in found if it.id is None}
    for it in found:
        assert not any(id_ in (it.id or "") + it.lookup for id_ in made_up), it.label


def test_nothing_of_a_cluster_or_of_a_load_balancer_is_imported() -> None:
    found = _candidates("prod")
    for label in (
        "Cluster::platform-prod-eks-eksCluster",
        "LoadBalancer::platform-prod",
        "TargetGroup::platform-prod-web",
    ):
        assert found[label].reason in NEVER.values()
    assert {it.reason for it in found.values() if it.entry.type.startswith("aws:eks/")} == {NEVER["aws:eks/"]}


def test_what_pulumi_names_would_be_replaced_and_what_belongs_to_it_too() -> None:
    found = _candidates("prod")
    assert found["Role::platform-prod-control-plane"].reason == NAMED_BY_PULUMI
    assert found["RolePolicyAttachment::platform-prod-control-plane"].reason == OF_ANOTHER
    for it in found.values():
        if it.entry.type == "aws:iam/role:Role":
            assert "name" not in it.entry.inputs


def test_ids_follow_from_the_plan_and_from_the_ids_that_are_given() -> None:
    zone = "platform-dev-private-ap-northeast-1a"
    assert _candidates("dev")["LogGroup::platform-dev-control-plane"].id == "/aws/eks/platform-dev/cluster"
    assert _candidates("dev")[f"RouteTableAssociation::{zone}"].id is None
    half = {f"Subnet::{zone}": "subnet-1"}
    assert _candidates("dev", **half)[f"RouteTableAssociation::{zone}"].id is None
    both = {**half, f"RouteTable::{zone}": "rtb-1"}
    assert _candidates("dev", **both)[f"RouteTableAssociation::{zone}"].id == "subnet-1/rtb-1"
    vpc = {"Vpc::platform-dev-vpc": "vpc-1"}
    assert "Name=vpc-id,Values=VPCID" in _candidates("dev")[f"Subnet::{zone}"].lookup
    assert "Name=vpc-id,Values=vpc-1" in _candidates("dev", **vpc)[f"Subnet::{zone}"].lookup


def test_the_file_has_what_is_above_the_resources_and_their_provider(tmp_path: Path) -> None:
    plan, file = plan_of("dev"), tmp_path / "import.json"
    names = ("Vpc::platform-dev-vpc=vpc-1", "LogGroup::platform-dev-control-plane", "Key::platform-dev-secrets=abc")
    assert _run("--out", str(file), *names) == 0
    rows: list[dict[str, Any]] = json.loads(file.read_text())["resources"]
    by_key = {row["name"]: row for row in rows}
    assert len(by_key) == len(rows)
    ids = {row["logicalName"]: row["id"] for row in rows if "id" in row}
    assert ids == {
        "platform-dev-vpc": "vpc-1",
        "platform-dev-control-plane": "/aws/eks/platform-dev/cluster",
        "platform-dev-secrets": "abc",
    }
    for row in rows:
        entry = plan.one(type=row["type"], name=row["logicalName"])
        parent = plan.by_urn[entry.parent or ""]
        if parent.type == "pulumi:pulumi:Stack":
            assert "parent" not in row
        else:
            assert (by_key[row["parent"]]["type"], by_key[row["parent"]]["logicalName"]) == (parent.type, parent.name)
        if "id" in row:
            assert by_key[row["provider"]]["inputs"] == reveal(plan.one(type="pulumi:providers:aws").inputs)
        else:
            assert row.get("component", False) is not entry.custom


def test_nothing_chosen_is_nothing_written() -> None:
    assert import_file(plan_of("dev"), []) == {"resources": []}


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("Vpc::platform-dev-vcp", "no resource of the plan"),
        ("Vpc::platform-dev-vpc", "expected Vpc::platform-dev-vpc=ID"),
        ("Cluster::platform-dev-eks-eksCluster=platform-dev", "must not be imported: it belongs to a cluster"),
        ("Role::platform-dev-control-plane=theirs", "must not be imported: the program gives it no name"),
    ],
)
def test_what_cannot_be_imported_is_said_and_nothing_is_written(
    name: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "import.json"
    assert _run("--out", str(file), "LogGroup::platform-dev-control-plane", name) == 1
    assert message in capsys.readouterr().err
    assert not file.exists()


def test_the_list_has_ids_commands_and_reasons(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run() == 0
    can, _, must_not = capsys.readouterr().out.partition("\nMust not be imported:\n")
    assert "  LogGroup::platform-dev-control-plane /aws/eks/platform-dev/cluster\n" in can
    assert "  Vpc::platform-dev-vpc =ID, such as vpc-a01106c2\n      aws ec2 describe-vpcs" in can
    assert "Cluster::platform-dev-eks-eksCluster" in must_not
    assert "Cluster::" not in can
