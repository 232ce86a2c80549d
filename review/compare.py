"""Reviews what a change does, without an account: `python -m review.compare --base origin/main`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from harness.program import stacks
from rehearsal.program import ROOT
from review import report
from review.command import FORMATS, record, run
from review.plans import Recorded
from review.review import Review, review
from review.revisions import Revision, with_stack_file


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the reviews of the stacks that differ; return the exit code.

    It is 1 where `up` would not end: the program refuses the change on what runs, or something protected would go.
    Raises HarnessError for a revision or a stack that does not exist, and what the program raises.
    """
    parser = argparse.ArgumentParser(prog="python -m review.compare", description="Reviews what a change does.")
    group = parser.add_mutually_exclusive_group(required=True)
    group.add_argument("--base", help="revision to compare with, such as origin/main")
    group.add_argument("--base-file", type=Path, help="stack file to compare with; needs --stack")
    parser.add_argument("--stack", help="one stack (default: all that differ)")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack files")
    parser.add_argument("--format", choices=FORMATS, default="text", help="json prints only JSON")
    options = parser.parse_args(arguments)
    if options.base_file and not options.stack:
        parser.error("--base-file needs --stack")
    if options.base_file:
        found = [
            _review(options.stack, with_stack_file(options.base_file, options.stack, options.project), options.project)
        ]
        gone = []
    else:
        revision = Revision(options.base, options.project)
        names = [options.stack] if options.stack else revision.changed_stacks()
        here, there = stacks(options.project), revision.stacks()
        gone = [name for name in names if name in there and name not in here]
        found = [
            _review(name, revision.plan(name) if name in there else Recorded(name, ()), options.project)
            for name in names
            if name not in gone
        ]
    for name in gone:
        print(f"The file of the stack {name} is gone, and what it made stays: `make destroy` first.", file=sys.stderr)
    _print([it for it in found if options.stack or it.changes or it.errors], options)
    return int(any(it.errors for it in found))


def _review(stack: str, before: Recorded, project: Path) -> Review:
    run_it = partial(record, stack, project)
    today = datetime.now(UTC).date()
    if not before.resources:
        return Review(stack, before, run_it(None), today)
    return review(stack, before, run_it, today)


def _print(found: Sequence[Review], options: argparse.Namespace) -> None:
    if options.format == "json":
        print(json.dumps([report.to_json(it) for it in found], indent=2))
    elif options.format == "markdown":
        print(report.markdown(found, options.base or options.base_file.name), end="")
    else:
        print("\n\n".join("\n".join(report.text(it)) for it in found) or "No stack changes.")


if __name__ == "__main__":
    run(main)
