"""The stand-in for Karpenter's nodes: which pods they are for, and what they are."""

from pathlib import Path
from typing import Any, Final, cast

import pytest

from harness.engine.store import Resource, Store
from rehearsal.engine.refusals import uses
from rehearsal.simulation import karpenter
from rehearsal.simulation.api_server import Answer, ApiServer, Object, RefusedError

TAINT: Final = {"key": "team", "value": "a", "effect": "NoSchedule"}
ZONES: Final = ("ap-northeast-1a", "ap-northeast-1c")


class _Cluster:
    """An API server with pods that have no node."""

    def __init__(self, *pods: Object) -> None:
        self.pods = pods
        self.nodes: list[Object] = []

    def request(self, _method: str, path: str, _query: object = None) -> Answer:
        return Answer({"items": list(self.pods) if path.endswith("pods") else self.nodes}, ())

    def create(self, node: Object) -> None:
        self.nodes.append(node)


def _pool(name: str, *taints: Object, weight: int = 1) -> Object:
    requirements = [
        {"key": "kubernetes.io/arch", "operator": "In", "values": ["arm64", "amd64"]},
        {"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": ["5"]},
    ]
    template = {"metadata": {"labels": {"role": name}}, "spec": {"requirements": requirements, "taints": list(taints)}}
    return {"metadata": {"name": name}, "spec": {"weight": weight, "template": template}}


def _pod(*, reason: str = "Unschedulable", **spec: Any) -> Object:
    return {"spec": spec, "status": {"conditions": [{"type": "PodScheduled", "status": "False", "reason": reason}]}}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A fake cloud with subnets in two zones."""
    found = Store(tmp_path)
    with found.change() as cloud:
        for zone in ZONES:
            cloud.add(Resource(uses.SUBNET, zone, {}, {"availabilityZone": zone}))
    return found


@pytest.mark.parametrize(
    ("pod", "launched"),
    [
        (_pod(), "general"),
        (_pod(nodeSelector={"kubernetes.io/arch": "arm64"}), "general"),
        (_pod(tolerations=[TAINT]), "reserved"),
        (_pod(tolerations=[{"operator": "Exists"}]), "reserved"),
        (_pod(tolerations=[{**TAINT, "value": "b"}]), "general"),
        (_pod(tolerations=[{**TAINT, "effect": "NoExecute"}]), "general"),
        (_pod(nodeSelector={"role": "operations"}), ""),
        (_pod(reason="SchedulingGated"), ""),
    ],
)
def test_nodes_are_of_the_first_pool_that_takes_the_pod(pod: Object, launched: str, store: Store) -> None:
    cluster = _Cluster(pod)
    pools = [_pool("general"), _pool("reserved", TAINT, weight=10)]
    for _ in range(2):  # A second look launches none again.
        with store.look() as cloud:
            karpenter.launch(cast(ApiServer, cluster), pools, cloud)
    assert [it["metadata"]["name"] for it in cluster.nodes] == (
        [f"{launched}-{zone}" for zone in ZONES] if launched else []
    )


def test_a_node_is_what_its_pool_says() -> None:
    made = karpenter.node(_pool("general", TAINT), ZONES[1])
    assert made["spec"]["taints"] == [TAINT]
    assert made["metadata"]["labels"] == {
        "role": "general",
        "karpenter.sh/nodepool": "general",
        "kubernetes.io/arch": "arm64",
        "kubernetes.io/os": "linux",
        "kubernetes.io/hostname": "general-ap-northeast-1c",
        "topology.kubernetes.io/zone": "ap-northeast-1c",
        "topology.kubernetes.io/region": "ap-northeast-1",
    }


class _Drained:
    """An API server with one node of a pool, and a pod on it that stays for a while after its eviction."""

    def __init__(self, *owners: str, allowed: bool = True) -> None:
        self.allowed = allowed
        self.taints: list[Object] = []
        self.nodes = [{"metadata": {"name": "general-1"}, "spec": {"taints": self.taints}}]
        owned = [{"kind": kind} for kind in owners]
        self.pods: list[Object] = [{"metadata": {"name": "web", "namespace": "x", "ownerReferences": owned}}]
        self.evicted = 0

    def request(self, method: str, path: str, _query: object = None, body: Any = None, _type: str = "") -> Answer:
        if method == "POST":
            assert path == "/api/v1/namespaces/x/pods/web/eviction"
            if not self.allowed:
                raise RefusedError(429, "Cannot evict pod as it would violate the pod's disruption budget.")
            self.evicted += 1
            self.pods[0]["metadata"]["deletionTimestamp"] = "now"
        if method == "PATCH":
            self.taints[:] = body["spec"]["taints"]
        if method == "DELETE":
            self.nodes.clear()
        return Answer({"items": self.pods if path.endswith("/pods") else list(self.nodes)}, ())


def _end(cluster: _Drained) -> bool:
    return karpenter.end(cast(ApiServer, cluster), _pool("general"))


def test_a_pool_ends_after_its_nodes_and_a_node_after_its_pods() -> None:
    cluster = _Drained("ReplicaSet")
    assert not _end(cluster)
    assert not _end(cluster)
    assert cluster.taints == [karpenter.DISRUPTED]
    assert (cluster.evicted, len(cluster.nodes)) == (1, 1)
    cluster.pods.clear()
    assert not _end(cluster)
    assert cluster.nodes == []
    assert _end(cluster)


def test_a_budget_that_allows_no_eviction_keeps_the_node() -> None:
    cluster = _Drained("ReplicaSet", allowed=False)
    assert not _end(cluster)
    assert (cluster.evicted, len(cluster.nodes)) == (0, 1)


def test_a_daemon_keeps_no_node() -> None:
    cluster = _Drained("DaemonSet")
    assert not _end(cluster)
    assert (cluster.evicted, cluster.nodes) == (0, [])
