"""How a review is shown: text for a terminal, JSON, and Markdown for the comment on a pull request."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from harness.engine.timeline import clock
from review.changes import Change, Operation, Property
from review.cost import rounded
from review.meaning import Effect
from review.money import amount, folded
from review.review import Review
from tools.comment import LIMIT

SIGNS: Final = {Operation.CREATE: "+", Operation.UPDATE: "~", Operation.REPLACE: "+-", Operation.DELETE: "-"}
"""As `pulumi preview` marks them."""

NAMED: Final = 6
"""How many resources are named where the same is said of many."""

LONGEST: Final = 80
"""Characters of a value in a text; JSON has all of it."""

HOW: Final = (
    "From recorded plans, without the engine and without an account; AWS decides what it accepts. A changed secret "
    "cannot be seen. checkov is not run here: `make judges`."
)

REST: Final = "\n\n{count} more parts do not fit into a comment: `make review BASE={base}` shows them.\n"


def text(review: Review) -> Iterator[str]:
    """Yield the lines for a terminal."""
    yield f"Review of {review.stack}: {summary(review)}"
    yield from _section("Errors: `up` would not end", [f"! {it}" for it in review.errors])
    meaning = [f"[{it.effect.name.lower()}] {_names(it.labels)}: {it.text}\n      {it.page}" for it in grouped(review)]
    yield from _section("What it means for what runs", meaning)
    yield from _section("Protection is taken from", review.unprotected)
    yield from _section(
        "Rules that are broken now and were not before", [_violation(it) for it in review.new_violations]
    )
    yield from _section("Rules that are no longer broken", [_violation(it) for it in review.mended])
    yield from _section("Cost in a month", _costs(review))
    yield from _section("Time", _times(review))
    for component, found in by_component(review).items():
        yield from _section(component, [line for change in found for line in _lines(change)])
    yield ""
    yield HOW


@dataclass(frozen=True)
class Grouped:
    """What the changes of several resources mean alike."""

    effect: Effect
    text: str
    page: str
    labels: tuple[str, ...]


def grouped(review: Review) -> list[Grouped]:
    """Return what the changes mean, the worst first, and the same of several resources once."""
    found: dict[tuple[Effect, str, str], list[str]] = {}
    for it in review.meanings:
        found.setdefault((it.effect, it.text, it.page), []).append(it.change.resource.label)
    return [Grouped(*key, tuple(labels)) for key, labels in found.items()]


def _names(labels: Sequence[str]) -> str:
    shown = ", ".join(labels[:NAMED])
    return f"{shown} and {len(labels) - NAMED} more" if len(labels) > NAMED else shown


def summary(review: Review) -> str:
    """Return the numbers of what changes, or that nothing does."""
    counts = Counter(change.operation for change in review.changes)
    words = {
        Operation.REPLACE: "replaced",
        Operation.DELETE: "deleted",
        Operation.UPDATE: "updated",
        Operation.CREATE: "created",
    }
    found = ", ".join(f"{counts[operation]} {word}" for operation, word in words.items() if counts[operation])
    return found or "no resource changes"


def _section(title: str, lines: Iterable[str]) -> Iterator[str]:
    found = list(lines)
    if found:
        yield ""
        yield f"{title}:"
        yield from (f"  {line}" for line in found)


def by_component(review: Review) -> dict[str, list[Change]]:
    """Return the changes by component, the component with the worst change first."""
    found: dict[str, list[Change]] = {}
    for change in review.changes:
        plan = review.before if change.operation is Operation.DELETE else review.after
        found.setdefault(plan.component_of(change.resource), []).append(change)
    order = list(Operation)
    worst = {name: min(order.index(it.operation) for it in changes) for name, changes in found.items()}
    return {name: found[name] for name in sorted(found, key=lambda it: (worst[it], it))}


def _lines(change: Change) -> Iterator[str]:
    marks = [*(["protected"] if change.forbidden else []), *(["stays in the cloud"] if change.kept else [])]
    yield f"{SIGNS[change.operation]:<2} {change.resource.label}" + (f"  [{', '.join(marks)}]" if marks else "")
    for property_ in change.properties:
        yield f"      {_property(property_)}"


def _property(property_: Property) -> str:
    mark = " (replaces)" if property_.replaces else ""
    if property_.because:
        return f"{property_.path}: new value of {', '.join(property_.because)}{mark}"
    return f"{property_.path}: {_short(property_.before)} -> {_short(property_.after)}{mark}"


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    shown = value if isinstance(value, str) else json.dumps(value)
    shown = " ".join(shown.split())
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 3]}..."


def _violation(violation: Any) -> str:
    return (
        f"[{violation['level']}] {violation['policy']}: {violation['urn'].rpartition('::')[2]}: {violation['problem']}"
    )


def _costs(review: Review) -> Iterator[str]:
    before, after = review.costs
    if not after.published:
        yield f"no prices of {after.plan.region}: `make prices` adds them"
        return
    yield (
        f"fixed by the plan: {amount(before.fixed, before.fixed)} -> {amount(after.fixed, after.fixed)}"
        + _difference(after.fixed - before.fixed)
    )
    for label, old, new in _parts(review):
        yield f"  {label}: {_money(old)} -> {_money(new)}"
    if after.unpriced:
        yield f"without a price here: {', '.join(sorted({it.resource.label for it in after.unpriced}))}"


def _difference(amount_: float) -> str:
    cents = rounded(amount_)
    return f" ({'+' if cents > 0 else '-'}${abs(cents):,.2f})" if cents else " (no difference)"


Range = tuple[float, float] | None


def _parts(review: Review) -> Iterator[tuple[str, Range, Range]]:
    """Yield the resources whose cost differs, with the range before and after."""
    before, after = ({} for _ in range(2))  # type: tuple[dict[str, list[float]], dict[str, list[float]]]
    for estimate, found in zip(review.costs, (before, after), strict=True):
        for line in estimate.lines:
            sums = found.setdefault(line.resource.label, [0.0, 0.0])
            sums[0] += line.low
            sums[1] += line.high
    for label in sorted({*before, *after}):
        old, new = before.get(label), after.get(label)
        if [rounded(it) for it in old or ()] != [rounded(it) for it in new or ()]:
            yield label, (old[0], old[1]) if old else None, (new[0], new[1]) if new else None


def _money(found: Range) -> str:
    return amount(*found) if found else "nothing"


def _times(review: Review) -> Iterator[str]:
    if review.changes:
        yield f"about {clock(review.duration.seconds)} for `up`, by assumed durations"
        yield from (f"  {clock(seconds):>8}  {name}" for name, seconds in review.duration.longest)


def to_json(review: Review) -> dict[str, Any]:
    """Return a review as JSON data."""
    before, after = review.costs
    return {
        "stack": review.stack,
        "plans": "recorded",
        "errors": review.errors,
        "changes": [
            {
                "operation": change.operation.value,
                "urn": change.resource.urn,
                "component": component,
                "protected": change.protected,
                "properties": [
                    {
                        "path": it.path,
                        "before": it.before,
                        "after": it.after,
                        "replaces": it.replaces,
                        "because": list(it.because),
                    }
                    for it in change.properties
                ],
            }
            for component, changes in by_component(review).items()
            for change in changes
        ],
        "meanings": [
            {"effect": it.effect.name.lower(), "urn": it.change.resource.urn, "text": it.text, "page": it.page}
            for it in review.meanings
        ],
        "unprotected": review.unprotected,
        "cost": {
            "currency": "USD",
            "published": after.published,
            "before": {"fixed": rounded(before.fixed), "low": rounded(before.low), "high": rounded(before.high)},
            "after": {"fixed": rounded(after.fixed), "low": rounded(after.low), "high": rounded(after.high)},
            "unpriced": [it.resource.urn for it in after.unpriced],
        },
        "seconds": round(review.duration.seconds),
        "violations": {"new": review.new_violations, "mended": review.mended},
    }


def markdown(reviews: Sequence[Review], base: str, limit: int = LIMIT) -> str:
    """Return the comment with the reviews of several stacks: tables folded, the worst first, within the limit.

    limit: characters, as GitHub counts them.
    """
    ordered = sorted(reviews, key=_badness)
    blocks = [f"## Review against `{base}`\n", *(it for review in ordered for it in _head(review))]
    blocks += [it for review in ordered for it in _tables(review)]
    blocks.append(f"\n{HOW}\n" if reviews else "No stack changes.\n")
    room = limit - _length(REST.format(count=len(blocks), base=base))
    kept, left = [], 0
    for block in blocks:
        if _length(block) <= room:
            kept.append(block)
            room -= _length(block)
        else:
            left += 1
    return "".join(kept) + (REST.format(count=left, base=base) if left else "")


def _length(text_: str) -> int:
    """Return the length as GitHub, whose interface is JavaScript, counts it."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text_)


def _badness(review: Review) -> tuple[bool, int, str]:
    return not review.errors, min((it.effect for it in review.meanings), default=Effect.NONE), review.stack


def _head(review: Review) -> Iterator[str]:
    """Yield what everybody reads, a block for each: numbers, errors, and what stops or restarts something."""
    yield f"\n### {review.stack}: {summary(review)}\n"
    yield from (f"\n> [!CAUTION]\n> {_quoted(error)}\n" for error in review.errors)
    worst = [it for it in grouped(review) if it.effect in (Effect.OUTAGE, Effect.DISRUPTION)]
    yield from (
        f"\n- **{it.effect.name.lower()}** {_codes(it.labels)}: {it.text} ([source]({it.page}))" for it in worst
    )
    yield "\n" if worst else ""
    lines = [*_costs(review)][:1] + [*_times(review)][:1] if review.changes else []
    yield from (f"\n- {line}" for line in lines)
    yield "\n"


def _codes(labels: Sequence[str]) -> str:
    named = ", ".join(f"`{label}`" for label in labels[:NAMED])
    return f"{named} and {len(labels) - NAMED} more" if len(labels) > NAMED else named


def _quoted(error: str) -> str:
    return html.escape(error, quote=False).replace("\n", "\n> ")


def _tables(review: Review) -> Iterator[str]:
    yield from _table(
        f"{review.stack}: rules that are broken now",
        ("level", "rule", "resource", "problem"),
        [(it["level"], it["policy"], it["urn"].rpartition("::")[2], it["problem"]) for it in review.new_violations],
    )
    yield from _table(f"{review.stack}: protection is taken from", ("resource",), [(it,) for it in review.unprotected])
    yield from _table(
        f"{review.stack}: what else it means",
        ("effect", "resource", "meaning"),
        [
            (it.effect.name.lower(), _names(it.labels), f"{it.text} ([source]({it.page}))")
            for it in grouped(review)
            if it.effect in (Effect.NOTICE, Effect.NONE)
        ],
    )
    yield from _table(
        f"{review.stack}: cost in a month",
        ("resource", "before", "after"),
        [(label, _money(old), _money(new)) for label, old, new in _parts(review)],
    )
    for component, changes in by_component(review).items():
        rows = [
            (
                f"{SIGNS[it.operation]} {it.operation}",
                it.resource.label,
                "<br>".join(map(_cell, map(_property, it.properties))),
            )
            for it in changes
        ]
        yield from _table(f"{review.stack}: {component} ({len(changes)})", ("", "resource", "properties"), rows)


def _table(title: str, heading: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    if rows:
        lines = [
            f"| {' | '.join(heading)} |",
            f"|{'---|' * len(heading)}",
            *(f"| {' | '.join(cell.replace('|', '&#124;') for cell in row)} |" for row in rows),
        ]
        yield "\n".join(folded(html.escape(title, quote=False), lines)) + "\n"


def _cell(text_: str) -> str:
    return html.escape(text_, quote=False)
