"""What a cloud refuses, and what a change brings about: the rules by which the provider doubles change the store."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from harness.engine.store import Cloud, Resource


def _allow(operation: str, resource: Resource, cloud: Cloud) -> None:
    pass


def _no_queue(type_: str, inputs: Mapping[str, Any]) -> str | None:
    return None


def _as_it_will_be(operation: str, resource: Resource, before: Resource | None) -> Resource:
    return resource


@dataclass(frozen=True)
class Rules:
    """What a project says of operations on its cloud. An operation is "create", "update" or "delete".

    refuse: raises harness.RefusedError if the real cloud would now refuse an operation on a resource.
    follow: does what follows from an operation that has just been done, such as what controllers create and delete.
    queue_of: the queue that a change of a resource waits in, None if it waits for nothing.
    overwritten: types of which a creation replaces what has the same id already.
    under_way: what the cloud holds of a resource in the middle of an operation, from the operation, the resource as it
    will be, and as it was before (None on creation).
    """

    refuse: Callable[[str, Resource, Cloud], None] = _allow
    follow: Callable[[str, Resource, Cloud], None] = _allow
    queue_of: Callable[[str, Mapping[str, Any]], str | None] = _no_queue
    overwritten: frozenset[str] = frozenset()
    under_way: Callable[[str, Resource, Resource | None], Resource] = _as_it_will_be
