"""What each further NodePool, access entry and chart adds to a preview: CPU time, in one process that is warm.

`make bench` prints it after the whole process. Each is measured as the difference between a stack with many of them and
the stack as it is, so that what is paid once (imports, the first resource of a type) is left out. Nothing here judges a
time.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rehearsal import policies
from rehearsal.program import ROOT, run_program

MORE: Final = 40
"""How many are added."""

_ACCOUNT: Final = "111122223333"

ADDED: Final[Mapping[str, Mapping[str, Any]]] = {
    "NodePool": {
        "karpenter": {"nodePools": {f"more-{n}": {"categories": ["m"], "cpuLimit": "10"} for n in range(MORE)}}
    },
    "access entry": {
        "access": {
            "entries": {
                f"more-{n}": {"principal": f"arn:aws:iam::{_ACCOUNT}:role/more-{n}", "role": "admin"}
                for n in range(MORE)
            }
        }
    },
    "chart": {
        "extraCharts": {
            f"more-{n}": {"repository": "https://charts.example.com", "version": "1.0.0"} for n in range(MORE)
        }
    },
}
"""Settings that add each, over those of the stack file."""


def measure(stack: str, config: Mapping[str, Any] | None, root: Path = ROOT) -> tuple[float, int]:
    """Return the CPU seconds of one plan with its policies, and how many resources it has."""
    start = time.process_time()
    plan = run_program(stack, config=config, root=root)
    policies.violations_of(plan, root)
    return time.process_time() - start, len(plan.registrations)


def growth(stack: str, runs: int) -> dict[str, tuple[float, float]]:
    """Return what one more of each costs in a stack, by its name: milliseconds, and milliseconds for each resource.

    The least of `runs` rounds counts, in each of which all are measured, so that a busy moment meets all of them.
    """
    gc.disable()
    configs = {"": None, **ADDED}
    rounds = [{name: measure(stack, config) for name, config in configs.items()} for _ in range(runs + 1)][1:]
    seconds = {name: min(round_[name][0] for round_ in rounds) for name in configs}
    resources = {name: rounds[0][name][1] for name in configs}
    return {
        name: (
            1000 * (seconds[name] - seconds[""]) / MORE,
            1000 * (seconds[name] - seconds[""]) / (resources[name] - resources[""]),
        )
        for name in ADDED
    }


def main() -> None:
    """Print the table: `python -m benchmarks.growth STACK RUNS`."""
    stack, runs = sys.argv[1], int(sys.argv[2])
    for name, (each, resource) in growth(stack, runs).items():
        print(f"  {name:<32}{each:8.2f} ms, {resource:.2f} ms a resource")


if __name__ == "__main__":
    main()
