"""The plans of the stacks, each recorded once for all tests."""

from functools import cache
from typing import Final

from harness.plan import Plan, Registration
from rehearsal.program import run_program

STACKS: Final = ("dev", "staging", "prod", "fargate", "private", "staging-b", "auto")


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
