"""Runs the project's program for a stack as the engine would, with the configuration of the stack's file."""

from __future__ import annotations

import contextlib
import json
import re
import runpy
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from harness import HarnessError
from harness.model import Model
from harness.plan import Plan
from harness.properties import Properties, reveal
from harness.record import record
from harness.yaml_files import read_yaml_file

PLACEHOLDER: Final = "not-known-without-the-key"
"""What stands for a secret of a stack file, which only the stack's secrets provider can decrypt."""


class UnknownStackError(HarnessError):
    """The project has no such stack; the message lists those it has."""


@dataclass(frozen=True)
class Configuration:
    """A stack's configuration as the engine hands it to a program.

    values: "namespace:key" to text, objects as JSON. secret_keys: the keys whose value is secret, or holds something
    secret. placeholders: the keys whose secret could not be decrypted.
    """

    project: str
    values: Mapping[str, str]
    secret_keys: frozenset[str]
    placeholders: tuple[str, ...]
    disabled_providers: tuple[str, ...]

    @property
    def sections(self) -> dict[str, Any]:
        """The values of the project's own keys, by key without the namespace; objects as they are in the stack file."""
        own = f"{self.project}:"
        return {key.removeprefix(own): _data(text) for key, text in self.values.items() if key.startswith(own)}

    def section(self, key: str) -> dict[str, Any]:
        """Return the object of one of the project's own keys; empty where there is none."""
        found = _data(self.values.get(f"{self.project}:{key}", "{}"))
        return found if isinstance(found, dict) else {}


def run_program(
    stack: str,
    *,
    root: Path,
    model: Model,
    unknown: bool = False,
    config: Mapping[str, Any] | None = None,
    deployed: Plan | None = None,
    caller_of: Callable[[Configuration], str | None] = lambda _configuration: None,
) -> Plan:
    """Run the program of the project in `root` for a stack, and return what it asked for.

    model: how the cloud answers. unknown: computed values are unknown, as in a first `pulumi preview`; else they are
    those of a second run. config: overrides of the stack file, merged deep (see `merge`); a key without a namespace is
    the project's. Other stacks of the project that the configuration names are run before: they are there, and a stack
    reference finds them.
    deployed: the plan of the update before; None before the first one. caller_of: who runs Pulumi, from the stack's
    configuration; None where it does not matter. Raises UnknownStackError, and whatever the program raises.
    """
    configuration, folder = read_configuration(stack, config, root=root), program_folder(root)
    others = {
        name: run_program(other, root=root, model=model, caller_of=caller_of)
        for name, other in referenced(configuration, stack, root).items()
    }

    def program() -> None:
        runpy.run_path(str(folder), run_name="__main__")

    with contextlib.chdir(folder):
        plan = record(
            program,
            model=model,
            unknown=unknown,
            project=configuration.project,
            root=root,
            stack=stack,
            config=configuration.values,
            secret_keys=configuration.secret_keys,
            disabled_providers=configuration.disabled_providers,
            stacks={name: plan.exports for name, plan in others.items()},
            existing=_existing(others.values()),
            deployed=deployed,
            caller=caller_of(configuration),
        )
    return replace(plan, placeholders=configuration.placeholders, config=configuration.values)


def program_folder(root: Path) -> Path:
    """Return the folder of the program of the project in `root`: that of `Pulumi.yaml`, or the one that it names.

    https://www.pulumi.com/docs/iac/concepts/projects/project-file/
    """
    return (root / str(read_yaml_file(root / "Pulumi.yaml").get("main", "."))).resolve()


def stacks(root: Path) -> list[str]:
    """Return the names of the stacks that the project in `root` has files for."""
    return sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in root.glob("Pulumi.*.yaml"))


def referenced(configuration: Configuration, stack: str, root: Path) -> dict[str, str]:
    """Return which other stacks of the project, that have a file here, the configuration of `stack` names.

    They are found by the name that a stack reference uses, "organization/project/stack".
    """
    pattern = rf'(?:^|")([\w.-]+/{re.escape(configuration.project)}/([\w.-]+))(?:"|$)'
    found = dict(pair for value in configuration.values.values() for pair in re.findall(pattern, value))
    return {name: other for name, other in found.items() if other in stacks(root) and other != stack}


def _existing(plans: Iterable[Plan]) -> dict[str, list[Properties]]:
    """Return what is in the cloud once these plans are carried out: outputs, with ids, by resource type."""
    found: dict[str, list[Properties]] = {}
    for entry in (entry for plan in plans for entry in plan if entry.custom and not entry.read):
        found.setdefault(entry.type, []).append({"id": entry.id, **reveal(entry.outputs)})
    return found


def read_configuration(stack: str, overrides: Mapping[str, Any] | None = None, *, root: Path) -> Configuration:
    """Return the configuration of a stack: its file's, over the project's, with `overrides` merged in.

    https://www.pulumi.com/docs/iac/concepts/config/ has the format of both files. Raises UnknownStackError.
    """
    path = root / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        if not (root / "Pulumi.yaml").is_file():
            raise UnknownStackError(f"{root}: no Pulumi.yaml: expected the folder of a project")
        raise UnknownStackError(f"no stack {stack!r}: {_nearest(stack, stacks(root))}")
    project = read_yaml_file(root / "Pulumi.yaml")
    name = str(project["name"])
    base = {key: _project_value(value) for key, value in (project.get("config") or {}).items()}
    merged = merge(
        {**_namespaced(base, name), **_namespaced(_without_null(read_yaml_file(path).get("config") or {}), name)},
        _namespaced(overrides or {}, name),
    )
    secrets = {key: list(_secret_paths(value, key)) for key, value in merged.items()}
    values = {key: _text(_decrypted(value)) for key, value in merged.items()}
    return Configuration(
        project=name,
        values=values,
        secret_keys=frozenset(key for key, paths in secrets.items() if paths),
        placeholders=tuple(path for paths in secrets.values() for path in paths),
        disabled_providers=tuple(json.loads(values.get("pulumi:disable-default-providers", "[]"))),
    )


def _nearest(stack: str, known: list[str]) -> str:
    """Return what to write instead of a stack's name: the stack that is spelled like it, or all of them."""
    close = get_close_matches(stack.removeprefix("Pulumi.").removesuffix(".yaml"), known, n=1)
    return f"did you mean {close[0]}?" if close else f"expected one of: {', '.join(known) or 'none'}"


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `over`: objects merge key by key, anything else is replaced, None takes away."""
    result = dict(base)
    for key, value in over.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(result.get(key), Mapping):
            result[key] = merge(result[key], value)
        else:
            result[key] = value
    return result


def _namespaced(values: Mapping[str, Any], project: str) -> dict[str, Any]:
    return {key if ":" in key else f"{project}:{key}": value for key, value in values.items()}


def _without_null(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of a stack file as the CLI reads them: a key without a value has an empty text."""
    return {key: "" if value is None else value for key, value in values.items()}


def _project_value(value: Any) -> Any:
    """Return the value that a project's file gives to a key: as it is, or the `value` or `default` of a description."""
    if isinstance(value, Mapping) and not value.keys().isdisjoint({"value", "default"}):
        return value.get("value", value.get("default"))
    return value


def _is_secret(value: Any) -> bool:
    return isinstance(value, Mapping) and set(value) == {"secure"}


def _secret_paths(value: Any, path: str) -> Iterator[str]:
    if _is_secret(value):
        yield path
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from _secret_paths(item, f"{path}.{key}")
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secret_paths(item, f"{path}[{index}]")


def _decrypted(value: Any) -> Any:
    if _is_secret(value):
        return PLACEHOLDER
    if isinstance(value, Mapping):
        return {key: _decrypted(item) for key, item in value.items()}
    return [_decrypted(item) for item in value] if isinstance(value, list) else value


def _data(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _text(value: Any) -> str:
    # The engine hands over the keys of an object in alphabetical order, whatever the order in the stack file.
    return value if isinstance(value, str) else json.dumps(value, default=str, sort_keys=True)
