"""NAT gateways: one in a zone, one in each zone, or one over all zones, and their public addresses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import pulumi
from pulumi_aws import ec2

from settings import Nat
from settings import Network as NetworkSettings

REGIONAL: Final = "regional"
"""What stands for the zone of a NAT gateway over all zones."""


@dataclass(frozen=True)
class NatGateways:
    """The NAT gateways of a VPC."""

    gateways: Mapping[str, ec2.NatGateway]
    """By zone; a regional one by "regional"."""
    addresses: Sequence[pulumi.Input[str]]
    """Public addresses, in the order of the zones."""

    def of(self, zone: str) -> ec2.NatGateway:
        """Return the gateway of a zone, or the first one where the zone has none."""
        return self.gateways.get(zone, next(iter(self.gateways.values())))


@dataclass(frozen=True)
class _Address:
    """An Elastic IP address."""

    allocation_id: pulumi.Input[str]
    public_ip: pulumi.Input[str]


def nat_gateways(
    name: str,
    settings: NetworkSettings,
    *,
    vpc_id: pulumi.Input[str],
    public: Mapping[str, ec2.Subnet],
    internet_gateway: ec2.InternetGateway,
    to_internet: Sequence[pulumi.Resource],
    parent: pulumi.Resource,
) -> NatGateways:
    """Declare the NAT gateways of a VPC, and their addresses unless the settings name the company's.

    public: the public subnets by zone. to_internet: all resources on the way from them to the internet.
    Raises RunError for an address of the settings that does not exist.
    """
    nat = settings.nat
    zones = {Nat.NONE: [], Nat.SINGLE: list(public)[:1]}.get(nat, list(public))
    # A gateway takes its addresses before the one that it replaces is deleted, and AWS refuses an address that is still
    # in use (pulumi-aws #1483): so those of a regional gateway have other names.
    role = "nat-regional" if nat is Nat.REGIONAL else "nat"
    addresses = {zone: _addresses(f"{name}-{role}-{zone}", settings.nat_addresses.get(zone), parent) for zone in zones}
    every = [address.public_ip for zone in zones for address in addresses[zone]]
    if nat is Nat.REGIONAL:
        gateway = ec2.NatGateway(
            f"{name}-nat",
            vpc_id=vpc_id,
            availability_mode="regional",
            availability_zone_addresses=[
                ec2.NatGatewayAvailabilityZoneAddressArgs(
                    availability_zone=zone, allocation_ids=[it.allocation_id for it in addresses[zone]]
                )
                for zone in zones
            ],
            tags={"Name": name},
            # It has a route table of its own, and needs no public subnet.
            # https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html
            opts=pulumi.ResourceOptions(parent=parent, depends_on=[internet_gateway]),
        )
        return NatGateways({REGIONAL: gateway}, every)
    gateways = {
        zone: ec2.NatGateway(
            f"{name}-nat-{zone}",
            allocation_id=addresses[zone][0].allocation_id,
            # The provider removes the last of these only if the list is there and empty.
            secondary_allocation_ids=[it.allocation_id for it in addresses[zone][1:]]
            if settings.nat_addresses
            else None,
            subnet_id=public[zone].id,
            tags={"Name": f"{name}-{zone}"},
            # Without the internet gateway a NAT gateway does not work, and its address cannot be released.
            # https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-troubleshooting.html
            opts=pulumi.ResourceOptions(parent=parent, depends_on=to_internet),
        )
        for zone in zones
    }
    return NatGateways(gateways, every)


def _addresses(name: str, allocation_ids: Sequence[str] | None, parent: pulumi.Resource) -> list[_Address]:
    if allocation_ids is None:
        address = ec2.Eip(name, domain="vpc", tags={"Name": name}, opts=pulumi.ResourceOptions(parent=parent))
        return [_Address(address.id, address.public_ip)]
    return [_Address(id_, _public_ip(id_, pulumi.InvokeOptions(parent=parent))) for id_ in allocation_ids]


def _public_ip(allocation_id: str, opts: pulumi.InvokeOptions) -> str:
    try:
        return ec2.get_elastic_ip(id=allocation_id, opts=opts).public_ip
    except Exception as error:  # The SDK raises nothing narrower for an invoke that fails.
        raise pulumi.RunError(
            f"network.natAddresses: {allocation_id}: expected an Elastic IP address of this account and region: {error}"
        ) from error
