"""The SDK's own functions are back after a recording, and what stands in for them decides as they do."""

from itertools import product
from typing import Any

import pulumi
import pulumi_aws as aws
import pytest
from pulumi.runtime import resource, resource_cycle_breaker, rpc

from harness.shortcuts import Dependencies
from rehearsal.record import record


class _Thing:
    """As much of a resource as the check looks at."""


def _declared(declare: Any, edges: list[tuple[int, int]]) -> list[bool]:
    things = [_Thing() for _ in range(3)]
    return [declare(things[start], things[end]) for start, end in edges]


PAIRS = [(start, end) for start in range(3) for end in range(3)]


@pytest.mark.parametrize("first", PAIRS)
def test_circles_are_found_where_the_sdk_finds_them(first: tuple[int, int]) -> None:
    for rest in product(PAIRS, repeat=3):
        edges = [first, *rest]
        ours, theirs = Dependencies().declare, resource_cycle_breaker.declare_dependency
        assert _declared(ours, edges) == _declared(theirs, edges), edges


def test_the_sdks_functions_come_back() -> None:
    def current() -> list[Any]:
        return [vars(resource)["_get_stack_trace"], vars(rpc)["declare_dependency"]]

    before = current()
    during: list[Any] = []
    record(lambda: during.extend(current()))
    assert current() == before
    assert not set(during) & set(before)


def test_a_circle_is_still_refused() -> None:
    class Parts(pulumi.ComponentResource):
        def __init__(self) -> None:
            super().__init__("test:index:Parts", "parts")
            first = aws.sqs.Queue("first", opts=pulumi.ResourceOptions(parent=self))
            aws.sqs.Queue("second", opts=pulumi.ResourceOptions(parent=self, depends_on=[self, first]))

    with pytest.raises(RuntimeError, match="circular dependency"):
        record(Parts)
