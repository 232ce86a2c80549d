"""The control plane, and the providers that reach it."""

from collections.abc import Iterator
from typing import Final

from policy.exceptions import PROVIDERS_OF_COMPONENTS, UNPROTECTED
from policy.model import UNKNOWN, Resource, is_unknown, items, may_be_true, structure
from policy.rule import Level, rule
from policy.rules.addresses import open_to_the_world

CLUSTER: Final = "aws:eks/cluster:Cluster"
AWS_PROVIDER: Final = "pulumi:providers:aws"
KUBERNETES_PROVIDER: Final = "pulumi:providers:kubernetes"

SECURITY_LOGS: Final = ("audit", "authenticator")
"""Logs that say who did what; the other three are about performance and scheduling."""


@rule(
    "cluster-public-endpoint",
    CLUSTER,
    reason="If the whole internet can reach the API server, one leaked token is enough for an attack.",
    fix="Name the ranges in cluster.publicAccess, or leave it empty for a private endpoint",
    source="https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html",
)
def public_endpoint(cluster: Resource) -> Iterator[str]:
    """EKS's defaults are a public endpoint, for 0.0.0.0/0."""
    public, blocks = cluster.get("vpcConfig", "endpointPublicAccess"), cluster.get("vpcConfig", "publicAccessCidrs")
    if public is False or public == "false" or UNKNOWN in (public, blocks):
        return
    if not blocks:
        yield "the endpoint is public and publicAccessCidrs is not set, which means 0.0.0.0/0"
    yield from (f"the endpoint is open to {block}" for block in items(blocks) if open_to_the_world(block))


@rule(
    "cluster-secrets-encryption",
    CLUSTER,
    reason="Without a customer managed key, you cannot control or log who decrypts Kubernetes secrets at rest.",
    fix="Give the cluster an encryptionConfig for secrets with the ARN of a KMS key",
    source="https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html",
)
def secrets_encryption(cluster: Resource) -> Iterator[str]:
    """EKS encrypts them with a key of its own where none is named."""
    config = cluster.get("encryptionConfig")
    if config is UNKNOWN:
        return
    resources, key = cluster.get("encryptionConfig", "resources"), cluster.get("encryptionConfig", "provider", "keyArn")
    if not key or (not is_unknown(resources) and "secrets" not in items(resources)):
        yield "secrets are not encrypted with a KMS key of the account"


@rule(
    "cluster-logs",
    CLUSTER,
    reason="Without the audit and authenticator logs, you cannot find out who did what in the cluster.",
    fix="Add them to cluster.logs",
    source="https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html",
    development=Level.ADVISORY,
)
def logs(cluster: Resource) -> Iterator[str]:
    """EKS writes no log by default; the rule requires SECURITY_LOGS."""
    enabled = cluster.get("enabledClusterLogTypes")
    if not is_unknown(enabled):
        missing = [log for log in SECURITY_LOGS if log not in items(enabled)]
        if missing:
            yield f"no {' and no '.join(missing)} log"


@rule(
    "cluster-deletion-protection",
    CLUSTER,
    reason="A single command, of any user and any tool, must not be able to delete a production cluster.",
    fix="Set cluster.deletionProtection",
    source="https://docs.aws.amazon.com/eks/latest/userguide/deletion-protection.html",
    development=Level.OFF,
)
def deletion_protection(cluster: Resource) -> Iterator[str]:
    """AWS's own protection, which Pulumi's does not replace: it stops everybody."""
    if not may_be_true(cluster.get("deletionProtection")):
        yield "EKS would delete it on request"


@rule(
    "resource-protection",
    CLUSTER,
    "aws:ec2/vpc:Vpc",
    "aws:kms/key:Key",
    reason="A rename, or a change that requires a replacement, would delete everything in the cluster.",
    fix="Set platform.protect",
    source="https://www.pulumi.com/docs/iac/concepts/resources/options/protect/",
    development=Level.OFF,
)
def protection(resource: Resource) -> Iterator[str]:
    """Pulumi's `protect` on what holds everything else."""
    if not resource.protect and not UNPROTECTED.keys() & set(resource.parents):
        yield "it is not protected: Pulumi may delete or replace it"


@rule(
    "cluster-support-policy",
    CLUSTER,
    reason="The default is extended support, which costs six times as much for the control plane after 14 months.",
    fix="Set cluster.support, to standard or on purpose to extended",
    source="https://docs.aws.amazon.com/eks/latest/userguide/view-support-policy.html",
)
def support_policy(cluster: Resource) -> Iterator[str]:
    """EXTENDED is AWS's default; what a stack says on purpose passes, whichever it is."""
    if not cluster.get("upgradePolicy", "supportType"):
        yield "upgradePolicy.supportType is not set"


@rule(
    "cluster-access-entries",
    CLUSTER,
    reason="The aws-auth ConfigMap and the administrator rights of the cluster's creator bypass code review.",
    fix="Authenticate by API alone, without bootstrapClusterCreatorAdminPermissions, and name people in access.entries",
    source="https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html",
)
def access_entries(cluster: Resource) -> Iterator[str]:
    """Both the ConfigMap and the creator's rights are AWS's defaults."""
    mode = cluster.get("accessConfig", "authenticationMode")
    if mode not in ("API", UNKNOWN):
        yield f"authenticationMode is {mode or 'not set'}"
    creator = cluster.get("accessConfig", "bootstrapClusterCreatorAdminPermissions")
    if creator is not UNKNOWN and creator not in (False, "false"):
        yield "the creator of the cluster stays its administrator"


@rule(
    "kubernetes-provider-cluster-identifier",
    KUBERNETES_PROVIDER,
    reason="A kubeconfig that is not known in a preview then replaces the provider and every object under it.",
    fix="Give the provider a cluster_identifier that is known before the cluster is",
    source="https://github.com/pulumi/pulumi-kubernetes/issues/4019",
)
def cluster_identifier(provider: Resource) -> Iterator[str]:
    """The exceptions are those of PROVIDERS_OF_COMPONENTS."""
    if not provider.get("clusterIdentifier") and PROVIDERS_OF_COMPONENTS.keys().isdisjoint(provider.parents[-1:]):
        yield "it has no clusterIdentifier"


@rule(
    "aws-provider-account",
    AWS_PROVIDER,
    reason="With credentials of another account, the stack would be created there.",
    fix="Set platform.account",
    source="https://www.pulumi.com/registry/packages/aws/api-docs/provider/#allowedaccountids_python",
    development=Level.ADVISORY,
)
def provider_account(provider: Resource) -> Iterator[str]:
    """The AWS provider compares the account of its credentials with these."""
    allowed = provider.get("allowedAccountIds")
    if not is_unknown(allowed) and not structure(allowed):
        yield "it has no allowedAccountIds"
