"""Settings of Cluster Autoscaler, the alternative to Karpenter for managed node groups."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import Duration


class Expander(StrEnum):
    """Which group grows where several would take the waiting pods; those that need nothing but AWS's own data.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/FAQ.md#what-are-expanders
    """

    LEAST_WASTE = "least-waste"
    LEAST_NODES = "least-nodes"
    MOST_PODS = "most-pods"
    RANDOM = "random"


class ClusterAutoscaler(Settings):
    """Cluster Autoscaler, which sizes the managed node groups between `min` and `max`."""

    expander: Expander = Expander.LEAST_WASTE
    scale_down_unneeded: Duration = Field("10m", description="How long a node must have been unneeded before it goes.")
    scale_down_utilization_percent: Annotated[int, Field(ge=1, le=99)] = Field(
        50, description="Requests below which a node is unneeded, in percent of what it can allocate."
    )
