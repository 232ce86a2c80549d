"""Settings of managed node groups, Fargate profiles, and of where the platform's own pods run."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

import versions
from settings.base import Settings
from settings.instance_types import Accelerator, Architecture, accelerator_of
from settings.values import (
    Duration,
    InstanceType,
    LabelKey,
    LabelValue,
    NamespacePattern,
    ReleaseVersion,
    Unavailable,
    Zone,
)


class Capacity(StrEnum):
    """How EC2 sells the instance."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class NodeImage(StrEnum):
    """The family of the nodes' AMI."""

    BOTTLEROCKET = "bottlerocket"
    AL2023 = "al2023"


class TaintEffect(StrEnum):
    """What a taint does to pods that do not tolerate it."""

    NO_SCHEDULE = "NoSchedule"
    PREFER_NO_SCHEDULE = "PreferNoSchedule"
    NO_EXECUTE = "NoExecute"


class Taint(Settings):
    """A Kubernetes taint."""

    key: LabelKey = Field(description="The taint's key.")
    value: LabelValue = Field("", description="The taint's value.")
    effect: TaintEffect = TaintEffect.NO_SCHEDULE


class Toleration(Settings):
    """A toleration of a taint: of its key, or of its key with one value."""

    key: LabelKey = Field(description="The taint's key.")
    value: LabelValue | None = Field(None, description="The taint's value; absent: any.")
    effect: TaintEffect | None = Field(None, description="The taint's effect; absent: any.")


class OperationsPods(Settings):
    """Where the pods that this program installs are put (controllers, CoreDNS, Traefik)."""

    node_selector: dict[LabelKey, LabelValue] = Field({}, description="Labels that their nodes have.")
    tolerations: list[Toleration] = Field([], description="Taints of nodes that they do not mind.")


class NodeGroupTimeouts(Settings):
    """How long Pulumi waits for a node group before it fails; EKS goes on by itself."""

    create: Duration = Field("60m", description="Until the nodes of a new group have joined the cluster.")
    update: Duration = Field(
        "60m",
        description="Until every node has been replaced. EKS waits up to 15 minutes for the pods of each: with many"
        " nodes, more time is needed.",
    )
    delete: Duration = Field("60m", description="Until the nodes have been drained and are gone.")


class NodeGroup(Settings):
    """A managed node group."""

    instance_types: list[InstanceType] = Field(
        min_length=1, max_length=20, description="Tried in order (on-demand) or together (spot)."
    )
    capacity: Capacity = Capacity.ON_DEMAND
    image: NodeImage = NodeImage.BOTTLEROCKET
    architecture: Architecture = Architecture.AMD64
    release: ReleaseVersion | None = Field(
        None, description="AMI release version; absent: the one pinned for the image."
    )
    min: Annotated[int, Field(ge=0, le=450)] = Field(
        1, description="Fewest nodes. Raised above the nodes that there are, it adds nodes."
    )
    max: Annotated[int, Field(ge=1, le=450)] = Field(
        3, description="Most nodes. Lowered below the nodes that there are, it removes nodes."
    )
    desired: Annotated[int, Field(ge=0, le=450)] | None = Field(
        None,
        description="Nodes at first; absent: `min`. Later an autoscaler or a person decides, and it changes nothing.",
    )
    per_zone: bool = Field(
        False,
        description="Whether each zone has a group of its own; `min`, `max` and `desired` then count for each zone."
        " Cluster Autoscaler needs it: of a group in several zones it cannot choose the zone.",
    )
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        50, description="Disk for images, logs and ephemeral storage, in GiB."
    )
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels of the nodes.")
    taints: list[Taint] = Field([], description="Taints of the nodes.")
    zones: list[Zone] = Field([], description="Only these zones; empty: all of the network.")
    repair: bool = Field(True, description="Whether EKS replaces nodes that it finds unhealthy.")
    max_unavailable: Unavailable = Field(
        "33%", description="How many nodes EKS replaces at once in an update: a number, or a percentage of the group."
    )
    force_update_version: bool = Field(
        False,
        description="Whether an update of the nodes goes on where a disruption budget keeps a pod on its node: after"
        " 15 minutes the pod is deleted. Otherwise the update fails with PodEvictionFailure.",
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
    """Which pods a Fargate profile takes."""

    namespace: NamespacePattern = Field(description="Their namespace.")
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels that they must have; empty: any.")


class FargateProfile(Settings):
    """Pods that run without nodes."""

    selectors: list[FargateSelector] = Field(
        min_length=1, max_length=5, description="A pod is taken when one of them fits."
    )
