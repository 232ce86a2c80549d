"""The kinds of objects that Kubernetes has: which are in namespaces, and where each keeps the pods that it makes.

https://kubernetes.io/docs/reference/kubernetes-api/, compared with a real API server in tests/conformance.
"""

from collections.abc import Mapping
from typing import Final

CLUSTER_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset({"Namespace", "Node", "PersistentVolume"}),
    "admissionregistration.k8s.io": frozenset(
        {
            "MutatingAdmissionPolicy",
            "MutatingAdmissionPolicyBinding",
            "MutatingWebhookConfiguration",
            "ValidatingAdmissionPolicy",
            "ValidatingAdmissionPolicyBinding",
            "ValidatingWebhookConfiguration",
        }
    ),
    "apiextensions.k8s.io": frozenset({"CustomResourceDefinition"}),
    "apiregistration.k8s.io": frozenset({"APIService"}),
    "certificates.k8s.io": frozenset({"CertificateSigningRequest"}),
    "flowcontrol.apiserver.k8s.io": frozenset({"FlowSchema", "PriorityLevelConfiguration"}),
    "networking.k8s.io": frozenset({"IPAddress", "IngressClass", "ServiceCIDR"}),
    "node.k8s.io": frozenset({"RuntimeClass"}),
    "rbac.authorization.k8s.io": frozenset({"ClusterRole", "ClusterRoleBinding"}),
    "resource.k8s.io": frozenset({"DeviceClass", "ResourceSlice"}),
    "scheduling.k8s.io": frozenset({"PriorityClass"}),
    "storage.k8s.io": frozenset({"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment", "VolumeAttributesClass"}),
}
"""API group ("" for the one without a name) to the built-in kinds whose objects are in no namespace."""

NAMESPACED_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "": frozenset(
        {
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        }
    ),
    "apps": frozenset({"ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"}),
    "autoscaling": frozenset({"HorizontalPodAutoscaler"}),
    "batch": frozenset({"CronJob", "Job"}),
    "coordination.k8s.io": frozenset({"Lease"}),
    "discovery.k8s.io": frozenset({"EndpointSlice"}),
    "events.k8s.io": frozenset({"Event"}),
    "networking.k8s.io": frozenset({"Ingress", "NetworkPolicy"}),
    "policy": frozenset({"PodDisruptionBudget"}),
    "rbac.authorization.k8s.io": frozenset({"Role", "RoleBinding"}),
    "resource.k8s.io": frozenset({"ResourceClaim", "ResourceClaimTemplate"}),
    "storage.k8s.io": frozenset({"CSIStorageCapacity"}),
}
"""API group to the built-in kinds whose objects are in a namespace."""

BUILT_IN_GROUPS: Final = frozenset({*CLUSTER_KINDS, *NAMESPACED_KINDS})

VERSIONS: Final[Mapping[str, tuple[str, ...]]] = {"autoscaling": ("v2", "v1")}
"""API group to its stable versions, the best first, where there are others than v1.

An API server of EKS serves no beta version: https://kubernetes.io/docs/reference/using-api/#enabling-or-disabling-api-groups
"""

CUSTOM_CLUSTER_KINDS: Final[Mapping[str, frozenset[str]]] = {
    "cert-manager.io": frozenset({"ClusterIssuer"}),
    "elbv2.k8s.aws": frozenset({"IngressClassParams"}),
    "external-secrets.io": frozenset({"ClusterExternalSecret", "ClusterPushSecret", "ClusterSecretStore"}),
    "gateway.networking.k8s.io": frozenset({"GatewayClass"}),
    "generators.external-secrets.io": frozenset({"ClusterGenerator"}),
    "karpenter.k8s.aws": frozenset({"EC2NodeClass"}),
    "karpenter.sh": frozenset({"NodeClaim", "NodeOverlay", "NodePool"}),
    "snapshot.storage.k8s.io": frozenset({"VolumeSnapshotClass", "VolumeSnapshotContent"}),
}
"""API group of what the platform installs to its kinds whose objects are in no namespace."""

CUSTOM_GROUPS: Final = frozenset({*CUSTOM_CLUSTER_KINDS, "argoproj.io", "traefik.io"})
"""API groups of the definitions that the platform installs."""

_TEMPLATE: Final = ("spec", "template", "spec")

POD_SPECS: Final[Mapping[tuple[str, str], tuple[str, ...]]] = {
    ("", "Pod"): ("spec",),
    ("", "ReplicationController"): _TEMPLATE,
    ("apps", "DaemonSet"): _TEMPLATE,
    ("apps", "Deployment"): _TEMPLATE,
    ("apps", "ReplicaSet"): _TEMPLATE,
    ("apps", "StatefulSet"): _TEMPLATE,
    ("batch", "CronJob"): ("spec", "jobTemplate", *_TEMPLATE),
    ("batch", "Job"): _TEMPLATE,
}
"""API group and kind to where an object says what its pods are."""


def is_namespaced(group: str, kind: str) -> bool | None:
    """Return whether objects of a kind are in a namespace; None for a kind that only its definition knows.

    group: "" for the one without a name.
    """
    if kind in CLUSTER_KINDS.get(group, ()) or kind in CUSTOM_CLUSTER_KINDS.get(group, ()):
        return False
    return True if kind in NAMESPACED_KINDS.get(group, ()) or group in CUSTOM_GROUPS else None


def built_in(group: str) -> frozenset[str]:
    """Return the kinds of an API group that a server has by itself."""
    return CLUSTER_KINDS.get(group, frozenset()) | NAMESPACED_KINDS.get(group, frozenset())


def versions(group: str) -> tuple[str, ...]:
    """Return the versions in which a server serves an API group of its own."""
    return VERSIONS.get(group, ("v1",))
