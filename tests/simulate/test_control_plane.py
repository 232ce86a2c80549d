"""A control plane with real controllers: pods run where they may and start when what they need is there."""

import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.store import Resource, Store
from harness.model import EXAMPLE_ACCOUNT
from rehearsal.engine.refusals import uses
from rehearsal.simulation import api_server
from rehearsal.simulation.api_server import ApiServer, Object, RefusedError, wait_until
from rehearsal.simulation.leftovers import objects
from rehearsal.simulation.stand_ins import StandIns, working

pytestmark = [pytest.mark.simulate, pytest.mark.thorough]


GROUP: Final = {
    "nodeGroupName": "operations",
    "amiType": "BOTTLEROCKET_x86_64",
    "capacityType": "ON_DEMAND",
    "instanceTypes": ["m6i.large"],
    "subnetIds": ["subnet-a"],
    "taints": [{"key": "CriticalAddonsOnly", "value": "true", "effect": "NO_SCHEDULE"}],
    "scalingConfig": {"desiredSize": 2},
}


@pytest.fixture
def stand_ins(server: ApiServer, tmp_path: Path) -> Iterator[StandIns]:
    """The stand-ins at work for a cluster with one node group of two nodes."""
    store = Store(tmp_path / "cloud")
    with store.change() as cloud:
        cloud.add(Resource(uses.SUBNET, "subnet-a", {}, {"availabilityZone": "ap-northeast-1a"}))
        cloud.add(Resource(uses.NODE_GROUP, "x:operations", {}, GROUP))
    found = StandIns(server, store, EXAMPLE_ACCOUNT)
    with working(found):
        yield found


def test_what_ends_the_stand_ins_is_told_at_the_end() -> None:
    class Broken(StandIns):
        def __init__(self) -> None:
            self.tried = threading.Event()

        def work(self) -> None:
            self.tried.set()
            raise KeyError("spec")

    stand_ins = Broken()
    with pytest.raises(RuntimeError, match=r"ended early: KeyError\('spec'\)"), working(stand_ins):
        assert stand_ins.tried.wait(60)


def _deployment(name: str, **spec: Any) -> Object:
    labels = {"app": name}
    pod = {"containers": [{"name": "main", "image": "registry.example.jp/main:1"}], **spec}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "kube-system"},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
        },
    }


def _pods(server: ApiServer, name: str) -> list[Object]:
    path = "/api/v1/namespaces/kube-system/pods"
    return list(server.request("GET", path, {"labelSelector": f"app={name}"}).body["items"])


def _condition(pod: Object, type_: str) -> Object:
    return next((it for it in pod["status"].get("conditions", []) if it["type"] == type_), {})


def _ready(server: ApiServer, name: str) -> int:
    found = server.request("GET", f"/apis/apps/v1/namespaces/kube-system/deployments/{name}").body
    return int(found.get("status", {}).get("readyReplicas", 0))


TOLERATES: Final = {"tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}]}


def test_pods_run_where_they_may_and_start_with_what_they_need(server: ApiServer, stand_ins: StandIns) -> None:
    before = objects(server)
    server.create(_deployment("plain", **TOLERATES))
    server.create(_deployment("intolerant"))
    environment = [{"secretRef": {"name": "absent"}}]
    needy = {"containers": [{"name": "main", "image": "registry.example.jp/main:1", "envFrom": environment}]}
    server.create(_deployment("needy", **TOLERATES, **needy))

    wait_until(lambda: _ready(server, "plain") == 2, "the pods of a Deployment are not ready")
    leases = "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"
    wait_until(lambda: len(server.request("GET", leases).body["items"]) == 2, "nodes have no lease: they will be lost")
    wait_until(
        lambda: all(
            _condition(pod, "PodScheduled").get("reason") == "Unschedulable" for pod in _pods(server, "intolerant")
        ),
        "a pod without the toleration has a node",
    )
    said = "not found: secrets/absent"
    wait_until(
        lambda: (
            [_condition(pod, "PodReadyToStartContainers").get("message") for pod in _pods(server, "needy")]
            == [said] * 2
        ),
        "a pod starts without its secret",
    )
    assert _ready(server, "needy") == 0
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "absent", "namespace": "kube-system"}}
    server.create(secret)
    wait_until(lambda: _ready(server, "needy") == 2, "a pod does not start though its secret is there")

    for name in ("plain", "intolerant", "needy"):
        server.delete(_deployment(name))
    server.delete(secret)
    wait_until(
        lambda: not _left(server, before),
        lambda: f"something is left of what was deleted: {sorted(_left(server, before))}",
    )


def _left(server: ApiServer, before: set[str]) -> set[str]:
    """Return what is there and was not `before`, the two nodes and what is theirs apart."""
    return {name for name in objects(server) - before if name.split()[0] not in ("Node", "CSINode")}


def test_an_object_that_outlives_its_controller_stays(server: ApiServer, stand_ins: StandIns) -> None:
    kind = {"plural": "nodepools", "singular": "nodepool", "kind": "NodePool"}
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    version = {"name": "v1", "served": True, "storage": True, "schema": schema, "subresources": {"status": {}}}
    server.define(
        [
            {
                "apiVersion": "apiextensions.k8s.io/v1",
                "kind": "CustomResourceDefinition",
                "metadata": {"name": "nodepools.karpenter.sh"},
                "spec": {"group": "karpenter.sh", "scope": "Cluster", "names": kind, "versions": [version]},
            }
        ]
    )
    pool = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}, "spec": {}}
    controller = _deployment("karpenter", **TOLERATES)
    server.create(controller)
    server.create(pool)

    def finalizers() -> list[str]:
        with suppress(RefusedError):
            return list(server.request("GET", server.path_of(pool)).body["metadata"].get("finalizers", []))
        return []

    wait_until(lambda: finalizers() == ["karpenter.sh/termination"], "the controller does not hold its object")
    server.delete(controller)
    wait_until(lambda: not _pods(server, "karpenter"), "the pods of a deleted Deployment stay")
    server.delete(pool)
    # Of two more looks, the second began after the deletion.
    looks = stand_ins.looks
    wait_until(lambda: stand_ins.looks > looks + 1, "the stand-ins do not work")
    assert finalizers() == ["karpenter.sh/termination"]
    server.create(controller)
    wait_until(lambda: finalizers() == [], "the controller does not let go of its object")


def test_a_client_connects_anew_after_the_server_would_have_ended_the_connection(
    server: ApiServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.request("GET", "/readyz")
    # No time passes here: a connection of which the server's side is closed stands for one that was idle for long.
    connection = server._connection()
    connection.sock.shutdown(socket.SHUT_RDWR)
    monkeypatch.setattr(api_server, "IDLE", -1)
    assert server.request("GET", "/readyz").body == {"message": "ok"}
