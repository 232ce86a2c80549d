"""What a pool of Karpenter costs at its limits, with the cheapest and with the dearest types that it may choose."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts.instance_types import sizes
from review.prices import HOURS, MEMORY, SPOT_DISCOUNT, Prices, multiple_of_large

ARM: Final = re.compile(r"[a-z]+[0-9]+g")
"""Families with AWS's own processors have a `g` after the generation: r6g, c7gn; `g5` is a category of its own.

https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html"""

_QUANTITY: Final = {"": 1 / 2**30, "Ki": 1 / 2**20, "Mi": 1 / 2**10, "Gi": 1.0, "Ti": 2.0**10, "G": 1e9 / 2**30}


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
        named = re.match(r"([a-z]+)([0-9]+)", self.family)
        category, generation = (named[1], named[2]) if named else ("", "0")
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
            "kubernetes.io/arch": "arm64" if ARM.match(self.family) else "amd64",
        }


def pool_cost(spec: Mapping[str, Any], prices: Prices) -> PoolCost | None:
    """Return what a pool costs at its limits; None where it limits no CPUs, or no type that it allows has a price."""
    limits = spec.get("limits") or {}
    cpu = _number(limits.get("cpu"))
    if cpu is None:
        return None
    memory = _number(limits.get("memory"))
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


def _number(quantity: Any) -> float | None:
    """Return CPUs, or memory in GiB, from a quantity of Kubernetes; None where there is none."""
    if quantity is None:
        return None
    found = re.fullmatch(r"([0-9.]+)(m|[KMGT]i|G)?", str(quantity))
    if found is None:
        return None
    number, unit = float(found[1]), found[2]
    return number if unit is None else number / 1000 if unit == "m" else number * _QUANTITY[unit]
