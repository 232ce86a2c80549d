"""Availability zones: those that EKS refuses, and those in which a service has an interface endpoint.

Names of zones differ from account to account, their ids do not.
"""

from collections.abc import Collection, Mapping
from typing import Final

import pulumi
from pulumi_aws import ec2

from facts.partitions import endpoint_service

REFUSED_ZONES: Final[Mapping[str, str]] = {
    "us-east-1": "use1-az3",
    "us-west-1": "usw1-az2",
    "ca-central-1": "cac1-az3",
}
"""Zones by region in which a control plane cannot have subnets (eksctl #817, #905).

https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets"""


def check_zones(setting: str, zone_ids: Mapping[str, str]) -> None:
    """Raise RunError if EKS refuses one of the zones of a setting. zone_ids: the ids of the zones by their names."""
    for zone, zone_id in zone_ids.items():
        if zone_id in REFUSED_ZONES.values():
            raise pulumi.RunError(
                f"{setting}: {zone}: expected another zone: in this account it is {zone_id}, which EKS refuses"
            )


def endpoint_zones(service: str, region: str, zones: Collection[str], opts: pulumi.InvokeOptions) -> list[str]:
    """Return those of `zones` in which an interface endpoint of a service can have a subnet.

    Raises RunError where there is no such zone, or where the service has no interface endpoint in the region.
    """
    try:
        found = ec2.get_vpc_endpoint_service(
            service_name=endpoint_service(service, region), service_type="Interface", opts=opts
        )
    except Exception as error:  # The SDK raises nothing narrower for an invoke that fails.
        raise pulumi.RunError(
            f"network.interfaceEndpoints: {service}: expected a service with an interface endpoint in {region}: {error}"
        ) from error
    usable = [zone for zone in zones if zone in found.availability_zones]
    if not usable:
        raise pulumi.RunError(
            f"network.interfaceEndpoints: {service}: expected a service with an endpoint in one of "
            f"{', '.join(zones)}; it is in {', '.join(sorted(found.availability_zones))}"
        )
    return usable
