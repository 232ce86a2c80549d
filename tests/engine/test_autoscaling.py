"""A node group whose size an autoscaler has changed: nothing of ours takes its nodes away, nor is it drift."""

from collections.abc import Mapping
from typing import Any

import pytest

from rehearsal.engine.refusals.uses import NODE_GROUP
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.conftest import Platforms

pytestmark = pytest.mark.engine

GROUP = "platform-dev-operations-nodes"
"""Of the development stack: two or three nodes, two at first."""


@pytest.fixture
def scaled(tmp_path_factory: pytest.TempPathFactory, platforms: Platforms) -> Rehearsal:
    """The development stack, up, with a third node that an autoscaler has added."""
    rehearsal = platforms("dev").copy(tmp_path_factory.mktemp("scaled") / "dev")
    rehearsal.scale(GROUP, 3)
    return rehearsal


def sizes(rehearsal: Rehearsal) -> list[Mapping[str, int]]:
    return [group.get("scalingConfig") for group in rehearsal.cloud() if group.type == NODE_GROUP]


@pytest.mark.parametrize(
    ("settings", "bounds"),
    [
        ({"nodeGroups.operations.max": 6}, (2, 6)),
        ({"nodeGroups.operations.labels.team": "platform"}, (2, 3)),
        # A new group takes the old one's place.
        ({"nodeGroups.operations.instanceTypes": ["m6i.large"]}, (2, 3)),
    ],
    ids=["another maximum", "another label", "other instance types"],
)
def test_the_nodes_of_an_autoscaler_stay(
    scaled: Rehearsal, settings: Mapping[str, Any], bounds: tuple[int, int]
) -> None:
    scaled.change(settings)
    scaled.up()
    assert sizes(scaled) == [{"minSize": bounds[0], "maxSize": bounds[1], "desiredSize": 3}]


def test_a_minimum_above_the_nodes_that_there_are_adds_nodes(
    tmp_path_factory: pytest.TempPathFactory, platforms: Platforms
) -> None:
    rehearsal = platforms("dev").copy(tmp_path_factory.mktemp("more") / "dev")
    rehearsal.change({"nodeGroups.operations.min": 3})
    rehearsal.up()
    assert sizes(rehearsal) == [{"minSize": 3, "maxSize": 3, "desiredSize": 3}]


def test_a_maximum_below_the_nodes_that_there_are_removes_nodes(scaled: Rehearsal) -> None:
    scaled.change({"nodeGroups.operations.max": 2})
    scaled.up()
    assert sizes(scaled) == [{"minSize": 2, "maxSize": 2, "desiredSize": 2}]


def test_another_size_is_neither_drift_nor_a_change(scaled: Rehearsal) -> None:
    """What `make drift` runs."""
    drift = scaled.pulumi("refresh", "--preview-only", "--expect-no-changes", "--diff", check=False)
    assert drift.code == 0, drift.text
    assert scaled.changes() == {}


def test_after_new_bounds_the_next_run_leaves_the_size_alone_again(scaled: Rehearsal) -> None:
    scaled.change({"nodeGroups.operations.max": 6})
    scaled.up()
    scaled.scale(GROUP, 5)
    before = scaled.events()

    scaled.up()

    assert scaled.events() == before
    drift = scaled.pulumi("refresh", "--preview-only", "--expect-no-changes", "--diff", check=False)
    assert drift.code == 0, drift.text
    assert sizes(scaled)[0]["desiredSize"] == 5
