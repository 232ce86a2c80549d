"""Rules about EKS Auto Mode."""

from collections.abc import Iterator
from typing import Any, Final

from settings.auto_mode import AutoPool
from settings.cluster import AutoMode, AutoNodePool, Cluster
from settings.compute import FargateProfile, NodeGroup, OperationsPods
from settings.karpenter import Karpenter
from settings.network import Network
from settings.problems import Problem, below, place
from settings.rules.compute import prefix, refused_by_kubelet, repeated_taints
from settings.rules.nodes import speed
from settings.rules.registry import repeated, rule
from settings.words import either


@rule
def _only_auto_mode(
    cluster: Cluster,
    network: Network,
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    karpenter: Karpenter | None,
) -> Iterator[Problem]:
    if not cluster.auto_mode:
        return
    yield from repeated("cluster.autoMode.nodePools", [pool.value for pool in cluster.auto_mode.node_pools])
    others: dict[str, Any] = {"nodeGroups": node_groups, "fargateProfiles": fargate_profiles, "karpenter": karpenter}
    for section, configured in others.items():
        if configured:
            yield Problem(section, "set", "expected none together with cluster.autoMode, which provides the nodes")
    if network.pod_cidr:
        yield Problem("network.podCidr", str(network.pod_cidr), "expected none: Auto Mode's network plugin ignores it")
    if network.existing and network.existing.control_plane_subnets:
        # https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html
        expected = "expected none: the nodes of Auto Mode's built-in pools are in the subnets of the control plane"
        yield Problem("network.existing.controlPlaneSubnets", "set", expected)
    if network.public_nodes:
        yield Problem("network.publicNodes", "true", "expected false: Auto Mode's nodes are in private subnets")


NODE_POOL_LABEL: Final = "karpenter.sh/nodepool"
SYSTEM_TAINT: Final = "CriticalAddonsOnly"
"""The taint of the pool `system`: https://docs.aws.amazon.com/eks/latest/userguide/critical-workload.html"""


@rule
def _place_in_auto_mode(cluster: Cluster, operations_pods: OperationsPods) -> Iterator[Problem]:
    if not cluster.auto_mode:
        return
    pools = set(cluster.auto_mode.pool_names)
    wanted = operations_pods.node_selector.get(NODE_POOL_LABEL)
    for label, value in operations_pods.node_selector.items():
        if label != NODE_POOL_LABEL or value not in pools:
            expected = either([f"{NODE_POOL_LABEL}={pool}" for pool in sorted(pools)])
            yield Problem("operationsPods.nodeSelector", f"{label}={value}", f"expected {expected}, or no selector")
    tolerated = any(toleration.key == SYSTEM_TAINT for toleration in operations_pods.tolerations)
    system = AutoNodePool.SYSTEM.value
    if not tolerated and (wanted == system or pools == {system}):
        yield Problem("operationsPods.tolerations", "none fits", f"expected {SYSTEM_TAINT}: the pool {system} has it")


OWN_LABELS: Final = ("eks.amazonaws.com", "karpenter.k8s.aws")
"""https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html"""


@rule
def _own_pools(cluster: Cluster, network: Network) -> Iterator[Problem]:
    auto = cluster.auto_mode
    if not auto:
        return
    if not auto.pool_names:
        found = "expected a built-in pool, or pools of your own in pools"
        yield Problem("cluster.autoMode.nodePools", "empty", found)
    for name, pool in auto.pools.items():
        yield from _own_pool(place("cluster", "autoMode", "pools", name), name, pool, auto)
        for index, zone in enumerate(pool.zones):
            if network.zone_names and zone not in network.zone_names:
                path = place("cluster", "autoMode", "pools", name, "zones")
                yield Problem(f"{path}[{index}]", zone, f"expected {either(network.zone_names)}")
    for name, node_class in auto.node_classes.items():
        at = place("cluster", "autoMode", "nodeClasses", name)
        iops, throughput = node_class.disk_iops, node_class.disk_throughput
        yield from speed(at, ("diskIops", "diskThroughput"), node_class.disk_gib, iops=iops, throughput=throughput)
        if name == "default":
            yield Problem(at, "the name of the class of built-in pools", "expected another name")
        if all(pool.node_class != name for pool in auto.pools.values()):
            yield Problem(at, "used by no pool", "expected a pool of this class in pools")


def _own_pool(path: str, name: str, pool: AutoPool, auto: AutoMode) -> Iterator[Problem]:
    if name in [pool.value for pool in AutoNodePool]:
        yield Problem(path, "the name of a built-in pool", "expected another name")
    if pool.node_class not in auto.node_classes:
        known = either(sorted(auto.node_classes)) or "a class that nodeClasses declares"
        yield Problem(f"{path}.nodeClass", pool.node_class, f"expected {known}")
    for field in ("capacity_types", "categories", "families", "instance_types", "architectures", "zones"):
        yield from repeated(f"{path}.{type(pool).model_fields[field].alias}", getattr(pool, field))
    yield from repeated_taints(f"{path}.taints", pool.taints)
    for key in pool.labels:
        if prefix(key).endswith((*OWN_LABELS, "karpenter.sh")) or refused_by_kubelet(key):
            expected = "expected a label that neither Kubernetes nor Auto Mode sets"
            yield Problem(below(path, "labels", key), "reserved", expected)
    if pool.instance_types and (pool.categories or pool.families or pool.min_generation):
        expected = "expected no categories, families and minGeneration together with it"
        yield Problem(f"{path}.instanceTypes", "set", expected)


@rule
def _room_for_the_platform(cluster: Cluster, operations_pods: OperationsPods) -> Iterator[Problem]:
    """Without a built-in pool the platform's pods run on nodes of the stack's own pools."""
    auto = cluster.auto_mode
    if not auto or auto.node_pools or not auto.pools:
        return
    tolerated = {toleration.key for toleration in operations_pods.tolerations}
    chosen = operations_pods.node_selector.get(NODE_POOL_LABEL)
    usable = [
        name
        for name, pool in auto.pools.items()
        if chosen in (None, name) and all(taint.key in tolerated for taint in pool.taints)
    ]
    if not usable:
        expected = "expected tolerations of the taints of a pool: there is no other for the platform's pods"
        yield Problem("operationsPods.tolerations", "none fits", expected)
