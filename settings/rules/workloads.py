"""Rules about the workloads that a stack applies: what they need of the stack."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any, Final

from facts import manifests
from facts.manifests import Object
from settings.addons import Addons
from settings.cluster import AutoNodePool, Cluster
from settings.compute import FargateProfile, NodeGroup, TaintEffect
from settings.external_secrets import ExternalSecrets
from settings.ingress import Ingress, Traefik
from settings.karpenter import Karpenter
from settings.namespaces import platform_namespaces
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule
from settings.teams import TeamNamespace
from settings.words import either
from settings.workloads import Workloads

PATH = "workloads.folders"
ALB_CLASS: Final = "alb"


@rule
def _folders(workloads: Workloads | None) -> Iterator[Problem]:
    if not workloads:
        return
    known = manifests.folders()
    yield from repeated(PATH, workloads.folders)
    for index, folder in enumerate(workloads.folders):
        above = folder.rpartition("/")[0]
        if folder not in known:
            yield Problem(f"{PATH}[{index}]", folder, f"expected {either(known)}")
        elif above and above not in workloads.folders:
            yield Problem(f"{PATH}[{index}]", folder, f"expected {above} too: its pods are there")
    yield from _faults(workloads)
    yield from _repeated(workloads)


def _items(workloads: Workloads | None) -> Iterator[tuple[str, Object]]:
    """Yield each sound object of the folders that exist, with the path of its folder in the stack file."""
    for path, folder in _existing(workloads):
        yield from ((path, item) for item in manifests.read(folder)[0])


def _existing(workloads: Workloads | None) -> Iterator[tuple[str, str]]:
    """Yield each folder that exists, the first time it is named, with its path in the stack file."""
    folders = workloads.folders if workloads else []
    known = manifests.folders()
    for index, folder in enumerate(folders):
        if folder in known and folder not in folders[:index]:
            yield f"{PATH}[{index}]", folder


def _faults(workloads: Workloads) -> Iterator[Problem]:
    for path, folder in _existing(workloads):
        yield from (
            Problem(path, f"{fault.file}: {fault.found}", fault.expected) for fault in manifests.read(folder)[1]
        )


def _repeated(workloads: Workloads) -> Iterator[Problem]:
    """Pulumi takes an object once, and an object is itself in each version of its API."""
    first: dict[tuple[str, str, str | None, str], str] = {}
    for path, item in _items(workloads):
        namespace = None if manifests.is_namespace(item) else manifests.namespace_of(item)
        identity = (manifests.group_of(item), item["kind"], namespace, item["metadata"]["name"])
        if identity in first:
            found = f"{item['kind']} {'/'.join(filter(None, identity[2:]))} again"
            yield Problem(path, found, f"expected it once: it is in {first[identity]} too")
        first.setdefault(identity, path)


SERVED: Final = {
    "argoproj.io": ("argo_cd", "argoCd"),
    "cert-manager.io": ("cert_manager", "certManager"),
    "acme.cert-manager.io": ("cert_manager", "certManager"),
    "external-secrets.io": ("external_secrets", "externalSecrets"),
    "generators.external-secrets.io": ("external_secrets", "externalSecrets"),
    "karpenter.k8s.aws": ("karpenter", "karpenter"),
    "karpenter.sh": ("karpenter", "karpenter"),
}
"""API group to the section without which nothing serves it: the name of its field, and its key."""


@rule
def _served(
    workloads: Workloads | None, traefik: Traefik, addons: Addons, sections: Mapping[str, Any]
) -> Iterator[Problem]:
    items = list(_items(workloads))
    own = {(item.get("spec") or {}).get("group") for _, item in items if item["kind"] == "CustomResourceDefinition"}
    for path, item in items:
        group, found = manifests.group_of(item), f"{item['kind']} {item['metadata']['name']}"
        field, key = SERVED.get(group, ("", ""))
        if group == "gateway.networking.k8s.io" and not traefik.gateway_api:
            yield Problem(path, found, "expected traefik.gatewayApi: true")
        elif group == "snapshot.storage.k8s.io" and not addons.snapshot_controller:
            yield Problem(path, found, "expected addons.snapshotController: true")
        elif field and field in sections and not sections[field] and group not in own:
            yield Problem(path, found, f"expected {key}: nothing else serves {group}")
        elif item["kind"] == "HorizontalPodAutoscaler" and not addons.metrics_server:
            yield Problem(path, found, "expected addons.metricsServer: true, which it reads")


@rule
def _stores(workloads: Workloads | None, external_secrets: ExternalSecrets | None) -> Iterator[Problem]:
    """A ClusterSecretStore is the platform's, and serves the namespaces that its setting names."""
    for path, item in _items(workloads):
        if external_secrets and (manifests.group_of(item), item["kind"]) == ("external-secrets.io", "ExternalSecret"):
            namespace = manifests.namespace_of(item)
            for name in sorted(_cluster_stores(item)):
                store = external_secrets.stores.get(name)
                if not store or not any(fnmatchcase(str(namespace), pattern) for pattern in store.namespaces):
                    expected = f"expected externalSecrets.stores.{name} for namespace {namespace}"
                    yield Problem(path, f"ExternalSecret {item['metadata']['name']}", expected)


def _cluster_stores(item: Any) -> set[str]:
    """Return the names of the cluster's stores that an ExternalSecret names, for all of it or for single keys.

    https://external-secrets.io/latest/api/externalsecret/
    """
    if isinstance(item, list):
        return {name for entry in item for name in _cluster_stores(entry)}
    if not isinstance(item, dict):
        return set()
    own = {str(item["name"])} if item.get("kind") == "ClusterSecretStore" and "name" in item else set()
    return own | {name for entry in item.values() for name in _cluster_stores(entry)}


@rule
def _load_balancers(workloads: Workloads | None, ingress: Ingress) -> Iterator[Problem]:
    """The load balancer controller refuses its class in any other namespace."""
    allowed = ingress.dedicated.namespaces if ingress.dedicated else []
    for path, item in _items(workloads):
        of_class = item["kind"] == "Ingress" and (item.get("spec") or {}).get("ingressClassName") == ALB_CLASS
        if of_class and manifests.namespace_of(item) not in allowed:
            expected = f"expected {manifests.namespace_of(item)} in ingress.dedicated.namespaces"
            yield Problem(path, f"Ingress {item['metadata']['name']} of class {ALB_CLASS}", expected)


@rule
def _namespaces(workloads: Workloads | None, sections: Mapping[str, Any]) -> Iterator[Problem]:
    taken = platform_namespaces(sections)
    for path, item in _items(workloads):
        if manifests.is_namespace(item) and manifests.namespace_of(item) in taken:
            yield Problem(path, f"namespace {manifests.namespace_of(item)}", "expected one that the platform lacks")


@rule
def _namespaces_of_teams(workloads: Workloads | None, team_namespaces: dict[str, TeamNamespace]) -> Iterator[Problem]:
    found = {manifests.namespace_of(item) for _, item in _items(workloads) if manifests.is_namespace(item)}
    for name in sorted(team_namespaces.keys() & found):
        expected = "expected another name: a folder of workloads.folders makes this one"
        yield Problem(place("teamNamespaces", name), "taken", expected)


@rule
def _place(
    workloads: Workloads | None,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    fargate_profiles: dict[str, FargateProfile],
    cluster: Cluster,
) -> Iterator[Problem]:
    """Pods that no node and no profile takes stay pending, and so does `pulumi up`."""
    # Auto Mode's pool `system` has a taint: https://docs.aws.amazon.com/eks/latest/userguide/critical-workload.html
    auto = cluster.auto_mode
    open_auto = auto is not None and (
        AutoNodePool.GENERAL_PURPOSE in auto.node_pools or any(not pool.taints for pool in auto.pools.values())
    )
    open_pools = [pool for pool in karpenter.node_pools.values() if not pool.taints] if karpenter else []
    repelling = (TaintEffect.NO_SCHEDULE, TaintEffect.NO_EXECUTE)
    open_groups = [group for group in node_groups.values() if not any(it.effect in repelling for it in group.taints)]
    for path, item in _items(workloads):
        namespace = manifests.namespace_of(item) or ""
        on_fargate = any(_takes(profile, namespace) for profile in fargate_profiles.values())
        if manifests.needs_nodes(item) and (on_fargate or not (node_groups or karpenter or auto)):
            yield Problem(path, f"{item['kind']} for ports of nodes", f"expected none on Fargate, as {namespace} is")
        if manifests.runs_pods(item) and not (on_fargate or open_pools or open_groups or open_auto):
            found = f"nothing runs pods of {namespace}"
            ways = "a Fargate profile, or a node pool or group without taints"
            if auto:
                ways = f"{AutoNodePool.GENERAL_PURPOSE.value} in cluster.autoMode.nodePools, or a pool without taints"
            yield Problem(path, found, f"expected {ways}")


def _takes(profile: FargateProfile, namespace: str) -> bool:
    return any(fnmatchcase(namespace, selector.namespace) for selector in profile.selectors)
