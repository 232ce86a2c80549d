"""Kubernetes: typed objects, custom resources, Helm releases, and what controllers add to them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import yaml

from facts import kinds
from facts.partitions import dns_suffix
from harness.kind import CREATED_AT, Context, Kind, Properties, Value, autoname, get, uuid
from harness.properties import UNKNOWN

BUILT_IN_GROUPS: Final = frozenset({*kinds.BUILT_IN_GROUPS, "core", "helm.sh", "meta", "yaml"}) | {
    # Reviews, which are answered and not kept, and what a server keeps for itself.
    *("authentication.k8s.io", "authorization.k8s.io", "storagemigration.k8s.io"),
}
"""API groups that the Kubernetes SDK has classes for: whatever is in another group is a custom resource."""


def is_built_in(type_: str) -> bool:
    """Return whether a type token is that of a kind that an API server has by itself, in a version that it serves."""
    package, _, rest = type_.partition(":")
    version, _, kind = rest.partition(":")
    group, _, number = version.rpartition("/")
    group = "" if group == "core" else group
    return package == "kubernetes" and kind in kinds.built_in(group) and number in kinds.versions(group)


def is_custom(type_: str) -> bool:
    """Return whether a type token is a custom resource's: `kubernetes:<group>/<version>:<Kind>`, group not built in."""
    package, _, rest = type_.partition(":")
    group, slash, _version = rest.partition(":")[0].rpartition("/")
    return package == "kubernetes" and bool(slash) and group not in BUILT_IN_GROUPS and "." in group


def _identifier(inputs: Properties, _context: Context) -> str:
    metadata = inputs["metadata"]
    return "/".join(part for part in (metadata.get("namespace"), metadata["name"]) if part)


def _namespace(inputs: Properties, _context: Context) -> str | None:
    """Return the namespace of an object that names none."""
    group = str(inputs.get("apiVersion", "")).rpartition("/")[0]
    return "default" if kinds.is_namespaced(group, str(inputs.get("kind"))) else None


def server_of(kubeconfig: object) -> str:
    """Return the API server's URL in a kubeconfig, text or object; "" if there is none or it is not known yet."""
    if not kubeconfig or kubeconfig is UNKNOWN:
        return ""
    parsed: Any = kubeconfig if isinstance(kubeconfig, Mapping) else _parse(str(kubeconfig))
    clusters = parsed.get("clusters") if isinstance(parsed, Mapping) else None
    return str(clusters[0]["cluster"]["server"]) if clusters else ""


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return yaml.safe_load(text)


def region_of_server(server: str) -> str | None:
    """Return the region in the URL of a cluster of EKS; None for any other URL."""
    found = re.search(r"\.([a-z0-9-]+)\.eks\.amazonaws\.com(\.cn)?$", server)
    return found[1] if found else None


def _balancer_hostname(inputs: Properties, context: Context) -> str:
    """Return the host name of the ALB that the AWS Load Balancer Controller makes for an Ingress.

    The name is k8s-, the group or else namespace and name, and a hash.
    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#group.name
    """
    annotations: Mapping[str, str] = get(inputs, "metadata.annotations") or {}
    group = annotations.get("alb.ingress.kubernetes.io/group.name", "").replace("-", "").replace(".", "")
    own = f"{str(get(inputs, 'metadata.namespace'))[:8]}-{str(get(inputs, 'metadata.name'))[:8]}"
    internal = "internal-" if annotations.get("alb.ingress.kubernetes.io/scheme") != "internet-facing" else ""
    name = f"k8s-{group[:17] or own}-{context.digest('alb', 10)}"
    return f"{internal}{name}-{context.number('dns', 10**9)}.{context.region}.elb.{dns_suffix(context.region)}"


def _ingress_status(inputs: Properties, context: Context) -> Properties:
    return {"ingress": [{"hostname": _balancer_hostname(inputs, context)}]}


def _service_status(inputs: Properties, context: Context) -> Properties:
    if get(inputs, "spec.type") != "LoadBalancer":
        return {}
    hostname = f"k8s-{context.digest('nlb', 16)}.elb.{context.region}.{dns_suffix(context.region)}"
    return {"ingress": [{"hostname": hostname}]}


def _service_address(inputs: Properties, context: Context) -> str:
    given = get(inputs, "spec.clusterIP")
    return str(given or f"172.20.{context.number('ip', 254) + 1}.{context.number('host', 254) + 1}")


def _replicas(inputs: Properties, _context: Context) -> Properties:
    number = get(inputs, "spec.replicas") or 1
    return {"replicas": number, "readyReplicas": number, "availableReplicas": number, "updatedReplicas": number}


def _release_status(inputs: Properties, context: Context) -> Properties:
    chart = str(inputs["chart"]).rsplit("/", 1)[-1]
    return {
        "appVersion": str(inputs.get("version") or ""),
        "chart": chart,
        "name": inputs["name"],
        "namespace": inputs["namespace"],
        "revision": int(get(context.previous, "status.revision") or 0) + 1,
        "status": "deployed",
        "version": str(inputs.get("version") or ""),
    }


def _object(
    outputs: Mapping[str, Value] | None = None,
    *,
    replaces: tuple[str, ...] = (),
    create_seconds: float = 2.0,
    delete_seconds: float = 2.0,
) -> Kind:
    """Return the `Kind` of a Kubernetes object.

    Which fields replace an object is in the provider's table:
    https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/provider/diff.go
    """
    metadata: dict[str, Value] = {
        "metadata.uid": uuid("uid"),
        "metadata.resourceVersion": lambda _inputs, context: str(1000 + context.number("version", 9000)),
        "metadata.creationTimestamp": CREATED_AT,
        "metadata.generation": 1,
    }
    return Kind(
        _identifier,
        outputs={**metadata, **(outputs or {})},
        defaults={"metadata.name": autoname, "metadata.namespace": _namespace},
        replaces=frozenset({"metadata.name", "metadata.namespace", *replaces}),
        previews=False,
        create_seconds=create_seconds,
        delete_seconds=delete_seconds,
    )


OBJECT: Final = _object()
"""Any other object, custom or built in: with the metadata that every object gets."""

KINDS: Final[dict[str, Kind]] = {
    "kubernetes:core/v1:Namespace": _object({"spec.finalizers": ["kubernetes"], "status.phase": "Active"}),
    # Unless the provider has enableConfigMapMutable, or in a ConfigMap that says it is immutable.
    "kubernetes:core/v1:ConfigMap": _object(replaces=("data", "binaryData")),
    # Likewise, unless the provider has enableSecretMutable.
    "kubernetes:core/v1:Secret": _object(replaces=("data", "stringData", "type")),
    "kubernetes:core/v1:Service": _object(
        {
            "spec.clusterIP": _service_address,
            "spec.type": lambda inputs, _context: get(inputs, "spec.type") or "ClusterIP",
            "status.loadBalancer": _service_status,
        },
        replaces=("spec.clusterIP",),
    ),
    "kubernetes:core/v1:ServiceAccount": _object(),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": _object(),
    "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": _object(replaces=("roleRef",)),
    "kubernetes:rbac.authorization.k8s.io/v1:Role": _object(),
    "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding": _object(replaces=("roleRef",)),
    "kubernetes:core/v1:PersistentVolumeClaim": _object(replaces=("spec",)),
    "kubernetes:core/v1:ResourceQuota": _object(replaces=("spec.scopes",)),
    "kubernetes:core/v1:Pod": _object(replaces=("spec",)),
    "kubernetes:apps/v1:DaemonSet": _object(),
    "kubernetes:apps/v1:StatefulSet": _object(
        {"status": _replicas},
        replaces=(
            *("spec.podManagementPolicy", "spec.revisionHistoryLimit", "spec.selector", "spec.serviceName"),
            "spec.volumeClaimTemplates",
        ),
    ),
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": _object(),
    "kubernetes:apps/v1:Deployment": _object({"status": _replicas}, replaces=("spec.selector",)),
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": _object(),
    "kubernetes:batch/v1:Job": _object(replaces=("spec.template", "spec.selector", "spec.completions")),
    "kubernetes:storage.k8s.io/v1:StorageClass": _object(replaces=("parameters", "provisioner")),
    "kubernetes:networking.k8s.io/v1:Ingress": _object(
        {"status.loadBalancer": _ingress_status},
        # Until the controller's ALB is active, and until it is gone.
        create_seconds=150.0,
        delete_seconds=15.0,
    ),
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": _object(),
    "kubernetes:policy/v1:PodDisruptionBudget": _object(),
    "kubernetes:helm.sh/v3:Release": Kind(
        "{namespace}/{name}",
        outputs={"status": _release_status},
        defaults={"name": autoname, "namespace": "default"},
        replaces=frozenset({"name", "namespace"}),
        renews=frozenset({"status"}),
        create_seconds=45.0,
        delete_seconds=20.0,
    ),
}


def missing_fields(inputs: Mapping[str, Any]) -> list[str]:
    """Return which of the fields that every custom resource needs are not there: apiVersion, kind, metadata."""
    return [name for name in ("apiVersion", "kind", "metadata") if not inputs.get(name)]
