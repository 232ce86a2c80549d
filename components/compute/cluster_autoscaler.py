"""Cluster Autoscaler: the size of managed node groups follows the pods that wait for a node."""

from typing import Any, Final, TypedDict

import pulumi

import versions
from components.common.chart import image, release
from components.common.identity import ClusterIdentity, ServiceAccountName, role_annotations, workload_identity
from components.common.placement import Placement, pod_annotations, pod_placement, zone_spread
from components.common.pod_namespace import PodNamespace
from components.common.pod_security import RESTRICTED_CONTAINER
from facts import iam_documents, namespaces
from settings import Charts

NAMESPACE: Final = namespaces.SYSTEM
NAME: Final = versions.CLUSTER_AUTOSCALER.name
IMAGE: Final = "registry.k8s.io/autoscaling/cluster-autoscaler"


class ClusterAutoscalerArgs(TypedDict):
    """What the autoscaler is made from."""

    cluster_id: str
    """The cluster's name as plain text, for the policy: the tags of its groups have it."""
    cluster_name: pulumi.Input[str]
    """The cluster, once it has nodes for the autoscaler."""
    kubernetes_version: str
    """The cluster's minor, whose scheduler the autoscaler imitates."""
    account_id: str
    """The account of the node groups."""
    region: str
    """AWS region; the autoscaler cannot ask the instance's metadata, which is a hop too far."""
    identity: ClusterIdentity
    """How it gets its role."""
    placement: Placement
    """Where its pods run."""
    namespace: PodNamespace
    """Its namespace, with what runs its pods."""
    charts: Charts
    """Where charts and images come from; None: its publisher."""
    expander: str
    """Which of several fitting groups grows."""
    scale_down_unneeded: str
    """How long a node must have been unneeded before it goes."""
    scale_down_utilization_percent: int
    """Requests below which a node is unneeded, in percent of what it can allocate."""


class ClusterAutoscaler(pulumi.ComponentResource):
    """The autoscaler of managed node groups, which finds them by the tags that EKS gives their groups.

    It never touches Karpenter's nodes, which are in no group, nor Karpenter the groups'.
    """

    def __init__(self, name: str, args: ClusterAutoscalerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role and the release."""
        super().__init__("eks-platform:index:ClusterAutoscaler", name, {}, opts)
        policy = iam_documents.cluster_autoscaler(args["account_id"], args["region"], args["cluster_id"])
        identity = workload_identity(
            name,
            args["identity"],
            ServiceAccountName(NAMESPACE, NAME),
            pulumi.ResourceOptions(parent=self),
            documents={"autoscaler": pulumi.Output.json_dumps(policy)},
        )
        release(
            f"{name}-release",
            versions.CLUSTER_AUTOSCALER,
            pulumi.ResourceOptions(parent=self, depends_on=[identity]),
            namespace=args["namespace"],
            charts=args["charts"],
            values=cluster_autoscaler_values(args, role_annotations(identity)),
        )
        self.register_outputs({})


def cluster_autoscaler_values(
    args: ClusterAutoscalerArgs, annotations: dict[str, pulumi.Output[str]]
) -> dict[str, Any]:
    """Return the chart's values (cluster-autoscaler chart 9)."""
    labels = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/instance": NAME}
    return {
        # The chart's own is "aws-cluster-autoscaler", which it puts after the release's.
        "nameOverride": NAME,
        "image": {
            "repository": image(IMAGE, args["charts"]),
            "tag": versions.CLUSTER_AUTOSCALER_IMAGE[args["kubernetes_version"]],
        },
        "awsRegion": args["region"],
        "autoDiscovery": {
            "clusterName": args["cluster_name"],
            "tags": list(iam_documents.discovery_tags(args["cluster_id"])),
        },
        "rbac": {"serviceAccount": {"name": NAME, "annotations": annotations}},
        "extraArgs": {
            "expander": args["expander"],
            # Groups that differ only in their zone, as those of `perZone`, stay equally large.
            "balance-similar-node-groups": True,
            # An emptyDir is no reason to keep a node: it is gone with its pod anyway.
            "skip-nodes-with-local-storage": False,
            "scale-down-unneeded-time": args["scale_down_unneeded"],
            "scale-down-utilization-threshold": args["scale_down_utilization_percent"] / 100,
        },
        # One works, one stands by.
        "replicaCount": 2,
        "podDisruptionBudget": {"maxUnavailable": 1},
        "podAnnotations": {
            **pod_annotations(args["placement"]),
            # It would interrupt its own work, and begin to count the unneeded minutes anew.
            # https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md
            "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        },
        "topologySpreadConstraints": zone_spread(labels, fargate=args["placement"].fargate),
        "resources": {"requests": {"cpu": "100m", "memory": "384Mi"}, "limits": {"memory": "384Mi"}},
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65534,
            "runAsGroup": 65534,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containerSecurityContext": RESTRICTED_CONTAINER,
        **pod_placement(args["placement"]),
    }
