"""What is inside a cluster: objects by their metadata, Helm releases, custom resource definitions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from harness.engine.store import Cloud, Resource
from harness.kind import get
from rehearsal.engine.refusals import uses

NAMESPACE: Final = "kubernetes:core/v1:Namespace"
SERVICE: Final = "kubernetes:core/v1:Service"
INGRESS: Final = "kubernetes:networking.k8s.io/v1:Ingress"
RELEASE: Final = "kubernetes:helm.sh/v3:Release"
DEFINITION: Final = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
BINDING: Final = "kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding"
NODE_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"
NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
AUTO_NODE_CLASS: Final = "kubernetes:eks.amazonaws.com/v1:NodeClass"
APPLICATION_SET: Final = "kubernetes:argoproj.io/v1alpha1:ApplicationSet"
PROJECT: Final = "kubernetes:argoproj.io/v1alpha1:AppProject"
ISSUER: Final = "kubernetes:cert-manager.io/v1:ClusterIssuer"
NAMESPACE_ISSUER: Final = "kubernetes:cert-manager.io/v1:Issuer"
CERTIFICATE: Final = "kubernetes:cert-manager.io/v1:Certificate"
CLUSTER_STORE: Final = "kubernetes:external-secrets.io/v1:ClusterSecretStore"

BUILT_IN_NAMESPACES: Final = frozenset({"default", "kube-system", "kube-public", "kube-node-lease"})


def namespace_of(resource: Resource) -> str | None:
    """Return the namespace that an object or a release is in."""
    found = resource.get("namespace") if resource.type == RELEASE else resource.get("metadata.namespace")
    return None if found is None else str(found)


def name_of(resource: Resource) -> str:
    """Return an object's name."""
    return str(resource.get("metadata.name") or resource.get("name"))


def group_of(type_: str) -> str:
    """Return the API group in a resource type: kubernetes:<group>/<version>:<Kind>."""
    return type_.split(":")[1].rsplit("/", 1)[0]


def chart_of(release: Resource) -> str:
    """Return the name of a release's chart, without a repository."""
    return str(release.get("chart")).rstrip("/").rsplit("/", 1)[-1]


def values_of(release: Resource) -> Mapping[str, Any]:
    """Return the values given to a release."""
    values = release.outputs.get("values")
    return values if isinstance(values, Mapping) else {}


def releases_of(chart: str, cluster: str, cloud: Cloud) -> list[Resource]:
    """Return the releases of a chart in a cluster that are ready."""
    return [r for r in cloud.of(RELEASE, cluster) if chart_of(r) == chart and r.ready <= cloud.now]


def objects_in(cluster: str, cloud: Cloud) -> Iterator[Resource]:
    """Return everything inside a cluster."""
    return (r for r in cloud.resources if r.cluster == cluster)


CHART_DEFINITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "aws-load-balancer-controller": ("elbv2.k8s.aws", "aga.k8s.aws", "gateway.k8s.aws"),
    "karpenter": ("karpenter.sh", "karpenter.k8s.aws", "autoscaling.x-k8s.io"),
    "traefik": ("traefik.io", "gateway.networking.k8s.io", "hub.traefik.io"),
}
"""API groups of the definitions in a chart's `crds/`: Helm installs them unless told not to, and never removes them.

https://helm.sh/docs/chart_best_practices/custom_resource_definitions/"""

TEMPLATED_DEFINITIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "karpenter-crd": ("karpenter.sh", "karpenter.k8s.aws", "autoscaling.x-k8s.io"),
    "traefik-crds": ("traefik.io", "gateway.networking.k8s.io", "hub.traefik.io"),
    "argo-cd": ("argoproj.io",),
    "cert-manager": ("cert-manager.io", "acme.cert-manager.io"),
    "external-secrets": ("external-secrets.io", "generators.external-secrets.io"),
}
"""API groups of the definitions among a chart's templates: they come and go with the release, unless it keeps them."""


def keeps_definitions(release: Resource) -> bool:
    """Return whether a release leaves its definitions behind: those of Argo CD, unless its values say otherwise.

    https://helm.sh/docs/howto/charts_tips_and_tricks/#tell-helm-not-to-uninstall-a-resource
    """
    return chart_of(release) == "argo-cd" and (values_of(release).get("crds") or {}).get("keep", True) is not False


ADDON_DEFINITIONS: Final[Mapping[str, tuple[str, ...]]] = {"snapshot-controller": ("snapshot.storage.k8s.io",)}
"""API groups of the definitions that come and go with an EKS add-on.

https://docs.aws.amazon.com/eks/latest/userguide/csi-snapshot-controller.html"""

WITHOUT_CONTROLLER: Final = frozenset({"karpenter-crd", "traefik-crds"})
"""Charts that run no pod."""

NEEDED_GROUPS: Final[Mapping[str, tuple[str, ...]]] = {
    "karpenter": ("karpenter.sh", "karpenter.k8s.aws"),
    "traefik": ("traefik.io",),
    "aws-load-balancer-controller": ("elbv2.k8s.aws",),
}
"""API groups without which a chart's controller does not start."""


def needed_groups(release: Resource) -> tuple[str, ...]:
    """Return the API groups without which a release fails or its controller does not start."""
    chart, values = chart_of(release), values_of(release)
    gateway = get(values, "providers.kubernetesGateway.enabled") is True
    return (*NEEDED_GROUPS.get(chart, ()), *(["gateway.networking.k8s.io"] if chart == "traefik" and gateway else []))


def is_defined(group: str, cluster: str, cloud: Cloud) -> bool:
    """Return whether a cluster knows an API group of custom resources."""
    return any(d.get("spec.group") == group for d in cloud.of(DEFINITION, cluster))


def cluster_of(name: str, cloud: Cloud) -> Resource | None:
    """Return the control plane of a cluster."""
    return cloud.one(uses.CLUSTER, "name", name)


AUTO_GROUPS: Final = ("karpenter.sh", "eks.amazonaws.com")
"""API groups that every cluster with Auto Mode knows.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html"""


def is_auto_pool(pool: Resource) -> bool:
    """Return whether Auto Mode, and not a Karpenter in the cluster, launches the nodes of a NodePool."""
    return bool(pool.get("spec.template.spec.nodeClassRef.group") == "eks.amazonaws.com")
