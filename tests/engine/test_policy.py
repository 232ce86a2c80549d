"""The policy pack on the real engine: the stacks pass, broken programs get what the rules say, levels count."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from facts.environments import Environment
from harness.engine.process import Run
from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal, owners
from rehearsal.program import ROOT
from tests.engine.conftest import HEAD, Platforms
from tests.plans import EXAMPLES, STACKS
from tests.policy.advice import ADVICE

pytestmark = pytest.mark.engine

PACK: Final = ("--policy-pack", str(ROOT / "policy"))

BROKEN: Final = """
import pulumi_kubernetes as kubernetes

aws.sqs.Queue("queue", opts=in_aws)
aws.cloudwatch.LogGroup("logs", opts=in_aws)
vpc = aws.ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=in_aws)
subnets = [
    aws.ec2.Subnet(zone, vpc_id=vpc.id, cidr_block=cidr, availability_zone=f"ap-northeast-1{zone}", opts=in_aws)
    for zone, cidr in {"a": "10.0.0.0/24", "c": "10.0.1.0/24"}.items()
]
aws.ec2.NatGateway("nat", subnet_id=subnets[0].id, opts=in_aws)
# Its policy is not known in a preview.
aws.iam.Policy("any", policy=vpc.arn.apply(
    lambda arn: pulumi.Output.json_dumps(
        {"Statement": [{"Sid": "All", "Effect": "Allow", "Action": "ec2:*", "Resource": arn}]}
    )
), opts=in_aws)
kubernetes.Provider("kubernetes", kubeconfig="{}")
"""

TAGS: Final = {"default_tags": {"tags": {"Project": "small", "Stack": "small", "ManagedBy": "pulumi"}}}


def _violations(run: Run) -> set[tuple[str, str, str]]:
    """Return level, policy and resource of each violation that the CLI printed."""
    return set(re.findall(r"^\s+- \[(\w+)\]\s+(\S+)\s+\(\S+: (\S+)\)$", run.stdout, re.MULTILINE))


Small = Callable[..., Rehearsal]


@pytest.fixture
def small(tmp_path: Path, pulumi: cli.Cli) -> Small:
    """What makes a rehearsal of the broken program as a stack of an environment; None: it does not say of which."""

    def rehearse(environment: Environment | None, body: str = BROKEN) -> Rehearsal:
        project = tmp_path / "project"
        project.mkdir()
        (project / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        platform = {"small:platform": {"environment": environment.value}} if environment else {}
        (project / "Pulumi.small.yaml").write_text(json.dumps({"config": {"small:provider": TAGS, **platform}}))
        (project / "__main__.py").write_text(HEAD + body)
        return Rehearsal(tmp_path / "rehearsal", "small", project=project)

    return rehearse


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_preview_of_a_stack_has_no_mandatory_violation(
    stack: str, tmp_path: Path, platforms: Platforms
) -> None:
    for owner in owners(stack, EXAMPLES):
        platforms(owner).copy(tmp_path / "new")
    run = Rehearsal(tmp_path / "new", stack, project=EXAMPLES).pulumi("preview", *PACK)
    assert "eks-platform@v1.0.0" in run.stdout
    assert "can't run policy" not in run.text
    # The engine warns of each plugin that it finds there: those of a rehearsal are named in its Pulumi.yaml.
    assert "$PATH" not in run.text
    assert {level for level, _, _ in _violations(run)} <= {"advisory"}


def test_a_stack_that_is_up_has_none_either(platforms: Platforms) -> None:
    run = platforms("dev").pulumi("preview", "--expect-no-changes", *PACK)
    (advice,) = ADVICE["dev"]
    policy, _, name = advice.partition(": ")
    assert _violations(run) == {("advisory", f"{policy}-advice", name)}


MANDATORY: Final = {
    ("mandatory", "queue-encryption", "queue"),
    ("mandatory", "kubernetes-provider-cluster-identifier", "kubernetes"),
}
PRODUCTION: Final = {
    ("mandatory", "aws-provider-account", "aws"),
    ("mandatory", "log-retention", "logs"),
    ("mandatory", "nat-per-zone", "nat"),
    ("mandatory", "resource-protection", "vpc"),
    ("mandatory", "vpc-flow-logs", "vpc"),
}


@pytest.mark.parametrize("environment", [None, Environment.PRODUCTION])
def test_a_stack_that_says_nothing_is_refused_as_production_is(small: Small, environment: Environment | None) -> None:
    run = small(environment).pulumi("preview", *PACK, check=False)
    assert run.code != 0
    assert _violations(run) == MANDATORY | PRODUCTION


def test_development_is_told_what_it_may_do_all_the_same(small: Small) -> None:
    rehearsal = small(Environment.DEVELOPMENT)
    run = rehearsal.pulumi("preview", *PACK, check=False)
    assert run.code != 0
    assert _violations(run) == MANDATORY | {
        ("advisory", "aws-provider-account-advice", "aws"),
        ("advisory", "log-retention-advice", "logs"),
    }
    assert "it is not encrypted. Set sqsManagedSseEnabled, or kmsMasterKeyId." in run.stdout

    # What docs/policies.md says of a level that is to be another one for once.
    config = rehearsal.folder / "levels.json"
    config.write_text(
        json.dumps({"queue-encryption": "advisory", "kubernetes-provider-cluster-identifier": "disabled"})
    )
    run = rehearsal.pulumi("preview", *PACK, "--policy-pack-config", str(config))
    assert ("advisory", "queue-encryption", "queue") in _violations(run)
    assert {level for level, _, _ in _violations(run)} == {"advisory"}


def test_up_stops_at_what_a_preview_could_not_know(small: Small) -> None:
    rehearsal = small(
        Environment.DEVELOPMENT, BROKEN.replace('kubernetes.Provider("kubernetes", kubeconfig="{}")\n', "")
    )
    config = rehearsal.folder / "levels.json"
    config.write_text(json.dumps({"queue-encryption": "disabled"}))
    levels = (*PACK, "--policy-pack-config", str(config))
    assert rehearsal.pulumi("preview", *levels).code == 0
    run = rehearsal.up(*levels, check=False)
    assert run.code != 0
    assert ("mandatory", "iam-action-wildcard", "any") in _violations(run)
    assert not [made for made in rehearsal.cloud() if made.type == "aws:iam/policy:Policy"]
