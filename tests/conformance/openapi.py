"""Kubernetes' own schemas of its objects, from a package: what can be checked where there is no API server."""

import json
import re
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

import jsonschema_rs

from tests import upstream

Object = dict[str, Any]

FOLDER: Final = "kubernetes-json-schema/v{minor}.0-local-strict"


def served(minor: str) -> list[str]:
    """Return what an API server serves by itself, as Helm names it: "policy/v1" and "policy/v1/PodDisruptionBudget".

    Beta versions are off: https://kubernetes.io/docs/reference/using-api/#enabling-or-disabling-api-groups
    """
    stable = [names for names in _names(minor) if re.fullmatch(r"v\d+", names[1])]
    versions = {(group, version): f"{group}/{version}".lstrip("/") for group, version, _ in stable}
    return sorted({*versions.values(), *(f"{versions[group, version]}/{kind}" for group, version, kind in stable)})


def problems(item: Object, minor: str, definitions: tuple[Object, ...]) -> list[str]:
    """Return what the schemas find wrong with an object, fields that they do not know included.

    minor: a Kubernetes version such as "1.36". definitions: of the custom resources. Raises LookupError for a kind that
    is neither Kubernetes' nor theirs.
    """
    group, _, version = item["apiVersion"].rpartition("/")
    kind = item["kind"]
    if is_known(item, minor):
        schema = {"$ref": f"#/$defs/{_names(minor)[group, version, kind]}", "$defs": _definitions(minor)}
        errors = jsonschema_rs.validator_for(schema).iter_errors(dict(item))
        return [f"{'.'.join(str(part) for part in error.instance_path)}: {error.message}" for error in errors]
    for definition in definitions:
        if (definition["spec"]["group"], definition["spec"]["names"]["kind"]) == (group, kind):
            return upstream.custom_resource_problems(definition, item)
    raise LookupError(f"no schema of {kind} in {item['apiVersion']}")


def is_known(item: Object, minor: str) -> bool:
    """Return whether an object is of a kind of Kubernetes' own."""
    group, _, version = item["apiVersion"].rpartition("/")
    return (group, version, item["kind"]) in _names(minor)


@cache
def _definitions(minor: str) -> dict[str, Any]:
    file = resources.files("kubernetes_validate") / FOLDER.format(minor=minor) / "_definitions.json"
    found: dict[str, Any] = json.loads(file.read_text())["$defs"]
    return found


@cache
def _names(minor: str) -> Mapping[tuple[str, str, str], str]:
    """Return the names of the schemas by group, version and kind."""
    return {
        (known["group"], known["version"], known["kind"]): name
        for name, schema in _definitions(minor).items()
        for known in schema.get("x-kubernetes-group-version-kind", [])
    }
