"""Where the time of `up` goes: Gantt picture, critical path, and how far it is from what the cloud itself imposes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html import escape
from typing import Final

from harness.engine.schedule import Schedule, Slot, Task
from harness.engine.store import Event

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


ROW: Final = 16
WIDTH: Final = 900
MARGIN: Final = 330


def gantt(found: Schedule) -> str:
    """Return an SVG picture: a bar for each resource that takes time, in the order of their starts."""
    slots = sorted((s for s in found.slots.values() if s.end > s.start), key=lambda s: (s.start, s.end, s.task.name))
    critical = {slot.task.urn for slot in found.critical_path}
    height = ROW * (len(slots) + 2)
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{MARGIN + WIDTH + 80}" height="{height}"'
            ' font-family="sans-serif" font-size="11">',
            f'<rect width="{MARGIN + WIDTH + 80}" height="{height}" fill="white"/>',
            *_grid(found.seconds, height),
            *(
                part
                for row, slot in enumerate(slots)
                for part in _bar(slot, row, found.seconds, slot.task.urn in critical)
            ),
            "</svg>\n",
        ]
    )


def _grid(seconds: float, height: int) -> Iterator[str]:
    for minute in range(int(seconds // 60) + 1):
        x = MARGIN + WIDTH * minute * 60 / seconds
        yield f'<line x1="{x:.1f}" y1="{ROW}" x2="{x:.1f}" y2="{height}" stroke="#ddd"/>'
        yield f'<text x="{x:.1f}" y="{ROW - 4}" text-anchor="middle" fill="#666">{minute} min</text>'


def _bar(slot: Slot, row: int, seconds: float, critical: bool) -> Iterator[str]:
    y = ROW * (row + 1)
    x, width = MARGIN + WIDTH * slot.start / seconds, max(WIDTH * (slot.end - slot.start) / seconds, 1.0)
    colour = "#c0392b" if critical else "#5b8db8"
    name = escape(slot.task.name)
    yield f'<text x="{MARGIN - 6}" y="{y + 12}" text-anchor="end">{name}</text>'
    title = f"<title>{name}: {clock(slot.start)} to {clock(slot.end)}</title>"
    yield f'<rect x="{x:.1f}" y="{y + 3}" width="{width:.1f}" height="{ROW - 5}" fill="{colour}">{title}</rect>'
