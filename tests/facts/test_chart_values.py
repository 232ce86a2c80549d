"""Values of charts that become one: what is said last wins, and nothing else is lost."""

import copy
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from facts.chart_values import merged

KEYS = st.sampled_from("abc")
LEAVES = st.one_of(st.integers(), st.text(max_size=3), st.lists(st.integers(), max_size=2), st.booleans())
VALUES: st.SearchStrategy[dict[str, Any]] = st.dictionaries(
    KEYS, st.recursive(LEAVES, lambda inner: st.dictionaries(KEYS, inner, max_size=3), max_leaves=8), max_size=3
)


def _leaves(values: Any, path: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    if not isinstance(values, dict) or not values:
        return {path: values}
    return {key: item for name, value in values.items() for key, item in _leaves(value, (*path, name)).items()}


def _at(values: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        values = values[key]
    return values


@given(VALUES, VALUES)
def test_what_is_over_wins(values: dict[str, Any], over: dict[str, Any]) -> None:
    found = merged(values, over)
    for path, value in _leaves(over).items():
        # An empty object says nothing about what is in the other.
        if path and value != {}:
            assert _at(found, path) == value


@given(VALUES, VALUES)
def test_what_nobody_speaks_of_stays(values: dict[str, Any], over: dict[str, Any]) -> None:
    found = merged(values, over)
    said = _leaves(over)
    for path, value in _leaves(values).items():
        if path and not any(path[: len(other)] == other[: len(path)] for other in said):
            assert _at(found, path) == value


@given(VALUES, VALUES, VALUES)
def test_it_does_not_matter_which_two_are_merged_first(
    one: dict[str, Any], two: dict[str, Any], three: dict[str, Any]
) -> None:
    """But where one has an object, another a plain value: then the plain value takes what was before with it."""
    if all(isinstance(_kind(one, two, three, key), type) for key in "abc"):
        assert merged(merged(one, two), three) == merged(one, merged(two, three))


def _kind(one: dict[str, Any], two: dict[str, Any], three: dict[str, Any], key: str) -> type | None:
    kinds = {isinstance(values[key], dict) for values in (one, two, three) if key in values}
    flat = all(not isinstance(item, dict) for v in (one, two, three) if isinstance(v.get(key), dict) for item in v[key])
    return bool if len(kinds) < 2 and flat else None


@given(VALUES)
def test_nothing_changes_nothing(values: dict[str, Any]) -> None:
    assert merged(values, {}) == values
    assert merged({}, values) == values
    assert merged(values, values) == values


@given(VALUES, VALUES)
def test_what_is_given_is_left_as_it_is(values: dict[str, Any], over: dict[str, Any]) -> None:
    before = copy.deepcopy((values, over))
    merged(values, over)
    assert (values, over) == before
