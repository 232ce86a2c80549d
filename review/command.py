"""What the commands of this folder have in common: how they run the program, start and end."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pulumi

from harness import HarnessError
from harness.imports import import_on_use
from harness.plan import Plan
from harness.program import program_folder
from rehearsal import policies
from rehearsal.program import ROOT, run_program
from review.budget import violation
from review.cost import estimate
from review.plans import Recorded, recorded, with_state
from review.prices import table

FORMATS = ("text", "json", "markdown")


def parser_of(name: str, about: str) -> argparse.ArgumentParser:
    """Return a parser with the arguments that every command has."""
    parser = argparse.ArgumentParser(prog=f"python -m review.{name}", description=about)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--format", choices=FORMATS, default="text", help="json prints only JSON")
    return parser


def record(stack: str, project: Path, deployed: Plan | None = None) -> Recorded:
    """Return the plan of a stack; raises HarnessError or pulumi.RunError where the program refuses it.

    deployed: what is running, of which the program refuses some changes; None for a stack that is not up.
    """
    return of_plan(run_program(stack, root=project, deployed=deployed), project)


def of_plan(plan: Plan, project: Path = ROOT) -> Recorded:
    """Return a plan of the harness with its state and its violations, that of its budget among them."""
    violations = [policies.to_json(it) for it in policies.violations_of(plan, program_folder(project)) or []]
    found = recorded({**with_state(plan), "violations": violations})
    budget = json.loads(plan.config.get(f"{plan.project}:platform", "{}")).get("monthlyBudget")
    over = violation(estimate(found, table(), datetime.now(UTC).date()), budget) if budget else None
    return replace(found, violations=(*found.violations, over)) if over else found


def run(main: Callable[[], int]) -> None:
    """Run a command quickly and end the process with its exit code: see `rehearsal.preview`."""
    gc.disable()
    import_on_use()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    try:
        code = main()
    except (HarnessError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        code = 1
    sys.exit(code)
