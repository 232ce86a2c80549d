"""How a VPC's address range is divided: a pure function of the range and a zone's name.

The range is cut into eight equal slots, one for each letter that a zone's name can end with, whether the zone is used
or not. So a zone's subnets never depend on the other zones: adding or removing a zone renumbers nothing,
and the order in which zones are listed has no meaning. The price is that a VPC with three zones uses three slots of
eight; where pods need more addresses, a secondary range for pods gives a whole slot of its own to each zone.

    slot (an eighth)   |-------- private (half) --------|-- public (an eighth) --|------- free (three eighths) -------|
"""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Final

ZONE_LETTERS: Final = "abcdefgh"
_SLOT_BITS: Final = 3
_PRIVATE_BITS: Final = 1
_PUBLIC_BITS: Final = 3

LONGEST_VPC_PREFIX: Final = 28 - _SLOT_BITS - _PUBLIC_BITS
"""A subnet has at most a /28 (https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html)."""
LONGEST_PREFIX_FOR_PODS: Final = 24
"""Pods get prefixes of 16 addresses in a row, and every single address taken in the subnet breaks one up. A smaller
subnet soon has no prefix left while many of its addresses are free (amazon-vpc-cni-k8s #2749).

https://docs.aws.amazon.com/eks/latest/best-practices/prefix-mode-linux.html"""
LONGEST_POD_PREFIX: Final = LONGEST_PREFIX_FOR_PODS - _SLOT_BITS
"""Of a range for pods alone."""
LONGEST_LOAD_BALANCER_PREFIX: Final = 27
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer"""
LONGEST_VPC_PREFIX_FOR_ALB: Final = LONGEST_LOAD_BALANCER_PREFIX - _SLOT_BITS - _PUBLIC_BITS
"""Of a VPC whose public subnets are an ALB's."""
LONGEST_VPC_PREFIX_FOR_PUBLIC_PODS: Final = LONGEST_PREFIX_FOR_PODS - _SLOT_BITS - _PUBLIC_BITS
"""Of a VPC whose public subnets are those of pods too."""
LONGEST_VPC_PREFIX_FOR_PODS: Final = LONGEST_PREFIX_FOR_PODS - _SLOT_BITS - _PRIVATE_BITS
"""Of a VPC whose private subnets are the pods' too."""


@dataclass(frozen=True)
class ZoneBlocks:
    """The address ranges of one availability zone."""

    private: IPv4Network
    public: IPv4Network


def zone_blocks(vpc: IPv4Network, zone: str) -> ZoneBlocks:
    """Return the private and the public range of `zone` ("ap-northeast-1a") in the range `vpc` (/16 to /22).

    Raises ValueError for a zone whose name does not end with a letter from a to h, or a range too small for subnets.
    """
    if vpc.prefixlen > LONGEST_VPC_PREFIX:
        raise ValueError(f"{vpc} is too small: its subnets would be smaller than a /28")
    slot = _slot(vpc, zone)
    lower, upper = slot.subnets(_PRIVATE_BITS)
    return ZoneBlocks(private=lower, public=next(upper.subnets(_PUBLIC_BITS - _PRIVATE_BITS)))


@dataclass(frozen=True)
class Ipv6ZoneBlocks:
    """The IPv6 address ranges of one availability zone."""

    private: IPv6Network
    public: IPv6Network


IPV6_VPC_PREFIX: Final = 56
"""What Amazon gives a VPC (https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#vpc-sizing-ipv6)."""
_IPV6_SUBNET_PREFIX: Final = 64
"""What a subnet gets of it here: the longest, and the usual one."""


def ipv6_zone_blocks(vpc: IPv6Network, zone: str) -> Ipv6ZoneBlocks:
    """Return the private and the public /64 of `zone` in the range `vpc` (/56), by the zone's slot as with IPv4.

    Raises ValueError for a range of another size, and for a zone as `zone_blocks` does.
    """
    if vpc.prefixlen != IPV6_VPC_PREFIX:
        raise ValueError(f"{vpc} is not a /{IPV6_VPC_PREFIX}")
    slot = list(vpc.subnets(_SLOT_BITS))[_slot_number(zone)]
    subnets = slot.subnets(new_prefix=_IPV6_SUBNET_PREFIX)
    return Ipv6ZoneBlocks(private=next(subnets), public=next(subnets))


def pod_block(pods: IPv4Network, zone: str) -> IPv4Network:
    """Return the range of `zone` in the secondary range `pods` (/16 to /21); raises ValueError as `zone_blocks`."""
    if pods.prefixlen > LONGEST_POD_PREFIX:
        raise ValueError(f"{pods} is too small: a zone's pods would have less than a /24")
    return _slot(pods, zone)


def _slot(block: IPv4Network, zone: str) -> IPv4Network:
    return list(block.subnets(_SLOT_BITS))[_slot_number(zone)]


def _slot_number(zone: str) -> int:
    letter = zone[-1:]
    if letter not in ZONE_LETTERS or not letter:
        raise ValueError(f"{zone} is not an availability zone: its name ends with a letter from a to h")
    return ZONE_LETTERS.index(letter)
