"""The nodes that Karpenter launches. A stand-in: a large node in each zone for a pool, once a pod waits for such a one.

It chooses no instance types, keeps to no limits and consolidates nothing. With their pool its nodes are drained, within
disruption budgets, and end once they are empty.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from harness.engine.store import Cloud
from rehearsal.capacity import allocatable, tolerates
from rehearsal.engine.refusals import uses
from rehearsal.simulation.api_server import ApiServer, Object, RefusedError, merge
from rehearsal.simulation.nodes import LARGE

POOL: Final = "karpenter.sh/nodepool"
"""https://karpenter.sh/docs/concepts/nodepools/"""

NODES: Final = "/api/v1/nodes"
DISRUPTED: Final = {"key": "karpenter.sh/disrupted", "effect": "NoSchedule"}
"""On a node that is being drained, so that no pod comes back to it."""
_WAITING: Final = {"fieldSelector": "spec.nodeName="}


def launch(server: ApiServer, pools: Iterable[Object], cloud: Cloud) -> list[str]:
    """Register the nodes of the first pool whose nodes would take a pod that has none; return their names."""
    offered = sorted(pools, key=lambda pool: -int(pool["spec"].get("weight") or 0))
    waiting = [pod for pod in server.request("GET", "/api/v1/pods", _WAITING).body["items"] if _is_unschedulable(pod)]
    there = {item["metadata"]["name"] for item in server.request("GET", NODES).body["items"]} if waiting else set()
    launched: list[str] = []
    zones = sorted({str(subnet.get("availabilityZone")) for subnet in cloud.of(uses.SUBNET)})
    for pod in waiting:
        choices = ([node(pool, zone) for zone in zones] for pool in offered)
        chosen: list[Object] = next((nodes for nodes in choices if any(takes(it, pod) for it in nodes)), [])
        for item in chosen:
            if item["metadata"]["name"] not in there:
                server.create(item)
                there.add(item["metadata"]["name"])
                launched.append(item["metadata"]["name"])
    return launched


def end(server: ApiServer, pool: Object) -> bool:
    """Drain the nodes of a pool, and delete those that are empty; return whether there was none left.

    https://karpenter.sh/docs/concepts/disruption/#termination-controller
    """
    name = pool["metadata"]["name"]
    found = server.request("GET", NODES, {"labelSelector": f"{POOL}={name}"}).body["items"]
    # All before the first eviction: no pod may move to a node that is drained next.
    for item in found:
        taints = item["spec"].get("taints") or []
        if DISRUPTED not in taints:
            merge(server, _path(item), {"spec": {"taints": [*taints, DISRUPTED]}})
    for item in found:
        pods = list(_drained(server, item["metadata"]["name"]))
        for pod in pods:
            if not pod["metadata"].get("deletionTimestamp"):
                _evict(server, pod)
        if not pods:
            server.request("DELETE", _path(item))
    return not found


def _path(node: Object) -> str:
    return f"{NODES}/{node['metadata']['name']}"


def _drained(server: ApiServer, node: str) -> Iterator[Object]:
    """Yield the pods of a node that keep it: all but those of DaemonSets."""
    for pod in server.request("GET", "/api/v1/pods", {"fieldSelector": f"spec.nodeName={node}"}).body["items"]:
        if not any(it["kind"] == "DaemonSet" for it in pod["metadata"].get("ownerReferences") or []):
            yield pod


def _evict(server: ApiServer, pod: Object) -> None:
    """Evict a pod, as far as disruption budgets allow it now.

    https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
    """
    place = {key: pod["metadata"][key] for key in ("name", "namespace")}
    path = f"/api/v1/namespaces/{place['namespace']}/pods/{place['name']}/eviction"
    try:
        server.request("POST", path, {}, {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": place})
    except RefusedError as error:
        if error.status not in (404, 429):
            raise


def node(pool: Object, zone: str) -> Object:
    """Return the node of a pool in a zone, with the first value of each requirement as a label."""
    template = pool["spec"]["template"]
    name = f"{pool['metadata']['name']}-{zone}"
    labels = {
        **dict(_labels(template["spec"].get("requirements") or [])),
        **((template.get("metadata") or {}).get("labels") or {}),
        POOL: pool["metadata"]["name"],
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": name,
        "topology.kubernetes.io/zone": zone,
        "topology.kubernetes.io/region": zone[:-1],
    }
    room = allocatable(*LARGE)
    offered = {"cpu": f"{room.cpu}m", "memory": f"{room.memory}Mi", "pods": str(room.pods)}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels},
        "spec": {"taints": template["spec"].get("taints") or [], "providerID": f"aws:///{zone}/{name}"},
        "status": {"capacity": offered, "allocatable": offered},
    }


def _labels(requirements: Iterable[Object]) -> Iterator[tuple[str, str]]:
    for requirement in requirements:
        if requirement["operator"] == "In":
            yield requirement["key"], str(requirement["values"][0])


def takes(node: Object, pod: Object) -> bool:
    """Return whether a pod tolerates the taints of a node and selects it by its labels."""
    selected = (pod["spec"].get("nodeSelector") or {}).items() <= node["metadata"]["labels"].items()
    tolerations = pod["spec"].get("tolerations") or []
    return selected and all(any(tolerates(it, taint) for it in tolerations) for taint in node["spec"]["taints"])


def _is_unschedulable(pod: Object) -> bool:
    conditions = pod["status"].get("conditions") or []
    return any(it["type"] == "PodScheduled" and it.get("reason") == "Unschedulable" for it in conditions)
