"""Stack files for tests: those of `examples/stacks`, and what becomes of them when something in them is changed."""

import copy
import json
import re
from collections.abc import Collection, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from string import Template
from typing import Any, Final, NotRequired, TypedDict

import yaml

import versions
from rehearsal.record import PROJECT
from settings import Network, NodeGroup, Settings, Stack, load
from settings.words import either
from tests.plans import EXAMPLES

ROOT: Final = Path(__file__).resolve().parent.parent
TODAY: Final = versions.KUBERNETES[versions.DEFAULT_KUBERNETES].offered_since
"""A day on which EKS offers the default version, however long ago."""


class Case(TypedDict):
    """An entry of good_stack_files.yaml or bad_stack_files.yaml, which says what the keys mean."""

    name: str
    stack: NotRequired[str]
    set: NotRequired[dict[str, Any]]
    unset: NotRequired[list[str]]
    text: NotRequired[dict[str, str]]
    secret: NotRequired[list[str]]
    problems: NotRequired[list[str]]


@cache
def good_files() -> list[Case]:
    """Return the table of stack files that load."""
    found: list[Case] = yaml.safe_load((ROOT / "tests" / "good_stack_files.yaml").read_text(encoding="utf-8"))
    return found


@cache
def bad_files() -> list[Case]:
    """Return the table of stack files that are refused."""
    found: list[Case] = yaml.safe_load((ROOT / "tests" / "bad_stack_files.yaml").read_text(encoding="utf-8"))
    return found


def problems_of(case: Case) -> list[str]:
    """Return the lines by which a stack file is refused."""
    return [filled(line) for line in case.get("problems", [])]


def filled(line: str) -> str:
    """Return the line of a message with the versions that are pinned today, and with the keys of long sections."""
    return Template(line).safe_substitute(
        offered=either(versions.deployable_on(TODAY)),
        minor=versions.DEFAULT_KUBERNETES,
        karpenter=versions.KARPENTER_MINIMUM[versions.DEFAULT_KUBERNETES],
        sections=_keys(Stack),
        node_group_keys=_keys(NodeGroup),
        network_keys=_keys(Network),
    )


def _keys(model: type[Settings]) -> str:
    return either(sorted(str(field.alias) for field in model.model_fields.values()))


@cache
def _document(stack: str) -> dict[str, Any]:
    document: dict[str, Any] = yaml.safe_load((EXAMPLES / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))
    return document


def document_of(stack: str) -> dict[str, Any]:
    """Return what is in a stack file."""
    return copy.deepcopy(_document(stack))


def sections_of(stack: str) -> dict[str, Any]:
    """Return the project's sections in a stack file."""
    prefix = f"{PROJECT}:"
    config = document_of(stack)["config"]
    return {key.removeprefix(prefix): value for key, value in config.items() if key.startswith(prefix)}


def changed(case: Case) -> dict[str, Any]:
    """Return the sections of a stack file of one of the tables."""
    sections = sections_of(case.get("stack", "dev"))
    for path, value in case.get("set", {}).items():
        put(sections, parts(path), copy.deepcopy(value))
    for path in case.get("unset", []):
        take(sections, parts(path))
    return sections | case.get("text", {})


def read(sections: Mapping[str, Any], secret: Collection[str] = (), today: date = TODAY) -> Stack:
    """Read sections as they reach a program: text as it is, everything else as JSON, secrets decrypted."""
    config = {
        f"{PROJECT}:{key}": value if isinstance(value, str) else json.dumps(_decrypted(value), sort_keys=True)
        for key, value in sections.items()
    }
    return load(config, {f"{PROJECT}:{key}" for key in secret}, today)


def _decrypted(value: Any) -> Any:
    if isinstance(value, dict):
        return "decrypted" if value.keys() == {"secure"} else {key: _decrypted(item) for key, item in value.items()}
    return [_decrypted(item) for item in value] if isinstance(value, list) else value


def parts(path: str) -> list[str | int]:
    """Return the keys and indices of a path such as `network.zones[0]` or `platform.tags["a.b"]`."""
    found = re.findall(r'\[("[^"]*"|[0-9]+)\]|([^.\[\]]+)', path)
    return [json.loads(bracket, strict=False) if bracket else key for bracket, key in found]


def put(document: Any, path: list[str | int], value: Any) -> None:
    """Set the value at a path, and make the objects on the way that are not there."""
    *way, last = path
    for part in way:
        document = document[part] if isinstance(part, int) else document.setdefault(part, {})
    document[last] = value


def take(document: Any, path: list[str | int]) -> None:
    """Take away what stands at a path."""
    *way, last = path
    for part in way:
        document = document[part]
    del document[last]
