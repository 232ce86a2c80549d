"""How tests name resources, and what they read from the fake cloud's journal and from Pulumi's state."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from harness.engine.store import Event


def place(urn: str) -> str:
    """Return the types of a resource and of what it is in, and its name without the platform's: "a$b::nodes"."""
    types, name = urn.split("::", 3)[2:]
    return f"{types}::{re.sub(r'^platform-(staging-b|[a-z]+)-?', '', name)}"


def label(urn: str) -> str:
    """Return the kind and the name of a resource: "NodeGroup operations-nodes"."""
    types, name = place(urn).split("::")
    return f"{types.rpartition(':')[2]} {name}"


def matching(urns: Iterable[str], pattern: str) -> set[str]:
    """Return the resources in whose place the pattern is found."""
    return {urn for urn in urns if re.search(pattern, place(urn))}


def done(events: Iterable[Event]) -> list[tuple[str, str]]:
    """Return the operations that ended, each with the label of its resource."""
    return [(event.operation, label(event.urn)) for event in events if event.phase == "end"]


def is_over_before(first: tuple[str, str], second: tuple[str, str], events: Sequence[Event]) -> bool:
    """Return whether the first operation ended everywhere before the second one began anywhere.

    Each is an operation and a pattern of places. Raises ValueError where one of them never happened.
    """
    return max(_when(first, "end", events)) < min(_when(second, "start", events))


def _when(wanted: tuple[str, str], phase: str, events: Sequence[Event]) -> list[int]:
    operation, pattern = wanted
    return [
        event.number
        for event in events
        if (event.operation, event.phase) == (operation, phase) and matching([event.urn], pattern)
    ]


def outlived_by(state: Iterable[Mapping[str, Any]]) -> Callable[[str], frozenset[str]]:
    """Return what tells which resources the engine must keep until the one with this URN is gone.

    The journal alone would not do: what is in no order may happen in the right one.
    """
    entries = {str(entry["urn"]): entry for entry in state}

    @cache
    def keeps(urn: str) -> frozenset[str]:
        near = {other for other in _needs(entries[urn]) if other in entries}
        return frozenset(near).union(*map(keeps, near))

    return keeps


def _needs(entry: Mapping[str, Any]) -> set[str]:
    provider = str(entry.get("provider", "")).rpartition("::")[0]
    by_property = entry.get("propertyDependencies", {}).values()
    return {
        str(entry.get("parent")),
        provider,
        *entry.get("dependencies", []),
        *(u for urns in by_property for u in urns),
    }
