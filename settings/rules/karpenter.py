"""Rules about Karpenter and its NodePools."""

from collections.abc import Iterator

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
