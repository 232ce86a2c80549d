"""What controllers do that cannot run here: the AWS Load Balancer Controller, Karpenter, the kubelets' registration.

Each is a stand-in. It works as long as a Deployment of its chart has a pod that is ready, and it holds its objects by
the finalizer of the real one: an object that outlives its controller is never deleted, as on AWS.
"""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Final

from harness.engine.store import Cloud, Resource, Store
from harness.kind import Context
from rehearsal.cloud import MODEL
from rehearsal.engine.refusals import follow, uses
from rehearsal.engine.refusals.cluster import INGRESS
from rehearsal.simulation import karpenter, kubelets, nodes
from rehearsal.simulation.api_server import ApiServer, Object, RefusedError, find, has_ready_pods, merge

INTERVAL: Final = 0.2
"""Seconds between two looks at the cluster and at the fake cloud."""


@dataclass(frozen=True)
class Served:
    """A kind of object that a controller serves.

    path: of the objects of all namespaces. controller: its name. deployment: the path of its Deployment. finalizer: the
    one that the controller puts on its objects. status: what it reports of an object. serves: whether an object is its.
    """

    path: str
    controller: str
    deployment: str
    finalizer: str
    status: Callable[[Object, str], Object]
    serves: Callable[[Object], bool] = lambda _: True


def _ready(kind: Object, _hostname: str) -> Object:
    condition = {
        "type": "Ready",
        "status": "True",
        "reason": "Ready",
        "message": "",
        "lastTransitionTime": kind["metadata"]["creationTimestamp"],
    }
    return {"conditions": [condition]}


def _balancer(_ingress: Object, hostname: str) -> Object:
    return {"loadBalancer": {"ingress": [{"hostname": hostname}]}}


_POOLS: Final = "/apis/karpenter.sh/v1/nodepools"
KARPENTER: Final = "/apis/apps/v1/namespaces/kube-system/deployments/karpenter"

SERVED: Final = (
    # https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/main/pkg/ingress/finalizer.go
    Served(
        "/apis/networking.k8s.io/v1/ingresses",
        "the AWS Load Balancer Controller",
        "/apis/apps/v1/namespaces/kube-system/deployments/aws-load-balancer-controller",
        "ingress.k8s.aws/resources",
        _balancer,
        lambda ingress: ingress["spec"].get("ingressClassName") == "alb",
    ),
    # https://github.com/aws/karpenter-provider-aws/blob/main/pkg/apis/v1/labels.go (TerminationFinalizer)
    Served(
        "/apis/karpenter.k8s.aws/v1/ec2nodeclasses", "Karpenter", KARPENTER, "karpenter.k8s.aws/termination", _ready
    ),
    # https://github.com/kubernetes-sigs/karpenter/blob/main/pkg/apis/v1/labels.go
    Served(_POOLS, "Karpenter", KARPENTER, "karpenter.sh/termination", _ready),
)


class StandIns:
    """All stand-ins of one simulated cluster.

    store: the fake cloud. account: of AWS. log: what they did, a line each. failures: what the API server refused them.
    looks: how often they have looked at everything.
    """

    def __init__(self, server: ApiServer, store: Store, account: str) -> None:
        self.server: Final = server
        self.store: Final = store
        self.account: Final = account
        self.log: Final[list[str]] = []
        self.failures: Final[list[str]] = []
        self.looks = 0
        self.lost_zones: frozenset[str] = frozenset()
        """Zones that are down: there are no nodes of node groups in them."""
        self.start_pods = True
        """Whether kubelets start pods: without it, what waits for a pod that becomes ready stays in the middle."""

    def work(self) -> None:
        """Do once what there is to do."""
        with self.store.look() as cloud:
            nodes.reconcile(self.server, cloud, self.lost_zones)
            cluster = next((str(it.get("name")) for it in cloud.of(uses.CLUSTER)), "")
        if self.start_pods:
            kubelets.start(self.server)
        self._launch()
        for served in SERVED:
            waiting = [it for it in self._objects(served.path) if served.serves(it) and self._is_waiting(it, served)]
            if waiting and has_ready_pods(self.server, served.deployment):
                for item in waiting:
                    self._serve(item, served, cluster)
        self.looks += 1

    def _launch(self) -> None:
        pools = [it for it in self._objects(_POOLS) if not it["metadata"].get("deletionTimestamp")]
        if pools and has_ready_pods(self.server, KARPENTER):
            with self.store.look() as cloud:
                launched = karpenter.launch(self.server, pools, cloud)
            self.log.extend(f"launched {name}" for name in launched)

    def _objects(self, path: str) -> list[Object]:
        return list((find(self.server, path) or {"items": []})["items"])

    def _is_waiting(self, item: Object, served: Served) -> bool:
        metadata = item["metadata"]
        if metadata.get("deletionTimestamp"):
            return served.finalizer in metadata.get("finalizers", [])
        return served.finalizer not in metadata.get("finalizers", [])

    def _serve(self, item: Object, served: Served, cluster: str) -> None:
        metadata = item["metadata"]
        namespace = f"namespaces/{metadata['namespace']}/" if metadata.get("namespace") else ""
        version, _, plural = served.path.rpartition("/")
        path = f"{version}/{namespace}{plural}/{metadata['name']}"
        gone = bool(metadata.get("deletionTimestamp"))
        finalizers = metadata.get("finalizers", [])
        if gone and served.path == _POOLS and not karpenter.end(self.server, item):
            return
        hostname = self._in_aws(item, cluster, gone=gone) if served.status is _balancer else ""
        if gone:
            merge(self.server, path, {"metadata": {"finalizers": [it for it in finalizers if it != served.finalizer]}})
        else:
            merge(self.server, path, {"metadata": {"finalizers": [*finalizers, served.finalizer]}})
            merge(self.server, f"{path}/status", {"status": served.status(item, hostname)})
        self.log.append(f"{'released' if gone else 'served'} {path}")

    def _in_aws(self, ingress: Object, cluster: str, *, gone: bool) -> str:
        """Make or remove in the fake cloud what the controller makes for an Ingress; return the host name."""
        with self.store.change() as cloud:
            id_ = f"{ingress['metadata']['namespace']}/{ingress['metadata']['name']}"
            found = cloud.existing(INGRESS, id_, cluster)
            if gone:
                if found:
                    cloud.remove(found)
                    follow("delete", found, cloud)
                return ""
            if found is None:
                found = self._added(ingress, id_, cluster, cloud)
                follow("create", found, cloud)
            return str(found.get("status.loadBalancer.ingress.hostname"))

    def _added(self, ingress: Object, id_: str, cluster: str, cloud: Cloud) -> Resource:
        subnet = next(iter(cloud.of(uses.SUBNET)))
        region = str(subnet.get("availabilityZone"))[:-1]
        inputs = {key: ingress[key] for key in ("metadata", "spec")}
        context = Context(self.account, region, cloud, {}, id=id_, seed=f"{cluster}/{id_}")
        outputs = MODEL.kind_of(INGRESS).settle(inputs, context)
        added = cloud.add(Resource(INGRESS, id_, inputs, outputs, cluster, seed=context.seed))
        return replace(added, outputs=outputs)


@contextmanager
def working(stand_ins: StandIns) -> Iterator[None]:
    """Let the stand-ins work until the end of the block; raises RuntimeError at its end if they failed before."""
    ended = threading.Event()
    broken: list[Exception] = []

    def work() -> None:
        while not ended.wait(INTERVAL):
            try:
                stand_ins.work()
            except (RefusedError, OSError, http.client.HTTPException, json.JSONDecodeError) as error:
                # Somebody else changed the object meanwhile: the next look sees it as it is.
                stand_ins.failures.append(str(error))
            except Exception as error:  # the block is told what ended them
                broken.append(error)
                return

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if broken:
            raise RuntimeError(f"the stand-ins ended early: {broken[0]!r}") from broken[0]
