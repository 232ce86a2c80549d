import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.engine.cli import RUNNER
from rehearsal.engine import cli
from tools.build import PULUMI


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    cli.find.cache_clear()
    yield
    cli.find.cache_clear()


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on PATH but what is put into the folder."""
    found = tmp_path / "bin"
    found.mkdir()
    monkeypatch.setenv("PATH", str(found))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return found


def _put(folder: Path, name: str, text: str = "exit 0") -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def test_a_cli_on_path_is_taken_with_its_own_language_host(machine: Path) -> None:
    path = _put(machine, "pulumi", "echo v9.0.0")
    _put(machine, "pulumi-language-python")

    assert cli.find() == cli.Cli(path, None, official_host=True)


def test_a_cli_that_is_too_old_is_not_taken(machine: Path) -> None:
    _put(machine, "pulumi", "echo v3.0.0")
    _put(machine, "pulumi-language-python")

    with pytest.raises(cli.NoCliError, match=r"curl -fsSL https://get\.pulumi\.com \| sh"):
        cli.find()


def test_without_a_cli_and_without_go_there_is_one_line_and_a_failure(
    machine: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main() == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_what_was_built_is_taken_from_the_cache(machine: Path) -> None:
    folder = PULUMI.cache_folder()
    folder.mkdir(parents=True)
    binary = _put(folder, "pulumi")
    (folder / RUNNER).touch()

    assert cli.find() == cli.Cli(binary, folder / RUNNER, official_host=False)


GO = """
case "$1" in
build) while [ "$1" != -o ]; do shift; done; echo built > "$2" ;;
list) echo "$GO_MODULE" ;;
esac
"""


def test_it_is_built_once_with_go(machine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _put(machine, "go", GO)
    script = tmp_path / "module" / "python" / "cmd" / RUNNER
    script.parent.mkdir(parents=True)
    script.write_text("runner")
    monkeypatch.setenv("GO_MODULE", str(tmp_path / "module"))

    found = cli.find()
    assert found.path.read_text() == "built\n"
    assert os.access(found.path, os.X_OK)
    assert found.runner is not None
    assert found.runner.read_text() == "runner"
    assert sorted(path.name for path in PULUMI.cache_folder().iterdir()) == ["pulumi", RUNNER]

    (machine / "go").unlink()
    cli.find.cache_clear()
    assert cli.find() == found
