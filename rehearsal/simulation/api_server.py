"""A real Kubernetes API server on an etcd of its own, and a client of it. No controller runs unless told otherwise."""

from __future__ import annotations

import http.client
import json
import secrets
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, urlencode

from harness.build import build
from tools.build import ETCD, kube_apiserver

Object = dict[str, Any]

MANAGER: Final = "conformance"
PATIENCE: Final = 300
"""Seconds after which a server that is not ready counts as broken: many times what it takes on a busy machine."""

IDLE: Final = 60
"""Seconds without a request after which a client connects anew, before the server ends the connection after 90.

https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/server/secure_serving.go
"""


class RefusedError(Exception):
    """The API server refused a request. status: the HTTP status; the message is the server's."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """What the API server answered. warnings: those that a user of kubectl would see."""

    body: Object
    warnings: tuple[str, ...]


@dataclass(frozen=True)
class Resource:
    """How the API names a kind: the path of its version, its plural, and whether its objects are in namespaces."""

    version_path: str
    plural: str
    namespaced: bool


class ApiServer:
    """A client of the API server, as a cluster administrator. It may be used by several threads.

    port: of the loopback address. certificate: the file of the authority that the server's certificate is from.
    token: the administrator's. impersonating: headers by which the administrator acts as somebody else.
    """

    def __init__(
        self, port: int, certificate: Path, token: str, impersonating: Mapping[str, str] | None = None
    ) -> None:
        self.port: Final = port
        self.certificate: Final = certificate
        self.token: Final = token
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json", **(impersonating or {})}
        self._local = threading.local()
        self._connections: list[http.client.HTTPSConnection] = []
        self._resources: dict[str, dict[str, Resource]] = {}
        self._others: dict[str, ApiServer] = {}

    @property
    def url(self) -> str:
        """The server's URL."""
        return f"https://127.0.0.1:{self.port}"

    def acting_as(self, user: str, group: str) -> ApiServer:
        """Return a client whose requests are a user's, who is in one group in addition to `system:authenticated`.

        https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/
        """
        if user not in self._others:
            headers = {"Impersonate-User": user, "Impersonate-Group": group}
            self._others[user] = ApiServer(self.port, self.certificate, self.token, headers)
        return self._others[user]

    def apply(self, item: Mapping[str, Any], *, dry_run: bool = False, manager: str = MANAGER) -> Answer:
        """Apply an object on the server's side, strictly; raises RefusedError."""
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict", **_dry(dry_run)}
        return self.request("PATCH", self.path_of(item), query, item, "application/apply-patch+yaml")

    def create(self, item: Mapping[str, Any], *, dry_run: bool = False) -> Answer:
        """Create an object, strictly; raises RefusedError."""
        query = {"fieldManager": MANAGER, "fieldValidation": "Strict", **_dry(dry_run)}
        collection = self.path_of({**item, "metadata": {**item["metadata"], "name": ""}}).rstrip("/")
        return self.request("POST", collection, query, item)

    def delete(self, item: Mapping[str, Any]) -> None:
        """Delete an object, and nothing that depends on it; a namespace must be empty."""
        path = self.path_of(item)
        if item["kind"] == "Namespace":
            self.request("DELETE", self.path_of(_default_account(item["metadata"]["name"])))
        self.request("DELETE", path, {}, {"propagationPolicy": "Background", "gracePeriodSeconds": 0})
        if item["kind"] == "Namespace":
            gone = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": item["metadata"]["name"]}}
            self.request("PUT", f"{path}/finalize", {}, {**gone, "spec": {"finalizers": []}})

    def path_of(self, item: Mapping[str, Any]) -> str:
        """Return an object's path; raises RefusedError for a kind that the server does not have."""
        resource = self._resource(item["apiVersion"], item["kind"])
        metadata = item["metadata"]
        namespace = f"/namespaces/{metadata['namespace']}" if resource.namespaced else ""
        return f"{resource.version_path}{namespace}/{resource.plural}/{quote(metadata['name'])}"

    def define(self, definitions: Iterable[Object]) -> None:
        """Install custom resource definitions, and wait until their kinds are served."""
        found = list(definitions)
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(self.apply, found))
        for definition in found:
            self._await_definition(definition)
        self._resources.clear()

    def namespace(self, item: Mapping[str, Any]) -> Answer:
        """Apply a namespace, and put into it what controllers would; raises RefusedError.

        Whatever its labels enforce, the server warns of pods in it that are not `restricted`.
        """
        answer = self.apply(item)
        name = item["metadata"]["name"]
        warn = {"pod-security.kubernetes.io/warn": "restricted"}
        labelled = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": warn}}
        self.apply(labelled, manager=f"{MANAGER}-warnings")
        self.apply(_default_account(name))
        return answer

    def request(
        self,
        method: str,
        path: str,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        content_type: str = "application/json",
    ) -> Answer:
        """Send a request; raises RefusedError unless it succeeds."""
        connection = self._connection()
        if time.monotonic() - getattr(self._local, "used", 0) > IDLE:
            connection.close()
        target = f"{path}?{urlencode(query)}" if query else path
        data = None if body is None else json.dumps(body)
        try:
            connection.request(method, target, data, {**self._headers, "Content-Type": content_type})
            response = connection.getresponse()
            text = response.read().decode()
            self._local.used = time.monotonic()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise
        answer = json.loads(text) if text.startswith("{") else {"message": text}
        if response.status >= 400:
            raise RefusedError(response.status, f"{method} {path}: {answer.get('message', text)}")
        warnings = response.headers.get_all("Warning") or []
        return Answer(answer, tuple(warning.partition('"')[2].rstrip('"') for warning in warnings))

    def _connection(self) -> http.client.HTTPSConnection:
        if not hasattr(self._local, "connection"):
            context = ssl.create_default_context(cafile=self.certificate)
            self._local.connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=60, context=context)
            self._connections.append(self._local.connection)
        connection: http.client.HTTPSConnection = self._local.connection
        return connection

    def _resource(self, version: str, kind: str) -> Resource:
        if version not in self._resources:
            path = f"/apis/{version}" if "/" in version else f"/api/{version}"
            self._resources[version] = {
                entry["kind"]: Resource(path, entry["name"], entry["namespaced"])
                for entry in self.request("GET", path).body["resources"]
                if "/" not in entry["name"]
            }
        if kind not in self._resources[version]:
            raise RefusedError(404, f"the server has no {kind} in {version}")
        return self._resources[version][kind]

    def _await_definition(self, definition: Object) -> None:
        spec = definition["spec"]
        for version in spec["versions"]:
            if version["served"]:
                path = f"/apis/{spec['group']}/{version['name']}/{spec['names']['plural']}"
                wait_until(partial(self._answers, path), f"{path} is not served")

    def _answers(self, path: str) -> bool:
        with suppress(RefusedError, OSError, http.client.HTTPException):
            self.request("GET", path, {"limit": "1"})
            return True
        return False

    def close(self) -> None:
        """Close the connections of all threads."""
        for connection in self._connections:
            connection.close()
        for other in self._others.values():
            other.close()


def _default_account(namespace: str) -> Object:
    """Return the service account that a controller puts into each namespace, and without which there are no pods."""
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": namespace}}


def _dry(dry_run: bool) -> dict[str, str]:
    return {"dryRun": "All"} if dry_run else {}


@contextmanager
def running(folder: Path, minor: str, *, without: str = "StorageObjectInUseProtection") -> Iterator[ApiServer]:
    """Run the API server of a Kubernetes minor, with its etcd, in a folder; raises NoToolError where there is none.

    without: the admission plugins that are off. That one's finalizers stay where no controller takes them off.
    """
    etcd, server = build(ETCD), build(kube_apiserver(minor))
    client_port, peer_port, port = free_ports(3)
    token = secrets.token_hex(16)
    (folder / "tokens").write_text(f"{token},administrator,1,system:masters\n")
    store = f"http://127.0.0.1:{client_port}"
    peer = f"http://127.0.0.1:{peer_port}"
    certificates = folder / "certificates"
    with (
        process(
            folder / "etcd.log",
            etcd, "--data-dir", folder / "etcd", "--unsafe-no-fsync", "--log-level", "warn",
            "--listen-client-urls", store, "--advertise-client-urls", store, "--listen-peer-urls", peer,
            "--initial-advertise-peer-urls", peer, "--initial-cluster", f"default={peer}",
        ) as database,
        process(
            folder / "kube-apiserver.log",
            server, "--etcd-servers", store, "--bind-address", "127.0.0.1", "--secure-port", str(port),
            "--cert-dir", certificates, "--token-auth-file", folder / "tokens", "--authorization-mode", "RBAC",
            "--service-cluster-ip-range", "10.100.0.0/16", "--endpoint-reconciler-type", "none",
            # The key that the server makes for its own certificate serves for tokens too.
            "--service-account-issuer", "https://kubernetes.default.svc",
            "--service-account-key-file", certificates / "apiserver.key",
            "--service-account-signing-key-file", certificates / "apiserver.key",
            # As on EKS: what keeps privileged pods out is Pod Security, not this.
            "--allow-privileged=true",
            "--disable-admission-plugins", without,
        ) as api,
    ):  # fmt: skip
        certificate = certificates / "apiserver.crt"
        client = ApiServer(port, certificate, token)

        def ready() -> bool:
            for running_, log in ((database, "etcd.log"), (api, "kube-apiserver.log")):
                if running_.poll() is not None:
                    raise RuntimeError(f"it ended: {_end_of(folder / log)}")
            return certificate.exists() and client._answers("/readyz")

        try:
            wait_until(ready, lambda: f"the API server is not ready: {_end_of(folder / 'kube-apiserver.log')}")
            yield client
        finally:
            client.close()


def _end_of(log: Path) -> str:
    return log.read_text()[-2000:]


@contextmanager
def process(log: Path, *command: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program, what it prints in a file, until the end of the block, and then kill it."""
    with log.open("wb") as output, subprocess.Popen(command, stdout=output, stderr=output) as started:
        try:
            yield started
        finally:
            # There is nothing to save. The context waits for the end, the one that was started first being the last.
            started.kill()


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback address that nobody listens on."""
    with_sockets = [socket.socket() for _ in range(count)]
    for found in with_sockets:
        found.bind(("127.0.0.1", 0))
    ports = [int(found.getsockname()[1]) for found in with_sockets]
    for found in with_sockets:
        found.close()
    return ports


def find(server: ApiServer, path: str) -> Object | None:
    """Return what is at a path; None where there is nothing, or no such kind at the moment."""
    try:
        return server.request("GET", path).body
    except RefusedError as error:
        if error.status == 404:
            return None
        raise


def merge(server: ApiServer, path: str, change: Mapping[str, Any]) -> None:
    """Merge a change into what is at a path; raises RefusedError where there is nothing.

    https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/
    """
    server.request("PATCH", path, {}, change, "application/merge-patch+json")


def has_ready_pods(server: ApiServer, deployment: str) -> bool:
    """Return whether a Deployment, by its path, exists and has a ready pod."""
    found = find(server, deployment) or {}
    return bool(found.get("status", {}).get("readyReplicas"))


def wait_until(
    condition: Callable[[], object], otherwise: str | Callable[[], str], *, seconds: float = PATIENCE
) -> None:
    """Ask until the condition returns something true; raises TimeoutError, with the text `otherwise`, in vain."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(otherwise if isinstance(otherwise, str) else otherwise())
        time.sleep(0.05)
