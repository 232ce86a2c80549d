"""Why a resource exists: `python -m review.explain --stack dev NAME` says it from the plan, without an account.

It prints the component that creates the resource, the settings that it follows from, what it waits for, what waits for
it, what it costs, and which changes replace it. The settings are found by experiment: the program runs again without
each setting of the stack file, and with each other value of those that the component's sections choose from a list.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

import pulumi
from pydantic import BaseModel

from harness import HarnessError
from harness.plan import STACK, Plan, Registration
from rehearsal.cloud import kind_of
from rehearsal.program import ROOT, read_configuration, run_program
from review import money
from review.command import run as run_command
from review.cost import Estimate, estimate
from review.plans import recorded
from review.prices import table
from settings import Stack
from settings.expected import models
from tools.picture import declared_in, layer_of

SHOWN: Final = 12
"""Names of a list that the text prints; JSON has all."""

Run = Callable[[Mapping[str, Any]], Plan]
"""Runs the program with changes of the stack file, as `run_program` takes them."""


@dataclass(frozen=True)
class Effect:
    """What another stack file would mean for a resource.

    setting: its path, as messages name it. value: its other value; None: the setting is left out. then: what the
    resource then is, to be read after "it".
    """

    setting: str
    value: str | None
    then: str

    def __str__(self) -> str:
        """Return it as a sentence."""
        return f"{self.setting}: {'without it' if self.value is None else f'with {self.value}'}, it {self.then}"


@dataclass(frozen=True)
class Explanation:
    """What is known of a resource.

    created_by: the component, its file and its layer. settings: those that it follows from. required: settings that
    the program requires, so that no plan without them shows what they do. waits_for, waited_for_by: direct
    dependencies, as "Type name". waited_for_by_in_all: how many resources wait for it, directly or through others.
    replaced_by: the inputs whose change replaces it. costs: what `make cost` says of it.
    """

    urn: str
    title: str
    created_by: str
    settings: tuple[Effect, ...]
    required: tuple[str, ...]
    waits_for: tuple[str, ...]
    waited_for_by: tuple[str, ...]
    waited_for_by_in_all: int
    replaced_by: tuple[str, ...]
    protected: bool
    costs: tuple[str, ...]


class NotOneError(HarnessError):
    """No resource of the plan, or several, have the name; the message lists what to write instead."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Print why a resource exists; return the exit code. Raises HarnessError where there is no such resource."""
    parser = argparse.ArgumentParser(prog="python -m review.explain", description=__doc__)
    parser.add_argument("resource", help="the resource's name or URN; a part of either that only one resource has")
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json prints only JSON")
    options = parser.parse_args(arguments)

    def run(changes: Mapping[str, Any]) -> Plan:
        return run_program(options.stack, config=changes, root=options.project)

    plan = run({})
    found = resource_of(plan, options.resource)
    configuration = read_configuration(options.stack, root=options.project)
    cost = estimate(recorded(plan.to_json()), table(), datetime.now(UTC).date())
    explanation = explain(plan, found, configuration.sections, run, cost)
    print(json.dumps(asdict(explanation), indent=2) if options.format == "json" else "\n".join(render(explanation)))
    return 0


def resource_of(plan: Plan, wanted: str) -> Registration:
    """Return the resource that a URN, a name, or a part of either names; raises NotOneError."""
    everything = [entry for entry in plan if entry.type != STACK]
    for matches in (
        [entry for entry in everything if entry.urn == wanted],
        [entry for entry in everything if wanted in {entry.name, f"{_class(entry)} {entry.name}"}],
        [entry for entry in everything if wanted in entry.urn],
    ):
        if len(matches) == 1:
            return matches[0]
        if matches:
            named = len({_title(entry) for entry in matches}) == len(matches)
            listing = "".join(f"\n  {_title(entry) if named else entry.urn}" for entry in matches)
            raise NotOneError(f"{wanted}: {len(matches)} resources fit; write one of these:{listing}")
    near = get_close_matches(wanted, sorted({entry.name for entry in everything}), n=3, cutoff=0.4)
    raise NotOneError(f"{wanted}: no resource has this name; did you mean {' or '.join(near) or 'another stack'}?")


def explain(plan: Plan, entry: Registration, sections: Mapping[str, Any], run: Run, cost: Estimate) -> Explanation:
    """Return what is known of a resource.

    sections: the project's configuration by its keys. run: runs the program. cost: what the stack costs.
    """
    effects, required = _settings(plan, entry, sections, run)
    direct = {other.urn: plan.direct_dependencies(other) for other in plan}
    return Explanation(
        urn=entry.urn,
        title=_title(entry),
        created_by=_created_by(plan, entry),
        settings=tuple(effects),
        required=tuple(required),
        waits_for=_titles(plan.by_urn[urn] for urn in direct[entry.urn] if urn in plan.by_urn),
        waited_for_by=_titles(plan.by_urn[urn] for urn in _dependents(direct, {entry.urn})),
        waited_for_by_in_all=len(_all_dependents(direct, entry.urn)),
        replaced_by=tuple(sorted(kind_of(entry.type).replaces)) if entry.custom and not entry.read else (),
        protected=bool(entry.options.protect),
        costs=tuple(_costs(plan, entry, cost)),
    )


def _costs(plan: Plan, entry: Registration, cost: Estimate) -> Iterator[str]:
    """Yield what a resource and what is below it cost."""
    urns = {entry.urn, *(child.urn for child in plan.descendants(entry))}
    for line in cost.lines:
        if line.resource.urn in urns:
            yield f"{line.resource.label}: {line.what}, {money.amount(line.low, line.high)} a month"
    for note in (*cost.by_use, *cost.unpriced):
        if note.resource.urn in urns:
            yield f"{note.resource.label}: {note.text}"


def _dependents(direct: Mapping[str, frozenset[str]], urns: Set[str]) -> set[str]:
    """Return what depends directly on one of `urns`. direct: what each resource depends on directly."""
    return {urn for urn, dependencies in direct.items() if not dependencies.isdisjoint(urns)}


def _all_dependents(direct: Mapping[str, frozenset[str]], urn: str) -> set[str]:
    found: set[str] = set()
    new = {urn}
    while new:
        new = _dependents(direct, new) - found
        found |= new
    return found - {urn}


def _settings(plan: Plan, entry: Registration, sections: Mapping[str, Any], run: Run) -> tuple[list[Effect], list[str]]:
    """Return the settings with another value of which the resource would be another, and those that are required."""
    effects: list[Effect] = []
    required: list[str] = []

    def look(path: tuple[str, ...], value: Any) -> None:
        then = _with(entry, path, None, run)
        if then == "":
            return
        before = len(effects)
        parts = value if isinstance(value, Mapping) else {}
        for key, item in parts.items():
            look((*path, key), item)
        if len(effects) > before or (parts and then is None):
            return
        if then is None:
            required.append(".".join(path))
        else:
            effects.append(Effect(".".join(path), None, then))

    for key, value in sections.items():
        look((key,), value)
    for path, other in _choices_of(_class(_component(plan, entry)), sections):
        then = _with(entry, path, other, run)
        if then is None:
            then = "has no plan: the program refuses the stack file"
        if then:
            effects.append(Effect(".".join(path), str(other).lower() if isinstance(other, bool) else other, then))
    return effects, required


def _with(entry: Registration, path: tuple[str, ...], value: Any, run: Run) -> str | None:
    """Return what the resource is with another value of a setting: "" if the same, None if the program refuses it."""
    change = value
    for key in reversed(path):
        change = {key: change}
    try:
        other = run(change).by_urn.get(entry.urn)
    except (HarnessError, pulumi.RunError):
        return None
    if other is None:
        return "does not exist"
    changed = sorted(
        name for name in {*entry.inputs, *other.inputs} if entry.inputs.get(name) != other.inputs.get(name)
    )
    if changed:
        return f"has another {', '.join(changed)}"
    return "has other options" if entry.options != other.options else ""


def _choices_of(component: str, sections: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Return other values of the settings of a component's sections whose values are listed: switches and names."""
    if component not in declared_in():
        return
    module = ".".join(declared_in()[component].relative_to(ROOT).with_suffix("").parts)
    taken = set(get_type_hints(getattr(import_module(module), component).__init__).values())
    for name, field in Stack.model_fields.items():
        key, fitting = field.alias or name, [model for model in models(field.annotation) if model in taken]
        if fitting and key in sections:
            mapping = _is_mapping(field.annotation)
            entries = (
                {(key, name): value for name, value in sections[key].items()} if mapping else {(key,): sections[key]}
            )
            for path, value in entries.items():
                yield from _other_values(fitting[0], path, value)


def _other_values(model: type[BaseModel], path: tuple[str, ...], given: Any) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name, field in model.model_fields.items():
        key = field.alias or name
        value = given.get(key, field.default) if isinstance(given, Mapping) else field.default
        inner = models(field.annotation)
        if inner and isinstance(given, Mapping) and key in given and not _is_mapping(field.annotation):
            yield from _other_values(inner[0], (*path, key), value)
        for choice in _values(field.annotation):
            if choice != value:
                yield (*path, key), choice


def _values(annotation: Any) -> list[Any]:
    """Return the values of a switch or an enumeration; nothing for any other type."""
    if annotation is bool:
        return [False, True]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [str(value) for value in annotation]
    if get_origin(annotation) in {Union, UnionType, Annotated}:
        return [value for part in get_args(annotation) for value in _values(part)]
    return []


def _is_mapping(annotation: Any) -> bool:
    return get_origin(annotation) is dict or any(_is_mapping(part) for part in get_args(annotation))


def _created_by(plan: Plan, entry: Registration) -> str:
    """Return the nearest component of the program at or above a resource, with its file and its layer."""
    above = _component(plan, entry)
    name = _class(above)
    if name not in declared_in():
        return "the program itself (__main__.py)"
    file = declared_in()[name].relative_to(ROOT).as_posix()
    return f"{_title(above)} ({file}, layer {layer_of()[name]})"


def _component(plan: Plan, entry: Registration) -> Registration:
    """Return the nearest component of the program at or above a resource; the stack where there is none."""
    while entry.parent and _class(entry) not in declared_in():
        entry = plan.by_urn[entry.parent]
    return entry


def _class(entry: Registration) -> str:
    return entry.type.rpartition(":")[2]


def _title(entry: Registration) -> str:
    return f"{_class(entry)} {entry.name}"


def _titles(entries: Iterator[Registration] | Sequence[Registration]) -> tuple[str, ...]:
    return tuple(sorted(_title(entry) for entry in entries if entry.type != STACK))


def render(explanation: Explanation) -> Iterator[str]:
    """Return the lines of the text."""
    yield explanation.title
    yield f"  URN: {explanation.urn}"
    yield f"  Created by: {explanation.created_by}"
    yield "  Settings that it follows from:"
    yield from _listed([str(effect) for effect in explanation.settings])
    if explanation.required:
        yield f"  Not tried, because the program requires them: {', '.join(explanation.required)}"
    yield "  Waits for:"
    yield from _listed(explanation.waits_for)
    yield f"  Waited for by ({explanation.waited_for_by_in_all} in all, these directly):"
    yield from _listed(explanation.waited_for_by)
    yield f"  Replaced by a change of: {', '.join(explanation.replaced_by) or 'none of its inputs'}"
    yield "  Costs:"
    yield from _listed(explanation.costs)
    yield f"  Protected from deletion by Pulumi: {'yes' if explanation.protected else 'no'}"


def _listed(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"    {line}" for line in lines[:SHOWN] or ("none",))
    if len(lines) > SHOWN:
        yield f"    and {len(lines) - SHOWN} more (FORMAT=json lists them)"


if __name__ == "__main__":
    run_command(main)
