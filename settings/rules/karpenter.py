"""Rules about Karpenter and its NodePools."""

from collections.abc import Iterator
from typing import Final

import versions
from facts.instance_sizes import SMALL
from settings.cluster import Cluster
from settings.compute import NodeImage
from settings.instance_types import NEWEST_GENERATION, family
from settings.karpenter import Consolidation, Karpenter, NodeClass, NodePool
from settings.problems import Problem, place
from settings.rules.compute import prefix, refused_by_kubelet, repeated_taints
from settings.rules.nodes import setups
from settings.rules.registry import numbers, repeated, rule
from settings.words import either


@rule
def _karpenter(cluster: Cluster, karpenter: Karpenter | None) -> Iterator[Problem]:
    if not karpenter:
        return
    least = versions.KARPENTER_MINIMUM.get(cluster.version)
    if least and numbers(karpenter.version) < numbers(least):
        found = karpenter.version
        yield Problem("karpenter.version", found, f"expected {least} or newer: Kubernetes {cluster.version} needs it")
    for name, pool in karpenter.node_pools.items():
        if pool.consolidation is Consolidation.BALANCED and numbers(karpenter.version) < numbers(BALANCED_SINCE):
            path = place("karpenter", "nodePools", name, "consolidation")
            found = f"Balanced with Karpenter {karpenter.version}"
            yield Problem(path, found, f"expected karpenter.version {BALANCED_SINCE} or newer")


@rule
def _image_versions(karpenter: Karpenter | None) -> Iterator[Problem]:
    for path, node_class in setups({}, karpenter).items():
        version = node_class.image_version if isinstance(node_class, NodeClass) else None
        if version and ("." in version) is not (node_class.image is NodeImage.BOTTLEROCKET):
            example = {NodeImage.AL2023: "v20260930", NodeImage.BOTTLEROCKET: "v1.66.0"}[node_class.image]
            expected = f"expected one of {node_class.image.value} such as {example}"
            yield Problem(f"{path}.imageVersion", version, expected)


BALANCED_SINCE: Final = "1.14.0"
"""https://github.com/kubernetes-sigs/karpenter/pull/2962"""


@rule
def _node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        path = place("karpenter", "nodePools", name)
        if not (pool.categories or pool.families or pool.instance_types):
            yield Problem(path, "no instances selected", "expected categories, families or instanceTypes")
        if pool.instance_types and (pool.categories or pool.families or pool.sizes or pool.min_generation):
            found = "instanceTypes together with categories, families, sizes or minGeneration"
            yield Problem(f"{path}.instanceTypes", found, "expected either the exact types or the traits")
        for field in ("capacity_types", "categories", "families", "instance_types", "sizes", "architectures", "zones"):
            yield from repeated(f"{path}.{type(pool).model_fields[field].alias}", getattr(pool, field))
        yield from repeated_taints(f"{path}.taints", pool.taints)
        yield from repeated_taints(f"{path}.startupTaints", pool.startup_taints)
        for index, budget in enumerate(pool.budgets):
            yield from repeated(f"{path}.budgets[{index}].reasons", [reason.value for reason in budget.reasons])
            if (budget.schedule is None) != (budget.duration is None):
                yield Problem(f"{path}.budgets[{index}]", "one of schedule and duration", "expected both or neither")
        for key in pool.labels:
            if prefix(key).endswith(("karpenter.sh", "karpenter.k8s.aws")) or refused_by_kubelet(key):
                label = place("karpenter", "nodePools", name, "labels", key)
                yield Problem(label, "reserved", "expected a label that neither Kubernetes nor Karpenter sets")


@rule
def _expiry_beside_budgets(karpenter: Karpenter | None) -> Iterator[Problem]:
    """A budget that lets no node go says that none goes, and expiry takes it all the same.

    https://karpenter.sh/docs/concepts/disruption/#expiration, https://github.com/kubernetes-sigs/karpenter/issues/1750
    """
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        closed = any(budget.nodes.rstrip("%").strip("0") == "" for budget in pool.budgets)
        if closed and pool.expire_after != "Never":
            path = place("karpenter", "nodePools", name, "expireAfter")
            expected = "expected Never, because expiry ignores the budget of 0 nodes"
            yield Problem(path, pool.expire_after, expected)


@rule
def _generations_of_node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    """A category without an instance that is new enough is never launched, and nothing says so."""
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        for index, category in enumerate(pool.categories):
            known = NEWEST_GENERATION.get(category)
            if not known or not pool.min_generation:
                continue
            newest = max((known.get(architecture, 0) for architecture in pool.architectures), default=0)
            if newest < pool.min_generation:
                path = place("karpenter", "nodePools", name, "categories", index)
                found = f"{category}, with {either(pool.architectures)} up to generation {newest}"
                described = found if newest else f"{category}, which has no instance with {either(pool.architectures)}"
                yield Problem(path, described, f"expected a category that has generation {pool.min_generation}")


@rule
def _room_for_pods(karpenter: Karpenter | None) -> Iterator[Problem]:
    """Only Nitro instances have prefixes, and small ones too few: pods that get no address never start.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html
    """
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        node_class = karpenter.all_node_classes.get(pool.node_class) if karpenter else None
        if node_class is None or node_class.max_pods is None:
            continue
        path = place("karpenter", "nodePools", name)
        if pool.instance_types:
            for index, instance_type in enumerate(pool.instance_types):
                family_name, _, size = instance_type.partition(".")
                if size in SMALL or family_name in XEN:
                    found = f"{path}.instanceTypes[{index}]"
                    yield Problem(found, instance_type, "expected Nitro and large or more, for maxPods")
            continue
        if set(SMALL) & set(pool.sizes):
            yield Problem(f"{path}.sizes", ", ".join(pool.sizes), "expected large or more, for maxPods")
        for index, family_name in enumerate(pool.families):
            if family_name in XEN:
                yield Problem(f"{path}.families[{index}]", family_name, "expected a Nitro family, for maxPods")
        if not pool.families and (pool.min_generation or 1) < 5:
            found = str(pool.min_generation or "any")
            yield Problem(f"{path}.minGeneration", found, "expected 5 or more, which are Nitro, for maxPods")


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
