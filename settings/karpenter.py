"""Settings of Karpenter and its NodePools."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

import versions
from settings.base import Settings
from settings.compute import Capacity, NodeImage, Taint
from settings.node_access import NodeAccess, NodeRole
from settings.node_pools import PoolSettings
from settings.nodes import NodeSettings
from settings.values import (
    BudgetDuration,
    BudgetNodes,
    ChartVersion,
    CronLine,
    Duration,
    DurationOrNever,
    ImageVersion,
    InstanceSize,
    InstanceType,
    Label,
    Zone,
)


class Consolidation(StrEnum):
    """Which nodes Karpenter may replace to save money."""

    WHEN_EMPTY = "WhenEmpty"
    WHEN_EMPTY_OR_UNDERUTILIZED = "WhenEmptyOrUnderutilized"
    BALANCED = "Balanced"


class DisruptionReason(StrEnum):
    """A reason for which Karpenter removes a node on its own initiative.

    https://karpenter.sh/docs/concepts/disruption/#reasons
    """

    UNDERUTILIZED = "Underutilized"
    EMPTY = "Empty"
    DRIFTED = "Drifted"


class Budget(Settings):
    """A limit on the number of nodes that Karpenter may remove at the same time."""

    nodes: BudgetNodes = Field(description="Maximum number of nodes, or percentage of the pool's nodes.")
    reasons: list[DisruptionReason] = Field(
        [],
        description="Disruption reasons that the budget limits. If empty, it limits all of them. Expiry is never "
        "limited by a budget.",
    )
    schedule: CronLine | None = Field(
        None, description="Cron line, in UTC, of the times at which the budget takes effect. Requires `duration`."
    )
    duration: BudgetDuration | None = Field(
        None, description="How long the budget applies after each time in `schedule`."
    )


DEFAULT_NODE_CLASS: Final = "default"


class NodePool(PoolSettings):
    """The nodes that Karpenter may launch, and when it may remove them."""

    node_class: Label = Field(
        DEFAULT_NODE_CLASS,
        description="Node class of the nodes: `default`, which has the settings of the section `karpenter` itself, or a"
        " name in `karpenter.nodeClasses`.",
    )

    capacity_types: list[Capacity] = Field(
        [Capacity.SPOT, Capacity.ON_DEMAND],
        min_length=1,
        description="Purchase options of the instances. If both are allowed, Spot is tried first.",
    )
    instance_types: list[InstanceType] = Field(
        [], description="Exact instance types, instead of categories, families, sizes and generations."
    )
    sizes: list[InstanceSize] = Field(
        [],
        description="Instance sizes, such as 2xlarge. If empty, large and all larger sizes are allowed, because the "
        "platform's own DaemonSets leave little room for pods on smaller nodes.",
    )
    zones: list[Zone] = Field(
        [], description="Availability zones of the nodes. If empty, all zones of the network are used."
    )
    weight: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Priority of the pool. Karpenter tries the pool with the highest weight first."
    )
    startup_taints: list[Taint] = Field(
        [],
        description="Taints that a new node has until a component in the cluster removes them, such as a network or "
        "storage agent when it is ready. Pods do not need to tolerate them.",
    )
    consolidation: Consolidation = Field(
        Consolidation.WHEN_EMPTY_OR_UNDERUTILIZED,
        description="Which nodes Karpenter replaces to save money. `Balanced` weighs the savings of a replacement "
        "against the number of pods that must move.",
    )
    consolidate_after: DurationOrNever = Field(
        "1m",
        description="How long no pod may have been added to or removed from a node before Karpenter consolidates the "
        "node.",
    )
    expire_after: DurationOrNever = Field(
        "336h",
        description="Age at which a node is replaced. Expiry ignores `budgets`, even a budget of 0 nodes: set `Never`"
        " if you use such a budget to protect certain hours. New images and settings replace nodes within"
        " the budgets.",
    )
    termination_grace_period: Duration = Field(
        "1h", description="Maximum time to drain a node before its remaining pods are deleted."
    )
    budgets: list[Budget] = Field(
        [Budget(nodes="10%")],
        min_length=1,
        description="Limits on the number of nodes that may be removed at the same time. The strictest budget applies.",
        # What an editor offers: https://code.visualstudio.com/docs/languages/json#_define-snippets-in-json-schemas
        json_schema_extra={
            "defaultSnippets": [
                {"label": "a tenth of the nodes at any time", "body": [{"nodes": "10%"}]},
                {
                    "label": "none in office hours, a tenth at other times",
                    "body": [{"nodes": "10%"}, {"nodes": "0", "schedule": "0 9 * * mon-fri", "duration": "9h"}],
                },
            ]
        },
    )


class NodeClass(NodeAccess, NodeSettings):
    """How Karpenter's nodes are set up."""

    image: NodeImage = NodeImage.BOTTLEROCKET
    image_version: ImageVersion | None = Field(
        None, description="Version of the AMI alias. If absent, the version pinned for the image is used."
    )
    max_pods: Annotated[int, Field(ge=8, le=250)] | None = Field(
        None,
        description="Maximum number of pods on a node, such as 110. If absent, Karpenter calculates the number, which"
        " is 29 for a large instance. Requires node pools of Nitro instances of size large or larger.",
    )

    @property
    def image_alias(self) -> str:
        """The AMI alias with its version."""
        if self.image_version:
            return f"{self.image.value}@{self.image_version}"
        return {NodeImage.BOTTLEROCKET: versions.BOTTLEROCKET_ALIAS, NodeImage.AL2023: versions.AL2023_ALIAS}[
            self.image
        ]


class Karpenter(NodeClass):
    """Karpenter, its node classes and its NodePools. The settings of its node class `default` are in this section."""

    version: ChartVersion = Field(versions.KARPENTER.version, description="Version of Karpenter and its charts.")
    node_repair: bool = Field(
        False,
        description="Whether Karpenter replaces unhealthy nodes, which is an alpha feature of Karpenter. Node repair "
        "ignores `budgets`, and stops while more than a fifth of a pool's nodes are unhealthy.",
    )
    role: NodeRole = Field(default_factory=NodeRole)
    node_pools: dict[Label, NodePool] = Field(min_length=1, description="Node pools by name.")
    node_classes: dict[Label, NodeClass] = Field(
        {}, description="More node classes, by the name that node pools use in `nodeClass`."
    )

    @property
    def all_node_classes(self) -> dict[str, NodeClass]:
        """All node classes by name."""
        return {DEFAULT_NODE_CLASS: self, **self.node_classes}

    @property
    def image_parameters(self) -> list[str]:
        """The SSM parameters that have the ids of AMIs."""
        images = [it.custom_image for it in self.all_node_classes.values()]
        return sorted({image.ssm_parameter for image in images if image and image.ssm_parameter})
