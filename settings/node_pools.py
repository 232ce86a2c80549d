"""What a node pool of Karpenter and one of EKS Auto Mode have in common."""

from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.compute import Taint
from settings.instance_types import Architecture
from settings.values import Cpu, InstanceCategory, InstanceFamily, LabelKey, LabelValue, Memory


class PoolSettings(Settings):
    """Instances that a pool may launch, its limits, and what its nodes have in Kubernetes."""

    categories: list[InstanceCategory] = Field(
        [], description="Instance categories, such as c, m or r. If empty, any category is allowed."
    )
    families: list[InstanceFamily] = Field(
        [], description="Instance families, such as m7g. If empty, any family is allowed."
    )
    min_generation: Annotated[int, Field(ge=1, le=20)] | None = Field(
        None, description="Oldest instance generation that is allowed."
    )
    architectures: list[Architecture] = Field(
        [Architecture.AMD64], min_length=1, description="Processor architectures for which the pods' images are built."
    )
    cpu_limit: Cpu = Field("100", description="Maximum number of vCPUs of all nodes of the pool together.")
    memory_limit: Memory = Field("400Gi", description="Maximum memory of all nodes of the pool together.")
    gpu_limit: Annotated[int, Field(ge=1, le=10000)] | None = Field(
        None,
        description="Maximum number of NVIDIA GPUs of all nodes of the pool together. If absent, only `cpuLimit` and "
        "`memoryLimit` apply.",
    )
    labels: dict[LabelKey, LabelValue] = Field({}, description="Kubernetes labels of the nodes.")
    taints: list[Taint] = Field([], description="Kubernetes taints of the nodes.")
