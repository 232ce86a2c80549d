"""`pulumi up` and `destroy` are interrupted and killed; what docs/operations.md describes makes it whole."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from harness.engine.environment import Environment
from harness.engine.process import Process
from harness.engine.recovery import with_found
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT
from tests.engine.comparison import astray, differences
from tests.engine.conftest import Platforms
from tests.plans import EXAMPLES

pytestmark = [pytest.mark.engine, pytest.mark.thorough]

STACK: Final = "private"
"""A small stack with nodes, Karpenter and an Ingress."""

UP: Final = (
    "Vpc::platform-private-vpc",
    "Cluster::platform-private-eks-eksCluster",
    "NodeGroup::platform-private-operations-nodes",
    "Release::platform-private-lbc-release",
    "Ingress::platform-private-ingress",
)
DESTROY: Final = (
    "NodePool::platform-private-nodes-general",
    "Release::platform-private-karpenter-release",
    "Cluster::platform-private-eks-eksCluster",
    "Vpc::platform-private-vpc",
)
"""Where the runs are stopped, in the order in which a run gets there."""

End = Callable[[Process], None]


def _interrupt(process: Process) -> None:
    process.interrupt()
    assert process.finish().code


def _kill_all(process: Process) -> None:
    process.kill(plugins=True)


KILLS: Final[dict[str, tuple[End, bool]]] = {
    "the CLI, before the change": (Process.kill, False),
    "the CLI and its plugins, after the change": (_kill_all, True),
}
every_kill = pytest.mark.parametrize(("kill", "made"), KILLS.values(), ids=KILLS)


def _stopped(rehearsal: Rehearsal, verb: str, held: Environment, end: End) -> None:
    """Run a command until the cloud stops where `held` says, and end it there."""
    with rehearsal.start(verb, "--yes", "--skip-preview", behaviour=held) as process:
        process.wait_until_held(held)
        end(process)


@pytest.fixture
def fresh(pulumi: object, tmp_path: Path) -> Rehearsal:
    """A stack that never came up."""
    return Rehearsal(tmp_path / "fresh", STACK, project=EXAMPLES)


@pytest.fixture
def standing(platforms: Platforms, tmp_path: Path) -> Rehearsal:
    """A stack that is up."""
    return platforms(STACK).copy(tmp_path / "standing")


def test_after_an_interruption_up_goes_on_by_itself(fresh: Rehearsal, platforms: Platforms) -> None:
    for number, name in enumerate(UP):
        _stopped(fresh, "up", fresh.hold(name, "create", made=bool(number % 2)), _interrupt)
        assert fresh.deployment().get("pending_operations") is None
        assert astray(fresh) == []
    fresh.up()

    assert differences(fresh, platforms(STACK)) == []
    assert astray(fresh) == []


def test_after_an_interruption_destroy_goes_on_by_itself(standing: Rehearsal) -> None:
    for number, name in enumerate(DESTROY):
        _stopped(standing, "destroy", standing.hold(name, "delete", made=bool(number % 2)), _interrupt)
        assert standing.deployment().get("pending_operations") is None
    standing.destroy()

    assert standing.left() == []
    assert standing.resources() == []


@every_kill
def test_a_killed_up_is_recovered(kill: End, made: bool, fresh: Rehearsal, platforms: Platforms) -> None:
    for name in UP:
        _stopped(fresh, "up", fresh.hold(name, "create", made=made), kill)
        fresh.recover()
        assert astray(fresh) == []
    fresh.up()

    assert differences(fresh, platforms(STACK)) == []
    assert astray(fresh) == []


def test_a_killed_change_is_recovered(standing: Rehearsal, platforms: Platforms) -> None:
    standing.change({"platform.tags.CostCenter": "other"})
    _stopped(standing, "up", standing.hold("Cluster::platform-private-eks-eksCluster", "update", made=True), _kill_all)
    standing.recover()
    standing.up()

    assert standing.changes() == {}
    assert {r.urn for r in standing.left()} == {r.urn for r in platforms(STACK).left()}
    assert astray(standing) == []


@every_kill
def test_a_killed_upgrade_of_a_release_is_recovered(kill: End, made: bool, standing: Rehearsal) -> None:
    standing.change({"traefik.cpu": "300m"})
    _stopped(standing, "up", standing.hold("Release::platform-private-traefik-release", "update", made=made), kill)
    standing.pulumi("cancel", "--yes", check=False)
    again = standing.pulumi("up", "--yes", "--skip-preview", check=False)
    # Until Helm's own command has been given, each run ends the same way.
    assert ("another operation (install/upgrade/rollback) is in progress" in again.text) == made
    standing.recover()
    standing.up()

    assert standing.changes() == {}
    assert astray(standing) == []


@every_kill
def test_a_killed_destroy_is_recovered(kill: End, made: bool, standing: Rehearsal) -> None:
    for name in DESTROY:
        _stopped(standing, "destroy", standing.hold(name, "delete", made=made), kill)
        standing.recover()
        assert astray(standing) == []
    standing.destroy()

    assert standing.left() == []
    assert standing.resources() == []


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not on PATH")
def test_the_documented_commands_do_what_the_recovery_does() -> None:
    document = (ROOT / "docs" / "operations.md").read_text()
    (listing,) = re.findall(r"jq -r '(\.deployment.+?)'", document, re.DOTALL)
    (adopting,) = re.findall(r"jq --arg urn URN --arg id ID '(.+?)'", document, re.DOTALL)
    there: dict[str, Any] = {"urn": "urn:vpc", "id": "vpc-1", "inputs": {"cidrBlock": "10.0.0.0/16"}}
    lost: dict[str, Any] = {"urn": "urn:subnet", "inputs": {"vpcId": "vpc-1"}}
    gone: dict[str, Any] = {"urn": "urn:nat", "id": "nat-1", "inputs": {}}
    pending = [{"type": "creating", "resource": lost}, {"type": "deleting", "resource": gone}]
    deployment = {"resources": [there, gone], "pending_operations": pending}
    exported = json.dumps({"deployment": deployment})

    assert _jq("-r", listing, text=exported) == "urn:subnet\n"
    edited = json.loads(_jq("--arg", "urn", "urn:subnet", "--arg", "id", "subnet-1", adopting, text=exported))
    edited["deployment"].pop("pending_operations")  # as `pulumi stack import` does
    assert edited["deployment"] == with_found(deployment, {"urn:subnet": "subnet-1"})


def _jq(*arguments: str, text: str) -> str:
    return subprocess.run(["jq", *arguments], input=text, capture_output=True, text=True, check=True, timeout=60).stdout
