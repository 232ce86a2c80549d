"""Mistakes as people make them in a stack file: each is answered in one line, with its place and what to write."""

from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from rehearsal.engine import rehearse, timeline
from rehearsal.preview import main
from rehearsal.program import ROOT
from settings.expected import CHOICES, MEANINGS
from settings.stack_file import StackFile
from tests.plans import EXAMPLES, project_with
from tests.settings_files import filled
from tools import instance_types

TABLE: Final = ROOT / "tests" / "stack_file_mistakes.yaml"


@cache
def _table() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(TABLE.read_text("utf-8"))
    return found


def _file(mistake: dict[str, Any]) -> bytes:
    base: str = _table()["base"]
    text: str = mistake.get("file", base)
    if "replace" in mistake:
        assert mistake["replace"] in base
        text = base.replace(mistake["replace"], mistake["by"], 1)
    if mistake.get("undent"):
        text = "".join(line.removeprefix("  ") for line in base.splitlines(keepends=True)[1:])
    text += mistake.get("append", "")
    return text.encode(mistake.get("encoding", "utf-8"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_with(tmp_path, "acme", _table()["base"])


def _message(project: Path, content: bytes, capfd: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines of the message about a stack file, without the one that counts them."""
    (project / "Pulumi.acme.yaml").write_bytes(content)
    assert main(["--stack", "acme"], project) == 1
    out, err = capfd.readouterr()
    err = err.replace(f"{project.resolve()}/", "")
    assert out == ""
    first, *lines = err.rstrip("\n").split("\n")
    if not lines:
        return [first]
    count = "1 error" if len(lines) == 1 else f"{len(lines)} errors"
    assert first == f"the stack's configuration has {count}; nothing was changed"
    return [line.removeprefix("  ") for line in lines]


@pytest.mark.parametrize("mistake", _table()["mistakes"], ids=lambda mistake: mistake["name"])
def test_a_mistake_is_answered_in_a_line_with_its_place(
    mistake: dict[str, Any], project: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    found = _message(project, _file(mistake), capfd)
    assert found == [f"Pulumi.acme.yaml:{filled(line)}" for line in mistake["says"]]


def test_there_are_at_least_77_and_the_file_without_them_is_right(project: Path) -> None:
    assert len({mistake["name"] for mistake in _table()["mistakes"]}) >= 77
    assert main(["--stack", "acme", "--format", "json"], project) == 0


def test_a_file_with_other_values_than_the_configuration_gives_no_places(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with `pulumi up --config-file`: a place in the wrong file would mislead."""
    wrong = _table()["base"].replace("nat: single", "nat: singel")
    other = StackFile("Pulumi.acme.yaml", _table()["base"])
    monkeypatch.setattr("settings.stack.stack_file", lambda _: other)
    assert _message(project, wrong.encode(), capfd) == [
        'eks-platform:network.nat: "singel": expected none, single, per-zone or regional; did you mean single?'
    ]


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_without_the_file_the_message_is_complete_but_for_the_places(
    name: str, project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("settings.stack.stack_file", lambda _: None)
    wrong = _table()["base"].replace("region: eu-west-1", f"regoin: eu-west-1{name}")
    assert _message(project, wrong.encode(), capfd) == [
        "eks-platform:platform.regoin: unknown key: did you mean region?"
    ]


@pytest.mark.parametrize("command", [rehearse.main, timeline.main], ids=["rehearse", "timeline"])
@pytest.mark.parametrize(
    ("stack", "expected"),
    [("nope", "expected one of: "), ("stagin", "did you mean staging?"), ("Pulumi.prod.yaml", "did you mean prod?")],
)
def test_a_stack_that_does_not_exist_is_answered_in_a_line(
    command: Any, stack: str, expected: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    arguments = ["--folder", str(tmp_path / "rehearsal")] if command is rehearse.main else []
    assert command(["--project", str(EXAMPLES), "--stack", stack, *arguments]) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith(f"no stack '{stack}': {expected}")
    assert err.count("\n") == 1


# --- What is known offline ----------------------------------------------------------------------------------------


def test_the_table_of_instance_types_is_that_of_ec2() -> None:
    written = instance_types.TABLE.read_text("utf-8")
    assert f'"""\\\n{instance_types.table(instance_types.families())}\n"""' in written, (
        "run python -m tools.instance_types"
    )


def test_every_choice_is_one_that_its_pattern_allows() -> None:
    assert CHOICES.keys() <= MEANINGS.keys()
