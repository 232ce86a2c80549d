"""Where the platform's own pods run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from settings import Toleration

FARGATE_WEBHOOK_PORT: Final = 10260
"""For webhooks that listen on 10250 by default: each Fargate pod shares its node with a kubelet, which has that port.

https://github.com/external-secrets/external-secrets/issues/1981
https://cert-manager.io/docs/installation/compatibility/#aws-eks"""


@dataclass(frozen=True)
class Placement:
    """Which nodes the platform's own pods may use.

    fargate: whether all pods run on Fargate, where each pod has a separate node whose kubelet uses port 10250.
    node_selector: labels that the nodes must have. tolerations: taints that the pods tolerate.
    """

    fargate: bool
    node_selector: Mapping[str, str] = field(default_factory=dict)
    tolerations: Sequence[Toleration] = ()


def pod_placement(placement: Placement) -> dict[str, Any]:
    """Return `nodeSelector` and `tolerations` as in the spec of a pod; charts and add-ons accept this form."""
    values: dict[str, Any] = {}
    if placement.node_selector:
        values["nodeSelector"] = dict(placement.node_selector)
    if placement.tolerations:
        values["tolerations"] = [_toleration(toleration) for toleration in placement.tolerations]
    return values


def pod_annotations(placement: Placement) -> dict[str, str]:
    """Return the annotations of a controller's pods, by which Karpenter does not evict them to save nodes.

    Otherwise Karpenter moves a controller each time that it finds a cheaper node. A node that has expired, or whose
    image has changed, is still deleted at the end of its pool's termination grace period. Fargate pods need no
    annotation.
    https://karpenter.sh/docs/concepts/disruption/#pod-level-controls
    """
    return {} if placement.fargate else {"karpenter.sh/do-not-disrupt": "true"}


def _toleration(toleration: Toleration) -> dict[str, str]:
    exact = toleration.value is not None
    operator = {"operator": "Equal", "value": toleration.value or ""} if exact else {"operator": "Exists"}
    effect = {"effect": toleration.effect.value} if toleration.effect else {}
    return {"key": toleration.key, **operator, **effect}


def zone_spread(labels: dict[str, str], *, fargate: bool) -> list[dict[str, Any]]:
    """Return topology spread constraints with which the pods with `labels` survive the loss of a zone.

    Zones without a node do not count, so that a single node accepts every replica. Nodes that are lost or cordoned do
    not count either: unless taints are honoured, their zone counts as empty, and the replicas from it stay pending.
    Fargate chooses the subnet of each pod, and a pod that must be spread would stay pending.
    https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/#spread-constraint-definition
    """
    common = {
        "labelSelector": {"matchLabels": labels},
        "matchLabelKeys": ["pod-template-hash"],
        "nodeTaintsPolicy": "Honor",
    }
    return [
        {
            "topologyKey": "topology.kubernetes.io/zone",
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway" if fargate else "DoNotSchedule",
            **common,
        },
        {
            "topologyKey": "kubernetes.io/hostname",
            "maxSkew": 1,
            "whenUnsatisfiable": "ScheduleAnyway",
            **common,
        },
    ]
