"""Every region that EKS is in previews, and has what the platform is made of."""

import re
from functools import cache

import pytest

from facts.partitions import CHINA_ENDPOINTS, dns_suffix, endpoint_service, partition_of
from harness.plan import Plan
from rehearsal.cloud.regions import IN_FEW_REGIONS
from rehearsal.program import ROOT
from settings.regions import PARTITIONS, REGIONS
from settings.rules.network import ENDPOINTS_OF, ENDPOINTS_WITHOUT_NAT
from settings.rules.observability import GRAFANA_REGIONS
from tests.plans import STACKS, plan_of, run_program
from tests.schemas import words
from tests.schemas.counterparts import COUNTERPARTS, TYPES

WITHOUT_SCHEMAS = {"me-south-1"}
"""Regions that cfn-lint brings no list of types for."""


@cache
def plan_in(region: str) -> Plan:
    """Return the plan of a small stack with a network of its own, nodes, Karpenter and alarms in a region."""
    deployer = f"arn:{partition_of(region)}:iam::777788889999:role/platform-deployer"
    endpoints = endpoints_in(region)
    network = {"existing": None, "cidr": "10.60.0.0/16", "zoneCount": 2, "interfaceEndpoints": endpoints}
    nodes = {"nodeGroups": {"operations": {"instanceTypes": ["m7i.large"]}}, "fargateProfiles": None}
    return run_program(
        "fargate",
        config={
            "platform": {"region": region},
            "access": {"deployer": deployer, "entries": None},
            "network": network,
            "workloads": None,
            "addons": None,
            **nodes,
        }
        | {"karpenter": {"nodePools": {"general": {"categories": ["m"]}}}},
    )


def endpoints_in(region: str) -> list[str]:
    """Return the endpoints of the platform that a stack file may name in a region."""
    return sorted({*ENDPOINTS} & CHINA_ENDPOINTS.keys()) if region.startswith("cn-") else ENDPOINTS


ENDPOINTS = sorted(ENDPOINTS_WITHOUT_NAT.union(*ENDPOINTS_OF.values(), {"eks-auth"}))


def test_the_regions_are_those_that_eks_has_an_endpoint_in() -> None:
    assert available("eks") == REGIONS


def available(service: str) -> set[str]:
    """Return the regions of the platform's partitions that a service is in."""
    return {name for partition in PARTITIONS for name in words.session().get_available_regions(service, partition)}


QUICK_REGIONS = frozenset({"ap-northeast-1", "ca-west-1", "us-east-1"})
"""Where all is offered, and where least is; the others are left to `make test-all`."""

thorough_elsewhere = [
    pytest.param(region, marks=[] if region in QUICK_REGIONS else [pytest.mark.thorough]) for region in sorted(REGIONS)
]


@pytest.mark.parametrize("region", thorough_elsewhere)
def test_a_stack_previews_in_every_region(region: str) -> None:
    plan = plan_in(region)
    assert [message.text for message in plan.messages] == []
    subnets = plan.find(type="aws:ec2/subnet:Subnet")
    assert {str(entry.inputs["availabilityZone"])[:-1] for entry in subnets} == {region}
    endpoints = {entry.inputs["serviceName"] for entry in plan.find(type="aws:ec2/vpcEndpoint:VpcEndpoint")}
    assert endpoints == {endpoint_service(service, region) for service in ("s3", *endpoints_in(region))}
    text = " ".join(repr(entry) for entry in plan)
    assert set(re.findall(r"arn:(aws[\w-]*):", text)) == {partition_of(region)}
    assert {f".{region}.{end}" in text for end in {"eks.amazonaws.com", f"eks.{dns_suffix(region)}"}} == {True}
    assert {other for other in REGIONS - {region} for entry in plan if f"{other}." in repr(entry)} == set()


def test_every_region_has_every_type_of_the_platform() -> None:
    schemas = {it.schema for it in COUNTERPARTS.values() if it.schema}
    lacking = {region: schemas - words.types_of(region) for region in sorted(REGIONS - WITHOUT_SCHEMAS)}
    # The settings refuse all of them there.
    refused = {
        "aws": set[str](),
        "aws-us-gov": {"AWS::EKS::FargateProfile", "AWS::APS::Scraper"},
        "aws-cn": {"AWS::APS::Workspace", "AWS::APS::Scraper"},
    }
    without_grafana = {region: {"AWS::Grafana::Workspace"} for region in REGIONS - GRAFANA_REGIONS}
    expected = {region: refused[partition_of(region)] | without_grafana.get(region, set()) for region in lacking}
    assert lacking == expected
    assert {region for region in REGIONS if not words.has_types(region)} == WITHOUT_SCHEMAS


@pytest.mark.parametrize("service", ENDPOINTS)
def test_every_region_has_what_the_platform_needs_an_endpoint_of(service: str) -> None:
    api = {"ecr.api": "ecr", "ecr.dkr": "ecr", "elasticloadbalancing": "elbv2", "monitoring": "cloudwatch"}
    assert available(api.get(service, service)) >= REGIONS


@pytest.mark.parametrize("service", IN_FEW_REGIONS)
def test_a_service_of_few_regions_is_in_those(service: str) -> None:
    assert available(service) & REGIONS == IN_FEW_REGIONS[service]


def test_the_stacks_and_the_bootstrap_have_every_type() -> None:
    plans = [*map(plan_of, STACKS), run_program("development", root=ROOT / "examples" / "bootstrap")]
    found = {entry.type for plan in plans for entry in plan}
    assert set(TYPES) - found == UNUSED, "add to UNUSED the types that only stack files of examples/peers have"


UNUSED = {
    "aws:lb/listenerRule:ListenerRule",
    # Stack files of examples/peers have these, which tests/test_peers.py requires.
    "aws:ec2/placementGroup:PlacementGroup",
    "aws:amp/scraper:Scraper",
    "aws:amp/workspace:Workspace",
    "aws:grafana/roleAssociation:RoleAssociation",
    "aws:grafana/workspace:Workspace",
    "aws:efs/backupPolicy:BackupPolicy",
    "aws:efs/fileSystem:FileSystem",
    "aws:efs/mountTarget:MountTarget",
    "aws:eks/capability:Capability",
    "aws:lb/listenerCertificate:ListenerCertificate",
    "aws:eks/identityProviderConfig:IdentityProviderConfig",
    "aws:rolesanywhere/profile:Profile",
    "aws:rolesanywhere/trustAnchor:TrustAnchor",
}
"""Types that the fake cloud knows and no stack of examples/stacks has."""
