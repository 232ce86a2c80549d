"""A recorded plan as JSON data, the form in which two revisions of the program are compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

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

    def __iter__(self) -> Iterator[Resource]:
        """Return the resources in the order in which the program registered them."""
        return iter(self.resources)

    @cached_property
    def by_urn(self) -> dict[str, Resource]:
        """The resources by URN."""
        return {resource.urn: resource for resource in self.resources}

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


def recorded(plan: Mapping[str, Any]) -> Recorded:
    """Return the plan that `make preview FORMAT=json` printed, or that `harness.plan.Plan.to_json` returned."""
    return Recorded(
        stack=plan["stack"],
        resources=tuple(_resources(plan["resources"])),
        violations=tuple(plan.get("violations", ())),
    )


def _resources(entries: Iterable[Mapping[str, Any]]) -> Iterator[Resource]:
    for entry in entries:
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
        )


def parsed(text: str) -> Recorded:
    """Return the plan that a text of JSON holds."""
    return recorded(json.loads(text))
