"""Under which other URNs the engine looks for a resource: by its aliases and its parents'.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/step_generator.go (generateAliases)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from review.plans import STACK, Recorded, Resource


def former_urns(plan: Recorded) -> dict[str, list[str]]:
    """Return the former URNs of each resource of a plan, by its URN."""
    former: dict[str, list[str]] = {}
    for resource in plan:
        own = [_of_alias(resource, alias) for alias in resource.options.get("aliases", ())]
        above = plan.by_urn.get(resource.parent or "")
        inherited = [
            _below(before, child, above.name)
            for before in (former.get(above.urn, []) if above else [])
            for child in (resource.urn, *own)
            if above
        ]
        former[resource.urn] = own + inherited
    return former


def _of_alias(resource: Resource, alias: str | Mapping[str, Any]) -> str:
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
