"""The settings of a stack: what `Pulumi.<stack>.yaml` may hold, as typed models.

Each section is one configuration key of the project (`eks-platform:network`, `eks-platform:cluster`, ...) and one
model here; keys are written in camelCase. No other module defines defaults. `load` refuses a stack file before any
resource is registered and reports all of its errors at once; rules that relate one setting to another are in
`settings.rules`, the words of the messages in `settings.problems`, the forms of values in `settings.values`.
"""

from settings.addons import AddedAddon, AddonRole, Addons, StorageClass
from settings.admission import Admission, AdmissionMode
from settings.argo_cd import ArgoCd, GitCredential, GithubApp, GitOps, GitOpsSet, Repository, Retry, SingleSignOn
from settings.auto_mode import AutoNodeClass, AutoPool
from settings.base import Settings, required
from settings.caller import require_deployer
from settings.charts import Charts
from settings.cluster import (
    Access,
    AccessEntry,
    AccessRight,
    AccessRole,
    AutoMode,
    AutoNodePool,
    Cluster,
    EntryType,
    Identity,
    LogType,
    Oidc,
    OidcGroup,
    OidcRole,
    ScalingTier,
    Support,
)
from settings.cluster_autoscaler import ClusterAutoscaler, Expander
from settings.compute import (
    Capacity,
    FargateProfile,
    FargateSelector,
    NodeGroup,
    NodeGroupTimeouts,
    NodeImage,
    OperationsPods,
    RepairAction,
    RepairCondition,
    RepairLimits,
    RepairOverride,
    Taint,
    TaintEffect,
    Toleration,
    UpdateStrategy,
)
from settings.descheduler import Descheduler
from settings.dns import AcmeServer, CertManager, ExternalDns, Issuer, RecordPolicy, RecordSource
from settings.encryption import Encryption
from settings.external_secrets import ExternalSecrets, SecretService, SecretStore
from settings.extra_charts import ChartRole, ExtraChart, PolicyStatement, in_order
from settings.hybrid import HybridNodes
from settings.ingress import AccessLogs, Dedicated, Domain, Ingress, IngressOwner, Scheme, TargetProtocol, Traefik
from settings.instance_types import Accelerator, Architecture
from settings.karpenter import (
    DEFAULT_NODE_CLASS,
    Budget,
    Consolidation,
    DisruptionReason,
    Karpenter,
    NodeClass,
    NodePool,
)
from settings.network import ExistingNetwork, FlowLogs, IpFamily, Nat, Network, NodeSubnet, SubnetTagging
from settings.node_access import NodeAccess, NodeRole, NodeSecurityRule, Protocol, SecurityRule
from settings.nodes import (
    Bottlerocket,
    CpuManagerPolicy,
    DiskPerformance,
    ExtraDisk,
    Kubelet,
    LocalDisks,
    Lockdown,
    NodeSettings,
    Reserved,
    SoftEviction,
)
from settings.observability import Alarms, Observability, Thresholds
from settings.platform import Platform
from settings.stack import Stack, load, stack_settings
from settings.teams import ContainerDefaults, Maximum, NamespaceShare, Quota, Team, TeamNamespace, TeamSecrets
from settings.values import PodSecurity
from settings.workload_roles import ServiceAccount, TeamRole, WorkloadRights, WorkloadRole
from settings.workloads import Workloads

__all__ = [
    "DEFAULT_NODE_CLASS",
    "Accelerator",
    "Access",
    "AccessEntry",
    "AccessLogs",
    "AccessRight",
    "AccessRole",
    "AcmeServer",
    "AddedAddon",
    "AddonRole",
    "Addons",
    "Admission",
    "AdmissionMode",
    "Alarms",
    "Architecture",
    "ArgoCd",
    "AutoMode",
    "AutoNodeClass",
    "AutoNodePool",
    "AutoPool",
    "Bottlerocket",
    "Budget",
    "Capacity",
    "CertManager",
    "ChartRole",
    "Charts",
    "Cluster",
    "ClusterAutoscaler",
    "Consolidation",
    "ContainerDefaults",
    "CpuManagerPolicy",
    "Dedicated",
    "Descheduler",
    "DiskPerformance",
    "DisruptionReason",
    "Domain",
    "Encryption",
    "EntryType",
    "ExistingNetwork",
    "Expander",
    "ExternalDns",
    "ExternalSecrets",
    "ExtraChart",
    "ExtraDisk",
    "FargateProfile",
    "FargateSelector",
    "FlowLogs",
    "GitCredential",
    "GitOps",
    "GitOpsSet",
    "GithubApp",
    "HybridNodes",
    "Identity",
    "Ingress",
    "IngressOwner",
    "IpFamily",
    "Issuer",
    "Karpenter",
    "Kubelet",
    "LocalDisks",
    "Lockdown",
    "LogType",
    "Maximum",
    "NamespaceShare",
    "Nat",
    "Network",
    "NodeAccess",
    "NodeClass",
    "NodeGroup",
    "NodeGroupTimeouts",
    "NodeImage",
    "NodePool",
    "NodeRole",
    "NodeSecurityRule",
    "NodeSettings",
    "NodeSubnet",
    "Observability",
    "Oidc",
    "OidcGroup",
    "OidcRole",
    "OperationsPods",
    "Platform",
    "PodSecurity",
    "PolicyStatement",
    "Protocol",
    "Quota",
    "RecordPolicy",
    "RecordSource",
    "RepairAction",
    "RepairCondition",
    "RepairLimits",
    "RepairOverride",
    "Repository",
    "Reserved",
    "Retry",
    "ScalingTier",
    "Scheme",
    "SecretService",
    "SecretStore",
    "SecurityRule",
    "ServiceAccount",
    "Settings",
    "SingleSignOn",
    "SoftEviction",
    "Stack",
    "StorageClass",
    "SubnetTagging",
    "Support",
    "Taint",
    "TaintEffect",
    "TargetProtocol",
    "Team",
    "TeamNamespace",
    "TeamRole",
    "TeamSecrets",
    "Thresholds",
    "Toleration",
    "Traefik",
    "UpdateStrategy",
    "WorkloadRights",
    "WorkloadRole",
    "Workloads",
    "in_order",
    "load",
    "require_deployer",
    "required",
    "stack_settings",
]
