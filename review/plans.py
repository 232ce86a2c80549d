"""A recorded plan as JSON data, the form in which two revisions of the program are compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from harness.plan import Plan, Registration, show

STACK: Final = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Resource:
    """One resource of a plan; the fields are those of `harness.plan.Registration`, its inputs without markers."""

    urn: str
    type: str
    name: str
    parent: str | None
    custom: bool
    inputs: Mapping[str, Any]
    options: Mapping[str, Any] = field(default_factory=dict)
    dependencies: frozenset[str] = frozenset()
    property_dependencies: Mapping[str, frozenset[str]] = field(default_factory=dict)
    read: bool = False
    id: str = ""
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def aliases(self) -> Sequence[str | Mapping[str, Any]]:
        """Its aliases: URNs, or objects of name, type, parent and the like."""
        found: Sequence[str | Mapping[str, Any]] = self.options.get("aliases", ())
        return found

    @property
    def kind(self) -> str:
        """The class that its type names, such as "NodeGroup"."""
        return self.type.rpartition(":")[2]

    @property
    def label(self) -> str:
        """How texts name it: its kind and its name."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Recorded:
    """A plan. violations: the policies that it breaks, each as `rehearsal.policies.to_json` gives it."""

    stack: str
    resources: tuple[Resource, ...]
    violations: tuple[Mapping[str, Any], ...] = ()
    project: str = ""
    exports: Mapping[str, Any] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Resource]:
        """Return the resources in the order in which the program registered them."""
        return iter(self.resources)

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """The resources by URN."""
        return {resource.urn: resource for resource in self.resources}

    @cached_property
    def order(self) -> dict[str, int]:
        """The position of each resource in the plan, by URN."""
        return {resource.urn: number for number, resource in enumerate(self.resources)}

    @cached_property
    def _children(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for resource in self.resources:
            found.setdefault(resource.parent or "", []).append(resource.urn)
        return found

    def descendants(self, urn: str) -> Iterator[str]:
        """Return the URNs below a component; none for another resource."""
        if not self.by_urn[urn].custom and self.by_urn[urn].type != STACK:
            for child in self._children.get(urn, ()):
                yield child
                yield from self.descendants(child)

    @property
    def region(self) -> str:
        """The region of the stack's AWS provider; "" where there is none."""
        found = (it.inputs.get("region") for it in self.resources if it.type == "pulumi:providers:aws")
        return str(next(found, None) or "")

    def component_of(self, resource: Resource) -> str:
        """Return the label of the component below the stack that a resource belongs to."""
        while (above := self.by_urn.get(resource.parent or "")) and above.type != STACK:
            resource = above
        return resource.label

    def inputs_from(self, resource: Resource, property_: str) -> list[Resource]:
        """Return the resources that an input's value comes from."""
        urns = resource.property_dependencies.get(property_, frozenset())
        return [self.by_urn[urn] for urn in sorted(urns) if urn in self.by_urn]

    def as_deployed(self) -> Plan:
        """Return it as the plan of the update before, from which the program reads what is running."""
        registrations = tuple(
            Registration(
                urn=it.urn,
                type=it.type,
                name=it.name,
                parent=it.parent,
                custom=it.custom,
                id=it.id,
                outputs={**it.outputs},
            )
            for it in self.resources
        )
        return Plan(
            project=self.project,
            stack=self.stack,
            unknown=False,
            registrations=registrations,
            exports={**self.exports},
        )


def recorded(plan: Mapping[str, Any]) -> Recorded:
    """Return the plan that `with_state` made JSON data of, or `make preview FORMAT=json`, which has no state."""
    return Recorded(
        stack=plan["stack"],
        resources=tuple(_resources(plan["resources"], plan.get("state", {}))),
        violations=tuple(plan.get("violations", ())),
        project=plan["project"],
        exports=plan.get("outputs", {}),
    )


def with_state(plan: Plan) -> dict[str, Any]:
    """Return a plan as JSON data, with the id and the outputs that each of its resources will have."""
    state = {it.urn: {"id": it.id if isinstance(it.id, str) else "", "outputs": show(it.outputs)} for it in plan}
    return {**plan.to_json(), "state": state}


def _resources(entries: Iterable[Mapping[str, Any]], state: Mapping[str, Any]) -> Iterator[Resource]:
    for entry in entries:
        own = state.get(entry["urn"], {})
        needs = entry.get("propertyDependencies", {})
        yield Resource(
            urn=entry["urn"],
            type=entry["type"],
            name=entry["name"],
            parent=entry["parent"],
            custom=bool(entry.get("custom")),
            inputs=entry["inputs"],
            options=entry.get("options", {}),
            dependencies=frozenset(entry.get("dependencies", ())),
            property_dependencies={name: frozenset(urns) for name, urns in needs.items()},
            read=bool(entry.get("read")),
            id=own.get("id", ""),
            outputs=own.get("outputs", {}),
        )


def parsed(text: str) -> Recorded:
    """Return the plan that a text of JSON holds."""
    return recorded(json.loads(text))
