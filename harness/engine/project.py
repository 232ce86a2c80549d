"""A copy of a Pulumi project: the real program and stack file, without the stack's secrets."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from harness.yaml_files import read_yaml_file

PLACEHOLDER: Final = "rehearsed-secret"
"""The value of every secret: the copy has no key to the real ones."""

STACK_KEYS: Final = ("secretsprovider", "encryptedkey", "encryptionsalt")
"""What a stack file says of its secrets provider."""


class ScratchProject:
    """The project files of one project in a folder of its own; the program itself stays where it is.

    plugins: the section of that name in Pulumi.yaml; what the project itself says there does not count.
    """

    def __init__(self, source: Path, folder: Path, *, plugins: Mapping[str, Any] | None = None) -> None:
        self.source: Final = source.resolve()
        self.folder: Final = folder
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = _read(self.source / "Pulumi.yaml")
        self.name: Final = str(settings["name"])
        main = (self.source / str(settings.get("main", "."))).resolve()
        # The environment that rehearses runs the program, whatever environment the project file names.
        runtime = settings["runtime"]["name"] if isinstance(settings["runtime"], dict) else settings["runtime"]
        own = {"runtime": runtime, "main": str(main), "plugins": dict(plugins or {})}
        self._write("Pulumi.yaml", {**settings, **own})

    def take_stack(self, stack: str) -> list[str]:
        """Copy a stack file without its secrets; return the paths of these, for `pulumi config set --secret --path`.

        What an earlier copy says of its own secrets provider is kept.
        """
        name = f"Pulumi.{stack}.yaml"
        values, earlier = _read(self.source / name), _read(self.folder / name)
        config, secrets = _without_secrets(values.get("config") or {})
        real = {key: value for key, value in values.items() if key not in STACK_KEYS}
        own = {key: value for key, value in earlier.items() if key in STACK_KEYS}
        self._write(name, {**real, **own, "config": config})
        return secrets

    def config(self, stack: str) -> dict[str, Any]:
        """Return the configuration in the copied stack file, by its full keys ("project:network")."""
        return dict(_read(self.folder / f"Pulumi.{stack}.yaml").get("config") or {})

    def change(self, stack: str, changes: Mapping[str, Any]) -> None:
        """Set values of the copied stack file, by dotted path ("project:cluster.version"); None takes one away."""
        path = self.folder / f"Pulumi.{stack}.yaml"
        values = _read(path)
        config = copy.deepcopy(values.get("config") or {})
        for dotted, value in changes.items():
            _set(config, dotted.split("."), value)
        self._write(path.name, {**values, "config": config})

    def _write(self, name: str, values: Mapping[str, Any]) -> None:
        (self.folder / name).write_text(yaml.safe_dump(dict(values), sort_keys=False))


def _read(path: Path) -> dict[str, Any]:
    """Return what a YAML file holds; nothing if there is none."""
    return read_yaml_file(path) if path.exists() else {}


def _set(target: dict[str, Any], path: list[str], value: Any) -> None:
    head, *rest = path
    if rest:
        _set(target.setdefault(head, {}), rest, value)
    elif value is None:
        target.pop(head, None)
    else:
        target[head] = value


def _without_secrets(config: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    found: list[str] = []

    def strip(value: Any, path: str) -> Any:
        if isinstance(value, Mapping):
            if set(value) == {"secure"}:
                found.append(path)
                return PLACEHOLDER
            return {key: strip(item, f"{path}.{key}" if path else key) for key, item in value.items()}
        if isinstance(value, list):
            return [strip(item, f"{path}[{index}]") for index, item in enumerate(value)]
        return value

    return strip(config, ""), found
