"""What Pulumi waits for in a custom resource: the annotation `pulumi.com/waitFor`, and the conditions there are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.engine.store import Cloud, Resource
from rehearsal.cloud.kubernetes import is_custom
from rehearsal.engine.refusals.api_server import node_class_problem
from rehearsal.engine.refusals.cluster import (
    AUTO_NODE_CLASS,
    CERTIFICATE,
    CLUSTER_STORE,
    ISSUER,
    NAMESPACE_ISSUER,
    NODE_CLASS,
    NODE_POOL,
)
from rehearsal.engine.refusals.rules import rule

ANNOTATION: Final = "pulumi.com/waitFor"

CONDITIONS: Final[Mapping[str, frozenset[str]]] = {
    # https://karpenter.sh/docs/concepts/nodeclasses/#statusconditions
    NODE_CLASS: frozenset(
        {
            *("Ready", "SubnetsReady", "SecurityGroupsReady", "AMIsReady"),
            *("InstanceProfileReady", "CapacityReservationsReady", "ValidationSucceeded"),
        }
    ),
    # https://docs.aws.amazon.com/eks/latest/userguide/auto-troubleshoot.html (kubectl get nodeclass)
    AUTO_NODE_CLASS: frozenset({"Ready", "SubnetsReady", "SecurityGroupsReady", "InstanceProfileReady"}),
    # https://karpenter.sh/docs/concepts/nodepools/#statusconditions
    NODE_POOL: frozenset({"Ready", "ValidationSucceeded", "NodeClassReady", "NodeRegistrationHealthy"}),
    # https://external-secrets.io/latest/api/spec/#external-secrets.io/v1.SecretStoreConditionType
    CLUSTER_STORE: frozenset({"Ready"}),
    # https://cert-manager.io/docs/reference/api-docs/#acme.cert-manager.io/v1 (IssuerConditionType)
    ISSUER: frozenset({"Ready"}),
    NAMESPACE_ISSUER: frozenset({"Ready"}),
    # https://cert-manager.io/docs/reference/api-docs/#cert-manager.io/v1.CertificateConditionType
    CERTIFICATE: frozenset({"Ready", "Issuing"}),
}
"""The conditions that controllers report of a kind; of a kind that is not here, none."""


@rule(
    "create update",
    "kubernetes:*",
    code="timed out waiting for the condition",
    source="https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/pkg/await/condition/custom.go",
)
def never_as_it_is_waited_for(resource: Resource, cloud: Cloud) -> str | None:
    """Pulumi waits for the condition in the annotation, and a condition that nobody reports never comes true.

    A JSONPath is not modelled here.
    """
    annotations = resource.outputs.get("metadata", {}).get("annotations") or {}
    if not is_custom(resource.type) or ANNOTATION not in annotations:
        return None
    wanted, _, status = str(annotations[ANNOTATION]).removeprefix("condition=").partition("=")
    known = CONDITIONS.get(resource.type, frozenset())
    if wanted not in known:
        return f"nothing reports a condition {wanted} of it, but {sorted(known) or 'none at all'}"
    if status not in ("", "True"):
        return f"the condition {wanted} is True and not {status}"
    return node_class_problem(resource, cloud) if resource.type in (NODE_CLASS, AUTO_NODE_CLASS) else None
