"""Where the time of `up` goes: Gantt picture, critical path, and how far it is from what EKS itself imposes.

`python -m rehearsal.engine.timeline --stack dev` brings the stack up on the real engine and the fake cloud, and
schedules what Pulumi then has in its state in virtual time (see `harness.engine.schedule`). With `--pace` the cloud
takes its time, and what was measured is shown next to it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Final

from harness import HarnessError
from harness.engine import schedule, timeline
from harness.engine.cli import NoCliError
from harness.engine.process import FailedError
from harness.engine.schedule import Entry, Task
from harness.engine.store import Event
from harness.engine.timeline import SHORT, Step, clock, gantt, measured_seconds, table, unexplained
from rehearsal.cloud import MODEL
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.cluster import BINDING, INGRESS, RELEASE
from rehearsal.engine.rehearse import rehearsals
from rehearsal.engine.rules import RULES
from rehearsal.program import ROOT

PARALLEL: Final = 256
"""Operations at once: the default, four a core, would make a small machine look like a slow graph."""


def _of_type(*types: str) -> Callable[[Task], bool]:
    return lambda task: task.type in types


def _addon(name: str) -> Callable[[Task], bool]:
    return lambda task: task.type == uses.ADDON and task.inputs.get("addonName") == name


def _chart(name: str) -> Callable[[Task], bool]:
    return lambda task: task.type == RELEASE and str(task.inputs.get("chart")).rsplit("/", 1)[-1] == name


IMPOSED: Final = (
    Step("role", _of_type(uses.ROLE), ()),
    Step("role's policy", _of_type(uses.ATTACHMENT), ("role",)),
    Step("control plane", _of_type(uses.CLUSTER), ("role's policy",)),
    Step("vpc-cni", _addon("vpc-cni"), ("control plane",)),
    Step("compute", _of_type(uses.NODE_GROUP, uses.FARGATE), ("control plane", "vpc-cni")),
    Step("snapshot controller", _addon("snapshot-controller"), ("compute",)),
    # The driver has a snapshotter only where the definitions of snapshots were there before it.
    # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md
    Step("EBS driver", _addon("aws-ebs-csi-driver"), ("compute", "snapshot controller")),
    Step("controller", _chart("aws-load-balancer-controller"), ("compute",)),
    Step("Traefik", _chart("traefik"), ("compute",)),
    Step("healthy target", _of_type(INGRESS, BINDING), ("controller", "Traefik")),
)
"""What EKS imposes, whatever the program says: pods need compute, and compute a network plugin and a control plane."""


def lower_bound(tasks: Iterable[Task]) -> list[tuple[str, float]]:
    """Return the longest chain of what EKS imposes on a stack with these tasks; see `harness.engine.timeline`."""
    return timeline.lower_bound(tasks, IMPOSED)


def tasks_of(resources: Iterable[Entry]) -> list[Task]:
    """Return the tasks of an `up` that made these resources."""
    return schedule.tasks_of(resources, MODEL, RULES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the picture and print the table; return 1 where there is no CLI or no such stack, or where it fails."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.engine.timeline", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--output", type=Path, help="the picture (default: timeline-STACK.svg)")
    parser.add_argument("--all", action="store_true", help="draw each resource, however little time it takes")
    parser.add_argument(
        "--pace", type=float, default=0.0, help="measure too: seconds to wait for each real one, e.g. 0.02"
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        try:
            *before, rehearsal = rehearsals(Path(folder) / "rehearsal", options.stack, options.project)
            for owner in before:
                owner.up()
            rehearsal.up("--parallel", str(PARALLEL), behaviour=rehearsal.paced(options.pace))
        except (NoCliError, FailedError, HarnessError) as error:
            print(error, file=sys.stderr)
            return 1
        tasks = tasks_of(rehearsal.resources())
        events = rehearsal.own_events()
    found = schedule.schedule(tasks)
    print(table(found, lower_bound(tasks)))
    if options.pace:
        _print_measured(events, tasks, options.pace)
    picture = options.output or Path(f"timeline-{options.stack}.svg")
    picture.write_text(gantt(found, options.stack, shortest=0 if options.all else SHORT), encoding="utf-8")
    print(f"Picture: {picture}")
    return 0


def _print_measured(events: list[Event], tasks: list[Task], pace: float) -> None:
    print(f"Measured at a pace of {pace}: {clock(measured_seconds(events, pace))}, with the engine's own time in it.")
    print("Waited longest after all that it waits for was there:")
    for name, seconds in unexplained(events, tasks, pace)[:5]:
        print(f"  {clock(seconds):>10}  {name}")


if __name__ == "__main__":
    raise SystemExit(main())
