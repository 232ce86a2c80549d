"""A stack file that Pulumi could not read is answered in one line before the CLI runs."""

from pathlib import Path

import pytest

from rehearsal.program import ROOT
from tests.plans import EXAMPLES, project_with
from tools import readable


def _said(project: Path, stack: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    code = readable.main(["--stack", stack, "--project", str(project)])
    output = capsys.readouterr()
    assert output.out == ""
    assert code == int(bool(output.err))
    return output.err.splitlines()


@pytest.mark.parametrize(
    "text",
    ["config:\n\teks-platform:network: {}\n", "config: [\n", "<<<<<<< HEAD\nconfig: {}\n", "config: {a: 1, a: 2}\n"],
)
def test_a_mistake_of_yaml_is_one_line_with_its_place(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (line,) = _said(project_with(tmp_path, "broken", text), "broken", capsys)
    assert line.startswith("Pulumi.broken.yaml:")


def test_a_stack_that_does_not_exist_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    (line,) = _said(EXAMPLES, "nope", capsys)
    assert "nope" in line


def test_a_file_that_can_be_read_is_no_matter(capsys: pytest.CaptureFixture[str]) -> None:
    assert _said(EXAMPLES, "dev", capsys) == []


@pytest.mark.parametrize("target", ["plan", "up", "drift", "refresh", "destroy"])
def test_every_target_that_runs_the_cli_asks_first(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (rule,) = [line for line in makefile.splitlines() if line.startswith(f"{target}:")]
    assert "| pulumi-cli " in rule
    recipe = makefile.partition("\npulumi-cli: $(RUNTIME)\n")[2].partition("\n\n")[0]
    assert "\t@$(PY) -m tools.readable --project $(PROJECT) --stack $(STACK)" in recipe.splitlines()
