"""Under which other URNs the engine looks for a resource: by its aliases and its parents'.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go (generateAliases)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from harness.plan import STACK


class Aliased(Protocol):
    """What is registered: a resource of any form of a plan."""

    @property
    def urn(self) -> str: ...  # noqa: D102  # as in `harness.plan.Registration`
    @property
    def type(self) -> str: ...  # noqa: D102
    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def parent(self) -> str | None: ...  # noqa: D102
    @property
    def aliases(self) -> Sequence[str | Mapping[str, Any]]: ...  # noqa: D102


def former_urns(resources: Iterable[Aliased]) -> dict[str, list[str]]:
    """Return the former URNs of each resource by its URN. resources: those of a plan, parents before their children."""
    former: dict[str, list[str]] = {}
    names: dict[str, str] = {}
    for resource in resources:
        above = resource.parent or ""
        own = [_of_alias(resource, alias) for alias in resource.aliases]
        inherited = [
            _below(before, child, names[above]) for before in former.get(above, []) for child in (resource.urn, *own)
        ]
        former[resource.urn] = own + inherited
        names[resource.urn] = resource.name
    return former


def _of_alias(resource: Aliased, alias: str | Mapping[str, Any]) -> str:
    if isinstance(alias, str):
        return alias
    start, project, _, _ = resource.urn.split("::")
    if "stack" in alias:
        start = f"urn:pulumi:{alias['stack']}"
    parent = None if alias.get("noParent") else alias.get("parentUrn") or resource.parent
    type_ = _joined(parent, alias.get("type", resource.type))
    return "::".join([start, alias.get("project", project), type_, alias.get("name", resource.name)])


def _below(parent: str, child: str, name: str) -> str:
    """Return the URN of a child whose parent, now of this name, had another URN: it may be named after its parent."""
    start, project, _, former_name = parent.split("::")
    *_, qualified, own = child.split("::")
    renamed = former_name + own.removeprefix(name) if own.startswith(name) else own
    return "::".join([start, project, _joined(parent, qualified.rpartition("$")[2]), renamed])


def _joined(parent: str | None, type_: str) -> str:
    above = parent.split("::")[2] if parent else ""
    return type_ if above in ("", STACK) else f"{above}${type_}"
