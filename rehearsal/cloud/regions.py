"""What differs from region to region."""

from __future__ import annotations

from typing import Final

# Zones that an account of ours sees. The letters are an account's own; the ids are everyone's.
# https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-availability-zones.html
_ZONES: Final[dict[str, dict[str, str]]] = {
    "ap-northeast-1": {"a": "apne1-az4", "c": "apne1-az1", "d": "apne1-az2"},
    "ap-northeast-3": {"a": "apne3-az3", "b": "apne3-az1", "c": "apne3-az2"},
    "us-east-1": {
        "a": "use1-az1",
        "b": "use1-az2",
        "c": "use1-az4",
        "d": "use1-az6",
        "e": "use1-az3",
        "f": "use1-az5",
    },
    # What accounts that are old enough still see.
    "us-west-1": {"a": "usw1-az1", "b": "usw1-az2", "c": "usw1-az3"},
    "ca-central-1": {"a": "cac1-az1", "b": "cac1-az2", "c": "cac1-az3", "d": "cac1-az4"},
}

ZONES_WITHOUT_EKS: Final = frozenset({"use1-az3", "usw1-az2", "cac1-az3"})
"""https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets"""

IN_FEW_REGIONS: Final = {
    "codeartifact": frozenset(
        {
            "ap-northeast-1",
            "ap-south-1",
            "ap-southeast-1",
            "ap-southeast-2",
            "eu-central-1",
            "eu-north-1",
            "eu-south-1",
            "eu-west-1",
            "eu-west-2",
            "eu-west-3",
            "us-east-1",
            "us-east-2",
            "us-west-2",
        }
    ),
    "pricing": frozenset({"ap-south-1", "cn-northwest-1", "eu-central-1", "us-east-1"}),
}
"""Services with an interface endpoint that few regions have, by the first part of their name.

A test compares them with botocore's endpoints. Of others the fake cloud says that they are everywhere: AWS publishes no
table that a program could read."""

# Hosted zones of Application Load Balancers. https://docs.aws.amazon.com/general/latest/gr/elb.html
_ALB_HOSTED_ZONES: Final = {
    "ap-northeast-1": "Z14GRHDCWA56QT",
    "ap-northeast-3": "Z5LXEXXYW11ES",
    "us-east-1": "Z35SXDOTRQ7X7K",
    "us-west-2": "Z1H1FL5HABSF5",
    "eu-west-1": "Z32O12XQLNTSW2",
    "us-gov-east-1": "Z166TLBEWOO7G0",
    "us-gov-west-1": "Z33AYJ8TM3BH4J",
    # https://docs.amazonaws.cn/en_us/general/latest/gr/elb.html
    "cn-north-1": "Z1GDH35T77C1KE",
    "cn-northwest-1": "ZM7IZAIOVVDZF",
}


def zones(region: str) -> dict[str, str]:
    """Return the availability zones of a region, name to id, by name; a region not listed here has a, b and c."""
    letters = _ZONES.get(region)
    if letters is None:
        letters = {letter: f"{region.replace('-', '')}-az{number}" for number, letter in enumerate("abc", 1)}
    return {region + letter: zone_id for letter, zone_id in letters.items()}


def load_balancer_zone(region: str) -> str:
    """Return the hosted zone id that an alias to an Application Load Balancer of a region names."""
    return _ALB_HOSTED_ZONES.get(region, "Z0000000000ALB")
