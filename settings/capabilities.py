"""Settings of EKS capabilities: controllers that EKS runs outside of the cluster."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import IdentityCenterArn, IdentityCenterGroup, PolicyArn, Region


class CapabilityRole(StrEnum):
    """What a capability may do in the whole cluster in addition to what EKS grants it, by EKS access policies."""

    ADMIN = "admin"
    EDIT = "edit"


class Ack(Settings):
    """AWS Controllers for Kubernetes: Kubernetes objects that stand for resources of AWS."""

    managed_policies: list[PolicyArn] = Field(
        [],
        max_length=10,
        description="IAM policies of the capability's role, which allow the resources of AWS that it manages. If "
        "empty, IAMRoleSelectors in the cluster must name other roles.",
    )


class Kro(Settings):
    """Kube Resource Orchestrator: APIs of the company's own, each made of other Kubernetes objects."""

    role: CapabilityRole | None = Field(
        None,
        description="What kro may create in the whole cluster. If absent, only kro's own kinds, and what you bind to "
        "its IAM role.",
    )


class ManagedArgoCd(Settings):
    """Argo CD as EKS runs it. People log in at IAM Identity Center.

    It deploys what `gitOps` names, as the Argo CD of the section `argoCd` does, of which there is none then. Other
    projects and Applications are objects of your own in the namespace `argocd`.
    """

    identity_center: IdentityCenterArn = Field(description="ARN of the instance of IAM Identity Center.")
    identity_center_region: Region | None = Field(
        None, description="Region of that instance. If absent, it is in the region of the cluster."
    )
    admins: list[IdentityCenterGroup] = Field(
        min_length=1, description="Ids of the groups of IAM Identity Center that administer Argo CD."
    )
    editors: list[IdentityCenterGroup] = Field([], description="Ids of the groups that may change Applications.")
    viewers: list[IdentityCenterGroup] = Field([], description="Ids of the groups that may only read.")
    role: CapabilityRole | None = Field(
        None,
        description="What Argo CD may deploy in the whole cluster. If absent, nothing until you bind rights to its IAM "
        "role. `gitOps` requires `admin`.",
    )
    managed_policies: list[PolicyArn] = Field(
        [],
        max_length=10,
        description="IAM policies of the capability's role, for repositories in CodeCommit, ECR or CodeConnections and "
        "for logins in Secrets Manager.",
    )


class Capabilities(Settings):
    """Controllers that EKS runs outside of the cluster, so that they need no nodes."""

    ack: Ack | None = Field(None, description="AWS Controllers for Kubernetes. If absent, the cluster has none.")
    kro: Kro | None = Field(None, description="Kube Resource Orchestrator. If absent, the cluster has none.")
    argo_cd: ManagedArgoCd | None = Field(None, description="Managed Argo CD. If absent, the cluster has none.")
