"""Runs the rules of the policy pack on a recorded plan."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from facts.environments import Environment
from harness.plan import Plan, Registration
from harness.properties import Properties, reveal
from harness.properties import Unknown as UnknownValue
from policy.environments import environment_in
from policy.model import UNKNOWN, Resource
from policy.rule import Violation, violations
from policy.rules import RULES

PACK: Final = "policy/PulumiPolicy.yaml"
"""Where a project has its policy pack."""


def violations_of(plan: Plan, root: Path) -> list[Violation] | None:
    """Return where a plan breaks the rules, mandatory violations first; None if the program in `root` has no pack."""
    return violations(resources_of(plan), RULES, environment_of(plan)) if (root / PACK).exists() else None


def environment_of(plan: Plan) -> Environment:
    """Return which environment a plan's stack is."""
    return environment_in(plan.config, plan.project)


def resources_of(plan: Plan) -> list[Resource]:
    """Return what a plan creates in the form that rules take; what it only reads is not ours to judge."""
    return [resource_of(registration, plan) for registration in plan if not registration.read]


def resource_of(registration: Registration, plan: Plan) -> Resource:
    """Return one registration of a plan in the form that rules take."""
    provider = plan.by_urn.get(registration.options.provider or "")
    return Resource(
        urn=registration.urn,
        type=registration.type,
        name=registration.name,
        properties=_plain(registration.inputs),
        protect=bool(registration.options.protect),
        provider=_plain(provider.inputs) if provider else None,
    )


def to_json(violation: Violation) -> Properties:
    """Return a violation as JSON data."""
    return {
        "policy": violation.rule.name,
        "level": violation.level.value,
        "urn": violation.resource.urn,
        "problem": violation.problem,
        "reason": violation.rule.reason,
        "fix": violation.rule.fix,
    }


def render(found: list[Violation] | None, environment: Environment) -> Iterator[str]:
    """Yield the lines that show the violations in a stack of an environment."""
    if found is None:
        return
    yield ""
    yield f"Policies of a {environment} stack:" if found else f"No policy of a {environment} stack is violated."
    for violation in found:
        resource = violation.resource
        yield f"  [{violation.level}] {violation.rule.name}: {resource.kind} {resource.name}: {violation.problem}"
        yield f"      {violation.rule.reason}"
        yield f"      {violation.rule.fix}."


def _plain(value: Any) -> Any:
    return _with_unknowns(reveal(value))


def _with_unknowns(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _with_unknowns(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_with_unknowns(item) for item in value]
    return UNKNOWN if isinstance(value, UnknownValue) else value
