"""A company forks the repository and makes it its own: the checks of its stacks and the program's tests stay green."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from rehearsal.program import ROOT
from tests.test_bad_stack_files import environment_of_tests

pytestmark = pytest.mark.thorough

KEPT: Final = "dev"
NEW: Final = "acme-live"
EDITS: Final = {
    "ap-northeast-1a, ap-northeast-1c, ap-northeast-1d": "us-east-1b, us-east-1c, us-east-1f",
    "ap-northeast-1": "us-east-1",
    "111122223333": "999988887777",
    "name: platform-dev": "name: acme-development",
    "10.10.0.0/16": "10.77.0.0/16",
}
"""What a company changes in the stack file that it keeps."""
ANSWERS: Final = (
    "--environment=production --region=us-east-1 --account=999988887777 --reached-from=198.51.100.0/24 "
    "--compute=fargate --domain=acme.example.com --hosted-zone=Z0123456789ACME"
)

QUICK: Final = (
    "tests/harness/test_program.py",
    "tests/policy/test_environments.py",
    "tests/rehearsal",
    "tests/test_docs.py",
    "tests/test_generated.py",
    "tests/test_new_stack.py",
    "tests/test_outputs.py",
    "tests/test_repository.py",
    "tests/test_stacks.py",
    "tests/test_structure.py",
    "tests/test_urns.py",
)
"""Tests of the program that know its project, stacks and files."""


@pytest.fixture(scope="module")
def fork(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository with another project's name, one stack file edited, the others gone, and a new one."""
    folder = tmp_path_factory.mktemp("forks") / "fork"
    ignored = shutil.ignore_patterns(".git", ".venv*", "__pycache__", ".*_cache", ".hypothesis")
    shutil.copytree(ROOT, folder, ignore=ignored, symlinks=True)
    environment_of_tests(folder)
    for path in folder.glob("Pulumi.*.yaml"):
        if path.name != f"Pulumi.{KEPT}.yaml":
            path.unlink()
    kept = folder / f"Pulumi.{KEPT}.yaml"
    text = kept.read_text(encoding="utf-8")
    for old, new in EDITS.items():
        assert old in text, old
        text = text.replace(old, new)
    kept.write_text(text, encoding="utf-8")
    _make(folder, "rename", "NAME=acme.platform_1")
    _make(folder, "new", f"STACK={NEW}", f"ARGS={ANSWERS}")
    return folder


def _make(folder: Path, *arguments: str) -> str:
    given = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS", "PYTEST"))}
    command = ["make", *arguments]
    run = subprocess.run(command, cwd=folder, env=given, capture_output=True, text=True, check=False, input="")
    assert run.returncode == 0, (run.stdout + run.stderr)[-6000:]
    return run.stdout


def test_a_fork_has_the_stacks_that_it_has_files_for(fork: Path) -> None:
    assert _make(fork, "-s", "stacks") == f"{KEPT} development\n{NEW} production\n"
    assert "acme.platform_1, stack dev:" in _make(fork, "-s", "preview")


def test_a_forks_stacks_keep_to_what_any_stack_must(fork: Path) -> None:
    out = _make(fork, "check-stacks", "WORKERS=0", "ARGS=-q -p no:cacheprovider")
    assert " passed" in out
    # Both stacks are checked, and no other.
    listed = _make(fork, "check-stacks", "WORKERS=0", "ARGS=-q -p no:cacheprovider --collect-only")
    assert {name for name in ("dev", "staging", "prod", NEW) if f"Pulumi.{name}.yaml" in listed} == {KEPT, NEW}


def test_the_programs_tests_are_green_in_a_fork(fork: Path) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not own", *QUICK]
    given = {key: value for key, value in os.environ.items() if not key.startswith("PYTEST")}
    run = subprocess.run(command, cwd=fork, env=given, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-6000:]
