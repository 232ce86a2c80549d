"""Ranges of addresses that must not overlap those of an existing VPC."""

from collections.abc import Mapping
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2


def check_apart(apart: Mapping[str, IPv4Network], vpc: ec2.GetVpcResult) -> None:
    """Raise RunError if a range overlaps one of a VPC's.

    apart: the ranges by the setting that has them. vpc: the VPC; only its state tells its ranges, so that no rule of
    the settings can compare them.
    """
    associated = [block.cidr_block for block in vpc.cidr_block_associations]
    blocks = [IPv4Network(block) for block in dict.fromkeys([vpc.cidr_block, *associated])]
    problems = [
        f"{setting}: {range_}: expected a range that does not overlap {block}, a range of {vpc.id}"
        for setting, range_ in apart.items()
        for block in blocks
        if range_.overlaps(block)
    ]
    if problems:
        raise pulumi.RunError("\n".join(problems))
