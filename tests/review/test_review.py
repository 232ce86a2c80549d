"""Reviews of day-2 changes and of harmful ones, word by word: `python -m tests.review.test_review` records them again.

What they say is done is compared with what the engine does in `tests/engine/test_day2.py`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from review import report
from review.changes import Operation
from review.command import of_plan
from review.plans import Recorded
from review.review import Review, review
from tests.engine.journal import label
from tests.engine.test_day2 import BEFORE, CHANGES, IMMUTABLE, KEY
from tests.plans import EXAMPLES, plan_of, run_program
from versions import BOTTLEROCKET_RELEASE_VERSION

FOLDER: Final = Path(__file__).parent / "recorded"

TODAY: Final = date(2026, 12, 1)

Settings = Mapping[str, Any]
"""Settings by dotted path; None takes one away."""


@dataclass(frozen=True)
class Case:
    """A change of a stack: the settings before and after, over its file's; None before for a new stack.

    former: a pin of `versions.py`, and what it was before.
    """

    stack: str
    after: Settings
    before: Settings | None = field(default_factory=dict)
    former: tuple[str, str] | None = None


def config(settings: Settings) -> dict[str, Any]:
    """Return settings by dotted path as a configuration."""
    result: dict[str, Any] = {}
    for path, value in settings.items():
        *above, last = path.split(".")
        place = result
        for key in above:
            place = place.setdefault(key, {})
        place[last] = value
    return result


DAY_2: Final[Mapping[str, Case]] = {
    **{
        name: Case(it.stack, {**before, **it.settings}, before)
        for name, it in CHANGES.items()
        for before in [BEFORE if it.stack == "dev" else {}]
    },
    "a roll of the AMI": Case("private", {}, former=(BOTTLEROCKET_RELEASE_VERSION, "1.65.0-00000000")),
    "a second cluster": Case("staging-b", {}, None),
    "an internet gateway without NAT": Case("private", {"ingress.scheme": "internet-facing"}),
    "nodes with an image of another account": Case(
        "dev", {"nodeGroups.operations.customImage": {"name": "acme-bottlerocket-*", "owner": "444455556666"}}
    ),
    "another certificate": Case(
        "staging", {"ingress.domain.alternatives": ["*.staging.example.jp", "www.staging.example.jp"]}
    ),
}  # fmt: skip

HARMFUL: Final[Mapping[str, Case]] = {
    "another key": Case("prod", {"cluster.secretsKey": KEY}),
    "another account": Case("dev", IMMUTABLE["platform.account"]),
    "another range": Case("prod", {"network.cidr": "10.40.0.0/16"}),
    "a zone removed": Case("prod", {"network.zones": ["ap-northeast-1a", "ap-northeast-1c"]}),
    "another name": Case("prod", {"platform.name": "another"}),
    "protection lifted": Case("prod", {"platform.protect": False}),
}

BRIEF: Final = ("a second cluster", "another account", "another name", "another range")

CASES: Final = {**DAY_2, **HARMFUL}


@cache
def reviewed(name: str) -> Review:
    case = CASES[name]
    before = _before(case)

    def run(deployed: Any) -> Recorded:
        return of_plan(run_program(case.stack, config=config(case.after), deployed=deployed), EXAMPLES)

    if before is None:
        return Review(case.stack, Recorded(case.stack, ()), run(None), TODAY)
    return review(case.stack, before, run, TODAY)


def _before(case: Case) -> Recorded | None:
    if case.before is None:
        return None
    plan = _plan(case.stack, json.dumps(case.before))
    return _with(plan, *case.former) if case.former else plan


@cache
def _plan(stack: str, settings: str) -> Recorded:
    return of_plan(run_program(stack, config=config(json.loads(settings))), EXAMPLES)


def _with(plan: Recorded, now: str, before: str) -> Recorded:
    """Return a plan with another pin in the inputs of its resources."""
    assert any(now in json.dumps(it.inputs) for it in plan)
    resources = (replace(it, inputs=json.loads(json.dumps(it.inputs).replace(now, before))) for it in plan)
    return replace(plan, resources=tuple(resources))


def path_of(name: str) -> Path:
    return FOLDER / f"{name.replace(' ', '-').replace(',', '').replace(chr(39), '')}.txt"


def text_of(name: str) -> str:
    """Return the text that is recorded: of changes of nearly everything, what is said before each resource is named."""
    lines = [*report.text(reviewed(name))]
    kept = lines[: lines.index("Cost in a month:")] if name in BRIEF else lines
    return "".join(f"{line}\n" for line in kept)


@pytest.mark.parametrize("name", CASES)
def test_a_review_is_as_recorded(name: str) -> None:
    assert path_of(name).read_text("utf-8") == text_of(name), (
        "if the change is intended, record the reviews again by `.venv/bin/python -m tests.review.test_review`"
    )


def test_every_record_is_of_a_case() -> None:
    assert {*FOLDER.iterdir()} == {path_of(name) for name in CASES}


@pytest.mark.parametrize("name", CHANGES)
def test_a_review_agrees_with_what_the_engine_does(name: str) -> None:
    """The engine's preview shows more where it cannot know that a value stays; `feared` does not come to pass."""
    found = sorted((change.operation.value, label(change.resource.urn)) for change in reviewed(name).changes)
    change = CHANGES[name]
    shown = change.previewed()
    for it in (*change.feared, *(("update", component) for component in change.components)):
        shown.remove(it)
    assert found == shown


@pytest.mark.parametrize("name", [name for name in HARMFUL if name != "protection lifted"])
def test_a_harmful_change_is_an_error(name: str) -> None:
    errors = reviewed(name).errors
    assert errors
    assert "1 error; nothing was changed" in errors[0]


def test_a_protected_resource_that_would_go_is_an_error() -> None:
    found = reviewed("another range")
    assert "Vpc platform-prod-vpc would be replaced, and it is protected" in found.errors
    assert next(it for it in found.changes if it.forbidden).operation is Operation.REPLACE


def test_protection_that_is_lifted_is_named() -> None:
    found = reviewed("protection lifted")
    assert {label.split()[0] for label in found.unprotected} == {"Vpc", "Key", "Cluster"}
    assert found.errors == []


def test_nothing_that_changes_is_no_change() -> None:
    plan = of_plan(plan_of("dev"), EXAMPLES)
    found = review("dev", plan, lambda _deployed: plan, TODAY)
    assert found.changes == []
    assert "Review of dev: no resource changes" in "\n".join(report.text(found))


def record() -> None:
    FOLDER.mkdir(exist_ok=True)
    for path in FOLDER.iterdir():
        path.unlink()
    for name in CASES:
        path_of(name).write_text(text_of(name), "utf-8")


if __name__ == "__main__":
    record()
