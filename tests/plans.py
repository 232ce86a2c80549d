"""The stacks that tests are about, and their plans, each recorded once for all tests.

Tests of the program are about the stack files in `examples/stacks`. What must hold for any stack is also tested for the
stack files of the company that forked the repository, all that exist at the top; these go by their file's name.
"""

from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

from harness.plan import Plan, Registration
from harness.program import Configuration
from rehearsal import program
from rehearsal.program import ROOT
from rehearsal.record import PROJECT

EXAMPLES: Final = ROOT / "examples" / "stacks"
STACKS: Final = ("dev", "staging", "prod", "fargate", "private", "staging-b", "auto")
"""The stacks of `examples/stacks`."""

OWN: Final = tuple(f"Pulumi.{stack}.yaml" for stack in program.stacks(ROOT))
"""The stack files at the top."""

OWN_PARAMETERS: Final = [pytest.param(name, marks=pytest.mark.own) for name in OWN]
"""The stack files at the top as parameters, for `make check-stacks` to choose."""

any_stack = pytest.mark.parametrize("stack", [*STACKS, *OWN_PARAMETERS])
"""Marks a test of what must hold for any stack, regardless of who wrote its file."""


def project_of(stack: str) -> tuple[Path, str]:
    """Return the folder of a stack's project, and the stack's name in it."""
    return (ROOT, stack.removeprefix("Pulumi.").removesuffix(".yaml")) if stack in OWN else (EXAMPLES, stack)


def run_program(stack: str, *, root: Path | None = None, **options: Any) -> Plan:
    """Run the program for a stack; see `rehearsal.program.run_program`. root: the project's folder, if another."""
    folder, name = project_of(stack)
    return program.run_program(name, root=root or folder, **options)


def configuration_of(stack: str) -> Configuration:
    """Return the configuration of a stack."""
    folder, name = project_of(stack)
    return program.read_configuration(name, root=folder)


def setting(stack: str, key: str) -> Any:
    """Return a section of a stack's settings by its key such as "operationsPods", or an empty object."""
    return configuration_of(stack).sections.get(key, {})


def project_with(folder: Path, stack: str, text: str) -> Path:
    """Make a project of the program in a folder, with one stack file of its own and the examples' others."""
    project = yaml.safe_load((EXAMPLES / "Pulumi.yaml").read_text(encoding="utf-8"))
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump({**project, "name": PROJECT, "main": str(ROOT)}))
    for path in EXAMPLES.glob("Pulumi.*.yaml"):
        (folder / path.name).symlink_to(path)
    own = folder / f"Pulumi.{stack}.yaml"
    own.unlink(missing_ok=True)
    own.write_text(text, encoding="utf-8")
    return folder


@cache
def plan_of(stack: str, *, unknown: bool = False) -> Plan:
    """Return the plan of a stack; unknown: as a first preview sees it."""
    return run_program(stack, unknown=unknown)


def below(plan: Plan, component: str, name: str | None = None) -> list[Registration]:
    """Return what is below the components of a class of ours, at any depth; name: of one of them alone."""
    found = plan.find(type=f"eks-platform:index:{component}", name=name)
    return [entry for parent in found for entry in plan.descendants(parent)]


def of_type(entries: list[Registration], kind: str) -> list[Registration]:
    """Return those whose type token ends in a resource's name, such as "NodeGroup"."""
    return [entry for entry in entries if entry.type.rpartition(":")[2] == kind]
