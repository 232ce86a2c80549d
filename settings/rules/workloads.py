"""Rules about the workloads that a stack applies: what they need of the stack."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from components import manifests
from components.manifests import Object
from settings.cluster import Addons
from settings.compute import FargateProfile, NodeGroup, TaintEffect
from settings.external_secrets import ExternalSecrets
from settings.ingress import Traefik
from settings.karpenter import Karpenter
from settings.namespaces import platform_namespaces
from settings.problems import Problem, either
from settings.rules.registry import repeated, rule
from settings.workloads import Workloads

PATH = "workloads.folders"


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


def _items(workloads: Workloads | None) -> Iterator[tuple[str, Object]]:
    """Yield each object of the folders that there are, with the path of its folder in the stack file."""
    known = manifests.folders()
    for index, folder in enumerate(workloads.folders if workloads else []):
        for item in manifests.objects(folder) if folder in known else ():
            yield f"{PATH}[{index}]", item


@rule
def _served(
    workloads: Workloads | None, traefik: Traefik, addons: Addons, external_secrets: ExternalSecrets | None
) -> Iterator[Problem]:
    for path, item in _items(workloads):
        if item["apiVersion"].startswith("gateway.networking.k8s.io/") and not traefik.gateway_api:
            yield Problem(path, f"an {item['kind']}", "expected traefik.gatewayApi: true")
        if item["apiVersion"].startswith("external-secrets.io/") and not _reads(item, external_secrets):
            store, namespace = item["spec"]["secretStoreRef"]["name"], manifests.namespace_of(item)
            expected = f"expected externalSecrets.stores.{store} for namespace {namespace}"
            yield Problem(path, f"an {item['kind']}", expected)
        if item["kind"] == "HorizontalPodAutoscaler" and not addons.metrics_server:
            yield Problem(path, "an autoscaler", "expected addons.metricsServer: true, which it reads")


def _reads(item: Object, external_secrets: ExternalSecrets | None) -> bool:
    """Tell whether an ExternalSecret may use the store that it names."""
    stores = external_secrets.stores if external_secrets else {}
    store = stores.get(item["spec"]["secretStoreRef"]["name"])
    namespace = manifests.namespace_of(item)
    return store is not None and any(fnmatchcase(namespace, pattern) for pattern in store.namespaces)


@rule
def _namespaces(workloads: Workloads | None, sections: Mapping[str, Any]) -> Iterator[Problem]:
    taken = platform_namespaces(sections)
    for path, item in _items(workloads):
        if item["kind"] == "Namespace" and manifests.namespace_of(item) in taken:
            yield Problem(path, f"namespace {manifests.namespace_of(item)}", "expected one that the platform lacks")


@rule
def _place(
    workloads: Workloads | None,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    fargate_profiles: dict[str, FargateProfile],
) -> Iterator[Problem]:
    """Pods that no node and no profile takes stay pending, and so does `pulumi up`."""
    open_pools = [pool for pool in karpenter.node_pools.values() if not pool.taints] if karpenter else []
    repelling = (TaintEffect.NO_SCHEDULE, TaintEffect.NO_EXECUTE)
    open_groups = [group for group in node_groups.values() if not any(it.effect in repelling for it in group.taints)]
    for path, item in _items(workloads):
        namespace = manifests.namespace_of(item)
        on_fargate = any(_takes(profile, namespace) for profile in fargate_profiles.values())
        if manifests.needs_nodes(item) and (on_fargate or not node_groups):
            yield Problem(path, f"{item['kind']} for ports of nodes", f"expected none on Fargate, as {namespace} is")
        if manifests.runs_pods(item) and not (on_fargate or open_pools or open_groups):
            found = f"nothing runs pods of {namespace}"
            yield Problem(path, found, "expected a Fargate profile, or a node pool or group without taints")


def _takes(profile: FargateProfile, namespace: str) -> bool:
    return any(fnmatchcase(namespace, selector.namespace) for selector in profile.selectors)
