"""EC2: the network, security groups, launch templates."""

from __future__ import annotations

import ipaddress
import zlib
from collections.abc import Callable
from typing import Final

from facts.partitions import dns_suffix
from harness.kind import Context, Kind, Properties, Value, autoname
from rehearsal.cloud.aws import arn, aws_kind, ec2_id
from rehearsal.cloud.regions import zones

_OWNER: Final = "{account}"


def public_ip(_inputs: Properties, context: Context) -> str:
    """Return an address of TEST-NET-2 (RFC 5737), which nobody on the internet has."""
    return f"198.51.100.{context.number('public-ip', 254) + 1}"


def _public_name(inputs: Properties, context: Context) -> str:
    return f"ec2-{public_ip(inputs, context).replace('.', '-')}.compute.{dns_suffix(context.region)}"


def _address_in_subnet(inputs: Properties, context: Context) -> str:
    """Return an address of the subnet that the inputs name; the first four of a subnet are AWS's own."""
    subnet = context.world.find("aws:ec2/subnet:Subnet", "id", inputs.get("subnetId")) or {}
    network = ipaddress.ip_network(subnet.get("cidrBlock") or "10.0.0.0/24")
    return str(network[4 + context.number("private-ip", network.num_addresses - 5)])


def _of_zonal(make: Callable[[Properties, Context], str]) -> Callable[[Properties, Context], str | None]:
    """Return the maker of what a NAT gateway has only if it is in one zone."""
    return lambda inputs, context: None if inputs.get("availabilityMode") == "regional" else make(inputs, context)


def _of_regional(make: Callable[[Properties, Context], str]) -> Callable[[Properties, Context], str | None]:
    """Return the maker of what a NAT gateway has only if it is in all zones."""
    return lambda inputs, context: make(inputs, context) if inputs.get("availabilityMode") == "regional" else None


def _automatic(inputs: Properties, _context: Context) -> str:
    """Return whether AWS chooses the zones and addresses of a regional NAT gateway: only if the inputs name none.

    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_NatGateway.html
    """
    return "disabled" if inputs.get("availabilityZoneAddresses") else "enabled"


def _ipv6_range(inputs: Properties, context: Context) -> str | None:
    """Return a /56 of the addresses for documentation (RFC 3849), which Amazon gives to a VPC that requests one."""
    if not inputs.get("assignGeneratedIpv6CidrBlock"):
        return None
    number = context.number("ipv6", 2**24)
    return str(ipaddress.IPv6Network((0x20010DB8 << 96 | number << 72, 56)))


def _zone_id(inputs: Properties, context: Context) -> str:
    return zones(context.region).get(str(inputs.get("availabilityZone")), "")


def _next_version(_inputs: Properties, context: Context) -> int:
    """Return the launch template's version after this change: every update makes a new one."""
    return int((context.previous or {}).get("latestVersion", 0)) + 1


def _default_version(inputs: Properties, context: Context) -> int:
    if inputs.get("defaultVersion"):
        return int(inputs["defaultVersion"])
    if context.previous is None or inputs.get("updateDefaultVersion"):
        return _next_version(inputs, context)
    return int(context.previous.get("defaultVersion", 1))


def _route_id(inputs: Properties, _context: Context) -> str:
    """Return r-<table><CRC-32 of the destination>.

    https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/service/ec2/vpc_route.go (routeCreateID)
    """
    destination = inputs.get("destinationCidrBlock") or inputs.get("destinationIpv6CidrBlock")
    named = str(destination or inputs.get("destinationPrefixListId"))
    return f"r-{inputs['routeTableId']}{zlib.crc32(named.encode())}"


def _endpoint_dns(inputs: Properties, context: Context) -> list[Properties]:
    if inputs.get("vpcEndpointType") != "Interface":
        return []
    service = str(inputs.get("serviceName", "")).rsplit(".", 1)[-1]
    return [
        {
            "dnsName": f"{context.id}.{service}.{context.region}.vpce.{dns_suffix(context.region)}",
            "hostedZoneId": "Z1VPCENDPOINT",
        }
    ]


def _endpoint_interfaces(inputs: Properties, context: Context) -> list[str]:
    return [f"eni-{context.digest(str(subnet), 17)}" for subnet in inputs.get("subnetIds") or []]


def _default_group(inputs: Properties, context: Context) -> str:
    """Return the group that came with the VPC: the resource adopts it, and makes none."""
    vpc = context.world.find("aws:ec2/vpc:Vpc", "id", inputs.get("vpcId")) or {}
    return str(vpc.get("defaultSecurityGroupId") or f"sg-{context.digest('sg', 17)}")


_RULE: Final = aws_kind(
    ec2_id("sgr"),
    {"arn": arn("ec2", "security-group-rule/{id}"), "securityGroupRuleId": "{id}"},
    replaces=("securityGroupId",),
)
_SECURITY_GROUP_OUTPUTS: Final[dict[str, Value]] = {"arn": arn("ec2", "security-group/{id}"), "ownerId": _OWNER}

KINDS: Final[dict[str, Kind]] = {
    "aws:ec2/vpc:Vpc": aws_kind(
        ec2_id("vpc"),
        {
            "arn": arn("ec2", "vpc/{id}"),
            "defaultNetworkAclId": ec2_id("acl"),
            "defaultRouteTableId": ec2_id("rtb"),
            "mainRouteTableId": ec2_id("rtb"),
            "defaultSecurityGroupId": ec2_id("sg"),
            "dhcpOptionsId": ec2_id("dopt"),
            "ownerId": _OWNER,
            "ipv6CidrBlock": _ipv6_range,
        },
        defaults={"enableDnsSupport": True, "enableDnsHostnames": False, "instanceTenancy": "default"},
        replaces=("cidrBlock", "ipv4IpamPoolId", "ipv4NetmaskLength"),
    ),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": aws_kind(
        ec2_id("vpc-cidr-assoc"), replaces=("cidrBlock", "vpcId", "ipv4IpamPoolId", "ipv4NetmaskLength"), tagged=False
    ),
    "aws:ec2/subnet:Subnet": aws_kind(
        ec2_id("subnet"),
        {"arn": arn("ec2", "subnet/{id}"), "ownerId": _OWNER, "availabilityZoneId": _zone_id},
        defaults={"mapPublicIpOnLaunch": False, "assignIpv6AddressOnCreation": False},
        replaces=(
            "vpcId",
            "cidrBlock",
            "availabilityZone",
            "availabilityZoneId",
            "ipv4IpamPoolId",
            "ipv4NetmaskLength",
            "ipv6IpamPoolId",
            "ipv6NetmaskLength",
            "ipv6Native",
            "outpostArn",
        ),
    ),
    "aws:ec2/internetGateway:InternetGateway": aws_kind(
        ec2_id("igw"), {"arn": arn("ec2", "internet-gateway/{id}"), "ownerId": _OWNER}
    ),
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": aws_kind(ec2_id("eigw"), replaces=("vpcId",)),
    "aws:ec2/eip:Eip": aws_kind(
        ec2_id("eipalloc"),
        {
            "allocationId": "{id}",
            "arn": arn("ec2", "elastic-ip/{id}"),
            "publicIp": public_ip,
            "publicDns": _public_name,
        },
        defaults={"networkBorderGroup": "{region}", "publicIpv4Pool": "amazon"},
        replaces=(
            "address",
            "domain",
            "networkBorderGroup",
            "publicIpv4Pool",
            "customerOwnedIpv4Pool",
            "ipamPoolId",
        ),
    ),
    "aws:ec2/natGateway:NatGateway": aws_kind(
        ec2_id("nat"),
        {
            "associationId": _of_zonal(ec2_id("eipassoc")),
            "networkInterfaceId": _of_zonal(ec2_id("eni")),
            "privateIp": _of_zonal(_address_in_subnet),
            "publicIp": _of_zonal(public_ip),
            "routeTableId": _of_regional(ec2_id("rtb")),
            "autoProvisionZones": _of_regional(_automatic),
            "autoScalingIps": _of_regional(_automatic),
            "regionalNatGatewayAutoMode": _of_regional(_automatic),
        },
        defaults={"availabilityMode": "zonal", "connectivityType": "public"},
        replaces=("allocationId", "availabilityMode", "connectivityType", "privateIp", "subnetId", "vpcId"),
        seconds=(105.0, 2.0, 60.0),
    ),
    "aws:ec2/routeTable:RouteTable": aws_kind(
        ec2_id("rtb"), {"arn": arn("ec2", "route-table/{id}"), "ownerId": _OWNER}, replaces=("vpcId",)
    ),
    "aws:ec2/route:Route": aws_kind(
        _route_id,
        {"origin": "CreateRoute", "state": "active"},
        replaces=("routeTableId", "destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId"),
        tagged=False,
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": aws_kind(
        ec2_id("rtbassoc"), replaces=("subnetId", "gatewayId"), tagged=False
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": aws_kind(
        ec2_id("vpce"),
        {
            "arn": arn("ec2", "vpc-endpoint/{id}"),
            "ownerId": _OWNER,
            "state": "available",
            "requesterManaged": False,
            "dnsEntries": _endpoint_dns,
            "networkInterfaceIds": _endpoint_interfaces,
            "prefixListId": lambda i, c: "" if i.get("vpcEndpointType") == "Interface" else f"pl-{c.digest('pl', 8)}",
        },
        defaults={"vpcEndpointType": "Gateway", "ipAddressType": "ipv4"},
        replaces=(
            "vpcId",
            "serviceName",
            "serviceRegion",
            "vpcEndpointType",
            "resourceConfigurationArn",
            "serviceNetworkArn",
        ),
    ),
    "aws:ec2/flowLog:FlowLog": aws_kind(
        ec2_id("fl"),
        {"arn": arn("ec2", "vpc-flow-log/{id}")},
        defaults={"logDestinationType": "cloud-watch-logs", "maxAggregationInterval": 600},
        # Everything but the tags is fixed at creation.
        replaces=(
            "vpcId",
            "subnetId",
            "eniId",
            "iamRoleArn",
            "logDestination",
            "logDestinationType",
            "logFormat",
            "maxAggregationInterval",
            "trafficType",
            "destinationOptions",
            "deliverCrossAccountRole",
            "tagFieldSpecifications",
        ),
    ),
    "aws:ec2/securityGroup:SecurityGroup": aws_kind(
        ec2_id("sg"),
        _SECURITY_GROUP_OUTPUTS,
        defaults={
            "name": autoname,
            "description": "Managed by Pulumi",
            "revokeRulesOnDelete": False,
            "ingress": [],
            "egress": [],
        },
        replaces=("name", "namePrefix", "description", "vpcId"),
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": aws_kind(
        _default_group,
        {**_SECURITY_GROUP_OUTPUTS, "name": "default", "description": "default VPC security group"},
        defaults={"ingress": [], "egress": [], "revokeRulesOnDelete": False},
        replaces=("vpcId",),
    ),
    "aws:ec2/tag:Tag": aws_kind("{resourceId},{key}", replaces=("resourceId", "key"), tagged=False),
    "aws:ec2/placementGroup:PlacementGroup": aws_kind(
        "{name}",
        {"arn": arn("ec2", "placement-group/{name}"), "placementGroupId": ec2_id("pg")},
        defaults={"name": autoname},
        replaces=("name", "strategy", "partitionCount", "spreadLevel"),
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": aws_kind(
        ec2_id("lt"),
        {
            "arn": arn("ec2", "launch-template/{id}"),
            "latestVersion": _next_version,
            "defaultVersion": _default_version,
        },
        defaults={"name": autoname},
        replaces=("name", "namePrefix"),
        renews=("latestVersion", "defaultVersion"),
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
}
