"""Run the life of a stack: `make simulate STACK=dev` creates, updates, refreshes, changes and destroys it.

See `rehearsal.simulation.simulation` for what is real and what is a stand-in.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness.build import NoToolError
from harness.engine.cli import NoCliError
from rehearsal.program import ROOT
from rehearsal.simulation.life import live
from rehearsal.simulation.publishers import NoCopiesError
from rehearsal.simulation.simulation import minor_of, simulated


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the life of a stack and print what each part took; return 1 where a part fails or something is left."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.simulation", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--folder", type=Path, help="where to keep logs and state (default: a temporary folder)")
    options = parser.parse_args(arguments)
    begun = time.monotonic()
    minor = minor_of(options.stack, options.project)
    with tempfile.TemporaryDirectory() as scratch:
        folder: Path = options.folder or Path(scratch)
        try:
            with simulated(folder, options.stack, minor=minor, project=options.project) as simulation:
                for name in simulation.left_out:
                    print(f"left out, because there is no copy of its chart: {name}", flush=True)
                print(f"{time.monotonic() - begun:6.1f} s  control plane of Kubernetes {minor}", flush=True)
                problems = live(simulation, show=lambda text: print(text, flush=True))
        except (NoToolError, NoCliError, NoCopiesError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            return 1
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
