"""The rules as the engine's policies: levels, names, messages, and values as the SDK hands them over."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from google.protobuf.json_format import MessageToDict
from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyCustomTimeouts,
    PolicyProviderResource,
    PolicyResource,
    PolicyResourceOptions,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.deserialize import deserialize_properties
from pulumi_policy.proxy import unknown_checking_proxy

from facts.environments import Environment
from harness.properties import encode, resolve_references
from policy import servicer
from policy.pack import ADVICE, policies, resource, without_proxies
from policy.rule import Level
from policy.rules import RULES
from policy.servicer import environment
from rehearsal.policies import resource_of
from rehearsal.preview import main
from rehearsal.program import ROOT
from tests.plans import STACKS, plan_of

POLICIES = {policy.name: policy for policy in policies(environment)}
OPTIONS = PolicyResourceOptions(True, [], None, [], PolicyCustomTimeouts(0, 0, 0), [])


def _wire(properties: Mapping[str, Any]) -> Any:
    """Return properties as the SDK gives them to a policy."""
    return unknown_checking_proxy(deserialize_properties(MessageToDict(encode(resolve_references(properties)))))


def _args(urn: str, type_: str, properties: Mapping[str, Any]) -> ResourceValidationArgs:
    return ResourceValidationArgs(type_, _wire(properties), urn, "it", OPTIONS, None)


def _said(policy: Policy, args: Any) -> list[tuple[str, str | None]]:
    assert isinstance(policy, ResourceValidationPolicy | StackValidationPolicy)
    said: list[tuple[str, str | None]] = []

    def report(message: str, urn: str | None = None) -> None:
        said.append((message, urn))

    policy.validate(args, report)
    return said


def test_every_rule_is_a_mandatory_policy_and_some_are_an_advisory_one_too() -> None:
    assert len(POLICIES) == len(policies(environment))
    levels = {name: policy.enforcement_level for name, policy in POLICIES.items()}
    advisory = {rule.name + ADVICE for rule in RULES if rule.development is Level.ADVISORY}
    assert {name for name, level in levels.items() if level is EnforcementLevel.MANDATORY} == {
        rule.name for rule in RULES
    }
    assert {name for name, level in levels.items() if level is EnforcementLevel.ADVISORY} == advisory
    for rule in RULES:
        policy = POLICIES[rule.name]
        assert (policy.description, policy.url) == (rule.reason, rule.source)
        assert isinstance(policy, StackValidationPolicy if rule.whole_stack else ResourceValidationPolicy)


@pytest.mark.parametrize(
    ("told", "speaks"),
    [(Environment.PRODUCTION, "log-retention"), (Environment.DEVELOPMENT, "log-retention-advice")],
)
def test_one_of_the_two_speaks(told: Environment, speaks: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicer, "_TOLD", [told])
    type_ = "aws:cloudwatch/logGroup:LogGroup"
    urn = f"urn:pulumi:any::p::{type_}::it"
    for name in ("log-retention", "log-retention-advice"):
        expected = [("its logs are kept forever. Set retentionInDays.", urn)] if name == speaks else []
        assert _said(POLICIES[name], _args(urn, type_, {})) == expected


def test_a_rule_that_is_off_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    type_ = "aws:eks/cluster:Cluster"
    for told, number in ((Environment.DEVELOPMENT, 0), (Environment.PRODUCTION, 1)):
        monkeypatch.setattr(servicer, "_TOLD", [told])
        args = _args(f"urn:pulumi:any::p::{type_}::it", type_, {})
        assert len(_said(POLICIES["cluster-deletion-protection"], args)) == number


def test_a_policy_minds_only_its_types() -> None:
    args = _args("urn:pulumi:prod::p::aws:ec2/vpc:Vpc::it", "aws:ec2/vpc:Vpc", {})
    assert _said(POLICIES["log-retention"], args) == []


def test_a_policy_for_the_whole_stack_names_the_resource() -> None:
    nat, subnet = "aws:ec2/natGateway:NatGateway", "aws:ec2/subnet:Subnet"
    given = [
        PolicyResource(
            type_, _wire(properties), f"urn:pulumi:prod::p::{type_}::{name}", name, OPTIONS, None, None, [], {}
        )
        for type_, name, properties in (
            (nat, "one", {}),
            (subnet, "a", {"availabilityZone": "a"}),
            (subnet, "c", {"availabilityZone": "c"}),
            ("aws:ec2/vpc:Vpc", "vpc", {}),
        )
    ]
    (said,) = _said(POLICIES["nat-per-zone"], StackValidationArgs(given))
    assert said == ("1 of 2 zones have a NAT gateway. Set network.nat to per-zone.", given[0].urn)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("unknown", [False, True])
def test_the_engine_and_the_recorded_plan_show_a_rule_the_same(stack: str, unknown: bool) -> None:
    plan = plan_of(stack, unknown=unknown)
    for registration in plan:
        provider = plan.by_urn.get(registration.options.provider or "")
        options = PolicyResourceOptions(
            bool(registration.options.protect), [], None, [], PolicyCustomTimeouts(0, 0, 0), []
        )
        given = ResourceValidationArgs(
            registration.type,
            _wire(registration.inputs),
            registration.urn,
            registration.name,
            options,
            PolicyProviderResource(provider.type, _wire(provider.inputs), provider.urn, provider.name)
            if provider
            else None,
        )
        assert resource(given) == resource_of(registration, plan)


def test_whole_numbers_are_integers_and_text_is_left_alone() -> None:
    assert without_proxies({"a": [1.0, 1.5, "1.0", True, None]}) == {"a": [1, 1.5, "1.0", True, None]}


def test_the_pack_runs_in_the_programs_environment() -> None:
    pack, program = (yaml.safe_load((ROOT / name).read_text()) for name in ("policy/PulumiPolicy.yaml", "Pulumi.yaml"))
    own, other = pack["runtime"], program["runtime"]
    assert (own["name"], own["options"]["toolchain"]) == (other["name"], other["options"]["toolchain"])
    assert (ROOT / "policy" / own["options"]["virtualenv"]).resolve() == (
        ROOT / other["options"]["virtualenv"]
    ).resolve()


# --- The preview without credentials ------------------------------------------------------------------------------

PROGRAM = """
import pulumi_aws as aws

aws.sqs.Queue("queue", sqs_managed_sse_enabled={encrypted})
aws.cloudwatch.LogGroup("logs")
"""


def _project(folder: Path, *, development: bool = True, encrypted: bool = False, pack: bool = True) -> Path:
    (folder / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    platform = {"sample:platform": {"environment": "development"}} if development else {}
    config = {"aws:region": "ap-northeast-1", **platform}
    (folder / "Pulumi.it.yaml").write_text(json.dumps({"config": config}))
    (folder / "__main__.py").write_text(PROGRAM.format(encrypted=encrypted))
    if pack:
        (folder / "policy").mkdir()
        (folder / "policy" / "PulumiPolicy.yaml").write_text("runtime: python\n")
    return folder


def test_the_preview_shows_violations_and_fails_for_a_mandatory_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stack", "it"], _project(tmp_path)) == 1
    out = capsys.readouterr().out
    policies_ = out.partition("\nPolicies of a development stack:\n")[2]
    assert "  [mandatory] queue-encryption: Queue queue: it is not encrypted\n" in policies_
    assert "  [advisory] log-retention: LogGroup logs: its logs are kept forever\n" in policies_
    assert "      Set sqsManagedSseEnabled, or kmsMasterKeyId.\n" in policies_
    assert policies_.index("[mandatory]") < policies_.index("[advisory]")


def test_the_preview_of_advice_alone_succeeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "it", "--format", "json"], _project(tmp_path, encrypted=True)) == 0
    found = json.loads(capsys.readouterr().out)["violations"]
    assert {entry["level"] for entry in found} == {"advisory"}
    (retention,) = (entry for entry in found if entry["policy"] == "log-retention")
    assert set(retention) == {"policy", "level", "urn", "problem", "reason", "fix"}
    assert retention["urn"].endswith("::logs")


def test_the_same_fails_where_no_environment_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "it", "--format", "json"], _project(tmp_path, development=False, encrypted=True)) == 1
    assert {entry["level"] for entry in json.loads(capsys.readouterr().out)["violations"]} == {"mandatory"}


def test_a_project_without_a_pack_has_no_policies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "it"], _project(tmp_path, pack=False)) == 0
    assert "olic" not in capsys.readouterr().out


def test_what_deploys_and_what_shows_a_deployment_runs_the_pack() -> None:
    commands = re.findall(r"^\t@pulumi (preview|up|refresh) (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    # `pulumi refresh` takes no policy pack.
    assert {verb: "--policy-pack policy " in rest for verb, rest in commands} == {
        "preview": True,
        "up": True,
        "refresh": False,
    }
