"""Values survive the wire, and secrets do not survive being shown."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from harness.plan import show
from harness.properties import (
    UNKNOWN,
    Reference,
    Secret,
    as_outputs,
    decode,
    encode,
    has_secret,
    has_unknown,
    resolve_references,
    reveal,
)

NAMES = st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = st.booleans() | st.integers(-(2**40), 2**40) | NAMES | st.floats(allow_nan=False, allow_infinity=False)
MARKERS = st.just(UNKNOWN) | st.builds(Reference, NAMES) | st.builds(Reference, NAMES, NAMES)
VALUES: st.SearchStrategy[Any] = st.recursive(
    SCALARS | MARKERS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3) | st.builds(Secret, inner),
    max_leaves=12,
)


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_what_is_encoded_is_decoded(properties: dict[str, Any]) -> None:
    decoded, dependencies = decode(encode(properties))
    assert decoded == properties
    assert dependencies == {}


@given(st.dictionaries(NAMES, VALUES, max_size=4))
def test_transforms_get_the_same_values(properties: dict[str, Any]) -> None:
    assert decode(encode(as_outputs(properties)))[0] == properties


@given(VALUES)
def test_nothing_secret_is_shown(value: Any) -> None:
    assert "hush" not in repr(show({"a": Secret([value, "hush"]), "b": value}))


def test_outputs_carry_their_dependencies() -> None:
    signature = next(iter(as_outputs(UNKNOWN)))
    output = {**as_outputs(Secret("x")), "dependencies": ["urn:a", "urn:b"]}
    inner = {"list": [output], signature + "x": "plain"}
    properties, dependencies = decode(encode({"known": output, "nested": inner, "none": None}))
    assert properties == {"known": Secret("x"), "nested": {"list": [Secret("x")], signature + "x": "plain"}}
    assert dependencies == {"known": {"urn:a", "urn:b"}, "nested": {"urn:a", "urn:b"}}


def test_names_are_in_order() -> None:
    properties = {name: dict.fromkeys("zyxwvu", 1) for name in "hgfedcba"}
    decoded, _ = decode(encode(properties))
    assert list(decoded) == [*"abcdefgh"]
    assert list(decoded["a"]) == [*"uvwxyz"]


def test_markers_are_found_inside() -> None:
    value = {"a": [{"b": Secret({"c": UNKNOWN})}]}
    assert has_secret(value)
    assert has_unknown(value)
    assert not has_secret({"a": [UNKNOWN]})
    assert not has_unknown({"a": [Secret(1)]})


def test_providers_get_ids_and_plain_values() -> None:
    role, component = Reference("urn:role", "admin"), Reference("urn:component")
    value = {"role": role, "all": Secret([role, component]), "later": Reference("urn:x", UNKNOWN)}
    assert resolve_references(value) == {"role": "admin", "all": Secret(["admin", component]), "later": UNKNOWN}
    assert reveal(value) == {"role": "admin", "all": ["admin", component], "later": UNKNOWN}


def test_markers_are_shown_as_such() -> None:
    value = {"a": UNKNOWN, "b": Secret("hush"), "c": Reference("urn:c", UNKNOWN), "d": Reference("urn:d")}
    assert show(value) == {
        "a": "[unknown]",
        "b": "[secret]",
        "c": {"urn": "urn:c", "id": "[unknown]"},
        "d": {"urn": "urn:d"},
    }
    assert "hush" not in repr(value)
