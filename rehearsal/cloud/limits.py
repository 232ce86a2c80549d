"""What AWS says of the size and form of inputs: lengths, patterns, ranges.

The table next to this file is made from AWS's resource schemas and API models (`python -m tests.schemas.limits`, which
needs requirements-dev.txt); a test keeps it equal to them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

_FILE: Final = Path(__file__).with_name("limits.json")


@cache
def table() -> dict[str, dict[str, dict[str, Any]]]:
    """Return the limits by resource type and by the path of the input ("vpcConfig.subnetIds[]", "tags{key}")."""
    found: dict[str, dict[str, dict[str, Any]]] = json.loads(_FILE.read_text(encoding="utf-8"))
    return found


def problems(type_: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return what of a resource's inputs AWS would not take, from path to reason; what is unknown is passed over."""
    limits = table().get(type_, {})
    found = [(path, value, broken(limits[path], value)) for path, value in values(inputs, "") if path in limits]
    return {path: f"{_shown(value)} {reason}" for path, value, reason in found if reason}


def values(value: Any, path: str) -> Iterator[tuple[str, Any]]:
    """Yield the values in inputs with their paths: those in a list share one, keys and values of a mapping too."""
    if path:
        yield path, value
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield f"{path}{{key}}", key
            yield f"{path}{{value}}", item
            yield from values(item, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for item in value:
            yield from values(item, f"{path}[]")


def broken(limit: Mapping[str, Any], value: Any) -> str | None:
    """Return which part of a limit a value breaks, in words; None where it breaks none."""
    if isinstance(value, str):
        return _broken_by_text(limit, value)
    if isinstance(value, list | Mapping):
        if len(value) > limit.get("maxItems", len(value)):
            return f"has {len(value)} entries, AWS takes at most {limit['maxItems']}"
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value > limit.get("maximum", value):
            return f"is over {limit['maximum']}"
        if value < limit.get("minimum", value):
            return f"is under {limit['minimum']}"
    return None


def _broken_by_text(limit: Mapping[str, Any], value: str) -> str | None:
    if len(value) > limit.get("maxLength", len(value)):
        return f"has {len(value)} characters, AWS takes at most {limit['maxLength']}"
    if len(value) < limit.get("minLength", 0):
        return f"has {len(value)} characters, AWS takes at least {limit['minLength']}"
    unmatched = [it for it in limit.get("patterns", []) if not re.search(it, value)]
    return f"does not match {unmatched[0]}" if unmatched else None


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
