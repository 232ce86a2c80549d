"""How long `up` takes for one change alone, as the timeline reckons: with the durations of the fake cloud's tables."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from harness.engine.schedule import Schedule, Task, schedule
from harness.kind import UnmodelledError, get
from rehearsal.cloud import kind_of
from rehearsal.engine.rules import RULES
from review.changes import Change, Operation
from review.plans import Recorded, Resource

UPGRADE: Final = 600.0
"""Seconds of an upgrade of the control plane: https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html."""

BATCH: Final = 240.0
"""Seconds in which a group of nodes is replaced: new ones start, old ones are drained. An assumption, as in the tables.

https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html"""

ROLLED: Final = frozenset({"version", "releaseVersion", "launchTemplate"})


@dataclass(frozen=True)
class Duration:
    """seconds: of the whole change. longest: the operations that it waits for, each with its seconds."""

    seconds: float
    longest: tuple[tuple[str, float], ...]


def duration(before: Recorded, after: Recorded, found: Iterable[Change]) -> Duration:
    """Return how long a change takes: the engine creates and updates everything, then it deletes what goes."""
    changes = list(found)
    made = {it.resource.urn: it for it in changes if it.operation is not Operation.DELETE}
    gone = {it.before.urn: it for it in changes if it.before and it.operation in (Operation.DELETE, Operation.REPLACE)}
    first = schedule(_task(it, after, _seconds(made.get(it.urn)), made.get(it.urn)) for it in after)
    last = schedule(_backwards(before, gone))
    return Duration(first.seconds + last.seconds, (*_longest(first, made, "create"), *_longest(last, gone, "delete")))


def _task(resource: Resource, plan: Recorded, seconds: float, change: Change | None) -> Task:
    queue = RULES.queue_of(resource.type, dict(resource.inputs)) if change else None
    return Task(resource.urn, resource.type, resource.inputs, _needs(resource, plan), seconds, queue)


def _needs(resource: Resource, plan: Recorded) -> frozenset[str]:
    """Return what a resource waits for: its dependencies, parent and provider, and what is in a component before it."""
    own = {*resource.dependencies, resource.parent or "", str(resource.options.get("provider") or "")}
    own.update(*resource.property_dependencies.values())
    place = plan.order[resource.urn]
    return frozenset(
        below
        for urn in own
        if urn in plan.by_urn
        for below in (urn, *plan.descendants(urn))
        if plan.order[below] < place
    )


def _backwards(plan: Recorded, gone: dict[str, Change]) -> list[Task]:
    """Return the tasks of the deletions, in which what was needed waits for what needed it."""
    users: dict[str, set[str]] = {it.urn: set() for it in plan}
    for resource in plan:
        for urn in _needs(resource, plan):
            users[urn].add(resource.urn)
    return [
        Task(it.urn, it.type, it.inputs, frozenset(users[it.urn]), _deletion(it) if it.urn in gone else 0.0)
        for it in plan
    ]


def _deletion(resource: Resource) -> float:
    return _of(resource, "delete")


def _seconds(change: Change | None) -> float:
    if change is None:
        return 0.0
    if change.operation is not Operation.UPDATE:
        return _of(change.resource, "create")
    if change.resource.type == "aws:eks/cluster:Cluster" and "version" in change.tops:
        return UPGRADE
    if change.resource.type == "aws:eks/nodeGroup:NodeGroup" and change.tops & ROLLED:
        return BATCH * batches(change.resource)
    return _of(change.resource, "update")


def batches(group: Resource) -> int:
    """Return in how many steps the nodes of a group are replaced.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupUpdateConfig.html
    """
    nodes = int(get(group.inputs, "scalingConfig.desiredSize") or 1)
    percentage = get(group.inputs, "updateConfig.maxUnavailablePercentage")
    once = math.floor(nodes * percentage / 100) if percentage else get(group.inputs, "updateConfig.maxUnavailable") or 1
    return math.ceil(nodes / max(1, int(once)))


def _of(resource: Resource, operation: str) -> float:
    try:
        return kind_of(resource.type).seconds(operation, dict(resource.inputs))
    except UnmodelledError:
        return 0.0


def _longest(found: Schedule, changed: dict[str, Change], half: str) -> list[tuple[str, float]]:
    """Return the operations on the critical path that take a second or more. half: which one of a replacement."""
    return [
        (
            f"{half if (change := changed[slot.task.urn]).operation is Operation.REPLACE else change.operation} "
            f"{change.resource.label}",
            slot.task.seconds,
        )
        for slot in found.critical_path
        if slot.task.urn in changed and slot.task.seconds >= 1
    ]
