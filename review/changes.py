"""What a change does to the resources of a stack that is up, from the plans before and after, without the engine."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from harness.aliases import former_urns
from harness.engine.differences import Difference, differences
from harness.kind import Autoname, Kind, UnmodelledError, get, put
from rehearsal.cloud import kind_of
from review.plans import Recorded, Resource

SHORTEST: Final = 8
"""Characters from which an id or another answer of the cloud is looked for inside of longer texts."""


class Operation(StrEnum):
    """What is done to a resource, by the engine's names; the worst first."""

    REPLACE = "replace"
    DELETE = "delete"
    UPDATE = "update"
    CREATE = "create"


@dataclass(frozen=True)
class Property:
    """One input that differs. before, after: its values, None where there is none. replaces: whether it replaces.

    because: labels of the resources whose new ids or answers are in the value, empty for a change of the program's.
    """

    path: str
    before: Any
    after: Any
    replaces: bool
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Change:
    """What is done to one resource.

    resource: as it will be, or as it was if it goes. before: as it was. protected: whether Pulumi refuses to delete it.
    kept: whether Pulumi forgets it and leaves it in the cloud.
    """

    operation: Operation
    resource: Resource
    before: Resource | None = None
    properties: tuple[Property, ...] = ()
    protected: bool = False
    kept: bool = False

    @property
    def forbidden(self) -> bool:
        """Whether the engine refuses it, because what would go is protected."""
        return self.protected and self.operation in (Operation.REPLACE, Operation.DELETE)

    @property
    def tops(self) -> frozenset[str]:
        """The names of the inputs that differ, without what is inside of them."""
        return frozenset(re.split(r"[.\[]", it.path)[0] for it in self.properties)


@dataclass
class _Answers:
    """Values that the cloud gives anew, each with the resource that has it."""

    of: dict[str, dict[str, str]] = field(default_factory=dict)

    def add(self, resource: Resource, values: Iterator[Any]) -> None:
        self.of[resource.urn] = {str(value): resource.label for value in values if value not in (None, "")}

    def found_in(self, value: Any, urns: frozenset[str]) -> tuple[str, ...]:
        """Return the labels of those of `urns` of which a new value is in the text `value`."""
        text = str(value)
        found = [
            label
            for urn in sorted(urns & self.of.keys())
            for answer, label in self.of[urn].items()
            if text == answer or (len(answer) >= SHORTEST and answer in text)
        ]
        return tuple(dict.fromkeys(found))


def changes(before: Recorded, after: Recorded) -> list[Change]:
    """Return what is done to each resource that changes, in the order of the plan; what goes comes last.

    Components of other providers are left out: they are nothing in the cloud. The engine's preview may show more: a
    value that the cloud gives again as it was is unknown to it until then.
    """
    former, answers = former_urns(after), _Answers()
    matched: set[str] = set()
    found: list[Change] = []
    replaced: set[str] = set()
    for resource in after:
        old = next((before.by_urn[urn] for urn in (resource.urn, *former[resource.urn]) if urn in before.by_urn), None)
        if old is not None:
            matched.add(old.urn)
        if not resource.custom or resource.read:
            continue
        change = _created(resource) if old is None else _changed(old, resource, answers, replaced)
        if change is None:
            continue
        found.append(change)
        if change.operation is Operation.REPLACE:
            replaced.add(resource.urn)
            answers.add(resource, _all_answers(resource))
        elif change.operation is Operation.UPDATE:
            answers.add(resource, _renewed(resource))
    gone = [it for it in before if it.custom and not it.read and it.urn not in matched]
    return found + [_deleted(it) for it in reversed(gone)]


def _created(resource: Resource) -> Change:
    return Change(Operation.CREATE, resource)


def _deleted(resource: Resource) -> Change:
    protected = bool(resource.options.get("protect"))
    kept = bool(resource.options.get("retainOnDelete"))
    return Change(Operation.DELETE, resource, resource, protected=protected, kept=kept)


def _changed(old: Resource, new: Resource, answers: _Answers, replaced: set[str]) -> Change | None:
    kind = _kind(new)
    properties = [*_own(old, new, kind), *_from_others(new, kind, answers)]
    unique = {it.path: it for it in reversed(properties)}
    given = new.options.get("replaceOnChanges", ())
    listed = tuple(_forced(it, given) for it in sorted(unique.values(), key=lambda it: it.path))
    anew = any(it.replaces for it in listed) or new.options.get("provider") in replaced
    if not listed and not anew:
        return None
    operation = Operation.REPLACE if anew else Operation.UPDATE
    return Change(operation, new, old, listed, protected=bool(old.options.get("protect")))


def _kind(resource: Resource) -> Kind:
    try:
        return kind_of(resource.type)
    except UnmodelledError:
        return Kind("")


def _forced(property_: Property, paths: Any) -> Property:
    """Return a property that replaces where the program says that it does."""
    if any(path == "*" or _is_at(property_.path, path) for path in paths):
        return Property(property_.path, property_.before, property_.after, True, property_.because)
    return property_


def _is_at(path: str, top: str) -> bool:
    return path == top or path.startswith((f"{top}.", f"{top}["))


def _own(old: Resource, new: Resource, kind: Kind) -> Iterator[Property]:
    """Yield what the program asks for differently, but for what it says to ignore."""
    before, after = dict(old.inputs), dict(new.inputs)
    for path in new.options.get("ignoreChanges", ()):
        if get(before, path) is not None:
            put(after, path, get(before, path))
    found: Mapping[str, Difference] = differences(before, after, kind.replaces)
    for path, difference in found.items():
        yield Property(path, at(before, path), at(after, path), difference.replaces)


def _from_others(new: Resource, kind: Kind, answers: _Answers) -> Iterator[Property]:
    """Yield the inputs that have something of a resource which gives it anew."""
    ignored = tuple(new.options.get("ignoreChanges", ()))
    for name, urns in new.property_dependencies.items():
        for path, value in _leaves(name, new.inputs.get(name)):
            because = answers.found_in(value, urns)
            if because and not any(_is_at(path, it) for it in ignored):
                dotted = re.sub(r"\[[^\]]*\]", "", path)
                replaces = any(_is_at(dotted, it) for it in kind.replaces)
                yield Property(path, value, None, replaces, because)


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        for name, item in value.items():
            yield from _leaves(f"{path}.{name}", item)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _leaves(f"{path}[{index}]", item)
    elif isinstance(value, str):
        yield path, value


def _all_answers(resource: Resource) -> Iterator[Any]:
    """Yield what the cloud gives a new resource: its id, its outputs, and the name where Pulumi makes it."""
    kind = _kind(resource)
    made = [path for path, value in kind.defaults.items() if isinstance(value, Autoname)]
    yield resource.id
    yield from (get(resource.outputs, path) for path in kind.outputs)
    yield from (get(resource.outputs, path) for path in made if get(resource.inputs, path) is None)


def _renewed(resource: Resource) -> Iterator[Any]:
    yield from (get(resource.outputs, path) for path in _kind(resource).renews)


def at(value: Any, path: str) -> Any:
    """Return the value at a path of the engine's notation, such as `a.b[0]["c.d"]`; None where there is nothing."""
    for name, index, quoted in re.findall(r'([^.\[\]"]+)(?=[.\[]|$)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]', path):
        if index:
            value = value[int(index)] if isinstance(value, list) and int(index) < len(value) else None
        else:
            key = name or quoted.replace('\\"', '"')
            value = value.get(key) if isinstance(value, Mapping) else None
    return value
