"""The bootstrap of an account on the real engine: up, no change, its state moved into another backend, down."""

from pathlib import Path
from typing import Final

import pytest

from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT
from tests.engine.journal import label

pytestmark = pytest.mark.engine

BOOTSTRAP: Final = ROOT / "examples" / "bootstrap"
STACK: Final = "development"


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory, pulumi: cli.Cli) -> Rehearsal:
    rehearsal = Rehearsal(tmp_path_factory.mktemp("bootstrap") / "first", STACK, project=BOOTSTRAP)
    rehearsal.up()
    return rehearsal


@pytest.fixture
def bootstrap(first: Rehearsal, tmp_path: Path) -> Rehearsal:
    return first.copy(tmp_path / "own")


def test_it_comes_up_once(bootstrap: Rehearsal) -> None:
    assert bootstrap.up("--expect-no-changes", check=False).code == 0
    made = {label(resource.urn) for resource in bootstrap.left()}
    assert {
        "Bucket pulumi-bucket",
        "Key pulumi-key",
        "Role pulumi-platform-deployer",
        "Role pulumi-platform-preview",
    } <= made
    outputs = bootstrap.outputs()
    assert outputs["AWS_ROLE_ARN of dev"] == "arn:aws:iam::111122223333:role/platform-deployer"
    assert outputs["AWS_ROLE_ARN of dev-plan"] == "arn:aws:iam::111122223333:role/platform-preview"


def test_the_state_moves_to_another_backend_as_docs_say(bootstrap: Rehearsal, tmp_path: Path) -> None:
    """A folder stands for the bucket: how the CLI reads and writes S3 is not rehearsed."""
    exported = tmp_path / "state.json"
    bootstrap.pulumi("stack", "export", "--file", str(exported))
    there = Rehearsal(tmp_path / "bucket", STACK, project=BOOTSTRAP)
    there.pulumi("stack", "import", "--file", str(exported))
    assert [it["urn"] for it in there.resources()] == [it["urn"] for it in bootstrap.resources()]


def test_a_first_preview_keeps_to_the_policies(tmp_path: Path, pulumi: cli.Cli) -> None:
    new = Rehearsal(tmp_path / "new", STACK, project=BOOTSTRAP)
    run = new.pulumi("preview", "--policy-pack", str(ROOT / "policy"))
    assert "eks-platform@v" in run.stdout
    assert "can't run policy" not in run.text
    assert "[mandatory]" not in run.text


def test_the_bucket_and_the_key_do_not_go_by_accident(bootstrap: Rehearsal) -> None:
    refused = bootstrap.destroy(check=False)
    assert refused.code != 0
    assert "protect" in refused.text
    assert {"Bucket pulumi-bucket", "Key pulumi-key"} <= {label(resource.urn) for resource in bootstrap.left()}


def test_it_goes_and_leaves_nothing(bootstrap: Rehearsal) -> None:
    bootstrap.change({"protect": False})
    bootstrap.up()
    bootstrap.destroy()
    assert bootstrap.left() == []
