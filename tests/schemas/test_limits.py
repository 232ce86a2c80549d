"""What AWS says of sizes and forms: of every resource of every stack, and of the fake cloud's table."""

from collections.abc import Iterator

import pytest

from harness.plan import Registration
from harness.properties import reveal
from rehearsal.cloud.limits import values
from tests.plans import STACKS, any_stack, plan_of
from tests.schemas import limits
from tests.schemas.counterparts import COUNTERPARTS, TYPES, input_paths, request_nodes, schema_node
from tests.schemas.exceptions import NO_COUNTERPART, NO_SCHEMA


def resources() -> Iterator[Registration]:
    """Yield the AWS resources of every stack, with computed values known and unknown."""
    for stack in STACKS:
        for unknown in (False, True):
            yield from (entry for entry in plan_of(stack, unknown=unknown) if entry.type in TYPES)


def test_the_fake_clouds_table_is_what_aws_says() -> None:
    written = limits.FILE.read_text(encoding="utf-8")
    assert written == limits.text(), "write it again: python -m tests.schemas.limits"


def test_every_type_has_its_counterpart_or_a_reason() -> None:
    assert set(COUNTERPARTS) == set(TYPES), "add each new type to tests/schemas/counterparts.py"
    assert {type_ for type_, it in COUNTERPARTS.items() if it.schema is None} == set(NO_SCHEMA)


def test_every_input_has_its_counterpart_or_a_reason() -> None:
    alone = set()
    for entry in resources():
        known = set(input_paths(entry.type))
        for path, _ in values(reveal(entry.inputs), ""):
            if path in known and not schema_node(entry.type, path) and not request_nodes(entry.type, path):
                alone.add((entry.type, _highest(entry.type, path)))
    assert alone == set(NO_COUNTERPART)


def _highest(type_: str, path: str) -> str:
    return next((top for of, top in NO_COUNTERPART if of == type_ and path.startswith((f"{top}.", f"{top}["))), path)


@pytest.mark.parametrize("type_", TYPES)
def test_a_renamed_input_is_one_that_its_sdk_and_its_counterpart_have(type_: str) -> None:
    it = COUNTERPARTS[type_]
    assert {*it.renamed, *it.in_requests} <= set(input_paths(type_))
    assert [path for path in it.renamed if not schema_node(type_, path)] == []
    assert [path for path in it.in_requests if not request_nodes(type_, path)] == []


def test_what_stands_in_prose_alone_stands_nowhere_else() -> None:
    for (type_, path), words in limits.IN_PROSE.items():
        assert path in input_paths(type_)
        schema = schema_node(type_, path)
        said = {key for node in [*([schema[1]] if schema else []), *request_nodes(type_, path)] for key in node}
        known = said & {"pattern" if key == "patterns" else key for key in words}
        assert not known, f"{type_} {path}: its schema or model has it by now"


@any_stack
@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_every_value_is_one_that_aws_lists(stack: str, unknown: bool) -> None:
    """What is too long, too short or of another form the fake cloud has refused when the plan was recorded."""
    entries = [entry for entry in plan_of(stack, unknown=unknown) if entry.type in TYPES]
    assert entries
    assert [found for entry in entries for found in unlisted(entry)] == []


def unlisted(entry: Registration) -> list[str]:
    words = limits.all_words(entry.type)
    return [
        f"{entry.name} {path}: {value}"
        for path, value in values(reveal(entry.inputs), "")
        if isinstance(value, str) and value not in words.get(path, {}).get("enum", [value])
    ]


def test_a_value_that_aws_does_not_list_is_found() -> None:
    group = next(entry for entry in resources() if entry.type == "aws:eks/nodeGroup:NodeGroup")
    group.inputs["amiType"], before = "AL2023_x86_65_STANDARD", group.inputs["amiType"]
    try:
        assert unlisted(group) == [f"{group.name} amiType: AL2023_x86_65_STANDARD"]
    finally:
        group.inputs["amiType"] = before
