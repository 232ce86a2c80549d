"""A Helm release that a kill has cut off: what Helm refuses from then on, and what makes it well again."""

from pathlib import Path
from typing import Any

import pytest

from harness import RefusedError
from harness.engine.store import Resource
from rehearsal.engine import helm
from rehearsal.engine.refusals.cluster import RELEASE
from tests.engine.fake_cloud import FakeCloud, platform

KARPENTER = {"name": "karpenter-crd", "chart": "karpenter-crd", "namespace": "kube-system"}


class _KilledError(BaseException):
    """The end of the process: nothing of the provider runs after it."""


@pytest.fixture
def cloud(tmp_path: Path) -> FakeCloud:
    return platform(tmp_path)


@pytest.fixture
def kill(cloud: FakeCloud, monkeypatch: pytest.MonkeyPatch) -> Any:
    """What makes the next operation in the cluster end in its middle."""

    def end(*_: Any, **__: Any) -> None:
        monkeypatch.undo()
        raise _KilledError

    return lambda: monkeypatch.setattr(cloud.kubernetes, "_hold", lambda *_, made, **__: end() if made else None)


def _release(cloud: FakeCloud, name: str) -> Resource:
    return next(found for found in cloud.store.resources() if found.type == RELEASE and found.get("name") == name)


def test_an_upgrade_that_was_cut_off_is_rolled_back_and_done_again(cloud: FakeCloud, kill: Any) -> None:
    kill()
    with pytest.raises(_KilledError):
        cloud.change("karpenter", version="2.0.0")
    there = _release(cloud, "karpenter")
    assert (there.get("status.status"), there.get("version")) == ("pending-upgrade", None)

    # However often it is tried again.
    for _ in range(2):
        with pytest.raises(RefusedError, match=r"another operation \(install/upgrade/rollback\) is in progress"):
            cloud.change("karpenter", version="2.0.0")
    with cloud.store.change() as inside:
        inside.put(helm.rolled_back(there))
    assert cloud.change("karpenter", version="2.0.0").get("version") == "2.0.0"
    assert _release(cloud, "karpenter").get("status.status") == "deployed"


def test_an_installation_that_was_cut_off_keeps_its_name_until_it_is_uninstalled(cloud: FakeCloud, kill: Any) -> None:
    cloud.delete("pool")
    cloud.delete("node-class")
    for name in ("karpenter", "definitions"):
        cloud.delete(name)
    kill()
    with pytest.raises(_KilledError):
        cloud.make("definitions", RELEASE, **KARPENTER)
    there = _release(cloud, "karpenter-crd")
    assert there.get("status.status") == "pending-install"
    # There is no revision to go back to.
    assert helm.rolled_back(there) == there

    with pytest.raises(RefusedError, match="cannot re-use a name that is still in use"):
        cloud.make("definitions", RELEASE, **KARPENTER)
    cloud.kubernetes.destroy(there.urn, there.id)
    assert cloud.make("definitions", RELEASE, **KARPENTER).get("status.status") == "deployed"


def test_a_release_that_is_whole_is_left_as_it_is(cloud: FakeCloud) -> None:
    there = _release(cloud, "karpenter")
    assert there.get("status.status") == "deployed"
    assert helm.rolled_back(there) == there


def test_the_runbook_has_the_commands() -> None:
    text = (Path(__file__).parents[2] / "docs" / "operations.md").read_text()
    chapter = text.partition("## After an interruption")[2].partition("\n## ")[0]
    for command in ("helm list --all-namespaces --pending", "helm rollback", "helm uninstall"):
        assert command in chapter
