"""A plan as text for a person."""

from __future__ import annotations

import json
from collections.abc import Iterator

from harness.plan import Plan, Registration, show


def render(plan: Plan) -> Iterator[str]:
    """Yield the lines that show a plan: the tree, the counts by type, the exports, and what could not be known."""
    yield f"{plan.project}, stack {plan.stack}: {len(plan.registrations)} resources"
    yield ""
    for root in (entry for entry in plan if entry.parent is None):
        yield _line(root)
        yield from _tree(plan, root, "")
    yield ""
    yield "By type:"
    width = len(str(max(plan.counts.values(), default=0)))
    for type_, count in sorted(plan.counts.items(), key=lambda entry: (-entry[1], entry[0])):
        yield f"  {count:{width}}  {short_type(type_)}"
    yield ""
    yield "Outputs:"
    for name, value in plan.exports.items():
        yield f"  {name}: {_scalar(show(value))}"
    unknowns = plan.unknowns()
    yield ""
    yield "Not known before `pulumi up`:" if unknowns else "Nothing is unknown."
    yield from (f"  {line}" for line in unknowns)


def short_type(type_: str) -> str:
    """Return a type token as Pulumi's CLI shows it: without the part that repeats the name ("aws:ec2:Vpc")."""
    package, module, name = (*type_.split(":"), "", "")[:3]
    folder, _, last = module.rpartition("/")
    return f"{package}:{folder}:{name}" if last.lower() == name.lower() else type_


def _tree(plan: Plan, parent: Registration, indent: str) -> Iterator[str]:
    children = plan.children(parent)
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└─' if last else '├─'} {_line(child)}"
        yield from _tree(plan, child, indent + ("   " if last else "│  "))


def _line(registration: Registration) -> str:
    marks = [
        mark for mark, holds in (("protected", registration.options.protect), ("read", registration.read)) if holds
    ]
    return f"{short_type(registration.type)} {registration.name}" + (f"  [{', '.join(marks)}]" if marks else "")


def _scalar(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
