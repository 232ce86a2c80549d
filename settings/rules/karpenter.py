"""Rules about Karpenter and its NodePools."""

from collections.abc import Iterator
from typing import Final

import versions
from settings.cluster import Cluster
from settings.compute import NodeImage
from settings.karpenter import Karpenter, NodePool
from settings.problems import Problem, either, place
from settings.rules.compute import prefix, refused_by_kubelet, repeated_taints
from settings.rules.instances import family
from settings.rules.registry import numbers, repeated, rule


@rule
def _karpenter(cluster: Cluster, karpenter: Karpenter | None) -> Iterator[Problem]:
    if not karpenter:
        return
    least = versions.KARPENTER_MINIMUM.get(cluster.version)
    if least and numbers(karpenter.version) < numbers(least):
        found = karpenter.version
        yield Problem("karpenter.version", found, f"expected {least} or newer: Kubernetes {cluster.version} needs it")
    if karpenter.image_version and ("." in karpenter.image_version) is not (karpenter.image is NodeImage.BOTTLEROCKET):
        example = {NodeImage.AL2023: "v20260930", NodeImage.BOTTLEROCKET: "v1.66.0"}[karpenter.image]
        found = karpenter.image_version
        yield Problem("karpenter.imageVersion", found, f"expected one of {karpenter.image.value} such as {example}")


@rule
def _node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        path = place("karpenter", "nodePools", name)
        if not (pool.categories or pool.families or pool.instance_types):
            yield Problem(path, "no choice of instances", "expected categories, families or instanceTypes")
        if pool.instance_types and (pool.categories or pool.families or pool.sizes or pool.min_generation):
            found = "instanceTypes beside categories, families, sizes or minGeneration"
            yield Problem(f"{path}.instanceTypes", found, "expected either the exact types or the traits")
        for field in ("capacity_types", "categories", "families", "instance_types", "sizes", "architectures", "zones"):
            yield from repeated(f"{path}.{type(pool).model_fields[field].alias}", getattr(pool, field))
        yield from repeated_taints(f"{path}.taints", pool.taints)
        for index, budget in enumerate(pool.budgets):
            if (budget.schedule is None) != (budget.duration is None):
                yield Problem(f"{path}.budgets[{index}]", "one of schedule and duration", "expected both or neither")
        for key in pool.labels:
            if prefix(key).endswith(("karpenter.sh", "karpenter.k8s.aws")) or refused_by_kubelet(key):
                label = place("karpenter", "nodePools", name, "labels", key)
                yield Problem(label, "reserved", "expected a label that neither Kubernetes nor Karpenter sets")


@rule
def _room_for_pods(karpenter: Karpenter | None) -> Iterator[Problem]:
    """Only Nitro instances have prefixes, and small ones too few: pods that get no address never start.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html
    """
    if not karpenter or karpenter.max_pods is None:
        return
    for name, pool in karpenter.node_pools.items():
        path = place("karpenter", "nodePools", name)
        if pool.instance_types:
            for index, instance_type in enumerate(pool.instance_types):
                family_name, _, size = instance_type.partition(".")
                if size in SMALL or family_name in XEN:
                    found = f"{path}.instanceTypes[{index}]"
                    yield Problem(found, instance_type, "expected Nitro and large or more, for maxPods")
            continue
        if not pool.sizes or SMALL & set(pool.sizes):
            yield Problem(f"{path}.sizes", ", ".join(pool.sizes) or "any", "expected large or more, for maxPods")
        for index, family_name in enumerate(pool.families):
            if family_name in XEN:
                yield Problem(f"{path}.families[{index}]", family_name, "expected a Nitro family, for maxPods")
        if not pool.families and (pool.min_generation or 1) < 5:
            found = str(pool.min_generation or "any")
            yield Problem(f"{path}.minGeneration", found, "expected 5 or more, which are Nitro, for maxPods")


SMALL: Final = frozenset({"nano", "micro", "small", "medium"})
XEN: Final = (
    "c1", "c3", "c4", "d2", "f1", "g2", "g3", "g3s", "h1", "i2", "i3", "m1", "m2", "m3", "m4", "p2", "p3", "r3", "r4",
    "t1", "t2", "x1", "x1e"
)  # fmt: skip
"""https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html"""


@rule
def _instances_of_node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    """An instance that a pool's other traits rule out is never launched, and nothing says so."""
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        path = place("karpenter", "nodePools", name)
        for index, instance_type in enumerate(pool.instance_types):
            yield from _ruled_out(f"{path}.instanceTypes[{index}]", instance_type, pool)
        for index, instance_family in enumerate(pool.families):
            yield from _ruled_out(f"{path}.families[{index}]", instance_family, pool)


def _ruled_out(path: str, name: str, pool: NodePool) -> Iterator[Problem]:
    known = family(name.partition(".")[0])
    if not known:
        return
    if known.architecture not in pool.architectures:
        yield Problem(path, f"{name}, {known.architecture.value}", f"expected {either(pool.architectures)}")
    if pool.categories and known.category not in pool.categories:
        yield Problem(path, name, f"expected one of the pool's categories: {either(pool.categories)}")
    if pool.min_generation and known.generation < pool.min_generation:
        yield Problem(path, name, f"expected generation {pool.min_generation} or newer, as minGeneration says")
