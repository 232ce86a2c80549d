"""The control plane of a simulation: API server, controllers and scheduler are real, what runs pods is kwok.

kwok says of each node that it is ready and of each pod that it runs; no container is started, so nothing answers at a
pod's address. The API server therefore calls no webhook of a chart. https://kwok.sigs.k8s.io/docs/user/configuration/
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from harness.build import build
from rehearsal.simulation.api_server import ApiServer, process, running, wait_until
from tools.build import KWOK, kube_controller_manager, kube_scheduler

WEBHOOKS: Final = "MutatingAdmissionWebhook,ValidatingAdmissionWebhook"
"""Admission plugins that are off: the charts' webhooks are in pods, and no pod answers."""

NAMESPACES: Final = ("default", "kube-node-lease", "kube-public", "kube-system")
"""https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/#initial-namespaces"""

IN_EACH_NAMESPACE: Final = (("serviceaccounts", "default"), ("configmaps", "kube-root-ca.crt"))
"""What controllers create in each namespace: the plural of the kind, and the name."""

STAGES: Final = Path(__file__).resolve().with_name("stages.yaml")


@contextmanager
def control_plane(folder: Path, minor: str) -> Iterator[ApiServer]:
    """Run the control plane of a Kubernetes minor ("1.36") in a folder; raises NoToolError where a program is missing.

    It is as EKS gives it: with the namespaces and roles that Kubernetes has by itself, and no node.
    """
    key = folder / "certificates" / "apiserver.key"
    with ExitStack() as stack:
        server = stack.enter_context(running(folder, minor, without=WEBHOOKS))
        kubeconfig = folder / "kubeconfig.json"
        kubeconfig.write_text(json.dumps(administrator(server)))
        alone = ("--kubeconfig", kubeconfig, "--leader-elect=false", "--secure-port", "0")
        # A certificate of the server's signs itself: to a pod it is the cluster's authority.
        accounts = ("--service-account-private-key-file", key, "--root-ca-file", server.certificate)
        for command in (
            (build(kube_controller_manager(minor)), *alone, *accounts, "--use-service-account-credentials=true"),
            (build(kube_scheduler(minor)), *alone),
            # Without leases the controllers take a node for lost after 50 seconds, and its pods for not ready.
            (
                *(build(KWOK), "--kubeconfig", kubeconfig, "--config", STAGES, "--manage-all-nodes=true"),
                *("--node-lease-duration-seconds", "40"),
            ),
        ):
            stack.enter_context(process(folder / f"{command[0].name}.log", *command))
        wait_until(lambda: not awaited(server), lambda: f"controllers have not created {sorted(awaited(server))}")
        yield server


def administrator(server: ApiServer) -> dict[str, object]:
    """Return the kubeconfig of an administrator of the simulated cluster; it has the token."""
    cluster = {"server": server.url, "certificate-authority": str(server.certificate)}
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "simulated", "cluster": cluster}],
        "users": [{"name": "administrator", "user": {"token": server.token}}],
        "contexts": [{"name": "simulated", "context": {"cluster": "simulated", "user": "administrator"}}],
        "current-context": "simulated",
    }


def awaited(server: ApiServer) -> set[str]:
    """Return what controllers create in each namespace, and have not yet: a snapshot taken before would miss it.

    https://kubernetes.io/docs/concepts/security/service-accounts/#default-service-accounts
    https://kubernetes.io/docs/reference/access-authn-authz/certificate-signing-requests/#signers (kube-root-ca.crt)
    """
    namespaces = {item["metadata"]["name"] for item in server.request("GET", "/api/v1/namespaces").body["items"]}
    there = {
        (plural, item["metadata"]["namespace"], item["metadata"]["name"])
        for plural, _ in IN_EACH_NAMESPACE
        for item in server.request("GET", f"/api/v1/{plural}").body["items"]
    }
    return {
        f"{plural}/{name} in {namespace}"
        for namespace in namespaces | set(NAMESPACES)
        for plural, name in IN_EACH_NAMESPACE
        if (plural, namespace, name) not in there
    }
