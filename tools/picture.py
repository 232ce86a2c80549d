"""The architecture of a stack as a picture, from its plan: `python -m tools.picture --stack dev` writes an SVG file.

At the top: how the stack and the internet reach each other. Then the VPC with its zones, subnets and compute. At the
bottom: every component by layer, each with all that it creates.
"""

from __future__ import annotations

import argparse
import ast
import gc
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import pulumi

from harness import HarnessError, svg
from harness.plan import STACK, Plan, Registration, show
from rehearsal.program import ROOT, run_program
from tools import exposure

WIDTH: Final = 1180
GAP: Final = 10
SIDE: Final = 120
"""Width of the column with the names of the layers."""
COLUMNS: Final = 4
LINE: Final = 14
LAYERS: Final = ("network", "control_plane", "compute", "services", "ingress", "delivery", "observability")
"""In the order of `__main__.py`: each stands on those before it."""

Drawn = tuple[list[str], float]
"""Parts of a picture, and where the next part can begin."""


@cache
def declared_in() -> dict[str, Path]:
    """Return the file of each component class."""
    return {
        node.name: path
        for layer in LAYERS
        for path in (ROOT / "components" / layer).glob("*.py")
        for node in ast.parse(path.read_text("utf-8")).body
        if isinstance(node, ast.ClassDef)
    }


@cache
def layer_of() -> dict[str, str]:
    """Return the layer of each component class: the folder of `components/` that declares it."""
    return {name: path.parent.name for name, path in declared_in().items()}


def draw(plan: Plan) -> str:
    """Return the SVG picture of a plan whose computed values are known."""
    title = f"Stack {plan.stack}: {show(plan.exports['name'])}"
    number = len(plan.registrations) - 1
    account = show(plan.exports["accountId"])
    about = f"{number} resources in {show(plan.exports['region'])}, account {account}. Drawn from the plan."
    parts = [svg.text(GAP, 28, title, size=18, bold=True), svg.text(GAP, 46, about, kind="muted")]
    y = 60.0
    for section in (_internet, _network, _layers, _rest):
        drawn, y = section(plan, y)
        parts += drawn
    ways_in = [f"{way.name}, {way.meaning}" for way in exposure.ways(plan) if way.inbound]
    exposed = (
        f"Reached from the internet: {'; '.join(ways_in)}." if ways_in else "Nothing is reached from the internet."
    )
    return svg.picture(WIDTH, y + GAP, title, f"{about} {exposed}", parts)


def _card(  # noqa: PLR0917
    x: float, y: float, width: float, height: float, kind: str, lines: Sequence[tuple[str, bool]]
) -> str:
    """Return a box with lines of text, each bold or not."""
    inside = [
        svg.text(x + 8, y + 16 + LINE * row, line, bold=bold, kind="ink" if bold else "muted", size=11 if bold else 10)
        for row, (line, bold) in enumerate(lines)
    ]
    return svg.box(x, y, width, height, kind, *inside)


def _lines(name: str, meaning: str, width: float) -> list[tuple[str, bool]]:
    head = [(line, True) for line in svg.wrapped(name, 11, width - 16, bold=True)]
    return [*head, *((line, False) for line in svg.wrapped(meaning, 10, width - 16) if line)]


def _height(lines: Sequence[object]) -> float:
    return LINE * len(lines) + 12


def _row(y: float, left: float, width: float, cards: Sequence[tuple[str, str, str]]) -> Drawn:
    """Draw cards of a kind, a name and a meaning next to each other, all as high as the highest."""
    each = (width - GAP * (len(cards) - 1)) / len(cards)
    texts = [_lines(name, meaning, each) for _, name, meaning in cards]
    height = max(map(_height, texts))
    drawn = [
        _card(round(left + (each + GAP) * column, 1), y, round(each, 1), height, kind, text)
        for column, ((kind, _, _), text) in enumerate(zip(cards, texts, strict=True))
    ]
    return drawn, y + height + GAP


def _band(y: float, end: float, title: str) -> str:
    return svg.box(GAP, y, WIDTH - 2 * GAP, end - y, "band", svg.text(2 * GAP, y + 18, title, size=12, bold=True))


# --- The internet, and the network -------------------------------------------------------------------------------


def _internet(plan: Plan, y: float) -> Drawn:
    found = exposure.ways(plan)
    cards = [("open" if way.inbound else "closed", way.name, way.meaning) for way in found]
    row, end = _row(y + 28, 2 * GAP, WIDTH - 4 * GAP, cards)
    each = (WIDTH - 4 * GAP + GAP) / len(cards)
    drawn = [_band(y, end, "Internet"), *_legend(y + 18), *row]
    for column, way in enumerate(found):
        leads_out = "outbound" in way.meaning
        if way.inbound or leads_out:
            drawn += _arrow(round(2 * GAP + each * (column + 0.5) - GAP / 2, 1), end, end + 24, down=not leads_out)
    return drawn, end + 24


def _legend(y: float) -> Iterator[str]:
    x = float(WIDTH - 2 * GAP)
    for kind, meaning in (("closed", "cannot be reached from the internet"), ("open", "faces the internet")):
        x -= svg.width_of(meaning, 10)
        yield svg.text(round(x, 1), y, meaning, size=10)
        x -= 20
        yield f'<rect class="{kind}" x="{x:.1f}" y="{y - 9:g}" width="14" height="10" rx="2"/>'
        x -= 2 * GAP


def _arrow(x: float, top: float, bottom: float, *, down: bool) -> Iterator[str]:
    tip, back = (bottom, bottom - 7) if down else (top, top + 7)
    yield f'<line class="arrow" x1="{x:g}" y1="{top:g}" x2="{x:g}" y2="{bottom:g}"/>'
    yield f'<path class="head" d="M{x - 5:g} {back:g}L{x + 5:g} {back:g}L{x:g} {tip:g}Z"/>'


def _network(plan: Plan, y: float) -> Drawn:
    found = exposure.zones(plan)
    width = (WIDTH - 4 * GAP - GAP * (len(found) - 1)) / len(found)
    left = {zone.name: round(2 * GAP + (width + GAP) * column, 1) for column, zone in enumerate(found)}
    drawn = [svg.text(left[zone.name], y + 38, f"Zone {zone.name}", bold=True) for zone in found]
    row = y + 46
    for role in ("public", "private", "pod"):
        texts = {
            zone.name: _lines(
                "Subnet for pods" if role == "pod" else f"{role.title()} subnet",
                zone.subnets[role] + (", NAT gateway" if role == "public" and zone.has_nat else ""),
                width,
            )
            for zone in found
            if role in zone.subnets
        }
        height = max(map(_height, texts.values()), default=-GAP)
        kind = "public" if role == "public" else "private"
        drawn += [_card(left[name], row, round(width, 1), height, kind, text) for name, text in texts.items()]
        row += height + GAP
    for cards in _packed(exposure.compute(plan)):
        texts_of = []
        for name, meaning, where in cards:
            begin = min(left[zone] for zone in where)
            wide = round(max(left[zone] for zone in where) + width - begin, 1)
            texts_of.append((begin, wide, _lines(name, meaning, wide)))
        height = max(_height(text) for _, _, text in texts_of)
        drawn += [_card(begin, row, wide, height, "card", text) for begin, wide, text in texts_of]
        row += height + GAP
    if services := exposure.endpoints(plan):
        text = _lines("VPC endpoints: AWS without the internet", ", ".join(services), WIDTH - 4 * GAP)
        drawn.append(_card(2 * GAP, row, WIDTH - 4 * GAP, _height(text), "closed", text))
        row += _height(text) + GAP
    return [_band(y, row, exposure.network_name(plan)), *drawn], row + GAP


def _packed(found: Sequence[exposure.Compute]) -> list[list[exposure.Compute]]:
    """Return what pods run on in rows: what is in other zones stands in the same row."""
    rows: list[list[exposure.Compute]] = []
    for item in found:
        last = rows[-1] if rows else []
        if last and not any(item[2] & other[2] for other in last):
            last.append(item)
        else:
            rows.append([item])
    return rows


# --- The components -----------------------------------------------------------------------------------------------


def _layers(plan: Plan, y: float) -> Drawn:
    layers = layer_of()
    drawn: list[str] = []
    for layer in LAYERS:
        members = [entry for entry in _tops(plan) if layers.get(kind_of(entry)) == layer]
        if not members:
            continue
        begin, inside = y, []
        y += GAP
        columns = min(COLUMNS, len(members))
        for first in range(0, len(members), columns):
            row, y = _members(plan, y, members[first : first + columns], columns)
            inside += row
        title = svg.text(2 * GAP, begin + 24, layer.replace("_", " ").capitalize(), size=12, bold=True)
        drawn += [svg.box(GAP, begin, WIDTH - 2 * GAP, y - begin, "band", title), *inside]
        y += GAP
    return drawn, y


def _members(plan: Plan, y: float, members: Sequence[Registration], columns: int) -> Drawn:
    each = (WIDTH - 3 * GAP - SIDE - GAP * (columns - 1)) / columns
    cards = [("card", f"{kind_of(entry)} {entry.name}", contents(plan, entry)) for entry in members]
    return _row(y, SIDE + GAP, each * len(cards) + GAP * (len(cards) - 1), cards)


def _rest(plan: Plan, y: float) -> Drawn:
    """Draw what is in no component of a layer."""
    layers = layer_of()
    others = [entry for entry in _tops(plan) if kind_of(entry) not in layers]
    names = ", ".join(f"{kind_of(entry)} {entry.name}" for entry in others) or "none"
    lines = svg.wrapped(f"Outside the layers: {names}", 10, WIDTH - 2 * GAP)
    drawn = [svg.text(GAP, y + LINE * (row + 1), line, size=10, kind="muted") for row, line in enumerate(lines)]
    return drawn, y + LINE * (len(lines) + 1)


def _tops(plan: Plan) -> list[Registration]:
    """Return what is below the stack itself, by name: the order of registrations differs from run to run."""
    found = [entry for entry in plan if entry.parent is not None and plan.by_urn[entry.parent].type == STACK]
    return sorted(found, key=lambda entry: (entry.name, entry.type))


def contents(plan: Plan, entry: Registration) -> str:
    """Return what is below a component: the last part of each type, with its number."""
    counts = Counter(kind_of(below) for below in plan.descendants(entry))
    sorted_ = sorted(counts.items(), key=lambda it: (-it[1], it[0]))
    return ", ".join(f"{number}{svg.NO_BREAK}{name}" for name, number in sorted_)


def kind_of(entry: Registration) -> str:
    """Return the last part of a type, such as "Role"; "Provider" of a provider."""
    return "Provider" if entry.type.startswith("pulumi:providers:") else entry.type.rpartition(":")[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture; return 1, with a message, where there is no such stack or its settings are wrong."""
    parser = argparse.ArgumentParser(prog="python -m tools.picture", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--output", type=Path, help="the picture (default: architecture-STACK.svg)")
    options = parser.parse_args(arguments)
    try:
        plan = run_program(options.stack, root=options.project)
    except (HarnessError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    file = options.output or Path(f"architecture-{options.stack}.svg")
    file.write_text(draw(plan), encoding="utf-8")
    print(f"Picture: {file}")
    return 0


if __name__ == "__main__":
    gc.disable()
    sys.exit(main())
