"""Run the life of a stack: `make simulate STACK=dev` creates, updates, refreshes, changes and destroys it.

With a scenario it runs that instead, and tells it as a timeline; `rehearsal.simulation.scenarios` has them all.

See `rehearsal.simulation.simulation` for what is real and what is a stand-in.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from harness.build import NoToolError
from harness.engine.cli import NoCliError
from harness.story import Story
from rehearsal.program import ROOT
from rehearsal.simulation.life import live, told
from rehearsal.simulation.publishers import NoCopiesError
from rehearsal.simulation.scenarios import SCENARIOS
from rehearsal.simulation.simulation import Simulation, minor_of, simulated
from rehearsal.simulation.waiting import waiting


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the life of a stack, or a scenario, and print what each part took; return 1 where it does not end well."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.simulation", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--folder", type=Path, help="where to keep logs and state (default: a temporary folder)")
    parser.add_argument("--scenario", choices=sorted(SCENARIOS), help="what happens to the stack (default: its life)")
    parser.add_argument("--picture", type=Path, help="where to draw the timeline, as SVG")
    parser.add_argument("--record", type=Path, help="where to write the timeline, as JSON")
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
                story, problems = _played(simulation, options.scenario)
        except (NoToolError, NoCliError, NoCopiesError, subprocess.CalledProcessError) as error:
            print(error, file=sys.stderr)
            return 1
    if options.picture:
        options.picture.write_text(story.picture(), encoding="utf-8")
        print(f"Picture: {options.picture}")
    if options.record:
        options.record.write_text(json.dumps(story.record(), indent=2) + "\n", encoding="utf-8")
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


def _played(simulation: Simulation, scenario: str | None) -> tuple[Story, list[str]]:
    """Return what happened, and what was wrong."""
    if scenario is None:
        problems = live(simulation, show=lambda text: print(text, flush=True))
        return told(simulation), problems
    try:
        story = SCENARIOS[scenario].told(simulation)
    except (AssertionError, TimeoutError) as error:
        return told(simulation), [str(error), *waiting(simulation.server)]
    print("\n".join(story.lines()), flush=True)
    return story, []


if __name__ == "__main__":
    raise SystemExit(main())
