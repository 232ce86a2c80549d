"""The `helm` of a rehearsal: what a person runs on releases, here on those of the fake cluster in a kubeconfig.

It knows `list`, `rollback` and `uninstall`, with the options that `tools/recover.py` gives them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from harness.engine import environment
from harness.engine.store import Cloud, Resource, Store
from rehearsal.engine import helm
from rehearsal.engine.refusals import follow, uses
from rehearsal.engine.refusals.api_server import access_problem
from rehearsal.engine.refusals.cluster import RELEASE

STATUSES: Final = {
    "deployed": ("deployed",),
    "failed": ("failed",),
    "pending": ("pending-install", "pending-upgrade", "pending-rollback"),
}
"""What the flags of `helm list` choose. https://helm.sh/docs/helm/helm_list/"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 1 where the real one would fail."""
    parser = argparse.ArgumentParser(prog="helm", description=__doc__)
    parser.add_argument("--kubeconfig", type=Path, required=True)
    commands = parser.add_subparsers(dest="command", required=True)
    listing = commands.add_parser("list")
    listing.add_argument("--all-namespaces", action="store_true", required=True)
    listing.add_argument("--output", choices=["json"], required=True)
    listing.add_argument("--max", type=int)
    for status in STATUSES:
        listing.add_argument(f"--{status}", action="append_const", dest="statuses", const=status)
    for name in ("rollback", "uninstall"):
        command = commands.add_parser(name)
        command.add_argument("release")
        command.add_argument("--namespace", required=True)
    options = parser.parse_args(arguments)
    folder = environment.folder()
    with Store(folder).change() as cloud:
        cluster = _cluster(options.kubeconfig, cloud)
        if problem := access_problem(cluster, environment.read(folder).deployer, cloud) if cluster else "unreachable":
            print(f"Error: Kubernetes cluster: {problem}", file=sys.stderr)
            return 1
        if options.command == "list":
            chosen = {status for flag in options.statuses or ["deployed"] for status in STATUSES[flag]}
            found = [it for it in cloud.of(RELEASE, cluster) if it.get("status.status") in chosen]
            print(json.dumps([_row(it) for it in found]))
            return 0
        named = [it for it in cloud.of(RELEASE, cluster) if _place(it) == (options.namespace, options.release)]
        if not named:
            print(f"Error: {options.command}: release: not found", file=sys.stderr)
            return 1
        if options.command == "rollback":
            cloud.put(helm.rolled_back(named[0]))
        else:
            cloud.remove(named[0])
            follow("delete", named[0], cloud)
    return 0


def _cluster(kubeconfig: Path, cloud: Cloud) -> str:
    server = json.loads(kubeconfig.read_text())["clusters"][0]["cluster"]["server"]
    found = cloud.one(uses.CLUSTER, "endpoint", server)
    return "" if found is None else str(found.get("name"))


def _place(release: Resource) -> tuple[str, str]:
    return str(release.get("namespace")), str(release.get("name"))


def _row(release: Resource) -> dict[str, str]:
    namespace, name = _place(release)
    status = str(release.get("status.status"))
    return {"namespace": namespace, "name": name, "status": status, "updated": "2026-01-01 00:00:00 +0000 UTC"}
