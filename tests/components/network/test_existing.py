"""ExistingNetwork: the outputs of Network for a VPC that is not ours, and the tags on its subnets."""

import json
import re
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest

from components.network.existing import ExistingNetwork
from components.network.vpc import Network
from harness.plan import Plan
from harness.properties import Properties
from settings import ExistingNetwork as ExistingNetworkSettings
from tests.components.given import where
from tests.components.recording import (
    REGION,
    Probe,
    assert_shape,
    below,
    carried,
    needs,
    outputs_of,
    recorded,
    remembered,
)

A, C = f"{REGION}a", f"{REGION}c"
VPC = "vpc-0a1b2c3d4e5f60718"
PRIVATE = {A: "subnet-aaaa0001", C: "subnet-aaaa0002"}
PUBLIC = {A: "subnet-bbbb0001", C: "subnet-bbbb0002"}
CIDRS = dict(zip([*PRIVATE.values(), *PUBLIC.values()], [f"10.1.{number}.0/24" for number in range(4)], strict=True))

SHARED = {"kubernetes.io/cluster/dev": "shared"}
PRIVATE_TAGS = {**SHARED, "kubernetes.io/role/internal-elb": "1"}
PUBLIC_TAGS = {**SHARED, "kubernetes.io/role/elb": "1"}
TAGS = dict.fromkeys(PRIVATE.values(), PRIVATE_TAGS) | dict.fromkeys(PUBLIC.values(), PUBLIC_TAGS)

OUTPUTS = outputs_of(ExistingNetwork)


@remembered
def _recorded(
    *,
    unknown: bool = False,
    cluster: str = "dev",
    tags: dict[str, dict[str, str]] | None = None,
    apart: str = "10.2.0.0/16",
    **changes: Any,
) -> Plan:
    """Record the component on subnets that have `tags`.

    apart: a range that must not overlap the VPC's. changes: settings under the names of a stack file.
    """
    section = {"vpcId": VPC, "privateSubnets": PRIVATE, "publicSubnets": PUBLIC, **changes}
    settings = ExistingNetworkSettings.model_validate_json(json.dumps(section))
    subnets: list[Properties] = [
        {
            "id": subnet,
            "vpcId": VPC,
            "cidrBlock": cidr,
            "availabilityZone": A,
            "tagsAll": (tags or {}).get(subnet, {}),
        }
        for subnet, cidr in CIDRS.items()
    ]

    def declare(opts: pulumi.ResourceOptions) -> None:
        network = ExistingNetwork(
            "dev", settings, where(cluster), apart={"cluster.serviceCidr": IPv4Network(apart)}, opts=opts
        )
        Probe(**{key: getattr(network, key) for key in OUTPUTS})

    existing: dict[str, list[Properties]] = {
        "aws:ec2/vpc:Vpc": [{"id": VPC, "cidrBlock": "10.1.0.0/16"}],
        "aws:ec2/subnet:Subnet": subnets,
    }
    return recorded(declare, unknown=unknown, existing=existing)


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown), ExistingNetwork, "dev")


def test_it_stands_in_for_a_network_of_our_own() -> None:
    assert outputs_of(Network) == OUTPUTS


def test_outputs(unknown: bool) -> None:
    """All is known in a first preview too: the VPC is there already."""
    plan = _recorded(unknown=unknown)
    expected = {
        "vpc_id": VPC,
        "vpc_cidr": "10.1.0.0/16",
        "private_subnet_ids": list(PRIVATE.values()),
        "private_subnet_cidrs": ["10.1.0.0/24", "10.1.1.0/24"],
        "public_subnets": PUBLIC,
        "private_subnets": PRIVATE,
        "public_subnet_ids": list(PUBLIC.values()),
        "public_subnet_cidrs": ["10.1.2.0/24", "10.1.3.0/24"],
        "node_subnet_ids": list(PRIVATE.values()),
        "node_subnets": PRIVATE,
        "cluster_subnet_ids": list(PRIVATE.values()),
        "public_node_subnets": {},
        "named_subnets": {},
        "pod_subnets": {},
        "route_tables": {},
        "nat_addresses": [],
    }
    assert plan.one(name="probe").inputs == expected
    assert plan.one(type="eks-platform:index:ExistingNetwork").outputs == expected


def test_nothing_waits_for_the_tags() -> None:
    plan = _recorded()
    assert {key: carried(plan, key) for key in OUTPUTS} == {key: set() for key in OUTPUTS}


def test_lookups_are_made_with_the_programs_provider() -> None:
    plan = _recorded()
    asked = [(call.token.rpartition(":")[2], call.arguments["id"]) for call in plan.invocations]
    assert sorted(asked) == sorted([("getVpc", VPC), *(("getSubnet", subnet) for subnet in CIDRS)])
    for call in plan.invocations:
        assert call.provider
        assert plan.by_urn[call.provider].name == "aws"


# --- Tagging ------------------------------------------------------------------------------------------------------


def test_tags_are_put_on_every_subnet(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    put: dict[str, dict[str, str]] = {}
    for tag in plan.find(type="aws:ec2/tag:Tag"):
        put.setdefault(tag.inputs["resourceId"], {})[tag.inputs["key"]] = tag.inputs["value"]
        assert needs(plan, tag) == set()
    assert put == TAGS


def test_inventory() -> None:
    plan = _recorded(privateSubnets={A: PRIVATE[A]}, publicSubnets={A: PUBLIC[A]})
    entry = plan.one(type="eks-platform:index:ExistingNetwork")
    assert below(plan, entry) == {
        "Tag dev-subnet-aaaa0001-kubernetes.io-cluster-dev",
        "Tag dev-subnet-aaaa0001-kubernetes.io-role-internal-elb",
        "Tag dev-subnet-bbbb0001-kubernetes.io-cluster-dev",
        "Tag dev-subnet-bbbb0001-kubernetes.io-role-elb",
    }


def test_tags_name_the_cluster_they_are_for() -> None:
    keys = {
        (tag.inputs["key"], tag.inputs["value"])
        for tag in _recorded(cluster="other")
        if tag.custom and tag.inputs.get("key")
    }
    assert ("kubernetes.io/cluster/other", "shared") in keys


def test_two_clusters_in_a_vpc_have_no_tag_in_common_that_goes_with_one_of_them() -> None:
    tags = {
        name: {
            (tag.inputs["resourceId"], tag.inputs["key"]): (tag.inputs["value"], bool(tag.options.retain_on_delete))
            for tag in _recorded(cluster=name).find(type="aws:ec2/tag:Tag")
        }
        for name in ("dev", "other")
    }
    common = tags["dev"].keys() & tags["other"].keys()
    assert {key for _, key in common} == {"kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"}
    # Both want the same value, and neither takes it away.
    assert {tags[name][tag] for name in tags for tag in common} == {("1", True)}
    assert not any(retained for name in tags for tag, (_, retained) in tags[name].items() if tag not in common)


def test_public_subnets_may_be_absent() -> None:
    plan = _recorded(publicSubnets={})
    assert plan.one(name="probe").inputs["public_subnet_ids"] == []
    assert {tag.inputs["resourceId"] for tag in plan.find(type="aws:ec2/tag:Tag")} == set(PRIVATE.values())


# --- Checking -----------------------------------------------------------------------------------------------------


def _but(subnet: str, **tags: str | None) -> dict[str, dict[str, str]]:
    """Return TAGS with some of one subnet's changed; None takes one away."""
    changed: dict[str, str | None] = {**TAGS[subnet], **tags}
    return {**TAGS, subnet: {key: value for key, value in changed.items() if value is not None}}


@pytest.mark.parametrize(
    "tags",
    [
        TAGS,
        {subnet: {**of_one, "Team": "network"} for subnet, of_one in TAGS.items()},
        _but(PRIVATE[A], **{"kubernetes.io/cluster/dev": "owned"}),
        _but(PRIVATE[A], **{"kubernetes.io/role/internal-elb": ""}),
        _but(PUBLIC[C], **{"kubernetes.io/role/elb": ""}),
    ],
    ids=["exact", "more", "owned", "internal role without a value", "role without a value"],
)
def test_tagged_subnets_pass_and_are_left_alone(tags: dict[str, dict[str, str]], unknown: bool) -> None:
    plan = _recorded(unknown=unknown, tagging="check", tags=tags)
    assert plan.find(type="aws:ec2/tag:Tag") == []
    assert plan.one(name="probe").inputs["node_subnets"] == PRIVATE


@pytest.mark.parametrize(
    ("tags", "lines"),
    [
        (
            _but(PRIVATE[A], **{"kubernetes.io/cluster/dev": None, "kubernetes.io/cluster/other": "shared"}),
            ["subnet-aaaa0001 lacks kubernetes.io/cluster/dev=shared"],
        ),
        (
            _but(PUBLIC[C], **{"kubernetes.io/cluster/dev": None}),
            ["subnet-bbbb0002 lacks kubernetes.io/cluster/dev=shared"],
        ),
        (
            {PRIVATE[C]: PRIVATE_TAGS, PUBLIC[A]: PUBLIC_TAGS, PUBLIC[C]: SHARED},
            [
                "subnet-aaaa0001 lacks kubernetes.io/cluster/dev=shared, kubernetes.io/role/internal-elb=1",
                "subnet-bbbb0002 lacks kubernetes.io/role/elb=1",
            ],
        ),
    ],
    ids=["another cluster's", "not of this cluster", "two subnets"],
)
def test_untagged_subnets_are_refused_all_at_once(tags: dict[str, dict[str, str]], lines: list[str]) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        _recorded(tagging="check", tags=tags)
    header, *found = str(refused.value).splitlines()
    assert header == "subnets of network.existing are not tagged for this cluster:"
    assert [line.strip() for line in found] == lines


# --- Control plane ------------------------------------------------------------------------------------------------


def test_the_control_plane_can_have_subnets_of_its_own() -> None:
    own = {A: PUBLIC[A], C: PUBLIC[C]}
    plan = _recorded(publicSubnets={}, controlPlaneSubnets=own)
    assert plan.one(name="probe").inputs["cluster_subnet_ids"] == list(own.values())
    assert plan.one(name="probe").inputs["node_subnets"] == PRIVATE
    # It needs no tags in them.
    assert {tag.inputs["resourceId"] for tag in plan.find(type="aws:ec2/tag:Tag")} == set(PRIVATE.values())
    outputs = plan.one(type="eks-platform:index:ExistingNetwork").outputs
    assert outputs["control_plane_subnets"] == "subnet-bbbb0001, subnet-bbbb0002"


@pytest.mark.parametrize("apart", ["10.1.128.0/20", "10.0.0.0/12"])
def test_a_range_that_overlaps_the_vpc_is_refused(apart: str) -> None:
    refusal = f"cluster.serviceCidr: {apart}: expected a range that does not overlap 10.1.0.0/16, a range of {VPC}"
    with pytest.raises(pulumi.RunError, match=re.escape(refusal)):
        _recorded(apart=apart)
