"""Settings of node classes and node pools of the stack's own with EKS Auto Mode."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.compute import Capacity
from settings.node_pools import PoolSettings
from settings.values import (
    DurationOrNever,
    InstanceType,
    Label,
    SubnetId,
    Zone,
)


class PolicyDefault(StrEnum):
    """What applies to pods of the nodes that no network policy selects."""

    ALLOW = "DefaultAllow"
    DENY = "DefaultDeny"


class AutoNodeClass(Settings):
    """Where nodes of Auto Mode are launched, and with which disk."""

    subnets: list[SubnetId] = Field(
        [], description="IDs of the subnets of the nodes. If empty, the nodes' subnets of the network are used."
    )
    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        80, description="Size of the disk for images, logs and ephemeral storage, in GiB."
    )
    disk_iops: Annotated[int, Field(ge=3000, le=16000)] = Field(3000, description="IOPS of the disk.")
    disk_throughput: Annotated[int, Field(ge=125, le=1000)] = Field(
        125, description="Throughput of the disk in MiB per second."
    )
    network_policy: PolicyDefault = PolicyDefault.ALLOW


class AutoPool(PoolSettings):
    """The nodes that Auto Mode may launch in addition to those of its built-in pools."""

    node_class: Label = Field(description="Name of the node class of the nodes, in `cluster.autoMode.nodeClasses`.")
    capacity_types: list[Capacity] = Field(
        [Capacity.ON_DEMAND], min_length=1, description="Purchase options of the instances."
    )
    instance_types: list[InstanceType] = Field(
        [], description="Exact instance types, instead of categories, families and generations."
    )
    zones: list[Zone] = Field(
        [], description="Availability zones of the nodes. If empty, all zones of the node class are used."
    )
    weight: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Priority of the pool. Auto Mode tries the pool with the highest weight first."
    )
    consolidate_after: DurationOrNever = Field(
        "1m", description="How long no pod may have been added to or removed from a node before it is consolidated."
    )
    expire_after: DurationOrNever = Field(
        "336h", description="Age at which a node is replaced. Auto Mode replaces nodes after 21 days at the latest."
    )
