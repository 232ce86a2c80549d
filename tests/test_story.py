"""The timelines of scenarios: what they say, in lines and as a picture."""

import pytest

from harness.story import Story
from rehearsal.simulation.story import REAL, STAND_INS, begun
from tests.test_pictures import _on_each_other, _read, _texts, _unfit


@pytest.fixture
def story(monkeypatch: pytest.MonkeyPatch) -> Story:
    found = begun("A node ends", "dev")
    times = iter([0.0, 1.0, 2.5, 40.0])
    monkeypatch.setattr(found, "_now", lambda: next(times))
    with found.during("Pulumi", "up"):
        found.tell("a node", "ends in the middle", wrong=True)
    found.tell("Karpenter", "launches another")
    return found


def test_lines_tell_when_how_long_who_and_what(story: Story) -> None:
    assert list(story.lines()) == [
        "A node ends (stack dev)",
        "   0.0 s    2.5 s   Pulumi     up",
        "   1.0 s          ! a node     ends in the middle",
        "  40.0 s            Karpenter  launches another",
    ]


def test_a_recorded_story_is_the_same(story: Story) -> None:
    assert list(Story.recorded(story.record()).lines()) == list(story.lines())


def test_the_picture_says_what_happened_and_what_is_real(story: Story) -> None:
    root = _read(story.picture())
    shown = {it.text for it in _texts(root)}
    assert {"A node ends: 40 s", REAL, STAND_INS, "up", "Karpenter", "launches another", "what goes wrong"} <= shown
    assert _unfit(root) == []
    assert _on_each_other(root) == []
