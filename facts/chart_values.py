"""Values of Helm charts: how two sets of them become one. Pure."""

from collections.abc import Mapping
from typing import Any


def merged(values: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with those of `over`, as Helm merges two files: objects key by key, and anything else replaced.

    Neither is changed. https://helm.sh/docs/chart_template_guide/values_files/
    """
    found = dict(values)
    for key, value in over.items():
        before = found.get(key)
        both = isinstance(before, Mapping) and isinstance(value, Mapping)
        found[key] = merged(before, value) if both else value  # type: ignore[arg-type]
    return found


def with_value(values: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Return `values` with one more at a dotted path: objects on the way and at its end are merged, not replaced."""
    key, _, rest = path.partition(".")
    before = values.get(key)
    below = before if isinstance(before, Mapping) else {}
    if rest:
        return {**values, key: with_value(below, rest, value)}
    return {**values, key: {**below, **value} if isinstance(value, Mapping) else value}
