"""The plans of another revision, from Git: with its own program where that differs, else only with its stack files."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import yaml

from harness import HarnessError
from harness.program import stacks
from review.command import record
from review.plans import Recorded, recorded

STACK_FILE: Final = "Pulumi.*.yaml"

WITHOUT_EFFECT: Final = (".github/", "benchmarks/", "docs/", "examples/", "review/", "tests/", "tools/")
"""Folders that no plan depends on, but for the stack files of examples."""

RECORD: Final = """
import json, sys
from pathlib import Path
from harness.plan import show
from harness.program import program_folder
from rehearsal import policies
from rehearsal.program import run_program
stack, root = sys.argv[1], Path(sys.argv[2])
plan = run_program(stack, root=root)
found = policies.violations_of(plan, program_folder(root)) or []
state = {it.urn: {"id": it.id if isinstance(it.id, str) else "", "outputs": show(it.outputs)} for it in plan}
print(json.dumps({**plan.to_json(), "state": state, "violations": [policies.to_json(it) for it in found]}))
"""
"""Run by the program of the other revision, with that revision's modules: what `review.command.record` does here."""


class NoRevisionError(HarnessError):
    """Git does not know the revision, or its program refuses the stack; the message says which."""


class Revision:
    """One revision of the project in `project`, which is in a clone of Git."""

    def __init__(self, name: str, project: Path) -> None:
        self.name = name
        self.project = project.resolve()
        try:
            self.root = Path(_git(self.project, "rev-parse", "--show-toplevel").strip())
            self.commit = _git(self.root, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}").strip()
        except subprocess.CalledProcessError:
            raise NoRevisionError(f"Git knows no revision {name!r}: expected a branch, a tag or a commit") from None

    @property
    def folder(self) -> str:
        """The project's folder in the clone, with a slash, or "" at the top."""
        inside = self.project.relative_to(self.root).as_posix()
        return "" if inside == "." else f"{inside}/"

    def changed_files(self) -> list[str]:
        """Return the files that differ from the work tree, by their path in the clone."""
        committed = _git(self.root, "diff", "--name-only", "--no-renames", self.commit, "--")
        added = _git(self.root, "ls-files", "--others", "--exclude-standard")
        return sorted({*committed.splitlines(), *added.splitlines()})

    def has_the_same_program(self) -> bool:
        """Tell whether all that differs is stack files and what no plan depends on."""
        return not any(_has_effect(path) for path in self.changed_files())

    def changed_stacks(self) -> list[str]:
        """Return the stacks of the project that may differ: all where the program does."""
        names = sorted({*stacks(self.project), *self.stacks()})
        if not self.has_the_same_program():
            return names
        changed = {*self.changed_files()}
        return [name for name in names if f"{self.folder}Pulumi.{name}.yaml" in changed]

    def stacks(self) -> list[str]:
        """Return the names of the stacks of the project in this revision."""
        paths = _git(self.root, "ls-tree", "--name-only", self.commit, f"./{self.folder}").splitlines()
        names = [Path(path).name for path in paths if Path(path).match(STACK_FILE)]
        return sorted(name.removeprefix("Pulumi.").removesuffix(".yaml") for name in names)

    def plan(self, stack: str) -> Recorded:
        """Return the plan of a stack in this revision; raises HarnessError or pulumi.RunError where it is refused."""
        return self._with_stack_files(stack) if self.has_the_same_program() else self._with_its_program(stack)

    def _with_stack_files(self, stack: str) -> Recorded:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            for file in ("Pulumi.yaml", *(f"Pulumi.{it}.yaml" for it in self.stacks())):
                (folder / file).write_text(_git(self.root, "show", f"{self.commit}:{self.folder}{file}"), "utf-8")
            _lead_to_the_program(folder, self.project)
            return record(stack, folder)

    def _with_its_program(self, stack: str) -> Recorded:
        with self._worktree() as tree:
            command = [sys.executable, "-c", RECORD, stack, str(tree / self.folder)]
            run = subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False)
        if run.returncode:
            last = run.stderr.strip().splitlines()[-1:] or ["no message"]
            raise NoRevisionError(f"the program of {self.name} does not run for the stack {stack}: {last[0]}")
        return recorded(json.loads(run.stdout))

    @contextmanager
    def _worktree(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            tree = Path(folder) / "base"
            _git(self.root, "worktree", "add", "--quiet", "--detach", str(tree), self.commit)
            try:
                yield tree
            finally:
                _git(self.root, "worktree", "remove", "--force", str(tree))


def with_stack_file(file: Path, stack: str, project: Path) -> Recorded:
    """Return the plan of a stack as another stack file has it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for path in [project / "Pulumi.yaml", *project.glob(STACK_FILE)]:
            (folder / path.name).write_text(path.read_text("utf-8"), "utf-8")
        (folder / f"Pulumi.{stack}.yaml").write_text(file.read_text("utf-8"), "utf-8")
        _lead_to_the_program(folder, project)
        return record(stack, folder)


def _lead_to_the_program(folder: Path, project: Path) -> None:
    """Make the project file of a folder name the program of `project`."""
    path = folder / "Pulumi.yaml"
    content = yaml.safe_load(path.read_text("utf-8"))
    path.write_text(yaml.safe_dump({**content, "main": str((project / content.get("main", ".")).resolve())}), "utf-8")


def _has_effect(path: str) -> bool:
    return not path.startswith(WITHOUT_EFFECT) and not path.endswith(".md") and not Path(path).match(STACK_FILE)


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True).stdout
