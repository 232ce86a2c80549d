"""Bad stack files as a person meets them: the whole program ends with code 1 and one message, and declares nothing."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from harness.deployment import Update
from harness.monitor import RecordingMonitor
from harness.plan import STACK
from rehearsal.preview import main
from rehearsal.program import ROOT
from rehearsal.record import PROJECT
from tests.plans import EXAMPLES, project_with
from tests.planted import secret_settings
from tests.settings_files import Case, bad_files, changed, document_of, parts, problems_of, put

CATEGORIES = {
    "wrong type": ["a number in quotes", "text for a list", "null for text", "a section that is a list"],
    "unknown key": ["an unknown key of a section", "an unknown key five levels down", "a section's name in snake case"],
    "bad range of addresses": ["a range with a prefix of 33", "a range of IPv6", "a range that is a number"],
    "overlap": ["a range for pods inside the VPC's", "one existing subnet for two purposes"],
    "unknown zone": ["a zone of another region", "a node pool in a zone that the network does not have"],
    "wrong version": ["a version that EKS does not offer", "a Karpenter that is too old", "a version with a patch"],
    "impossible relation": ["Karpenter on Fargate", "no compute at all", "no way out, with Pod Identity"],
    "injection": ["a name that is a shell's command", "an unknown key that would act on a terminal"],
    "empty": ["nothing at all", "an empty name", "empty lists", "an empty range"],
    "huge": ["a number beyond every machine", "more replicas than 200", "a name of 101 characters"],
    "Unicode": ["a name in Japanese", "an account in another script's digits", "a section with an outlandish name"],
}
"""What there must be of each category, by the cases' names; what is huge is in tests/test_settings.py as well."""


SECURE = {"secure": "AAAA"}
"""How a stack file holds a secret; only the stack's key reads it."""


def _case(name: str) -> Case:
    return next(case for case in bad_files() if case["name"] == name)


def stack_file(case: Case) -> str:
    """Return the stack file of a case, with what is secret in it as the CLI writes it."""
    sections = changed(case)
    for section in case.get("secret", []):
        if isinstance(sections[section], str):
            sections[section] = SECURE
            continue
        texts = {path for path, value in _leaves(sections[section], section) if value}
        given = {path for path in case["set"] if path.startswith(f"{section}.")}
        for path in texts & ({*secret_settings()} | given):
            put(sections, parts(path), SECURE)
    config = {f"{PROJECT}:{section}": value for section, value in sections.items()}
    document = {**document_of(case.get("stack", "dev")), "config": config}
    return yaml.safe_dump(document, allow_unicode=True, sort_keys=False)


def _leaves(value: Any, way: str) -> Iterator[tuple[str, Any]]:
    if not isinstance(value, dict):
        yield way, value
        return
    for key, item in value.items():
        yield from _leaves(item, f"{way}.{key}")


def assert_one_message(text: str, case: Case) -> None:
    """Check that a text is the one message about a stack file, with every path."""
    first, *lines = text.rstrip("\n").split("\n")
    expected = problems_of(case)
    count = "1 error" if len(expected) == 1 else f"{len(expected)} errors"
    assert first == f"the stack's configuration has {count}; nothing was changed"
    found = [re.match(r"  (\S*Pulumi\.bad\.yaml:([0-9]+):([0-9]+): )?(.*?): ", line) for line in lines]
    # What a line says of Kubernetes's versions depends on the day.
    paths = [f"{PROJECT}:{line.split(': ')[0]}" for line in expected]
    assert sorted(it[4] for it in found if it) == sorted(paths)
    places = [(int(it[2]), int(it[3])) for it in found if it and it[1]]
    assert places == sorted(places)
    # Text that the CLI writes for a whole section has no keys of YAML inside it.
    assert all(it and it[1] for it in found)


@pytest.fixture
def monitors(monkeypatch: pytest.MonkeyPatch) -> list[RecordingMonitor]:
    """The monitors of the programs that run from now on."""
    made: list[RecordingMonitor] = []

    class Kept(RecordingMonitor):
        def __init__(self, update: Update) -> None:
            super().__init__(update)
            made.append(self)

    monkeypatch.setattr("harness.record.RecordingMonitor", Kept)
    return made


@pytest.mark.parametrize("case", bad_files(), ids=lambda case: case["name"])
def test_the_program_ends_with_one_message_and_declares_nothing(
    case: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str], monitors: list[RecordingMonitor]
) -> None:
    project_with(tmp_path, "bad", stack_file(case))

    assert main(["--stack", "bad"], tmp_path) == 1
    out, err = capfd.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert_one_message(err, case)
    # Stacks that it names run before it.
    monitor = monitors[-1]
    assert [entry.type for entry in monitor.plan()] == [STACK]
    assert monitor.plan().invocations == ()


def test_a_good_stack_file_declares_something(monitors: list[RecordingMonitor]) -> None:
    """Or the test above would prove nothing."""
    assert main(["--stack", "dev"], EXAMPLES) == 0
    [monitor] = monitors
    assert len(monitor.plan().registrations) > 100


@pytest.mark.parametrize("category", CATEGORIES)
def test_the_table_has_each_category(category: str) -> None:
    names = {case["name"] for case in bad_files()}
    assert set(CATEGORIES[category]) <= names


def test_there_are_at_least_200() -> None:
    assert len(bad_files()) >= 200


# --- The real command ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with its Makefile, whose environment is that of the tests."""
    folder = tmp_path_factory.mktemp("clone")
    for path in [*ROOT.glob("*.py"), *ROOT.glob("requirements*"), ROOT / "Makefile"]:
        shutil.copy(path, folder)
    project = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**project, "name": PROJECT}))
    for name in ("components", "facts", "harness", "manifests", "policy", "rehearsal", "settings"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    return environment_of_tests(folder)


def environment_of_tests(folder: Path) -> Path:
    """Give a copy of the repository the environment that the tests run in, so that its Makefile sets up none."""
    python = folder / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    for stamp in (".runtime", ".dev"):
        (folder / ".venv" / stamp).touch()
    return folder


@pytest.mark.parametrize("name", [names[0] for names in CATEGORIES.values()])
def test_make_preview_ends_with_one_message(name: str, clone: Path) -> None:
    case = _case(name)
    (clone / "Pulumi.bad.yaml").write_text(stack_file(case))
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
    done = subprocess.run(
        ["make", "-s", "preview", "STACK=bad"],
        cwd=clone, env=environment, check=False, capture_output=True, text=True,
    )  # fmt: skip
    message, _, rest = done.stderr.rpartition("make: ")
    # make has a code of its own for a command that fails, and says the command's.
    assert (done.returncode, rest.strip().endswith("Error 1"), done.stdout) == (2, True, "")
    assert "Traceback" not in done.stderr
    assert_one_message(message, case)
