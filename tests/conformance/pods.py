"""Workloads, the pods that they make, and what selects pods or finds nodes for them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any, Final

from harness.plan import Plan
from harness.properties import reveal
from rehearsal.capacity import tolerates
from tests.conformance.bundles import Bundle, Object

TEMPLATES: Final = {
    "Deployment": ("template",),
    "StatefulSet": ("template",),
    "DaemonSet": ("template",),
    "ReplicaSet": ("template",),
    "Job": ("template",),
    "CronJob": ("jobTemplate", "spec", "template"),
}
"""Where each kind of workload has the template of its pods, below its spec."""

NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
CLUSTER: Final = "aws:eks/cluster:Cluster"
AUTO_MODE_TAINTS: Final = {
    "general-purpose": (),
    "system": ({"key": "CriticalAddonsOnly", "value": "", "effect": "NoSchedule"},),
}
"""What keeps pods away from the nodes of each of Auto Mode's own node pools.

https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html"""
FARGATE_PROFILE: Final = "aws:eks/fargateProfile:FargateProfile"


@dataclass(frozen=True)
class Workload:
    """Something that makes pods. replicas: the fewest that it keeps; None where that is not a number."""

    item: Object
    replicas: int | None

    @property
    def kind(self) -> str:
        """Its kind."""
        return str(self.item["kind"])

    @property
    def name(self) -> str:
        """Its name."""
        return str(self.item["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Its namespace."""
        return str(self.item["metadata"]["namespace"])

    @property
    def template(self) -> Object:
        """The template of its pods."""
        node: Object = self.item["spec"]
        for key in TEMPLATES[self.kind]:
            node = node[key]
        return node

    @property
    def spec(self) -> Object:
        """The spec of its pods."""
        spec: Object = self.template["spec"]
        return spec

    @property
    def labels(self) -> Mapping[str, str]:
        """The labels of its pods."""
        return self.template["metadata"].get("labels") or {}

    @property
    def containers(self) -> list[Object]:
        """All containers of a pod, init containers included."""
        return [*(self.spec.get("initContainers") or []), *self.spec["containers"]]

    @property
    def account(self) -> str:
        """The service account of its pods."""
        return str(self.spec.get("serviceAccountName") or "default")

    def pod(self) -> Object:
        """Return a pod of it."""
        metadata = {key: value for key, value in self.template["metadata"].items() if value}
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {**metadata, "generateName": f"{self.name}-", "namespace": self.namespace},
            "spec": self.spec,
        }


def workloads(objects: Iterable[Object]) -> list[Workload]:
    """Return the workloads among objects."""
    found = list(objects)
    scaled = {
        (item["metadata"]["namespace"], target["kind"], target["name"]): int(item["spec"].get("minReplicas", 1))
        for item in found
        if item["kind"] == "HorizontalPodAutoscaler"
        for target in [item["spec"]["scaleTargetRef"]]
    }
    return [Workload(item, _replicas(item, scaled)) for item in found if item["kind"] in TEMPLATES]


def _replicas(item: Object, scaled: Mapping[tuple[str, str, str], int]) -> int | None:
    if item["kind"] in ("DaemonSet", "Job", "CronJob"):
        return None
    key = (item["metadata"]["namespace"], item["kind"], item["metadata"]["name"])
    return scaled.get(key, int(item["spec"].get("replicas", 1)))


def selects(selector: Mapping[str, Any] | None, labels: Mapping[str, str]) -> bool:
    """Return whether a label selector takes something with these labels; an empty selector takes everything."""
    chosen = selector or {}
    equal = all(labels.get(key) == value for key, value in (chosen.get("matchLabels") or {}).items())
    return equal and all(_fits(term, labels) for term in chosen.get("matchExpressions") or [])


def _fits(term: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    value = labels.get(term["key"])
    fits = {
        "In": value is not None and value in (term.get("values") or []),
        "NotIn": value not in (term.get("values") or []),
        "Exists": value is not None,
        "DoesNotExist": value is None,
    }
    return fits[term["operator"]]


# --- Nodes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class NodeKind:
    """The nodes of a managed node group. taints: those that keep pods away."""

    name: str
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]

    def takes(self, workload: Workload) -> bool:
        """Return whether a pod may run here."""
        spec = workload.spec
        required = (spec.get("affinity") or {}).get("nodeAffinity") or {}
        terms = (required.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms")
        return (
            selects({"matchLabels": spec.get("nodeSelector")}, self.labels)
            and (terms is None or any(selects(term, self.labels) for term in terms))
            and all(any(tolerates(found, taint) for found in spec.get("tolerations") or []) for taint in self.taints)
        )


def node_kinds(plan: Plan) -> list[NodeKind]:
    """Return the managed node groups of a stack, and the node pools of Auto Mode."""
    groups = [_node_kind(reveal(entry.inputs), entry.name) for entry in plan.find(type=NODE_GROUP)]
    clusters = [reveal(entry.inputs) for entry in plan.find(type=CLUSTER)]
    pools = [pool for cluster in clusters for pool in cluster.get("computeConfig", {}).get("nodePools", [])]
    return [*groups, *(NodeKind(pool, {**_built_in("amd64"), POOL: pool}, AUTO_MODE_TAINTS[pool]) for pool in pools)]


POOL: Final = "karpenter.sh/nodepool"


def _built_in(architecture: str) -> dict[str, str]:
    return {"kubernetes.io/os": "linux", "kubernetes.io/arch": architecture}


def _node_kind(inputs: Mapping[str, Any], name: str) -> NodeKind:
    built_in = _built_in("arm64" if "ARM" in inputs["amiType"] else "amd64")
    taints = tuple(
        {"key": taint["key"], "value": taint.get("value", ""), "effect": _effect(taint["effect"])}
        for taint in inputs.get("taints") or []
        if taint["effect"] != "PREFER_NO_SCHEDULE"
    )
    return NodeKind(name, {**built_in, **(inputs.get("labels") or {})}, taints)


def _effect(effect: str) -> str:
    """Return the effect of a taint by Kubernetes' name, from EKS's, e.g. NO_SCHEDULE."""
    return effect.title().replace("_", "")


def is_fargate(bundle: Bundle) -> bool:
    """Return whether a stack has no nodes."""
    return bundle.plan is not None and not node_kinds(bundle.plan)


def fargate_takes(plan: Plan, workload: Workload) -> bool:
    """Return whether a Fargate profile takes the pods of a workload."""
    return any(
        fnmatchcase(workload.namespace, selector["namespace"])
        and all(fnmatchcase(workload.labels.get(key, ""), value) for key, value in selector.get("labels", {}).items())
        for entry in plan.find(type=FARGATE_PROFILE)
        for selector in reveal(entry.inputs)["selectors"]
    )


def finds_a_node(plan: Plan, workload: Workload) -> bool:
    """Return whether a node group, Auto Mode or a Fargate profile of a stack takes the pods of a workload."""
    return any(kind.takes(workload) for kind in node_kinds(plan)) or fargate_takes(plan, workload)


def selected(selector: Mapping[str, Any] | None, namespace: str, found: Iterable[Workload]) -> Iterator[Workload]:
    """Return the workloads whose pods a label selector takes in a namespace."""
    return (one for one in found if one.namespace == namespace and selects(selector, one.labels))
