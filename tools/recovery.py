"""What is wrong with a stack after the CLI was killed, and what mends it: pure functions.

docs/operations.md, "After an interruption", has the reasons. `tools/recover.py` asks, and runs the commands.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from tools.identities import IDENTITIES, lookup, state_id

Deployment = Mapping[str, Any]
"""The `deployment` of `pulumi stack export`."""

RELEASE: Final = "kubernetes:helm.sh/v3:Release"
CLUSTER: Final = "aws:eks/cluster:Cluster"

DEFINITIONS: Final = "karpenter-crd"
"""The release that takes every NodePool with it when it is uninstalled: the definitions are in its templates."""


@dataclass(frozen=True)
class Lock:
    """Who holds the lock of a stack in a self-managed backend. at: when it was taken, in RFC 3339."""

    user: str
    host: str
    pid: int
    at: str


@dataclass(frozen=True)
class Operation:
    """An operation that was under way. kind: "creating", "updating", "deleting", ... as the state has it."""

    kind: str
    urn: str
    inputs: Mapping[str, Any]

    @property
    def type(self) -> str:
        """The resource's type token."""
        return self.urn.split("::")[2].rsplit("$", 1)[-1]

    @property
    def label(self) -> str:
        """The class and logical name, such as "Role::platform-dev-node"."""
        return f"{self.type.rpartition(':')[2]}::{self.urn.rsplit('::', 1)[-1]}"


@dataclass(frozen=True)
class Release:
    """A release as `helm list` has it. status: "deployed", "failed", "pending-install", "pending-upgrade", ..."""

    namespace: str
    name: str
    status: str
    updated: str = ""


@dataclass(frozen=True)
class Step:
    """A command, and why it is run."""

    why: str
    command: tuple[str, ...]


def lock_of(content: str) -> Lock:
    """Return who holds a lock, from the file that stands for it in a self-managed backend.

    https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/lock.go
    """
    holder = json.loads(content)
    return Lock(holder["username"], holder["hostname"], int(holder["pid"]), holder["timestamp"])


def locks_folder(project: str, stack: str) -> str:
    """Return where a self-managed backend has the files that stand for the locks of a stack."""
    return f".pulumi/locks/organization/{project}/{stack}/"


def operations(deployment: Deployment) -> list[Operation]:
    """Return what was under way when the state was last written."""
    found = deployment.get("pending_operations") or []
    return [Operation(it["type"], it["resource"]["urn"], it["resource"].get("inputs") or {}) for it in found]


def cluster(deployment: Deployment) -> dict[str, Any] | None:
    """Return the outputs of the stack's control plane; None where the state has none that answers."""
    for entry in deployment.get("resources") or []:
        outputs = entry.get("outputs") or {}
        if entry["type"] == CLUSTER and outputs.get("endpoint"):
            return dict(outputs)
    return None


def _releases_of(entries: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    for entry in entries:
        inputs = {**(entry.get("inputs") or {}), **(entry.get("outputs") or {})}
        if entry["type"] == RELEASE and isinstance(inputs.get("name"), str):
            yield str(inputs.get("namespace") or "default"), inputs["name"]


def own_releases(deployment: Deployment) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Return namespace and name of the Helm releases of the state, and of those that were being installed."""
    resources = list(deployment.get("resources") or [])
    pending = [it["resource"] for it in deployment.get("pending_operations") or [] if it["type"] == "creating"]
    return set(_releases_of(resources)), set(_releases_of(pending))


def stuck(releases: Sequence[Release], deployment: Deployment) -> list[Release]:
    """Return the stack's own releases that Helm can neither install nor upgrade until somebody acts.

    A release that was installed, but whose installation Pulumi does not know of, is one: its name is in use.
    """
    known, begun = own_releases(deployment)
    return [
        release
        for release in releases
        if (it := (release.namespace, release.name)) in known | begun
        and (release.status.startswith("pending-") or it in begun - known)
    ]


def release_step(release: Release, helm: Sequence[str] = ("helm",), kubectl: Sequence[str] = ("kubectl",)) -> Step:
    """Return what frees a release that is stuck.

    helm, kubectl: how the commands begin, with what leads them to the cluster.
    """
    place = ("--namespace", release.namespace)
    shown = f"{release.namespace}/{release.name} is {release.status}"
    if release.status in ("pending-upgrade", "pending-rollback"):
        return Step(f"{shown}: back to the revision before", (*helm, "rollback", release.name, *place))
    if release.name == DEFINITIONS:
        label = f"owner=helm,name={release.name}"
        why = f"{shown}: Helm forgets it, and the definitions stay; to uninstall it would delete the NodePools"
        return Step(why, (*kubectl, "delete", "secret", *place, "--selector", label))
    why = f"{shown}, and Pulumi does not know that it was installed: the next `pulumi up` installs it"
    return Step(why, (*helm, "uninstall", release.name, *place))


@dataclass(frozen=True)
class Doubt:
    """A resource whose creation was cut off: it may exist.

    id: the one that it has in the state if it exists, None where AWS assigned it. form: an example of such an id.
    lookup: a command that finds it, "" where there is none.
    """

    operation: Operation
    id: str | None
    form: str = ""
    lookup: str = ""


def doubts(deployment: Deployment, account: str, region: str) -> list[Doubt]:
    """Return what may exist without the state knowing; Helm releases have their own steps."""
    found = []
    for it in operations(deployment):
        if it.kind != "creating" or it.type == RELEASE:
            continue
        id_ = state_id(it.type, it.inputs, account, region)
        form = IDENTITIES[it.type].form if it.type in IDENTITIES else ""
        found.append(Doubt(it, id_, form.rpartition(",")[2], lookup(it.type, it.inputs, account, region)))
    return found


def told(doubts_: Sequence[Doubt], answers: Mapping[str, str]) -> tuple[dict[str, str], list[Doubt]]:
    """Return the ids by URN of what shall be adopted, and what nobody has told the id of.

    answers: ids by URN, logical name or label; "none" where the resource does not exist. Where the id follows from the
    inputs no answer is needed: `pulumi refresh` forgets what does not exist. Raises ValueError for an answer about
    nothing that was being created.
    """
    names = {
        it.operation.urn: {it.operation.urn, it.operation.label, it.operation.label.split("::")[1]} for it in doubts_
    }
    if unknown := sorted(answers.keys() - set().union(*names.values())):
        raise ValueError(f"nothing of this name was being created: {', '.join(unknown)}")
    ids: dict[str, str] = {}
    open_: list[Doubt] = []
    for it in doubts_:
        answer = next((answers[name] for name in names[it.operation.urn] if name in answers), it.id)
        if answer is None:
            open_.append(it)
        elif answer != "none":
            ids[it.operation.urn] = answer
    return ids, open_
