"""Shows what a stack would create, without the Pulumi CLI, an account or credentials: `python -m rehearsal.preview`."""

from __future__ import annotations

import argparse
import gc
import json
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pulumi

from policy.rule import Level
from rehearsal import RehearsalError, policies
from rehearsal.plan import Plan, Registration, show
from rehearsal.program import ROOT, run_program


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Print the plan of a stack of the project in `root`; return the exit code.

    It is 1, with a message on standard error, for a stack that does not exist, for settings that the program refuses,
    and for a program that logs an error, which fails on the engine too; and, after the plan, for one that breaks a
    mandatory rule of the policy pack, as `pulumi preview --policy-pack policy` fails.
    """
    parser = argparse.ArgumentParser(prog="python -m rehearsal.preview", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="json prints only JSON")
    parser.add_argument(
        "--unknown", action="store_true", help="computed values are unknown, as in a first `pulumi preview`"
    )
    options = parser.parse_args(arguments)
    try:
        plan = run_program(options.stack, unknown=options.unknown, root=root)
    except (RehearsalError, pulumi.RunError) as error:
        print(error, file=sys.stderr)
        return 1
    violations = policies.violations_of(plan, root)
    if options.format == "json":
        found = [policies.to_json(violation) for violation in violations or []]
        print(json.dumps({**plan.to_json(), "violations": found}, indent=2))
    else:
        print("\n".join([*render(plan), *policies.render(violations, policies.environment_of(plan))]))
    for message in plan.messages:
        print(f"{message.severity}: {message.text}", file=sys.stderr)
    failed = any(message.severity == "error" for message in plan.messages)
    return int(failed or any(violation.level is Level.MANDATORY for violation in violations or []))


def render(plan: Plan) -> Iterator[str]:
    """Yield the lines that show a plan: the tree, the counts by type, the exports, and what could not be known."""
    yield f"{plan.project}, stack {plan.stack}: {len(plan.registrations)} resources"
    yield ""
    for root in (entry for entry in plan if entry.parent is None):
        yield _line(root)
        yield from _tree(plan, root, "")
    yield ""
    yield "By type:"
    width = len(str(max(plan.counts.values(), default=0)))
    for type_, count in sorted(plan.counts.items(), key=lambda entry: (-entry[1], entry[0])):
        yield f"  {count:{width}}  {short_type(type_)}"
    yield ""
    yield "Outputs:"
    for name, value in plan.exports.items():
        yield f"  {name}: {_scalar(show(value))}"
    unknowns = plan.unknowns()
    yield ""
    yield "Not known before `pulumi up`:" if unknowns else "Nothing is unknown."
    yield from (f"  {line}" for line in unknowns)


def short_type(type_: str) -> str:
    """Return a type token as Pulumi's CLI shows it: without the part that repeats the name ("aws:ec2:Vpc")."""
    package, module, name = (*type_.split(":"), "", "")[:3]
    folder, _, last = module.rpartition("/")
    return f"{package}:{folder}:{name}" if last.lower() == name.lower() else type_


def _tree(plan: Plan, parent: Registration, indent: str) -> Iterator[str]:
    children = plan.children(parent)
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└─' if last else '├─'} {_line(child)}"
        yield from _tree(plan, child, indent + ("   " if last else "│  "))


def _line(registration: Registration) -> str:
    marks = [
        mark for mark, holds in (("protected", registration.options.protect), ("read", registration.read)) if holds
    ]
    return f"{short_type(registration.type)} {registration.name}" + (f"  [{', '.join(marks)}]" if marks else "")


def _scalar(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    # The SDKs are some hundred thousand objects that stay until the end: looking through them for garbage takes 0.4 s.
    gc.disable()
    # `make -s preview | head` ends it without a word.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main())
