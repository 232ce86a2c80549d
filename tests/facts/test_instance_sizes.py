"""What the name of an instance type tells of its vCPUs and memory."""

import pytest

from facts.instance_sizes import vcpus_and_memory
from facts.instance_types import sizes


@pytest.mark.parametrize(
    ("instance_type", "expected"),
    [
        # https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html and the pages of the other categories
        ("m6i.large", (2, 8192)),
        ("m7g.medium", (1, 4096)),
        ("m7i-flex.8xlarge", (32, 131072)),
        ("c7a.xlarge", (4, 8192)),
        ("c8gn.48xlarge", (192, 393216)),
        ("r6idn.16xlarge", (64, 524288)),
        ("t3.nano", (2, 512)),
        ("t4g.small", (2, 2048)),
        ("t3.2xlarge", (8, 32768)),
    ],
)
def test_a_name_tells_vcpus_and_memory(instance_type: str, expected: tuple[int, int]) -> None:
    assert vcpus_and_memory(instance_type) == expected


@pytest.mark.parametrize(
    "instance_type",
    ["c5n.large", "m5.metal", "m4.large", "t2.small", "x2idn.16xlarge", "g5.xlarge", "m6i"],
)
def test_other_names_do_not(instance_type: str) -> None:
    assert vcpus_and_memory(instance_type) is None


def test_a_size_has_more_than_those_below_it() -> None:
    for family, names in sizes().items():
        known = sorted(filter(None, (vcpus_and_memory(f"{family}.{size}") for size in names)))
        assert sorted({memory for _, memory in known}) == [memory for _, memory in known]
