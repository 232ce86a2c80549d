"""Time `make preview` as a whole process, compared with the bare imports of the SDK modules that it loads.

`make bench STACK=dev` or `python benchmarks/preview.py --stack dev --runs 5`. Each round runs both, one after the
other, so that a busy moment of the machine meets both. The imports run as in the preview, without the garbage
collector and of no module before it is used (`harness/imports.py`). CPU time tells what is the SDKs' from what is
ours. Nothing here judges a time.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

RECORD_MODULES: Final = """
import json, runpy, sys

def loaded(name, module):
    # The SDKs register all their subpackages, and load one at its first use (pulumi._utils.lazy_import).
    return name.split(".")[0].split("_")[0] == "pulumi" and type(module).__name__ != "_LazyModule"

_, listing, *sys.argv = sys.argv
try:
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
except SystemExit as end:
    if end.code:
        raise
with open(listing, "w") as file:
    json.dump([name for name, module in sys.modules.items() if loaded(name, module)], file)
"""
"""Runs a module as a program, then writes the names of the SDK modules it loaded, in the order of their loading."""


AS_IN_A_PREVIEW: Final = (
    "import gc",
    "gc.disable()",
    "from harness.imports import import_on_use",
    "import_on_use()",
)
"""What comes before the imports, so that they cost what they cost a preview."""


@dataclass(frozen=True)
class Run:
    """One run of a process: seconds by the wall clock and of CPU time, and its peak memory in MiB."""

    seconds: float
    cpu: float
    mebibytes: float


def run(command: Sequence[str]) -> Run:
    """Run a command to its end, its output thrown away; raises CalledProcessError if it fails."""
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    # ru_maxrss is in bytes on macOS and in KiB elsewhere (getrusage(2)).
    return Run(
        seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    )


def preview(stack: str, form: str) -> list[str]:
    """Return the command that previews a stack; what `make bench` was given (ARGS) is not for it."""
    return ["make", "-s", "preview", f"STACK={stack}", f"FORMAT={form}", "UNKNOWN=", "ARGS="]


def sdk_modules(stack: str) -> list[str]:
    """Return the SDK modules that the preview of a stack loads, in the order of their loading."""
    with tempfile.TemporaryDirectory() as scratch:
        listing = Path(scratch) / "modules.json"
        arguments = ["rehearsal.preview", "--stack", stack, "--format", "json"]
        run([sys.executable, "-c", RECORD_MODULES, str(listing), *arguments])
        names: list[str] = json.loads(listing.read_text())
        return names


def resource_count(stack: str) -> int:
    """Return how many resources the preview of a stack has."""
    plan = json.loads(subprocess.run(preview(stack, "json"), cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout)
    return len(plan["resources"])


def by_package(modules: Sequence[str]) -> dict[str, int]:
    """Return how many of the modules lie in each package: the SDK itself, and each service of a provider's."""
    inside = {name.rpartition(".")[0] for name in modules}
    parts = (name.split(".") for name in modules)
    packages = (
        ".".join(part[:2]) if part[0] != "pulumi" and ".".join(part[:2]) in inside else part[0] for part in parts
    )
    return dict(sorted(Counter(packages).items()))


def row(name: str, values: Iterable[float], form: str) -> str:
    """Return one line of the table: the least, the middle and the greatest value."""
    ordered = sorted(values)
    cells = (ordered[0], statistics.median(ordered), ordered[-1])
    return f"{name:<34}" + "".join(f"{format(cell, form):>9}" for cell in cells)


def report(stack: str, runs: int) -> str:
    """Measure, and return the report; `runs` rounds after one that only warms the caches."""
    modules = sdk_modules(stack)
    resources = resource_count(stack)
    imports = [sys.executable, "-c", "\n".join([*AS_IN_A_PREVIEW, *(f"import {name}" for name in modules)])]
    rounds = [(run(preview(stack, "text")), run(imports)) for _ in range(runs + 1)][1:]
    share = statistics.mean(own_share(stack) for _ in rounds)
    return "\n".join(
        [
            f"make preview STACK={stack}: {resources} resources, {runs} runs after a warm-up",
            f"{'':<34}{'min':>9}{'median':>9}{'max':>9}",
            row("whole process, s", (whole.seconds for whole, _ in rounds), ".2f"),
            row("its CPU time, s", (whole.cpu for whole, _ in rounds), ".2f"),
            row("bare imports of its SDK modules, s", (bare.cpu for _, bare in rounds), ".2f"),
            row("the rest, s", (whole.cpu - bare.cpu for whole, bare in rounds), ".2f"),
            row("our own part by samples, s", (share * whole.cpu for whole, _ in rounds), ".2f"),
            row("resources a second", (resources / whole.seconds for whole, _ in rounds), ".0f"),
            row("peak memory, MiB", (whole.mebibytes for whole, _ in rounds), ".0f"),
            row("peak memory of the imports, MiB", (bare.mebibytes for _, bare in rounds), ".0f"),
            f"By samples (benchmarks/owners.py) {100 * share:.0f} % of the CPU time is our own: our code,",
            "pydantic and PyYAML. All else is the SDKs' own: their imports, and what they do for each resource.",
            "One more, in a process that is warm (CPU time, least of the runs):",
            *further(stack, runs),
            f"{len(modules)} SDK modules: "
            + ", ".join(f"{name} {count}" for name, count in by_package(modules).items()),
        ]
    )


def own_share(stack: str) -> float:
    """Return what share of a preview's CPU time is our own; see `benchmarks/owners.py`."""
    command = [sys.executable, "-m", "benchmarks.owners", stack]
    found = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    return float(json.loads(found)["share"])


def further(stack: str, runs: int) -> list[str]:
    """Return the lines on what one more NodePool, access entry and chart costs; see `benchmarks/growth.py`."""
    command = [sys.executable, "-m", "benchmarks.growth", stack, str(runs)]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines()


def main() -> None:
    """Parse the command line and print the report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--runs", type=int, default=5)
    arguments = parser.parse_args()
    print(report(arguments.stack, arguments.runs))


if __name__ == "__main__":
    main()
