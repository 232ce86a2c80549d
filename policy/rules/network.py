"""Security groups, NAT and flow logs."""

from collections.abc import Iterator
from typing import Any, Final

from policy.exceptions import OPEN_PORTS
from policy.model import UNKNOWN, Resource, at, items, text
from policy.rule import Level, rule, stack_rule
from policy.rules.addresses import open_to_the_world

GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
DEFAULT_GROUP: Final = "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup"
LEGACY_RULE: Final = "aws:ec2/securityGroupRule:SecurityGroupRule"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
NAT: Final = "aws:ec2/natGateway:NatGateway"
SUBNET: Final = "aws:ec2/subnet:Subnet"
VPC: Final = "aws:ec2/vpc:Vpc"
FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"

EVERY_PORT: Final = "every port"
WEB_PORTS: Final = (80, 443)
"""The only ports that anybody may reach."""


def _ranges(entry: Any) -> list[Any]:
    """Return the CIDR blocks of a rule, whichever of the three types of rules it is."""
    keys = ("cidrIpv4", "cidrIpv6", "cidrBlocks", "ipv6CidrBlocks")
    return [block for key in keys for block in items(at(entry, key))]


def _entries(resource: Resource) -> list[Any]:
    """Return the rules for incoming traffic in a resource."""
    if resource.type in (GROUP, DEFAULT_GROUP):
        return items(resource.get("ingress"))
    if resource.type == LEGACY_RULE and resource.get("type") in ("egress", UNKNOWN):
        return []
    return [resource.properties]


def _ports(entry: Any) -> str | None:
    """Return which ports other than the web's a rule opens; None where it opens no other, or nobody knows yet."""
    first, last = at(entry, "fromPort"), at(entry, "toPort")
    protocol = next((value for key in ("ipProtocol", "protocol") if (value := at(entry, key)) is not None), "-1")
    if UNKNOWN in (first, last, protocol):
        return None
    if str(protocol) in ("-1", "all"):
        return EVERY_PORT
    if first == last and first in WEB_PORTS:
        return None
    return f"port {first}" if first == last else f"ports {first} to {last}"


@rule(
    "security-group-open",
    GROUP,
    LEGACY_RULE,
    INGRESS_RULE,
    reason="Scanners on the internet find an open port within minutes.",
    fix="Name the ranges or security groups that need it; only ports 80 and 443 may be open to all "
    "addresses, and those of nodes with a reason (securityRules.*.reason)",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-18",
)
def open_ports(resource: Resource) -> Iterator[str]:
    """Of the three ways to write a rule for incoming traffic; OPEN_PORTS has the exceptions."""
    reviewed = any(component in OPEN_PORTS for component in resource.parents)
    for entry in _entries(resource):
        ports = _ports(entry)
        if ports and (ports == EVERY_PORT or not reviewed):
            yield from (f"{ports} open to {block}" for block in _ranges(entry) if open_to_the_world(block))


@rule(
    "default-security-group",
    DEFAULT_GROUP,
    reason="Resources without a security group get this one, and could then connect to each other.",
    fix="Leave its ingress and egress empty",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-2",
)
def default_group(group: Resource) -> Iterator[str]:
    """Each VPC has one, open within itself until somebody empties it."""
    yield from (f"it has {way} rules" for way in ("ingress", "egress") if items(group.get(way)))


@stack_rule(
    "nat-per-zone",
    NAT,
    SUBNET,
    reason="When the zone of the only NAT gateway fails, the nodes of all zones lose the internet and their images.",
    fix="Set network.nat to per-zone",
    source="https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html",
    development=Level.OFF,
)
def nat_per_zone(resources: list[Resource]) -> Iterator[tuple[Resource, str]]:
    """A regional gateway is in every zone. Ids may not be known, so gateways and zones are counted."""
    gateways = [resource for resource in resources if resource.type == NAT]
    zones = {text(resource.get("availabilityZone")) for resource in resources if resource.type == SUBNET} - {""}
    regional = any(gateway.get("availabilityMode") in ("regional", UNKNOWN) for gateway in gateways)
    if gateways and not regional and len(gateways) < len(zones):
        yield gateways[0], f"{len(gateways)} of {len(zones)} zones have a NAT gateway"


@stack_rule(
    "vpc-flow-logs",
    VPC,
    FLOW_LOG,
    reason="Without flow logs, you cannot find out where data was sent.",
    fix="Set network.flowLogs",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-6",
    development=Level.OFF,
)
def flow_logs(resources: list[Resource]) -> Iterator[tuple[Resource, str]]:
    """Ids may not be known, so flow logs and VPCs are counted."""
    logged = [resource for resource in resources if resource.type == FLOW_LOG and resource.get("vpcId")]
    vpcs = [resource for resource in resources if resource.type == VPC]
    yield from ((vpc, "its traffic is not logged") for vpc in vpcs[len(logged) :])
