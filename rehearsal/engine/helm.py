"""The status that Helm keeps of a release in the fake cluster: pending while an operation is under way.

A kill leaves it pending, and Helm then refuses the next operation. https://helm.sh/docs/helm/helm_status/
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rehearsal.engine.refusals.cluster import RELEASE
from rehearsal.engine.store import Resource

PENDING_UPGRADE: Final = "pending-upgrade"


def is_release(resource: Resource) -> bool:
    """Return whether a resource is a Helm release."""
    return resource.type == RELEASE


def under_way(resource: Resource, operation: str) -> Resource:
    """Return a release as it is while Helm is in the middle of an "install" or "upgrade"; anything else as it is."""
    return _with_status(resource, f"pending-{operation}") if is_release(resource) else resource


def rolled_back(release: Resource) -> Resource:
    """Return a release after `helm rollback`, where an upgrade was cut off: its last good revision, deployed."""
    return _with_status(release, "deployed") if release.get("status.status") == PENDING_UPGRADE else release


def _with_status(release: Resource, status: str) -> Resource:
    return replace(release, outputs={**release.outputs, "status": {**release.outputs["status"], "status": status}})
