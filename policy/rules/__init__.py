"""The rules, a module a concern; importing this package declares all of them."""

from typing import Final

from policy.rule import RULES as _DECLARED
from policy.rule import Rule
from policy.rules import buckets, cluster, encryption, iam, load_balancing, network, nodes, supply, tags, workloads

__all__ = [
    "RULES", "buckets", "cluster", "encryption", "iam", "load_balancing", "network", "nodes", "supply", "tags",
    "workloads",
]  # fmt: skip

RULES: Final[tuple[Rule, ...]] = tuple(_DECLARED)
"""All rules, in the order of the modules."""
