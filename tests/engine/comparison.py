"""What two rehearsed stacks have in common, whatever way each of them came up."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from rehearsal.engine.rehearse import Rehearsal

Things = dict[str, dict[str, Any]]

UUID: Final = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
"""A provider's id is random, and part of every reference to it."""

COUNTER: Final = re.compile(r'"(revision|latestVersion|defaultVersion|version)": ("?)\d+\2(?=[,}])')
"""How often a Helm release or a launch template was changed: trying again is a change."""

INCIDENTAL: Final = frozenset({"created", "modified", "sourcePosition", "stackTrace"})
"""What the engine notes of a resource that depends on when and where it ran."""


def differences(one: Rehearsal, other: Rehearsal) -> list[str]:
    """Return what differs between two rehearsals, in Pulumi's state or in the fake cloud, and in what."""
    return _compared("state", _state(one), _state(other)) + _compared("cloud", _cloud(one), _cloud(other))


def astray(rehearsal: Rehearsal) -> list[str]:
    """Return what Pulumi made in the cloud and forgot or doubled, and what it believes to be there and is not.

    A doubled thing is one whose resource has another in the cloud too; the state knows at most one of them.
    """
    made = [resource for resource in rehearsal.left() if resource.urn]
    cloud = {(resource.urn, resource.id) for resource in made}
    state = {(entry["urn"], entry["id"]) for entry in rehearsal.resources() if _lives_in_the_cloud(entry)}
    doubled = {urn for urn, count in Counter(resource.urn for resource in made).items() if count > 1}
    return [
        *(f"forgotten: {urn} {id_}" for urn, id_ in sorted(cloud - state)),
        *(f"believed: {urn} {id_}" for urn, id_ in sorted(state - cloud)),
        *(f"doubled: {urn}" for urn in sorted(doubled)),
    ]


def _lives_in_the_cloud(entry: Mapping[str, Any]) -> bool:
    return bool(entry.get("custom")) and not entry["type"].startswith("pulumi:providers:")


def _state(rehearsal: Rehearsal) -> Things:
    exported = json.loads(rehearsal.pulumi("stack", "export", "--show-secrets").stdout)["deployment"]
    assert not exported.get("pending_operations")
    return {entry["urn"]: _entry(entry) for entry in exported.get("resources") or []}


def _entry(entry: Mapping[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in entry.items() if key not in INCIDENTAL}
    kept["dependencies"] = sorted(entry.get("dependencies") or [])
    needs = entry.get("propertyDependencies") or {}
    kept["propertyDependencies"] = {name: sorted(urns or []) for name, urns in needs.items()}
    return _plain(kept)


def _plain(thing: dict[str, Any]) -> dict[str, Any]:
    text = COUNTER.sub(r'"\1": 0', UUID.sub("any", json.dumps(thing)))
    plain: dict[str, Any] = json.loads(text)
    return plain


def _cloud(rehearsal: Rehearsal) -> Things:
    things = rehearsal.left()
    urns = {thing.key: thing.urn for thing in things}
    found, same = Things(), Counter[str]()
    for thing in things:
        # What a controller made has an id that depends on the order of things.
        name = thing.urn or (f"{thing.type} of {urns[thing.maker]}" if thing.maker else f"{thing.type} {thing.id}")
        known = {} if thing.maker else {"inputs": thing.inputs, "outputs": thing.outputs}
        same[name] += 1
        found[f"{name} {same[name]}"] = _plain({"type": thing.type, "cluster": thing.cluster, **known})
    return found


def _compared(place: str, one: Things, other: Things) -> list[str]:
    return [
        f"{place}: {name}: {key}: {_shown(one, name, key)} and {_shown(other, name, key)}"
        for name in sorted({*one, *other})
        for key in sorted({*one.get(name, {}), *other.get(name, {})})
        if one.get(name, {}).get(key) != other.get(name, {}).get(key)
    ]


def _shown(things: Things, name: str, key: str) -> str:
    return json.dumps(things[name].get(key), sort_keys=True)[:200] if name in things else "nothing"
