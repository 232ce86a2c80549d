"""The life of a simulated stack: up, up again, refresh, a day-2 change, destroy, and what is left of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Final

from harness.engine.process import Run
from harness.story import Event, Story
from rehearsal.simulation.api_server import wait_until
from rehearsal.simulation.leftovers import objects, unexplained
from rehearsal.simulation.simulation import Phase, Simulation
from rehearsal.simulation.story import begun
from rehearsal.simulation.waiting import waiting

POD: Final = "/api/v1/pods"

SETTLING: Final = 120.0
"""Seconds after `destroy` within which nodes, and what controllers keep, must be gone from the API server."""


def live(simulation: Simulation, *, show: Callable[[str], None]) -> list[str]:
    """Run the life of a stack, show each part as it ends, and return what was wrong; the first failure ends it."""
    before = objects(simulation.server)
    steps: tuple[Callable[[], Run], ...] = (
        simulation.bring_up,
        simulation.bring_up_again,
        simulation.look_again,
        simulation.change_on_day_two,
        simulation.take_down,
    )
    for step in steps:
        run = step()
        show(line(simulation.phases[-1]))
        if run.code:
            return [run.text, *waiting(simulation.server)]
        if step in (simulation.bring_up, simulation.change_on_day_two):
            show(_pods(simulation))
    left = left_in_cluster(simulation, before)
    unexpected = unexplained(left)
    show(f"{'':8}  left in the cluster: {len(left)} objects, {len(left) - len(unexpected)} of them on purpose")
    return [*(f"left in the cluster: {name}" for name in unexpected), *_in_aws(simulation)]


def left_in_cluster(simulation: Simulation, before: set[str]) -> set[str]:
    """Return what is in the API server and was not `before`, once the nodes of deleted node groups are gone from it."""
    with suppress(TimeoutError):
        wait_until(lambda: not unexplained(objects(simulation.server) - before), "something is left", seconds=SETTLING)
    return objects(simulation.server) - before


def line(phase: Phase) -> str:
    """Return a phase as a line of the timeline."""
    return f"{phase.seconds:6.1f} s  {phase.name}: {'failed' if phase.run.code else 'done'}"


def told(simulation: Simulation) -> Story:
    """Return what Pulumi has done so far as a timeline, a part right after the other."""
    story = begun("The life of a stack", simulation.stack)
    for phase in simulation.phases:
        end = round(story.seconds + phase.seconds, 1)
        story.events.append(Event("Pulumi", phase.name, story.seconds, end, wrong=bool(phase.run.code)))
    return story


def _pods(simulation: Simulation) -> str:
    found = simulation.server.request("GET", POD).body["items"]
    running = [pod for pod in found if pod["status"]["phase"] == "Running"]
    nodes = simulation.server.request("GET", "/api/v1/nodes").body["items"]
    return f"{'':8}  {len(running)} of {len(found)} pods run on {len(nodes)} nodes"


def _in_aws(simulation: Simulation) -> Iterator[str]:
    yield from (f"left in AWS: {resource}" for resource in simulation.left_behind())
