"""IAM roles for pods: by the cluster's OIDC provider (IRSA) or by EKS Pod Identity."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks, iam

from components.common.dependency import after
from facts import iam_documents
from settings import Identity


@dataclass(frozen=True)
class ServiceAccountName:
    """A Kubernetes service account. With IRSA, `*` in one of the parts matches any characters."""

    namespace: str
    name: str


@dataclass(frozen=True)
class ClusterIdentity:
    """How the cluster gives IAM roles to pods: what a component needs to create a role.

    cluster_name: known once the cluster exists. cluster_arn: known before it exists, so that roles can be created then.
    oidc_issuer: the issuer of the OIDC provider without the scheme.
    """

    kind: Identity
    cluster_name: pulumi.Input[str]
    cluster_arn: pulumi.Input[str]
    oidc_provider_arn: pulumi.Input[str]
    oidc_issuer: pulumi.Input[str]


class Irsa(pulumi.ComponentResource):
    """IAM role for service accounts: its trust names both the subject and the audience."""

    role_arn: pulumi.Output[str]
    """Known once the policies are attached: what uses the role is deleted before its policies."""
    role_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        cluster: ClusterIdentity,
        service_accounts: Sequence[ServiceAccountName],
        *,
        documents: Mapping[str, pulumi.Input[str]] | None = None,
        managed_policy_arns: Sequence[str] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role, which the service accounts assume with their projected token.

        documents: policy documents, as JSON, by a short name. managed_policy_arns: existing policies to attach.
        Raises ValueError for a service account that is a wildcard in both parts.
        """
        super().__init__("eks-platform:index:Irsa", name, {}, opts)
        accounts = [(account.namespace, account.name) for account in service_accounts]
        trust = pulumi.Output.all(cluster.oidc_provider_arn, cluster.oidc_issuer).apply(
            lambda oidc: iam_documents.trust_irsa(oidc[0], oidc[1], accounts)
        )
        role, attachments = _role(self, name, pulumi.Output.json_dumps(trust), documents or {}, managed_policy_arns)
        self.role_arn = after(attachments, role.arn)
        self.role_name = role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


class PodIdentity(pulumi.ComponentResource):
    """IAM role for pods by EKS Pod Identity; the agent must run on the pods' nodes."""

    role_arn: pulumi.Output[str]
    """Known once the policies are attached and the role is associated."""
    role_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        cluster: ClusterIdentity,
        service_accounts: Sequence[ServiceAccountName],
        *,
        documents: Mapping[str, pulumi.Input[str]] | None = None,
        managed_policy_arns: Sequence[str] = (),
        target_role_arn: str | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role and an association for each service account; their names are exact, without wildcards.

        documents: policy documents, as JSON, by a short name. managed_policy_arns: existing policies to attach.
        target_role_arn: a role that the agent assumes by this one, so that pods have its rights instead.
        """
        super().__init__("eks-platform:index:PodIdentity", name, {}, opts)
        accounts = [(account.namespace, account.name) for account in service_accounts]
        trust = pulumi.Output.from_input(cluster.cluster_arn).apply(
            lambda arn: iam_documents.trust_pod_identity(arn, accounts)
        )
        role, attachments = _role(self, name, pulumi.Output.json_dumps(trust), documents or {}, managed_policy_arns)
        attached = after(attachments, role.arn)
        associations = pod_identity_associations(
            name,
            cluster,
            service_accounts,
            pulumi.ResourceOptions(parent=self),
            role_arn=attached,
            target_role_arn=target_role_arn,
        )
        self.role_arn = after(associations, attached)
        self.role_name = role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


def pod_identity_associations(
    name: str,
    cluster: ClusterIdentity,
    service_accounts: Sequence[ServiceAccountName],
    opts: pulumi.ResourceOptions,
    *,
    role_arn: pulumi.Input[str],
    target_role_arn: str | None,
    session_tags: bool = True,
) -> list[eks.PodIdentityAssociation]:
    """Declare what gives pods of service accounts a role of the cluster's account, which may be one that exists.

    target_role_arn: a role whose rights the pods have instead. session_tags: whether the agent tags their sessions,
    which the trust of a `PodIdentity` requires.
    """
    return [
        eks.PodIdentityAssociation(
            f"{name}-{account.namespace}-{account.name}",
            cluster_name=cluster.cluster_name,
            namespace=account.namespace,
            service_account=account.name,
            role_arn=role_arn,
            target_role_arn=target_role_arn,
            disable_session_tags=None if session_tags else True,
            opts=opts,
        )
        for account in service_accounts
    ]


def workload_identity(
    name: str,
    cluster: ClusterIdentity,
    service_account: ServiceAccountName,
    opts: pulumi.ResourceOptions,
    *,
    documents: Mapping[str, pulumi.Input[str]] | None = None,
    managed_policy_arns: Sequence[str] = (),
) -> Irsa | PodIdentity:
    """Declare the role of one service account, as an `Irsa` or a `PodIdentity` according to the cluster.

    documents: policy documents, as JSON, by a short name. managed_policy_arns: existing policies to attach.
    """
    return role_of_service_accounts(
        name, cluster, [service_account], opts, documents=documents, managed_policy_arns=managed_policy_arns
    )


def role_of_service_accounts(
    name: str,
    cluster: ClusterIdentity,
    service_accounts: Sequence[ServiceAccountName],
    opts: pulumi.ResourceOptions,
    *,
    documents: Mapping[str, pulumi.Input[str]] | None = None,
    managed_policy_arns: Sequence[str] = (),
    target_role_arn: str | None = None,
) -> Irsa | PodIdentity:
    """Declare the role of service accounts, as an `Irsa` or a `PodIdentity` according to the cluster.

    documents: policy documents, as JSON, by a short name. managed_policy_arns: existing policies to attach.
    target_role_arn: a role whose rights the pods have instead, where the cluster has Pod Identity.
    """
    if cluster.kind is Identity.IRSA:
        return Irsa(
            name, cluster, service_accounts, documents=documents, managed_policy_arns=managed_policy_arns, opts=opts
        )
    return PodIdentity(
        name,
        cluster,
        service_accounts,
        documents=documents,
        managed_policy_arns=managed_policy_arns,
        target_role_arn=target_role_arn,
        opts=opts,
    )


def role_annotations(identity: Irsa | PodIdentity) -> dict[str, pulumi.Output[str]]:
    """Return the annotations that a service account needs to get its role: none with Pod Identity."""
    return annotations_of(identity.role_arn) if isinstance(identity, Irsa) else {}


def annotations_of(role_arn: pulumi.Output[str]) -> dict[str, pulumi.Output[str]]:
    """Return the annotations by which pods of a service account assume a role with IRSA."""
    return {"eks.amazonaws.com/role-arn": role_arn}


def _role(
    parent: pulumi.ComponentResource,
    name: str,
    trust: pulumi.Input[str],
    documents: Mapping[str, pulumi.Input[str]],
    managed_policy_arns: Sequence[str],
) -> tuple[iam.Role, list[iam.RolePolicyAttachment]]:
    child = pulumi.ResourceOptions(parent=parent)
    role = iam.Role(name, assume_role_policy=trust, opts=child)
    own = {key: iam.Policy(f"{name}-{key}", policy=document, opts=child).arn for key, document in documents.items()}
    existing = {arn.rsplit("/", 1)[-1]: pulumi.Output.from_input(arn) for arn in managed_policy_arns}
    attachments = [
        iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=child)
        for key, arn in {**own, **existing}.items()
    ]
    return role, attachments
