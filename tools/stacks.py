"""Lists the stacks at the top of the repository in the order in which they are deployed: `python -m tools.stacks`.

Prints a line for each stack, its name and its environment. With `--json` it prints an object for workflows: the names
under "all", and under each environment. Stacks of development are first, and a stack that another one refers to comes
before it. With `--check` it runs the program for each, and prints only what the program refuses in a stack file.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pulumi

from facts.environments import Environment
from harness import HarnessError
from harness.program import referenced
from policy.environments import environment_in
from rehearsal.program import ROOT, read_configuration, run_program, stacks

ORDER = (Environment.DEVELOPMENT, Environment.PRODUCTION)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Print the stacks of the project in `root`; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.stacks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print an object for workflows")
    parser.add_argument("--check", action="store_true", help="print only the errors of stack files")
    options = parser.parse_args(arguments)
    if options.check:
        errors = list(refused(root))
        print(*errors, sep="\n", end="\n" if errors else "", file=sys.stderr)
        return int(bool(errors))
    environments = in_order(root)
    if options.json:
        groups = {each.value: [name for name, found in environments.items() if found is each] for each in ORDER}
        print(json.dumps({"all": list(environments), **groups}))
    else:
        for name, environment in environments.items():
            print(name, environment)
    return 0


def refused(root: Path = ROOT) -> Iterator[str]:
    """Yield the errors of each stack file that the program refuses: one message, instead of one from every test."""
    for name in stacks(root):
        try:
            run_program(name, root=root)
        except (HarnessError, pulumi.RunError) as error:
            yield str(error)


def in_order(root: Path = ROOT) -> dict[str, Environment]:
    """Return the environment of each stack of the project in `root`, in the order in which they are deployed."""
    configurations = {name: read_configuration(name, root=root) for name in stacks(root)}
    owners = {name: set(referenced(it, name, root).values()) for name, it in configurations.items()}

    def depth(name: str, below: tuple[str, ...] = ()) -> int:
        return 1 + max((depth(owner, (*below, name)) for owner in owners[name] - {*below, name}), default=0)

    environments = {name: environment_in(it.values, it.project) for name, it in configurations.items()}
    order = sorted(environments, key=lambda name: (ORDER.index(environments[name]), depth(name), name))
    return {name: environments[name] for name in order}


if __name__ == "__main__":
    raise SystemExit(main())
