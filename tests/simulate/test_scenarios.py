"""Scenarios on a stack that runs, one after the other on the same cluster; each is told as a timeline."""

import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from harness.story import Story
from rehearsal.simulation.scenarios import SCENARIOS
from rehearsal.simulation.simulation import Simulation, minor_of, simulated
from tests.plans import EXAMPLES
from tools.generate import RECORDED

pytestmark = [pytest.mark.simulate, pytest.mark.thorough, pytest.mark.upstream]

STACK: Final = "private"

ORDER: Final = ("killed-install", "killed-upgrade", "zone", "destroy-wrong-order", "destroy")
"""As one stack can go through them: the first brings it up, the last take it down."""


@pytest.fixture(scope="module")
def simulation(provider: None, copies: None) -> Iterator[Simulation]:
    with (
        tempfile.TemporaryDirectory() as folder,
        simulated(Path(folder), STACK, minor=minor_of(STACK, EXAMPLES), project=EXAMPLES) as found,
    ):
        yield found


def test_every_scenario_is_played() -> None:
    assert sorted(ORDER) == sorted(SCENARIOS)


@pytest.mark.parametrize("name", ORDER)
def test_a_scenario_ends_as_it_should(
    name: str, simulation: Simulation, record_property: Callable[[str, object], None]
) -> None:
    story = SCENARIOS[name].told(simulation)
    for line in story.lines():
        record_property("simulated", line)
    recorded = Story.recorded(json.loads(RECORDED.read_text("utf-8")))
    if story.title == recorded.title:
        assert [(it.by, it.what) for it in story.events] == [(it.by, it.what) for it in recorded.events]


def test_the_picture_of_the_readme_is_of_a_scenario() -> None:
    assert json.loads(RECORDED.read_text("utf-8"))["title"] in {scenario.title for scenario in SCENARIOS.values()}
