"""Shows what a stack would create, without the Pulumi CLI, an account or credentials: `python -m rehearsal.preview`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

import pulumi

from harness import HarnessError
from harness.imports import import_on_use
from harness.program import program_folder
from harness.render import render
from policy.rule import Level
from rehearsal import policies
from rehearsal.program import ROOT, run_program


def main(arguments: Sequence[str] | None = None, root: Path | None = None) -> int:
    """Print the plan of a stack of the project in `root`, or in the folder that is named; return the exit code.

    It is 1, with a message on standard error, for a stack that does not exist, for settings that the program refuses,
    and for a program that logs an error, which fails on the engine too; and, after the plan, for one that breaks a
    mandatory rule of the policy pack, as `pulumi preview --policy-pack policy` fails.
    """
    parser = argparse.ArgumentParser(prog="python -m rehearsal.preview", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json prints only JSON")
    parser.add_argument(
        "--unknown", action="store_true", help="computed values are unknown, as in a first `pulumi preview`"
    )
    options = parser.parse_args(arguments)
    root = root or options.project
    try:
        plan = run_program(options.stack, unknown=options.unknown, root=root)
    except (HarnessError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    violations = policies.violations_of(plan, program_folder(root))
    if options.format == "json":
        found = [policies.to_json(violation) for violation in violations or []]
        print(json.dumps({**plan.to_json(), "violations": found}, indent=2))
    else:
        print("\n".join([*render(plan), *policies.render(violations, policies.environment_of(plan))]))
    for message in plan.messages:
        print(f"{message.severity}: {message.text}", file=sys.stderr)
    failed = any(message.severity == "error" for message in plan.messages)
    return int(failed or any(violation.level is Level.MANDATORY for violation in violations or []))


if __name__ == "__main__":
    # The SDKs are some hundred thousand objects that stay until the end: looking through them for garbage takes 0.4 s.
    gc.disable()
    import_on_use()
    # Looking for pydantic's plugins reads the metadata of every package that is installed.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    # `make -s preview | head` ends it without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
