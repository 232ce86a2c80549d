"""One stack of one Pulumi project on the real engine and a fake cloud, with nothing outside of one folder."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness.engine import environment, host
from harness.engine.cli import Cli
from harness.engine.environment import Environment, Hold
from harness.engine.process import FailedError, Process, Run
from harness.engine.project import PLACEHOLDER, ScratchProject
from harness.engine.recovery import with_found
from harness.engine.store import Event, Resource, Store

LANGUAGE_HOST: Final = Path(__file__).resolve().parents[1] / "bin"
"""Where our Python language host is, for machines without the official one."""

DOUBLE: Final = "pulumi-resource-"
"""The beginning of the name of a provider's executable; the package's name follows."""

FOREIGN: Final = ("AWS_", "PULUMI_", "KUBE", "HELM_", "PYTHONDONTWRITEBYTECODE")
"""Beginnings of environment variables that must not reach a sandbox: credentials, backends, what slows it down."""

HELD: Final = "held"
"""The named pipe by which the cloud says that it has stopped."""


class Sandbox:
    """One stack of one project on a fake cloud.

    folder: where everything is kept; stacks that share it share the backend, so that stack references work, and the
    cloud. project: the real project's folder. cli: the Pulumi CLI. providers: the folder with the provider doubles, an
    executable `pulumi-resource-<package>` each.
    """

    def __init__(self, folder: Path, stack: str, *, project: Path, cli: Cli, providers: Path) -> None:
        self.folder: Final = folder.resolve()
        self.stack: Final = stack
        self.cli: Final = cli
        self.providers: Final = providers
        self.environment = Environment()
        for part in ("home", "state", "cloud"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        self.project: Final = ScratchProject(
            project, self.folder / "projects" / project.resolve().name, plugins=self._plugins()
        )
        self.store: Final = Store(self.folder / "cloud")
        self.is_new: Final = not self._checkpoint().exists()
        if self.is_new:
            self._initialize()

    def _plugins(self) -> dict[str, list[dict[str, str]]]:
        """Return where the project's plugins are, as Pulumi.yaml says it: the engine warns of each one found on PATH.

        https://www.pulumi.com/docs/iac/concepts/projects/project-file/#plugins
        """
        packages = sorted(path.name.removeprefix(DOUBLE) for path in self.providers.glob(f"{DOUBLE}*"))
        doubles = [{"name": package, "path": str(self.providers.resolve())} for package in packages]
        hosts = [] if self.cli.official_host else [{"name": "python", "path": str(LANGUAGE_HOST)}]
        return {"providers": doubles, "languages": hosts}

    def _checkpoint(self) -> Path:
        return self.folder / "state" / ".pulumi" / "stacks" / self.project.name / f"{self.stack}.json"

    def _initialize(self) -> None:
        self.project.take_stack(self.stack)
        self.pulumi("stack", "init", self.stack, "--no-select", stack=False)
        self.renew()

    def renew(self) -> None:
        """Take the real stack file anew: what was changed in it counts, what was changed in the copy does not."""
        for path in self.project.take_stack(self.stack):
            self.pulumi("config", "set", "--secret", "--path", path, PLACEHOLDER)

    def plant(self, *resources: Resource) -> None:
        """Put resources into the cloud that are there before the program first runs."""
        with self.store.change() as cloud:
            for resource in resources:
                if cloud.existing(resource.type, resource.id) is None:
                    cloud.add(resource)

    def copy_files(self, folder: Path) -> None:
        """Copy all there is to another folder; nothing may be running."""
        shutil.copytree(self.folder, folder, ignore=shutil.ignore_patterns(HELD))

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the stack, by dotted path in the project's namespace; None takes one away."""
        self.project.change(self.stack, {f"{self.project.name}:{path}": value for path, value in changes.items()})

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
        """Do what a person does after the CLI was killed; end with a refresh, which this returns.

        What is in the fake cloud and not in the state stands for what a person finds.
        """
        self.mend_checkpoint()
        self.pulumi("cancel", "--yes", check=False)
        exported = json.loads(self.pulumi("stack", "export").stdout)
        known = {(entry["urn"], entry.get("id")) for entry in exported["deployment"].get("resources") or []}
        found = [made for made in self.left() if made.urn and (made.urn, made.id) not in known]
        adopted = {made.urn: made.id for made in self.clean_up(found)}
        exported["deployment"] = with_found(exported["deployment"], adopted)
        mended = self.folder / "mended.json"
        mended.write_text(json.dumps(exported))
        self.pulumi("stack", "import", "--file", str(mended))
        return self.refresh()

    def clean_up(self, found: list[Resource]) -> list[Resource]:
        """Delete what a person would delete of what is in the cloud and not in the state; return the rest."""
        return found

    def mend_checkpoint(self) -> None:
        """Take away the empty file that the file backend leaves next to the state if the CLI is killed while it writes.

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
        for_machines = [] if show else ["--non-interactive", "--color", "never"]
        command = [str(self.cli.path), *arguments, *selected, *for_machines]
        return Process(command, self.project.folder, self.variables(), show=show)

    def variables(self) -> dict[str, str]:
        """Return the environment variables that a run of the CLI gets."""
        path = [
            str(self.providers),
            str(Path(sys.executable).parent),
            str(self.cli.path.parent),
            os.environ.get("PATH", os.defpath),
        ]
        own = {
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder / 'state'}",
            "PULUMI_CONFIG_PASSPHRASE": "",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
            environment.VARIABLE: str(self.folder / "cloud"),
        }
        if not self.cli.official_host:
            path.append(str(LANGUAGE_HOST))
            own[host.RUNNER_VARIABLE] = str(self.cli.runner)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
        return {**kept, **own, "PATH": os.pathsep.join(path)}

    # What there is in the cloud.

    def cloud(self) -> list[Resource]:
        """Return what exists in the fake cloud, oldest first."""
        return self.store.resources()

    def left(self) -> list[Resource]:
        """Return what exists in the fake cloud and was not there before the program first ran."""
        return [resource for resource in self.cloud() if not resource.is_given]

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
