"""What the size in an instance type's name tells: vCPUs and memory, and which sizes are too small for a node."""

import re
from collections.abc import Mapping
from typing import Final

SMALL: Final = ("medium", "micro", "nano", "small")
"""Sizes whose network interfaces give a node eight pods or so, most of them the platform's own DaemonSets.

https://github.com/aws/amazon-vpc-cni-k8s/blob/master/misc/eni-max-pods.txt"""

_SIZES: Final = {"nano": 1 / 16, "micro": 1 / 8, "small": 1 / 4, "medium": 1 / 2, "large": 1.0, "xlarge": 2.0}
"""Sizes as multiples of `large`, as AWS prices the sizes of one family; burstable types follow it too.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/apply_ri.html (normalization factors)"""

MEMORY: Final[Mapping[str, int]] = {"c": 2, "m": 4, "r": 8}
"""GiB of memory for each vCPU in the categories that Karpenter's pools choose from.

https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html"""

_BURSTABLE_GIB: Final = 8
"""GiB of memory of a burstable type of the size `large`: https://docs.aws.amazon.com/ec2/latest/instancetypes/gp.html."""

_OTHERWISE: Final = frozenset({"c5n"})
"""Families of these categories with another share of memory: https://docs.aws.amazon.com/ec2/latest/instancetypes/co.html."""

_OLDEST: Final[Mapping[str, int]] = {"c": 5, "m": 5, "r": 5, "t": 3}
"""The first generation of each category whose sizes all have these vCPUs and its share of memory."""


def multiple_of_large(size: str) -> float | None:
    """Return how many times the size `large` an instance size is; None for one without vCPUs of its own, as `metal`."""
    if size in _SIZES:
        return _SIZES[size]
    number = re.fullmatch(r"([0-9]+)xlarge", size)
    return 2.0 * int(number[1]) if number else None


def vcpus_and_memory(instance_type: str) -> tuple[int, int] | None:
    """Return the vCPUs of an instance type, and its memory in MiB; None where its name does not tell them.

    It tells them in the categories c, m, r and t.
    """
    family, _, size = instance_type.partition(".")
    named, times = re.fullmatch(r"([cmrt])([0-9]+)[a-z-]*", family), multiple_of_large(size)
    if not named or times is None or family in _OTHERWISE or int(named[2]) < _OLDEST[named[1]]:
        return None
    if named[1] == "t":
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/burstable-credits-baseline-concepts.html: two vCPUs below
        # `xlarge` too.
        return max(2, int(2 * times)), int(_BURSTABLE_GIB * 1024 * times)
    return max(1, int(2 * times)), int(2 * times * MEMORY[named[1]] * 1024)
