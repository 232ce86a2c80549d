"""The fake cloud as a tree that a person reads: what exists, under the cluster it is in or the thing that made it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from harness.engine.store import Resource


def tree(resources: Iterable[Resource]) -> str:
    """Return one line a thing; a cloud with nothing in it says so."""
    listed = list(resources)
    if not listed:
        return "The fake cloud is empty."
    return "\n".join([f"The fake cloud has {len(listed)} resources:", *_lines(listed)])


def _lines(resources: list[Resource]) -> Iterator[str]:
    by_type: dict[tuple[str, str], list[Resource]] = defaultdict(list)
    for resource in resources:
        by_type[resource.cluster, resource.type].append(resource)
    place = None
    for (cluster, type_), found in sorted(by_type.items()):
        if cluster != place:
            place = cluster
            yield f"  in the cluster {cluster}" if cluster else "  in the cloud"
        yield f"    {type_}"
        yield from (f"      {_describe(resource)}" for resource in found)


def _describe(resource: Resource) -> str:
    if resource.urn:
        return f"{resource.name}  {resource.id}" if resource.name != resource.id else resource.name
    if resource.is_given:
        return f"{resource.id}  (there before)"
    return f"{resource.id}  (made by the cloud or by a controller)"
