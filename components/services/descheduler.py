"""Descheduler: evicts pods whose node no longer suits them, so that they are scheduled again."""

from typing import Any, Final

import pulumi

from components.common.chart import image, release
from components.common.on_cluster import OnCluster
from components.common.placement import pod_annotations, pod_placement
from components.common.pod_security import restricted_namespace
from facts.capabilities import DESCHEDULER
from settings.descheduler import Descheduler as DeschedulerSettings

BALANCE: Final = ("RemoveDuplicates", "RemovePodsViolatingTopologySpreadConstraint")
DESCHEDULE: Final = (
    "RemovePodsViolatingInterPodAntiAffinity",
    "RemovePodsViolatingNodeAffinity",
    "RemovePodsViolatingNodeTaints",
)
"""The descheduler's plugins, by when they run. Not those that fill nodes that are little used: Karpenter and Cluster
Autoscaler remove exactly these nodes, and the two would move the same pods back and forth.

https://github.com/kubernetes-sigs/descheduler#policy-default-evictor-and-strategy-plugins"""


class Descheduler(pulumi.ComponentResource):
    """The controller that evicts pods through the eviction API, which respects disruption budgets.

    The scheduler places a pod once; when nodes, taints or labels change later, pods stay where they are without it.
    """

    def __init__(
        self,
        name: str,
        settings: DeschedulerSettings,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace and the release."""
        super().__init__("eks-platform:index:Descheduler", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", DESCHEDULER.namespace, cluster.kubernetes_version, child)
        release(
            f"{name}-release",
            DESCHEDULER.chart,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace]),
            namespace=cluster.namespace(DESCHEDULER.namespace),
            charts=cluster.charts,
            values=descheduler_values(settings, cluster),
        )
        self.register_outputs({})


def descheduler_values(settings: DeschedulerSettings, cluster: OnCluster) -> dict[str, Any]:
    """Return the chart's values (descheduler chart 0.36)."""
    (repository,) = DESCHEDULER.images
    # Pods of the platform, DaemonSets and pods without an owner are never evicted. A volume may hold a pod in its zone.
    evictor = {"podProtections": {"defaultDisabled": ["PodsWithLocalStorage"], "extraEnabled": ["PodsWithPVC"]}}
    affinity = {"nodeAffinityType": ["requiredDuringSchedulingIgnoredDuringExecution"]}
    arguments = {"DefaultEvictor": evictor, "RemovePodsViolatingNodeAffinity": affinity}
    profile = {
        "name": "default",
        "pluginConfig": [
            {"name": plugin, **({"args": arguments[plugin]} if plugin in arguments else {})}
            for plugin in ("DefaultEvictor", *BALANCE, *DESCHEDULE)
        ],
        "plugins": {"balance": {"enabled": [*BALANCE]}, "deschedule": {"enabled": [*DESCHEDULE]}},
    }
    return {
        "image": {"repository": image(repository, cluster.charts)},
        # Not the chart's CronJob, which starts a pod each time. One pod: two would evict twice as many.
        "kind": "Deployment",
        "replicas": 1,
        "deschedulingInterval": settings.interval,
        "deschedulerPolicy": {
            "maxNoOfPodsToEvictPerNode": settings.max_evictions_per_node,
            "profiles": [profile],
        },
        "serviceAccount": {"name": DESCHEDULER.service_account},
        "podAnnotations": pod_annotations(cluster.placement),
        "priorityClassName": "system-cluster-critical",
        "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        # It keeps every Pod and Node of the cluster in memory.
        "resources": {"requests": {"cpu": "100m", "memory": "256Mi"}, "limits": {"memory": "256Mi"}},
        **pod_placement(cluster.placement),
    }
