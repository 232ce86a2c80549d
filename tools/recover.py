"""Mends a stack after the Pulumi CLI was killed: `make recover STACK=dev`.

It looks for a lock that nobody holds any more, for operations that the state has as pending, and for Helm releases in
the middle of an operation; it says what it found and which commands it will run, and asks. Where nothing is wrong it
changes nothing. docs/operations.md, "After an interruption", has the same by hand.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from facts.kubeconfig import kubeconfig
from harness.engine.recovery import with_found
from rehearsal.program import ROOT, read_configuration
from tools import recovery
from tools.recovery import Deployment, Doubt, Lock, Release, Step

STATUSES: Final = ("--deployed", "--failed", "--pending")


class StoppedError(RuntimeError):
    """It cannot go on; the message says what a person has to do."""


class Recovery:
    """One stack. project: the folder of its Pulumi.yaml. folder: where files of this run may lie, gone after it."""

    def __init__(self, stack: str, project: Path, folder: Path) -> None:
        self.stack, self.project, self.folder = stack, project, folder
        configuration = read_configuration(stack, root=project)
        self.name = configuration.project
        platform = configuration.section("platform")
        self.account, self.region = str(platform.get("account") or ""), str(platform.get("region") or "")

    # What is wrong.

    def state(self) -> Deployment:
        """Return the stack's state; raises StoppedError where there is none."""
        run = self._run(["pulumi", "stack", "export", "--stack", self.stack])
        if run.returncode:
            raise StoppedError(run.stderr.strip())
        return dict(json.loads(run.stdout).get("deployment") or {})

    def locks(self) -> list[Lock]:
        """Return who holds the lock; no command of Pulumi's tells it without taking the lock.

        A backend that is neither a folder nor a bucket of S3 has its own way: Pulumi Cloud ends the lock of a CLI that
        is gone by itself.
        """
        told = self._run(["pulumi", "whoami", "--json"])
        url = str(json.loads(told.stdout).get("url") or "") if not told.returncode else ""
        where = recovery.locks_folder(self.name, self.stack)
        if url.startswith("file://"):
            root = self.project / Path(url.removeprefix("file://").partition("?")[0]).expanduser()
            return [recovery.lock_of(path.read_text()) for path in sorted((root / where).glob("*.json"))]
        if url.startswith("s3://"):
            bucket, _, prefix = url.removeprefix("s3://").partition("?")[0].strip("/").partition("/")
            keys = ["aws", "s3api", "list-objects-v2", "--bucket", bucket, "--output", "json"]
            listed = self._run([*keys, "--prefix", f"{prefix}/{where}" if prefix else where])
            if listed.returncode:
                raise StoppedError(f"the locks cannot be listed:\n{listed.stderr.strip()}")
            found = json.loads(listed.stdout or "{}").get("Contents") or []
            read = [self._run(["aws", "s3", "cp", f"s3://{bucket}/{it['Key']}", "-"]) for it in found]
            return [recovery.lock_of(run.stdout) for run in read if not run.returncode]
        return []

    def releases(self, deployment: Deployment) -> list[Release]:
        """Return the stack's releases that are stuck; raises StoppedError where Helm cannot ask the cluster."""
        control_plane = recovery.cluster(deployment)
        if control_plane is None or not any(recovery.own_releases(deployment)):
            return []
        if shutil.which("helm") is None:
            raise StoppedError("helm is not on PATH: https://helm.sh/docs/intro/install/ (or ARGS=--without-helm)")
        authority = (control_plane.get("certificateAuthority") or {}).get("data") or ""
        text = kubeconfig(control_plane["name"], self.region, control_plane["endpoint"], authority)
        self.access.write_text(text)
        run = self._run([*self.helm, "list", "--all-namespaces", "--output", "json", "--max", "0", *STATUSES])
        if run.returncode:
            raise StoppedError(f"helm cannot ask the cluster (ARGS=--without-helm does without):\n{run.stderr.strip()}")
        rows = json.loads(run.stdout)
        found = [Release(it["namespace"], it["name"], it["status"], it.get("updated", "")) for it in rows]
        return recovery.stuck(found, deployment)

    @property
    def access(self) -> Path:
        """The kubeconfig of this run."""
        return self.folder / "kubeconfig.json"

    @property
    def helm(self) -> tuple[str, ...]:
        """How Helm's commands begin."""
        return ("helm", "--kubeconfig", str(self.access))

    # What mends it.

    def steps(self, *, locked: bool, releases: Sequence[Release], pending: bool) -> list[Step]:
        """Return the commands in their order."""
        stack = ("--stack", self.stack)
        found = [Step("the lock is held by nobody any more", ("pulumi", "cancel", "--yes", *stack))] if locked else []
        kubectl = ("kubectl", "--kubeconfig", str(self.access))
        found += [recovery.release_step(release, self.helm, kubectl) for release in releases]
        if pending:
            why = "the state forgets what was pending, and has what is adopted"
            found.append(Step(why, ("pulumi", "stack", "import", *stack, "--file", str(self.mended))))
        if pending or releases:
            why = "the state gets what AWS and the cluster have; what is adopted and does not exist goes"
            found.append(Step(why, ("pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive", *stack)))
        return found

    @property
    def mended(self) -> Path:
        """The state as it is written back."""
        return self.folder / "mended.json"

    def mend(self, steps: Sequence[Step], before: Deployment, ids: Mapping[str, str]) -> None:
        """Run the commands; raises StoppedError at the first that fails, and where the state is another by then."""
        run = self._run(["pulumi", "stack", "export", "--stack", self.stack])
        exported = json.loads(run.stdout)
        if exported["deployment"] != before:
            raise StoppedError("the state changed meanwhile: another command is running. Nothing was changed")
        exported["deployment"] = with_found(exported["deployment"], ids)
        self.mended.write_text(json.dumps(exported))
        for step in steps:
            print(f"$ {shlex.join(step.command)}", flush=True)
            if self._run(step.command, show=True).returncode:
                raise StoppedError(f"this failed: {shlex.join(step.command)}; what came before it is done")

    def _run(self, command: Sequence[str], *, show: bool = False) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, cwd=self.project, stdin=subprocess.DEVNULL, capture_output=not show, text=True, check=False
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Look, ask and mend; return 1 where something is left to do."""
    parser = argparse.ArgumentParser(prog="python -m tools.recover", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--without-helm", action="store_true", help="do not look for Helm releases")
    parser.add_argument(
        "--found",
        action="append",
        default=[],
        metavar="NAME=ID",
        help="the id of a resource whose creation was cut off, or NAME=none where it does not exist",
    )
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        it = Recovery(options.stack, options.project.resolve(), Path(folder))
        answers = dict(text.split("=", 1) for text in options.found if "=" in text)
        try:
            return _recover(it, answers, yes=options.yes, with_helm=not options.without_helm)
        except (StoppedError, ValueError) as error:
            print(error, file=sys.stderr)
            return 1


def _recover(it: Recovery, answers: Mapping[str, str], *, yes: bool, with_helm: bool) -> int:
    deployment = it.state()
    locks = it.locks()
    if alive := [lock for lock in locks if _runs_here(lock)]:
        raise StoppedError(
            f"process {alive[0].pid} of this machine holds the lock and runs. Wait for it, or interrupt it once; if it "
            f"is another program (ps -p {alive[0].pid}), run: pulumi cancel --stack {it.stack}"
        )
    releases = it.releases(deployment) if with_helm else []
    pending = recovery.operations(deployment)
    if not (locks or releases or pending):
        print(f"Nothing is wrong with {it.stack}: no lock, nothing pending, no Helm release that is stuck.")
        return 0
    for lock in locks:
        print(f"Locked by {lock.user}@{lock.host}, process {lock.pid}, since {lock.at}. Make sure that it is gone.")
    for operation in pending:
        print(f"Cut off while {operation.kind}: {operation.label}")
    for release in releases:
        print(f"Helm release {release.namespace}/{release.name}: {release.status} since {release.updated}")
    doubts = recovery.doubts(deployment, it.account, it.region)
    ids, unknown = recovery.told(doubts, answers)
    if unknown:
        ids, unknown = recovery.told(doubts, {**answers, **_ask(unknown, yes=yes)})
    for doubt in doubts:
        id_ = ids.get(doubt.operation.urn)
        print(f"{doubt.operation.label}: " + (f"adopted as {id_}, if it exists" if id_ else "does not exist"))
    steps = it.steps(locked=bool(locks), releases=releases, pending=bool(pending))
    print("\nThese commands follow:")
    for step in steps:
        print(f"  {shlex.join(step.command)}\n      {step.why}")
    require_programs(steps)
    if not yes and not _agreed():
        print("Nothing was changed.")
        return 1
    it.mend(steps, deployment, ids)
    print(f"\nNow: make up STACK={it.stack} (or make destroy)")
    return 0


def require_programs(steps: Sequence[Step]) -> None:
    """Raise StoppedError if a command of the steps needs a program that is not on PATH."""
    absent = sorted({step.command[0] for step in steps if shutil.which(step.command[0]) is None})
    if absent:
        raise StoppedError(f"not on PATH: {', '.join(absent)}, which these commands need. Nothing was changed")


def _runs_here(lock: Lock) -> bool:
    if lock.host != socket.gethostname():
        return False
    try:
        os.kill(lock.pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _ask(unknown: Sequence[Doubt], *, yes: bool) -> dict[str, str]:
    """Ask for the ids that AWS assigned; raises StoppedError where nobody can answer."""
    answers = {}
    for doubt in unknown:
        operation = doubt.operation
        print(f"\n{operation.label} may exist. Its id, such as {doubt.form or 'the one in the cloud'}, is printed by")
        print(f"  {doubt.lookup or 'the console of the service'}")
    if yes or not sys.stdin.isatty():
        missing = " ".join(f"--found {doubt.operation.label}=ID" for doubt in unknown)
        raise StoppedError(f"Nothing was changed. Name the ids, or none: make recover ARGS='{missing}'")
    for doubt in unknown:
        answers[doubt.operation.urn] = input(f"{doubt.operation.label} (empty: it does not exist): ").strip() or "none"
    return answers


def _agreed() -> bool:
    try:
        return input("\nGo on? (yes/no) ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


if __name__ == "__main__":
    sys.exit(main())
