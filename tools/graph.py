"""The picture of the dependency graph in docs/architecture.md: which component waits for which, from a plan."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

from harness.plan import Plan, Registration
from rehearsal.program import run_program

EXAMPLES: Final = Path(__file__).resolve().parent.parent / "examples" / "stacks"

STACK: Final = "prod"
"""The stack whose components are drawn."""

Graph = dict[str, set[str]]
"""By the name of a component, the names of those that it waits for."""


def graph_of(plan: Plan) -> Graph:
    """Return which components wait for which: those at the top of the plan, by their class.

    One waits for another where any of its resources depends on any of the other's, by an option or by an input. Its
    provider does not count: nearly everything waits for the provider of its cluster or its cloud.
    """
    owners = {entry.urn: owner for entry in plan if (owner := _owner(entry, plan)) is not None}
    found: Graph = defaultdict(set)
    for urn, owner in owners.items():
        for needed in plan.by_urn[urn].dependencies:
            other = owners.get(needed)
            if other is not None and other != owner:
                found[owner].add(other)
    return dict(found)


def _owner(entry: Registration, plan: Plan) -> str | None:
    """Return the class of the component at the top of the plan that a resource is in; None outside of any."""
    while entry.parent is not None and plan.by_urn[entry.parent].parent is not None:
        entry = plan.by_urn[entry.parent]
    return None if entry.custom or entry.parent is None else entry.type.rpartition(":")[2]


def without_detours(graph: Graph) -> Graph:
    """Return a graph without the edges that a longer way between the same two makes needless."""

    def reached(start: str, without: str) -> set[str]:
        found: set[str] = set()
        waiting = [other for other in graph.get(start, ()) if other != without]
        while waiting:
            current = waiting.pop()
            if current not in found:
                found.add(current)
                waiting.extend(graph.get(current, ()))
        return found

    return {name: {other for other in needed if other not in reached(name, other)} for name, needed in graph.items()}


def picture(root: Path = EXAMPLES) -> str:
    """Return the picture as Mermaid, from the stack of the project in `root`."""
    graph = without_detours(graph_of(run_program(STACK, root=root, unknown=True)))
    edges = [f"    {name} --> {other}" for name in sorted(graph) for other in sorted(graph[name])]
    return "\n".join(["```mermaid", "flowchart BT", *edges, "```"])


if __name__ == "__main__":
    print(picture())
