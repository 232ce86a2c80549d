"""Rules about the instance types of node groups and of Karpenter's node pools."""

from collections.abc import Callable, Iterator

from settings.compute import NodeGroup
from settings.instance_types import Accelerator, accelerator_of, family, unknown_category, unknown_family, unknown_type
from settings.karpenter import Karpenter
from settings.problems import Problem, place
from settings.rules.registry import rule
from settings.words import either


@rule
def _types_that_exist(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    for name, group in node_groups.items():
        yield from _unknown(place("nodeGroups", name, "instanceTypes"), group.instance_types, unknown_type)


@rule
def _types_that_exist_in_node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        path = place("karpenter", "nodePools", name)
        yield from _unknown(f"{path}.instanceTypes", pool.instance_types, unknown_type)
        yield from _unknown(f"{path}.families", pool.families, unknown_family)
        yield from _unknown(f"{path}.categories", pool.categories, unknown_category)


def _unknown(path: str, names: list[str], expected_of: Callable[[str], str | None]) -> Iterator[Problem]:
    for index, name in enumerate(names):
        if expected := expected_of(name):
            yield Problem(f"{path}[{index}]", f'"{name}"', expected)


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


@rule
def _memory_of_node_groups(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    """A kubelet reserves 255 MiB and 11 MiB for each pod that it may have, and prefixes make these 110.

    https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/internal/kubelet/config.go
    """
    for name, group in node_groups.items():
        for index, instance_type in enumerate(group.instance_types):
            if instance_type.endswith((".nano", ".micro")):
                path = place("nodeGroups", name, "instanceTypes", index)
                expected = "expected small or larger: its kubelet reserves 1.4 GiB for 110 pods, more than it has"
                yield Problem(path, instance_type, expected)


@rule
def _accelerators_of_node_groups(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    """A group has one image, and an image the drivers of one kind of accelerator."""
    for name, group in node_groups.items():
        kinds = {accelerator_of(instance_type) for instance_type in group.instance_types}
        for index, instance_type in enumerate(group.instance_types):
            if accelerator_of(instance_type) is Accelerator.OTHER:
                path = place("nodeGroups", name, "instanceTypes", index)
                expected = "expected an accelerator of NVIDIA or AWS, or none: no image of EKS has its driver"
                yield Problem(path, instance_type, expected)
        if len(kinds - {Accelerator.OTHER}) > 1:
            found = either(sorted(kind.value for kind in kinds - {Accelerator.OTHER}))
            expected = "expected one kind of accelerator in a group: its image has the driver of one"
            yield Problem(place("nodeGroups", name, "instanceTypes"), f"accelerators: {found}", expected)
