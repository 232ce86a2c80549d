"""What replaces a resource: the fake cloud's tables, and CloudFormation's create-only properties."""

from rehearsal.cloud import KINDS
from tests.schemas import words
from tests.schemas.counterparts import COUNTERPARTS, TYPES, input_paths, schema_node
from tests.schemas.exceptions import DIFFERENT_REPLACEMENT, NOT_IN_A_SCHEMA, PROVIDERS_OWN

WITH_SCHEMA = [type_ for type_ in TYPES if COUNTERPARTS[type_].schema]


def create_only(type_: str) -> set[str]:
    """Return the properties that CloudFormation sets at creation alone, by the schema's names."""
    schema = COUNTERPARTS[type_].schema
    assert schema
    paths = words.schema(schema).get("createOnlyProperties", [])
    return {path.removeprefix("/properties/").replace("/*", "") for path in paths}


def is_create_only(type_: str, path: str) -> bool:
    found = schema_node(type_, path)
    name = found[0].replace("/*", "") if found else ""
    return any(name == only or name.startswith(f"{only}/") for only in create_only(type_))


def is_replaced(type_: str, path: str) -> bool:
    return any(path == it or path.startswith((f"{it}.", f"{it}[")) for it in KINDS[type_].replaces)


def compared(type_: str) -> list[str]:
    """Return the inputs that have a property of the schema."""
    paths = [path for path in input_paths(type_) if "[" not in path]
    return [path for path in paths if (found := schema_node(type_, path)) and found[0]]


def test_what_replaces_a_resource_is_create_only_or_has_a_reason() -> None:
    different = {
        (type_, next((top for of, top in DIFFERENT_REPLACEMENT if of == type_ and path.startswith(f"{top}.")), path))
        for type_ in WITH_SCHEMA
        for path in compared(type_)
        if path not in PROVIDERS_OWN and is_create_only(type_, path) != is_replaced(type_, path)
    }
    assert different == set(DIFFERENT_REPLACEMENT)


def test_what_replaces_a_resource_and_is_in_no_schema_has_a_reason() -> None:
    unknown = {
        (type_, path) for type_ in WITH_SCHEMA for path in KINDS[type_].replaces if schema_node(type_, path) is None
    }
    assert {(type_, path) for type_, path in unknown if path not in PROVIDERS_OWN} == set(NOT_IN_A_SCHEMA)
    assert {path for _, path in unknown if path in PROVIDERS_OWN} | {"region"} == set(PROVIDERS_OWN)
