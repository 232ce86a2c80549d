"""What a program asked Pulumi for: registrations, exports, log messages, and the questions that tests ask of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any

from harness.properties import Properties, Reference, Secret, Unknown, has_unknown, transform

STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True, kw_only=True)
class Options:
    """The options of a resource as the engine has them after inheritance and transforms; None or empty where not set.

    provider: the provider's URN. providers: URNs by package, of a component. aliases: URNs, or objects of name, type,
    parent and the like. custom_timeouts: durations such as "30m", by operation.
    """

    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    deleted_with: str | None = None
    provider: str | None = None
    providers: Mapping[str, str] = field(default_factory=dict)
    aliases: tuple[str | Mapping[str, Any], ...] = ()
    ignore_changes: tuple[str, ...] = ()
    replace_on_changes: tuple[str, ...] = ()
    replace_with: tuple[str, ...] = ()
    additional_secret_outputs: tuple[str, ...] = ()
    custom_timeouts: Mapping[str, str] = field(default_factory=dict)
    import_id: str | None = None
    version: str | None = None
    plugin_download_url: str | None = None

    def to_json(self) -> Properties:
        """Return the options that are set, by Pulumi's camelCase names."""
        given = {_camel_case(item.name): getattr(self, item.name) for item in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in given.items()
            if value is not None and value not in ((), {})
        }


@dataclass(frozen=True, kw_only=True)
class Registration:
    """One resource that the program, or a component's provider on its behalf, registered.

    custom: whether a provider manages it; else it is a component. remote: a component whose provider registers its
    children. read: it was not made but read by its id. inputs, outputs: by wire names, with the markers of
    `harness.properties`; a reference to a custom resource is its id, as providers get it. dependencies: URNs of all
    resources it depends on, explicitly or through an input. property_dependencies: those of each input.
    """

    urn: str
    type: str
    name: str
    parent: str | None
    custom: bool
    remote: bool = False
    read: bool = False
    id: str | Unknown | None = None
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    dependencies: frozenset[str] = frozenset()
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def aliases(self) -> tuple[str | Mapping[str, Any], ...]:
        """Its aliases, as `Options` has them."""
        return self.options.aliases

    @property
    def depends_on(self) -> frozenset[str]:
        """URNs of what it depends on by its options alone, not through an input."""
        return self.dependencies.difference(*self.property_dependencies.values())

    @property
    def unknown_inputs(self) -> list[str]:
        """Names of the inputs that are not known, or not wholly."""
        return [name for name, value in self.inputs.items() if has_unknown(value)]

    def to_json(self) -> Properties:
        """Return it as JSON data; secrets and unknowns are shown as such."""
        kinds = {"custom": self.custom, "remote": self.remote, "read": self.read}
        return {
            "urn": self.urn,
            "type": self.type,
            "name": self.name,
            "parent": self.parent,
            **{name: value for name, value in kinds.items() if value},
            "inputs": show(self.inputs),
            "options": self.options.to_json(),
            "dependencies": sorted(self.dependencies),
            "propertyDependencies": {name: sorted(urns) for name, urns in self.property_dependencies.items() if urns},
        }


@dataclass(frozen=True)
class Invocation:
    """A provider function that the program called. provider: its URN, None for the default one."""

    token: str
    arguments: Properties
    provider: str | None


@dataclass(frozen=True)
class Message:
    """A line that the program logged. severity: "info", "warning" or "error". urn: of the resource it is about."""

    severity: str
    text: str
    urn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What one run of a program asked for, in the order it asked.

    unknown: whether computed values were unknown, as in a first `pulumi preview`. placeholders: configuration keys
    whose secret value is not known here. config: the configuration that the program was given, as text by full key.
    """

    project: str
    stack: str
    unknown: bool
    registrations: tuple[Registration, ...]
    exports: Properties = field(default_factory=dict)
    invocations: tuple[Invocation, ...] = ()
    messages: tuple[Message, ...] = ()
    placeholders: tuple[str, ...] = ()
    config: Mapping[str, str] = field(default_factory=dict, repr=False)

    def __iter__(self) -> Iterator[Registration]:
        """Return the registrations in order."""
        return iter(self.registrations)

    @cached_property
    def by_urn(self) -> dict[str, Registration]:
        """The registrations by URN."""
        return {registration.urn: registration for registration in self.registrations}

    @cached_property
    def counts(self) -> Counter[str]:
        """How many registrations there are of each type."""
        return Counter(registration.type for registration in self.registrations)

    def find(self, *, type: str | None = None, name: str | None = None) -> list[Registration]:  # noqa: A002
        """Return the registrations of a type token, with a name, or both."""
        return [
            registration
            for registration in self.registrations
            if type in (None, registration.type) and name in (None, registration.name)
        ]

    def one(self, *, type: str | None = None, name: str | None = None) -> Registration:  # noqa: A002
        """Return the registration that fits; raises LookupError, naming what there is, unless there is exactly one."""
        found = self.find(type=type, name=name)
        if len(found) != 1:
            near = found or [entry for entry in self.registrations if entry.type == type or entry.name == name]
            listing = "".join(f"\n  {entry.type} {entry.name}" for entry in near or self.registrations)
            raise LookupError(f"{len(found)} registrations of type {type}, name {name}; there are:{listing}")
        return found[0]

    def children(self, parent: Registration) -> list[Registration]:
        """Return the registrations right below another one."""
        return self._children.get(parent.urn, [])

    def descendants(self, parent: Registration) -> Iterator[Registration]:
        """Return the registrations below another one, at any depth."""
        for child in self.children(parent):
            yield child
            yield from self.descendants(child)

    def direct_dependencies(self, registration: Registration) -> frozenset[str]:
        """Return the URNs that the engine sees a resource depend on directly.

        These are its dependencies, its provider, its parent, what it is deleted with, and, where one of its
        dependencies is a component, all that is registered below that before it (pulumi/pulumi,
        pkg/resource/graph/dependency_graph.go).
        """
        options = registration.options
        urns = registration.dependencies.union(*registration.property_dependencies.values())
        named = {urn for urn in (*urns, options.provider, options.deleted_with, *options.replace_with) if urn}
        below = {
            child.urn
            for urn in named
            if urn in self.by_urn and not self.by_urn[urn].custom
            for child in self.descendants(self.by_urn[urn])
            if self._order[child.urn] < self._order[registration.urn]
        }
        parent = {registration.parent} if registration.parent else set()
        return frozenset(named | below | parent) - {registration.urn}

    def closure(self, registration: Registration) -> frozenset[str]:
        """Return the URNs of all that a resource waits for, directly or through others."""
        found: set[str] = set()
        waiting = [registration.urn]
        while waiting:
            current = self.by_urn.get(waiting.pop())
            new = (self.direct_dependencies(current) if current else frozenset()) - found
            found |= new
            waiting.extend(new)
        return frozenset(found)

    def waits_for(self, registration: Registration, other: Registration) -> bool:
        """Return whether the engine creates `other` before `registration`, and deletes it after."""
        return other.urn in self.closure(registration)

    def unknowns(self) -> list[str]:
        """Return what could not be known: exports, secret configuration, and the inputs of each resource."""
        exports = [f"output {name}" for name, value in self.exports.items() if has_unknown(value)]
        config = [f"config {key}" for key in self.placeholders]
        inputs = [
            f"{entry.type} {entry.name}: {', '.join(entry.unknown_inputs)}" for entry in self if entry.unknown_inputs
        ]
        return [*config, *exports, *inputs]

    def to_json(self) -> Properties:
        """Return the plan as JSON data; secrets and unknowns are shown as such."""
        return {
            "project": self.project,
            "stack": self.stack,
            "resources": [registration.to_json() for registration in self.registrations],
            "outputs": show(self.exports),
            "unknowns": self.unknowns(),
            "messages": [{"severity": message.severity, "text": message.text} for message in self.messages],
        }

    @cached_property
    def _children(self) -> dict[str, list[Registration]]:
        found: dict[str, list[Registration]] = {}
        for registration in self.registrations:
            if registration.parent:
                found.setdefault(registration.parent, []).append(registration)
        return found

    @cached_property
    def _order(self) -> dict[str, int]:
        return {registration.urn: number for number, registration in enumerate(self.registrations)}


def names(plan: Plan, urns: Iterable[str]) -> set[str]:
    """Return the logical names of resources, for messages and assertions that a person reads."""
    return {plan.by_urn[urn].name for urn in urns if urn in plan.by_urn}


def show(value: Any) -> Any:
    """Return a value as JSON data: secrets as "[secret]", unknowns as "[unknown]", references as URN and id."""

    def shown(marker: Unknown | Secret | Reference) -> Any:
        if isinstance(marker, Reference):
            return {"urn": marker.urn} if marker.id is None else {"urn": marker.urn, "id": show(marker.id)}
        return repr(marker)

    return transform(value, shown)


def _camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.upper() if part == "url" else part.title() for part in rest)
