"""Dependencies that are part of a value."""

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

    What has it as an input is created after them (after every child of a component) and deleted before them. Unlike
    `depends_on`, it also reaches the children of a component that another process declares (pulumi_eks.Cluster), and
    it can reach a single child of a component.
    """
    # By URN and not by id: a preview does not know the id of a new resource. The value would be unknown too, and the
    # preview would show every resource as replaced that cannot change it in place, such as a node group.
    return pulumi.Output.all(value, *[resource.urn for resource in resources]).apply(lambda values: values[0])
