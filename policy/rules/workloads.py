"""Pods, whether the program makes them or the values of a Helm release do."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.exceptions import PRIVILEGED_NAMESPACES, SYSTEM_NAMESPACES
from policy.model import UNKNOWN, Resource, at, below, is_true, is_unknown, items, text
from policy.rule import Level, rule, stack_rule
from policy.rules.pods import RELEASE, WORKLOADS, containers, namespace_of, pod_spec

DISRUPTION_BUDGET: Final = "kubernetes:policy/v1:PodDisruptionBudget"
NAMESPACE: Final = "kubernetes:core/v1:Namespace"
ENFORCE: Final = "pod-security.kubernetes.io/enforce"

HOST: Final = ("hostNetwork", "hostPID", "hostIPC")
"""What a pod can share with its node."""


@stack_rule(
    "pod-privileged",
    *WORKLOADS,
    RELEASE,
    NAMESPACE,
    reason="Such a pod has root access to the node, and can read the secrets of all pods on it.",
    fix="Remove the setting; pods that need the host belong in kube-system, or in the namespace of an added chart or "
    "of a team with podSecurity: privileged (extraCharts.<name>, teamNamespaces.<name>), after a review",
    source="https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline",
)
def privileged(resources: list[Resource]) -> Iterator[tuple[Resource, str]]:
    """Pods of SYSTEM_NAMESPACES may, and those of namespaces that let them in: another rule says which these are."""
    levels = [(it.get("metadata", "name"), _level(it)) for it in resources if it.type == NAMESPACE]
    open_to = {name for name, level in levels if level in ("privileged", UNKNOWN)}
    for resource in resources:
        namespace = UNKNOWN if resource.type == NAMESPACE else namespace_of(resource)
        if namespace is not UNKNOWN and namespace not in SYSTEM_NAMESPACES and not {namespace, UNKNOWN} & open_to:
            yield from ((resource, problem) for problem in _privileged(resource))


def _level(namespace: Resource) -> Any:
    return namespace.get("metadata", "labels", ENFORCE)


def _privileged(resource: Resource) -> Iterator[str]:
    if resource.type == RELEASE:
        yield from _privileged_values(resource.get("values"))
        return
    spec = pod_spec(resource)
    yield from (f"it has {key}" for key in HOST if is_true(at(spec, key)))
    for container in containers(resource):
        if is_true(at(container, "securityContext", "privileged")):
            yield f"container {at(container, 'name')} is privileged"
    for volume in items(at(spec, "volumes")):
        if at(volume, "hostPath") is not None:
            yield f"volume {at(volume, 'name')} is a folder of the node"


def _privileged_values(values: Any) -> Iterator[str]:
    for path, value in below(values):
        if path[-1] in (*HOST, "privileged") and is_true(value):
            yield f"its value {'.'.join(path)} is true"
        if path[-1] == "hostPath" and isinstance(at(value, "path"), str):
            yield f"its value {'.'.join(path)} is a folder of the node"


@rule(
    "pod-requests",
    *WORKLOADS,
    RELEASE,
    reason="A pod without requests can be placed on a full node, is evicted first, and makes Karpenter launch no node.",
    fix="Set requests for cpu and memory",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/karpenter.html",
    development=Level.ADVISORY,
)
def requests(resource: Resource) -> Iterator[str]:
    """Of a release, the `resources` that its values set; what a chart sets by itself is seen once it is rendered."""
    if resource.type == RELEASE:
        for path, value in _resources(resource.get("values")):
            yield from (f"its value {'.'.join(path)} has no request for {name}" for name in _missing(value))
        return
    if at(pod_spec(resource), "resources", "requests"):  # of the whole pod: Kubernetes 1.34
        return
    for container in items(at(pod_spec(resource), "containers")):
        for name in _missing(at(container, "resources")):
            yield f"container {at(container, 'name')} has no request for {name}"


def _resources(values: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield the resources of containers in a chart's values, also where one value has those of each component.

    KEDA's chart has them by component: https://github.com/kedacore/charts/blob/main/keda/values.yaml
    """
    for path, value in below(values):
        if path[-1] != "resources" or not isinstance(value, Mapping) or not value:
            continue
        if value.keys() & {"requests", "limits", "claims"}:
            yield path, value
        else:
            yield from (((*path, component), part) for component, part in value.items() if part)


def _missing(resources: Any) -> Iterator[str]:
    if not is_unknown(resources):
        yield from (name for name in ("cpu", "memory") if at(resources, "requests", name) is None)


@rule(
    "disruption-budget",
    DISRUPTION_BUDGET,
    RELEASE,
    reason="Nodes with such pods can never be drained for an upgrade, a new image or consolidation.",
    fix="Allow one unavailable pod: maxUnavailable: 1",
    source="https://kubernetes.io/docs/tasks/run-application/configure-pdb/",
)
def budget(resource: Resource) -> Iterator[str]:
    """A budget as an object, or in the values of a release."""
    if resource.type == DISRUPTION_BUDGET:
        yield from (f"{problem} stops every drain" for problem in _blocking(resource.get("spec")))
        return
    for path, value in below(resource.get("values")):
        if path[-1].lower() in ("poddisruptionbudget", "pdb") and at(value, "enabled") in (None, True):
            yield from (f"its value {'.'.join(path)}.{problem} stops every drain" for problem in _blocking(value))


def _blocking(spec: Any) -> Iterator[str]:
    if at(spec, "maxUnavailable") in (0, "0", "0%") and at(spec, "maxUnavailable") is not False:
        yield f"maxUnavailable: {at(spec, 'maxUnavailable')}"
    if at(spec, "minAvailable") == "100%":
        yield "minAvailable: 100%"


@rule(
    "namespace-pod-security",
    NAMESPACE,
    reason="Without the label, any user who can create pods in the namespace can create privileged ones.",
    fix=f"Label it {ENFORCE}: restricted, or baseline; the settings of an added chart or a team may allow more "
    "(extraCharts.<name>.podSecurity, teamNamespaces.<name>.podSecurity)",
    source="https://kubernetes.io/docs/concepts/security/pod-security-admission/",
)
def pod_security(namespace: Resource) -> Iterator[str]:
    """The two levels that keep pods from the host, and for PRIVILEGED_NAMESPACES the third, if it is said."""
    name, level = namespace.get("metadata", "name"), _level(namespace)
    if level == "privileged" and PRIVILEGED_NAMESPACES.keys() & {*namespace.parents}:
        return
    ours = name is not UNKNOWN and text(name) not in SYSTEM_NAMESPACES
    if ours and level not in ("restricted", "baseline", UNKNOWN):
        yield f"its level is {level or 'not set'}"
