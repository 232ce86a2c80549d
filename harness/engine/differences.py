"""What differs between the old and the new inputs of a resource, in the engine's notation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi.runtime.proto import provider_pb2

PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


@dataclass(frozen=True)
class Difference:
    """One property that was added, deleted or updated; `replaces` if the resource has to be made anew for it."""

    change: str
    replaces: bool

    def kind(self) -> Any:
        """Return the protocol's name of it."""
        return provider_pb2.PropertyDiff.Kind.Value(f"{self.change}_REPLACE" if self.replaces else self.change)


def differences(old: Mapping[str, Any], new: Mapping[str, Any], replaces: Collection[str]) -> dict[str, Difference]:
    """Return what differs, by property path; `replaces`: the dotted paths, without indices, whose change replaces."""

    def is_replacing(names: tuple[str, ...]) -> bool:
        prefixes = {".".join(names[: n + 1]) for n in range(len(names))}
        return not prefixes.isdisjoint(replaces)

    return {
        path: Difference(change, is_replacing(names)) for path, names, change in _compare("", (), dict(old), dict(new))
    }


def _compare(path: str, names: tuple[str, ...], old: Any, new: Any) -> Iterator[tuple[str, tuple[str, ...], str]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from _compare(_join(path, name), (*names, name), old.get(name), new.get(name))
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            before, after = (items[index] if index < len(items) else None for items in (old, new))
            yield from _compare(f"{path}[{index}]", names, before, after)
    else:
        yield path, names, "ADD" if old is None else "DELETE" if new is None else "UPDATE"


def _join(path: str, name: str) -> str:
    if not PLAIN_KEY.match(name):
        quoted = name.replace('"', '\\"')
        return f'{path}["{quoted}"]'
    return f"{path}.{name}" if path else name
