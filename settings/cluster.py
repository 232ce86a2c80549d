"""Settings of the control plane and of access to it."""

from collections.abc import Mapping
from enum import StrEnum

from pydantic import Field

import versions
from settings.auto_mode import AutoNodeClass, AutoPool
from settings.base import Settings
from settings.capabilities import Capabilities
from settings.hybrid import HybridNodes
from settings.node_access import SecurityRule
from settings.values import (
    AnyRange,
    ClaimName,
    ClaimPrefix,
    ClaimValue,
    ClientId,
    Group,
    HttpsUrl,
    KeyArn,
    Label,
    NamespacePattern,
    Principal,
    Range,
    Retention,
    SecurityGroupId,
    TagKey,
    TagValue,
)


class LogType(StrEnum):
    """A control-plane log (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html)."""

    API = "api"
    AUDIT = "audit"
    AUTHENTICATOR = "authenticator"
    CONTROLLER_MANAGER = "controllerManager"
    SCHEDULER = "scheduler"


class Support(StrEnum):
    """What EKS does when standard support ends: upgrade the control plane, or bill extended support."""

    STANDARD = "standard"
    EXTENDED = "extended"


class ScalingTier(StrEnum):
    """The capacity of the control plane: scaled by EKS, or provisioned in a size.

    https://docs.aws.amazon.com/eks/latest/userguide/eks-provisioned-control-plane.html
    """

    STANDARD = "standard"
    XL = "tier-xl"
    XL2 = "tier-2xl"
    XL4 = "tier-4xl"
    XL8 = "tier-8xl"


class Identity(StrEnum):
    """How the platform's own controllers receive their IAM role."""

    IRSA = "irsa"
    POD_IDENTITY = "pod-identity"


class AutoNodePool(StrEnum):
    """A node pool built into EKS Auto Mode: for all pods, or only for pods that tolerate `CriticalAddonsOnly`."""

    GENERAL_PURPOSE = "general-purpose"
    SYSTEM = "system"


class AutoMode(Settings):
    """EKS Auto Mode: EKS launches, patches and removes nodes, and provides network plugin, DNS and EBS driver."""

    node_pools: list[AutoNodePool] = Field(
        [AutoNodePool.GENERAL_PURPOSE, AutoNodePool.SYSTEM],
        description="The built-in node pools to enable. An empty list requires `pools`.",
    )
    node_classes: dict[Label, AutoNodeClass] = Field(
        {}, description="Node classes of the stack's own by name. Their nodes share an IAM role."
    )
    pools: dict[Label, AutoPool] = Field(
        {}, description="Node pools of the stack's own by name. Each one belongs to a class of `nodeClasses`."
    )

    @property
    def pool_names(self) -> list[str]:
        """Names of all node pools, built-in ones first."""
        return [*(pool.value for pool in self.node_pools), *self.pools]


class AccessRole(StrEnum):
    """What a principal may do in the cluster, by EKS access policies.

    `read-all` reads every object of the cluster, secrets included, and is what `pulumi preview` needs.
    """

    ADMIN = "admin"
    EDIT = "edit"
    VIEW = "view"
    READ_ALL = "read-all"


class Cluster(Settings):
    """The EKS control plane."""

    version: str = Field(
        versions.DEFAULT_KUBERNETES,
        description="Kubernetes version of the control plane.",
        json_schema_extra={"enum": [*versions.ADDONS]},
    )
    public_access: dict[Label, Range] = Field(
        {},
        # https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html: cannot be raised.
        max_length=40,
        description="CIDR blocks outside the VPC that may reach the Kubernetes API, by a name of your choice. If "
        "empty, the public endpoint is disabled.",
    )
    private_access: dict[Label, AnyRange] = Field(
        {},
        # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
        max_length=60,
        description="CIDR blocks that may reach the Kubernetes API through the VPC, such as a CI runner or a VPN, by "
        "a name of your choice.",
    )
    security_groups: list[SecurityGroupId] = Field(
        [],
        # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups: 16 for an
        # interface at most. EKS's own group and that of privateAccess are two of them.
        max_length=14,
        description="Existing security groups of the VPC to attach to the network interfaces of the control plane, in "
        "addition to the group that EKS creates and the group with the rules of `privateAccess`.",
    )
    security_rules: dict[Label, SecurityRule] = Field(
        {},
        max_length=60,
        description="Connections that the security group of the cluster accepts, by a name of your choice. EKS created "
        "the group for the control plane, the nodes and Fargate pods, so each rule applies to all of them.",
    )
    security_group_tags: dict[TagKey, TagValue] = Field(
        {}, max_length=40, description="Tags of the security group that EKS created for the cluster."
    )
    tags: dict[TagKey, TagValue] = Field(
        {}, max_length=5, description="Tags of the control plane, in addition to `platform.tags`."
    )
    service_cidr: Range | None = Field(
        None,
        description="IPv4 range of the cluster IPs of Services, from /12 to /24, of RFC 1918 and outside of the VPC. "
        "If absent, EKS chooses 10.100.0.0/16 or 172.20.0.0/16. Changing it requires another cluster.",
    )
    hybrid_nodes: HybridNodes | None = Field(
        None, description="Nodes outside of AWS. If absent, only nodes in the VPC can join the cluster."
    )
    capabilities: Capabilities = Field(default_factory=Capabilities)
    zonal_shift: bool | None = Field(
        None,
        description="Whether Amazon Application Recovery Controller may shift the traffic in the cluster away from an "
        "impaired availability zone. If absent, EKS keeps what the cluster has, which for a new cluster is off.",
    )
    scaling_tier: ScalingTier | None = Field(
        None,
        description="Capacity of the control plane: `standard` scales with the load, the other tiers are provisioned "
        "at an additional price by the hour. If absent, EKS keeps what the cluster has, which for a new cluster is "
        "`standard`.",
    )
    logs: list[LogType] = Field(
        [LogType.AUDIT, LogType.AUTHENTICATOR], description="Control-plane logs to send to CloudWatch."
    )
    log_retention_days: Retention = Field(
        90, description="Number of days that CloudWatch keeps the control-plane logs."
    )
    secrets_key: KeyArn | None = Field(
        None, description="ARN of the KMS key that encrypts Kubernetes secrets. If absent, the stack creates a key."
    )
    deletion_protection: bool = Field(False, description="Whether EKS refuses to delete the cluster.")
    support: Support = Support.STANDARD
    identity: Identity = Field(
        Identity.IRSA, description="How controllers and add-ons receive their IAM role. Fargate supports only `irsa`."
    )
    control_plane_only: bool = Field(
        False,
        description="Whether the stack has no compute of its own, so that nodes are added by others. It then creates "
        "the network, the control plane, access to it, and what requires no pods: the add-ons that a node needs to "
        "become ready, admission policies, namespaces of teams and roles of workloads.",
    )
    auto_mode: AutoMode | None = Field(
        None,
        description="Settings of EKS Auto Mode, which replaces node groups, Karpenter and Fargate. If absent, Auto "
        "Mode is off.",
    )

    def platform_on_fargate(self, node_groups: Mapping[str, object]) -> bool:
        """Tell whether the platform's own pods run on Fargate: no nodes exist but those that Karpenter launches.

        node_groups: those of the stack.
        """
        return not (node_groups or self.auto_mode or self.control_plane_only)


class EntryType(StrEnum):
    """What an access entry is for: people and programs, or the nodes whose role the principal is.

    https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """

    STANDARD = "standard"
    EC2_LINUX = "ec2-linux"
    EC2_WINDOWS = "ec2-windows"
    EC2 = "ec2"
    FARGATE_LINUX = "fargate-linux"
    HYBRID_LINUX = "hybrid-linux"

    @property
    def in_eks(self) -> str:
        """The name that EKS has for it."""
        return self.upper().replace("-", "_")


class AccessRight(Settings):
    """A role in some namespaces, or in the whole cluster."""

    role: AccessRole
    namespaces: list[NamespacePattern] = Field(
        [], description="Namespaces that the role is limited to. If empty, the role applies to the whole cluster."
    )


class AccessEntry(Settings):
    """The rights of one IAM principal in the cluster: a role, additional roles, or Kubernetes groups."""

    principal: Principal = Field(description="ARN of the IAM role or user.")
    type: EntryType = Field(
        EntryType.STANDARD,
        description="`standard` for people and programs, the other types for the role of nodes that this program does "
        "not create: `ec2-linux`, `ec2-windows`, `fargate-linux`, `hybrid-linux`, and `ec2` for node classes of Auto "
        "Mode. EKS grants nodes their rights by the type.",
    )
    role: AccessRole | None = Field(
        None,
        description="What the principal may do with the built-in Kubernetes kinds. If absent, the principal has only "
        "what `rights` and `groups` grant.",
    )
    namespaces: list[NamespacePattern] = Field(
        [], description="Namespaces that the role is limited to. If empty, the role applies to the whole cluster."
    )
    rights: list[AccessRight] = Field(
        [],
        description="Additional roles of the same principal, such as `view` in the cluster together with `edit` in "
        "some namespaces.",
    )
    groups: list[Group] = Field(
        [],
        description="Kubernetes groups that the principal is a member of. `teamNamespaces` binds roles to groups; you"
        " can also bind them yourself.",
    )


class OidcRole(StrEnum):
    """What a group of an OpenID Connect provider may do in the whole cluster, by Kubernetes' own cluster roles."""

    ADMIN = "admin"
    EDIT = "edit"
    VIEW = "view"


class OidcGroup(Settings):
    """A group of an OpenID Connect provider with a role in the whole cluster."""

    group: Group = Field(description="Name of the group as the token has it, without `groupsPrefix`.")
    role: OidcRole = Field(description="What its members may do in the whole cluster.")


class Oidc(Settings):
    """People who log in to the Kubernetes API at an OpenID Connect provider, in addition to IAM principals."""

    issuer: HttpsUrl = Field(
        description="URL of the provider, which EKS must reach through the internet: it is the `iss` claim of its "
        "tokens.",
    )
    client_id: ClientId = Field(description="Client id of the cluster at the provider, the `aud` claim of its tokens.")
    username_claim: ClaimName = Field("email", description="Claim with the name of the user.")
    username_prefix: ClaimPrefix = Field(
        "oidc:",
        description="Prefix of the names of users in Kubernetes, which keeps them apart from others. `-` means none.",
    )
    groups_claim: ClaimName = Field("groups", description="Claim with the groups of the user.")
    groups_prefix: ClaimPrefix = Field(
        "oidc:",
        description="Prefix of the names of groups in Kubernetes, which keeps them apart from others: "
        "`teamNamespaces` and `access.entries` name a group together with it.",
    )
    required_claims: dict[ClaimName, ClaimValue] = Field(
        {}, description="Claims that a token must have, with their values."
    )
    groups: dict[Label, OidcGroup] = Field(
        {},
        description="Groups with a role in the whole cluster, by a name of your choice. `teamNamespaces` gives "
        "groups a role in a namespace.",
    )


class Access(Settings):
    """Who may use the Kubernetes API."""

    deployer: Principal = Field(
        description="ARN of the IAM role that runs `pulumi up`. It is an administrator of the cluster."
    )
    entries: dict[Label, AccessEntry] = Field(
        {}, description="All other principals with access to the cluster, by a name of your choice."
    )
    argo_cd_hub: Principal | None = Field(
        None,
        description="ARN of the role of another cluster's Argo CD that deploys to this cluster: the output "
        "`argoCdRoleArn` of its stack. The stack creates a role that it assumes, which is an administrator of the "
        "cluster, and the output `argoCdAccessRoleArn`.",
    )
    oidc: Oidc | None = Field(
        None,
        description="Login at an OpenID Connect provider. If absent, only IAM principals can log in. EKS accepts one "
        "provider for each cluster, and takes up to 20 minutes to change it.",
    )
