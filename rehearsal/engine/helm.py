"""The status that Helm keeps of a release in the fake cluster: pending while an operation is under way.

A kill leaves it pending, and Helm then refuses the next operation. https://helm.sh/docs/helm/helm_status/
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from harness.engine.store import Resource
from rehearsal.engine.refusals.cluster import RELEASE

PENDING_UPGRADE: Final = "pending-upgrade"


def under_way(operation: str, resource: Resource, before: Resource | None) -> Resource:
    """Return a release as it is while Helm is in the middle of a "create" or "update"; anything else as it will be.

    Until an upgrade is over, Helm's last good revision is the one before it.
    """
    if resource.type != RELEASE:
        return resource
    return _with_status(before or resource, "pending-install" if operation == "create" else PENDING_UPGRADE)


def rolled_back(release: Resource) -> Resource:
    """Return a release after `helm rollback`, where an upgrade was cut off: its last good revision, deployed."""
    return _with_status(release, "deployed") if release.get("status.status") == PENDING_UPGRADE else release


def _with_status(release: Resource, status: str) -> Resource:
    return replace(release, outputs={**release.outputs, "status": {**release.outputs["status"], "status": status}})
