"""Settings of managed node groups, Fargate profiles, and of where the platform's own pods run."""

from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Annotated

from pydantic import Field

import versions
from settings.base import Settings
from settings.instance_types import Accelerator, Architecture, accelerator_of
from settings.node_access import NodeAccess, NodeRole
from settings.nodes import NodeSettings
from settings.reservations import Reservation
from settings.values import (
    Duration,
    InstanceType,
    LabelKey,
    LabelValue,
    NamespacePattern,
    NodeThreshold,
    ReleaseVersion,
    RepairReason,
    Unavailable,
    Zone,
)


class Capacity(StrEnum):
    """The purchase option of the instances."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class GroupCapacity(StrEnum):
    """The purchase option of a node group's instances."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"
    CAPACITY_BLOCK = "capacity-block"


class NodeImage(StrEnum):
    """The AMI family of the nodes."""

    BOTTLEROCKET = "bottlerocket"
    AL2023 = "al2023"


class TaintEffect(StrEnum):
    """The effect of a taint on pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Settings):
    """A Kubernetes taint."""

    key: LabelKey = Field(description="Key of the taint.")
    value: LabelValue = Field("", description="Value of the taint.")
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


class Toleration(Settings):
    """A toleration of a taint: of any value of its key, or of one value."""

    key: LabelKey = Field(description="Key of the tolerated taint.")
    value: LabelValue | None = Field(
        None, description="Value of the tolerated taint. If absent, any value is tolerated."
    )
    effect: TaintEffect | None = Field(
        None, description="Effect of the tolerated taint. If absent, any effect is tolerated."
    )


class OperationsPods(Settings):
    """Where the pods that this program installs are scheduled (controllers, CoreDNS, Traefik)."""

    node_selector: dict[LabelKey, LabelValue] = Field({}, description="Labels that a node must have to run these pods.")
    tolerations: list[Toleration] = Field([], description="Node taints that these pods tolerate.")


class NodeGroupTimeouts(Settings):
    """How long Pulumi waits for a node group before it reports a failure. EKS continues the operation."""

    create: Duration = Field("60m", description="Time for the nodes of a new group to join the cluster.")
    update: Duration = Field(
        "60m",
        description="Time for all nodes to be replaced. EKS waits up to 15 minutes for the pods of each node, so a "
        "group with many nodes requires more time.",
    )
    delete: Duration = Field("60m", description="Time for all nodes to be drained and terminated.")


class UpdateStrategy(StrEnum):
    """Whether an update starts new nodes before it drains old ones.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html
    """

    DEFAULT = "default"
    MINIMAL = "minimal"


class RepairCondition(StrEnum):
    """What the node monitoring agent finds wrong with a node.

    https://docs.aws.amazon.com/eks/latest/userguide/node-repair.html
    """

    ACCELERATED_HARDWARE = "AcceleratedHardwareReady"
    CONTAINER_RUNTIME = "ContainerRuntimeReady"
    KERNEL = "KernelReady"
    NETWORKING = "NetworkingReady"
    STORAGE = "StorageReady"


class RepairAction(StrEnum):
    """What EKS does with an unhealthy node."""

    REPLACE = "Replace"
    REBOOT = "Reboot"
    NO_ACTION = "NoAction"


class RepairOverride(Settings):
    """What EKS does about one fault, instead of what it does by default."""

    condition: RepairCondition
    reason: RepairReason = Field(
        description="Reason that the node monitoring agent gives for the condition, such as InterfaceNotUp."
    )
    action: RepairAction
    wait_minutes: Annotated[int, Field(ge=1, le=10080)] = Field(
        description="Minutes for which the fault must last before EKS acts."
    )


class RepairLimits(Settings):
    """Limits of node repair."""

    max_unhealthy: NodeThreshold | None = Field(
        None,
        description="Number or percentage of unhealthy nodes above which EKS stops repairing, because the fault is then"
        " probably not in the nodes. If absent, EKS decides.",
    )
    max_parallel: NodeThreshold | None = Field(
        None,
        description="Maximum number of nodes that EKS repairs at the same time, or percentage of the unhealthy nodes."
        " If absent, EKS decides.",
    )
    overrides: list[RepairOverride] = Field(
        [], max_length=50, description="Faults with an action and a delay of their own."
    )


class NodeGroup(NodeAccess, NodeSettings):
    """A managed node group."""

    instance_types: list[InstanceType] = Field(
        min_length=1,
        max_length=20,
        description="Instance types. On-demand capacity tries them in order; Spot capacity considers them all at once.",
    )
    capacity: GroupCapacity = GroupCapacity.ON_DEMAND
    reservation: Reservation | None = Field(
        None,
        description="Reserved capacity for the nodes. Required with the capacity `capacity-block`, a reservation of "
        "GPU or Trainium instances for some days. If absent, open reservations are used.",
    )
    efa: bool = Field(
        False,
        description="Whether each network card of the nodes is an Elastic Fabric Adapter. The nodes are then in one "
        "zone, in a cluster placement group unless they are reserved, and in a security group that allows all traffic "
        "between them. Pods receive the adapters by the chart `aws-efa-k8s-device-plugin`.",
    )
    image: NodeImage = NodeImage.BOTTLEROCKET
    architecture: Architecture = Architecture.AMD64
    release: ReleaseVersion | None = Field(
        None, description="AMI release version. If absent, the version pinned for the image is used."
    )
    max_pods: Annotated[int, Field(ge=8, le=250)] | None = Field(
        None,
        description="Maximum number of pods on a node. Requires `customImage`: in a group with an AMI of EKS, EKS sets "
        "the number, up to 110, and up to 250 from 30 vCPUs.",
    )
    min: Annotated[int, Field(ge=0, le=450)] = Field(
        1, description="Minimum number of nodes. Raising it above the current number of nodes adds nodes."
    )
    max: Annotated[int, Field(ge=1, le=450)] = Field(
        3, description="Maximum number of nodes. Lowering it below the current number of nodes removes nodes."
    )
    desired: Annotated[int, Field(ge=0, le=450)] | None = Field(
        None,
        description="Initial number of nodes. If absent, `min` is used. Later changes have no effect, because an "
        "autoscaler or an operator sets the number.",
    )
    per_zone: bool = Field(
        False,
        description="Whether to create a separate group in each zone. `min`, `max` and `desired` then apply to each "
        "zone. Required by Cluster Autoscaler, which cannot choose the zone in a group that spans "
        "several.",
    )
    role: NodeRole = Field(default_factory=NodeRole)
    labels: dict[LabelKey, LabelValue] = Field({}, description="Kubernetes labels of the nodes.")
    taints: list[Taint] = Field([], description="Kubernetes taints of the nodes.")
    zones: list[Zone] = Field(
        [], description="Availability zones of the nodes. If empty, all zones of the network are used."
    )
    repair: bool = Field(True, description="Whether EKS replaces nodes that it finds unhealthy.")
    repair_limits: RepairLimits | None = Field(None, description="Limits of `repair`.")
    update_strategy: UpdateStrategy = Field(
        UpdateStrategy.DEFAULT,
        description="With `default`, an update starts new nodes before it drains old ones. With `minimal`, it drains "
        "first, so that it requires no additional instances, such as those of a capacity reservation.",
    )
    max_unavailable: Unavailable = Field(
        "33%",
        description="Maximum number of nodes that EKS replaces at the same time during an update, as a number or as a"
        " percentage of the group.",
    )
    force_update_version: bool = Field(
        False,
        description="Whether an update of the nodes continues if a disruption budget keeps a pod on its node: the pod"
        " is then deleted after 15 minutes. If false, such an update fails with PodEvictionFailure.",
    )
    timeouts: NodeGroupTimeouts = Field(default_factory=NodeGroupTimeouts)

    @property
    def accelerator(self) -> Accelerator:
        """The accelerator of all its instance types, whose driver its image must have."""
        return accelerator_of(self.instance_types[0])

    def release_for(self, kubernetes: str) -> str:
        """Return the AMI release version for nodes of a Kubernetes minor."""
        if self.release:
            return self.release
        bottlerocket = self.image is NodeImage.BOTTLEROCKET
        return versions.BOTTLEROCKET_RELEASE_VERSION if bottlerocket else versions.AL2023_RELEASE_VERSION[kubernetes]


class FargateSelector(Settings):
    """The pods that a Fargate profile runs."""

    namespace: NamespacePattern = Field(description="Namespace of the pods.")
    labels: dict[LabelKey, LabelValue] = Field(
        {}, description="Labels that the pods must have. If empty, pods with any labels are selected."
    )


class FargateProfile(Settings):
    """Pods that run on Fargate, without nodes."""

    selectors: list[FargateSelector] = Field(
        min_length=1,
        max_length=5,
        description="Selectors of the pods. A pod runs on Fargate if it matches any of them.",
    )

    def takes_all(self, namespace: str) -> bool:
        """Tell whether the profile takes every pod of a namespace, whatever its labels."""
        return any(fnmatchcase(namespace, it.namespace) and not it.labels for it in self.selectors)
