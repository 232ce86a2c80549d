"""What the provider functions ("invokes") answer.

About things that the program made, they say what it made. About others (a VPC that a stack file names, a hosted
zone), they make up something plausible that is the same each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from facts.partitions import account_of_arn, dns_suffix, partition_of
from harness import HarnessError
from harness.kind import Answer, NotFoundError, Place, Properties
from rehearsal.cloud.regions import IN_FEW_REGIONS, ZONES_WITHOUT_EKS, load_balancer_zone, zones


def _digest(text: object, length: int) -> str:
    return hashlib.sha256(str(text).encode()).hexdigest()[:length]


def _availability_zones(arguments: Properties, place: Place) -> Properties:
    excluded = arguments.get("excludeNames") or []
    found = {name: id_ for name, id_ in zones(place.region).items() if name not in excluded}
    return {
        **arguments,
        "id": place.region,
        "region": place.region,
        "names": list(found),
        "zoneIds": list(found.values()),
        "groupNames": [place.region],
    }


def _caller_identity(_arguments: Properties, place: Place) -> Properties:
    """Say who asks as STS does: a session of a role, without the role's path, or a user.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    """
    principal = place.caller or f"arn:{partition_of(place.region)}:iam::{place.account}:role/deploy"
    role = principal.rpartition("/")[2]
    account = account_of_arn(principal)
    session = f"arn:{partition_of(place.region)}:sts::{account}:assumed-role/{role}/rehearsal"
    return {
        "id": place.account,
        "accountId": place.account,
        "arn": session if ":role/" in principal else principal,
        "userId": "AROAREHEARSAL:rehearsal",
    }


def _partition(_arguments: Properties, place: Place) -> Properties:
    partition, suffix = partition_of(place.region), dns_suffix(place.region)
    reverse = ".".join(reversed(suffix.split(".")))
    return {"id": partition, "partition": partition, "dnsSuffix": suffix, "reverseDnsPrefix": reverse}


def _region(_arguments: Properties, place: Place) -> Properties:
    return {
        "id": place.region,
        "region": place.region,
        "name": place.region,
        "description": place.region,
        "endpoint": f"ec2.{place.region}.{dns_suffix(place.region)}",
    }


def _hosted_zone_id(arguments: Properties, place: Place) -> Properties:
    region = arguments.get("region") or place.region
    return {
        "id": load_balancer_zone(region),
        "region": region,
        "loadBalancerType": arguments.get("loadBalancerType") or "application",
    }


def _vpc(arguments: Properties, place: Place) -> Properties:
    id_ = arguments.get("id") or f"vpc-{_digest(_stable(arguments), 17)}"
    made = place.world.find("aws:ec2/vpc:Vpc", "id", id_) or {}
    return {
        "id": id_,
        "arn": f"arn:{partition_of(place.region)}:ec2:{place.region}:{place.account}:vpc/{id_}",
        "cidrBlock": made.get("cidrBlock") or arguments.get("cidrBlock") or "10.0.0.0/16",
        "cidrBlockAssociations": [],
        "default": bool(arguments.get("default")),
        "dhcpOptionsId": made.get("dhcpOptionsId") or f"dopt-{_digest(id_, 17)}",
        "enableDnsHostnames": made.get("enableDnsHostnames", True),
        "enableDnsSupport": made.get("enableDnsSupport", True),
        "enableNetworkAddressUsageMetrics": False,
        "filters": arguments.get("filters") or [],
        "instanceTenancy": "default",
        "mainRouteTableId": made.get("mainRouteTableId") or f"rtb-{_digest(id_, 17)}",
        "ownerId": place.account,
        "region": place.region,
        "state": "available",
        "tags": made.get("tagsAll") or arguments.get("tags") or {},
    }


def _subnet(arguments: Properties, place: Place) -> Properties:
    id_ = arguments.get("id") or f"subnet-{_digest(_stable(arguments), 17)}"
    made = place.world.find("aws:ec2/subnet:Subnet", "id", id_) or _existing_subnet(id_, place)
    return {
        "id": id_,
        "arn": f"arn:{partition_of(place.region)}:ec2:{place.region}:{place.account}:subnet/{id_}",
        "availabilityZone": made["availabilityZone"],
        "availabilityZoneId": zones(place.region).get(made["availabilityZone"], ""),
        "availableIpAddressCount": 250,
        "cidrBlock": made["cidrBlock"],
        "defaultForAz": False,
        "filters": arguments.get("filters") or [],
        "mapPublicIpOnLaunch": made.get("mapPublicIpOnLaunch", False),
        "ownerId": place.account,
        "region": place.region,
        "state": "available",
        "tags": made.get("tagsAll") or {},
        "vpcId": made["vpcId"],
    }


def _existing_subnet(id_: str, place: Place) -> Properties:
    """Return a subnet that the program did not make: its id says where it lies."""
    number = int(_digest(id_, 2), 16)
    # Nothing is known of it, so it is not said to be where EKS refuses it.
    names = [name for name, zone_id in zones(place.region).items() if zone_id not in ZONES_WITHOUT_EKS]
    zone = names[int(id_[-1], 16) % len(names)] if id_[-1] in "0123456789abcdef" else names[0]
    return {"availabilityZone": zone, "cidrBlock": f"10.0.{number}.0/24", "vpcId": f"vpc-{_digest(place.account, 17)}"}


def _elastic_ip(arguments: Properties, place: Place) -> Properties:
    """Return an address that the program did not create, of TEST-NET-3 (RFC 5737)."""
    id_ = str(arguments.get("id"))
    address = f"203.0.113.{int(_digest(id_, 4), 16) % 254 + 1}"
    return {
        "id": id_,
        "arn": f"arn:{partition_of(place.region)}:ec2:{place.region}:{place.account}:elastic-ip/{id_}",
        "domain": "vpc",
        "filters": arguments.get("filters") or [],
        "publicIp": address,
        "publicDns": f"ec2-{address.replace('.', '-')}.compute.{dns_suffix(place.region)}",
        "publicIpv4Pool": "amazon",
        "region": place.region,
        "tags": {},
    }


def _endpoint_service(arguments: Properties, place: Place) -> Properties:
    """Return an AWS service with an interface endpoint in each zone, or refuse one that the region is known to lack."""
    name = str(arguments.get("serviceName"))
    service = name.removeprefix("cn.").removeprefix(f"com.amazonaws.{place.region}.").partition(".")[0]
    if place.region not in IN_FEW_REGIONS.get(service, (place.region,)):
        raise NotFoundError(f"reading EC2 VPC Endpoint Service: no matching EC2 VPC Endpoint Service found: {name}")
    return {
        **arguments,
        "id": _digest(name, 10),
        "acceptanceRequired": False,
        "availabilityZones": list(zones(place.region)),
        "owner": "amazon",
        "region": place.region,
        "serviceRegion": place.region,
        "vpcEndpointPolicySupported": True,
    }


def _subnets(arguments: Properties, place: Place) -> Properties:
    filters = {entry["name"]: entry["values"] for entry in arguments.get("filters") or []}
    vpc = (filters.get("vpc-id") or [place.region])[0]
    return {
        "id": place.region,
        "ids": [f"subnet-{_digest(vpc, 16)}{number}" for number in range(len(zones(place.region)))],
        "filters": arguments.get("filters") or [],
        "region": place.region,
        "tags": arguments.get("tags") or {},
    }


def _zone(arguments: Properties, place: Place) -> Properties:
    name = str(arguments.get("name") or "example.com").rstrip(".")
    id_ = arguments.get("zoneId") or f"Z{_digest(name, 20).upper()}"
    servers = [f"ns-{number}.awsdns-{number:02}.org" for number in (1, 2, 3, 4)]
    return {
        "id": id_,
        "arn": f"arn:{partition_of(place.region)}:route53:::hostedzone/{id_}",
        "callerReference": "rehearsal",
        "comment": "",
        "name": name,
        "nameServers": servers,
        "primaryNameServer": servers[0],
        "privateZone": bool(arguments.get("privateZone")),
        "resourceRecordSetCount": 2,
        "tags": arguments.get("tags") or {},
        "vpcId": arguments.get("vpcId") or "",
        "zoneId": id_,
    }


def _load_balancer(arguments: Properties, place: Place) -> Properties:
    by = ("id", arguments["arn"]) if arguments.get("arn") else ("name", arguments.get("name"))
    made = place.world.find("aws:lb/loadBalancer:LoadBalancer", *by) or {}
    name = made.get("name") or arguments.get("name") or f"k8s-{_digest(_stable(arguments), 16)}"
    suffix = f"app/{name}/{_digest(name, 16)}"
    service = f"arn:{partition_of(place.region)}:elasticloadbalancing:{place.region}:{place.account}"
    arn = made.get("arn") or f"{service}:loadbalancer/{suffix}"
    return {
        "id": arn,
        "arn": arn,
        "arnSuffix": made.get("arnSuffix") or suffix,
        "dnsName": made.get("dnsName")
        or f"{name}-{int(_digest(name, 8), 16)}.{place.region}.elb.{dns_suffix(place.region)}",
        "internal": made.get("internal", False),
        "loadBalancerType": "application",
        "name": name,
        "region": place.region,
        "securityGroups": made.get("securityGroups") or [],
        "subnets": made.get("subnets") or [],
        "tags": made.get("tagsAll") or arguments.get("tags") or {},
        "vpcId": made.get("vpcId") or "",
        "zoneId": load_balancer_zone(place.region),
    }


def _clusters(_arguments: Properties, place: Place) -> Properties:
    return {
        "id": place.region,
        "region": place.region,
        "names": [cluster["name"] for cluster in place.world.every("aws:eks/cluster:Cluster")],
    }


def _node_groups(arguments: Properties, place: Place) -> Properties:
    cluster = arguments["clusterName"]
    return {
        "id": cluster,
        "clusterName": cluster,
        "region": place.region,
        "names": [group["nodeGroupName"] for group in _groups_of(cluster, place)],
    }


def _node_group(arguments: Properties, place: Place) -> Properties:
    """Return a group that exists; AWS refuses the question about another.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_DescribeNodegroup.html
    """
    cluster, name = arguments["clusterName"], arguments["nodeGroupName"]
    made = next((group for group in _groups_of(cluster, place) if group["nodeGroupName"] == name), None)
    if made is None:
        raise HarnessError(f"ResourceNotFoundException: no node group {name} in cluster {cluster}")
    return {
        "id": f"{cluster}:{name}",
        "amiType": made["amiType"],
        "arn": made["arn"],
        "capacityType": made["capacityType"],
        "clusterName": cluster,
        "diskSize": made.get("diskSize") or 0,
        "instanceTypes": made["instanceTypes"],
        "labels": made.get("labels") or {},
        "launchTemplates": [made["launchTemplate"]] if made.get("launchTemplate") else [],
        "nodeGroupName": name,
        "nodeRoleArn": made["nodeRoleArn"],
        "region": place.region,
        "releaseVersion": made["releaseVersion"],
        "remoteAccesses": [],
        "resources": made["resources"],
        "scalingConfigs": [made["scalingConfig"]],
        "status": made["status"],
        "subnetIds": made["subnetIds"],
        "tags": made.get("tagsAll") or {},
        "taints": made.get("taints") or [],
        "updateConfigs": [],
        "version": made["version"],
        "warmPoolConfigs": [],
    }


def _groups_of(cluster: object, place: Place) -> list[Properties]:
    every = place.world.every("aws:eks/nodeGroup:NodeGroup")
    return [group for group in every if group["clusterName"] == cluster]


def _ami(arguments: Properties, place: Place) -> Properties:
    id_ = f"ami-{_digest(_stable(arguments), 17)}"
    names = {entry["name"]: entry["values"] for entry in arguments.get("filters") or []}
    return {
        **arguments,
        "id": id_,
        "architecture": (names.get("architecture") or ["x86_64"])[0],
        "arn": f"arn:{partition_of(place.region)}:ec2:{place.region}::image/{id_}",
        "imageId": id_,
        "name": (names.get("name") or ["node"])[0].replace("*", "1"),
        "ownerId": place.account,
        "region": place.region,
        "state": "available",
    }


def _parameter(arguments: Properties, place: Place) -> Properties:
    """Return a parameter. Those that programs here ask for have the id of an AMI."""
    name = str(arguments["name"])
    value = f"ami-{_digest(name, 17)}"
    return {
        **arguments,
        "id": name,
        "arn": f"arn:{partition_of(place.region)}:ssm:{place.region}:{place.account}:parameter{name}",
        "insecureValue": value,
        "region": place.region,
        "type": "String",
        "value": value,
        "version": 1,
    }


def _stable(arguments: Mapping[str, Any]) -> str:
    return repr(sorted(arguments.items(), key=str))


INVOKES: Final[dict[str, Answer]] = {
    "aws:ec2/getAmi:getAmi": _ami,
    "aws:ec2/getElasticIp:getElasticIp": _elastic_ip,
    "aws:ec2/getSubnet:getSubnet": _subnet,
    "aws:ec2/getSubnets:getSubnets": _subnets,
    "aws:ec2/getVpc:getVpc": _vpc,
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": _endpoint_service,
    "aws:eks/getClusters:getClusters": _clusters,
    "aws:eks/getNodeGroup:getNodeGroup": _node_group,
    "aws:eks/getNodeGroups:getNodeGroups": _node_groups,
    "aws:index/getAvailabilityZones:getAvailabilityZones": _availability_zones,
    "aws:index/getCallerIdentity:getCallerIdentity": _caller_identity,
    "aws:index/getPartition:getPartition": _partition,
    "aws:index/getRegion:getRegion": _region,
    "aws:lb/getHostedZoneId:getHostedZoneId": _hosted_zone_id,
    "aws:lb/getLoadBalancer:getLoadBalancer": _load_balancer,
    "aws:route53/getZone:getZone": _zone,
    "aws:ssm/getParameter:getParameter": _parameter,
}
