"""The form of a refusal that is more than a reference, and the register of all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from harness.engine.store import Cloud, Resource

Reason = Callable[[Resource, Cloud], str | None]
"""Why the cloud refuses an operation on a resource, or None if it does not."""


@dataclass(frozen=True)
class Rule:
    """One refusal.

    operations: on which it is asked. types: resource types, or their beginnings where they end in "*". code: the error
    that the real cloud gives. source: the page that says so.
    """

    operations: tuple[str, ...]
    types: tuple[str, ...]
    code: str
    source: str
    reason: Reason

    def applies_to(self, type_: str) -> bool:
        """Return whether the rule is about a resource type."""
        return any(type_ == t or (t.endswith("*") and type_.startswith(t[:-1])) for t in self.types)


RULES: Final[list[Rule]] = []


def rule(operations: str, *types: str, code: str, source: str) -> Callable[[Reason], Reason]:
    """Register a function as the reason of a rule; `operations` are separated by spaces."""

    def register(reason: Reason) -> Reason:
        RULES.append(Rule(tuple(operations.split()), types, code, source, reason))
        return reason

    return register
