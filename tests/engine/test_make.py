"""`make destroy` and `make refresh` on the real engine: what they do, and what they refuse."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from rehearsal.engine.rehearse import Rehearsal
from tests.engine.conftest import Platforms
from tests.engine.makefile import make

pytestmark = pytest.mark.engine

STACK: Final = "private"
QUEUE: Final = "aws:sqs/queue:Queue"
YES: Final = "ARGS=--yes --skip-preview --non-interactive"


@pytest.fixture
def standing(platforms: Platforms, tmp_path: Path) -> Rehearsal:
    return platforms(STACK).copy(tmp_path / "standing")


def test_destroy_asks_says_what_protects_a_stack_and_leaves_nothing(standing: Rehearsal) -> None:
    before = standing.left()
    asked = make(standing, "destroy")
    assert asked.returncode != 0
    assert "must be passed in to proceed when running in non-interactive mode" in asked.stderr
    assert standing.left() == before

    standing.change({"platform.protect": True})
    standing.up()
    refused = make(standing, "destroy", YES)
    assert refused.returncode != 0
    assert refused.stderr.startswith("platform.protect is true: set it to false in Pulumi.private.yaml")
    assert "Destroying" not in refused.stdout

    # In the file alone it is not enough: the state has what protects, and Pulumi would delete all around it.
    standing.change({"platform.protect": False})
    refused = make(standing, "destroy", YES)
    assert refused.returncode != 0
    assert "platform-private-vpc" in refused.stderr.splitlines()[0]
    assert "is still protected: run `pulumi up --stack private`" in refused.stderr.splitlines()[0]
    assert "Destroying" not in refused.stdout
    assert len(standing.left()) == len(before)

    standing.up()
    done = make(standing, "destroy", YES)
    assert done.returncode == 0, done.stdout + done.stderr
    assert standing.left() == []
    assert standing.resources() == []


def test_destroy_refuses_what_another_stack_uses(platforms: Platforms, tmp_path: Path) -> None:
    user = platforms("staging-b").copy(tmp_path / "both")
    owner = Rehearsal(user.folder, "staging", project=user.project.source)
    before = owner.left()
    refused = make(owner, "destroy", YES)
    assert refused.returncode != 0
    assert "stack staging-b uses what stack staging exports: destroy staging-b first" in refused.stderr.splitlines()
    assert owner.left() == before


def test_refresh_writes_into_the_state_what_the_cloud_has(standing: Rehearsal) -> None:
    assert make(standing, "drift").returncode == 0
    before = _retention(standing)
    with standing.store.change() as cloud:
        (queue,) = cloud.of(QUEUE)
        somebodys = {"messageRetentionSeconds": before + 60}
        cloud.put(replace(queue, inputs={**queue.inputs, **somebodys}, outputs={**queue.outputs, **somebodys}))
    assert make(standing, "drift").returncode != 0
    asked = make(standing, "refresh")
    assert asked.returncode != 0
    assert _retention(standing) == before

    done = make(standing, "refresh", "YES=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert _retention(standing) == before + 60
    assert make(standing, "drift").returncode == 0
    standing.up()
    assert _retention(standing) == before


def _retention(rehearsal: Rehearsal) -> int:
    (queue,) = [it for it in rehearsal.resources() if it["type"] == QUEUE]
    return int(queue["outputs"]["messageRetentionSeconds"])
