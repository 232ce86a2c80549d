"""Settings of IAM roles for the service accounts of applications."""

from pydantic import Field

from settings.base import Settings
from settings.extra_charts import PolicyStatement
from settings.values import Namespace, PolicyArn, Principal, ServiceAccountName


class WorkloadRights(Settings):
    """What an application may do in AWS."""

    statements: list[PolicyStatement] = Field([], description="Policy statements of the role.")
    managed_policies: list[PolicyArn] = Field(
        [], max_length=8, description="ARNs of existing IAM policies to attach to the role."
    )
    existing_role: Principal | None = Field(
        None,
        description="ARN of a role to use instead of a new one. Its rights and its trust policy are managed elsewhere; "
        "the trust policy must name `pods.eks.amazonaws.com`, or with `irsa` the cluster's OIDC provider.",
    )
    target_role: Principal | None = Field(
        None,
        description="ARN of another role, such as one of another account, that the role may assume and whose trust "
        "policy names this one. With `cluster.identity: pod-identity` pods receive its credentials; with `irsa` the "
        "application assumes it.",
    )
    create_service_accounts: bool = Field(
        True,
        description="Whether to create the service accounts, with the annotation that IRSA requires. If false, the "
        "application creates them: with IRSA, annotate them with the role's ARN from the output `workloadRoleArns`.",
    )


class ServiceAccount(Settings):
    """A service account of an application."""

    namespace: Namespace = Field(description="Namespace of the service account.")
    name: ServiceAccountName = Field(description="Name of the service account.")


class WorkloadRole(WorkloadRights):
    """An IAM role, and the service accounts whose pods have it, as `cluster.identity` specifies."""

    service_accounts: list[ServiceAccount] = Field(
        min_length=1,
        description="Service accounts whose pods have the role. Those that are created are in namespaces of "
        "`teamNamespaces`.",
    )
    session_tags: bool = Field(
        True,
        description="Whether EKS Pod Identity adds session tags, such as one with the namespace, to the sessions of "
        "`existingRole`. Set it to false where the trust policy of that role or of `targetRole` does not allow "
        "`sts:TagSession`. The trust policies of new roles require the tags.",
    )


class TeamRole(WorkloadRights):
    """The IAM role of a team's pods."""

    service_account: ServiceAccountName = Field(
        description="Name of the service account whose pods have the role, in each namespace of the team."
    )
