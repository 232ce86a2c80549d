"""The settings of a stack: what `Pulumi.<stack>.yaml` may hold, as typed models.

Each section is one configuration key of the project (`eks-platform:network`, `eks-platform:cluster`, ...) and one
model here; keys are written in camelCase. Defaults stand here and nowhere else. `load` refuses a stack file before any
resource is registered and reports all of its errors at once; rules that relate one setting to another are in
`settings.rules`, the words of the messages in `settings.problems`, the forms of values in `settings.values`.
"""

from settings.base import Settings, arguments, plain
from settings.charts import Charts
from settings.cluster import (
    Access,
    AccessEntry,
    AccessRole,
    Addons,
    AutoMode,
    AutoNodePool,
    Cluster,
    Identity,
    LogType,
    Support,
)
from settings.compute import (
    Architecture,
    Capacity,
    FargateProfile,
    FargateSelector,
    NodeGroup,
    NodeImage,
    OperationsPods,
    Taint,
    TaintEffect,
    Toleration,
)
from settings.ingress import AccessLogs, Domain, Ingress, IngressOwner, Scheme, Traefik
from settings.karpenter import Budget, Consolidation, Karpenter, NodePool
from settings.network import ExistingNetwork, FlowLogs, IpFamily, Nat, Network, SubnetTagging
from settings.platform import Platform
from settings.stack import Stack, load, stack_settings

__all__ = [
    "Access",
    "AccessEntry",
    "AccessLogs",
    "AccessRole",
    "Addons",
    "Architecture",
    "AutoMode",
    "AutoNodePool",
    "Budget",
    "Capacity",
    "Charts",
    "Cluster",
    "Consolidation",
    "Domain",
    "ExistingNetwork",
    "FargateProfile",
    "FargateSelector",
    "FlowLogs",
    "Identity",
    "Ingress",
    "IngressOwner",
    "IpFamily",
    "Karpenter",
    "LogType",
    "Nat",
    "Network",
    "NodeGroup",
    "NodeImage",
    "NodePool",
    "OperationsPods",
    "Platform",
    "Scheme",
    "Settings",
    "Stack",
    "SubnetTagging",
    "Support",
    "Taint",
    "TaintEffect",
    "Toleration",
    "Traefik",
    "arguments",
    "load",
    "plain",
    "stack_settings",
]
