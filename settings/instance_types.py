"""What the name of an instance type tells."""

import re
from collections.abc import Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from facts.instance_types import sizes
from settings.words import did_you_mean, either


class Architecture(StrEnum):
    """The nodes' processor, by Kubernetes' names."""

    AMD64 = "amd64"
    ARM64 = "arm64"


class Accelerator(StrEnum):
    """What an instance has besides its processors, by the driver that its image must have."""

    NONE = "none"
    NVIDIA = "nvidia"
    NEURON = "neuron"
    OTHER = "other"
    """AMD GPUs, Gaudi, Qualcomm, Xilinx: no image of EKS has a driver for it."""


class Family(NamedTuple):
    """What the name of an instance family tells."""

    category: str
    generation: int
    architecture: Architecture
    accelerator: Accelerator


def family(name: str) -> Family | None:
    """Return what the name of an instance family ("m7g") tells; None for one that does not follow the pattern.

    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html: category, generation, and options, of
    which `g` is AWS's own processor, a Graviton. The first of these, a1, has no option. After a hyphen p6 has its GPU,
    of which those with a `g` (Grace) bring a processor of Arm.
    """
    parts = re.fullmatch(r"([a-z]+)([0-9]+)([a-z]*)(-flex|-[0-9]+tb|-g?b[0-9]+)?", name)
    if not parts:
        return None
    category, generation, options, suffix = parts[1], int(parts[2]), parts[3], parts[4] or ""
    arm = "g" in options or name == "a1" or suffix.startswith("-gb")
    architecture = Architecture.ARM64 if arm else Architecture.AMD64
    accelerator = Accelerator.OTHER if name == "g4ad" else ACCELERATORS.get(category, Accelerator.NONE)
    return Family(category, generation, architecture, accelerator)


def unknown_type(instance_type: str) -> str | None:
    """Return what was expected instead of an instance type ("m6i.lrage") that EC2 does not have.

    None if it may exist: a family of a new generation may be newer than the table.
    """
    name, _, size = instance_type.partition(".")
    known = sizes().get(name)
    anywhere = frozenset[str]().union(*sizes().values())
    if known and size not in known:
        # A size that other families have is not misspelled.
        close = "" if size in anywhere else did_you_mean(instance_type, [f"{name}.{it}" for it in known])
        return f"expected a size that {name} has: {', '.join(sorted(known, key=_order))}{close}"
    if known or (_may_be_new(name) and size in anywhere):
        return None
    types = [f"{family_name}.{it}" for family_name, its in sizes().items() for it in its]
    return f"expected an instance type of EC2{did_you_mean(instance_type, types)}"


def unknown_family(name: str) -> str | None:
    """Return what was expected instead of an instance family that EC2 does not have; None if it may exist."""
    known = name in sizes() or _may_be_new(name)
    return None if known else f"expected an instance family of EC2{did_you_mean(name, sizes())}"


def _may_be_new(name: str) -> bool:
    """Tell whether a family is of the newest generation of its category, or of the next one."""
    found = family(name)
    newest = max(NEWEST_GENERATION.get(found.category, {}).values(), default=0) if found else 0
    return found is not None and newest > 0 and found.generation in (newest, newest + 1)


def unknown_category(name: str) -> str | None:
    """Return what was expected instead of an instance category that EC2 does not have; None if it has it."""
    known = sorted({found.category for found in map(family, sizes()) if found})
    return None if name in known else f"expected a category of EC2: {either(known)}"


def _order(size: str) -> tuple[int, str]:
    small = ("nano", "micro", "small", "medium", "large", "xlarge")
    number = re.match("[0-9]+", size)
    return (small.index(size) - len(small) if size in small else int(number[0]) if number else 10_000, size)


def accelerator_of(instance_type: str) -> Accelerator:
    """Return what an instance type ("g5.xlarge") has besides its processors."""
    known = family(instance_type.partition(".")[0])
    return known.accelerator if known else Accelerator.NONE


ACCELERATORS: Final[Mapping[str, Accelerator]] = {
    "g": Accelerator.NVIDIA,
    "gr": Accelerator.NVIDIA,
    "p": Accelerator.NVIDIA,
    "inf": Accelerator.NEURON,
    "trn": Accelerator.NEURON,
    "dl": Accelerator.OTHER,
    "f": Accelerator.OTHER,
    "vt": Accelerator.OTHER,
}
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/ac.html; g4ad, with AMD's GPUs, is the exception among g."""

NEWEST_GENERATION: Final[Mapping[str, Mapping[Architecture, int]]] = {
    category: {Architecture(architecture): generation for architecture, generation in newest.items()}
    for category, newest in {
        "a": {"arm64": 1},
        "c": {"amd64": 8, "arm64": 9},
        "d": {"amd64": 3},
        "dl": {"amd64": 2},
        "f": {"amd64": 2},
        "g": {"amd64": 7, "arm64": 5},
        "gr": {"amd64": 6},
        "h": {"amd64": 1},
        "hpc": {"amd64": 8, "arm64": 7},
        "i": {"amd64": 7, "arm64": 8},
        "im": {"arm64": 4},
        "inf": {"amd64": 2},
        "is": {"arm64": 4},
        "m": {"amd64": 8, "arm64": 9},
        "p": {"amd64": 6, "arm64": 6},
        "r": {"amd64": 8, "arm64": 9},
        "t": {"amd64": 8, "arm64": 4},
        "trn": {"amd64": 2},
        "u": {"amd64": 7},
        "vt": {"amd64": 1},
        "x": {"amd64": 8, "arm64": 8},
        "z": {"amd64": 1},
    }.items()
}
"""The newest generation of a category, by processor. A test compares it with EC2's API model.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html (InstanceType)"""
