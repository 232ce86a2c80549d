"""What the SDK does for the engine alone and the recorder does not need, left out or done faster while it records.

Two functions of the SDK took half of the time of each further resource of a large program:

- For each registration it walks the call stack and makes a URI of each frame. Nobody here looks at them.
- For each dependency that it expands, it searches everything below for a way back, though a resource that nothing
  depends on yet cannot close a circle. https://github.com/pulumi/pulumi/blob/master/sdk/python/lib/pulumi/runtime/resource_cycle_breaker.py

Both are private to the SDK: where a version lacks one of them, its own way is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any, Final

from pulumi import Resource
from pulumi.runtime import resource, resource_cycle_breaker, rpc
from pulumi.runtime.proto import source_pb2

_DIRECT: Final = resource_cycle_breaker._DEPENDENCIES_PROPERTY


class Dependencies:
    """The SDK's check for circles, which searches only where there can be one.

    Each resource has a rank above those of all that it depends on, so that what has a lower rank cannot depend on it.
    """

    def __init__(self) -> None:
        self._ranks: dict[Resource, int] = {}
        self._dependents: dict[Resource, list[Resource]] = {}

    def declare(self, from_resource: Resource, to_resource: Resource) -> bool:
        """Note that a resource depends on another; return False, and note nothing, where that closes a circle."""
        direct: set[Resource] = from_resource.__dict__.setdefault(_DIRECT, set())
        if to_resource in direct:
            return True
        if from_resource is to_resource:
            return False
        rank = self._ranks.get(to_resource, 0)
        if rank >= self._ranks.get(from_resource, 0):
            dependents = self._dependents.get(from_resource)
            if dependents and resource_cycle_breaker._reachable(to_resource, from_resource):
                return False
            self._raise(from_resource, rank + 1)
        direct.add(to_resource)
        self._dependents.setdefault(to_resource, []).append(from_resource)
        return True

    def _raise(self, resource: Resource, rank: int) -> None:
        """Give a resource a rank, and what depends on it a higher one."""
        waiting = [(resource, rank)]
        while waiting:
            current, least = waiting.pop()
            if self._ranks.get(current, 0) < least:
                self._ranks[current] = least
                waiting += [(other, least + 1) for other in self._dependents.get(current, ())]


@contextmanager
def shortcuts() -> Iterator[None]:
    """Take the shortcuts in the block."""
    with ExitStack() as stack:
        stack.enter_context(_replaced(resource, "_get_stack_trace", source_pb2.StackTrace))
        stack.enter_context(_replaced(rpc, "declare_dependency", Dependencies().declare))
        yield


@contextmanager
def _replaced(module: ModuleType, name: str, function: Callable[..., Any]) -> Iterator[None]:
    before = getattr(module, name, None)
    if before is None:
        yield
        return
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, before)
