"""Rehearse a stack: the real Pulumi CLI on the real project files, with the fake cloud in place of AWS and Kubernetes.

`python -m rehearsal.engine.rehearse --stack dev` brings a stack up, `--destroy` takes it down and proves the cloud
empty.
"""

from __future__ import annotations

import argparse
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any, Final

from rehearsal.cloud import ACCOUNT
from rehearsal.engine import cli, environment, helm, host
from rehearsal.engine.environment import Environment, Hold
from rehearsal.engine.given import Given, given_by
from rehearsal.engine.project import PLACEHOLDER, ScratchProject
from rehearsal.engine.recovery import with_found
from rehearsal.engine.refusals import follow, uses
from rehearsal.engine.refusals.cluster import RELEASE
from rehearsal.engine.refusals.controllers import SUBNET_ROLES
from rehearsal.engine.store import Event, Resource, Store
from rehearsal.engine.tree import tree
from rehearsal.program import read_configuration, referenced
from tools.build import PULUMI

ROOT: Final = Path(__file__).resolve().parents[2]
BIN: Final = ROOT / "rehearsal" / "bin"

PROTECTIONS: Final = ("platform.protect", "cluster.deletionProtection", "ingress.deletionProtection")
"""Settings that keep a stack from being destroyed (docs/operations.md)."""

FOREIGN: Final = ("AWS_", "PULUMI_", "KUBE", "HELM_", "PYTHONDONTWRITEBYTECODE")
"""Beginnings of environment variables that must not reach a rehearsal: credentials, backends, what slows it down."""


LONGEST_SECONDS: Final = 900
"""How long a run of the CLI that nobody watches may take at most."""

HELD: Final = "held"
"""The named pipe by which the cloud says that it has stopped."""

POLL_SECONDS: Final = 0.05
"""How often a process is asked whether it still runs while we wait for something else."""


@dataclass(frozen=True)
class Run:
    """One finished run of the CLI."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr


class FailedError(RuntimeError):
    """A run of the CLI failed; the message has what it printed."""


class Rehearsal:
    """One stack of one project on a fake cloud.

    folder: where everything is kept; stacks that share it share the backend, so that stack references work, and the
    cloud.
    project: the real project's folder. account: whose credentials are in use (default: the stack file's).
    """

    def __init__(self, folder: Path, stack: str, *, project: Path = ROOT, account_id: str | None = None) -> None:
        self.folder: Final = folder.resolve()
        self.stack: Final = stack
        for part in ("home", "state", "cloud"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.project: Final = ScratchProject(project, self.folder / "projects" / project.resolve().name)
        self.store: Final = Store(self.folder / "cloud")
        new = not self._checkpoint().exists()
        if new:
            self._initialize()
        given = given_by(self.project.config(stack), self.project.name)
        self.environment = Environment(account=account_id or given.account or ACCOUNT, deployer=given.deployer)
        if new:
            self._plant(given)

    def _checkpoint(self) -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / self.project.name / f"{self.stack}.json"

    def _initialize(self) -> None:
        self.environment = Environment()
        self.project.take_stack(self.stack)
        self.pulumi("stack", "init", self.stack, "--no-select", stack=False)
        self.renew()

    def renew(self) -> None:
        """Take the real stack file anew: what was changed in it counts, what was changed in the copy does not."""
        for path in self.project.take_stack(self.stack):
            self.pulumi("config", "set", "--secret", "--path", path, PLACEHOLDER)

    def _plant(self, given: Given) -> None:
        with self.store.change() as cloud:
            for resource in given.resources:
                if cloud.existing(resource.type, resource.id) is None:
                    cloud.add(resource)

    def copy(self, folder: Path) -> Rehearsal:
        """Return the same stack, as it is now, in another folder; nothing may be running."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(HELD))
        return Rehearsal(folder, self.stack, project=self.project.source, account_id=self.environment.account)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the stack, by dotted path in the project's namespace; None takes one away.

        Whom the stack file then names as deployer is who runs Pulumi.
        """
        self.project.change(self.stack, {f"{self.project.name}:{path}": value for path, value in changes.items()})
        given = given_by(self.project.config(self.stack), self.project.name)
        self.environment = replace(self.environment, deployer=given.deployer)

    def unprotect(self) -> list[str]:
        """Take from the settings what keeps the stack from being destroyed, and return what it was, by dotted path."""
        config = self.project.config(self.stack)
        sections = {path: config.get(f"{self.project.name}:{path.split('.')[0]}") or {} for path in PROTECTIONS}
        found = [path for path, section in sections.items() if section.get(path.split(".")[1])]
        self.change(dict.fromkeys(found, False))
        return found

    # What Pulumi does.

    def up(self, *arguments: str, check: bool = True, behaviour: Environment | None = None) -> Run:
        """Run `pulumi up`; raises FailedError if it fails, unless not to `check`. `behaviour`: the cloud's."""
        return self.pulumi("up", "--yes", "--skip-preview", *arguments, check=check, behaviour=behaviour)

    def destroy(self, *arguments: str, check: bool = True, behaviour: Environment | None = None) -> Run:
        """Run `pulumi destroy`; see `up`."""
        return self.pulumi("destroy", "--yes", "--skip-preview", *arguments, check=check, behaviour=behaviour)

    def refresh(self, *arguments: str, check: bool = True, behaviour: Environment | None = None) -> Run:
        """Run `pulumi refresh`; see `up`."""
        return self.pulumi("refresh", "--yes", "--skip-preview", *arguments, check=check, behaviour=behaviour)

    def preview(self, *arguments: str) -> list[dict[str, Any]]:
        """Run `pulumi preview` and return its steps, each with `op` and `urn`; raises FailedError if it fails."""
        result = json.loads(self.pulumi("preview", "--json", *arguments).stdout)
        return list(result.get("steps", []))

    def changes(self, *arguments: str) -> dict[str, str]:
        """Return what a preview would do, from URN to operation, where it would do anything."""
        steps = self.preview(*arguments)
        return {step["urn"]: step["op"] for step in steps if step["op"] not in ("same", "read")}

    def recover(self) -> Run:
        """Do what docs/operations.md asks for after the CLI was killed; end with a refresh, which this returns.

        What is in the fake cloud and not in the state stands for what a person finds.
        """
        self._mend_checkpoint()
        self.pulumi("cancel", "--yes", check=False)
        exported = json.loads(self.pulumi("stack", "export").stdout)
        known = {(entry["urn"], entry.get("id")) for entry in exported["deployment"].get("resources") or []}
        found = [made for made in self.left() if made.urn and (made.urn, made.id) not in known]
        self._uninstall(made for made in found if made.type == RELEASE)
        self.roll_back()
        adopted = {made.urn: made.id for made in found if made.type != RELEASE}
        exported["deployment"] = with_found(exported["deployment"], adopted)
        mended = self.folder / "mended.json"
        mended.write_text(json.dumps(exported))
        self.pulumi("stack", "import", "--file", str(mended))
        return self.refresh()

    def _uninstall(self, releases: Iterable[Resource]) -> None:
        """Take away Helm releases: one whose installation was cut off cannot be upgraded, and keeps its name."""
        with self.store.change() as cloud:
            for release in releases:
                cloud.remove(release)
                follow("delete", release, cloud)

    def roll_back(self) -> None:
        """Give each Helm release whose upgrade was cut off its last revision back, as `helm rollback` does."""
        with self.store.change() as cloud:
            for release in cloud.of(RELEASE):
                cloud.put(helm.rolled_back(release))

    def _mend_checkpoint(self) -> None:
        """Take away the empty file that the file backend leaves beside the state if the CLI is killed while it writes.

        The state itself is replaced in one step, its attributes are not.
        """
        attributes = self._checkpoint().with_name(f"{self.stack}.json.attrs")
        if attributes.exists() and not attributes.read_text():
            attributes.unlink()

    def resources(self) -> list[dict[str, Any]]:
        """Return the resources in the stack's state."""
        deployment = self.deployment()
        return list(deployment.get("resources") or [])

    def deployment(self) -> dict[str, Any]:
        """Return the stack's state, pending operations and all."""
        return dict(json.loads(self.pulumi("stack", "export").stdout)["deployment"])

    def outputs(self) -> dict[str, Any]:
        """Return the stack's outputs, secret ones as they are."""
        return dict(json.loads(self.pulumi("stack", "output", "--json", "--show-secrets").stdout))

    def pulumi(
        self, *arguments: str, check: bool = True, stack: bool = True, behaviour: Environment | None = None
    ) -> Run:
        """Run the CLI on the scratch project; raises FailedError if it fails unless told not to `check`."""
        with self.start(*arguments, stack=stack, behaviour=behaviour) as process:
            run = process.finish()
        if check and run.code:
            raise FailedError(f"pulumi {' '.join(arguments)} ended with {run.code}:\n{run.text}")
        return run

    def start(
        self, *arguments: str, stack: bool = True, behaviour: Environment | None = None, show: bool = False
    ) -> Process:
        """Start the CLI and return the running process; `show`: let it use our terminal."""
        (behaviour or self.environment).write(self.folder / "cloud")
        selected = ["--stack", self.stack] if stack else []
        plain = [] if show else ["--non-interactive", "--color", "never"]
        command = [str(cli.find().path), *arguments, *selected, *plain]
        return Process(command, self.project.folder, self.variables(), show=show)

    def variables(self) -> dict[str, str]:
        """Return the environment variables that a run of the CLI gets."""
        found = cli.find()
        path = [str(BIN), str(Path(sys.executable).parent), str(found.path.parent), os.environ.get("PATH", os.defpath)]
        own = {
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            environment.VARIABLE: str(self.folder / "cloud"),
        }
        if not found.official_host:
            path.append(str(BIN / "language"))
            own[host.RUNNER_VARIABLE] = str(found.runner)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {**kept, **own, "PATH": os.pathsep.join(path)}

    # What there is in the cloud.

    def scale(self, name: str, nodes: int) -> None:
        """Change how many nodes a node group has, by the resource's name, as an autoscaler does: Pulumi is not told."""
        with self.store.change() as cloud:
            found = next(group for group in cloud.of(uses.NODE_GROUP) if group.name == name)
            sizes = {"scalingConfig": {**found.inputs["scalingConfig"], "desiredSize": nodes}}
            cloud.put(replace(found, inputs={**found.inputs, **sizes}, outputs={**found.outputs, **sizes}))

    def cloud(self) -> list[Resource]:
        """Return what exists in the fake cloud, oldest first."""
        return self.store.resources()

    def left(self) -> list[Resource]:
        """Return what exists in the fake cloud and was not there before the rehearsal."""
        return [resource for resource in self.cloud() if not resource.is_given]

    def left_behind(self) -> list[Resource]:
        """Return what `destroy` has to delete: all but the tags that stay on others' subnets."""
        roles = SUBNET_ROLES.values()
        return [it for it in self.left() if not (it.type == uses.TAG and it.get("key") in roles)]

    def events(self) -> list[Event]:
        """Return what happened in the fake cloud, in order."""
        return self.store.events()

    def own_events(self) -> list[Event]:
        """Return what happened to the stack's own resources: others may share the cloud."""
        return [event for event in self.events() if event.urn.startswith(f"urn:pulumi:{self.stack}::")]

    def hold(self, name: str, operation: str, *, made: bool) -> Environment:
        """Return a behaviour in which the cloud stops at one operation of a resource.

        name: its logical name, with the class before it ("Role::name") where several have the name.
        `made`: with the change done and the engine not told, or with nothing done yet. See `Process.wait_until_held`.
        """
        pipe = self.folder / "cloud" / HELD
        if not pipe.exists():
            os.mkfifo(pipe)
        return replace(self.environment, hold=Hold(name, operation, made, str(pipe)))

    def failing_once(self, *operations: str, types: Collection[str] | None = None) -> Environment:
        """Return a behaviour in which each resource's first try of these operations ("create", ...) fails.

        types: only those of these types fail.
        """
        of_types = None if types is None else sorted(types)
        return replace(self.environment, fail_once=list(operations), fail_types=of_types)

    def paced(self, pace: float) -> Environment:
        """Return a behaviour in which things take their time: `pace` seconds for each real one."""
        return replace(self.environment, pace=pace)


class Process:
    """A CLI that runs; as a context manager it is ended at the latest at the end of the block."""

    def __init__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str], *, show: bool) -> None:
        # Files and not pipes: nobody reads while we wait for the cloud to stop.
        self._stdout = None if show else tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._stderr = None if show else tempfile.TemporaryFile()  # noqa: SIM115
        self._popen = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=None if show else subprocess.DEVNULL,
            stdout=self._stdout,
            stderr=self._stderr,
            start_new_session=not show,
        )

    def __enter__(self) -> Process:
        """Return the process itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the process if it still runs."""
        if self._popen.poll() is None:
            self.kill()
        for file in (self._stdout, self._stderr):
            if file is not None:
                file.close()

    def finish(self) -> Run:
        """Wait for its end; raises subprocess.TimeoutExpired if that is not to come."""
        self._popen.wait(None if self._stdout is None else LONGEST_SECONDS)
        return Run(self._popen.returncode, _content(self._stdout), _content(self._stderr))

    def wait_until_held(self, behaviour: Environment) -> str:
        """Wait until the cloud stops where `behaviour` says and return what it then says.

        Raises FailedError if the process ends before that, subprocess.TimeoutExpired if neither happens.
        """
        if behaviour.hold is None:
            raise ValueError("the behaviour holds nothing")
        pipe = os.open(behaviour.hold.pipe, os.O_RDONLY | os.O_NONBLOCK)
        last = time.monotonic() + LONGEST_SECONDS
        try:
            while self._popen.poll() is None and time.monotonic() < last:
                if select.select([pipe], [], [], POLL_SECONDS)[0]:
                    return os.read(pipe, 4096).decode()
        finally:
            os.close(pipe)
        raise FailedError(f"ended before it was held:\n{self.finish().text}")

    def interrupt(self) -> None:
        """Interrupt its process group, as Ctrl-C does."""
        os.killpg(self._popen.pid, signal.SIGINT)

    def kill(self, *, plugins: bool = False) -> None:
        """Kill the CLI as `kill -9` does; return once its plugins, which end by themselves or are killed too, are gone.

        Where there is no /proc the plugins are left alone.
        """
        self._popen.kill()
        self._popen.wait()
        while started := _session(self._popen.pid):
            for process in started:
                _await_end(process, kill=plugins)


def _session(leader: int) -> list[int]:
    """Return the processes of a session that run; none where there is no /proc."""
    running = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name in parentheses may have spaces.
        with suppress(OSError):
            state, _parent, _group, session = status.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                running.append(int(status.parent.name))
    return running


def _await_end(process: int, *, kill: bool) -> None:
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(process)
        try:
            if kill:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            if not select.select([handle], [], [], LONGEST_SECONDS)[0]:
                raise TimeoutError(f"process {process} outlives the CLI")
        finally:
            os.close(handle)


def _content(file: IO[bytes] | None) -> str:
    if file is None:
        return ""
    file.seek(0)
    return file.read().decode()


def owners(stack: str, project: Path = ROOT) -> list[str]:
    """Return which other stacks of the project a stack refers to: they must be there before it, and go after it."""
    return list(referenced(read_configuration(stack, root=project), stack, project).values())


def rehearsals(folder: Path, stack: str) -> list[Rehearsal]:
    """Return the rehearsals of what a stack refers to, in the order in which they come up, and last its own."""
    before = [rehearsal for owner in owners(stack) for rehearsal in rehearsals(folder, owner)]
    return [*before, Rehearsal(folder, stack)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring a stack up or take it down; return the CLI's exit code, or 1 if something is left in the cloud."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.engine.rehearse", description=__doc__)
    parser.add_argument("--stack", default="dev")
    parser.add_argument("--destroy", action="store_true", help="take the stack down and prove that the cloud is empty")
    parser.add_argument("--folder", type=Path, help="where to keep the rehearsal (default: in the cache)")
    parser.add_argument("arguments", nargs="*", help="further arguments of `pulumi up` or `pulumi destroy`, after --")
    options = parser.parse_args(arguments)
    try:
        *before, rehearsal = rehearsals(options.folder or default_folder(options.stack), options.stack)
    except cli.NoCliError as error:
        print(error, file=sys.stderr)
        return 1
    if options.destroy:
        code = _take_down(rehearsal, options.arguments) or next(filter(None, map(_take_down, reversed(before))), 0)
    else:
        code = next(filter(None, map(_bring_up, before)), 0) or _bring_up(rehearsal, options.arguments)
    left = rehearsal.left_behind() if options.destroy else rehearsal.left()
    print(tree(left))
    return code or int(options.destroy and bool(left))


def _bring_up(rehearsal: Rehearsal, arguments: Sequence[str] = ()) -> int:
    rehearsal.renew()
    return _show(rehearsal, "up", "--yes", "--skip-preview", "--policy-pack", str(ROOT / "policy"), *arguments)


def _take_down(rehearsal: Rehearsal, arguments: Sequence[str] = ()) -> int:
    rehearsal.renew()
    if protections := rehearsal.unprotect():
        first = f"first an up without {', '.join(protections)}"
        print(f"{rehearsal.stack} is protected. As docs/operations.md says, {first}:")
        if code := _show(rehearsal, "up", "--yes", "--skip-preview"):
            return code
    return _show(rehearsal, "destroy", "--yes", "--skip-preview", *arguments)


def _show(rehearsal: Rehearsal, *arguments: str) -> int:
    with rehearsal.start(*arguments, show=True) as process:
        return process.finish().code


def default_folder(stack: str) -> Path:
    """Return where `make rehearse` keeps a stack between two calls."""
    return PULUMI.cache_folder().parents[1] / "rehearsals" / stack


if __name__ == "__main__":
    raise SystemExit(main())
