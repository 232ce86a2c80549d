"""Rules about EKS Auto Mode."""

from collections.abc import Iterator
from typing import Any, Final

from settings.cluster import AutoNodePool, Cluster
from settings.compute import FargateProfile, NodeGroup, OperationsPods
from settings.karpenter import Karpenter
from settings.network import Network
from settings.problems import Problem
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
    pools = {pool.value for pool in cluster.auto_mode.node_pools}
    wanted = operations_pods.node_selector.get(NODE_POOL_LABEL)
    for label, value in operations_pods.node_selector.items():
        if label != NODE_POOL_LABEL or value not in pools:
            expected = either([f"{NODE_POOL_LABEL}={pool}" for pool in sorted(pools)])
            yield Problem("operationsPods.nodeSelector", f"{label}={value}", f"expected {expected}, or no selector")
    tolerated = any(toleration.key == SYSTEM_TAINT for toleration in operations_pods.tolerations)
    system = AutoNodePool.SYSTEM.value
    if not tolerated and (wanted == system or pools == {system}):
        yield Problem("operationsPods.tolerations", "none fits", f"expected {SYSTEM_TAINT}: the pool {system} has it")
