"""How a VPC is divided: properties that hold for every range and every set of zones."""

from ipaddress import IPv4Network, IPv6Network
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from facts import address_plan

LETTERS = st.sampled_from(address_plan.ZONE_LETTERS)
ZONES = st.lists(LETTERS.map(lambda letter: f"ap-northeast-1{letter}"), min_size=1, max_size=8, unique=True)


def ranges(shortest: int, longest: int) -> st.SearchStrategy[IPv4Network]:
    """Return any range between two prefix lengths."""
    return st.builds(
        lambda address, length: IPv4Network((int(address), length), strict=False),
        st.ip_addresses(v=4),
        st.integers(shortest, longest),
    )


VPCS = ranges(16, address_plan.LONGEST_VPC_PREFIX)
PODS = ranges(16, address_plan.LONGEST_POD_PREFIX)


def plan(vpc: IPv4Network, zones: list[str]) -> dict[str, address_plan.ZoneBlocks]:
    return {zone: address_plan.zone_blocks(vpc, zone) for zone in zones}


@given(VPCS, ZONES, LETTERS)
def test_one_more_zone_renumbers_nothing(vpc: IPv4Network, zones: list[str], letter: str) -> None:
    before = plan(vpc, zones)
    after = plan(vpc, [f"ap-northeast-1{letter}", *zones])
    assert {zone: after[zone] for zone in zones} == before


@given(VPCS, PODS, ZONES.flatmap(lambda zones: st.tuples(st.just(zones), st.permutations(zones))))
def test_the_order_of_zones_means_nothing(
    vpc: IPv4Network, pods: IPv4Network, orders: tuple[list[str], list[str]]
) -> None:
    first, second = orders
    assert plan(vpc, first) == plan(vpc, second)
    assert {zone: address_plan.pod_block(pods, zone) for zone in first} == {
        zone: address_plan.pod_block(pods, zone) for zone in second
    }


@given(VPCS, PODS)
def test_no_two_subnets_overlap(vpc: IPv4Network, pods: IPv4Network) -> None:
    blocks = [address_plan.zone_blocks(vpc, letter) for letter in address_plan.ZONE_LETTERS]
    subnets = [subnet for block in blocks for subnet in (block.private, block.public)]
    for first, second in combinations(subnets, 2):
        assert not first.overlaps(second)
    for first, second in combinations(
        [address_plan.pod_block(pods, letter) for letter in address_plan.ZONE_LETTERS], 2
    ):
        assert not first.overlaps(second)


@given(VPCS, LETTERS)
def test_every_subnet_is_inside_the_vpc_and_of_a_size_that_aws_takes(vpc: IPv4Network, letter: str) -> None:
    blocks = address_plan.zone_blocks(vpc, letter)
    for subnet in (blocks.private, blocks.public):
        assert subnet.subnet_of(vpc)
        assert 16 <= subnet.prefixlen <= 28


@given(VPCS, LETTERS)
def test_private_subnets_are_four_times_the_public_ones_and_half_of_the_slot(vpc: IPv4Network, letter: str) -> None:
    blocks = address_plan.zone_blocks(vpc, letter)
    assert blocks.private.num_addresses == 4 * blocks.public.num_addresses
    assert blocks.private.num_addresses * 2 * 8 == vpc.num_addresses


@given(PODS)
def test_the_zones_of_a_pod_range_fill_it(pods: IPv4Network) -> None:
    blocks = [address_plan.pod_block(pods, letter) for letter in address_plan.ZONE_LETTERS]
    assert all(block.subnet_of(pods) and block.prefixlen <= 24 for block in blocks)
    assert sum(block.num_addresses for block in blocks) == pods.num_addresses


def test_the_plan_of_a_16_is_the_one_that_stacks_in_use_have() -> None:
    found = plan(IPv4Network("10.10.0.0/16"), ["ap-northeast-1a", "ap-northeast-1c", "ap-northeast-1h"])
    assert {zone: (str(blocks.private), str(blocks.public)) for zone, blocks in found.items()} == {
        "ap-northeast-1a": ("10.10.0.0/20", "10.10.16.0/22"),
        "ap-northeast-1c": ("10.10.64.0/20", "10.10.80.0/22"),
        "ap-northeast-1h": ("10.10.224.0/20", "10.10.240.0/22"),
    }
    assert str(address_plan.pod_block(IPv4Network("100.64.0.0/16"), "ap-northeast-1c")) == "100.64.64.0/19"


def test_the_smallest_ranges_are_taken_and_smaller_ones_refused() -> None:
    smallest = IPv4Network(f"10.0.0.0/{address_plan.LONGEST_VPC_PREFIX}")
    assert address_plan.zone_blocks(smallest, "a").public.prefixlen == 28
    assert address_plan.pod_block(IPv4Network(f"100.64.0.0/{address_plan.LONGEST_POD_PREFIX}"), "a").prefixlen == 24
    with pytest.raises(ValueError, match=r"10\.0\.0\.0/23 is too small: its subnets would be smaller than a /28"):
        address_plan.zone_blocks(IPv4Network("10.0.0.0/23"), "a")
    with pytest.raises(ValueError, match=r"100\.64\.0\.0/22 is too small: a zone's pods would have less than a /24"):
        address_plan.pod_block(IPv4Network("100.64.0.0/22"), "a")


@pytest.mark.parametrize("zone", ["", "ap-northeast-1", "ap-northeast-1i", "ap-northeast-1A", "ap-northeast-1\uff41"])
def test_a_name_that_is_no_zone_is_refused(zone: str) -> None:
    for divide in (address_plan.zone_blocks, address_plan.pod_block):
        with pytest.raises(ValueError, match="is not an availability zone: its name ends with a letter from a to h"):
            divide(IPv4Network("10.0.0.0/16"), zone)


# --- IPv6 ---------------------------------------------------------------------------------------------------------

IPV6_VPCS = st.integers(0, 2**24 - 1).map(lambda number: IPv6Network((0x20010DB8 << 96 | number << 72, 56)))


@given(vpc=IPV6_VPCS)
def test_ipv6_subnets_are_in_the_vpc_apart_and_of_the_usual_size(vpc: IPv6Network) -> None:
    blocks = [address_plan.ipv6_zone_blocks(vpc, f"ap-northeast-1{letter}") for letter in address_plan.ZONE_LETTERS]
    subnets = [subnet for zone in blocks for subnet in (zone.private, zone.public)]
    assert len(set(subnets)) == len(subnets) == 2 * len(address_plan.ZONE_LETTERS)
    assert all(subnet.prefixlen == 64 and subnet.subnet_of(vpc) for subnet in subnets)


def test_ipv6_subnets_follow_from_the_zones_letter() -> None:
    blocks = address_plan.ipv6_zone_blocks(IPv6Network("2001:db8:0:100::/56"), "ap-northeast-1c")
    assert (str(blocks.private), str(blocks.public)) == ("2001:db8:0:140::/64", "2001:db8:0:141::/64")


@pytest.mark.parametrize(("vpc", "zone"), [("2001:db8::/48", "ap-northeast-1a"), ("2001:db8::/56", "tokyo")])
def test_ipv6_ranges_that_do_not_fit(vpc: str, zone: str) -> None:
    with pytest.raises(ValueError, match=r"is not a"):
        address_plan.ipv6_zone_blocks(IPv6Network(vpc), zone)
