"""Shell scripts and workflows are checked, and a fault in each is found."""

import os
import subprocess
from pathlib import Path

import pytest

from harness.build import NoToolError, build, built
from tools import lint
from tools.build import ACTIONLINT

SCRIPT = "#!/usr/bin/env bash\nset -euo pipefail\necho {}\n"
WORKFLOW = """
on: push
permissions: {{}}
jobs:
  one:
    runs-on: ubuntu-24.04
    timeout-minutes: 5
    steps:
      - run: echo {}
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with a script and a workflow in which nothing is wrong."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    (tmp_path / ".github" / "workflows").mkdir(parents=True)
    (tmp_path / "script").write_text(SCRIPT.format("hello"))
    (tmp_path / ".github" / "workflows" / "one.yml").write_text(WORKFLOW.format("hello"))
    return tmp_path


@pytest.fixture
def actionlint() -> Path:
    """The program; tests are skipped without it, unless EKS_PLATFORM_REQUIRE_LINT is set."""
    try:
        return build(ACTIONLINT)
    except NoToolError as error:
        if os.environ.get(lint.REQUIRED):
            raise
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("first", "found"),
    [
        ("#!/bin/sh", True),
        ("#!/bin/bash -e", True),
        ("#!/usr/bin/env bash", True),
        ("#!/usr/bin/env -S bash -e", True),
        ("#!/usr/bin/env python3", False),
        ("# a shell script: #!/bin/sh", False),
        ("", False),
    ],
)
def test_scripts_are_found_by_their_first_line(repository: Path, first: str, *, found: bool) -> None:
    (repository / "other").write_text(f"{first}\n")
    assert ("other" in lint.scripts(repository)) is found


def test_the_script_of_continuous_integration_is_one_of_ours() -> None:
    assert ".ci/run" in lint.scripts(lint.ROOT)


def test_scripts_and_workflows_are_right(actionlint: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert lint.main() == 0, capfd.readouterr().out


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("script", SCRIPT.format("$1"), "SC2086"),
        (".github/workflows/one.yml", WORKFLOW.format("$HOME/*"), "shellcheck reported issue in this script: SC2086"),
        (
            ".github/workflows/one.yml",
            WORKFLOW.format("hello").replace("timeout-minutes", "timeout"),
            'unexpected key "timeout"',
        ),
        (".github/workflows/one.yml", WORKFLOW.format('"${{ needs.two.outputs.x }}"'), 'property "two" is not defined'),
    ],
)
def test_a_fault_is_found(
    repository: Path, actionlint: Path, name: str, text: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert lint.main(repository) == 0, capfd.readouterr().out
    (repository / name).write_text(text)
    assert lint.main(repository) == 1
    assert message in capfd.readouterr().out


def test_without_go_it_says_what_was_not_checked(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.delenv(lint.REQUIRED, raising=False)
    assert built(ACTIONLINT) is None
    assert lint.main(repository) == 0
    assert "The workflows were not checked: no Go to build actionlint with" in capfd.readouterr().err
    monkeypatch.setenv(lint.REQUIRED, "1")
    assert lint.main(repository) == 1
