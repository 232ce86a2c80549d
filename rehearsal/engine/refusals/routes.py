"""Where packets of a subnet can go."""

from __future__ import annotations

from harness.engine.store import Cloud, Resource
from rehearsal.engine.refusals import uses

ANYWHERE = "0.0.0.0/0"

WITHOUT_NAT = frozenset({"ec2", "ecr.api", "ecr.dkr", "sts"})
"""The endpoints that replace a way to the internet: https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""


def way_out(subnet_id: str, cloud: Cloud) -> bool:
    """Return whether what runs in a subnet reaches the internet, or endpoints that do instead."""
    subnet = cloud.existing(uses.SUBNET, subnet_id)
    if subnet is None:
        return False
    if subnet.is_given:
        return True  # Its routes are its owner's business, and not described.
    for route in routes(subnet_id, cloud):
        if cloud.existing(uses.GATEWAY, str(route.get("gatewayId"))):
            return True
        nat = cloud.existing(uses.NAT, str(route.get("natGatewayId")))
        if nat and _reaches_the_internet(nat, cloud):
            return True
    services = [str(e.get("serviceName")) for e in cloud.of(uses.ENDPOINT, vpcId=subnet.get("vpcId"))]
    return all(any(service.endswith(f".{needed}") for service in services) for needed in WITHOUT_NAT)


def _reaches_the_internet(nat: Resource, cloud: Cloud) -> bool:
    """Return whether a NAT gateway does; a regional one has a route to the internet gateway of its VPC by itself.

    https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
    """
    if nat.get("availabilityMode") == "regional":
        return bool(cloud.of(uses.GATEWAY, vpcId=nat.get("vpcId")))
    return any(cloud.existing(uses.GATEWAY, str(r.get("gatewayId"))) for r in routes(nat.get("subnetId"), cloud))


def routes(subnet_id: str, cloud: Cloud) -> list[Resource]:
    """Return the routes of a subnet to anywhere."""
    tables = [a.get("routeTableId") for a in cloud.of(uses.ASSOCIATION, subnetId=subnet_id)]
    return [r for r in cloud.of(uses.ROUTE, destinationCidrBlock=ANYWHERE) if r.get("routeTableId") in tables]
