"""How costs are shown: text for a terminal, JSON, and Markdown for a comment."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

from review.cost import Estimate, Line, Note, rounded
from review.prices import HOURS, PAGES

NOT_IN_IT: Final = (
    "Not in the sums: traffic, requests, logs, volumes that pods claim, what applications create, taxes and discounts."
)


def amount(low: float, high: float) -> str:
    """Return US dollars a month, or the range of them."""
    return f"${low:,.2f}" if rounded(low) == rounded(high) else f"${low:,.2f} to ${high:,.2f}"


def groups(estimate: Estimate) -> list[tuple[str, list[Line]]]:
    """Return the priced parts by component, the dearest component first."""
    found: dict[str, list[Line]] = {}
    for line in estimate.lines:
        found.setdefault(estimate.plan.component_of(line.resource), []).append(line)
    return sorted(found.items(), key=lambda it: (-sum(line.high for line in it[1]), it[0]))


def text(estimate: Estimate) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield _title(estimate)
    for component, lines in groups(estimate):
        yield ""
        yield f"{component}: {amount(sum(it.low for it in lines), sum(it.high for it in lines))}"
        for line in lines:
            yield f"  {line.resource.label}: {amount(line.low, line.high)}"
            yield f"      {line.what}"
    yield from _notes("Billed by use, not in the sums:", estimate.by_use)
    yield from _notes("Without a price here:", estimate.unpriced)
    yield ""
    yield from sums(estimate)


def sums(estimate: Estimate) -> Iterator[str]:
    """Yield what a month costs altogether, and what is not in it."""
    yield f"Fixed by the plan: {amount(estimate.fixed, estimate.fixed)} a month ({HOURS} hours)."
    varying = [line for line in estimate.lines if not line.fixed]
    if varying:
        between = amount(sum(it.low for it in varying), sum(it.high for it in varying))
        yield f"What varies, at its limits: {between} a month more."
    yield from (f"Budget: {it['problem']}." for it in estimate.plan.violations if it["policy"] == "budget")
    if estimate.unpriced:
        yield f"{len(estimate.unpriced)} resources have no price here: the sums are too low."
    yield NOT_IN_IT


def _title(estimate: Estimate) -> str:
    region = estimate.plan.region
    dated = f"AWS's price list of {estimate.published}" if estimate.published else "no prices"
    if estimate.copied:
        dated = f"copies of {dated} that were not compared with it (`make prices` replaces them)"
    return f"Cost of {estimate.plan.stack} in {region}, in US dollars a month, by {dated}"


def _notes(title: str, notes: Iterable[Note]) -> Iterator[str]:
    found = list(notes)
    if found:
        yield ""
        yield title
        yield from (f"  {note.resource.label}: {note.text}" for note in found)


def to_json(estimate: Estimate) -> dict[str, Any]:
    """Return an estimate as JSON data."""
    return {
        "stack": estimate.plan.stack,
        "region": estimate.plan.region,
        "currency": "USD",
        "hours": HOURS,
        "published": estimate.published,
        "copied": estimate.copied,
        "fixed": rounded(estimate.fixed),
        "low": rounded(estimate.low),
        "high": rounded(estimate.high),
        "resources": [
            {
                "urn": line.resource.urn,
                "component": estimate.plan.component_of(line.resource),
                "part": line.what,
                "low": rounded(line.low),
                "high": rounded(line.high),
                "source": PAGES[line.service],
            }
            for line in estimate.lines
        ],
        "byUse": [{"urn": note.resource.urn, "text": note.text} for note in estimate.by_use],
        "unpriced": [{"urn": note.resource.urn, "text": note.text} for note in estimate.unpriced],
    }


def markdown(estimate: Estimate) -> Iterator[str]:
    """Yield the lines of a comment: the sums, and the tables folded."""
    yield f"### {_title(estimate)}"
    yield ""
    yield from sums(estimate)
    for component, lines in groups(estimate):
        total = amount(sum(it.low for it in lines), sum(it.high for it in lines))
        rows = [f"| `{it.resource.label}` | {it.what} | {amount(it.low, it.high)} |" for it in lines]
        yield from folded(f"{component}: {total}", ["| resource | part | a month |", "|---|---|---:|", *rows])
    for title, notes in (("Billed by use, not in the sums", estimate.by_use), ("Without a price", estimate.unpriced)):
        if notes:
            rows = [f"| `{note.resource.label}` | {note.text} |" for note in notes]
            yield from folded(f"{title}: {len(notes)}", ["| resource | how |", "|---|---|", *rows])


def folded(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Yield lines of Markdown below a title that opens them."""
    yield ""
    yield f"<details><summary>{title}</summary>"
    yield ""
    yield from lines
    yield ""
    yield "</details>"
