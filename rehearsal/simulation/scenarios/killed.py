"""Pulumi and its providers are killed while Helm is in the middle of an operation: what `make recover` then does."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from harness.story import Story
from rehearsal.program import ROOT
from rehearsal.simulation.api_server import wait_until
from rehearsal.simulation.simulation import DAY_TWO, Simulation

INSTALLED: Final = "aws-load-balancer-controller"
UPGRADED: Final = "traefik"
UP: Final = ("up", "--yes", "--skip-preview")

LOCKED: Final = "the stack is currently locked"
IN_USE: Final = "cannot re-use a name that is still in use"
IN_PROGRESS: Final = "another operation (install/upgrade/rollback) is in progress"


def install(simulation: Simulation, story: Story) -> None:
    """Kill the first `up` while Helm waits for a controller's pods."""
    _killed(simulation, story, "pending-install", INSTALLED)
    _recovered(simulation, story, f"{INSTALLED}: pending-install")


def upgrade(simulation: Simulation, story: Story) -> None:
    """Kill an `up` that changes Traefik while Helm waits for its new pods."""
    simulation.change(DAY_TWO)
    _killed(simulation, story, "pending-upgrade", UPGRADED)
    simulation.pulumi("cancel", "--yes")
    story.tell("a person", "pulumi cancel takes the lock away, and nothing else")
    _fails(simulation, story, IN_PROGRESS)
    _recovered(simulation, story, f"{UPGRADED}: pending-upgrade")


def _killed(simulation: Simulation, story: Story, status: str, release: str) -> None:
    """Kill an `up` once a release has a status, in which it stays because no pod starts meanwhile."""
    simulation.stand_ins.start_pods = False
    with simulation.start(*UP) as process:
        with story.during("Pulumi", "up"):
            wait_until(
                lambda: release in _releases(simulation, status),
                lambda: f"Helm release {release} is never {status}, but: {_releases(simulation, status)}",
            )
        process.kill(plugins=True)
    simulation.mend_checkpoint()
    simulation.stand_ins.start_pods = True
    story.tell("the machine", f"kills Pulumi and its providers; Helm's {release} stays {status}", wrong=True)
    _fails(simulation, story, LOCKED)


def _releases(simulation: Simulation, status: str) -> set[str]:
    """Return the names of the releases with a status; Helm has it as a label of the revision's secret."""
    query = {"labelSelector": f"owner=helm,status={status}"}
    found = simulation.server.request("GET", "/api/v1/secrets", query).body["items"]
    return {str(item["metadata"]["labels"]["name"]) for item in found}


def _fails(simulation: Simulation, story: Story, message: str) -> None:
    with story.during("Pulumi", f"up fails: {message}", wrong=True):
        run = simulation.phase("up that fails", *UP)
    if not run.code or message not in run.text:
        raise AssertionError(f"up does not fail with {message!r}:\n{run.text}")


def _recovered(simulation: Simulation, story: Story, found: str) -> None:
    """Run what `make recover` runs, on which nobody answers questions, and bring the stack up."""
    command = [sys.executable, "-m", "tools.recover", "--yes", "--stack", simulation.stack]
    with story.during("make recover", f"finds {found}, and mends it"):
        run = subprocess.run(
            [*command, "--project", str(simulation.project.folder)],
            cwd=ROOT,
            env=simulation.variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    if run.returncode or found not in run.stdout:
        raise AssertionError(f"make recover does not find {found!r}:\n{run.stdout}{run.stderr}")
    with story.during("Pulumi", "up completes what was cut off"):
        done = simulation.phase("up after the recovery", *UP)
    if done.code:
        raise AssertionError(done.text)
    again = simulation.bring_up_again()
    if again.code:
        raise AssertionError(again.text)
    story.tell("Pulumi", "a second up has nothing to change")
