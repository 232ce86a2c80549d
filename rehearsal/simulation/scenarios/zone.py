"""A zone dies: the platform runs in the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.story import Story
from rehearsal.simulation.api_server import Object, merge, wait_until
from rehearsal.simulation.nodes import GROUP, ZONE
from rehearsal.simulation.simulation import Simulation

NODES: Final = "/api/v1/nodes"
PODS: Final = "/api/v1/pods"
DEPLOYMENTS: Final = "/apis/apps/v1/deployments"
AUTOSCALERS: Final = "/apis/autoscaling/v2/horizontalpodautoscalers"
RESTARTED: Final = "kubectl.kubernetes.io/restartedAt"


def lost(simulation: Simulation, story: Story) -> None:
    """Take each zone away in turn: every Deployment of the platform keeps a ready pod elsewhere throughout."""
    zones = sorted({node["metadata"]["labels"][ZONE] for node in _nodes(simulation)})
    for zone in zones:
        wait_until(lambda: not _incomplete(simulation), lambda: f"not complete: {_incomplete(simulation)}")
        # A single pod may be elsewhere by chance: before anything is lost, no zone may have all that there is.
        if alone := [
            f"{name} in {it}" for it in zones for name, count in _without(simulation, it).items() if not count
        ]:
            raise AssertionError(f"with ready pods in a single zone: {', '.join(alone)}")
        _lose(simulation, story, zone)


def _without(simulation: Simulation, zone: str) -> dict[str, int]:
    return ready(simulation, _nodes_in(simulation, zone))


def _nodes_in(simulation: Simulation, zone: str) -> set[str]:
    return {it["metadata"]["name"] for it in _nodes(simulation) if it["metadata"]["labels"][ZONE] == zone}


def _lose(simulation: Simulation, story: Story, zone: str) -> None:
    nodes = _nodes_in(simulation, zone)
    fewest = ready(simulation, nodes)

    def are_gone() -> bool:
        """Return whether Kubernetes has no pod of the lost nodes any more; count what is ready meanwhile."""
        for name, count in ready(simulation, nodes).items():
            fewest[name] = min(fewest.get(name, count), count)
        return not any(pod["spec"].get("nodeName") in nodes for pod in _items(simulation, PODS))

    simulation.stand_ins.lost_zones = frozenset({zone})
    wait_until(lambda: not nodes & {it["metadata"]["name"] for it in _nodes(simulation)}, f"{zone} has nodes")
    story.tell("AWS", f"{zone} is down; it had {len(nodes)} of the operations nodes", wrong=True)
    with story.during("Kubernetes", "notices, and deletes the pods of the lost nodes"):
        wait_until(are_gone, f"pods of the nodes of {zone} stay")
    without = sorted(name for name, count in fewest.items() if not count)
    if without or not fewest:
        raise AssertionError(f"without a ready pod while {zone} is down: {without}")
    story.tell("Kubernetes", f"each of {len(fewest)} Deployments kept {min(fewest.values())} ready pods or more")
    simulation.stand_ins.lost_zones = frozenset()
    with story.during("Kubernetes", f"{zone} is back, and all pods are ready again"):
        wait_until(lambda: not _incomplete(simulation), lambda: f"not complete: {_incomplete(simulation)}")
    # Nothing moves a pod back that runs: without this the next loss of a zone would take all pods of a Deployment.
    with story.during("a person", "kubectl rollout restart, so that the pods are in all zones again"):
        _restart(simulation)


def _restart(simulation: Simulation) -> None:
    """Replace the pods of each Deployment as `kubectl rollout restart` does."""
    for item in _items(simulation, DEPLOYMENTS):
        path = simulation.server.path_of({"apiVersion": "apps/v1", "kind": "Deployment", **item})
        before = (item["spec"]["template"]["metadata"].get("annotations") or {}).get(RESTARTED, "")
        change = {"spec": {"template": {"metadata": {"annotations": {RESTARTED: f"{before}again "}}}}}
        merge(simulation.server, path, change)
    wait_until(lambda: not _incomplete(simulation), lambda: f"not complete: {_incomplete(simulation)}")


def ready(simulation: Simulation, lost_nodes: set[str]) -> dict[str, int]:
    """Return how many pods of each Deployment are ready on other nodes than those."""
    pods = [it for it in _items(simulation, PODS) if it["spec"].get("nodeName") not in lost_nodes and _is_ready(it)]
    return {
        _name(item): sum(_selects(item["spec"]["selector"]["matchLabels"], pod, item) for pod in pods)
        for item in _items(simulation, DEPLOYMENTS)
    }


def _selects(labels: Mapping[str, str], pod: Object, deployment: Object) -> bool:
    metadata = pod["metadata"]
    same = metadata["namespace"] == deployment["metadata"]["namespace"]
    return bool(same and labels.items() <= metadata["labels"].items())


def _incomplete(simulation: Simulation) -> list[str]:
    """Return the Deployments of which not every pod is ready and as the template says, and too small autoscalers.

    After `up` a Deployment has one pod until its autoscaler has looked at it.
    """
    scaled = _items(simulation, AUTOSCALERS)
    few = [it for it in scaled if it["status"].get("currentReplicas", 0) < it["spec"].get("minReplicas", 1)]
    return [_name(item) for item in (*(it for it in _items(simulation, DEPLOYMENTS) if not _is_complete(it)), *few)]


def _is_complete(item: Object) -> bool:
    status, wanted = item.get("status", {}), item["spec"]["replicas"]
    return bool(
        status.get("observedGeneration") == item["metadata"]["generation"]
        and all(status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "readyReplicas"))
    )


def _nodes(simulation: Simulation) -> list[Object]:
    """Return the nodes of the node groups."""
    return [it for it in _items(simulation, NODES) if GROUP in it["metadata"]["labels"]]


def _items(simulation: Simulation, path: str) -> list[Object]:
    return list(simulation.server.request("GET", path).body["items"])


def _is_ready(pod: Object) -> bool:
    return any(it["type"] == "Ready" and it["status"] == "True" for it in pod["status"].get("conditions") or [])


def _name(item: Object) -> str:
    return f"{item['metadata']['namespace']}/{item['metadata']['name']}"
