"""What `make recover` finds in a state and among releases, and the commands that follow."""

import json
import os
import socket
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Final

import pytest

from tests.plans import EXAMPLES
from tools import recover, recovery
from tools.recovery import Lock, Release

URN: Final = "urn:pulumi:dev::eks-platform::eks-platform:index:Network$"
VPC: Final = f"{URN}aws:ec2/vpc:Vpc::platform-dev-vpc"
ROLE: Final = f"{URN}aws:iam/role:Role::platform-dev-node"
CRD: Final = f"{URN}kubernetes:helm.sh/v3:Release::platform-dev-karpenter-crd"

LOCK: Final = '{"pid": 4711, "username": "runner", "hostname": "host-1", "timestamp": "2026-11-30T10:00:00Z"}'
HOLDER: Final = Lock("runner", "host-1", 4711, "2026-11-30T10:00:00Z")


def _pending(kind: str, urn: str, **inputs: Any) -> dict[str, Any]:
    return {
        "type": kind,
        "resource": {"urn": urn, "type": urn.split("$")[1].split("::", maxsplit=1)[0], "inputs": inputs},
    }


def _deployment(*pending: dict[str, Any], releases: tuple[str, ...] = ()) -> dict[str, Any]:
    entries = [
        {"urn": name, "type": recovery.RELEASE, "outputs": {"namespace": "kube-system", "name": name}}
        for name in releases
    ]
    return {"resources": entries, "pending_operations": list(pending)}


class Answers(recover.Recovery):
    """What commands print, by their first words; nothing else may be run."""

    printed: ClassVar[dict[str, str]] = {}

    def _run(self, command: Sequence[str], *, show: bool = False) -> subprocess.CompletedProcess[str]:
        (text,) = [text for words, text in self.printed.items() if " ".join(command).startswith(words)]
        return subprocess.CompletedProcess(command, 0, text, "")


@pytest.mark.parametrize(
    ("url", "prefix"), [("s3://state?region=ap-northeast-1&awssdk=v2", ""), ("s3://state/team/a?region=x", "team/a/")]
)
def test_a_lock_is_found_in_a_bucket(url: str, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = f"{prefix}.pulumi/locks/organization/eks-platform/dev/"
    listing = f"aws s3api list-objects-v2 --bucket state --output json --prefix {folder}"
    printed = {
        "pulumi whoami": json.dumps({"url": url}),
        listing: json.dumps({"Contents": [{"Key": f"{folder}0.json"}]}),
        f"aws s3 cp s3://state/{folder}0.json -": LOCK,
    }
    monkeypatch.setattr(Answers, "printed", printed)
    assert Answers("dev", EXAMPLES, tmp_path).locks() == [HOLDER]
    printed[listing] = ""
    assert Answers("dev", EXAMPLES, tmp_path).locks() == []


def test_a_lock_is_found_in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "printed", {"pulumi whoami": json.dumps({"url": f"file://{tmp_path}"})})
    assert Answers("dev", EXAMPLES, tmp_path).locks() == []
    for stack in ("dev", "other"):
        folder = tmp_path / recovery.locks_folder("eks-platform", stack)
        folder.mkdir(parents=True)
        (folder / "0.json").write_text(LOCK)
    assert Answers("dev", EXAMPLES, tmp_path).locks() == [HOLDER]


def test_another_backend_has_no_files_to_look_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "printed", {"pulumi whoami": json.dumps({"url": "https://api.pulumi.com"})})
    assert Answers("dev", EXAMPLES, tmp_path).locks() == []


def test_only_a_process_of_this_machine_is_known_to_run() -> None:
    assert recover._runs_here(Lock("me", socket.gethostname(), os.getpid(), "now"))
    assert not recover._runs_here(Lock("me", "another-machine", os.getpid(), "now"))
    # Linux gives no process this number. https://man7.org/linux/man-pages/man5/proc_sys_kernel.5.html (pid_max)
    assert not recover._runs_here(Lock("me", socket.gethostname(), 2**22 + 1, "now"))


def test_an_id_that_follows_from_the_inputs_needs_no_answer() -> None:
    deployment = _deployment(
        _pending("creating", VPC, cidrBlock="10.0.0.0/16"),
        _pending("creating", ROLE, name="platform-dev-node"),
        _pending("updating", f"{URN}aws:sqs/queue:Queue::queue", name="queue"),
        _pending("creating", CRD, name="karpenter-crd", namespace="kube-system"),
    )
    doubts = recovery.doubts(deployment, "111122223333", "ap-northeast-1")
    assert [(doubt.operation.label, doubt.id) for doubt in doubts] == [
        ("Vpc::platform-dev-vpc", None), ("Role::platform-dev-node", "platform-dev-node")
    ]  # fmt: skip
    assert doubts[0].form.startswith("vpc-")
    assert "'Name=cidr,Values=10.0.0.0/16'" in doubts[0].lookup

    ids, unknown = recovery.told(doubts, {})
    assert (ids, unknown) == ({ROLE: "platform-dev-node"}, [doubts[0]])
    for name in ("platform-dev-vpc", "Vpc::platform-dev-vpc", VPC):
        assert recovery.told(doubts, {name: "vpc-1"}) == ({VPC: "vpc-1", ROLE: "platform-dev-node"}, [])
    assert recovery.told(doubts, {VPC: "none", ROLE: "none"}) == ({}, [])
    with pytest.raises(ValueError, match="platform-dev-vcp"):
        recovery.told(doubts, {"platform-dev-vcp": "vpc-1"})


@pytest.mark.parametrize(
    ("release", "status", "stuck"),
    [
        ("known", "pending-install", True),
        ("known", "pending-upgrade", True),
        ("known", "pending-rollback", True),
        ("known", "deployed", False),
        ("known", "failed", False),
        ("begun", "pending-install", True),
        ("begun", "deployed", True),
        ("a-team's", "pending-install", False),
    ],
)
def test_a_release_is_stuck_if_it_is_the_stacks_own(release: str, status: str, stuck: bool) -> None:
    begun = _pending("creating", CRD, name="begun", namespace="kube-system")
    found = Release("kube-system", release, status)
    assert recovery.stuck([found], _deployment(begun, releases=("known",))) == ([found] if stuck else [])


@pytest.mark.parametrize(
    ("name", "status", "command"),
    [
        ("traefik", "pending-upgrade", ("helm", "rollback", "traefik", "--namespace", "ns")),
        ("traefik", "pending-rollback", ("helm", "rollback", "traefik", "--namespace", "ns")),
        ("traefik", "pending-install", ("helm", "uninstall", "traefik", "--namespace", "ns")),
        ("traefik", "deployed", ("helm", "uninstall", "traefik", "--namespace", "ns")),
        ("karpenter-crd", "pending-upgrade", ("helm", "rollback", "karpenter-crd", "--namespace", "ns")),
        (
            "karpenter-crd",
            "pending-install",
            ("kubectl", "delete", "secret", "--namespace", "ns", "--selector", "owner=helm,name=karpenter-crd"),
        ),
    ],
)
def test_each_status_has_its_command(name: str, status: str, command: tuple[str, ...]) -> None:
    assert recovery.release_step(Release("ns", name, status)).command == command


def test_the_commands_come_in_their_order(tmp_path: Path) -> None:
    it = recover.Recovery("dev", EXAMPLES, tmp_path)
    release = Release("traefik", "traefik", "pending-upgrade")

    def verbs(**found: Any) -> list[str]:
        steps = it.steps(**{"locked": False, "releases": [], "pending": False, **found})
        return [next(word for word in step.command[1:] if word.isalpha() and word != "stack") for step in steps]

    assert verbs(locked=True) == ["cancel"]
    assert verbs(pending=True) == ["import", "refresh"]
    assert verbs(releases=[release]) == ["rollback", "refresh"]
    assert verbs(locked=True, releases=[release], pending=True) == ["cancel", "rollback", "import", "refresh"]


def test_a_program_that_is_missing_ends_the_recovery_before_it_changes_anything(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helm = tmp_path / "helm"
    helm.touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    definitions = recovery.Release("kube-system", recovery.DEFINITIONS, "pending-install", "")
    others = recovery.Release("traefik", "traefik", "pending-upgrade", "")
    recover.require_programs([recovery.release_step(others)])
    with pytest.raises(recover.StoppedError, match="not on PATH: kubectl, which these commands need"):
        recover.require_programs([recovery.release_step(it) for it in (others, definitions)])
