"""What is said of objects that are being deleted and stay."""

from typing import Any, Final, cast

from rehearsal.simulation.api_server import Answer, ApiServer, Object, RefusedError
from rehearsal.simulation.waiting import waiting

GONE: Final = "/apis/apps/v1/namespaces/kube-system/deployments/karpenter"


def _object(name: str, *finalizers: str, deleted: bool = True, **more: Any) -> Object:
    metadata = {"name": name, "finalizers": list(finalizers), **({"deletionTimestamp": "now"} if deleted else {})}
    return {"metadata": metadata, **more}


class _Server:
    """An API server with NodePools and namespaces, and with a kind that it does not serve now."""

    def __init__(self, *objects: Object, karpenter: bool) -> None:
        self.objects, self.karpenter = objects, karpenter

    def request(self, _method: str, path: str) -> Answer:
        kinds = {"/api/v1": ("Namespace", "namespaces"), "/apis/karpenter.sh/v1": ("NodePool", "nodepools")}
        if path == "/apis":
            return Answer({"groups": [{"preferredVersion": {"groupVersion": "karpenter.sh/v1"}}]}, ())
        if path in kinds:
            kind, name = kinds[path]
            served = [{"kind": kind, "name": name, "verbs": ["list"]}]
            unserved = [{"kind": "NodeClaim", "name": "nodeclaims", "verbs": ["list"]}]
            return Answer({"resources": [*unserved, *served]}, ())
        if path.endswith("nodeclaims"):
            raise RefusedError(429, "storage is (re)initializing")
        if path == GONE:
            if self.karpenter:
                return Answer({}, ())
            raise RefusedError(404, "not found")
        found = [it for it in self.objects if ("status" in it) == path.endswith("namespaces")]
        return Answer({"items": found}, ())


def _said(*objects: Object, karpenter: bool = False) -> list[str]:
    return waiting(cast(ApiServer, _Server(*objects, karpenter=karpenter)))


def test_an_object_waits_for_the_controller_that_is_gone() -> None:
    assert _said(_object("general", "karpenter.sh/termination")) == [
        "NodePool general is being deleted: it waits for Karpenter, whose Deployment kube-system/karpenter is gone,"
        " to remove its finalizer karpenter.sh/termination"
    ]


def test_a_controller_that_runs_is_not_said_to_be_gone() -> None:
    assert _said(_object("general", "karpenter.sh/termination"), karpenter=True) == [
        "NodePool general is being deleted: it waits for Karpenter to remove its finalizer karpenter.sh/termination"
    ]


def test_a_finalizer_that_nobody_here_knows_is_named() -> None:
    assert _said(_object("general", "example.jp/x")) == [
        "NodePool general is being deleted: its finalizer example.jp/x is not removed"
    ]


def test_a_namespace_says_itself_what_is_in_it() -> None:
    remaining = {"type": "NamespaceContentRemaining", "status": "True", "message": "1 resource instances remain"}
    assert _said(_object("x", status={"conditions": [remaining]})) == [
        "Namespace x is being deleted: 1 resource instances remain"
    ]


def test_what_is_not_being_deleted_waits_for_nothing() -> None:
    assert _said(_object("general", "karpenter.sh/termination", deleted=False)) == []
