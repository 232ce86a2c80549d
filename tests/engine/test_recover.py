"""`make recover` on the real engine: a stack whose CLI was killed comes up afterwards, a whole one stays as it is."""

from pathlib import Path
from typing import Final

import pytest

from harness.engine.environment import Environment
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.comparison import astray, differences
from tests.engine.conftest import Platforms
from tests.engine.makefile import make
from tests.plans import EXAMPLES
from tools.recovery import RELEASE, operations

pytestmark = pytest.mark.engine

STACK: Final = "private"

UP: Final = (
    "Vpc::platform-private-vpc",
    "Role::platform-private-karpenter-node",
    "Release::platform-private-lbc-release",
)
"""Ids that AWS assigns, that follow from the inputs, and a Helm release."""


@pytest.fixture
def standing(platforms: Platforms, tmp_path: Path) -> Rehearsal:
    return platforms(STACK).copy(tmp_path / "standing")


def _killed(rehearsal: Rehearsal, held: Environment) -> None:
    with rehearsal.start("up", "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        process.kill(plugins=True)
    rehearsal.environment.write(rehearsal.folder / "cloud")
    rehearsal.mend_checkpoint()


def _found(rehearsal: Rehearsal) -> str:
    """Return what a person who looks for what was being created answers, as arguments."""
    there = {made.urn: made.id for made in rehearsal.left()}
    created = [it for it in operations(rehearsal.deployment()) if it.kind == "creating" and it.type != RELEASE]
    return " ".join(f"--found {it.label}={there.get(it.urn, 'none')}" for it in created)


@pytest.mark.parametrize("made", [False, True], ids=["before", "after"])
def test_a_killed_up_is_recovered(made: bool, tmp_path: Path, pulumi: object, platforms: Platforms) -> None:
    fresh = Rehearsal(tmp_path / "fresh", STACK, project=EXAMPLES)
    for name in UP:
        _killed(fresh, fresh.hold(name, "create", made=made))
        before = fresh.deployment()
        assert "the stack is currently locked" in fresh.up(check=False).text

        # Nobody answers: what would be done is said, and nothing is.
        asked = make(fresh, "recover", f"ARGS={_found(fresh)}")
        assert asked.returncode != 0
        assert "Locked by " in asked.stdout
        assert f"Cut off while creating: {name}" in asked.stdout
        assert "  pulumi cancel --yes --stack private\n" in asked.stdout
        assert asked.stdout.rstrip().endswith("Nothing was changed.")
        assert fresh.deployment() == before

        done = make(fresh, "recover", "YES=1", f"ARGS={_found(fresh)}")
        assert done.returncode == 0, done.stdout + done.stderr
        assert fresh.deployment().get("pending_operations") is None
        assert astray(fresh) == []
    fresh.up()
    assert differences(fresh, platforms(STACK)) == []
    assert astray(fresh) == []


def test_an_id_that_aws_assigns_must_be_told(tmp_path: Path, pulumi: object) -> None:
    fresh = Rehearsal(tmp_path / "fresh", STACK, project=EXAMPLES)
    _killed(fresh, fresh.hold(UP[0], "create", made=True))
    before = fresh.deployment()
    refused = make(fresh, "recover", "YES=1")
    assert refused.returncode != 0
    assert "--found Vpc::platform-private-vpc=ID" in refused.stderr
    assert "aws ec2 describe-vpcs --region ap-northeast-1" in refused.stdout
    assert fresh.deployment() == before


def test_a_killed_upgrade_of_a_release_is_rolled_back(standing: Rehearsal) -> None:
    standing.change({"traefik.cpu": "300m"})
    _killed(standing, standing.hold("Release::platform-private-traefik-release", "update", made=True))
    standing.pulumi("cancel", "--yes")
    stuck = standing.up(check=False)
    assert "another operation (install/upgrade/rollback) is in progress" in stuck.text

    done = make(standing, "recover", "YES=1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "pending-upgrade" in done.stdout
    assert "rollback traefik --namespace traefik" in done.stdout
    standing.up()
    assert standing.changes() == {}
    assert astray(standing) == []


def test_a_stack_with_nothing_wrong_is_left_alone(standing: Rehearsal) -> None:
    before = standing.deployment()
    run = make(standing, "recover", "YES=1")
    assert run.returncode == 0, run.stdout + run.stderr
    assert run.stdout.startswith("Nothing is wrong with private")
    assert standing.deployment() == before


def test_a_command_that_runs_is_waited_for(standing: Rehearsal) -> None:
    standing.change({"traefik.cpu": "300m"})
    held = standing.hold("Release::platform-private-traefik-release", "update", made=False)
    with standing.start("up", "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        refused = make(standing, "recover", "YES=1")
        assert refused.returncode != 0
        assert "of this machine holds the lock and runs" in refused.stderr
        process.interrupt()
        assert process.finish().code
