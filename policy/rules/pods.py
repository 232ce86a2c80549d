"""How pods are found in Kubernetes objects and in the values of Helm releases."""

from collections.abc import Iterator
from typing import Any, Final

from facts import kinds
from policy.model import UNKNOWN, Resource, items

RELEASE: Final = "kubernetes:helm.sh/v3:Release"

_POD_SPECS: Final = {f"kubernetes:{group or 'core'}/v1:{kind}": path for (group, kind), path in kinds.POD_SPECS.items()}

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
