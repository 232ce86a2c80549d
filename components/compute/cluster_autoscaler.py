"""Cluster Autoscaler: the size of managed node groups follows the pods that wait for a node."""

from typing import Any, Final

import pulumi

import versions
from components.common.chart import image, release
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import pod_annotations, pod_placement, zone_spread
from components.common.pod_security import RESTRICTED_CONTAINER
from facts.capabilities import CLUSTER_AUTOSCALER
from facts.iam_documents.cluster_autoscaler import cluster_autoscaler, discovery_tags
from settings.cluster_autoscaler import ClusterAutoscaler as ClusterAutoscalerSettings

NAMESPACE: Final = CLUSTER_AUTOSCALER.namespace
NAME: Final = versions.CLUSTER_AUTOSCALER.name
(IMAGE,) = CLUSTER_AUTOSCALER.images


class ClusterAutoscaler(pulumi.ComponentResource):
    """The autoscaler of managed node groups, which finds them by the tags that EKS gives their groups.

    It never touches Karpenter's nodes, which are in no group, nor Karpenter the groups'.
    """

    def __init__(
        self,
        name: str,
        settings: ClusterAutoscalerSettings,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role and the release."""
        super().__init__("eks-platform:index:ClusterAutoscaler", name, {}, opts)
        policy = cluster_autoscaler(cluster.account_id, cluster.region, cluster.cluster_id)
        identity = workload_identity(
            name,
            cluster.identity,
            ServiceAccountName(NAMESPACE, NAME),
            pulumi.ResourceOptions(parent=self),
            documents={"autoscaler": pulumi.Output.json_dumps(policy)},
        )
        release(
            f"{name}-release",
            versions.CLUSTER_AUTOSCALER,
            pulumi.ResourceOptions(parent=self, depends_on=[identity]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            values=cluster_autoscaler_values(settings, cluster, role_annotations(identity)),
        )
        self.register_outputs({})


def cluster_autoscaler_values(
    settings: ClusterAutoscalerSettings, cluster: OnCluster, annotations: dict[str, pulumi.Output[str]]
) -> dict[str, Any]:
    """Return the chart's values (cluster-autoscaler chart 9)."""
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
    return {
        # The chart's own is "aws-cluster-autoscaler", which it puts after the release's.
        "nameOverride": NAME,
        "image": {
            "repository": image(IMAGE, cluster.charts),
            "tag": versions.CLUSTER_AUTOSCALER_IMAGE[cluster.kubernetes_version],
        },
        "awsRegion": cluster.region,
        **({"extraEnv": cluster.environment} if cluster.proxy else {}),
        "autoDiscovery": {
            "clusterName": cluster.cluster_id,
            "tags": list(discovery_tags(cluster.cluster_id)),
        },
        "rbac": {"serviceAccount": {"name": NAME, "annotations": annotations}},
        "extraArgs": {
            "expander": settings.expander,
            # Groups that differ only in their zone, as those of `perZone`, stay equally large.
            "balance-similar-node-groups": True,
            # An emptyDir must not keep a node: it is deleted with its pod anyway.
            "skip-nodes-with-local-storage": False,
            "scale-down-unneeded-time": settings.scale_down_unneeded,
            "scale-down-utilization-threshold": settings.scale_down_utilization_percent / 100,
        },
        # One is active, the other one is on standby.
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "podAnnotations": {
            **pod_annotations(cluster.placement),
            # It would evict itself, and lose its count of the minutes that a node has been unneeded.
            # https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        },
        "topologySpreadConstraints": zone_spread(labels, fargate=cluster.placement.fargate),
        "resources": {"requests": {"cpu": "100m", "memory": "384Mi"}, "limits": {"memory": "384Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": RESTRICTED_CONTAINER,
        **pod_placement(cluster.placement),
    }
