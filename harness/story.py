"""What happened, as a short timeline that a person reads: lines of text, or a picture."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from harness import bars

LEGEND: Final = (("slack", "as it should be"), ("critical", "what goes wrong"))
WIDTH: Final = 420

LINES: Final = 12
"""How many lines of time a picture has at most."""


@dataclass(frozen=True)
class Event:
    """One thing that happened. by: who did it. start, end: seconds from the beginning; the same for a moment."""

    by: str
    what: str
    start: float
    end: float
    wrong: bool = False


@dataclass
class Story:
    """A scenario that is told. title: what it is about. stack: the stack's name. notes: what a picture says besides."""

    title: str
    stack: str
    notes: tuple[str, ...] = ()
    events: list[Event] = field(default_factory=list)
    _begun: float = field(default_factory=time.monotonic)

    @contextmanager
    def during(self, by: str, what: str, *, wrong: bool = False) -> Iterator[None]:
        """Tell what takes as long as the block; what is told inside it comes after it."""
        place, start = len(self.events), self._now()
        yield
        self.events.insert(place, Event(by, what, start, self._now(), wrong))

    def tell(self, by: str, what: str, *, wrong: bool = False) -> None:
        """Tell what happens at this moment."""
        now = self._now()
        self.events.append(Event(by, what, now, now, wrong))

    def _now(self) -> float:
        return round(time.monotonic() - self._begun, 1)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return max((event.end for event in self.events), default=0.0)

    def lines(self) -> Iterator[str]:
        """Yield the lines of the timeline: when it began, how long it took, who did it, and what it was."""
        yield f"{self.title} (stack {self.stack})"
        width = max((len(event.by) for event in self.events), default=0)
        for event in self.events:
            took = f"{event.end - event.start:5.1f} s" if event.end > event.start else ""
            mark = "!" if event.wrong else " "
            yield f"{event.start:6.1f} s {took:>8} {mark} {event.by:<{width}}  {event.what}"

    def record(self) -> dict[str, Any]:
        """Return it as JSON can have it."""
        events = [asdict(event) for event in self.events]
        return {"title": self.title, "stack": self.stack, "notes": self.notes, "events": events}

    @classmethod
    def recorded(cls, record: dict[str, Any]) -> Story:
        """Return a story that was recorded."""
        events = [Event(**event) for event in record["events"]]
        return cls(record["title"], record["stack"], tuple(record["notes"]), events)

    def picture(self) -> str:
        """Return it as SVG."""
        seconds = max(self.seconds, 1.0)
        step = next(it for it in (1, 2, 5, 10, 20, 30, 60, 120, 300, 600) if seconds / it <= LINES)
        return bars.drawn(
            [
                bars.Bar(event.what, event.by, event.start, event.end, "critical" if event.wrong else "slack")
                for event in self.events
            ],
            title=f"{self.title}: {_clock(seconds)}",
            notes=self.notes,
            legend=LEGEND,
            scale=bars.Scale("Seconds from the start:", step, 1, _clock),
            seconds=seconds,
            last=f"Stack {self.stack}. The times are measured; they differ from machine to machine.",
            description=" ".join((*self.notes, *(f"{event.by}: {event.what}." for event in self.events))),
            time=WIDTH,
        )


def _clock(seconds: float) -> str:
    return f"{seconds:.0f} s"
