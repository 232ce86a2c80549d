"""Settings of Cluster Autoscaler, the alternative to Karpenter for managed node groups."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import Duration


class Expander(StrEnum):
    """Which node group grows if several could run the waiting pods. These expanders require only data of AWS.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#what-are-expanders
    """

    LEAST_WASTE = "least-waste"
    LEAST_NODES = "least-nodes"
    MOST_PODS = "most-pods"
    RANDOM = "random"


class ClusterAutoscaler(Settings):
    """Cluster Autoscaler, which sets the size of the managed node groups between `min` and `max`."""

    expander: Expander = Expander.LEAST_WASTE
    scale_down_unneeded: Duration = Field("10m", description="How long a node must be unneeded before it is removed.")
    scale_down_utilization_percent: Annotated[int, Field(ge=1, le=99)] = Field(
        50,
        description="Utilization threshold below which a node is unneeded: the requests of its pods as a percentage "
        "of the node's allocatable resources.",
    )
