"""Whether all that creates pods waits for what runs them, read from a stack's plan.

EKS gives an add-on up after 20 minutes, and Helm takes a release back after ten, whose pods find no node. Nothing but
the order of the graph prevents it, and a preview of a stack whose edge is missing looks like any other.
"""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

from harness.plan import Plan, Registration
from harness.properties import reveal

POD_MAKERS: Final = frozenset(
    {
        "kubernetes:helm.sh/v3:Release",
        "kubernetes:core/v1:Pod",
        "kubernetes:core/v1:ReplicationController",
        *(f"kubernetes:apps/v1:{kind}" for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")),
        *(f"kubernetes:batch/v1:{kind}" for kind in ("CronJob", "Job")),
    }
)
"""Type tokens of what creates pods in the namespace that it names; EKS add-ons come on top."""

ADDON: Final = "aws:eks/addon:Addon"
ADDON_NAMESPACES: Final[Mapping[str, str]] = {"amazon-cloudwatch-observability": "amazon-cloudwatch"}
"""EKS add-on to the namespace of its pods, unless that is kube-system.

https://docs.aws.amazon.com/eks/latest/userguide/workloads-add-ons-available-eks.html"""

EXCEPTIONS: Final[Mapping[str, str]] = {
    "vpc-cni": "A node becomes ready with the agent of its network (terraform-aws-eks #3446).",
    "kube-proxy": "A node needs it to reach the API server's Service; EKS waits for none of its pods.",
    "eks-pod-identity-agent": "Agents of nodes ask it for their role when the node starts.",
    "karpenter-crd": "Definitions alone: the chart has no pods.",
}
"""EKS add-ons and charts, by name, that need not wait, and why."""


def pods_without_compute(plan: Plan) -> list[str]:
    """Return a sentence for each resource of a plan that creates pods before what runs them; none: all wait.

    What runs the pods of a namespace: every managed node group, each Fargate profile that selects the namespace, with
    EKS Auto Mode the control plane itself, and where there is none of these, Karpenter's node pools.
    """
    problems = []
    for entry in plan:
        if not _makes_pods(entry) or (name := _name(entry)) in EXCEPTIONS:
            continue
        namespace = _namespace(entry)
        compute = _compute(plan, namespace)
        if not compute:
            problems.append(f"{entry.name}: nothing runs pods of {name} in the namespace {namespace}")
        waits = plan.closure(entry)
        problems += [
            f"{entry.name}: does not wait for {other.name}, which runs its pods in the namespace {namespace}"
            for other in compute
            if other.urn not in waits
        ]
    return problems


def exempt(plan: Plan) -> set[str]:
    """Return the names in EXCEPTIONS of what a plan has."""
    return {_name(entry) for entry in plan if _makes_pods(entry)} & EXCEPTIONS.keys()


def _makes_pods(entry: Registration) -> bool:
    return entry.type == ADDON or entry.type in POD_MAKERS


def _name(entry: Registration) -> str:
    """Return the name of an EKS add-on, a chart or an object."""
    inputs = reveal(entry.inputs)
    if entry.type == ADDON:
        return str(inputs["addonName"])
    return str(inputs["metadata"]["name"] if "metadata" in inputs else str(inputs["chart"]).rpartition("/")[2])


def _namespace(entry: Registration) -> str:
    inputs = reveal(entry.inputs)
    if entry.type == ADDON:
        return ADDON_NAMESPACES.get(inputs["addonName"], "kube-system")
    return str(inputs["metadata"].get("namespace", "default") if "metadata" in inputs else inputs["namespace"])


def _compute(plan: Plan, namespace: str) -> list[Registration]:
    """Return what runs the pods of a namespace."""
    profiles = [
        entry
        for entry in plan.find(type="aws:eks/fargateProfile:FargateProfile")
        if any(fnmatchcase(namespace, selector["namespace"]) for selector in reveal(entry.inputs)["selectors"])
    ]
    auto = [
        entry
        for entry in plan.find(type="aws:eks/cluster:Cluster")
        if reveal(entry.inputs).get("computeConfig", {}).get("enabled")
    ]
    pools = plan.find(type="kubernetes:karpenter.sh/v1:NodePool")
    return [*plan.find(type="aws:eks/nodeGroup:NodeGroup"), *profiles, *auto] or pools
