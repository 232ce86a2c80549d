"""What the name of an instance type tells, and rules about it."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from settings.compute import Architecture, NodeGroup
from settings.problems import Problem, place
from settings.rules.registry import rule


class Family(NamedTuple):
    """What the name of an instance family tells."""

    category: str
    generation: int
    architecture: Architecture


def family(name: str) -> Family | None:
    """Return what the name of an instance family ("m7g") tells; None for one that does not follow the pattern.

    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html: category, generation, and options, of
    which `g` is AWS's own processor, a Graviton. The first of these, a1, has no option.
    """
    parts = re.fullmatch(r"([a-z]+)([0-9]+)([a-z]*)(-flex|-[0-9]+tb)?", name)
    if not parts:
        return None
    category, generation, options = parts[1], int(parts[2]), parts[3]
    graviton = "g" in options or name == "a1"
    return Family(category, generation, Architecture.ARM64 if graviton else Architecture.AMD64)


@rule
def _architecture_of_node_groups(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    for name, group in node_groups.items():
        for index, instance_type in enumerate(group.instance_types):
            known = family(instance_type.partition(".")[0])
            if known and known.architecture is not group.architecture:
                path = place("nodeGroups", name, "instanceTypes", index)
                yield Problem(
                    path, f"{instance_type}, {known.architecture.value}", f"expected {group.architecture.value}"
                )
