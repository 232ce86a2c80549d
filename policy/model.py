"""What a rule sees: resources with plain values, and ways to read values that may be absent or not known yet."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final


class Unknown:
    """A value that only the cloud can give; there is one of it, `UNKNOWN`."""

    def __repr__(self) -> str:
        """Return what a reader of a message sees in its place."""
        return "[unknown]"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource of a stack.

    properties: its inputs by Pulumi's names, as plain values (secrets too), `UNKNOWN` if not known yet. protect:
    whether Pulumi refuses to delete it. provider: the inputs of the provider that manages it; None for a component.
    """

    urn: str
    type: str
    name: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    protect: bool = False
    provider: Mapping[str, Any] | None = None

    @property
    def parents(self) -> tuple[str, ...]:
        """Type tokens of what it is a child of, the outermost first.

        https://www.pulumi.com/docs/iac/concepts/resources/names/#urns
        """
        types = self.urn.split("::")[2] if self.urn.count("::") >= 3 else ""
        return tuple(types.split("$")[:-1])

    @property
    def kind(self) -> str:
        """The class that its type names, such as "LaunchTemplate"; for a Kubernetes object its kind."""
        return self.type.rpartition(":")[2]

    def get(self, *path: str | int) -> Any:
        """Return a property; see `at`."""
        return at(self.properties, *path)


def at(value: Any, *path: str | int) -> Any:
    """Return the value at a path of keys and indexes; None if there is none, UNKNOWN if it is not known yet."""
    for step in path:
        if value is UNKNOWN:
            return UNKNOWN
        if isinstance(step, str) and isinstance(value, Mapping):
            value = value.get(step)
        elif isinstance(step, int) and isinstance(value, list) and -len(value) <= step < len(value):
            value = value[step]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """Return the known items of a list; a single value is a list of one, as in IAM's JSON."""
    if value is None or value is UNKNOWN:
        return []
    return [item for item in (value if isinstance(value, list) else [value]) if item is not UNKNOWN]


def text(value: Any) -> str:
    """Return a value if it is text, else nothing."""
    return value if isinstance(value, str) else ""


def is_unknown(value: Any) -> bool:
    """Return whether a value, or any part of it, is not known."""
    if isinstance(value, Mapping):
        return any(is_unknown(item) for item in value.values())
    if isinstance(value, list):
        return any(is_unknown(item) for item in value)
    return value is UNKNOWN


def is_true(value: Any) -> bool:
    """Return whether a flag is set; the AWS provider writes some flags as text."""
    return value is True or value == "true"


def may_be_true(value: Any) -> bool:
    """Return whether a flag is set, or might be."""
    return value is UNKNOWN or is_true(value)


def structure(value: Any) -> Any:
    """Return what JSON text holds, a value that is none as it is, and None for text that is not JSON.

    Providers get their nested settings, and AWS its policies, as JSON.
    """
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return None


def below(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield everything inside a value with its path, the outer first."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield (*path, str(key)), item
            yield from below(item, (*path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield (*path, str(index)), item
            yield from below(item, (*path, str(index)))
