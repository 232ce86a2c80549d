"""Lists the stacks at the top of the repository in the order in which they are deployed: `python -m tools.stacks`.

Prints a line for each stack, its name and its environment. With `--json` it prints an object for workflows: the names
under "all", and under each environment. Stacks of development are first, and a stack that another one refers to comes
before it.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from facts.environments import Environment
from harness.program import referenced
from policy.environments import environment_in
from rehearsal.program import ROOT, read_configuration, stacks

ORDER = (Environment.DEVELOPMENT, Environment.PRODUCTION)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Print the stacks of the project in `root`; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.stacks", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print an object for workflows")
    options = parser.parse_args(arguments)
    environments = in_order(root)
    if options.json:
        groups = {each.value: [name for name, found in environments.items() if found is each] for each in ORDER}
        print(json.dumps({"all": list(environments), **groups}))
    else:
        for name, environment in environments.items():
            print(name, environment)
    return 0


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
