"""Where the time of `up` goes: Gantt picture, critical path, and how far it is from what the cloud itself imposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from harness import bars
from harness.engine.schedule import Schedule, Task
from harness.engine.store import Event
from harness.render import short_type

# --- Lower bound ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One part of the chain that nobody can shorten: what it is, which resources are it, and the parts before it."""

    name: str
    matches: Callable[[Task], bool]
    after: tuple[str, ...]


def lower_bound(tasks: Iterable[Task], imposed: Iterable[Step]) -> list[tuple[str, float]]:
    """Return the longest chain of what is imposed on a stack with these tasks: each step and its seconds.

    Of several resources that could be a step (node groups), the fastest counts.
    """
    listed = list(tasks)
    chains: dict[str, list[tuple[str, float]]] = {}
    for step in imposed:
        durations = [task.seconds for task in listed if step.matches(task)]
        before = max((chains[name] for name in step.after), key=_sum, default=[])
        chains[step.name] = [*before, (step.name, min(durations))] if durations else before
    return max(chains.values(), key=_sum)


def _sum(chain: list[tuple[str, float]]) -> float:
    return sum(seconds for _, seconds in chain)


# --- Measured ------------------------------------------------------------------------------------------------------


def measured_seconds(events: Iterable[Event], pace: float) -> float:
    """Return how long a run took from the first start to the last end, in the seconds that `pace` made short."""
    times = [event.at for event in events if event.phase in ("start", "end")]
    return (max(times) - min(times)) / pace if times else 0.0


def unexplained(events: Iterable[Event], tasks: Iterable[Task], pace: float) -> list[tuple[str, float]]:
    """Return how long each operation waited after the last thing that it waits for had ended, the longest first.

    Seconds as `measured_seconds` has them. What the engine and the program need for themselves is in it, times 1 /
    `pace`.
    """
    log = list(events)
    starts = {event.urn: event.at for event in log if event.phase == "start"}
    ends = {event.urn: event.at for event in log if event.phase == "end"}
    first = min(starts.values(), default=0.0)
    by_urn = {task.urn: task for task in tasks}

    def ready(urn: str) -> float:
        if urn in ends:
            return ends[urn]
        waits = by_urn[urn].waits_for if urn in by_urn else ()
        return max((ready(other) for other in waits), default=first)

    waited = {
        task.name: starts[task.urn] - max((ready(other) for other in task.waits_for), default=first)
        for task in by_urn.values()
        if task.urn in starts
    }
    return sorted(((name, seconds / pace) for name, seconds in waited.items()), key=lambda item: -item[1])


# --- Output --------------------------------------------------------------------------------------------------------


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} m {rest:02d} s"


def table(found: Schedule, bound: list[tuple[str, float]]) -> str:
    """Return the critical path, its sum, the lower bound and their ratio."""
    path = [slot for slot in found.critical_path if slot.end > slot.start]
    least = _sum(bound)
    rows = [f"  {clock(s.start):>10}  {clock(s.end - s.start):>10}  {s.task.name}  ({s.task.type})" for s in path]
    steps = [f"  {clock(seconds):>10}  {name}" for name, seconds in bound]
    lines = [
        f"Critical path, {clock(found.seconds)} (begins, takes, resource):",
        *rows,
        f"Lower bound, {clock(least)} (what the cloud imposes):",
        *steps,
        f"Ratio: {found.seconds / least:.3f}" if least else "Ratio: none, nothing is imposed",
        f"Operations at once: up to {found.most_at_once}; Pulumi does four a core unless told --parallel",
    ]
    return "\n".join(lines)


SHORT: Final = 10.0
"""Seconds below which a resource off the critical path is left out of the picture."""
ASSUMED: Final = (
    "All times are assumed: a typical duration for each type of resource, not measured on AWS.",
    "The order comes from the dependencies between the resources; the engine's own time is left out.",
)
LEGEND: Final = (("critical", "critical path: it decides the total time"), ("slack", "other resources"))
MINUTES: Final = bars.Scale("Minutes from the start:", 60, 60, clock)


def gantt(found: Schedule, stack: str, *, shortest: float = SHORT) -> str:
    """Return an SVG picture: a bar for each resource of a stack that takes time, in the order of their starts.

    shortest: seconds; what takes less and is not on the critical path is counted, and not drawn.
    """
    critical = {slot.task.urn for slot in found.critical_path}
    timed = sorted((s for s in found.slots.values() if s.end > s.start), key=lambda s: (s.start, s.end, s.task.urn))
    slots = [slot for slot in timed if slot.task.urn in critical or slot.end - slot.start >= shortest]
    rows = [
        bars.Bar(
            slot.task.name,
            short_type(slot.task.type),
            slot.start,
            slot.end,
            "critical" if slot.task.urn in critical else "slack",
        )
        for slot in slots
    ]
    longest = ", ".join(
        f"{slot.task.name} {clock(slot.end - slot.start)}" for slot in found.critical_path if slot.end > slot.start
    )
    return bars.drawn(
        rows,
        title=f"pulumi up of stack {stack}: {clock(found.seconds)}",
        notes=ASSUMED,
        legend=LEGEND,
        scale=MINUTES,
        seconds=found.seconds,
        last=_left_out(len(timed) - len(slots), shortest),
        description=f"{' '.join(ASSUMED)} Critical path: {longest}.",
    )


def _left_out(number: int, shortest: float) -> str:
    if not number:
        return "Every resource that takes time is shown."
    return (
        f"Not shown: what takes less than {shortest:g} s and is not on the critical path ({number} of the resources)."
    )
