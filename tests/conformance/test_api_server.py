"""Everything that is installed, created on a real API server of the cluster's Kubernetes version."""

import copy
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from facts import kinds
from rehearsal.program import ROOT
from rehearsal.simulation.api_server import ApiServer, RefusedError
from tests.conformance.bundles import MANIFESTS, NAMES, Bundle, Object, bundle
from tests.conformance.conftest import Servers
from tests.conformance.installation import Installation, installed
from tests.conformance.pods import workloads
from tests.plans import OWN_PARAMETERS

pytestmark = pytest.mark.upstream


@pytest.fixture(scope="module", params=[*NAMES, *OWN_PARAMETERS])
def installation(request: pytest.FixtureRequest, servers: Servers, helm: Path) -> Iterator[tuple[Bundle, Installation]]:
    """Each bundle on the server, and what the server said."""
    found = bundle(request.param)
    with installed(servers(found.minor), found) as said:
        yield found, said


def test_the_server_has_the_clusters_version(servers: Servers) -> None:
    for minor in {bundle(name).minor for name in NAMES}:
        assert servers(minor).request("GET", "/version").body["gitVersion"].startswith(f"v{minor}.")


def test_the_server_takes_every_object(installation: tuple[Bundle, Installation]) -> None:
    assert installation[1].refusals == []


def test_the_server_warns_of_none(installation: tuple[Bundle, Installation]) -> None:
    assert installation[1].warnings == []


def test_the_server_takes_a_pod_of_every_workload_and_it_is_restricted(
    installation: tuple[Bundle, Installation],
) -> None:
    found, said = installation
    assert workloads(found.objects)
    assert said.pods == []


def test_every_manifest_is_in_a_bundle() -> None:
    files = {path for path in (ROOT / "manifests").rglob("*.yaml") if path.name != "kustomization.yaml"}
    assert {path.parent.relative_to(ROOT / "manifests").as_posix() for path in files} == set(MANIFESTS)


# --- What each of these sees --------------------------------------------------------------------------------------


@pytest.fixture
def server(servers: Servers) -> ApiServer:
    return servers(bundle(NAMES[0]).minor)


def test_the_kinds_and_scopes_are_those_of_the_server(server: ApiServer) -> None:
    groups = {"": "/api/v1"} | {
        group["name"]: f"/apis/{version['groupVersion']}"
        for group in server.request("GET", "/apis").body["groups"]
        for version in group["versions"]
        if group["name"] in kinds.BUILT_IN_GROUPS and version["version"] == kinds.versions(group["name"])[0]
    }
    # What can be kept: not a review, which is only answered.
    found = {
        (group, entry["kind"]): entry["namespaced"]
        for group, path in groups.items()
        for entry in server.request("GET", path).body["resources"]
        if "/" not in entry["name"] and "patch" in entry["verbs"]
    }
    known = {(group, kind) for group in kinds.BUILT_IN_GROUPS for kind in kinds.built_in(group)}
    assert found == {(group, kind): kinds.is_namespaced(group, kind) for group, kind in known}


def _object(name: str, kind: str) -> Object:
    return copy.deepcopy(next(item for item in bundle(name).objects if item["kind"] == kind))


def _with(item: Object, path: str, value: Any) -> Object:
    """Return an object with another value at a path such as "spec.template.spec.hostNetwork"."""
    *above, last = path.split(".")
    node: Any = item
    for key in above:
        node = node[int(key)] if isinstance(node, list) else node[key]
    node[last] = value
    return item


@pytest.mark.parametrize(
    ("kind", "path", "value", "message"),
    [
        ("NodePool", "spec.disruption.consolidateAfter", "soon", "spec.disruption.consolidateAfter"),
        ("NodePool", "spec.template.spec.expireAfer", "1h", "field not declared in schema"),
        # Rules in CEL.
        (
            "NodePool",
            "spec.disruption.budgets",
            [{"nodes": "1", "schedule": "0 9 * * *"}],
            "'schedule' must be set with",
        ),
        ("EC2NodeClass", "spec.role", "both", "must specify exactly one of"),
        ("EC2NodeClass", "metadata.name", "Not a name", "a lowercase RFC 1123 subdomain"),
        ("Ingress", "spec.rules.0.http.paths.0.pathType", "Regex", 'Unsupported value: "Regex"'),
        ("StorageClass", "volumeBindingMode", "Later", 'Unsupported value: "Later"'),
    ],
)
def test_a_wrong_object_is_refused(
    server: ApiServer, helm: Path, kind: str, path: str, value: Any, message: str
) -> None:
    found = bundle("dev")
    broken = _with(_object("dev", kind), path, value)
    with installed(server, Bundle("broken", found.minor, (*_namespaces(found), broken), {}, (), None)) as said:
        (refusal,) = said.refusals
    assert message in refusal


def _namespaces(found: Bundle) -> list[Object]:
    return [item for item in found.objects if item["kind"] == "Namespace"]


def test_what_is_not_there_is_refused(server: ApiServer) -> None:
    for item, message in (
        ({"apiVersion": "example.jp/v1", "kind": "Thing", "metadata": {"name": "x"}}, "404 page not found"),
        ({"apiVersion": "v1", "kind": "Thing", "metadata": {"name": "x"}}, "the server has no Thing in v1"),
        (
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x", "namespace": "nowhere"}},
            'namespaces "nowhere" not found',
        ),
    ):
        with pytest.raises(RefusedError, match=message):
            server.apply(item)


@pytest.mark.parametrize("kind", ["APIService", "PodDisruptionBudget"])
def test_a_version_that_kubernetes_dropped_is_refused(server: ApiServer, kind: str) -> None:
    group = {"APIService": "apiregistration.k8s.io/v1beta1", "PodDisruptionBudget": "policy/v1beta1"}[kind]
    with pytest.raises(RefusedError):
        server.apply({"apiVersion": group, "kind": kind, "metadata": {"name": "x", "namespace": "default"}})


def _pods(server: ApiServer, name: str, kind: str, path: str, value: Any) -> list[str]:
    """Return what the server says of the pods of a bundle in which one thing is wrong."""
    found = bundle(name)
    changed = [
        _with(copy.deepcopy(item), path, value) if item["kind"] == kind and item["metadata"]["name"] in _NAMED else item
        for item in found.objects
    ]
    with installed(server, Bundle("broken", found.minor, tuple(changed), {}, (), None)) as said:
        return said.pods


_NAMED = ("traefik", "karpenter", "hello")


@pytest.mark.parametrize(
    ("name", "path", "value", "messages"),
    [
        # What its namespace enforces is refused, elsewhere the server warns.
        (
            "manifests/hello",
            "spec.template.spec.hostNetwork",
            True,
            ["hello: its pod: POST .*is forbidden: violates Pod"],
        ),
        (
            "dev",
            "spec.template.spec.containers.0.securityContext",
            {"privileged": True},
            [
                "hello: its pod: POST .*is forbidden: violates PodSec",
                "karpenter: its pod: would violate PodSecurity",
                "traefik: its pod: POST .*is forbidden: violates PodSec",
            ],
        ),
        ("manifests/hello", "spec.template.spec.serviceAccountName", "nobody", ['serviceaccount "nobody" not found']),
        ("manifests/hello", "spec.template.spec.priorityClassName", "none", ["no PriorityClass with name none"]),
    ],
)
def test_a_wrong_pod_is_seen(
    server: ApiServer, helm: Path, name: str, path: str, value: Any, messages: list[str]
) -> None:
    said = sorted(_pods(server, name, "Deployment", path, value))
    assert len(said) == len(messages)
    for message, text in zip(messages, said, strict=True):
        assert re.search(message, text), text


def test_an_installation_leaves_nothing_behind(server: ApiServer, helm: Path) -> None:
    before = _everything(server)
    with installed(server, bundle("dev")):
        assert _everything(server) > before
    assert _everything(server) == before


def _everything(server: ApiServer) -> set[str]:
    paths = ("/apis/apps/v1/deployments", "/api/v1/services", "/api/v1/namespaces", "/apis/karpenter.sh/v1/nodepools")
    return {
        f"{path}/{item['metadata']['name']}" for path in paths for item in server.request("GET", path).body["items"]
    }
