"""When each operation of an `up` would run on real infrastructure: a schedule in virtual time.

Nothing is waited for. The order is the engine's own: what each resource waits for stands in the state that Pulumi
wrote. The durations are the model's. The engine's own time, and its limit of operations at once, are
left out.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from harness.engine.rules import Rules
from harness.kind import UnmodelledError
from harness.model import Model
from harness.plan import Plan, show

Entry = Mapping[str, Any]
"""A resource as `pulumi stack export` gives it."""


@dataclass(frozen=True)
class Task:
    """The creation of one resource.

    waits_for: the URNs of what must be there before. seconds: how long it takes. queue: what it shares with others that
    run one at a time, or None.
    """

    urn: str
    type: str
    inputs: Mapping[str, Any]
    waits_for: frozenset[str]
    seconds: float
    queue: str | None = None

    @property
    def name(self) -> str:
        """The resource's logical name."""
        return self.urn.rsplit("::", 1)[-1]


@dataclass(frozen=True)
class Slot:
    """When a task runs (seconds from the start), and the task that it waited for last, if any."""

    task: Task
    start: float
    end: float
    after: str | None


class Schedule:
    """The slots of all tasks, each as early as what it waits for allows."""

    def __init__(self, slots: Mapping[str, Slot]) -> None:
        self.slots = dict(slots)

    @property
    def seconds(self) -> float:
        """How long all of it takes."""
        return max((slot.end for slot in self.slots.values()), default=0.0)

    @cached_property
    def critical_path(self) -> list[Slot]:
        """The chain of slots that ends last, in order."""
        chain: list[Slot] = []
        urn = max(self.slots, key=lambda u: self.slots[u].end, default=None)
        while urn is not None:
            chain.append(self.slots[urn])
            urn = self.slots[urn].after
        return chain[::-1]

    @property
    def most_at_once(self) -> int:
        """How many operations run at the same time at most."""
        working = [slot for slot in self.slots.values() if slot.end > slot.start]
        changes = sorted([(s.start, 1) for s in working] + [(s.end, -1) for s in working])
        running = most = 0
        for _, change in changes:
            running += change
            most = max(most, running)
        return most


def tasks_of(resources: Iterable[Entry], model: Model, rules: Rules) -> list[Task]:
    """Return the tasks of an `up` that made these resources."""
    return [_task(entry, model, rules) for entry in resources]


def planned(plan: Plan) -> list[Entry]:
    """Return what the state will have of the resources of a plan: as much as `tasks_of` takes."""
    return [
        {
            "urn": entry.urn,
            "type": entry.type,
            "custom": entry.custom,
            "inputs": show(entry.inputs),
            "dependencies": sorted(plan.direct_dependencies(entry)),
        }
        for entry in plan
    ]


def _task(entry: Entry, model: Model, rules: Rules) -> Task:
    inputs = entry.get("inputs") or {}
    try:
        seconds = model.kind_of(entry["type"]).seconds("create", inputs) if _takes_time(entry) else 0.0
    except UnmodelledError:
        seconds = 0.0
    queue = rules.queue_of(entry["type"], inputs)
    return Task(entry["urn"], entry["type"], inputs, frozenset(_waits_for(entry)), seconds, queue)


def _takes_time(entry: Entry) -> bool:
    return bool(entry.get("custom")) and not entry["type"].startswith("pulumi:")


def _waits_for(entry: Entry) -> Iterator[str]:
    """Yield what the engine waits for before it makes a resource: dependencies, the parent, the provider."""
    yield from entry.get("dependencies") or []
    for urns in (entry.get("propertyDependencies") or {}).values():
        yield from urns or []
    if entry.get("parent"):
        yield entry["parent"]
    if entry.get("provider"):
        yield entry["provider"].rsplit("::", 1)[0]


def schedule(tasks: Iterable[Task]) -> Schedule:
    """Return when each task runs if nothing waits for anything that it need not. Raises ValueError for a circle."""
    by_urn = {task.urn: task for task in tasks}
    missing = {urn: set(task.waits_for & by_urn.keys()) for urn, task in by_urn.items()}
    followers: dict[str, list[str]] = {urn: [] for urn in by_urn}
    for urn, waits in missing.items():
        for other in waits:
            followers[other].append(urn)
    ready = [(0.0, urn) for urn, waits in missing.items() if not waits]
    heapq.heapify(ready)
    slots: dict[str, Slot] = {}
    last_in_queue: dict[str, str] = {}
    while ready:
        _, urn = heapq.heappop(ready)
        slots[urn] = slot = _slot(by_urn[urn], slots, last_in_queue)
        for follower in followers[urn]:
            missing[follower].discard(urn)
            if not missing[follower]:
                earliest = max(slots[other].end for other in by_urn[follower].waits_for if other in slots)
                heapq.heappush(ready, (max(earliest, slot.end), follower))
    if len(slots) < len(by_urn):
        raise ValueError(f"resources wait for each other in a circle: {sorted(by_urn.keys() - slots.keys())}")
    return Schedule(slots)


def _slot(task: Task, slots: Mapping[str, Slot], last_in_queue: dict[str, str]) -> Slot:
    before = [urn for urn in task.waits_for if urn in slots]
    if task.queue is not None:
        before += [last_in_queue[task.queue]] if task.queue in last_in_queue else []
        last_in_queue[task.queue] = task.urn
    after = max(before, key=lambda urn: (slots[urn].end, urn), default=None)
    start = slots[after].end if after is not None else 0.0
    return Slot(task, start, start + task.seconds, after)
