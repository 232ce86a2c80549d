"""Security contexts of pods, and namespaces that enforce a Pod Security Standard."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.meta.v1 import ObjectMetaArgsDict

RESTRICTED_CONTAINER: Final[Mapping[str, Any]] = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "capabilities": {"drop": ["ALL"]},
}
"""Security context of a container: what `restricted` requires, and a read-only root file system."""


def restricted_namespace(
    name: str,
    namespace: pulumi.Input[str],
    kubernetes_version: str,
    opts: pulumi.ResourceOptions,
    labels: Mapping[str, str] | None = None,
) -> Namespace:
    """Declare a namespace in which the API server accepts only pods of the Pod Security Standard `restricted`.

    kubernetes_version: the minor version of the standard: a newer one may refuse pods that run today.
    https://kubernetes.io/docs/concepts/security/pod-security-standards/
    """
    return secured_namespace(name, namespace, kubernetes_version, opts, standard="restricted", labels=labels)


def secured_namespace(
    name: str,
    namespace: pulumi.Input[str],
    kubernetes_version: str,
    opts: pulumi.ResourceOptions,
    *,
    standard: str,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
) -> Namespace:
    """Declare a namespace with a Pod Security Standard: "restricted", "baseline" or "privileged".

    kubernetes_version: the minor version of the standard.
    """
    secured = pod_security_labels(standard, kubernetes_version)
    metadata: ObjectMetaArgsDict = {"name": namespace, "labels": {**(labels or {}), **secured}}
    if annotations:
        metadata["annotations"] = annotations
    return Namespace(name, metadata=metadata, opts=opts)


def pod_security_labels(standard: str, kubernetes_version: str) -> dict[str, str]:
    """Return the labels with which a namespace accepts only pods of a Pod Security Standard, in all three modes.

    `enforce` refuses pods. `warn` and `audit` also report objects that create pods, such as a Deployment: without them
    its author learns of a refused pod only from the events of a ReplicaSet.
    https://kubernetes.io/docs/concepts/security/pod-security-admission/#pod-security-admission-labels-for-namespaces
    """
    return {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in ("enforce", "warn", "audit")
        for suffix, value in (("", standard), ("-version", f"v{kubernetes_version}"))
    }
