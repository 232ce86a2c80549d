"""Settings of Karpenter and its NodePools."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

import versions
from settings.base import Settings
from settings.compute import Capacity, NodeImage, Taint
from settings.instance_types import Architecture
from settings.values import (
    BudgetDuration,
    BudgetNodes,
    ChartVersion,
    Cpu,
    CronLine,
    Duration,
    DurationOrNever,
    ImageVersion,
    InstanceCategory,
    InstanceFamily,
    InstanceSize,
    InstanceType,
    Label,
    LabelKey,
    LabelValue,
    Memory,
    Zone,
)


class Consolidation(StrEnum):
    """Which nodes Karpenter may replace to save money."""

    WHEN_EMPTY = "WhenEmpty"
    WHEN_EMPTY_OR_UNDERUTILIZED = "WhenEmptyOrUnderutilized"
    BALANCED = "Balanced"


class DisruptionReason(StrEnum):
    """Why Karpenter takes a node away on its own initiative.

    https://karpenter.sh/docs/concepts/disruption/#reasons
    """

    UNDERUTILIZED = "Underutilized"
    EMPTY = "Empty"
    DRIFTED = "Drifted"


class Budget(Settings):
    """How many nodes Karpenter may take away at once."""

    nodes: BudgetNodes = Field(description="Number or percentage of nodes.")
    reasons: list[DisruptionReason] = Field(
        [], description="The reasons that the budget limits; empty: all of them. None of them is expiry."
    )
    schedule: CronLine | None = Field(
        None, description="When the budget begins to hold: a cron line in UTC; needs `duration`."
    )
    duration: BudgetDuration | None = Field(None, description="How long it holds from then on.")


class NodePool(Settings):
    """What Karpenter may launch, and when it may take it away again."""

    capacity_types: list[Capacity] = Field(
        [Capacity.SPOT, Capacity.ON_DEMAND], min_length=1, description="Spot is taken first where both are allowed."
    )
    categories: list[InstanceCategory] = Field([], description="Instance categories such as c, m, r; empty: any.")
    families: list[InstanceFamily] = Field([], description="Instance families such as m7g; empty: any.")
    instance_types: list[InstanceType] = Field([], description="Exact instance types instead of traits.")
    min_generation: Annotated[int, Field(ge=1, le=20)] | None = Field(None, description="Oldest generation allowed.")
    sizes: list[InstanceSize] = Field(
        [],
        description="Instance sizes such as 2xlarge. Empty: any from large upwards, because the platform's own"
        " DaemonSets leave a smaller node hardly any pods.",
    )
    architectures: list[Architecture] = Field(
        [Architecture.AMD64], min_length=1, description="Processors that the pods' images are built for."
    )
    zones: list[Zone] = Field([], description="Only these zones; empty: all of the network.")
    cpu_limit: Cpu = Field("100", description="vCPUs of all the pool's nodes together.")
    memory_limit: Memory = Field("400Gi", description="Memory of all the pool's nodes together.")
    weight: Annotated[int, Field(ge=1, le=100)] | None = Field(None, description="The heavier pool is tried first.")
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels of the nodes.")
    taints: list[Taint] = Field([], description="Taints of the nodes.")
    startup_taints: list[Taint] = Field(
        [],
        description="Taints that a new node has until something in the cluster removes them, such as a network or"
        " storage agent when it is ready. Pods need not tolerate them.",
    )
    consolidation: Consolidation = Field(
        Consolidation.WHEN_EMPTY_OR_UNDERUTILIZED,
        description="`Balanced` weighs what a replacement saves against the pods that it moves.",
    )
    consolidate_after: DurationOrNever = Field(
        "1m", description="How long a node must have been left alone before it is replaced."
    )
    expire_after: DurationOrNever = Field(
        "336h",
        description="Age at which a node is replaced. Expiry ignores `budgets`, the hours that they protect included:"
        " write Never beside a budget of 0 nodes. New images and settings replace nodes within the budgets.",
    )
    termination_grace_period: Duration = Field("1h", description="Longest drain of a node before it is forced.")
    budgets: list[Budget] = Field(
        [Budget(nodes="10%")], min_length=1, description="How many nodes may go at once; the strictest holds."
    )


class Karpenter(Settings):
    """Karpenter, its node class and its NodePools."""

    version: ChartVersion = Field(versions.KARPENTER.version, description="Version of Karpenter and its charts.")
    image: NodeImage = NodeImage.BOTTLEROCKET
    image_version: ImageVersion | None = Field(
        None, description="AMI alias version; absent: the one pinned for the image."
    )
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        50, description="Disk for images, logs and ephemeral storage, in GiB."
    )
    max_pods: Annotated[int, Field(ge=8, le=250)] | None = Field(
        None,
        description="Most pods on a node, such as 110; absent: what Karpenter reckons, 29 for a large instance."
        " Requires pools of Nitro instances of large or more.",
    )
    node_repair: bool = Field(
        False,
        description="Whether Karpenter replaces nodes that are unhealthy: a feature that Karpenter calls alpha. It"
        " ignores `budgets`, and repairs nothing while more than a fifth of a pool's nodes are unhealthy.",
    )
    node_pools: dict[Label, NodePool] = Field(min_length=1, description="Node pools by name.")

    @property
    def image_alias(self) -> str:
        """The AMI alias with its version."""
        if self.image_version:
            return f"{self.image.value}@{self.image_version}"
        return {NodeImage.BOTTLEROCKET: versions.BOTTLEROCKET_ALIAS, NodeImage.AL2023: versions.AL2023_ALIAS}[
            self.image
        ]
