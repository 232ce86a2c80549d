"""Copies of upstream's charts and definitions, where the machine has them: what they make of our values and objects.

UPSTREAM_FACTS holds custom resource definitions and policies, UPSTREAM_CHARTS whole charts. Where these variables
are not set, both are what `make upstream` has pulled into the cache.
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache as cached
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from rehearsal.program import ROOT
from tools.upstream import cache, wanted


def facts(*parts: str) -> Path:
    """Return a path below UPSTREAM_FACTS; the test is skipped where there is none."""
    return _below(cache.FACTS, parts)


def chart(*parts: str) -> Path:
    """Return a path below UPSTREAM_CHARTS; the test is skipped where there is none."""
    return _below(cache.CHARTS, parts)


def _below(variable: str, parts: tuple[str, ...]) -> Path:
    folder = cache.folder(variable)
    if folder is None:
        pytest.skip(cache.absence(variable))
    return folder.joinpath(*parts)


def unchecked(skipped: Iterable[str]) -> list[str]:
    """Return a line for each thing that a check of the stack files at the top left out.

    skipped: the reasons of the tests that were skipped, one for each test.
    """
    lines = [f"Not checked: {reason} ({number} tests)" for reason, number in sorted(Counter(skipped).items())]
    if (folder := cache.folder(cache.CHARTS)) is None:
        return lines
    missing = [
        one
        for one in wanted.named_by(ROOT)
        if not any(_has(folder / name, one.version) for name in (one.key, one.name))
    ]
    return [*lines, *(f"Not checked: what {one} makes of its values: run `make upstream`" for one in missing)]


def _has(folder: Path, version: str) -> bool:
    manifest = folder / "Chart.yaml"
    return manifest.is_file() and str(read(manifest)["version"]).removeprefix("v") == version.removeprefix("v")


# --- Values of charts ---------------------------------------------------------------------------------------------


def default_values(name: str) -> dict[str, Any]:
    """Return what is in the `values.yaml` of a chart."""
    return dict(_yaml(chart(name, "values.yaml")))


def value_schema(name: str) -> dict[str, Any]:
    """Return the JSON Schema that a chart has for its values."""
    return dict(json.loads(chart(name, "values.schema.json").read_text()))


def merged(defaults: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as a chart's templates see them: objects are merged key by key, anything else is replaced.

    What is None there is gone: https://helm.sh/docs/chart_template_guide/values_files/#deleting-a-default-key
    """
    both = {
        key: merged(defaults[key], value)
        if isinstance(value, Mapping) and isinstance(defaults.get(key), Mapping)
        else value
        for key, value in values.items()
    }
    return {key: value for key, value in {**defaults, **both}.items() if value is not None or key not in values}


def schema_problems(schema: Mapping[str, Any], instance: Any) -> list[str]:
    """Return what a JSON Schema finds wrong with a value, by path."""
    errors = jsonschema_rs.validator_for(dict(schema)).iter_errors(instance)
    return [f"{'.'.join(str(part) for part in error.instance_path)}: {error.message}" for error in errors]


def template(path: Path, name: str) -> str:
    """Return the body of a template that a chart defines."""
    found = re.search(
        rf'{{{{-? define "{re.escape(name)}" -?}}}}\n(.*?)\n{{{{-? end -?}}}}', path.read_text(), re.DOTALL
    )
    assert found, f"{path} defines no {name}"
    return found.group(1)


# --- Custom resources ---------------------------------------------------------------------------------------------


def object_problems(definition: Path, body: Mapping[str, Any]) -> list[str]:
    """Return what the API server would find wrong with a custom resource, unknown fields included.

    definition: the file of its CustomResourceDefinition. Rules in CEL are left out.
    """
    return custom_resource_problems(_yaml(definition), body)


def custom_resource_problems(definition: Mapping[str, Any], body: Mapping[str, Any]) -> list[str]:
    """Return the same; definition: the CustomResourceDefinition itself."""
    group, version = body["apiVersion"].split("/")
    spec = definition["spec"]
    assert (spec["group"], spec["names"]["kind"]) == (group, body["kind"])
    schemas = {served["name"]: served["schema"]["openAPIV3Schema"] for served in spec["versions"] if served["served"]}
    schema = _closed(schemas[version])
    # It is the API server's, and not in the definition.
    schema["properties"]["metadata"] = {"type": "object"}
    return schema_problems(schema, body)


def _closed(schema: Any) -> Any:
    """Return a schema that refuses fields it does not name, as the API server does when it is asked to be strict."""
    if isinstance(schema, list):
        return [_closed(item) for item in schema]
    if not isinstance(schema, Mapping):
        return schema
    closed = {key: _closed(value) for key, value in schema.items() if key != "x-kubernetes-validations"}
    if isinstance(schema.get("properties"), Mapping) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        closed.setdefault("additionalProperties", False)
    return closed


def read(path: Path) -> dict[str, Any]:
    """Return what is in a YAML file."""
    return dict(_yaml(path))


@cached
def _yaml(path: Path) -> Any:
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506  # a safe one
