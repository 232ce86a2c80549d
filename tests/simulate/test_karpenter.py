"""The stand-in for Karpenter's nodes: which pods they are for, and what they are."""

from pathlib import Path
from typing import Any, Final, cast

import pytest

from harness.engine.store import Resource, Store
from rehearsal.engine.refusals import uses
from rehearsal.simulation import karpenter
from rehearsal.simulation.api_server import Answer, ApiServer, Object

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
