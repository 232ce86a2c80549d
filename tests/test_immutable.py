"""Settings that cannot be changed: what a running cluster rules out is refused before a resource is registered."""

import re
from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pytest

from harness.plan import Plan
from rehearsal.cloud import kind_of
from settings.deployed import running
from settings.immutable import IMMUTABLE
from tests.plans import STACKS, plan_of, run_program
from tests.test_settings_effect import EFFECTS

KEY: Final = "arn:aws:kms:ap-northeast-1:111122223333:key/11111111-2222-4333-8444-555555555555"
OTHER_KEY: Final = KEY.replace("1111-2222", "9999-2222")

SUBNETS: Final = {"ap-northeast-1a": "subnet-0a1b2c3d4e5f60011", "ap-northeast-1c": "subnet-0a1b2c3d4e5f60012"}

Config = Mapping[str, Any]


def _up(stack: str, before: Config | None = None) -> Plan:
    return run_program(stack, config=before) if before else plan_of(stack)


CHANGES: Final[list[tuple[str, str, Config, Config, str, str]]] = [
    # stack, path, before, after, found, expected
    ("dev", "platform.name", {}, {"platform": {"name": "other"}}, "other", "platform-dev"),
    (
        "dev",
        "platform.region",
        {},
        {"platform": {"region": "eu-west-1"}, "network": {"zones": ["eu-west-1a", "eu-west-1b"]}},
        "eu-west-1",
        "ap-northeast-1",
    ),
    (
        "dev",
        "platform.account",
        {},
        {
            "platform": {"account": "222233334444"},
            "access": {"deployer": "arn:aws:iam::222233334444:role/platform-deployer"},
        },
        "222233334444",
        "111122223333",
    ),
    ("dev", "platform.iamPath", {}, {"platform": {"iamPath": "/platform/"}}, "/platform/", "/"),
    ("dev", "platform.iamPath", {"platform": {"iamPath": "/teams/platform/"}}, {}, "/", "/teams/platform/"),
    ("dev", "network.ipFamily", {}, {"network": {"ipFamily": "ipv6"}}, "ipv6", "ipv4"),
    ("dev", "network.cidr", {}, {"network": {"cidr": "10.99.0.0/16"}}, "10.99.0.0/16", "10.10.0.0/16"),
    (
        "dev",
        "network.podCidr",
        {"network": {"podCidr": "100.64.0.0/16"}},
        {"network": {"podCidr": "100.80.0.0/16"}},
        "100.80.0.0/16",
        "100.64.0.0/16",
    ),
    ("dev", "network.podCidr", {"network": {"podCidr": "100.64.0.0/16"}}, {}, "absent", "100.64.0.0/16"),
    (
        "fargate",
        "network.existing",
        {},
        {"network": {"existing": {"vpcId": "vpc-0fedcba9876543210"}}},
        "vpc-0fedcba9876543210",
        "vpc-0a1b2c3d4e5f60718",
    ),
    (
        "staging-b",
        "network.existing",
        {},
        {"network": {"existing": {"stack": "organization/eks-platform/other"}}},
        "organization/eks-platform/other",
        "organization/eks-platform/staging",
    ),
    (
        "fargate",
        "network.existing.controlPlaneSubnets",
        {},
        {"network": {"existing": {"controlPlaneSubnets": SUBNETS}}},
        "subnet-0a1b2c3d4e5f60011, subnet-0a1b2c3d4e5f60012",
        "no value",
    ),
    (
        "fargate",
        "network.existing.controlPlaneSubnets",
        {"network": {"existing": {"controlPlaneSubnets": SUBNETS}}},
        {},
        "absent",
        "subnet-0a1b2c3d4e5f60011, subnet-0a1b2c3d4e5f60012",
    ),
    (
        "dev",
        "cluster.serviceCidr",
        {},
        {"cluster": {"serviceCidr": "192.168.0.0/16"}},
        "192.168.0.0/16",
        "172.20.0.0/16",
    ),
    (
        "dev",
        "cluster.serviceCidr",
        {"cluster": {"serviceCidr": "192.168.0.0/16"}},
        {"cluster": {"serviceCidr": "192.168.0.0/20"}},
        "192.168.0.0/20",
        "192.168.0.0/16",
    ),
    ("dev", "cluster.secretsKey", {}, {"cluster": {"secretsKey": KEY}}, KEY, "no value"),
    ("dev", "cluster.secretsKey", {"cluster": {"secretsKey": KEY}}, {}, "absent", KEY),
    (
        "dev",
        "cluster.secretsKey",
        {"cluster": {"secretsKey": KEY}},
        {"cluster": {"secretsKey": OTHER_KEY}},
        OTHER_KEY,
        KEY,
    ),
    ("dev", "cluster.identity", {}, {"cluster": {"identity": "pod-identity"}}, "pod-identity", "irsa"),
    ("dev", "cluster.identity", {"cluster": {"identity": "pod-identity"}}, {}, "irsa", "pod-identity"),
]


@pytest.mark.parametrize(
    ("stack", "path", "before", "after", "found", "expected"),
    CHANGES,
    ids=[f"{path} from {before or 'the stack file'} to {found}" for _, path, before, _, found, _ in CHANGES],
)
@pytest.mark.parametrize("preview", [True, False], ids=["preview", "up"])
def test_a_change_is_refused(
    stack: str, path: str, before: Config, after: Config, found: str, expected: str, *, preview: bool
) -> None:
    deployed = _up(stack, before)
    problem = r"1 error; nothing was changed\n  .*" + re.escape(f"eks-platform:{path}: {found}: expected {expected}")
    with pytest.raises(pulumi.RunError, match=problem):
        run_program(stack, config=after, unknown=preview, deployed=deployed)


def test_each_setting_of_the_table_is_tried() -> None:
    assert {path for _, path, *_ in CHANGES} == {setting.path for setting in IMMUTABLE}


@pytest.mark.parametrize("stack", STACKS)
def test_a_stack_that_is_up_may_run_again(stack: str) -> None:
    plan = plan_of(stack)
    assert {entry.urn for entry in run_program(stack, deployed=plan)} == {entry.urn for entry in plan}


def test_a_range_for_pods_can_be_added() -> None:
    plan = run_program("dev", config={"network": {"podCidr": "100.64.0.0/16"}}, deployed=plan_of("dev"))
    assert plan.find(type="aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation")


def test_a_stack_without_a_cluster_rules_nothing_out() -> None:
    assert running({}) is None


def test_a_state_that_says_nothing_rules_nothing_out() -> None:
    """An interrupted creation may have left a cluster without outputs."""
    cluster = "urn:pulumi:dev::eks-platform::eks:index:Cluster$aws:eks/cluster:Cluster::dev"
    found = running({cluster: {"type": "aws:eks/cluster:Cluster", "outputs": {}}})
    assert found is not None
    assert not [setting.path for setting in IMMUTABLE if setting.kept(found)]


IRREPLACEABLE: Final = ("aws:eks/cluster:Cluster", "aws:ec2/vpc:Vpc")
"""What `platform.protect` protects and a setting can make Pulumi replace."""


def test_whatever_setting_replaces_the_control_plane_or_its_network_is_in_the_table() -> None:
    """By the effects of all settings and the cloud's `replaces`, so that a new setting cannot be forgotten."""
    replacing = {f"{type_.rpartition(':')[2]}.{path}" for type_ in IRREPLACEABLE for path in kind_of(type_).replaces}
    found = {
        path
        for path, effect in EFFECTS.items()
        for change in effect.changes
        if any(f"{input_}.".startswith(f"{change}.") or change.startswith(f"{input_}.") for input_ in replacing)
    }
    assert {"network.ipFamily", "network.cidr"} <= found
    assert found <= {setting.path for setting in IMMUTABLE}
