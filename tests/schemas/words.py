"""AWS's own words about resources: CloudFormation's schemas, which cfn-lint brings, and the API models of botocore.

Both are given as nodes of JSON Schema, so that one reader does for both.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import botocore.session
import cfnlint  # type: ignore[import-untyped]
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER  # type: ignore[import-untyped]

Node = Mapping[str, Any]

HOME: Final = "us-east-1"
"""The region whose schemas are compared: it has every type first."""

DEPTH: Final = 7
"""How deep API shapes are followed: some hold themselves."""


@cache
def schema(resource_type: str, region: str = HOME) -> Node:
    """Return the schema of a CloudFormation type."""
    found: Node = PROVIDER_SCHEMA_MANAGER.get_resource_schema(region, resource_type).schema
    return found


@cache
def types_of(region: str) -> frozenset[str]:
    """Return the CloudFormation types that a region has."""
    return frozenset(PROVIDER_SCHEMA_MANAGER.get_resource_types(region))


def has_types(region: str) -> bool:
    """Return whether cfn-lint has a list of a region's types; for others it takes another region's."""
    return (Path(cfnlint.__file__).parent / "data" / "schemas" / "providers" / f"{region}.json").exists()


@cache
def session() -> botocore.session.Session:
    """Return a session of botocore: its models and endpoints, no credentials."""
    return botocore.session.get_session()


@cache
def request(service: str, operation: str, root: str = "") -> Node:
    """Return the shape of a request of an API, or of what is in it at the dotted path `root`, as a schema."""
    shape: Any = session().get_service_model(service).operation_model(operation).input_shape
    for part in root.split(".") if root else ():
        shape = shape.members[part]
        while shape.type_name == "list":
            shape = shape.member
    return _node(shape, DEPTH)


def _node(shape: Any, depth: int) -> Node:
    low, high = ("minLength", "maxLength") if shape.type_name == "string" else ("minimum", "maximum")
    if shape.type_name in ("list", "map"):
        low, high = "minItems", "maxItems"
    node = {
        name: shape.metadata[key]
        for key, name in (("min", low), ("max", high), ("pattern", "pattern"), ("enum", "enum"))
        if shape.metadata.get(key) is not None
    }
    if depth and shape.type_name == "structure":
        node["properties"] = {name: _node(member, depth - 1) for name, member in shape.members.items()}
    elif depth and shape.type_name == "list":
        node["items"] = _node(shape.member, depth - 1)
    elif depth and shape.type_name == "map":
        node["keys"], node["values"] = _node(shape.key, depth - 1), _node(shape.value, depth - 1)
    return node


def find(root: Node, path: str, renamed: Mapping[str, str]) -> tuple[str, Node] | None:
    """Return the path and the node in a schema that stand for a Pulumi property ("vpcConfig.subnetIds[]"), or None.

    A key is the schema's if letters are the same but for their case and a plural's s. Pulumi shows a list that holds
    one object as the object. renamed: Pulumi's path to the schema's, where letters differ; "" is the root.
    """
    way: list[str] = []
    node, done = _resolved(root, root), ""
    for part in re.findall(r"\[\]|[^.\[\]]+", path):
        done += part if part == "[]" else f".{part}" if done else part
        if part == "[]" and done not in renamed:
            items = node.get("items")
            if items is None:
                return None
            node = _resolved(root, items)
            way.append("*")
            continue
        if done in renamed:
            for name in filter(None, renamed[done].split(".")):
                stepped = _step(root, node, name, way)
                if stepped is None:
                    return None
                node = stepped
            continue
        stepped = _step(root, node, part, way)
        if stepped is None:
            return None
        node = stepped
    return "/".join(way), node


def _step(root: Node, node: Node, name: str, way: list[str]) -> Node | None:
    """Return the node below a key, and put the schema's own name on the way."""
    while "items" in node and "properties" not in node:
        node = _resolved(root, node["items"])
        way.append("*")
    for key, below in _properties(root, node):
        if _letters(key) == _letters(name):
            way.append(key)
            return _resolved(root, below)
    return None


def _properties(root: Node, node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.get("properties", {}).items()
    for key in ("oneOf", "anyOf", "allOf"):
        for choice in node.get(key, ()):
            yield from _properties(root, _resolved(root, choice))


def _letters(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower()).removesuffix("s")


def _resolved(root: Node, node: Node) -> Node:
    while "$ref" in node:
        target: Any = root
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node


KEYWORDS: Final = ("minLength", "maxLength", "pattern", "enum", "minimum", "maximum", "minItems", "maxItems")


def of_keys_and_values(root: Node, node: Node) -> tuple[Node, Node] | None:
    """Return the nodes of keys and values of what Pulumi shows as a mapping: a mapping, or a list of tags."""
    if "keys" in node:
        return node["keys"], node["values"]
    below = dict(_properties(root, _resolved(root, node.get("items", {}))))
    if below.keys() >= {"Key", "Value"}:
        return _resolved(root, below["Key"]), _resolved(root, below["Value"])
    patterns = node.get("patternProperties", {})
    return next((({"pattern": pattern}, _resolved(root, value)) for pattern, value in patterns.items()), None)


def words_of(node: Node) -> dict[str, Any]:
    """Return what a node says of its value's size and form."""
    return {key: node[key] for key in KEYWORDS if key in node}
