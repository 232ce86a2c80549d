"""Rules about NAT gateways and their addresses."""

from collections.abc import Iterator
from typing import Final

from facts.partitions import partition_of
from settings.network import Nat, Network
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule
from settings.words import either


@rule
def _nat_of_public_nodes(network: Network) -> Iterator[Problem]:
    if network.existing is None and network.public_nodes and network.nat is not Nat.NONE:
        yield Problem("network.nat", network.nat.value, "expected none: with publicNodes no subnet uses a NAT gateway")


@rule
def _regional_nat(network: Network, platform: Platform) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateways-regional.html.

    Where it is offered: https://aws.amazon.com/about-aws/whats-new/2025/11/aws-nat-gateway-regional-availability/
    """
    if network.nat is not Nat.REGIONAL:
        return
    if partition_of(platform.region) != "aws":
        yield Problem(
            "network.nat", "regional", f"expected none, single or per-zone: AWS does not offer it in {platform.region}"
        )
    for name in network.local_subnets:
        subnet = network.node_subnets[name]
        if not subnet.public:
            yield Problem(
                place("network", "nodeSubnets", name, "zone"),
                subnet.zone,
                "expected public: true, or network.nat single or per-zone: a regional NAT gateway is in no Local Zone",
            )


@rule
def _addresses_of_the_company(network: Network) -> Iterator[Problem]:
    given, path = network.nat_addresses, "network.natAddresses"
    if not given or network.existing:
        return
    if network.nat is Nat.NONE:
        yield Problem(path, "set", "expected none with network.nat none: no NAT gateway uses them")
        return
    if not network.zones:
        yield Problem(path, "set", "expected network.zones instead of zoneCount: the addresses are for named zones")
        return
    wanted = network.zones[:1] if network.nat is Nat.SINGLE else network.zones
    for zone in wanted:
        if zone not in given:
            yield Problem(path, f"none for {zone}", f"expected addresses for {' and '.join(wanted)}, or for no zone")
    for zone, ids in given.items():
        if zone not in wanted:
            yield Problem(place("network", "natAddresses", zone), "set", f"expected {either(wanted)} as its zone")
        if network.nat is not Nat.REGIONAL and len(ids) > MOST_OF_ONE_ZONE:
            yield Problem(
                place("network", "natAddresses", zone), f"{len(ids)} addresses", f"expected {MOST_OF_ONE_ZONE} or fewer"
            )
    yield from repeated(path, [id_ for ids in given.values() for id_ in ids])


MOST_OF_ONE_ZONE: Final = 8
"""Addresses of a NAT gateway that is in one zone; more than two need a higher quota.

https://docs.aws.amazon.com/vpc/latest/userguide/nat-gateway-basics.html"""
