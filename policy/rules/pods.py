"""How pods are found in Kubernetes objects and in the values of Helm releases."""

from collections.abc import Iterator
from typing import Any, Final

from policy.model import UNKNOWN, Resource, items

RELEASE: Final = "kubernetes:helm.sh/v3:Release"

_TEMPLATE: Final = ("spec", "template", "spec")
_POD_SPECS: Final[dict[str, tuple[str, ...]]] = {
    "kubernetes:core/v1:Pod": ("spec",),
    "kubernetes:core/v1:ReplicationController": _TEMPLATE,
    "kubernetes:apps/v1:DaemonSet": _TEMPLATE,
    "kubernetes:apps/v1:Deployment": _TEMPLATE,
    "kubernetes:apps/v1:ReplicaSet": _TEMPLATE,
    "kubernetes:apps/v1:StatefulSet": _TEMPLATE,
    "kubernetes:batch/v1:Job": _TEMPLATE,
    "kubernetes:batch/v1:CronJob": ("spec", "jobTemplate", *_TEMPLATE),
}

WORKLOADS: Final = tuple(_POD_SPECS)
"""Types of objects that are pods or make them."""


def pod_spec(workload: Resource) -> Any:
    """Return the specification of a workload's pods; see `policy.model.at`."""
    return workload.get(*_POD_SPECS[workload.type])


def containers(workload: Resource) -> Iterator[Any]:
    """Yield the containers of a workload's pods, those that run first among them, as far as they are known."""
    for key in ("initContainers", "containers"):
        yield from items(workload.get(*_POD_SPECS[workload.type], key))


def namespace_of(resource: Resource) -> Any:
    """Return the namespace of an object or a release: "default" where none is named, UNKNOWN where nobody knows."""
    named = resource.get("namespace") if resource.type == RELEASE else resource.get("metadata", "namespace")
    return named if named is UNKNOWN or isinstance(named, str) else "default"
