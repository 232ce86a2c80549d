"""Secrets on the real engine: in its state, output, plans and files they are encrypted or left out."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.process import Run
from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.record import PROJECT
from tests.engine.journal import matching
from tests.engine.test_stack_lives import OF_THE_ENGINE
from tests.plans import EXAMPLES
from tests.planted import PLANTED, PLANTINGS, forms_in, planted

pytestmark = pytest.mark.engine

LATER: Final = "tr0ub4dor&3/and more+of it"
"""What each secret is changed to."""


def _set(rehearsal: Rehearsal, value: str) -> None:
    """Plant all secrets as a person does: `pulumi config set --secret`."""
    for setting in PLANTINGS:
        for path in _paths(planted(setting, ...), ""):
            rehearsal.pulumi("config", "set", "--secret", "--path", f"{PROJECT}:{path}", value)


def _paths(given: Any, way: str) -> Iterator[str]:
    if given is ...:
        yield way
    for key, item in given.items() if isinstance(given, dict) else ():
        yield from _paths(item, f"{way}.{key}" if way else key)


def _plain(given: Any, way: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the settings next to a secret, by dotted path."""
    for key, item in given.items():
        path = f"{way}.{key}" if way else key
        if isinstance(item, dict) and item:
            yield from _plain(item, path)
        elif item is not ...:
            yield path, item


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, pulumi: cli.Cli) -> tuple[Rehearsal, Run]:
    """A stack with all secrets planted, and the `up` that made it."""
    rehearsal = Rehearsal(tmp_path_factory.mktemp("secrets"), "dev", project=EXAMPLES)
    for setting in PLANTINGS:
        rehearsal.change(dict(_plain(planted(setting, ...))))
    _set(rehearsal, PLANTED)
    return rehearsal, rehearsal.up("--diff", "--debug")


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path, path.read_bytes().decode(errors="replace")


def test_up_prints_no_secret(stack: tuple[Rehearsal, Run]) -> None:
    _, run = stack
    assert "debug:" in run.text
    assert forms_in(run.text) == []


def test_the_secrets_reached_the_cloud(stack: tuple[Rehearsal, Run]) -> None:
    """Or the search below would prove nothing."""
    rehearsal, _ = stack
    assert forms_in(json.dumps([resource.inputs for resource in rehearsal.cloud()]))
    assert forms_in(rehearsal.pulumi("stack", "export", "--show-secrets").stdout)


def test_state_and_its_backups_keep_secrets_encrypted(stack: tuple[Rehearsal, Run]) -> None:
    rehearsal, _ = stack
    files = dict(_files(rehearsal.folder / "state"))
    assert any(path.name == "dev.json" and "ciphertext" in text for path, text in files.items())
    for path, text in files.items():
        assert forms_in(text) == [], path
    assert forms_in(rehearsal.pulumi("stack", "export").stdout) == []


def test_stack_file_and_home_keep_secrets_encrypted(stack: tuple[Rehearsal, Run]) -> None:
    rehearsal, _ = stack
    for folder in (rehearsal.project.folder, rehearsal.folder / "home"):
        for path, text in _files(folder):
            assert forms_in(text) == [], path


def test_outputs_hold_no_secret_even_to_whoever_has_the_key(stack: tuple[Rehearsal, Run]) -> None:
    rehearsal, _ = stack
    outputs = rehearsal.pulumi("stack", "output", "--json", "--show-secrets").stdout
    assert json.loads(outputs)
    assert forms_in(outputs) == []


def test_a_changed_secret_is_seen_and_neither_value_shown(stack: tuple[Rehearsal, Run]) -> None:
    rehearsal, _ = stack
    _set(rehearsal, LATER)
    runs = [rehearsal.pulumi("preview", *form) for form in (["--diff"], ["--json"])]
    _set(rehearsal, PLANTED)
    assert "[secret]" in runs[0].stdout
    assert any(step["op"] == "update" for step in json.loads(runs[1].stdout)["steps"])
    for run in runs:
        assert forms_in(run.text) == []
        assert forms_in(run.text, LATER) == []


def test_a_refused_stack_file_shows_no_secret(stack: tuple[Rehearsal, Run]) -> None:
    rehearsal, _ = stack
    before = _of_the_program(rehearsal)
    rehearsal.change({"network.zones": ["moon"]})
    run = rehearsal.up("--debug", check=False)
    assert run.code != 0
    assert f"{PROJECT}:network.zones" in run.text
    assert "Traceback" not in run.text
    assert forms_in(run.text) == []
    assert _of_the_program(rehearsal) == before


def _of_the_program(rehearsal: Rehearsal) -> list[str]:
    """Return the URNs in the state, without the engine's own default providers, which it drops where none uses them."""
    urns = {entry["urn"] for entry in rehearsal.resources()}
    return sorted(urns - matching(urns, OF_THE_ENGINE))
