"""What each further NodePool, access entry and chart adds to a preview: CPU time, in one process that is warm.

`make bench` prints it after the whole process. Each is measured as the difference between a stack with many of them and
the stack as it is, so that what is paid once (imports, the first resource of a type) is left out. How much of it is the
SDKs' own is in `benchmarks/owners.py`. Nothing here judges a time.
"""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from benchmarks import owners
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


@dataclass(frozen=True)
class Measure:
    """One plan with its policies: CPU seconds, those of them that are our own, and how many resources it has."""

    seconds: float
    own: float
    resources: int


def measure(stack: str, config: Mapping[str, Any] | None, root: Path = ROOT) -> Measure:
    """Measure one plan of a stack, with overrides of its file."""
    start = time.process_time()
    with owners.sampled() as found:
        plan = run_program(stack, config=config, root=root)
        policies.violations_of(plan, root)
    seconds = time.process_time() - start
    return Measure(seconds, seconds * owners.own_share(found), len(plan.registrations))


def growth(stack: str, runs: int) -> dict[str, Measure]:
    """Return what one more of each adds to a stack, by its name.

    The least of `runs` rounds counts, in each of which all are measured, so that a busy moment meets all of them; for
    the part that is our own, which is a count of samples, their mean share of it.
    """
    gc.disable()
    configs = {"": None, **ADDED}
    rounds = [{name: measure(stack, config) for name, config in configs.items()} for _ in range(runs + 1)][1:]
    least = {name: _least([round_[name] for round_ in rounds]) for name in configs}
    base = least[""]
    return {
        name: Measure(
            (least[name].seconds - base.seconds) / MORE,
            (least[name].own - base.own) / MORE,
            (least[name].resources - base.resources) // MORE,
        )
        for name in ADDED
    }


def _least(found: Sequence[Measure]) -> Measure:
    seconds = min(one.seconds for one in found)
    share = sum(one.own for one in found) / sum(one.seconds for one in found)
    return Measure(seconds, seconds * share, found[0].resources)


def main() -> None:
    """Print the table: `python -m benchmarks.growth STACK RUNS`."""
    stack, runs = sys.argv[1], int(sys.argv[2])
    for name, one in growth(stack, runs).items():
        whole, own = (1000 * seconds / one.resources for seconds in (one.seconds, one.own))
        print(
            f"  {name:<32}{1000 * one.seconds:8.2f} ms; for each of its {one.resources} resources"
            f" {whole:.2f} ms, {own:.2f} ms of it our own"
        )


if __name__ == "__main__":
    main()
