"""Network: what there is, what each argument changes, and that nodes never outlive their way out."""

import json
from ipaddress import IPv6Network
from typing import Any

import pulumi
import pytest

from components.network.vpc import Network
from facts.address_plan import ipv6_zone_blocks
from harness.kind import NotFoundError, Place, Properties
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from rehearsal.cloud.invokes import INVOKES
from settings import Network as NetworkSettings
from tests.components.given import where
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    below,
    carried,
    document,
    label,
    needs,
    outputs_of,
    probed,
    recorded,
    remembered,
    waits_for,
)

A, C, D = f"{REGION}a", f"{REGION}c", f"{REGION}d"
OUTPUTS = outputs_of(Network)


@remembered
def _recorded(
    *,
    unknown: bool = False,
    cluster: str = "dev",
    region: str = REGION,
    internet: bool = True,
    public_nodes: bool = False,
    protect: bool = False,
    **changes: Any,
) -> Plan:
    """Record a VPC with one NAT gateway in two zones; changes: settings under the names of a stack file."""
    section = {"cidr": "10.10.0.0/16", "zones": [A, C], "nat": "single", **changes}
    settings = NetworkSettings.model_validate_json(json.dumps(section))

    def declare(opts: pulumi.ResourceOptions) -> None:
        network = Network(
            "dev",
            settings,
            where(cluster, region=region),
            internet=internet,
            public_nodes=public_nodes,
            protect=protect,
            logs_key=None,
            opts=opts,
        )
        Probe(nat_gateways=network.nat_gateway_ids(), **{key: getattr(network, key) for key in OUTPUTS})

    return recorded(declare, unknown=unknown)


SUBNET = "aws:ec2/subnet:Subnet"
EIP = "aws:ec2/eip:Eip"
GATEWAY = "aws:ec2/natGateway:NatGateway"
MORE: dict[str, Any] = {
    "games": {"zone": A, "cidr": "10.10.24.0/22", "public": True},
    "far": {"zone": f"{REGION}-tpe-1a", "cidr": "10.10.128.0/24"},
    "second": {"zone": C, "cidr": "10.10.88.0/22"},
}
EVERYTHING: dict[str, Any] = {
    "podCidr": "100.64.0.0/16",
    "interfaceEndpoints": ["ecr.api", "sts"],
    "flowLogs": {"retentionDays": 14},
}


def _id(plan: Plan, type_: str, name: str) -> object:
    return plan.one(type=f"aws:ec2/{type_[0].lower()}{type_[1:]}:{type_}", name=name).id


def _subnet(plan: Plan, role: str, zone: str) -> Registration:
    return plan.one(type="aws:ec2/subnet:Subnet", name=f"dev-{role}-{zone}")


def _types(plan: Plan, type_: str) -> list[Registration]:
    return [entry for entry in plan if entry.type.endswith(f":{type_}")]


# --- What there is ------------------------------------------------------------------------------------------------


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown, **EVERYTHING), Network, "dev")


def test_inventory(unknown: bool) -> None:
    """A changed name or type replaces a resource in every stack that has it."""
    plan = _recorded(unknown=unknown)
    entry = plan.one(type="eks-platform:index:Network", name="dev")
    assert below(plan, entry) == {
        "Vpc dev-vpc",
        "DefaultSecurityGroup dev-default",
        "InternetGateway dev-internet",
        f"Eip dev-nat-{A}",
        f"NatGateway dev-nat-{A}",
        "VpcEndpoint dev-s3",
        "RouteTable dev-public",
        "Route dev-public-internet",
        *(f"Subnet dev-public-{zone}" for zone in (A, C)),
        *(f"RouteTableAssociation dev-public-{zone}" for zone in (A, C)),
        *(f"Subnet dev-private-{zone}" for zone in (A, C)),
        *(f"RouteTable dev-private-{zone}" for zone in (A, C)),
        *(f"RouteTableAssociation dev-private-{zone}" for zone in (A, C)),
        *(f"Route dev-private-{zone}-nat" for zone in (A, C)),
    }
    assert {child.parent for child in plan.descendants(entry)} == {entry.urn}


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        (
            {"podCidr": "100.64.0.0/16"},
            {
                "VpcIpv4CidrBlockAssociation dev-pods",
                *(f"Subnet dev-pods-{zone}" for zone in (A, C)),
                *(f"RouteTableAssociation dev-pods-{zone}" for zone in (A, C)),
            },
        ),
        (
            {"interfaceEndpoints": ["ecr.api", "sts"]},
            {
                "SecurityGroup dev-endpoints",
                "SecurityGroupIngressRule dev-endpoints-vpc",
                "VpcEndpoint dev-ecr-api",
                "VpcEndpoint dev-sts",
            },
        ),
        (
            {"podCidr": "100.64.0.0/16", "interfaceEndpoints": ["sts"]},
            {
                "SecurityGroupIngressRule dev-endpoints-pods",
            },
        ),
        ({"interfaceEndpoints": []}, set()),
        (
            {"flowLogs": {"retentionDays": 14}},
            {
                "LogGroup dev-flow-logs",
                "Role dev-flow-logs",
                "RolePolicy dev-flow-logs",
                "FlowLog dev-flow-logs",
            },
        ),
    ],
    ids=["pods", "endpoints", "pods and endpoints", "no endpoints", "flow logs"],
)
def test_what_an_option_adds(changes: dict[str, Any], more: set[str]) -> None:
    plan, bare = _recorded(**changes), _recorded()
    added = {label(entry) for entry in plan} - {label(entry) for entry in bare}
    assert more <= added
    if len(changes) == 1:
        assert added == more


def test_vpc() -> None:
    assert _recorded().one(name="dev-vpc").inputs == {
        "cidrBlock": "10.10.0.0/16",
        "enableDnsHostnames": True,
        "enableDnsSupport": True,
        "tags": {"Name": "dev"},
    }


@pytest.mark.parametrize("protect", [True, False])
def test_protect_is_about_the_vpc_alone(protect: bool) -> None:
    protected = {label(entry) for entry in _recorded(protect=protect) if entry.options.protect}
    assert protected == ({"Vpc dev-vpc"} if protect else set())


def test_the_default_security_group_lets_nothing_through() -> None:
    plan = _recorded()
    assert plan.one(name="dev-default").inputs == {"vpcId": _id(plan, "Vpc", "dev-vpc"), "ingress": [], "egress": []}


# --- Subnets ------------------------------------------------------------------------------------------------------

OWNED = {"kubernetes.io/cluster/dev": "owned"}
FOR_NODES = {"karpenter.sh/discovery": "dev"}
INTERNET_FACING = {"kubernetes.io/role/elb": "1"}
INTERNAL = {"kubernetes.io/role/internal-elb": "1"}


@pytest.mark.parametrize(
    ("changes", "role", "zone", "block", "public_addresses", "tags"),
    [
        ({}, "public", A, "10.10.16.0/22", False, {**OWNED, **INTERNET_FACING}),
        ({}, "public", C, "10.10.80.0/22", False, {**OWNED, **INTERNET_FACING}),
        ({}, "private", A, "10.10.0.0/20", None, {**OWNED, **FOR_NODES, **INTERNAL}),
        ({}, "private", C, "10.10.64.0/20", None, {**OWNED, **FOR_NODES, **INTERNAL}),
        ({"podCidr": "100.64.0.0/16"}, "pods", C, "100.64.64.0/19", None, OWNED),
        (
            {"publicNodes": True, "nat": "none"},
            "public",
            A,
            "10.10.0.0/20",
            True,
            {**OWNED, **FOR_NODES, **INTERNET_FACING},
        ),
    ],
    ids=["public a", "public c", "private a", "private c", "pods c", "public nodes"],
)
def test_subnets(
    changes: dict[str, Any], role: str, zone: str, block: str, public_addresses: bool | None, tags: dict[str, str]
) -> None:
    plan = _recorded(**changes)
    addresses = {} if public_addresses is None else {"mapPublicIpOnLaunch": public_addresses}
    assert _subnet(plan, role, zone).inputs == {
        "vpcId": _id(plan, "Vpc", "dev-vpc"),
        "availabilityZone": zone,
        "cidrBlock": block,
        "tags": {"Name": f"dev-{role}-{zone}", **tags},
        **addresses,
    }


def test_tags_name_the_cluster_they_are_for() -> None:
    tags = _subnet(_recorded(cluster="other"), "private", A).inputs["tags"]
    assert {"kubernetes.io/cluster/other": "owned", "karpenter.sh/discovery": "other"}.items() <= tags.items()


@pytest.mark.parametrize("nat", ["none", "single"])
def test_nodes_with_public_addresses_have_no_private_subnets(nat: str) -> None:
    plan = _recorded(publicNodes=True, nat=nat)
    assert {label(entry) for entry in _types(plan, "Subnet")} == {f"Subnet dev-public-{zone}" for zone in (A, C)}
    assert not _types(plan, "NatGateway")
    assert probed(plan, "private_subnet_ids") == []
    nodes = [_subnet(plan, "public", zone).id for zone in (A, C)]
    assert probed(plan, "node_subnet_ids") == probed(plan, "cluster_subnet_ids") == nodes
    assert probed(plan, "public_subnet_ids") == nodes


def test_without_the_internet_there_are_private_subnets_alone(unknown: bool) -> None:
    plan = _recorded(nat="none", internet=False, interfaceEndpoints=["sts"], unknown=unknown)
    assert {label(entry) for entry in _types(plan, "Subnet")} == {f"Subnet dev-private-{zone}" for zone in (A, C)}
    assert {label(entry) for entry in _types(plan, "RouteTable")} == {f"RouteTable dev-private-{z}" for z in (A, C)}
    assert not [entry for kind in ("InternetGateway", "NatGateway", "Route", "Eip") for entry in _types(plan, kind)]
    assert probed(plan, "public_subnet_ids") == []
    assert probed(plan, "public_subnet_cidrs") == []


IPV6: dict[str, Any] = {"ipFamily": "ipv6"}


def test_with_ipv6_the_vpc_and_each_subnet_have_a_range_more() -> None:
    plan = _recorded(**IPV6)
    vpc = plan.one(name="dev-vpc")
    assert vpc.inputs["assignGeneratedIpv6CidrBlock"] is True
    block = IPv6Network(vpc.outputs["ipv6CidrBlock"])
    for zone in (A, C):
        blocks = ipv6_zone_blocks(block, zone)
        for role, expected in (("public", blocks.public), ("private", blocks.private)):
            subnet = _subnet(plan, role, zone).inputs
            assert subnet["ipv6CidrBlock"] == str(expected)
            assert subnet["assignIpv6AddressOnCreation"] is True
    # A dual-stack load balancer sends from addresses of either family.
    assert [":" in found for found in probed(plan, "public_subnet_cidrs")] == [False, False, True, True]


def test_ipv6_leads_out_of_private_subnets_and_never_in(unknown: bool) -> None:
    plan = _recorded(unknown=unknown, **IPV6)
    routes = {entry.name: entry.inputs for entry in _types(plan, "Route") if "destinationIpv6CidrBlock" in entry.inputs}
    assert set(routes) == {"dev-public-ipv6", f"dev-private-{A}-ipv6", f"dev-private-{C}-ipv6"}
    assert {route["destinationIpv6CidrBlock"] for route in routes.values()} == {"::/0"}
    for name, route in routes.items():
        assert ("egressOnlyGatewayId" in route) == ("private" in name)
        assert ("gatewayId" in route) == ("public" in name)


def test_without_nat_no_ipv6_leads_out_either() -> None:
    plan = _recorded(nat="none", **IPV6)
    assert not _types(plan, "EgressOnlyInternetGateway")


def test_ipv4_is_what_there_is_otherwise() -> None:
    assert _recorded(ipFamily="ipv4").to_json() == _recorded().to_json()


def test_pod_subnets_are_in_the_secondary_range() -> None:
    plan = _recorded(podCidr="100.64.0.0/16")
    association = plan.one(name="dev-pods")
    assert association.inputs == {"vpcId": _id(plan, "Vpc", "dev-vpc"), "cidrBlock": "100.64.0.0/16"}
    for zone in (A, C):
        assert label(association) in needs(plan, _subnet(plan, "pods", zone))


def test_a_new_zone_changes_no_subnet() -> None:
    """A public module numbered subnets by the zone's place in the list, so that one more renumbered all."""
    before = _recorded(podCidr="100.64.0.0/16", zones=[A, D])
    after = _recorded(podCidr="100.64.0.0/16", zones=[C, D, A])
    for subnet in _types(before, "Subnet"):
        assert _subnet(after, subnet.inputs["tags"]["Name"].split("-")[1], subnet.inputs["availabilityZone"]) == subnet
    assert len(_types(after, "Subnet")) == 9


def test_zones_by_number_are_the_first_of_the_region() -> None:
    plan = _recorded(zones=[], zoneCount=2)
    assert {entry.inputs["availabilityZone"] for entry in _types(plan, "Subnet")} == {A, C}
    every_zone = _recorded(zones=[], zoneCount=3)
    assert {entry.inputs["availabilityZone"] for entry in _types(every_zone, "Subnet")} == {A, C, D}
    (asked,) = plan.invocations
    assert asked.provider
    assert plan.by_urn[asked.provider].name == "aws"
    assert asked.arguments == {
        "state": "available",
        "filters": [{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
    }


def test_zones_by_name_are_not_looked_up() -> None:
    assert _recorded().invocations == ()


def test_more_zones_than_the_region_has() -> None:
    with pytest.raises(pulumi.RunError, match=r"network\.zoneCount: 4: expected 3 or less: EKS takes .*1a, .*1c, .*1d"):
        _recorded(zones=[], zoneCount=4)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"cidr": "10.10.0.0/24"}, "too small"),
        ({"podCidr": "100.64.0.0/24"}, "too small"),
    ],
)
def test_ranges_that_do_not_fit(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        _recorded(**changes)


# --- Ways out -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        ({}, {f"public-{A}": "public", f"public-{C}": "public"}),
        ({}, {f"private-{A}": f"private-{A}", f"private-{C}": f"private-{C}"}),
        ({"podCidr": "100.64.0.0/16"}, {f"pods-{A}": f"private-{A}", f"pods-{C}": f"private-{C}"}),
        ({"publicNodes": True, "nat": "none"}, {f"public-{A}": "public", f"public-{C}": "public"}),
        ({"nodeSubnets": MORE}, {"nodes-games": "public", "nodes-far": "nodes-far"}),
    ],
    ids=["public", "private", "pods", "public nodes", "named"],
)
def test_each_subnet_has_its_route_table(changes: dict[str, Any], tables: dict[str, str]) -> None:
    plan = _recorded(**changes)
    for subnet, table in tables.items():
        association = plan.one(type="aws:ec2/routeTableAssociation:RouteTableAssociation", name=f"dev-{subnet}")
        assert association.inputs == {
            "subnetId": _id(plan, "Subnet", f"dev-{subnet}"),
            "routeTableId": _id(plan, "RouteTable", f"dev-{table}"),
        }


def test_route_tables_are_in_the_vpc() -> None:
    plan = _recorded()
    for table in _types(plan, "RouteTable"):
        assert table.inputs == {"vpcId": _id(plan, "Vpc", "dev-vpc"), "tags": {"Name": table.name}}


def test_public_subnets_reach_the_internet_by_its_gateway() -> None:
    plan = _recorded()
    gateway = plan.one(name="dev-internet")
    assert gateway.inputs == {"vpcId": _id(plan, "Vpc", "dev-vpc"), "tags": {"Name": "dev"}}
    assert plan.one(name="dev-public-internet").inputs == {
        "routeTableId": _id(plan, "RouteTable", "dev-public"),
        "destinationCidrBlock": "0.0.0.0/0",
        "gatewayId": gateway.id,
    }


@pytest.mark.parametrize(
    ("nat", "gateways"),
    [("none", {}), ("single", {A: C, C: C, D: C}), ("per-zone", {A: A, C: C, D: D})],
)
def test_private_subnets_reach_the_internet_by_nat(nat: str, gateways: dict[str, str]) -> None:
    plan = _recorded(nat=nat, zones=[C, A, D])
    assert {entry.name for entry in _types(plan, "NatGateway")} == {f"dev-nat-{zone}" for zone in gateways.values()}
    routes = {entry.name: entry.inputs for entry in _types(plan, "Route") if entry.name != "dev-public-internet"}
    assert routes == {
        f"dev-private-{zone}-nat": {
            "routeTableId": _id(plan, "RouteTable", f"dev-private-{zone}"),
            "destinationCidrBlock": "0.0.0.0/0",
            "natGatewayId": _id(plan, "NatGateway", f"dev-nat-{gateway}"),
        }
        for zone, gateway in gateways.items()
    }
    assert probed(plan, "nat_gateways") == {
        zone: _id(plan, "NatGateway", f"dev-nat-{zone}") for zone in gateways.values()
    }


def test_a_zone_at_the_end_of_the_list_leaves_the_nat_gateway_where_it_is() -> None:
    """It would come back with another address, which somebody's firewall may know."""
    before, after = (_types(_recorded(zones=zones), "NatGateway") for zones in ([C, D], [C, D, A]))
    assert before[0].name == after[0].name == f"dev-nat-{C}"
    assert len(before) == len(after) == 1


def test_a_nat_gateway_is_in_a_public_subnet_with_an_address_of_its_own() -> None:
    plan = _recorded(nat="per-zone")
    for zone in (A, C):
        address = plan.one(type="aws:ec2/eip:Eip", name=f"dev-nat-{zone}")
        assert address.inputs == {"domain": "vpc", "tags": {"Name": f"dev-nat-{zone}"}}
        assert plan.one(type="aws:ec2/natGateway:NatGateway", name=f"dev-nat-{zone}").inputs == {
            "allocationId": address.id,
            "subnetId": _subnet(plan, "public", zone).id,
            "tags": {"Name": f"dev-{zone}"},
        }


def test_one_nat_gateway_is_in_all_zones(unknown: bool) -> None:
    plan = _recorded(nat="regional", zones=[C, A], nodeSubnets={"second": MORE["second"]}, unknown=unknown)
    addresses = {zone: plan.one(type=EIP, name=f"dev-nat-regional-{zone}") for zone in (C, A)}
    gateway = plan.one(type=GATEWAY)
    assert gateway.name == "dev-nat"
    assert gateway.inputs == {
        "vpcId": _id(plan, "Vpc", "dev-vpc"),
        "availabilityMode": "regional",
        "availabilityZoneAddresses": [
            {"availabilityZone": zone, "allocationIds": [address.id]} for zone, address in addresses.items()
        ],
        "tags": {"Name": "dev"},
    }
    routes = {it.name: it.inputs["natGatewayId"] for it in _types(plan, "Route") if it.name != "dev-public-internet"}
    names = (f"dev-private-{C}-nat", f"dev-private-{A}-nat", "dev-nodes-second-nat")
    assert routes == dict.fromkeys(names, gateway.id)
    assert probed(plan, "nat_gateways") == {"regional": gateway.id}
    tables = plan.one(type="eks-platform:index:Network").outputs["route_tables"]
    assert unknown or set(tables) == {"public", "nat", f"private-{C}", f"private-{A}", "nodes-second"}
    # It has a route table of its own: it needs no public subnet's.
    assert "InternetGateway dev-internet" in waits_for(plan, gateway)
    assert not {it for it in waits_for(plan, gateway) if "public" in it}


OWN = ("eipalloc-0a1b2c3d4e5f60001", "eipalloc-0a1b2c3d4e5f60002", "eipalloc-0a1b2c3d4e5f60003")


@pytest.mark.parametrize("nat", ["per-zone", "regional"])
def test_nat_gateways_take_addresses_of_the_company(nat: str) -> None:
    plan = _recorded(nat=nat, natAddresses={A: [OWN[0], OWN[1]], C: [OWN[2]]})
    assert not _types(plan, "Eip")
    answer = INVOKES["aws:ec2/getElasticIp:getElasticIp"]
    assert probed(plan, "nat_addresses") == [answer({"id": id_}, Place(ACCOUNT, REGION))["publicIp"] for id_ in OWN]
    inputs = {entry.name: entry.inputs for entry in _types(plan, "NatGateway")}
    if nat == "regional":
        assert inputs["dev-nat"]["availabilityZoneAddresses"] == [
            {"availabilityZone": A, "allocationIds": [OWN[0], OWN[1]]},
            {"availabilityZone": C, "allocationIds": [OWN[2]]},
        ]
        return
    given = {name: (it["allocationId"], it["secondaryAllocationIds"]) for name, it in inputs.items()}
    assert given == {f"dev-nat-{A}": (OWN[0], [OWN[1]]), f"dev-nat-{C}": (OWN[2], [])}


def test_an_address_that_does_not_exist_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_arguments: Properties, _place: Place) -> Properties:
        raise NotFoundError("no matching EC2 EIP found")

    monkeypatch.setitem(INVOKES, "aws:ec2/getElasticIp:getElasticIp", missing)
    with pytest.raises(
        pulumi.RunError, match=f"network.natAddresses: {OWN[0]}: expected an Elastic IP address of this"
    ):
        _recorded(nat="single", natAddresses={A: [OWN[0]]}, zones=[A, D])


def test_a_nat_gateway_comes_after_its_own_way_out(unknown: bool) -> None:
    """A NAT gateway without the internet gateway fails, and packets of one without its route go nowhere."""
    plan = _recorded(unknown=unknown)
    (gateway,) = _types(plan, "NatGateway")
    assert {"InternetGateway dev-internet", "Route dev-public-internet", f"RouteTableAssociation dev-public-{A}"} <= (
        waits_for(plan, gateway)
    )


def _way_of_packets(plan: Plan) -> set[str]:
    """Return all in the network without which a packet of a node does not arrive."""
    on_the_way = {"InternetGateway", "NatGateway", "Route", "RouteTableAssociation", "VpcEndpoint"}
    return {label(entry) for entry in plan if label(entry).split()[0] in {*on_the_way, "SecurityGroupIngressRule"}}


@pytest.mark.parametrize("nat", ["single", "per-zone"])
def test_named_subnets_are_where_the_stack_file_says(nat: str) -> None:
    plan = _recorded(nodeSubnets=MORE, nat=nat)
    games, far, second = (plan.one(name=f"dev-nodes-{key}", type=SUBNET) for key in ("games", "far", "second"))
    assert (games.inputs["availabilityZone"], games.inputs["cidrBlock"]) == (A, "10.10.24.0/22")
    assert [it.inputs["mapPublicIpOnLaunch"] for it in (games, far, second)] == [True, False, False]
    assert probed(plan, "named_subnets") == {"games": games.id, "far": far.id, "second": second.id}
    routes = {it.name: it.inputs["natGatewayId"] for it in _types(plan, "Route") if it.name.startswith("dev-nodes-")}
    gateways = {it.name: it.id for it in _types(plan, "NatGateway")}
    own = f"dev-nat-{C}" if nat == "per-zone" else f"dev-nat-{A}"
    # A Local Zone has no NAT gateway.
    assert routes == {"dev-nodes-far-nat": gateways[f"dev-nat-{A}"], "dev-nodes-second-nat": gateways[own]}


def test_nodes_in_named_and_in_public_subnets_come_after_their_way_out(unknown: bool) -> None:
    plan = _recorded(nodeSubnets=MORE, public_nodes=True, unknown=unknown)
    for output, way in {
        "named_subnets": {
            "RouteTableAssociation dev-nodes-games",
            "RouteTableAssociation dev-nodes-far",
            "Route dev-nodes-far-nat",
            "Route dev-public-internet",
            "VpcEndpoint dev-s3",
        },
        "public_node_subnets": {
            f"RouteTableAssociation dev-public-{A}",
            "Route dev-public-internet",
            "VpcEndpoint dev-s3",
        },
    }.items():
        assert way <= carried(plan, output), output


@pytest.mark.parametrize("public", [True, False])
def test_public_subnets_give_addresses_for_the_sake_of_nodes_alone(public: bool) -> None:
    plan = _recorded(public_nodes=public)
    assert {_subnet(plan, "public", zone).inputs["mapPublicIpOnLaunch"] for zone in (A, C)} == {public}
    assert not any(_subnet(plan, "private", zone).inputs.get("mapPublicIpOnLaunch") for zone in (A, C))


@pytest.mark.parametrize("output", ["node_subnets", "node_subnet_ids"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"nat": "per-zone", "podCidr": "100.64.0.0/16"},
        {"ipFamily": "ipv6"},
        {"nat": "none", "interfaceEndpoints": ["ec2", "sts"], "podCidr": "100.64.0.0/16"},
        {"nat": "none", "interfaceEndpoints": ["ec2", "sts"], "internet": False},
        {"publicNodes": True, "nat": "none"},
        {"publicNodes": True, "nat": "none", "interfaceEndpoints": ["sts"]},
    ],
    ids=[
        "one NAT gateway",
        "one each",
        "IPv6",
        "no NAT gateway",
        "no internet",
        "public nodes",
        "public nodes, endpoints",
    ],
)
def test_nodes_come_after_their_way_out_and_go_before_it(changes: dict[str, Any], output: str, unknown: bool) -> None:
    """appmod-blueprints #582: routes and NAT were gone while nodes still drained.

    That goes for all that the packets need. Nothing depends on a subnet's association with its route table or on a rule
    of the endpoints' security group, so a destroy would take them away first of all.
    """
    plan = _recorded(unknown=unknown, **changes)
    probe = plan.one(name="probe")
    for urn in probe.property_dependencies[output]:
        assert plan.by_urn[urn].custom
    reached = set().union(
        *({label(plan.by_urn[urn])} | waits_for(plan, plan.by_urn[urn]) for urn in probe.property_dependencies[output])
    )
    way = _way_of_packets(plan)
    assert way
    if "publicNodes" not in changes and changes.get("nat") == "none":
        # Without NAT gateways, the internet is no business of private nodes.
        way = {entry for entry in way if "public" not in entry and not entry.startswith("InternetGateway")}
    assert way <= reached


@pytest.mark.parametrize("changes", [{}, {"publicNodes": True, "nat": "none"}], ids=["private", "public"])
def test_the_control_plane_waits_for_subnets_only(changes: dict[str, Any], unknown: bool) -> None:
    """Its ten minutes begin while the NAT gateways are made."""
    plan = _recorded(unknown=unknown, **changes)
    role = "public" if changes else "private"
    assert carried(plan, "cluster_subnet_ids") == {f"Subnet dev-{role}-{zone}" for zone in (A, C)}
    assert carried(plan, "pod_subnets") == set()


def test_a_load_balancer_in_public_subnets_waits_for_the_internet_gateway(unknown: bool) -> None:
    """openshift/installer #1110: AWS refuses it in a VPC without one, nor can one be detached while it is there."""
    plan = _recorded(unknown=unknown)
    assert carried(plan, "public_subnet_ids") == {
        "Route dev-public-internet",
        *(f"Subnet dev-public-{zone}" for zone in (A, C)),
        *(f"RouteTableAssociation dev-public-{zone}" for zone in (A, C)),
    }
    assert carried(plan, "private_subnet_ids") == {f"Subnet dev-private-{zone}" for zone in (A, C)}


# --- Endpoints ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "tables"),
    [
        ({}, ["public", f"private-{A}", f"private-{C}"]),
        ({"publicNodes": True, "nat": "none"}, ["public"]),
        ({"internet": False, "nat": "none"}, [f"private-{A}", f"private-{C}"]),
    ],
    ids=["private", "public nodes", "no internet"],
)
def test_s3_is_reached_by_a_gateway_endpoint_from_all_subnets(changes: dict[str, Any], tables: list[str]) -> None:
    plan = _recorded(**changes)
    assert plan.one(name="dev-s3").inputs == {
        "vpcId": _id(plan, "Vpc", "dev-vpc"),
        "serviceName": "com.amazonaws.ap-northeast-1.s3",
        "vpcEndpointType": "Gateway",
        "routeTableIds": [_id(plan, "RouteTable", f"dev-{table}") for table in tables],
        "tags": {"Name": "dev-s3"},
    }


def test_endpoints_are_of_the_region() -> None:
    plan = _recorded(region="eu-west-1", interfaceEndpoints=["sts"])
    assert plan.one(name="dev-s3").inputs["serviceName"] == "com.amazonaws.eu-west-1.s3"
    assert plan.one(name="dev-sts").inputs["serviceName"] == "com.amazonaws.eu-west-1.sts"


@pytest.mark.parametrize(
    ("changes", "role"), [({}, "private"), ({"publicNodes": True, "nat": "none"}, "public")], ids=["private", "public"]
)
def test_interface_endpoints_are_where_the_nodes_are(changes: dict[str, Any], role: str) -> None:
    plan = _recorded(interfaceEndpoints=["ecr.api"], **changes)
    group = plan.one(type="aws:ec2/securityGroup:SecurityGroup", name="dev-endpoints")
    assert plan.one(name="dev-ecr-api").inputs == {
        "vpcId": _id(plan, "Vpc", "dev-vpc"),
        "serviceName": "com.amazonaws.ap-northeast-1.ecr.api",
        "vpcEndpointType": "Interface",
        "privateDnsEnabled": True,
        "subnetIds": [_subnet(plan, role, zone).id for zone in (A, C)],
        "securityGroupIds": [group.id],
        "tags": {"Name": "dev-ecr.api"},
    }


def test_interface_endpoints_let_the_vpc_and_its_pods_in() -> None:
    plan = _recorded(interfaceEndpoints=["sts"], podCidr="100.64.0.0/16")
    group = plan.one(type="aws:ec2/securityGroup:SecurityGroup", name="dev-endpoints")
    assert group.inputs == {
        "vpcId": _id(plan, "Vpc", "dev-vpc"),
        "description": "AWS services inside the VPC: HTTPS from the VPC",
        "tags": {"Name": "dev-endpoints"},
    }
    for role, block in (("vpc", "10.10.0.0/16"), ("pods", "100.64.0.0/16")):
        assert plan.one(name=f"dev-endpoints-{role}").inputs == {
            "securityGroupId": group.id,
            "description": f"HTTPS from the {role} range",
            "cidrIpv4": block,
            "ipProtocol": "tcp",
            "fromPort": 443,
            "toPort": 443,
        }


def test_no_security_group_carries_the_tag_of_the_cluster() -> None:
    """terraform-aws-eks #1810: the load balancer controller refuses a node with two such groups."""
    for group in _types(_recorded(**EVERYTHING), "SecurityGroup"):
        assert not any(key.startswith("kubernetes.io/cluster/") for key in group.inputs["tags"])


# --- Flow logs ----------------------------------------------------------------------------------------------------


def test_flow_logs_go_to_a_group_of_their_own() -> None:
    plan = _recorded(flowLogs={"retentionDays": 14})
    group = plan.one(type="aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs == {"name": "/aws/vpc/dev/flow-logs", "retentionInDays": 14}
    assert plan.one(type="aws:ec2/flowLog:FlowLog").inputs == {
        "vpcId": _id(plan, "Vpc", "dev-vpc"),
        "trafficType": "ALL",
        "logDestination": group.outputs["arn"],
        "iamRoleArn": plan.one(type="aws:iam/role:Role").outputs["arn"],
        "tags": {"Name": "dev-flow-logs"},
    }


def test_flow_logs_write_by_a_role_that_only_they_assume() -> None:
    plan = _recorded(flowLogs={"retentionDays": 14})
    role = plan.one(type="aws:iam/role:Role")
    (trust,) = document(role, "assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": ["vpc-flow-logs.amazonaws.com"]}
    assert trust["Condition"]["StringEquals"] == {"aws:SourceAccount": ACCOUNT}
    assert f":ec2:{REGION}:{ACCOUNT}:" in trust["Condition"]["ArnLike"]["aws:SourceArn"]
    policy = plan.one(type="aws:iam/rolePolicy:RolePolicy")
    assert policy.inputs["role"] == role.id
    (write,) = document(policy, "policy")["Statement"]
    group = plan.one(type="aws:cloudwatch/logGroup:LogGroup").outputs["arn"]
    assert write["Resource"] == [group, f"{group}:*"]


def test_flow_logs_have_their_policy_for_as_long_as_they_are_there(unknown: bool) -> None:
    plan = _recorded(unknown=unknown, flowLogs={"retentionDays": 14})
    assert "RolePolicy dev-flow-logs" in needs(plan, plan.one(type="aws:ec2/flowLog:FlowLog"))


# --- Outputs ------------------------------------------------------------------------------------------------------


def test_outputs() -> None:
    plan = _recorded(podCidr="100.64.0.0/16", zones=[C, A])
    ids = {role: {zone: _subnet(plan, role, zone).id for zone in (C, A)} for role in ("public", "private", "pods")}
    expected = {
        "vpc_id": _id(plan, "Vpc", "dev-vpc"),
        "vpc_cidr": "10.10.0.0/16",
        "public_subnets": ids["public"],
        "public_subnet_ids": list(ids["public"].values()),
        "public_subnet_cidrs": ["10.10.80.0/22", "10.10.16.0/22"],
        "private_subnets": ids["private"],
        "private_subnet_ids": list(ids["private"].values()),
        "private_subnet_cidrs": ["10.10.64.0/20", "10.10.0.0/20"],
        "node_subnet_ids": list(ids["private"].values()),
        "node_subnets": ids["private"],
        "cluster_subnet_ids": list(ids["private"].values()),
        "public_node_subnets": ids["public"],
        "named_subnets": {},
        "pod_subnets": ids["pods"],
        "route_tables": {
            "public": _id(plan, "RouteTable", "dev-public"),
            **{f"private-{zone}": _id(plan, "RouteTable", f"dev-private-{zone}") for zone in (C, A)},
        },
        "nat_addresses": [plan.one(type=EIP, name=f"dev-nat-{C}").outputs["publicIp"]],
    }
    probe = plan.one(name="probe")
    assert {key: probe.inputs[key] for key in OUTPUTS} == expected
    assert plan.one(type="eks-platform:index:Network").outputs == expected


def test_without_a_range_for_pods_they_have_no_subnets(unknown: bool) -> None:
    assert probed(_recorded(unknown=unknown), "pod_subnets") == {}


def test_a_first_preview_knows_ranges_but_no_ids() -> None:
    plan = _recorded(unknown=True)
    assert probed(plan, "public_subnet_cidrs") == ["10.10.16.0/22", "10.10.80.0/22"]
    assert probed(plan, "vpc_cidr") == "10.10.0.0/16"
    assert probed(plan, "vpc_id") is UNKNOWN
    assert probed(plan, "node_subnets") is UNKNOWN
