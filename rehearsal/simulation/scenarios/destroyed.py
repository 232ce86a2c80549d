"""`destroy` while nodes that Karpenter launched run pods: in the right order, and in a wrong one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from harness.story import Story
from rehearsal.engine.refusals.cluster import RELEASE
from rehearsal.simulation import karpenter, stand_ins
from rehearsal.simulation.api_server import Object, RefusedError, has_ready_pods, merge, wait_until
from rehearsal.simulation.leftovers import unexplained
from rehearsal.simulation.life import left_in_cluster
from rehearsal.simulation.simulation import Simulation
from rehearsal.simulation.waiting import waiting
from versions import KARPENTER

AT_WORK: Final = "example.jp/at-work"
"""A finalizer: a pod with it goes when its work is done, however early it is evicted."""

POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"
PODS: Final = "/api/v1/namespaces/default/pods"
DESTROY: Final = ("destroy", "--yes", "--skip-preview")

SECONDS: Final = 15
"""After which Pulumi gives up the deletion of a NodePool here; the program's own timeout covers a slow drain."""

VISITORS: Final[Object] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "visitors", "namespace": "default"},
    "spec": {
        "replicas": 3,
        "selector": {"matchLabels": {"app": "visitors"}},
        "template": {
            "metadata": {"labels": {"app": "visitors"}, "finalizers": [AT_WORK]},
            "spec": {
                "containers": [
                    {
                        "name": "main",
                        "image": "registry.example.jp/visitors:1",
                        "resources": {"requests": {"cpu": "500m", "memory": "256Mi"}},
                    }
                ]
            },
        },
    },
}
"""An application of somebody's, which Pulumi does not know of."""


def with_nodes(simulation: Simulation, story: Story) -> None:
    """Destroy the stack: Karpenter drains and deletes its nodes, and then goes itself."""
    with _visitors(simulation, story):
        with simulation.start(*DESTROY) as process, story.during("Pulumi", "destroy"):
            _await_eviction(simulation)
            story.tell("Karpenter", "evicts the pods; their node stays until they have ended")
            # The order that is to be proved: as long as the NodePool waits, its controller stays.
            if not _runs(simulation):
                raise AssertionError("Karpenter went before its NodePool")
            # A pod that replaces an evicted one may have found a node that was drained a moment later.
            wait_until(lambda: not _end_work(simulation) and not _nodes(simulation), "nodes of Karpenter's stay")
            run = process.finish()
        if run.code:
            raise AssertionError(f"{run.text}\n{waiting(simulation.server)}")
    _nothing_left(simulation, story)


def with_an_edge_turned(simulation: Simulation, story: Story) -> None:
    """Destroy the stack as if Karpenter depended on its NodePools; say what hangs, and do what helps."""
    turn_edge(simulation)
    story.tell("a mistake", "Karpenter depends on its NodePools, instead of the other way round", wrong=True)
    with _visitors(simulation, story):
        with simulation.start(*DESTROY) as process, story.during("Pulumi", "destroy fails", wrong=True):
            wait_until(lambda: not _runs(simulation), "Karpenter is not deleted")
            story.tell("Helm", "uninstalls Karpenter while its nodes run", wrong=True)
            run = process.finish()
        hanging = waiting(simulation.server)
        if not run.code or not any(text.startswith("NodePool ") for text in hanging):
            raise AssertionError(f"destroy does not hang on a NodePool, but: {hanging}\n{run.text}")
        for text in hanging:
            story.tell("Kubernetes", text, wrong=True)
        with story.during("Pulumi", "up installs Karpenter again, and takes its edges from the program"):
            run = simulation.bring_up()
        if run.code:
            raise AssertionError(run.text)
        with story.during("Karpenter", "drains its nodes and lets the NodePool go"):
            wait_until(
                lambda: not _end_work(simulation) and not waiting(simulation.server),
                lambda: f"it still hangs: {waiting(simulation.server)}",
            )
        with story.during("Pulumi", "destroy"):
            run = simulation.take_down()
        if run.code:
            raise AssertionError(run.text)
    _nothing_left(simulation, story)


@contextmanager
def _visitors(simulation: Simulation, story: Story) -> Iterator[None]:
    """Run an application on Karpenter's nodes; at the end of the block it goes."""
    simulation.server.create(VISITORS)
    with story.during("an application", "needs room; its pods start on nodes of Karpenter's"):
        wait_until(lambda: len(_on_nodes(simulation)) == VISITORS["spec"]["replicas"], "pods have no node")
    yield
    simulation.server.request("DELETE", simulation.server.path_of(VISITORS))
    wait_until(lambda: not _left_of_application(simulation), "pods of the application stay")


def _pods(simulation: Simulation) -> list[Object]:
    return list(simulation.server.request("GET", PODS, {"labelSelector": "app=visitors"}).body["items"])


def _nodes(simulation: Simulation) -> set[str]:
    """Return the names of the nodes that Karpenter launched."""
    found = simulation.server.request("GET", karpenter.NODES, {"labelSelector": karpenter.POOL}).body["items"]
    return {node["metadata"]["name"] for node in found}


def _on_nodes(simulation: Simulation) -> list[Object]:
    """Return the application's pods that run on nodes that Karpenter launched."""
    nodes = _nodes(simulation)
    return [
        it for it in _pods(simulation) if it["spec"].get("nodeName") in nodes and it["status"]["phase"] == "Running"
    ]


def _await_eviction(simulation: Simulation) -> None:
    wait_until(
        lambda: all(pod["metadata"].get("deletionTimestamp") for pod in _on_nodes(simulation)),
        "pods on nodes of a NodePool that is being deleted are not evicted",
    )


def _end_work(simulation: Simulation) -> list[Object]:
    """Let the pods go that were told to; return them."""
    found = [pod for pod in _pods(simulation) if pod["metadata"].get("deletionTimestamp")]
    for pod in found:
        path = f"{PODS}/{pod['metadata']['name']}"
        try:
            merge(simulation.server, path, {"metadata": {"finalizers": None}})
        except RefusedError as error:
            if error.status != 404:
                raise
    return found


def _left_of_application(simulation: Simulation) -> list[Object]:
    """Let all pods that were told to end go, and return those that are there."""
    _end_work(simulation)
    return _pods(simulation)


def _runs(simulation: Simulation) -> bool:
    return has_ready_pods(simulation.server, stand_ins.KARPENTER)


def _nothing_left(simulation: Simulation, story: Story) -> None:
    left = left_in_cluster(simulation, simulation.before)
    unexpected = [*unexplained(left), *map(str, simulation.left_behind())]
    if unexpected:
        raise AssertionError(f"left: {unexpected}")
    story.tell("Kubernetes and AWS", f"nothing is left but {len(left)} objects that stay on purpose")


def turn_edge(simulation: Simulation) -> None:
    """Let Karpenter's release depend on the NodePools in the state, and nothing on it.

    In which order Pulumi deletes, it takes from the state. To take the edge away is not enough: the engine deletes
    level by level, and a NodePool is on a later level of the creation than the release for other reasons too.
    https://github.com/pulumi/pulumi/blob/v3.206.0/pkg/resource/deploy/step_generator.go (ScheduleDeletes)
    The deletion of a NodePool gets a short timeout.
    """
    exported = json.loads(simulation.pulumi("stack", "export").stdout)
    entries: list[dict[str, Any]] = exported["deployment"]["resources"]
    (release,) = (
        entry
        for entry in entries
        if entry["type"] == RELEASE and (entry.get("outputs") or {}).get("name") == KARPENTER.name
    )
    pools = [entry for entry in entries if entry["type"] == POOL]
    for entry in entries:
        entry["dependencies"] = [urn for urn in entry.get("dependencies") or [] if urn != release["urn"]]
    for pool in pools:
        pool["customTimeouts"] = {**(pool.get("customTimeouts") or {}), "delete": SECONDS}
    release["dependencies"] += [pool["urn"] for pool in pools]
    # A state has a resource after all that it depends on.
    entries.remove(release)
    entries.append(release)
    turned = simulation.folder / "turned.json"
    turned.write_text(json.dumps(exported))
    simulation.pulumi("stack", "import", "--file", str(turned))
