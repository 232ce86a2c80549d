"""What an API server has been told to delete and cannot: the objects, and who has to act before they go."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from rehearsal.simulation.api_server import ApiServer, Object, RefusedError, find
from rehearsal.simulation.leftovers import collections
from rehearsal.simulation.stand_ins import SERVED

CONTROLLERS: Final = {served.finalizer: (served.controller, served.deployment) for served in SERVED}
"""Who takes a finalizer off: its name, and the path of its Deployment."""


def waiting(server: ApiServer) -> list[str]:
    """Return a sentence for each object that is being deleted: what it waits for."""
    return [text for kind, path in collections(server) for text in _of_kind(server, kind, path)]


def _of_kind(server: ApiServer, kind: str, path: str) -> Iterator[str]:
    items: list[Object] = []
    # A kind whose definition has just come or is just going is not served: what else waits must be told all the same.
    with suppress(RefusedError):
        items = server.request("GET", path).body["items"]
    for item in items:
        metadata = item["metadata"]
        if metadata.get("deletionTimestamp"):
            name = "/".join(filter(None, (metadata.get("namespace"), metadata["name"])))
            reasons = [*_finalizers(server, metadata.get("finalizers") or []), *_conditions(item)]
            if reasons:
                yield f"{kind} {name} is being deleted: {'; '.join(reasons)}"


def _finalizers(server: ApiServer, finalizers: list[str]) -> Iterator[str]:
    for finalizer in finalizers:
        controller, deployment = CONTROLLERS.get(finalizer, ("", ""))
        if not controller:
            yield f"its finalizer {finalizer} is not removed"
        elif find(server, deployment) is not None:
            yield f"it waits for {controller} to remove its finalizer {finalizer}"
        else:
            place = "/".join(deployment.split("/")[-3::2])
            yield f"it waits for {controller}, whose Deployment {place} is gone, to remove its finalizer {finalizer}"


def _conditions(item: Object) -> Iterator[str]:
    """Yield what a namespace says of what is still in it.

    https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/
    """
    for condition in (item.get("status") or {}).get("conditions") or []:
        if condition["type"].startswith("Namespace") and condition["status"] == "True":
            yield str(condition.get("message", ""))
