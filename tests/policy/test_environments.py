"""Which environment a stack is: the stack file says it, and the program, the policies and the engine's pack agree."""

import json
from typing import Any, Final

import pytest
from pulumi.runtime.proto import analyzer_pb2

from facts.environments import Environment
from policy import servicer
from policy.environments import environment_in
from rehearsal.policies import environment_of
from rehearsal.preview import main
from tests.plans import EXAMPLES, run_program

UNSAID: Final = {"platform": {"environment": None}}


@pytest.mark.parametrize(
    ("platform", "expected"),
    [
        ({"environment": "development"}, Environment.DEVELOPMENT),
        ({"environment": "production"}, Environment.PRODUCTION),
        ({"environment": "Development"}, Environment.PRODUCTION),
        ({"environment": ["development"]}, Environment.PRODUCTION),
        ({}, Environment.PRODUCTION),
        ([], Environment.PRODUCTION),
    ],
)
def test_a_stack_is_what_its_file_says_and_else_production(platform: Any, expected: Environment) -> None:
    assert environment_in({"shop:platform": json.dumps(platform)}, "shop") is expected
    assert environment_in({"other:platform": json.dumps(platform)}, "shop") is Environment.PRODUCTION


def test_text_that_is_no_json_and_no_configuration_are_production() -> None:
    assert environment_in({"shop:platform": "{environment: development"}, "shop") is Environment.PRODUCTION
    assert environment_in({}, "shop") is Environment.PRODUCTION


def test_a_stack_that_does_not_say_is_told_how_to() -> None:
    plan = run_program("dev", config=UNSAID)
    assert environment_of(plan) is Environment.PRODUCTION
    (message,) = plan.messages
    assert message.severity == "info"
    assert message.text.startswith("platform.environment is not set: this stack is checked as production.")
    assert "set it to development" in message.text


def test_a_stack_that_says_it_is_told_nothing() -> None:
    plan = run_program("dev")
    assert environment_of(plan) is Environment.DEVELOPMENT
    assert plan.messages == ()


def test_a_preview_says_for_which_environment_it_checked(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "prod"], EXAMPLES) == 0
    assert "\nNo policy of a production stack is violated.\n" in capsys.readouterr().out


def test_the_pack_takes_the_environment_from_what_the_engine_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicer, "_TOLD", [Environment.PRODUCTION])
    serving = object.__new__(servicer.Servicer)
    assert servicer.environment() is Environment.PRODUCTION
    for said in (Environment.DEVELOPMENT, Environment.PRODUCTION):
        config = {"shop:platform": json.dumps({"environment": said.value})}
        request = analyzer_pb2.AnalyzerStackConfigureRequest(stack="it", project="shop", config=config)
        assert serving.ConfigureStack(request, None) is not None
        assert servicer.environment() is said


def test_the_setting_changes_no_resource() -> None:
    def resources(plan: Any) -> list[Any]:
        return sorted((entry.to_json() for entry in plan), key=lambda entry: str(entry["urn"]))

    assert resources(run_program("dev", config=UNSAID)) == resources(run_program("dev"))
