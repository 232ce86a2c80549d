"""Carrying a dependency in a value."""

from collections.abc import Awaitable, Sequence
from typing import Any, TypeVar, overload

import pulumi

T = TypeVar("T")


@overload
def after(resources: Sequence[pulumi.Resource], value: pulumi.Output[T]) -> pulumi.Output[T]: ...
@overload
def after(resources: Sequence[pulumi.Resource], value: Awaitable[T]) -> pulumi.Output[T]: ...
@overload
def after(resources: Sequence[pulumi.Resource], value: T) -> pulumi.Output[T]: ...
def after(resources: Sequence[pulumi.Resource], value: Any) -> pulumi.Output[Any]:
    """Return `value` as an output that depends on `resources` too.

    Whoever takes it waits for them (for all that is below a component) on creation and is outlived by them on destroy.
    Unlike `depends_on`, it reaches the children of a component that another process makes (pulumi_eks.Cluster), and one
    child of ours without the others.
    """
    # By URN and not by id, which a preview does not know of a new resource: a value that it then did not know either
    # would show everything that cannot change it, node groups for one, as replaced.
    return pulumi.Output.all(value, *[resource.urn for resource in resources]).apply(lambda values: values[0])
