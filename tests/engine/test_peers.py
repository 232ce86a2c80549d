"""Stack files of `examples/peers` whose compute no stack of `examples/stacks` has, on the real engine."""

from pathlib import Path

import pytest

from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT
from tools import peers

pytestmark = pytest.mark.engine


@pytest.mark.usefixtures("pulumi")
@pytest.mark.parametrize("stack", ["karpenter-on-fargate", "no-nodes"])
def test_it_comes_up_once_and_leaves_nothing(stack: str, tmp_path: Path) -> None:
    made = Rehearsal(tmp_path, stack, project=ROOT / peers.FOLDER)
    made.up()
    assert made.missing_edges() == []
    made.up("--expect-no-changes")
    made.destroy()
    assert made.left_behind() == []
