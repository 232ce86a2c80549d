"""What is in an API server that was not there before a stack came up: objects, by kind, namespace and name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from rehearsal.simulation.api_server import ApiServer, Object

PASSING: Final = frozenset({"Event", "Lease", "EndpointSlice", "Endpoints", "ControllerRevision"})
"""Kinds of objects that controllers keep for themselves and end with what they are about."""

STAYS: Final = {
    # https://helm.sh/docs/chart_best_practices/custom_resource_definitions/
    r"CustomResourceDefinition [a-z]+\.(elbv2|aga|gateway)\.k8s\.aws": "Helm never deletes what is in a chart's crds/",
    # https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/
    r"APIService v\w+\.(elbv2|aga|gateway)\.k8s\.aws": "the API server serves the definitions that stay",
}
"""What `destroy` leaves in the cluster on purpose, as a regular expression for its name, and why."""


def objects(server: ApiServer) -> set[str]:
    """Return everything in an API server: "Kind namespace/name", or "Kind name" where there is no namespace."""
    return {name for collection in collections(server) for name in _named(server, *collection)}


def collections(server: ApiServer) -> Iterator[tuple[str, str]]:
    """Yield the kind and the path of all that can be listed, each in its preferred version."""
    groups = server.request("GET", "/apis").body["groups"]
    for version in ("/api/v1", *(f"/apis/{group['preferredVersion']['groupVersion']}" for group in groups)):
        for resource in server.request("GET", version).body["resources"]:
            if "list" in resource["verbs"] and "/" not in resource["name"] and resource["kind"] not in PASSING:
                yield resource["kind"], f"{version}/{resource['name']}"


def _named(server: ApiServer, kind: str, path: str) -> Iterator[str]:
    items: list[Object] = server.request("GET", path).body["items"]
    for item in items:
        metadata = item["metadata"]
        yield f"{kind} {'/'.join(filter(None, (metadata.get('namespace'), metadata['name'])))}"


def unexplained(left: Iterable[str]) -> list[str]:
    """Return what is left for no reason in `STAYS`."""
    return sorted(name for name in left if not any(re.fullmatch(pattern, name) for pattern in STAYS))
