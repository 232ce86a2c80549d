"""Settings of the control plane, of access to it, and of its add-ons."""

from enum import StrEnum

from pydantic import Field

import versions
from settings.base import Settings
from settings.values import AddonVersion, AnyRange, Group, KeyArn, Label, NamespacePattern, Principal, Range, Retention


class LogType(StrEnum):
    """A control-plane log (https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html)."""

    API = "api"
    AUDIT = "audit"
    AUTHENTICATOR = "authenticator"
    CONTROLLER_MANAGER = "controllerManager"
    SCHEDULER = "scheduler"


class Support(StrEnum):
    """What EKS does at the end of standard support: upgrade the control plane, or bill extended support."""

    STANDARD = "standard"
    EXTENDED = "extended"


class Identity(StrEnum):
    """How the platform's own controllers get their IAM role."""

    IRSA = "irsa"
    POD_IDENTITY = "pod-identity"


class AutoNodePool(StrEnum):
    """A node pool that EKS Auto Mode brings: for anything, or for pods that tolerate `CriticalAddonsOnly`."""

    GENERAL_PURPOSE = "general-purpose"
    SYSTEM = "system"


class AutoMode(Settings):
    """EKS Auto Mode: EKS launches, patches and removes nodes, and brings network plugin, DNS and EBS driver."""

    node_pools: list[AutoNodePool] = Field(
        [AutoNodePool.GENERAL_PURPOSE, AutoNodePool.SYSTEM], min_length=1, description="Its own node pools to use."
    )


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
        description="Kubernetes version.",
        json_schema_extra={"enum": [*versions.ADDONS]},
    )
    public_access: dict[Label, Range] = Field(
        {},
        # https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html: cannot be raised.
        max_length=40,
        description="Who reaches the API from outside the VPC: name to CIDR. Empty: the public endpoint is off.",
    )
    private_access: dict[Label, AnyRange] = Field(
        {},
        # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
        max_length=60,
        description="Who reaches the API through the VPC, such as a runner or a VPN: name to CIDR.",
    )
    logs: list[LogType] = Field(
        [LogType.AUDIT, LogType.AUTHENTICATOR], description="Control-plane logs that go to CloudWatch."
    )
    log_retention_days: Retention = Field(90, description="How long CloudWatch keeps them.")
    secrets_key: KeyArn | None = Field(
        None, description="KMS key that encrypts Kubernetes secrets; absent: the stack makes one."
    )
    deletion_protection: bool = Field(False, description="Whether EKS refuses to delete the cluster.")
    support: Support = Support.STANDARD
    identity: Identity = Field(
        Identity.IRSA, description="How controllers and add-ons get their IAM role; Fargate knows only `irsa`."
    )
    auto_mode: AutoMode | None = Field(
        None, description="EKS Auto Mode, instead of node groups, Karpenter and Fargate; absent: off."
    )


class AccessRight(Settings):
    """A role in namespaces, or in the whole cluster."""

    role: AccessRole
    namespaces: list[NamespacePattern] = Field([], description="Limits the role to namespaces; empty: the cluster.")


class AccessEntry(Settings):
    """One IAM principal's rights in the cluster: a role, more roles, or Kubernetes groups."""

    principal: Principal = Field(description="Their role or user.")
    role: AccessRole | None = Field(
        None,
        description="What they may do with Kubernetes' own kinds; absent: only what `rights` and `groups` give them.",
    )
    namespaces: list[NamespacePattern] = Field([], description="Limits the role to namespaces; empty: the cluster.")
    rights: list[AccessRight] = Field(
        [], description="More roles of the same principal, such as `view` for the cluster beside `edit` in namespaces."
    )
    groups: list[Group] = Field(
        [],
        description="Kubernetes groups that they are in. Roles are bound to groups by `teamNamespaces`, or by hand.",
    )


class Access(Settings):
    """Who may use the Kubernetes API."""

    deployer: Principal = Field(description="The role that runs `pulumi up`: administrator of the cluster.")
    entries: dict[Label, AccessEntry] = Field({}, description="Everybody else, by a name of yours.")


class Addons(Settings):
    """Which EKS add-ons there are, and their versions where they shall differ from the pinned ones."""

    versions: dict[str, AddonVersion] = Field(
        {},
        description="Add-on name to version.",
        json_schema_extra={"propertyNames": {"enum": list(versions.ADDON_NAMES)}},
    )
    ebs_csi: bool = Field(True, description="EBS volumes and an encrypted gp3 default StorageClass; needs EC2 nodes.")
    metrics_server: bool = Field(True, description="Resource metrics, which the HPA of Traefik needs.")
    snapshot_controller: bool = Field(False, description="Snapshots of EBS volumes and a default class of them.")
    node_monitoring_agent: bool = Field(
        True, description="Health of kernel, network, storage and GPU of EC2 nodes, which node repair then acts on."
    )

    def installed(self, *, fargate_only: bool, auto_mode: bool, observability: bool) -> list[str]:
        """Return the names of the add-ons that a stack has.

        fargate_only: it has no nodes. auto_mode: EKS has them. observability: its logs and metrics go to CloudWatch.
        """
        # Auto Mode's nodes have all of these in them: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
        unwanted = {
            "aws-ebs-csi-driver": not self.ebs_csi or auto_mode,
            "metrics-server": not self.metrics_server,
            "snapshot-controller": not self.snapshot_controller,
            "eks-node-monitoring-agent": fargate_only or auto_mode or not self.node_monitoring_agent,
            "amazon-cloudwatch-observability": fargate_only or not observability,
            "coredns": auto_mode,
            # DaemonSets without a node to run on.
            "vpc-cni": fargate_only or auto_mode,
            "kube-proxy": fargate_only or auto_mode,
            "eks-pod-identity-agent": fargate_only or auto_mode,
        }
        return [name for name in versions.ADDON_NAMES if not unwanted.get(name)]
