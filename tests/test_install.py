"""How the environment is set up: it says which package of how many it is at, and hides nothing of a failure."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.settings_files import ROOT
from tools import install

PINS = "a==1.0 \\\n    --hash=sha256:0\n# via x\nb-c[d]==2 \\\n    --hash=sha256:1\n"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "requirements.txt"
    path.write_text(PINS)
    return path


def _pip(*lines: str, code: int = 0) -> tuple[str, ...]:
    return (sys.executable, "-c", f"print({chr(10).join(lines)!r}); raise SystemExit({code})")


def test_it_counts_what_is_pinned() -> None:
    assert install.pinned(PINS) == 2
    text = (ROOT / "requirements.txt").read_text()
    assert install.pinned(text) == len(re.findall(r"==", re.sub(r" ;.*", "", text)))


def test_it_says_which_package_of_how_many_it_is_at() -> None:
    lines = ["Collecting a==1.0 (from -r x)\n", "  Downloading a\n", "Requirement already satisfied: b-c in /x\n"]
    assert list(install.progress(lines, 2)) == [(1, "a"), (2, "b-c")]


def test_it_says_what_it_does_and_how_long_it_took(
    file: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", lambda command, **_: compiled.append(command))
    monkeypatch.setattr(install, "EACH", 1)
    assert install.main([str(file)], pip=_pip("Collecting a", "noise")) == 0
    output = capsys.readouterr()
    assert output.out == ""
    said = re.sub(r"\d+ s", "N s", output.err).splitlines()
    assert said == [
        "  1 of 2: installing what requirements.txt pins, up to 2 packages",
        "  1 of 2: a",
        "  2 of 2: compiling them (N s so far)",
        "  done in N s",
    ]
    assert [command[1:3] for command in compiled] == [["-m", "compileall"]]


def test_a_failure_is_pips_own(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert install.main([str(file)], pip=_pip("Collecting a", "ERROR: no matching hash", code=3)) == 3
    assert "ERROR: no matching hash" in capsys.readouterr().err


def test_hashes_are_required() -> None:
    assert {"--require-hashes", "--no-input", "--no-compile"} <= set(install.PIP)
