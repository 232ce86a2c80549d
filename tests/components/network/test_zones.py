"""Zones that EKS refuses: left out where zones are counted, refused where they are named."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest

from components.network.existing import ExistingNetwork
from components.network.vpc import Network
from components.network.zones import REFUSED_ZONES
from harness.plan import Plan
from harness.properties import Properties
from rehearsal.cloud import INVOKES
from rehearsal.record import record
from settings import ExistingNetwork as ExistingNetworkSettings
from settings import Network as NetworkSettings
from tests.components.given import where


def _network(region: str, **zones: Any) -> Plan:
    section = {"cidr": "10.10.0.0/16", "nat": "single", **zones}
    settings = NetworkSettings.model_validate_json(json.dumps(section))

    def program() -> None:
        provider = aws.Provider("aws", region=region)
        Network(
            "dev",
            settings,
            where(region=region),
            internet=True,
            public_nodes=False,
            protect=False,
            logs_key=None,
            opts=pulumi.ResourceOptions(providers=[provider]),
        )

    return record(program)


def _zones(plan: Plan) -> set[str]:
    return {entry.inputs["availabilityZone"] for entry in plan.find(type="aws:ec2/subnet:Subnet")}


@pytest.mark.parametrize(
    ("region", "count", "expected"),
    [("us-east-1", 5, "abcdf"), ("us-west-1", 2, "ac"), ("ca-central-1", 3, "abd")],
)
def test_a_zone_that_eks_refuses_is_left_out(region: str, count: int, expected: str) -> None:
    assert _zones(_network(region, zoneCount=count)) == {f"{region}{letter}" for letter in expected}


def test_more_zones_than_eks_takes_are_refused() -> None:
    with pytest.raises(pulumi.RunError, match=r"network\.zoneCount: 6: expected 5 or less: EKS takes us-east-1a,"):
        _network("us-east-1", zoneCount=6)


def test_a_zone_that_eks_refuses_is_refused_by_name() -> None:
    expected = r"network\.zones: us-east-1e: expected another zone: in this account it is use1-az3"
    with pytest.raises(pulumi.RunError, match=expected):
        _network("us-east-1", zones=["us-east-1a", "us-east-1e"])
    named = ["us-east-1a", "us-east-1f"]
    assert _zones(_network("us-east-1", zones=named)) == set(named)


def test_zones_by_name_are_looked_up_where_eks_refuses_one() -> None:
    assert _network("us-east-2", zones=["us-east-2a", "us-east-2b"]).invocations == ()
    for region in REFUSED_ZONES:
        (asked,) = _network(region, zones=[f"{region}a"]).invocations
        assert asked.token == "aws:index/getAvailabilityZones:getAvailabilityZones"  # noqa: S105  # no password


def _existing(**subnets: Mapping[str, str]) -> Plan:
    section = {"vpcId": "vpc-0a1b2c3d", **subnets}
    settings = ExistingNetworkSettings.model_validate_json(json.dumps(section))
    there: dict[str, Sequence[Properties]] = {
        "aws:ec2/subnet:Subnet": [
            {"id": f"subnet-aaaa000{letter}", "availabilityZone": f"us-east-1{letter}", "cidrBlock": "10.0.0.0/24"}
            | {"vpcId": "vpc-0a1b2c3d"}
            for letter in "abe"
        ]
    }

    def program() -> None:
        provider = aws.Provider("aws", region="us-east-1")
        ExistingNetwork("dev", settings, where(), apart={}, opts=pulumi.ResourceOptions(providers=[provider]))

    return record(program, existing=there)


def test_an_existing_private_subnet_where_eks_refuses_it() -> None:
    good = {"us-east-1a": "subnet-aaaa000a", "us-east-1b": "subnet-aaaa000b"}
    bad = {"us-east-1a": "subnet-aaaa000a", "us-east-1e": "subnet-aaaa000e"}
    with pytest.raises(pulumi.RunError, match=r"network\.existing\.privateSubnets: us-east-1e: .* use1-az3"):
        _existing(privateSubnets=bad, publicSubnets=good)
    _existing(privateSubnets=good, publicSubnets=bad)
    with pytest.raises(pulumi.RunError, match=r"network\.existing\.controlPlaneSubnets: us-east-1e: .* use1-az3"):
        _existing(privateSubnets=good, publicSubnets=good, controlPlaneSubnets=bad)


# --- Interface endpoints ------------------------------------------------------------------------------------------


def test_a_service_without_an_endpoint_in_the_region_is_refused_by_name() -> None:
    zones = {"zones": ["us-east-2a", "us-east-2b"]}
    with pytest.raises(pulumi.RunError, match=r"network\.interfaceEndpoints: pricing\.api: expected .* in us-east-2: "):
        _network("us-east-2", interfaceEndpoints=["ecr.api", "pricing.api"], **zones)
    plan = _network("us-east-2", interfaceEndpoints=["ecr.api"], **zones)
    assert [asked.arguments for asked in plan.invocations] == [
        {"serviceName": "com.amazonaws.us-east-2.ecr.api", "serviceType": "Interface"}
    ]


def test_an_endpoint_is_in_the_zones_that_its_service_has(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = INVOKES[SERVICE]
    monkeypatch.setitem(INVOKES, SERVICE, lambda *asked: {**answer(*asked), "availabilityZones": ["us-east-2b"]})
    plan = _network("us-east-2", interfaceEndpoints=["ecr.api"], zones=["us-east-2a", "us-east-2b"])
    endpoint = plan.one(type="aws:ec2/vpcEndpoint:VpcEndpoint", name="dev-ecr-api")
    assert endpoint.inputs["subnetIds"] == [plan.one(type=SUBNET, name="dev-private-us-east-2b").id]
    with pytest.raises(pulumi.RunError, match="an endpoint in one of us-east-2a, us-east-2c; it is in us-east-2b"):
        _network("us-east-2", interfaceEndpoints=["ecr.api"], zones=["us-east-2a", "us-east-2c"])


SERVICE = "aws:ec2/getVpcEndpointService:getVpcEndpointService"
SUBNET = "aws:ec2/subnet:Subnet"
