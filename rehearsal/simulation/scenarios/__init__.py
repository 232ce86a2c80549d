"""Scenarios of a stack that runs: each breaks something, checks what follows, and tells it.

A scenario raises AssertionError where what it claims does not hold.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from harness.story import Story
from rehearsal.simulation.scenarios import destroyed, killed, zone
from rehearsal.simulation.simulation import Simulation
from rehearsal.simulation.story import begun


@dataclass(frozen=True)
class Scenario:
    """One scenario. title: what a reader sees. play: what happens. is_up: whether the stack must be up before it."""

    title: str
    play: Callable[[Simulation, Story], None]
    is_up: bool = True

    def told(self, simulation: Simulation) -> Story:
        """Play it, after an `up` where it needs one, and return what happened."""
        if self.is_up and not simulation.resources():
            run = simulation.bring_up()
            if run.code:
                raise AssertionError(run.text)
        story = begun(self.title, simulation.stack)
        self.play(simulation, story)
        return story


SCENARIOS: Final[Mapping[str, Scenario]] = {
    "killed-install": Scenario(
        "Pulumi is killed while Helm installs, and the stack is recovered", killed.install, is_up=False
    ),
    "killed-upgrade": Scenario("Pulumi is killed while Helm upgrades, and the stack is recovered", killed.upgrade),
    "zone": Scenario("Each zone dies once, and the platform runs in the others", zone.lost),
    "destroy": Scenario("The stack is destroyed while Karpenter's nodes run", destroyed.with_nodes),
    "destroy-wrong-order": Scenario(
        "The stack is destroyed, and Karpenter goes before its NodePool", destroyed.with_an_edge_turned
    ),
}
"""By the name that `make simulate SCENARIO=` takes."""
