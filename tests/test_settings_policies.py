"""No setting is accepted by the settings and then refused by a policy in every stack.

What a policy asks of production alone is another matter: there the setting is right for development. Objects below
`manifests/` and the values of charts are free in form; for the latter the settings ask the policies themselves.
"""

import copy
from collections.abc import Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, get_args

import pulumi
import pytest
from pydantic import BaseModel

import settings
from harness.plan import Plan
from harness.program import merge
from policy.rule import Level, violations
from policy.rules import RULES
from rehearsal.policies import resources_of
from settings.expected import models
from tests.plans import project_with, run_program
from tests.settings_files import Case, good_files
from tests.test_bad_stack_files import stack_file
from tests.test_settings_effect import BASES, EFFECTS, STACK

ALWAYS: Final = [rule for rule in RULES if rule.development is Level.MANDATORY]
"""What no stack may break."""


def _refused(plan: Plan) -> list[str]:
    return [f"{it.rule.name}: {it.resource.name}: {it.problem}" for it in violations(resources_of(plan), ALWAYS)]


# The region of the fake cloud has three zones, the subnets of its existing VPC have no tags, and it has no other stack.
NO_PREVIEW: Final = {
    *("zones by number", "an existing VPC whose tags are checked", "an Argo CD for the cluster of another stack"),
}
LOADED: Final = [case for case in good_files() if case["name"] not in NO_PREVIEW]


@pytest.mark.parametrize("case", LOADED, ids=lambda case: case["name"])
def test_a_stack_file_that_loads_is_refused_by_no_policy(case: Case, tmp_path: Path) -> None:
    stack = case.get("stack", "dev")
    assert _refused(run_program(stack, root=project_with(tmp_path, stack, stack_file(case)))) == []


# --- Every value of every setting that has few --------------------------------------------------------------------


def _annotation(path: str) -> Any:
    """Return the type of the setting at a path of tests/test_settings_effect.py."""
    found: Any = settings.Stack
    for part in path.replace("[]", "").split("."):
        if part != "*":
            fields = [it for model in models(found) for it in model.model_fields.values() if it.alias == part]
            found = fields[0].annotation
    return found


def test_what_has_no_preview_is_there() -> None:
    assert {case["name"] for case in good_files()} >= NO_PREVIEW


def _values(annotation: Any) -> list[Any]:
    """Return all values of a type that has few: a flag's or an enumeration's."""
    if annotation is bool:
        return [True, False]
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return [member.value for member in annotation]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return []
    return [value for choice in get_args(annotation) for value in _values(choice)]


def _with(change: Mapping[str, Any], path: list[str], value: Any) -> Iterator[dict[str, Any]]:
    """Yield a change of a setting with another value; none where its path goes through a list."""
    key, *rest = path
    for own in change if key == "*" else [key]:
        if not rest:
            yield {**change, own: value}
        elif isinstance(change.get(own), Mapping):
            yield from ({**change, own: inner} for inner in _with(change[own], rest, value))


def _variants() -> Iterator[tuple[str, Any, str, dict[str, Any]]]:
    for path, effect in EFFECTS.items():
        for value in _values(_annotation(path)):
            for change in _with(copy.deepcopy(effect.change), path.split("."), value):
                yield path, value, effect.base, change


VARIANTS: Final = list(_variants())


def test_flags_and_enumerations_are_found() -> None:
    assert {("network.nat", "single"), ("cluster.identity", "pod-identity"), ("network.ipFamily", "ipv6")} <= {
        (path, value) for path, value, _, _ in VARIANTS
    }
    assert len(VARIANTS) > 60


@pytest.mark.parametrize(("path", "value", "base", "change"), VARIANTS, ids=lambda part: str(part)[:40])
def test_no_value_of_a_setting_is_refused_in_every_stack(
    path: str, value: Any, base: str, change: dict[str, Any]
) -> None:
    del path, value
    try:
        plan = run_program(STACK, config=merge(BASES[base], change))
    except pulumi.RunError as error:
        assert "the stack's configuration has" in str(error)  # noqa: PT017  # the settings refuse it, as they should
        return
    assert _refused(plan) == []
