"""Settings of managed node groups, Fargate profiles, and of where the platform's own pods run."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

import versions
from settings.base import Settings
from settings.values import InstanceType, LabelKey, LabelValue, NamespacePattern, ReleaseVersion, Zone


class Capacity(StrEnum):
    """How EC2 sells the instance."""

    ON_DEMAND = "on-demand"
    SPOT = "spot"


class NodeImage(StrEnum):
    """The family of the nodes' AMI."""

    BOTTLEROCKET = "bottlerocket"
    AL2023 = "al2023"


class Architecture(StrEnum):
    """The nodes' processor, by Kubernetes' names."""

    AMD64 = "amd64"
    ARM64 = "arm64"


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
    min: Annotated[int, Field(ge=0, le=450)] = Field(1, description="Fewest nodes.")
    max: Annotated[int, Field(ge=1, le=450)] = Field(3, description="Most nodes.")
    desired: Annotated[int, Field(ge=0, le=450)] | None = Field(None, description="Nodes at first; absent: `min`.")
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        50, description="Disk for images, logs and ephemeral storage, in GiB."
    )
    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels of the nodes.")
    taints: list[Taint] = Field([], description="Taints of the nodes.")
    zones: list[Zone] = Field([], description="Only these zones; empty: all of the network.")
    repair: bool = Field(True, description="Whether EKS replaces nodes that it finds unhealthy.")

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
