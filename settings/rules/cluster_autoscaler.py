"""Rules about Cluster Autoscaler."""

from collections.abc import Iterator

from settings.cluster_autoscaler import ClusterAutoscaler
from settings.compute import NodeGroup
from settings.problems import Problem
from settings.rules.registry import rule


@rule
def _cluster_autoscaler(
    cluster_autoscaler: ClusterAutoscaler | None, node_groups: dict[str, NodeGroup]
) -> Iterator[Problem]:
    if not cluster_autoscaler:
        return
    if not node_groups:
        yield Problem("clusterAutoscaler", "set without a node group", "expected node groups: it scales nothing else")
    elif all(group.min >= group.max for group in node_groups.values()):
        found = "no node group has more room than it has nodes"
        yield Problem("clusterAutoscaler", found, "expected one whose max is more than its min")
