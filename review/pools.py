"""What a pool of Karpenter costs at its limits, with the cheapest and with the dearest types that it may choose."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts.instance_sizes import MEMORY, multiple_of_large
from facts.instance_types import sizes
from review.prices import HOURS, SPOT_DISCOUNT, Prices
from settings import instance_types
from settings.quantities import number

GIB: Final = 2**30


@dataclass(frozen=True)
class PoolCost:
    """low, high: US dollars a month at the limits. what: the limits, in words. choice: between which types."""

    low: float
    high: float
    what: str
    choice: str


@dataclass(frozen=True)
class _Type:
    family: str
    size: str

    @property
    def labels(self) -> dict[str, str]:
        """The labels that Karpenter gives a node of this type, as far as pools choose by them.

        https://karpenter.sh/docs/concepts/scheduling/#well-known-labels
        """
        named = instance_types.family(self.family)
        category, generation = (named.category, str(named.generation)) if named else ("", "0")
        return {
            "karpenter.k8s.aws/instance-category": category,
            "karpenter.k8s.aws/instance-family": self.family,
            "karpenter.k8s.aws/instance-generation": generation,
            "karpenter.k8s.aws/instance-size": self.size,
            "eks.amazonaws.com/instance-category": category,
            "eks.amazonaws.com/instance-family": self.family,
            "eks.amazonaws.com/instance-generation": generation,
            "eks.amazonaws.com/instance-size": self.size,
            "node.kubernetes.io/instance-type": f"{self.family}.{self.size}",
            "kubernetes.io/arch": named.architecture.value if named else "",
        }


def pool_cost(spec: Mapping[str, Any], prices: Prices) -> PoolCost | None:
    """Return what a pool costs at its limits; None where it limits no CPUs, or no type that it allows has a price."""
    limits = spec.get("limits") or {}
    if "cpu" not in limits:
        return None
    cpu = float(number(str(limits["cpu"])))
    memory = float(number(str(limits["memory"]))) / GIB if "memory" in limits else None
    requirements = spec["template"]["spec"].get("requirements") or []
    allowed = {it.family for it in _types() if _fits(it, requirements)}
    hours = {
        family: _at_limits(family, cpu, memory) * prices.instances[family]
        for family in prices.families()
        if family in allowed
    }
    if not hours:
        return None
    cheapest, dearest = min(hours, key=lambda it: hours[it]), max(hours, key=lambda it: hours[it])
    spot = _offers(requirements, "karpenter.sh/capacity-type", "spot")
    on_demand = _offers(requirements, "karpenter.sh/capacity-type", "on-demand")
    low = HOURS * hours[cheapest] * (1 - SPOT_DISCOUNT if spot else 1)
    choice = f"{cheapest} to {dearest}, {_capacity(spot, on_demand)}"
    unknown = len(allowed) - len(hours)
    if unknown:
        choice += f"; {unknown} more families that it may choose have no price in the table"
    text = f"pool up to {cpu:g} CPUs" + (f" and {memory:g} GiB" if memory is not None else "")
    return PoolCost(low, HOURS * hours[dearest], text, choice)


def _capacity(spot: bool, on_demand: bool) -> str:
    return "spot or on demand" if spot and on_demand else "spot" if spot else "on demand"


def _at_limits(family: str, cpu: float, memory: float | None) -> float:
    """Return how many instances of the size `large` (two vCPUs) the limits leave room for."""
    each = MEMORY.get(family[0])
    room = cpu if memory is None or each is None else min(cpu, memory / each)
    return room / 2


def _types() -> Iterator[_Type]:
    for family, its in sizes().items():
        for size in its:
            if multiple_of_large(size) is not None:
                yield _Type(family, size)


def _fits(type_: _Type, requirements: Iterable[Mapping[str, Any]]) -> bool:
    return all(_meets(type_.labels[it["key"]], it) for it in requirements if it["key"] in type_.labels)


def _meets(value: str, requirement: Mapping[str, Any]) -> bool:
    """Tell whether a label meets a requirement: https://karpenter.sh/docs/concepts/nodepools/#spectemplatespecrequirements."""
    values, operator = [str(it) for it in requirement.get("values") or []], str(requirement["operator"])
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    if operator in ("Gt", "Lt"):
        return int(value) > int(values[0]) if operator == "Gt" else int(value) < int(values[0])
    return operator == "Exists"


def _offers(requirements: Iterable[Mapping[str, Any]], key: str, value: str) -> bool:
    found = [it for it in requirements if it["key"] == key]
    # Karpenter's default is on demand: https://karpenter.sh/docs/concepts/nodepools/#capacity-type
    return all(_meets(value, it) for it in found) if found else value == "on-demand"
