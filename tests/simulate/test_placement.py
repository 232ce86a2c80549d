"""Every pod of the platform has a node, and every workload rolls, by the real scheduler and the real controllers.

`tests/conformance/test_sizes.py` calculates the same; here Kubernetes decides, with the requests, taints, spread and
strategies of the rendered charts, on the fewest nodes that a stack has.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.store import Resource, Store
from harness.model import EXAMPLE_ACCOUNT
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.capacity import Room
from rehearsal.engine.refusals import uses
from rehearsal.simulation.api_server import ApiServer, Object, wait_until
from rehearsal.simulation.nodes import GROUP
from rehearsal.simulation.stand_ins import StandIns, working
from tests.conformance import sizes
from tests.conformance.bundles import Bundle, bundle
from tests.conformance.helm import all_releases
from tests.conformance.pods import NODE_GROUP, node_kinds, workloads

pytestmark = [pytest.mark.simulate, pytest.mark.thorough, pytest.mark.upstream]

KINDS: Final = ("Namespace", "PriorityClass", "ServiceAccount", "ConfigMap", "Secret", "Deployment", "StatefulSet")
"""What pods come from or need, in the order in which it is created."""

SCALED: Final = ("Deployment", "StatefulSet")
MADE_BY_JOBS: Final = {
    # https://github.com/argoproj/argo-helm/tree/main/charts/argo-cd/templates/redis-secret-init
    "argo-cd": ("argocd", "argocd-redis"),
}
"""The secret (namespace, name) that a Job of a chart makes before the chart's pods start: no Job does anything here."""

ANYWHERE: Final = [{"operator": "Exists"}]


class Placed:
    """The workloads of a stack on the nodes of its node groups, each at its `minSize`, or with that many fewer."""

    def __init__(self, server: ApiServer, found: Bundle, fewer: int = 0) -> None:
        self.server = server
        self.fewer = fewer
        self.bundle = found
        self.replicas: dict[str, int] = {}
        """How many pods each workload has that the operations nodes take, by its path."""
        self.elsewhere: set[str] = set()
        """Workloads for nodes that something else launches: namespace and name."""

    @property
    def plan(self) -> Plan:
        assert self.bundle.plan
        return self.bundle.plan

    def store(self, folder: Path) -> Store:
        """Return a fake cloud with the stack's subnets and node groups."""
        store = Store(folder)
        exports = [dict(reveal(self.plan.exports[key])) for key in ("privateSubnets", "publicSubnets")]
        with store.change() as cloud:
            for zone, subnet in [pair for export in exports for pair in export.items()]:
                cloud.add(Resource(uses.SUBNET, subnet, {}, {"availabilityZone": zone}))
            for entry in self.plan.find(type=NODE_GROUP):
                inputs = reveal(entry.inputs)
                fewest = {"desiredSize": inputs["scalingConfig"]["minSize"] - self.fewer}
                outputs = {**inputs, "nodeGroupName": entry.name, "scalingConfig": fewest}
                cloud.add(Resource(uses.NODE_GROUP, entry.name, inputs, outputs))
        return store

    def fill(self) -> None:
        """Put onto each node what the EKS add-ons put onto every node."""
        fewest = [reveal(entry.inputs)["scalingConfig"]["minSize"] for entry in self.plan.find(type=NODE_GROUP)]
        wanted = sum(fewest) - self.fewer * len(fewest)
        wait_until(lambda: len(self.nodes()) == wanted, f"there are not {wanted} nodes that are ready")
        for node in self.nodes():
            for addon in sizes.addons(self.plan):
                if addon in sizes.ON_EACH_NODE:
                    self.server.create(_pod(f"{addon}-{node}", node, sizes.ON_EACH_NODE[addon]))

    def nodes(self) -> list[str]:
        """Return the names of the nodes that are ready."""
        found = self.server.request("GET", "/api/v1/nodes", {"labelSelector": GROUP}).body["items"]
        return [node["metadata"]["name"] for node in found if not _not_ready(node)]

    def install(self) -> None:
        """Create the platform's workloads and what their pods need."""
        rendered = sorted(
            (item for item in self.bundle.objects if item["kind"] in KINDS), key=lambda item: KINDS.index(item["kind"])
        )
        for item in rendered:
            if item["kind"] not in SCALED:
                self.server.apply(item)
        kinds = node_kinds(self.plan)
        for one in workloads(self.bundle.objects):
            if one.kind in SCALED:
                item = {**one.item, "spec": {**one.item["spec"], "replicas": one.replicas}}
                if any(kind.takes(one) for kind in kinds):
                    self._add(item)
                else:
                    self.server.apply(item)
                    self.elsewhere.add(f"{one.namespace}/{one.name}")
        charts = {release.chart for release in all_releases(self.plan, self.bundle.minor)}
        for namespace, name in (MADE_BY_JOBS[chart] for chart in sorted(charts & MADE_BY_JOBS.keys())):
            metadata = {"name": name, "namespace": namespace}
            self.server.apply({"apiVersion": "v1", "kind": "Secret", "metadata": metadata})
        others = [sizes.OF_ADDONS[name] for name in sizes.addons(self.plan) if name in sizes.OF_ADDONS]
        for release in all_releases(self.plan, self.bundle.minor):
            if release.name not in self.bundle.rendered:
                others += sizes.of_values(release.name, release.values)
        for pods in others:
            self._add(_deployment(pods.name, pods.count, pods.each, pods.unavailable))

    def _add(self, item: Object) -> None:
        self.server.apply(item)
        self.replicas[self.server.path_of(item)] = item["spec"]["replicas"]

    def is_complete(self, path: str) -> bool:
        """Return whether all pods of a workload are ready and as its template says."""
        found = self.server.request("GET", path).body
        status, wanted = found.get("status", {}), self.replicas[path]
        return bool(
            status.get("observedGeneration") == found["metadata"]["generation"]
            and status.get("replicas", 0)
            == status.get("updatedReplicas", 0)
            == status.get("readyReplicas", 0)
            == wanted
        )

    def waiting(self) -> dict[str, str]:
        """Return why pods have no node or do not start, by name."""
        return {
            pod["metadata"]["name"]: f"{condition.get('reason', '')} {condition.get('message', '')}"
            for pod in self.server.request("GET", "/api/v1/pods").body["items"]
            for condition in pod["status"].get("conditions", [])
            if condition["status"] == "False" and condition["type"] in ("PodScheduled", "PodReadyToStartContainers")
        }

    def unplaced(self) -> set[str]:
        """Return the workloads with pods that have no node: namespace and name."""
        pods = self.server.request("GET", "/api/v1/pods", {"fieldSelector": "spec.nodeName="}).body["items"]
        # The name of a ReplicaSet is its Deployment's and a hash.
        return {
            f"{pod['metadata']['namespace']}/{pod['metadata']['ownerReferences'][0]['name'].rpartition('-')[0]}"
            for pod in pods
        }

    def settle(self, path: str) -> None:
        """Wait until a workload is complete; raises AssertionError with what waits for what."""
        try:
            wait_until(lambda: self.is_complete(path), path)
        except TimeoutError as error:
            raise AssertionError(f"{error} is not complete: {self.waiting()}") from error


def _not_ready(node: Mapping[str, Any]) -> bool:
    taints = node["spec"].get("taints") or []
    return any(taint["key"] == "node.kubernetes.io/not-ready" for taint in taints) or not node["status"].get("phase")


def _container(each: Room) -> Object:
    requests = {"cpu": f"{each.cpu}m", "memory": f"{each.memory}Mi"}
    return {"name": "main", "image": "registry.example.jp/main:1", "resources": {"requests": requests}}


def _pod(name: str, node: str, each: Room) -> Object:
    spec = {"nodeName": node, "tolerations": ANYWHERE, "containers": [_container(each)]}
    metadata = {"name": name, "namespace": "kube-system"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


def _deployment(name: str, count: int, each: Room, unavailable: int) -> Object:
    labels = {"app": name}
    template = {"metadata": {"labels": labels}, "spec": {"tolerations": ANYWHERE, "containers": [_container(each)]}}
    rolling = {"maxUnavailable": unavailable, "maxSurge": 1}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {
            "replicas": count,
            "selector": {"matchLabels": labels},
            "strategy": {"rollingUpdate": rolling},
            "template": template,
        },
    }


@contextmanager
def _on_nodes(placed: Placed, folder: Path) -> Iterator[None]:
    """Install the workloads on the nodes; none of them is complete yet."""
    with working(StandIns(placed.server, placed.store(folder), EXAMPLE_ACCOUNT)):
        placed.fill()
        placed.install()
        yield


@pytest.mark.parametrize("stack", ["private", "dev", "prod"])
def test_the_platform_has_its_nodes_and_rolls_there_and_nobody_else_lands_on_them(
    stack: str, server: ApiServer, copies: None, tmp_path: Path
) -> None:
    placed = Placed(server, bundle(stack))
    with _on_nodes(placed, tmp_path / "cloud"):
        assert placed.replicas
        for path in placed.replicas:
            placed.settle(path)
        annotated = {"spec": {"template": {"metadata": {"annotations": {"example.jp/rolled": "1"}}}}}
        for path in placed.replicas:
            server.request("PATCH", path, {}, annotated, "application/merge-patch+json")
            placed.settle(path)
        assert placed.unplaced() == placed.elsewhere


def test_a_pod_without_room_is_seen(server: ApiServer, copies: None, tmp_path: Path) -> None:
    placed = Placed(server, bundle("private"), fewer=1)
    with _on_nodes(placed, tmp_path / "cloud"):
        lacking = "Insufficient cpu"
        wait_until(lambda: any(lacking in why for why in placed.waiting().values()), "everything has room on one node")
