"""What is secret in a stack file is nowhere in the clear: not in plans, outputs, messages, values of charts, errors."""

import base64
import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from pydantic import BaseModel, SecretStr

from harness.plan import Plan, show
from harness.program import merge
from harness.properties import Secret, has_secret, transform
from rehearsal.preview import main
from rehearsal.record import PROJECT
from settings.problems import SettingsError
from tests.plans import project_with, run_program
from tests.planted import PLANTED, PLANTINGS, forms_in, places_in, planted, secret_settings
from tests.settings_files import Case, bad_files, changed, document_of, read, sections_of
from tests.test_settings import message_of

SECURE = {"secure": "AAAA"}
"""How a stack file holds a secret; only the stack's key reads it."""


@pytest.fixture(params=PLANTINGS)
def setting(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    # Here the value of every secret is known.
    monkeypatch.setattr("harness.program.PLACEHOLDER", PLANTED)
    return str(request.param)


@cache
def _plan_with(setting: str, *, unknown: bool) -> Plan:
    """Return the plan of dev with a secret planted; needs the placeholder of the fixture `setting`."""
    return run_program("dev", unknown=unknown, config=planted(setting, SECURE))


@pytest.fixture(params=[False, True], ids=["known", "unknown"])
def plan(request: pytest.FixtureRequest, setting: str) -> Plan:
    return _plan_with(setting, unknown=request.param)


def test_every_secret_setting_is_planted() -> None:
    assert sorted(secret_settings()) == sorted(PLANTINGS)


# --- Plans --------------------------------------------------------------------------------------------------------


def test_a_secret_reaches_what_needs_it_and_nothing_else(setting: str, plan: Plan) -> None:
    assert places_in(plan) == PLANTINGS[setting].places


def test_a_secret_is_one_wherever_it_is(plan: Plan) -> None:
    for entry in plan:
        # What is marked is left out; what is left must be free of it.
        assert forms_in(json.dumps(show(entry.inputs))) == [], entry.urn
        assert forms_in(json.dumps(show(entry.outputs))) == [], entry.urn
        assert forms_in(repr(entry)) == [], entry.urn
        assert forms_in(entry.urn) == []
    assert any(has_secret(entry.inputs) for entry in plan)


def test_no_output_is_secret_or_holds_one(plan: Plan) -> None:
    assert plan.exports
    assert not has_secret(plan.exports)
    assert forms_in(json.dumps(show(plan.exports))) == []


def test_no_log_message_and_no_call_holds_a_secret(plan: Plan) -> None:
    assert forms_in(" ".join(message.text for message in plan.messages)) == []
    assert plan.invocations
    assert forms_in(repr(plan.invocations)) == []


def test_the_values_of_a_chart_hold_a_secret_only_where_a_team_puts_it_there(setting: str, plan: Plan) -> None:
    """Helm keeps values in the cluster and renders them into manifests, marked or not."""
    releases = [entry for entry in plan if entry.type == "kubernetes:helm.sh/v3:Release"]
    assert releases
    holding = {entry.name for entry in releases if forms_in(json.dumps(transform(entry.inputs["values"], _opened)))}
    assert holding == ({"platform-dev-chart-keda-release"} if setting.startswith("extraCharts") else set())


def _opened(marker: Any) -> Any:
    return transform(marker.value, _opened) if isinstance(marker, Secret) else str(marker)


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("mode", [[], ["--unknown"]], ids=["known", "unknown"])
def test_no_preview_prints_a_secret(
    setting: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], form: str, mode: list[str]
) -> None:
    file = document_of("dev")
    given = {f"{PROJECT}:{key}": value for key, value in planted(setting, SECURE).items()}
    file["config"] = merge(file["config"], given)
    project_with(tmp_path, "dev", yaml.safe_dump(file))

    assert main(["--stack", "dev", "--format", form, *mode], tmp_path) == 0
    out, err = capfd.readouterr()
    assert forms_in(out + err) == []
    # It is the stack with the secret that was shown.
    shown = re.escape("[secret]") if form == "json" else re.escape(setting).replace(r"\*", r"[\w-]+")
    assert re.search(shown, out)


# --- Errors -------------------------------------------------------------------------------------------------------


CURED = {("a version of an add-on that only observability has", "observability.alarms.webhooks.*")}
"""What is wrong with a stack file, and the secret next to which it would be right."""


@pytest.mark.parametrize("case", bad_files(), ids=lambda case: case["name"])
def test_no_error_of_a_bad_stack_file_shows_a_secret(case: Case) -> None:
    real = sections_of(case.get("stack", "dev"))
    for setting in PLANTINGS:
        sections = changed(case)
        # What the case is about stays as it is.
        given = {key: value for key, value in planted(setting, PLANTED).items() if sections.get(key) == real.get(key)}
        if (case["name"], setting) in CURED:
            continue
        with pytest.raises(SettingsError) as caught:
            read(merge(sections, given), [*case.get("secret", []), *given])
        assert forms_in(str(caught.value)) == []


WRONG = {
    "in a list": [PLANTED],
    "in an object": {"value": PLANTED},
    "as a key": {PLANTED: 1},
    "in a URL": f"https://reader:{quote(PLANTED)}@example.jp",
    "with a line break": f"{PLANTED}\n{PLANTED}",
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("encrypted", [False, True], ids=["in the clear", "encrypted"])
def test_no_error_shows_a_secret_that_is_wrong_itself(setting: str, value: Any, *, encrypted: bool) -> None:
    given = planted(setting, value)
    # Something else must be wrong as well, or a text is taken as it is.
    wrong = merge(given, {"network": {"zones": ["moon"]}})
    message = message_of(merge(sections_of("dev"), wrong), tuple(given) if encrypted else ())
    assert message
    assert forms_in(message) == []


# --- The search itself --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "reader:"])
@pytest.mark.parametrize("after", ["", "a", "ab", "\n"])
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode], ids=["Base64", "its form for URLs"])
def test_a_secret_is_found_in_base64(before: str, after: str, encode: Any) -> None:
    assert forms_in(encode(f"{before}{PLANTED}{after}".encode()).decode())


def test_a_secret_is_found_in_other_text_but_not_where_it_is_not() -> None:
    assert forms_in(f"user={PLANTED};") == ["as it is"]
    assert forms_in(f"https://reader:{quote(PLANTED, safe='')}@example.jp")
    assert forms_in(base64.b64encode(b"another secret of many characters").decode()) == []
    assert forms_in("[secret]") == []


def test_secret_settings_are_found_at_any_depth() -> None:
    class Inner(BaseModel):
        token: SecretStr | None = None
        name: str = ""

    class Outer(BaseModel):
        many: dict[str, Inner] = {}
        several: list[Inner] | None = None
        one: Inner = Inner()

    for model in (Inner, Outer):
        for name, field in model.model_fields.items():
            field.alias = name
    assert list(secret_settings(Outer)) == ["many.*.token", "several.*.token", "one.token"]
