"""What a kubelet looks for before it starts a pod's containers: the objects that the pod names. A stand-in.

kwok starts no pod before its condition `PodReadyToStartContainers` is true, which this sets. Images, probes and what
the containers do are not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from rehearsal.simulation.api_server import ApiServer, Object

CONDITION: Final = "PodReadyToStartContainers"
"""https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-has-network"""


IN_VOLUMES: Final = (
    ("configMap", "name", "configmaps"),
    ("secret", "secretName", "secrets"),
    # In a projected volume.
    ("secret", "name", "secrets"),
    ("persistentVolumeClaim", "claimName", "persistentvolumeclaims"),
)
"""Where a volume names an object: the field, the name's field in it, and the plural of the kind."""

IN_CONTAINERS: Final = (
    ("configMapRef", "name", "configmaps"),
    ("configMapKeyRef", "name", "configmaps"),
    ("secretRef", "name", "secrets"),
    ("secretKeyRef", "name", "secrets"),
)
"""Where a container's environment names one."""


def needs(pod: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the objects in its namespace without which a pod does not start: the plural of the kind, and the name."""
    spec = pod["spec"]
    for volume in spec.get("volumes") or []:
        for source in (volume, *((volume.get("projected") or {}).get("sources") or [])):
            yield from _named(source, IN_VOLUMES)
    for container in (*(spec.get("initContainers") or []), *spec["containers"]):
        for variable in (*(container.get("envFrom") or []), *(container.get("env") or [])):
            yield from _named(variable.get("valueFrom") or variable, IN_CONTAINERS)


def _named(source: Mapping[str, Any], places: tuple[tuple[str, str, str], ...]) -> Iterator[tuple[str, str]]:
    for field, name, plural in places:
        found = source.get(field)
        if found and name in found and not found.get("optional"):
            yield plural, str(found[name])


def start(server: ApiServer) -> None:
    """Let each pod that has a node and all that it needs start; say of the others what they wait for."""
    found = server.request("GET", "/api/v1/pods", {"fieldSelector": "status.phase=Pending"}).body["items"]
    waiting = [pod for pod in found if pod["spec"].get("nodeName") and not _is_known(pod)]
    there = {
        (plural, item["metadata"]["namespace"], item["metadata"]["name"])
        for plural in sorted({plural for pod in waiting for plural, _ in needs(pod)})
        for item in server.request("GET", f"/api/v1/{plural}").body["items"]
    }
    for pod in waiting:
        namespace = pod["metadata"]["namespace"]
        missing = [f"{plural}/{name}" for plural, name in needs(pod) if (plural, namespace, name) not in there]
        if not missing or _message(pod) != _said(missing):
            _report(server, pod, missing)


def _is_known(pod: Object) -> bool:
    return any(it["type"] == CONDITION and it["status"] == "True" for it in pod["status"].get("conditions") or [])


def _message(pod: Object) -> str:
    found = [it.get("message", "") for it in pod["status"].get("conditions") or [] if it["type"] == CONDITION]
    return str(found[0]) if found else ""


def _said(missing: list[str]) -> str:
    return f"not found: {', '.join(missing)}"


def _report(server: ApiServer, pod: Object, missing: list[str]) -> None:
    condition: dict[str, object] = {"type": CONDITION, "status": "False" if missing else "True"}
    if missing:
        condition["message"] = _said(missing)
    metadata = pod["metadata"]
    path = f"/api/v1/namespaces/{metadata['namespace']}/pods/{metadata['name']}/status"
    change = {"status": {"conditions": [condition]}}
    server.request("PATCH", path, {}, change, "application/strategic-merge-patch+json")
