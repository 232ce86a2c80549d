"""Bars along a line of time, as SVG: what happened or will happen, a row for each, in the order of their starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from harness import svg

ROW: Final = 18
WIDTH: Final = 640
"""Width of the whole time, in pixels."""
GAP: Final = 12


@dataclass(frozen=True)
class Bar:
    """One row. name: what it is. by: what is next to it. start, end: in seconds. kind: a class of `svg.LIGHT`."""

    name: str
    by: str
    start: float
    end: float
    kind: str


@dataclass(frozen=True)
class Scale:
    """The line of time. said: what is above it. step: seconds between two lines. unit: seconds that count as 1.

    clock: says a duration.
    """

    said: str
    step: float
    unit: float
    clock: Callable[[float], str]


@dataclass(frozen=True)
class _Frame:
    """Where the time is drawn. seconds: the whole of it. left, top: where it begins. width: of it."""

    scale: Scale
    seconds: float
    left: float
    top: float
    width: float

    def x(self, seconds: float) -> float:
        return round(self.left + self.width * seconds / self.seconds, 1)


def drawn(  # noqa: PLR0913  # what a picture says, part by part
    rows: Sequence[Bar],
    *,
    title: str,
    notes: Sequence[str],
    legend: Sequence[tuple[str, str]],
    scale: Scale,
    seconds: float,
    last: str,
    description: str,
    time: float = WIDTH,
) -> str:
    """Return the picture. legend: what each kind of bar means. last: the line below the bars. time: its width."""
    names = max((svg.width_of(row.name, 11) for row in rows), default=0)
    by = max((svg.width_of(row.by, 10) for row in rows), default=0)
    frame = _Frame(scale, seconds, GAP + names + GAP + by + GAP, 80 + 14 * len(notes), time)
    width, height = frame.left + time + 90, frame.top + ROW * len(rows) + 2 * ROW
    parts = [
        svg.text(GAP, 26, title, size=17, bold=True),
        *(svg.text(GAP, 44 + 14 * row, line, kind="muted") for row, line in enumerate(notes)),
        *_legend(legend, GAP, frame.top - 34),
        *_grid(frame, height - 2 * ROW),
        *(part for number, row in enumerate(rows) for part in _bar(row, number, frame)),
        svg.text(GAP, height - ROW, last, kind="muted"),
    ]
    return svg.picture(round(width), height, title, description, parts)


def _legend(legend: Sequence[tuple[str, str]], x: float, y: float) -> Iterator[str]:
    for kind, meaning in legend:
        yield f'<rect class="{kind}" x="{x:g}" y="{y - 9:g}" width="18" height="10"/>'
        yield svg.text(x + 24, y, meaning)
        x += 24 + svg.width_of(meaning, 11) + 2 * GAP


def _grid(frame: _Frame, bottom: float) -> Iterator[str]:
    scale = frame.scale
    yield svg.text(frame.left - GAP, frame.top - 10, scale.said, kind="muted", at="end")
    for line in range(int(frame.seconds // scale.step) + 1):
        x = frame.x(line * scale.step)
        yield f'<line class="line" x1="{x:g}" y1="{frame.top - 5:g}" x2="{x:g}" y2="{bottom:g}"/>'
        yield svg.text(x, frame.top - 10, f"{line * scale.step / scale.unit:g}", kind="muted", at="middle")


def _bar(row: Bar, number: int, frame: _Frame) -> Iterator[str]:
    clock, took = frame.scale.clock, row.end - row.start
    y = frame.top + ROW * number
    x, width = frame.x(row.start), max(round(frame.width * took / frame.seconds, 1), 1.0)
    yield svg.text(GAP, y + 13, row.name)
    yield svg.text(frame.left - GAP, y + 13, row.by, size=10, kind="muted", at="end")
    title = f"<title>{escape(row.name)}: {clock(row.start)} to {clock(row.end)}</title>"
    yield f'<rect class="{row.kind}" x="{x:g}" y="{y + 4:g}" width="{width:g}" height="{ROW - 6}">{title}</rect>'
    yield svg.text(round(x + width + 5, 1), y + 13, clock(took), size=10)
