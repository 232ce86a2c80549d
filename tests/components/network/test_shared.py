"""The network of another stack: its outputs and nothing else, and refusals that say what does not fit."""

import re
from ipaddress import IPv4Network
from typing import Any

import pulumi
import pytest

from components.network.shared import SharedNetwork, usable
from harness.plan import Plan
from harness.properties import Properties
from rehearsal.record import record
from settings import ExistingNetwork as ExistingNetworkSettings
from tests.components.given import where
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    carried,
    in_program,
    label,
    outputs_of,
    probed,
)

A, C, D = f"{REGION}a", f"{REGION}c", f"{REGION}d"
STACK = "organization/eks-platform/staging"
OUTPUTS = outputs_of(SharedNetwork)
OWNER: dict[str, Any] = {
    "contractVersion": 1.0,
    "name": "staging",
    "accountId": ACCOUNT,
    "region": REGION,
    "vpcId": "vpc-1",
    "privateSubnets": {A: "subnet-a1", C: "subnet-a2", D: "subnet-a3"},
    "publicSubnets": {A: "subnet-b1", C: "subnet-b2", D: "subnet-b3"},
    "podSubnets": {},
}
SETTINGS = ExistingNetworkSettings(stack=STACK, zones=[C, A])


def _subnet(id_: str, number: int) -> Properties:
    return {"id": id_, "cidrBlock": f"10.0.{number}.0/24", "vpcId": "vpc-1", "availabilityZone": A}


def _recorded(*, unknown: bool = False, apart: str = "10.100.0.0/16", **changes: Any) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        network = SharedNetwork(
            "dev", SETTINGS, where("staging-b"), apart={"cluster.serviceCidr": IPv4Network(apart)}, opts=opts
        )
        Probe(**{key: getattr(network, key) for key in OUTPUTS})

    ids = ["subnet-a1", "subnet-a2", "subnet-b1", "subnet-b2"]
    existing = {
        "aws:ec2/subnet:Subnet": [_subnet(id_, number) for number, id_ in enumerate(ids)],
        "aws:ec2/vpc:Vpc": [{"id": "vpc-1", "cidrBlock": "10.0.0.0/16"}],
    }
    stacks = {STACK: {**OWNER, **changes}}
    return record(in_program(declare), unknown=unknown, existing=existing, stacks=stacks)


def test_it_makes_nothing(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    entry = assert_shape(plan, SharedNetwork, "dev")
    (reference,) = plan.descendants(entry)
    assert label(reference) == "StackReference dev-owner"
    # Not a tag either, which the owner's next `pulumi up` would take away.
    assert reference.read


def test_its_outputs_are_of_the_zones_that_are_asked_for(unknown: bool) -> None:
    # The owner is there in every preview.
    plan = _recorded(unknown=unknown)
    private, public = {C: "subnet-a2", A: "subnet-a1"}, {C: "subnet-b2", A: "subnet-b1"}
    assert plan.one(name="probe").inputs == {
        "vpc_id": "vpc-1",
        "vpc_cidr": "10.0.0.0/16",
        "private_subnets": private,
        "private_subnet_ids": list(private.values()),
        "private_subnet_cidrs": ["10.0.1.0/24", "10.0.0.0/24"],
        "public_subnets": public,
        "public_subnet_ids": list(public.values()),
        "public_subnet_cidrs": ["10.0.3.0/24", "10.0.2.0/24"],
        "node_subnets": private,
        "node_subnet_ids": list(private.values()),
        "cluster_subnet_ids": list(private.values()),
        "public_node_subnets": {},
        "named_subnets": {},
        "pod_subnets": {},
        "route_tables": {},
        "nat_addresses": [],
    }
    assert carried(plan, "vpc_id") == {"StackReference dev-owner"}


def test_pods_have_the_owners_range() -> None:
    pods = {A: "subnet-c1", C: "subnet-c2", D: "subnet-c3"}
    assert probed(_recorded(podSubnets=pods), "pod_subnets") == {A: "subnet-c1", C: "subnet-c2"}


def test_routes_and_addresses_are_the_owners() -> None:
    plan = _recorded(routeTables={"public": "rtb-1"}, natAddresses=["198.51.100.7"])
    assert probed(plan, "route_tables") == {"public": "rtb-1"}
    assert probed(plan, "nat_addresses") == ["198.51.100.7"]


def test_an_owner_without_a_way_out_has_no_public_subnets() -> None:
    assert probed(_recorded(publicSubnets={}), "public_subnets") == {}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"contractVersion": 2.0}, "its contractVersion is 2.0, expected 1"),
        ({"accountId": "999999999999"}, f"its accountId is 999999999999, expected {ACCOUNT}"),
        ({"region": "us-east-1"}, f"its region is us-east-1, expected {REGION}"),
        ({"name": "staging-b"}, "its cluster is staging-b too, expected another platform.name"),
        ({"privateSubnets": {}}, f"it has no privateSubnets in {C} and {A}"),
        ({"publicSubnets": {A: "subnet-b1"}}, f"it has no publicSubnets in {C}"),
        ({"podSubnets": {C: "subnet-c1"}}, f"it has no podSubnets in {A}"),
        (
            {"region": "us-east-1", "name": "staging-b"},
            f"its region is us-east-1, expected {REGION}; its cluster is staging-b too, expected another platform.name",
        ),
    ],
)
def test_a_network_that_does_not_fit_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(pulumi.RunError) as refused:
        _recorded(**changes)
    assert str(refused.value) == f"the network of {STACK} cannot be shared: {message}"


def test_an_owner_that_was_last_up_before_it_told_its_subnets_by_zone() -> None:
    before = {key: value for key, value in OWNER.items() if not key.endswith("Subnets")}
    with pytest.raises(pulumi.RunError, match="no output privateSubnets and no publicSubnets and no podSubnets"):
        usable(before, STACK, SETTINGS.zones, where("staging-b"))


def test_a_range_that_overlaps_the_vpc_is_refused() -> None:
    refusal = "cluster.serviceCidr: 10.0.64.0/20: expected a range that does not overlap 10.0.0.0/16, a range of vpc-1"
    with pytest.raises(pulumi.RunError, match=re.escape(refusal)):
        _recorded(apart="10.0.64.0/20")
