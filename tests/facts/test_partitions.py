"""Partitions: nothing in the code is of one of them alone."""

import re

import pytest

from facts.partitions import ARN, dns_suffix, endpoint_service, partition_of, partition_of_arn, service_principal
from rehearsal.program import ROOT
from settings.regions import PARTITIONS, REGIONS

EXAMPLES = {
    "settings/principals.py": 2,  # what messages give as an example
    "tools/identities.py": 3,  # pages of the registry
}


def test_no_arn_in_the_code_is_of_one_partition() -> None:
    rooms = ("components", "facts", "policy", "rehearsal", "harness", "settings", "tools", "bootstrap")
    found = {
        str(path.relative_to(ROOT)): len(re.findall(r"arn:aws:", path.read_text(encoding="utf-8")))
        for room in rooms
        for path in sorted((ROOT / room).rglob("*.py"))
    }
    assert {path: count for path, count in found.items() if count} == EXAMPLES


def test_the_regions_are_of_the_partitions() -> None:
    assert {partition_of(region) for region in REGIONS} == {*PARTITIONS}
    assert all(re.fullmatch(ARN, f"arn:{partition}") for partition in PARTITIONS)
    assert partition_of_arn("arn:aws-cn:iam::111122223333:role/deployer") == "aws-cn"


@pytest.mark.parametrize(
    ("region", "suffix", "ec2"),
    [
        ("eu-west-1", "amazonaws.com", "ec2.amazonaws.com"),
        ("us-gov-west-1", "amazonaws.com", "ec2.amazonaws.com"),
        ("cn-north-1", "amazonaws.com.cn", "ec2.amazonaws.com.cn"),
    ],
)
def test_names_follow_from_the_region(region: str, suffix: str, ec2: str) -> None:
    assert dns_suffix(region) == suffix
    assert service_principal("ec2", region) == ec2
    assert service_principal("eks", region) == "eks.amazonaws.com"


def test_endpoints_in_china() -> None:
    assert endpoint_service("sts", "cn-north-1") == "cn.com.amazonaws.cn-north-1.sts"
    assert endpoint_service("s3", "cn-north-1") == "com.amazonaws.cn-north-1.s3"
    assert endpoint_service("logs", "us-gov-west-1") == "com.amazonaws.us-gov-west-1.logs"
    with pytest.raises(KeyError):
        endpoint_service("logs", "cn-north-1")
