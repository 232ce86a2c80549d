"""Rehearse a stack: the real Pulumi CLI on the real project files, with the fake cloud in place of AWS and Kubernetes.

`python -m rehearsal.engine.rehearse --stack dev` brings a stack up, `--destroy` takes it down and proves the cloud
empty. After an `up` the stack is created once more in virtual time, at the pace of the real cloud: whatever depends on
too little is refused there, though the engine created it late enough.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from harness import HarnessError
from harness.engine.cli import NoCliError
from harness.engine.environment import Environment
from harness.engine.replay import Refusal, replay
from harness.engine.sandbox import Sandbox
from harness.engine.store import Resource
from harness.engine.timeline import clock
from harness.engine.tree import tree
from harness.program import referenced
from rehearsal.cloud import ACCOUNT, MODEL
from rehearsal.engine import cli, helm
from rehearsal.engine.given import given_by
from rehearsal.engine.refusals import follow, uses
from rehearsal.engine.refusals.cluster import RELEASE
from rehearsal.engine.refusals.controllers import SUBNET_ROLES
from rehearsal.engine.rules import RULES
from rehearsal.program import PROTECTIONS, ROOT, read_configuration
from tools.build import PULUMI

BIN: Final = ROOT / "rehearsal" / "bin"


class Rehearsal(Sandbox):
    """One stack of one project on the fake cloud; see `Sandbox`.

    account_id: whose credentials are in use (default: the stack file's). providers: the folder with the providers.
    """

    def __init__(
        self, folder: Path, stack: str, *, project: Path = ROOT, account_id: str | None = None, providers: Path = BIN
    ) -> None:
        super().__init__(folder, stack, project=project, cli=cli.find(), providers=providers)
        given = given_by(self.project.config(stack), self.project.name)
        self.environment = Environment(account=account_id or given.account or ACCOUNT, deployer=given.deployer)
        if self.is_new:
            self.plant(*given.resources)

    def copy(self, folder: Path) -> Rehearsal:
        """Return the same stack, as it is now, in another folder; nothing may be running."""
        self.copy_files(folder)
        return Rehearsal(folder, self.stack, project=self.project.source, account_id=self.environment.account)

    def change(self, changes: Mapping[str, Any]) -> None:
        """Change settings of the stack, by dotted path in the project's namespace; None takes one away.

        Whom the stack file then names as deployer is who runs Pulumi.
        """
        super().change(changes)
        given = given_by(self.project.config(self.stack), self.project.name)
        self.environment = replace(self.environment, deployer=given.deployer)

    def unprotect(self) -> list[str]:
        """Take from the settings what keeps the stack from being destroyed, and return what it was, by dotted path."""
        config = self.project.config(self.stack)
        sections = {path: config.get(f"{self.project.name}:{path.split('.')[0]}") or {} for path in PROTECTIONS}
        found = [path for path, section in sections.items() if section.get(path.split(".")[1])]
        self.change(dict.fromkeys(found, False))
        return found

    def clean_up(self, found: list[Resource]) -> list[Resource]:
        """Do with Helm releases what docs/operations.md describes after the CLI was killed; return the rest.

        One whose installation was cut off cannot be upgraded, and keeps its name: it is uninstalled. One whose upgrade
        was cut off is rolled back.
        """
        with self.store.change() as cloud:
            for release in (made for made in found if made.type == RELEASE):
                cloud.remove(release)
                follow("delete", release, cloud)
        self.roll_back()
        return [made for made in found if made.type != RELEASE]

    def roll_back(self) -> None:
        """Give each Helm release whose upgrade was cut off its last revision back, as `helm rollback` does."""
        with self.store.change() as cloud:
            for release in cloud.of(RELEASE):
                cloud.put(helm.rolled_back(release))

    def scale(self, name: str, nodes: int) -> None:
        """Change how many nodes a node group has, by the resource's name, as an autoscaler does: Pulumi is not told."""
        with self.store.change() as cloud:
            found = next(group for group in cloud.of(uses.NODE_GROUP) if group.name == name)
            sizes = {"scalingConfig": {**found.inputs["scalingConfig"], "desiredSize": nodes}}
            cloud.put(replace(found, inputs={**found.inputs, **sizes}, outputs={**found.outputs, **sizes}))

    def missing_edges(self) -> list[Refusal]:
        """Return what the cloud refuses when everything is created as early as its dependencies allow."""
        return replay(self.resources(), self.cloud(), MODEL, RULES)

    def left_behind(self) -> list[Resource]:
        """Return what `destroy` has to delete: all but the tags that stay on others' subnets."""
        roles = SUBNET_ROLES.values()
        return [it for it in self.left() if not (it.type == uses.TAG and it.get("key") in roles)]


def owners(stack: str, project: Path = ROOT) -> list[str]:
    """Return which other stacks of the project a stack refers to: they must be there before it, and go after it."""
    return list(referenced(read_configuration(stack, root=project), stack, project).values())


def rehearsals(folder: Path, stack: str, project: Path = ROOT) -> list[Rehearsal]:
    """Return the rehearsals of what a stack refers to, in the order in which they come up, and last its own."""
    before = [rehearsal for owner in owners(stack, project) for rehearsal in rehearsals(folder, owner, project)]
    return [*before, Rehearsal(folder, stack, project=project)]


def main(arguments: Sequence[str] | None = None) -> int:
    """Bring a stack up or take it down; return the CLI's exit code, or 1 if something is left in the cloud."""
    parser = argparse.ArgumentParser(prog="python -m rehearsal.engine.rehearse", description=__doc__)
    parser.add_argument("--stack", required=True)
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    parser.add_argument("--destroy", action="store_true", help="take the stack down and prove that the cloud is empty")
    parser.add_argument("--folder", type=Path, help="where to keep the rehearsal (default: in the cache)")
    parser.add_argument("arguments", nargs="*", help="further arguments of `pulumi up` or `pulumi destroy`, after --")
    options = parser.parse_args(arguments)
    try:
        *before, rehearsal = rehearsals(options.folder or default_folder(options.stack), options.stack, options.project)
    except (NoCliError, HarnessError) as error:
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
    if code := _show(rehearsal, "up", "--yes", "--skip-preview", "--policy-pack", str(ROOT / "policy"), *arguments):
        return code
    found = rehearsal.missing_edges()
    for refusal in found:
        print(f"Depends on too little: {refusal.urn}, which can start {clock(refusal.at)} into `up`: {refusal.reason}")
    if not found:
        print("In virtual time, each resource as early as its dependencies allow, nothing is refused.")
    return int(bool(found))


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
