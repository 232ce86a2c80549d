"""What a tenant tries on the API server is refused, and what the neighbour does goes through.

The policies, roles and namespaces are those that the stack prod installs: of the team `shop`, of the team `billing`,
which has a repository of its own, and of a namespace that `teamNamespaces` makes. Real: the API server, its CEL, its
admission, RBAC. Stand-ins: who somebody is comes from impersonation and not from IAM; no controller runs, so the test
itself gathers the rules of `edit` from its parts and starts the count of a quota; the rules of Argo CD's projects are
asked of `app_project`, which has them from Argo CD's source. Requests are dry runs: the server decides about them as
about any other.
"""

import copy
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from components.delivery.gitops import PLATFORM_GROUPS
from facts import admission_policies
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.program import ROOT
from rehearsal.simulation.api_server import ApiServer, RefusedError, running, wait_until
from tests.conformance import app_project, bundles
from tests.conformance.conftest import unless_built
from tests.plans import run_program
from tools.build import HELM, kube_apiserver

pytestmark = pytest.mark.upstream

Object = dict[str, Any]
STACK: Final = "prod"
OURS: Final = "app-shop"
BARE: Final = "by-hand"
"""A namespace that was there before the policies, without a level of Pod Security."""
ARGO_CD: Final = "argocd.example.jp"

# --- Who ----------------------------------------------------------------------------------------------------------

DEVELOPER: Final = ("developer@example.jp", "team:shop")
"""In the group of the principals of the team that has the namespace."""
CONTROLLER: Final = ("system:serviceaccount:argocd:argocd-application-controller", "system:serviceaccounts:argocd")
POD: Final = (f"system:serviceaccount:{OURS}:default", f"system:serviceaccounts:{OURS}")
"""A service account that a team gave all that it may give."""
WHO: Final = {"developer": DEVELOPER, "argo cd": CONTROLLER, "service account": POD}
NEIGHBOUR: Final = ("neighbour@example.jp", "team-orders")
"""An editor of another namespace."""
EKS_EDITOR: Final = ("editor@example.jp", "eks-edit")
"""Who has `role: edit` and no group: what AmazonEKSEditPolicy lists is what Kubernetes begins its role `edit` with.

https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html#access-policy-permissions-amazoneksedit"""

RBAC: Final = "rbac.authorization.k8s.io"


def _binding(name: str, role: str, who: tuple[str, str], namespace: str) -> Object:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": name, "namespace": namespace},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": role},
        "subjects": [{"kind": "Group", "name": who[1], "apiGroup": RBAC}],
    }


def _by_hand() -> list[Object]:
    """Return the rights that the stack does not give: those of pods, of Argo CD, and in a namespace made by hand."""
    everything = {
        "apiVersion": f"{RBAC}/v1",
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "argo-cd"},
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": "cluster-admin"},
        "subjects": [{"kind": "ServiceAccount", "name": "argocd-application-controller", "namespace": "argocd"}],
    }
    begun = ("system:aggregate-to-view", "system:aggregate-to-edit")
    return [
        everything,
        _binding("pods", "admin", POD, OURS),
        *(_binding(f"by-hand-{who[1].rpartition(':')[2]}", "admin", who, BARE) for who in (DEVELOPER, POD)),
        *(_binding(role.replace(":", "-"), role, EKS_EDITOR, OURS) for role in begun),
    ]


def _gather(server: ApiServer) -> None:
    """Put the rules of each role into those that gather them, as a controller does, which does not run here."""
    path = f"/apis/{RBAC}/v1/clusterroles"
    for name in ("view", "edit", "admin"):
        roles = server.request("GET", path).body["items"]
        (wanted,) = next(it for it in roles if it["metadata"]["name"] == name)["aggregationRule"][
            "clusterRoleSelectors"
        ]
        rules = [
            rule
            for it in roles
            if wanted["matchLabels"].items() <= it["metadata"].get("labels", {}).items()
            for rule in it["rules"] or ()
        ]
        server.request("PATCH", f"{path}/{name}", {}, {"rules": rules}, "application/merge-patch+json")


# --- Where --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A server of its own, on which the policies of the stack hold."""
    minor = bundles.minor_below(STACK)
    unless_built(kube_apiserver(minor))
    with running(tmp_path_factory.mktemp("tenants"), minor) as found:
        found.define(item for item in bundles.upstream_definitions() if item["spec"]["group"] in GROUPS)
        for name in (BARE, "argocd"):
            found.namespace({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        given = sorted((*_of("Teams"), *_by_hand()), key=lambda item: item["kind"] != "Namespace")
        for item in (*given, *OLD, *_of("Admission"), *_sentinel()):
            (found.namespace if item["kind"] == "Namespace" else found.apply)(item)
            if item["kind"] == "ResourceQuota":
                # A controller counts; until it has, the server refuses everything that the quota speaks of.
                status = {"hard": item["spec"]["hard"], "used": dict.fromkeys(item["spec"]["hard"], "0")}
                path = f"{found.path_of(item)}/status"
                found.request("PATCH", path, {}, {"status": status}, "application/merge-patch+json")
        _gather(found)
        wait_until(lambda: bool(_refusal(found, _config_map(SENTINEL))), "no policy holds")
        yield found


GROUPS: Final = frozenset({"traefik.io", "gateway.networking.k8s.io", "external-secrets.io"})
SENTINEL: Final = "sentinel"


@cache
def _plan() -> Plan:
    """Return the stack with routes of the Gateway API, and with the namespace of examples/app-team, made by hand."""
    teams = {"app-orders": {"editors": [NEIGHBOUR[1]], "quota": {"loadBalancers": 0}}}
    return run_program(STACK, config={"traefik": {"gatewayApi": True}, "teamNamespaces": teams})


def _of(component: str) -> list[Object]:
    """Return the objects of a component of the stack."""
    plan = _plan()
    above = plan.one(type=f"eks-platform:index:{component}")
    found = [dict(reveal(entry.inputs)) for entry in plan.children(above)]
    assert found
    return [_typed(entry.type, item) for entry, item in zip(plan.children(above), found, strict=True)]


def _typed(token: str, item: Object) -> Object:
    """Return an object with what Pulumi's classes put into the type alone."""
    version, kind = token.removeprefix("kubernetes:").rsplit(":", 1)
    return {"apiVersion": version.removeprefix("core/"), "kind": kind, **item}


def _sentinel() -> list[Object]:
    """Return a policy that was made last: where it holds, the others do."""
    check = admission_policies.Check(f"object.metadata.name != '{SENTINEL}'", "it holds")
    policy = admission_policies.Policy(SENTINEL, "", "", ("/configmaps",), (check,))
    return admission_policies.as_objects(policy, admission_policies.Guard(), ["Deny"])


def _config_map(name: str) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": OURS}}


def _refusal(server: ApiServer, item: Mapping[str, Any]) -> str:
    """Return why the server refuses an object; "" where it takes it."""
    try:
        server.apply(item, dry_run=True)
    except RefusedError as error:
        return str(error)
    return ""


# --- What ---------------------------------------------------------------------------------------------------------


def _namespace(name: str, **labels: str) -> Object:
    named = {f"pod-security.kubernetes.io/{key.replace('_', '-')}": value for key, value in labels.items()}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": named}}


def _spec(container: Mapping[str, Any] | None = None, **changes: Any) -> Object:
    safe = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
    return {
        "securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containers": [{"name": "web", "image": "web:1", "securityContext": safe, **(container or {})}],
        **changes,
    }


def _pod(container: Mapping[str, Any] | None = None, namespace: str = BARE, **changes: Any) -> Object:
    """Return a pod; without anything else, one in a namespace without a level of Pod Security."""
    metadata = {"name": "web", "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": _spec(container, **changes)}


def _deployment(container: Mapping[str, Any] | None = None, name: str = "web", **changes: Any) -> Object:
    labels = {"app": "web"}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": OURS},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": _spec(container, **changes)},
        },
    }


def _cron_job(**changes: Any) -> Object:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "web", "namespace": OURS},
        "spec": {
            "schedule": "@daily",
            "jobTemplate": {"spec": {"template": {"spec": _spec(restartPolicy="Never", **changes)}}},
        },
    }


def _object(version: str, kind: str, spec: Object, name: str = "web", **annotations: str) -> Object:
    named = {key.replace("__", "/").replace("_", "."): value for key, value in annotations.items()}
    metadata: Object = {"name": name, "namespace": OURS, **({"annotations": named} if named else {})}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, "spec": spec}


def _annotated(item: Object, annotation: str, value: str) -> Object:
    changed = copy.deepcopy(item)
    changed["metadata"].setdefault("annotations", {})[annotation] = value
    return changed


def _service(name: str = "web", **changes: Any) -> Object:
    return _object("v1", "Service", {"ports": [{"port": 80}], "selector": {"app": "web"}, **changes}, name)


def _nlb(cls: str = "service.k8s.aws/nlb") -> Object:
    return _service(type="LoadBalancer", loadBalancerClass=cls)


def _route(match: str, **changes: Any) -> Object:
    services = [{"name": "web", "port": 80}]
    return _object(
        "traefik.io/v1alpha1",
        "IngressRoute",
        {"entryPoints": ["web"], "routes": [{"kind": "Rule", "match": match, "services": services, **changes}]},
    )


def _ingress(host: str | None, cls: str = "traefik", **changes: Any) -> Object:
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    rule = {"http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}
    rules = [{**rule, **({"host": host} if host else {})}]
    return _object("networking.k8s.io/v1", "Ingress", {"ingressClassName": cls, "rules": rules, **changes})


def _http_route(*hosts: str, backend: Mapping[str, Any] | None = None) -> Object:
    return _object(
        "gateway.networking.k8s.io/v1",
        "HTTPRoute",
        {
            "parentRefs": [{"name": "traefik-gateway", "namespace": "traefik"}],
            **({"hostnames": list(hosts)} if hosts else {}),
            "rules": [{"backendRefs": [backend or {"name": "web", "port": 80}]}],
        },
    )


API: Final = {"name": "api@internal", "kind": "TraefikService"}
API_OF_GATEWAY: Final = {**API, "group": "traefik.io", "port": 80}


def _filtered(**content: Object) -> Object:
    """Return an HTTPRoute with one filter."""
    item = _http_route("a.example.jp")
    (kind,) = content
    item["spec"]["rules"][0]["filters"] = [{"type": kind[0].upper() + kind[1:], **content}]
    return item


def _secret(store: str, kind: str = "ClusterSecretStore") -> Object:
    return _object(
        "external-secrets.io/v1",
        "ExternalSecret",
        {
            "secretStoreRef": {"name": store, "kind": kind},
            "target": {"name": "login"},
            "data": [{"secretKey": "password", "remoteRef": {"key": "login"}}],
        },
    )


SUPER: Final = {"securityContext": {"privileged": True}}
INIT: Final = {**SUPER, "name": "first", "image": "first:1"}
SYS_ADMIN: Final = {"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}}
HOST_PATH: Final = [{"name": "node", "hostPath": {"path": "/"}}]
TAINT: Final = "CriticalAddonsOnly"
NODES: Final = "platform.example.jp/role"
AFFINITY: Final = "requiredDuringSchedulingIgnoredDuringExecution"
HOSTNAME: Final = "external-dns.alpha.kubernetes.io/hostname"


def _affinity(operator: str, *values: str) -> Object:
    expression = {"key": NODES, "operator": operator, **({"values": list(values)} if values else {})}
    return {"nodeAffinity": {AFFINITY: {"nodeSelectorTerms": [{"matchExpressions": [expression]}]}}}


# Row of the issue, policy that refuses it, object. Where no policy is named, Pod Security refuses it.
ATTACKS: Final[list[tuple[str, str, str, Object]]] = [
    ("S2", "without a host", "route-hosts", _route("PathPrefix(`/api`)")),
    ("S2", "of a priority", "route-hosts", _route("PathPrefix(`/api`)", priority=1000)),
    ("S2", "with a host in one alternative", "route-hosts", _route("Host(`a.example.jp`) || PathPrefix(`/api`)")),
    ("S2", "for all but a host", "route-hosts", _route("!Host(`a.example.jp`)")),
    ("S2", "for all but a host, in parentheses", "route-hosts", _route("!(Host(`a.example.jp`))")),
    ("S2", "of Argo CD's host", "route-hosts", _route(f"Host(`{ARGO_CD}`) && PathPrefix(`/api`)")),
    ("S2", "of Argo CD's host in capitals", "route-hosts", _route(f"Host(`{ARGO_CD.upper()}`)")),
    ("S2", "of Argo CD's host with a dot", "route-hosts", _route(f"Host(`{ARGO_CD}.`)")),
    ("S2", "of Argo CD's host in quotes", "route-hosts", _route(f'Host("{ARGO_CD}")')),
    ("S2", "of Argo CD's host with an escape", "route-hosts", _route(f'Host("\\x61{ARGO_CD[1:]}")')),
    ("S2", "of Argo CD's host with a carriage return", "route-hosts", _route(f"Host(`{ARGO_CD[:4]}\r{ARGO_CD[4:]}`)")),
    ("S2", "of Argo CD's host as an alternative", "route-hosts", _route(f"Host(`a.jp`) || Host(`{ARGO_CD}`)")),
    ("S2", "of a regular expression", "route-hosts", _route("HostRegexp(`^.+[.]example[.]jp$`)")),
    ("S2", "of a regular expression without a host", "route-hosts", _route("HostRegexp(`.*`) && PathPrefix(`/api`)")),
    ("S2", "in the old syntax", "route-hosts", _route("Host(`a.example.jp`)", syntax="v2")),
    ("S2", "HTTPRoute without a host", "gateway-hosts", _http_route()),
    ("S2", "HTTPRoute of Argo CD's host", "gateway-hosts", _http_route("a.example.jp", ARGO_CD)),
    ("S2", "HTTPRoute of a wildcard", "gateway-hosts", _http_route("*.example.jp")),
    (
        "S2",
        "TCP route of everything",
        "tcp-routes",
        _object(
            "traefik.io/v1alpha1",
            "IngressRouteTCP",
            {"entryPoints": ["web"], "routes": [{"match": "HostSNI(`*`)", "services": [{"name": "web", "port": 80}]}]},
        ),
    ),
    (
        "S3",
        "Traefik's API",
        "route-targets",
        _route("Host(`a.example.jp`)", services=[{"name": "api@internal", "kind": "TraefikService"}]),
    ),
    (
        "S3",
        "a middleware of a file",
        "route-targets",
        _route("Host(`a.example.jp`)", middlewares=[{"name": "login@file"}]),
    ),
    (
        "S3",
        "Traefik's API by a TraefikService",
        "route-targets",
        _object(
            "traefik.io/v1alpha1",
            "TraefikService",
            {"weighted": {"services": [{"name": "api@internal", "kind": "TraefikService"}]}},
        ),
    ),
    (
        "S3",
        "Traefik's API by an HTTPRoute",
        "route-targets",
        _http_route(
            "a.example.jp",
            backend={"group": "traefik.io", "kind": "TraefikService", "name": "api@internal", "port": 80},
        ),
    ),
    (
        "S3",
        "Traefik's API by hashes",
        "route-targets",
        _object("traefik.io/v1alpha1", "TraefikService", {"highestRandomWeight": {"services": [{**API, "weight": 1}]}}),
    ),
    (
        "S3",
        "Traefik's API as a page of errors",
        "route-targets",
        _object("traefik.io/v1alpha1", "Middleware", {"errors": {"status": ["500"], "query": "/", "service": API}}),
    ),
    (
        "S3",
        "a middleware of a file in a chain",
        "route-targets",
        _object("traefik.io/v1alpha1", "Middleware", {"chain": {"middlewares": [{"name": "login@file"}]}}),
    ),
    ("S3", "Traefik's API as a mirror", "route-targets", _filtered(requestMirror={"backendRef": API_OF_GATEWAY})),
    (
        "S3",
        "a middleware of a file by an HTTPRoute",
        "route-targets",
        _filtered(extensionRef={"group": "traefik.io", "kind": "Middleware", "name": "login@file"}),
    ),
    ("S4", "a namespace for privileged pods", "namespaces", _namespace(OURS, enforce="privileged")),
    ("S4", "a namespace with less than its set's level", "namespaces", _namespace("app-new", enforce="baseline")),
    (
        "S4",
        "a namespace with an old standard",
        "namespaces",
        _namespace("app-new", enforce="restricted", enforce_version="v1.0"),
    ),
    ("S4", "a privileged pod", "pods-host", _pod(SUPER)),
    ("S4", "a capability", "pods-host", _pod(SYS_ADMIN)),
    ("S4", "the node's network", "pods-host", _pod(hostNetwork=True)),
    ("S4", "the node's processes", "pods-host", _pod(hostPID=True)),
    ("S4", "the node's files", "pods-host", _pod(volumes=HOST_PATH)),
    ("S4", "the node's port", "pods-host", _pod({"ports": [{"containerPort": 80, "hostPort": 80}]})),
    (
        "S4",
        "a privileged first container",
        "pods-host",
        _pod(initContainers=[INIT]),
    ),
    ("S4", "the node's files of a Deployment", "pods-host", _deployment(volumes=HOST_PATH)),
    ("S4", "the node's files of a CronJob", "pods-host", _cron_job(volumes=HOST_PATH)),
    ("S4", "a system priority", "pods-place", _deployment(priorityClassName="system-node-critical")),
    ("S4", "a system priority of a CronJob", "pods-place", _cron_job(priorityClassName="system-cluster-critical")),
    ("S4", "the taint of operations", "pods-place", _deployment(tolerations=[{"key": TAINT, "operator": "Exists"}])),
    ("S4", "every taint", "pods-place", _deployment(tolerations=[{"operator": "Exists"}])),
    ("S4", "the nodes of operations", "pods-place", _deployment(nodeSelector={NODES: "operations"})),
    ("S4", "the nodes of operations by affinity", "pods-place", _deployment(affinity=_affinity("In", "operations"))),
    ("S4", "the nodes that have the label", "pods-place", _deployment(affinity=_affinity("Exists"))),
    ("S4", "a node by its name", "pods-place", _pod(nodeName="ip-10-30-0-1.ap-northeast-1.compute.internal")),
    ("S6", "an ALB for Argo CD's host", "ingress-hosts", _ingress(ARGO_CD, "alb")),
    ("S6", "an ALB for a wildcard", "ingress-hosts", _ingress("*.example.jp", "alb")),
    (
        "S6",
        "a certificate for Argo CD's host",
        "ingress-hosts",
        _ingress("a.example.jp", tls=[{"hosts": [ARGO_CD]}]),
    ),
    ("S6", "an Ingress without a host", "ingress-hosts", _ingress(None)),
    (
        "S6",
        "an Ingress for all else",
        "ingress-hosts",
        _ingress("a.example.jp", defaultBackend={"service": {"name": "web", "port": {"number": 80}}}),
    ),
    ("S6", "a record by an Ingress", "host-names", _annotated(_ingress("a.example.jp", "alb"), HOSTNAME, ARGO_CD)),
    ("S6", "a record by a Service", "host-names", _annotated(_service(), HOSTNAME, f"a.example.jp, {ARGO_CD}.")),
    ("S6", "a record by a route", "host-names", _annotated(_route("Host(`a.example.jp`)"), HOSTNAME, ARGO_CD)),
    (
        "S6",
        "an ALB in the internet",
        "load-balancers",
        _annotated(_ingress("a.example.jp", "alb"), "alb.ingress.kubernetes.io/scheme", "internet-facing"),
    ),
    ("S7", "another team's secrets", "secret-stores", _secret("orders")),
    (
        "S7",
        "another team's secrets among its own",
        "secret-stores",
        _object(
            "external-secrets.io/v1",
            "ExternalSecret",
            {
                "secretStoreRef": {"name": "elsewhere", "kind": "ClusterSecretStore"},
                "target": {"name": "login"},
                "dataFrom": [
                    {
                        "extract": {"key": "login"},
                        "sourceRef": {"storeRef": {"name": "orders", "kind": "ClusterSecretStore"}},
                    }
                ],
            },
        ),
    ),
    ("S8", "a namespace without a level", "namespaces", _namespace("app-new")),
    ("S8", "a namespace of no set without a level", "namespaces", _namespace("made-by-hand")),
    ("S8", "a privileged pod in a namespace without a level", "pods-host", _pod(SUPER)),
    ("S9", "a Classic Load Balancer", "load-balancers", _service(type="LoadBalancer")),
    (
        "S9",
        "a load balancer of another class",
        "load-balancers",
        _nlb("example.jp/x"),
    ),
    (
        "S9",
        "a load balancer in the internet",
        "load-balancers",
        _annotated(
            _nlb(),
            "service.beta.kubernetes.io/aws-load-balancer-scheme",
            "internet-facing",
        ),
    ),
    ("S9", "an address of somebody else's", "load-balancers", _service(externalIPs=["203.0.113.7"])),
]

NEIGHBOURS: Final[list[tuple[str, str, Object]]] = [
    ("S2", "a host", _route("Host(`a.example.jp`)")),
    ("S2", "a host in quotes", _route('Host("a.example.jp")')),
    ("S2", "a host and paths", _route("Host(`a.example.jp`) && (PathPrefix(`/a`) || PathPrefix(`/b||c`))")),
    ("S2", "a path before the host", _route("PathPrefix(`/a`) && !Method(`GET`) && Host(`a.example.jp`)")),
    ("S2", "two hosts", _route("(Host(`a.example.jp`) || Host(`b.example.jp`)) && PathPrefix(`/a`)")),
    ("S2", "two rules", _route("Host(`a.example.jp`) || Host(`b.example.jp`) && Header(`x`, `y`)")),
    (
        "S2",
        "two levels of parentheses",
        _route("Host(`a.example.jp`) && (Path(`/`) || (PathPrefix(`/a`) && !Query(`b`, `c`)))"),
    ),
    ("S2", "a regular expression", _route("HostRegexp(`^[a-z]+[.]shop[.]example[.]jp$`)")),
    ("S2", "HTTPRoute of a host", _http_route("a.example.jp")),
    ("S2", "HTTPRoute of a wildcard of its own", _http_route("*.shop.example.jp")),
    ("S3", "a middleware of its own", _route("Host(`a.example.jp`)", middlewares=[{"name": "login"}])),
    (
        "S3",
        "a chain and a page of errors of its own",
        _object(
            "traefik.io/v1alpha1",
            "Middleware",
            {"chain": {"middlewares": [{"name": "login"}]}, "errors": {"service": {"name": "web", "port": 80}}},
        ),
    ),
    ("S3", "a mirror of its own", _filtered(requestMirror={"backendRef": {"name": "web", "port": 80}})),
    ("S4", "a Deployment", _deployment()),
    ("S4", "a CronJob", _cron_job()),
    ("S4", "a pod", _pod(namespace=OURS)),
    ("S4", "another taint", _deployment(tolerations=[{"key": "platform.example.jp/batch", "operator": "Exists"}])),
    ("S4", "other nodes", _deployment(nodeSelector={NODES: "batch", "kubernetes.io/arch": "arm64"})),
    ("S4", "all but the nodes of operations", _deployment(affinity=_affinity("NotIn", "operations"))),
    ("S4", "a priority of its own", _deployment(priorityClassName="important")),
    ("S6", "an ALB of its own", _ingress("a.example.jp", "alb")),
    ("S6", "an ALB for every host", _ingress(None, "alb")),
    ("S6", "an Ingress with a host", _ingress("a.example.jp")),
    ("S6", "a record of its own", _annotated(_service(), HOSTNAME, "a.example.jp")),
    ("S7", "its own secrets", _secret("shop")),
    ("S9", "a load balancer for the VPC", _nlb()),
    ("S9", "a Service", _service()),
]

NAMESPACES: Final[list[tuple[str, Object]]] = [
    ("with its set's level", _namespace("app-new", enforce="restricted", enforce_version="v1.36")),
    ("with the newest standard", _namespace("app-new", enforce="restricted", enforce_version="latest")),
    ("of no set", _namespace("made-by-hand", enforce="restricted")),
    ("of the platform", _namespace("traefik")),
    ("of an add-on", _namespace("amazon-cloudwatch", enforce="privileged")),
]

OLD: Final = [
    _service("old", type="LoadBalancer"),
    _deployment(name="old", priorityClassName="system-node-critical"),
]
"""What was there before the policies."""


PLATFORM_KINDS: Final = {"Namespace": "namespaces", "IngressRouteTCP": "ingressroutetcps"}
"""Kinds that nobody may write who is limited to namespaces."""


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize(
    ("policy", "item"), [it[2:] for it in ATTACKS], ids=[f"{row} {what}" for row, what, _, _ in ATTACKS]
)
def test_an_attack_is_refused(server: ApiServer, policy: str, item: Object, who: str) -> None:
    refusal = _refusal(server.acting_as(*WHO[who]), item)
    if item["kind"] in PLATFORM_KINDS and who != "argo cd":
        assert f'cannot patch resource "{PLATFORM_KINDS[item["kind"]]}"' in refusal
    else:
        assert f"ValidatingAdmissionPolicy 'platform-{policy}'" in refusal
        # An expression that fails refuses too, with a message that helps nobody.
        assert "resulted in error" not in refusal


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("item", [it[2] for it in NEIGHBOURS], ids=[f"{row} {what}" for row, what, _ in NEIGHBOURS])
def test_a_neighbour_goes_through(server: ApiServer, item: Object, who: str) -> None:
    assert _refusal(server.acting_as(*WHO[who]), item) == ""


@pytest.mark.parametrize("item", [it[1] for it in NAMESPACES], ids=[what for what, _ in NAMESPACES])
def test_a_namespace_with_its_level_goes_through(server: ApiServer, item: Object) -> None:
    assert _refusal(server.acting_as(*CONTROLLER), item) == ""


# --- Argo CD's project --------------------------------------------------------------------------------------------

# Argo CD's controller may do everything: between a team's repository and the cluster are the AppProject of its set and
# then the admission policies.

SET: Final = "applications"
ELSEWHERE: Final = "https://github.com/somebody-else/applications.git"


def _project(name: str = SET) -> Object:
    projects = _plan().find(type="kubernetes:argoproj.io/v1alpha1:AppProject")
    return next(dict(reveal(it.inputs["spec"])) for it in projects if it.inputs["metadata"]["name"] == name)


def _projects_refusal(item: Object, name: str = SET, repository: str | None = None, namespace: str = OURS) -> str:
    """Return why the project of a set refuses an object in its repository, for a namespace of the team's."""
    project = _project(name)
    (own,) = project["sourceRepos"]
    return app_project.refusal(
        project, item, repository=repository or own, namespace=namespace, server=project["destinations"][0]["server"]
    )


def _in(namespace: str, item: Object) -> Object:
    return {**item, "metadata": {**item["metadata"], "namespace": namespace}}


@pytest.mark.parametrize("item", [it[3] for it in ATTACKS], ids=[f"{row} {what}" for row, what, _, _ in ATTACKS])
def test_an_attack_out_of_a_repository_is_refused(server: ApiServer, item: Object) -> None:
    """By its project where the object is none that a team may have, and else by admission."""
    of_no_team = (
        item["kind"] in {"Pod", "IngressRouteTCP"}
        or item["metadata"].get("namespace", OURS) != OURS
        or (item["kind"] == "Namespace" and not item["metadata"]["name"].startswith("app-"))
    )
    assert bool(_projects_refusal(item)) == of_no_team
    assert of_no_team or "ValidatingAdmissionPolicy" in _refusal(server.acting_as(*CONTROLLER), item)


@pytest.mark.parametrize("item", [it[2] for it in NEIGHBOURS], ids=[f"{row} {what}" for row, what, _ in NEIGHBOURS])
def test_a_neighbour_out_of_a_repository_goes_through(server: ApiServer, item: Object) -> None:
    # A pod alone is nothing that one deploys: the project knows what makes pods.
    assert bool(_projects_refusal(item)) == (item["kind"] == "Pod")
    assert _refusal(server.acting_as(*CONTROLLER), item) == ""


@pytest.mark.parametrize("item", [it[1] for it in NAMESPACES], ids=[what for what, _ in NAMESPACES])
def test_a_repository_makes_no_namespace_but_its_own(item: Object) -> None:
    assert bool(_projects_refusal(item)) == (not item["metadata"]["name"].startswith("app-"))


# --- A team with a repository of its own, and a namespace made by hand ----------------------------------------------

BILLING: Final = "billing"
BILLER: Final = ("accountant@example.jp", "team:billing")
READER: Final = ("finance@example.jp", "team:billing:viewers")
BY_HAND: Final = "app-orders"


def _of_others(namespace: str) -> list[Any]:
    """Return the attacks as those of another namespace, each with the policy that refuses it.

    Left out are those in the namespace without a level, where others have no rights, and in its own store of secrets.
    """
    return [
        pytest.param(policy, _moved(item, namespace), id=f"{row} {what}")
        for row, what, policy, item in ATTACKS
        if item["metadata"].get("namespace") == OURS and not (row == "S7" and namespace == BY_HAND)
    ]


def _moved(item: Object, namespace: str) -> Object:
    return _in(namespace, item) if "namespace" in item["metadata"] else item


@pytest.mark.parametrize(("policy", "item"), _of_others(BILLING))
def test_an_attack_of_a_team_with_a_repository_of_its_own_is_refused(
    server: ApiServer, policy: str, item: Object
) -> None:
    """Both by its people, and out of its repository."""
    by_hand = _refusal(server.acting_as(*BILLER), item)
    assert f"ValidatingAdmissionPolicy 'platform-{policy}'" in by_hand or "cannot patch resource" in by_hand
    refused = _projects_refusal(item, BILLING, namespace=BILLING) or _refusal(server.acting_as(*CONTROLLER), item)
    assert "is not permitted" in refused or f"ValidatingAdmissionPolicy 'platform-{policy}'" in refused


@pytest.mark.parametrize(("policy", "item"), _of_others(BY_HAND))
def test_an_attack_in_a_namespace_made_by_hand_is_refused(server: ApiServer, policy: str, item: Object) -> None:
    refused = _refusal(server.acting_as(*NEIGHBOUR), item)
    assert f"ValidatingAdmissionPolicy 'platform-{policy}'" in refused or "cannot patch resource" in refused


@pytest.mark.parametrize("namespace", [BILLING, "billing-reports"])
def test_a_team_does_its_work_in_all_of_its_namespaces(server: ApiServer, namespace: str) -> None:
    for item in (_moved(it, namespace) for it in (_deployment(), _service(), _route("Host(`a.example.jp`)"))):
        assert _refusal(server.acting_as(*BILLER), item) == ""
        assert _projects_refusal(item, BILLING, namespace=namespace) == ""
        assert "cannot patch resource" in _refusal(server.acting_as(*READER), item)
        assert "cannot patch resource" in _refusal(server.acting_as(*DEVELOPER), item)
    path = f"/api/v1/namespaces/{namespace}"
    assert server.acting_as(*READER).request("GET", f"{path}/services").body["items"] == []
    with pytest.raises(RefusedError, match="cannot list resource"):
        server.acting_as(*READER).request("GET", f"{path}/secrets")


@pytest.mark.parametrize("item", [it[1] for it in NAMESPACES], ids=[what for what, _ in NAMESPACES])
def test_a_teams_repository_makes_no_namespace_at_all(item: Object) -> None:
    for name in (item["metadata"]["name"], BILLING):
        named = {**item, "metadata": {**item["metadata"], "name": name}}
        assert "is not permitted" in _projects_refusal(named, BILLING, namespace=BILLING)


def test_a_teams_repository_reaches_no_other_teams_namespace() -> None:
    assert "is not permitted" in _projects_refusal(_deployment(), BILLING)
    assert "is not permitted" in _projects_refusal(_moved(_deployment(), BILLING), SET)


def test_what_is_larger_than_its_namespace_allows_is_refused(server: ApiServer) -> None:
    """By the LimitRange of the team."""
    large = {"resources": {"requests": {"cpu": "1", "memory": "8Gi"}, "limits": {"memory": "8Gi"}}}
    refusal = _refusal(server.acting_as(*BILLER), _pod(large, namespace=BILLING))
    assert "maximum memory usage per Container is 4Gi" in refusal
    claim = _object("v1", "PersistentVolumeClaim", {"accessModes": ["ReadWriteOnce"]})
    claim["spec"]["resources"] = {"requests": {"storage": "60Gi"}}
    assert "maximum storage usage per PersistentVolumeClaim is 50Gi" in _refusal(
        server.acting_as(*BILLER), _moved(claim, BILLING)
    )


def _of_cluster(version: str, kind: str, name: str = "mine") -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}, "spec": {}}


def _cluster_admin(kind: str) -> Object:
    item = _binding("mine", "cluster-admin", DEVELOPER, OURS)
    if kind == "ClusterRoleBinding":
        item["metadata"].pop("namespace")
    return {**item, "kind": kind}


# What the API server takes from Argo CD's controller: there the project alone stands in the way.
BY_PROJECT_ALONE: Final[list[tuple[str, str, Object]]] = [
    (
        "S3",
        "the platform's default options of TLS",
        _in("traefik", _object("traefik.io/v1alpha1", "TLSOption", {}, "default")),
    ),
    ("S3", "a TLSOption of its own", _object("traefik.io/v1alpha1", "TLSOption", {"sniStrict": True})),
    ("S4", "a privileged pod among the platform's", _in("kube-system", _deployment(SUPER))),
    ("S4", "a namespace of the platform without a level", _namespace("kube-system", enforce="privileged")),
    ("S5", "all rights in its namespace", _cluster_admin("RoleBinding")),
    ("S5", "all rights in the cluster", _cluster_admin("ClusterRoleBinding")),
    ("S6", "a route for Argo CD's host among the platform's", _in("traefik", _route(f"Host(`{ARGO_CD}`)"))),
    ("S7", "another team's secrets from its namespace", _in("external-secrets", _secret("orders"))),
    ("S8", "a quota of its own", _object("v1", "ResourceQuota", {"hard": {"pods": "1000"}})),
    ("S9", "a load balancer in a namespace of the platform", _in("kube-system", _service(type="LoadBalancer"))),
]

# Kinds that this server does not define, or that are the platform's alone.
PLATFORMS_OWN: Final[list[tuple[str, Object]]] = [
    ("a project with all rights", _in("argocd", _object("argoproj.io/v1alpha1", "AppProject", {}, "applications"))),
    ("another project's Application", _object("argoproj.io/v1alpha1", "Application", {"project": "operations"})),
    ("a node pool", _of_cluster("karpenter.sh/v1", "NodePool")),
    ("a store of secrets", _of_cluster("external-secrets.io/v1", "ClusterSecretStore")),
    ("a binding of policies", _of_cluster("admissionregistration.k8s.io/v1", "ValidatingAdmissionPolicyBinding")),
]


@pytest.mark.parametrize(
    "item", [it[2] for it in BY_PROJECT_ALONE], ids=[f"{row} {what}" for row, what, _ in BY_PROJECT_ALONE]
)
def test_what_admission_would_take_the_project_refuses(server: ApiServer, item: Object) -> None:
    namespace = item["metadata"].get("namespace", OURS)
    if namespace in {OURS, "kube-system"}:
        assert _refusal(server.acting_as(*CONTROLLER), item) == ""
    assert "is not permitted" in _projects_refusal(item)


@pytest.mark.parametrize("item", [it[1] for it in PLATFORMS_OWN], ids=[what for what, _ in PLATFORMS_OWN])
def test_a_repository_holds_nothing_of_the_platforms_own(item: Object) -> None:
    assert "is not permitted" in _projects_refusal(item)


@pytest.mark.parametrize("name", [SET, "operations"])
@pytest.mark.parametrize(
    ("group", "kind"),
    [
        ("karpenter.sh", "NodePool"),
        ("karpenter.k8s.aws", "EC2NodeClass"),
        ("admissionregistration.k8s.io", "ValidatingAdmissionPolicy"),
    ],
)
def test_no_set_holds_what_is_pulumis_alone(name: str, group: str, kind: str) -> None:
    assert group in PLATFORM_GROUPS
    assert "is not permitted" in _projects_refusal(_of_cluster(f"{group}/v1", kind), name)


def test_an_application_of_another_repository_is_refused() -> None:
    assert _projects_refusal(_deployment()) == ""
    assert _projects_refusal(_deployment(), repository=ELSEWHERE) == f"application repo {ELSEWHERE} is not permitted"
    assert "is not permitted" in _projects_refusal(_deployment(), "operations")


OWN_NAMESPACES: Final = [{"group": "", "kind": "Namespace", "name": "app-*"}]


@pytest.mark.parametrize(
    ("spec", "item", "refused"),
    [
        # Without a list every kind in a namespace is allowed, and none outside of one.
        ({}, _deployment(), False),
        ({"namespaceResourceWhitelist": []}, _deployment(), True),
        ({"namespaceResourceBlacklist": [{"group": "apps", "kind": "*"}]}, _deployment(), True),
        ({}, _namespace("app-new"), True),
        ({"clusterResourceWhitelist": OWN_NAMESPACES}, _namespace("app-new"), False),
        ({"clusterResourceWhitelist": OWN_NAMESPACES}, _namespace("web"), True),
        (
            {"clusterResourceWhitelist": [{"group": "*", "kind": "*"}], "clusterResourceBlacklist": OWN_NAMESPACES},
            _namespace("app-new"),
            True,
        ),
        ({"destinations": [{"server": "*", "namespace": pattern} for pattern in ("*", "!app-*")]}, _deployment(), True),
        ({"destinations": [{"server": "https://elsewhere", "namespace": "*"}]}, _deployment(), True),
        ({"sourceRepos": ["*", "!https://github.com/example-jp/*"]}, _deployment(), True),
    ],
)
def test_the_rules_of_projects_are_those_of_argo_cd(spec: Object, item: Object, refused: bool) -> None:
    project = {"sourceRepos": ["*"], "destinations": [{"server": "*", "namespace": "*"}], **spec}
    found = app_project.refusal(
        project, item, repository="https://github.com/example-jp/apps.git", namespace=OURS, server="https://here"
    )
    assert bool(found) == refused


def test_every_policy_of_the_stack_is_tried() -> None:
    there = {item["metadata"]["name"] for item in _of("Admission")}
    assert {f"platform-{policy}" for _, _, policy, _ in ATTACKS} == there


@pytest.mark.parametrize("subresource", ["status", "finalize"])
def test_a_subresource_does_not_lower_the_level_of_a_namespace(server: ApiServer, subresource: str) -> None:
    """Argo CD's controller alone may write them; a body without the label would lower it as well."""
    body = {**_namespace(OURS, enforce="privileged"), "spec": {"finalizers": ["kubernetes"]}}
    path = f"/api/v1/namespaces/{OURS}/{subresource}"
    with pytest.raises(RefusedError, match="platform-namespaces"):
        server.acting_as(*CONTROLLER).request("PUT", path, {"dryRun": "All"}, body)
    for who in (DEVELOPER, POD):
        with pytest.raises(RefusedError, match="cannot update resource"):
            server.acting_as(*who).request("PUT", path, {"dryRun": "All"}, body)


@pytest.mark.parametrize("subresource", ["status", "finalize"])
@pytest.mark.parametrize("namespace", [OURS, "kube-node-lease"])
def test_a_namespace_that_does_not_change_can_be_finished(server: ApiServer, namespace: str, subresource: str) -> None:
    """The namespace controller sends an empty namespace back as it is: a refusal would keep it for ever.

    https://github.com/kubernetes/kubernetes/blob/master/pkg/controller/namespace/deletion/namespaced_resources_deleter.go
    """
    controller = ("system:serviceaccount:kube-system:namespace-controller", "system:masters")
    path = f"/api/v1/namespaces/{namespace}"
    item = server.request("GET", path).body
    server.acting_as(*controller).request("PUT", f"{path}/{subresource}", {"dryRun": "All"}, item)


@pytest.mark.parametrize("privileged", [True, False])
def test_a_container_that_comes_later_is_checked_too(server: ApiServer, privileged: bool) -> None:
    pod = {**_pod(), "metadata": {"name": "later", "namespace": BARE}}
    server.apply(pod)
    late = {"name": "late", "image": "late:1", **(SUPER if privileged else {})}
    body = {"spec": {"ephemeralContainers": [late]}}
    path = f"{server.path_of(pod)}/ephemeralcontainers"
    content = "application/strategic-merge-patch+json"

    def attach() -> str:
        try:
            server.acting_as(*CONTROLLER).request("PATCH", path, {"dryRun": "All"}, body, content)
        except RefusedError as error:
            return str(error)
        return ""

    assert ("platform-pods-host" in attach()) if privileged else (attach() == "")


# --- What was there before the policies -----------------------------------------------------------------------------


@pytest.mark.parametrize("item", OLD, ids=[item["kind"] for item in OLD])
def test_what_was_there_before_may_change_otherwise(server: ApiServer, item: Object) -> None:
    """Else no controller could write to it any more: not even a finalizer would go."""
    assert _refusal(server, _annotated(item, "example.jp/note", "seen")) == ""


def test_what_was_there_before_may_not_become_worse(server: ApiServer) -> None:
    deployment = _deployment(name="old", priorityClassName="system-node-critical", tolerations=[{"operator": "Exists"}])
    assert "platform-pods-place" in _refusal(server, deployment)
    assert "platform-namespaces" in _refusal(server, _namespace(BARE, enforce="privileged"))
    assert _refusal(server, {**_namespace(BARE), "metadata": {"name": BARE, "labels": {"team": "shop"}}}) == ""


# --- S5: what an editor of a namespace may ---------------------------------------------------------------------------

OWN_KINDS: Final = [_route("Host(`a.example.jp`)"), _http_route("a.example.jp"), _secret("shop")]


@pytest.mark.parametrize("item", OWN_KINDS, ids=[item["kind"] for item in OWN_KINDS])
def test_an_editor_of_eks_alone_cannot_write_the_platforms_kinds(server: ApiServer, item: Object) -> None:
    """containers-roadmap #2349: why there are groups at all."""
    assert "cannot patch resource" in _refusal(server.acting_as(*EKS_EDITOR), item)
    assert _refusal(server.acting_as(*EKS_EDITOR), _deployment()) == ""
    assert _refusal(server.acting_as(*DEVELOPER), item) == ""


@pytest.mark.parametrize(
    "item",
    [
        {**_config_map("web"), "metadata": {"name": "web", "namespace": "app-orders"}},
        _binding("more", "admin", DEVELOPER, OURS),
        {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "platform-quota", "namespace": OURS}},
        {"apiVersion": "v1", "kind": "LimitRange", "metadata": {"name": "platform-defaults", "namespace": OURS}},
        {
            "apiVersion": "external-secrets.io/v1",
            "kind": "ClusterSecretStore",
            "metadata": {"name": "orders"},
            "spec": {"provider": {"aws": {"service": "SecretsManager", "region": "ap-northeast-1"}}},
        },
        {
            "apiVersion": f"{RBAC}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": "platform-edit"},
            "rules": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
        },
    ],
    ids=["another namespace", "rights", "the quota", "the defaults", "a store", "the role"],
)
@pytest.mark.parametrize("who", [DEVELOPER, POD], ids=["developer", "service account"])
def test_a_tenant_cannot_write_what_the_platform_keeps(server: ApiServer, item: Object, who: tuple[str, str]) -> None:
    refusal = _refusal(server.acting_as(*who), item)
    # An admin of a namespace may pass on what it has itself: a service account has it from its team alone.
    if who == POD and item["kind"] == "RoleBinding":
        assert refusal == ""
    else:
        assert "cannot patch resource" in refusal


def test_an_editor_sees_no_secret_of_another_team(server: ApiServer) -> None:
    own, others = (f"/api/v1/namespaces/{namespace}/secrets" for namespace in (OURS, "app-orders"))
    assert server.acting_as(*DEVELOPER).request("GET", own).body["items"] == []
    with pytest.raises(RefusedError, match="cannot list resource"):
        server.acting_as(*DEVELOPER).request("GET", others)


def test_the_example_runs_with_the_rights_of_an_editor(server: ApiServer) -> None:
    found = [it for it in bundles.own_objects("examples/app-team") if it["kind"] != "Namespace"]
    assert {it["metadata"]["namespace"] for it in found} == {"app-orders"}
    assert [_refusal(server.acting_as(*NEIGHBOUR), it) for it in found] == [""] * len(found)
    assert all("cannot patch resource" in _refusal(server.acting_as(*DEVELOPER), it) for it in found)


REPOSITORY: Final = ROOT / "examples" / "app-team-gitops"
FOLDERS: Final = sorted(path for path in (REPOSITORY / "production").iterdir())


def _in_folder(folder: Path) -> list[Object]:
    """Return the objects of a folder as Argo CD applies them: a chart is rendered, under the Application's name."""
    if (folder / "Chart.yaml").exists():
        command = [str(unless_built(HELM)), "template", f"billing-{folder.name}", str(folder)]
        text = subprocess.run([*command, "--namespace", folder.name], capture_output=True, text=True, check=True).stdout
    else:
        text = "\n---\n".join(path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml")))
    return [_in(folder.name, item) for item in yaml.safe_load_all(text) if item]


def test_the_repository_has_a_folder_for_each_namespace_of_its_team() -> None:
    destinations = {entry["namespace"] for entry in _project(BILLING)["destinations"]}
    assert {folder.name for folder in FOLDERS} == destinations


@pytest.mark.parametrize("folder", FOLDERS, ids=[folder.name for folder in FOLDERS])
def test_a_teams_repository_is_deployed(server: ApiServer, folder: Path) -> None:
    """By Argo CD, and by hand with the rights of the team; and by no other team."""
    items = _in_folder(folder)
    assert items
    for item in items:
        assert _projects_refusal(item, BILLING, namespace=folder.name) == ""
        assert _refusal(server.acting_as(*CONTROLLER), item) == ""
        assert _refusal(server.acting_as(*BILLER), item) == ""
        assert "cannot patch resource" in _refusal(server.acting_as(*NEIGHBOUR), item)


# --- What the platform itself brings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("folder", bundles.MANIFESTS)
def test_the_workloads_of_the_platform_go_through(server: ApiServer, folder: str) -> None:
    found = bundles.own_objects(f"manifests/{folder}")
    for item in found:
        if item["kind"] == "Namespace":
            server.namespace(item)
    assert {_refusal(server, item) for item in found} == {""}


def test_a_pod_that_names_no_resources_has_those_of_the_namespace(server: ApiServer) -> None:
    (container,) = server.acting_as(*DEVELOPER).apply(_pod(namespace=OURS), dry_run=True).body["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"cpu": "50m", "memory": "256Mi"},
        "limits": {"memory": "256Mi"},
    }


def test_a_team_has_no_more_load_balancers_than_its_quota(server: ApiServer) -> None:
    assert "exceeded quota: platform-quota" in _refusal(server.acting_as(*NEIGHBOUR), _in_orders(_nlb()))


def _in_orders(item: Object) -> Object:
    return {**item, "metadata": {**item["metadata"], "namespace": "app-orders"}}
