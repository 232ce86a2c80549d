"""Whether the SDKs know inputs and arguments, remembered from one process to the next.

Loading the SDKs' modules takes seconds, and every provider process would pay them. The answer depends on nothing but
the SDKs, the checker and the shape of the inputs, so that what was found to be right once need not be looked at again.
"""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import os
import threading
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from harness import sdk

_IMPORTING: Final = threading.Lock()


def input_problems(type_: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the inputs of a resource (see `sdk.problems`); raises sdk.UnknownTypeError."""
    return _remembered(sdk.problems, type_, inputs)


def invoke_problems(token: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the arguments of an invoke (see `sdk.invoke_problems`); raises sdk.UnknownTypeError."""
    return _remembered(sdk.invoke_problems, token, arguments)


def provider_inputs(package: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a provider's own inputs, decoded (see `sdk.decode_provider_inputs`)."""
    importlib.import_module(f"pulumi_{package}")
    return sdk.decode_provider_inputs(f"pulumi:providers:{package}", inputs)


def _remembered(
    check: Callable[[str, Mapping[str, Any]], dict[str, str]], token: str, properties: Mapping[str, Any]
) -> dict[str, str]:
    package = token.split(":")[2 if token.startswith("pulumi:providers:") else 0]
    text = json.dumps([check.__name__, token, _shape(properties)], sort_keys=True)
    mark = _folder(package) / hashlib.sha256(text.encode()).hexdigest()
    if mark.exists():
        return {}
    # Providers answer in threads, and a module that one of them is importing lacks what the others look for.
    with _IMPORTING:
        importlib.import_module(f"pulumi_{package}")
        found = check(token, properties)
    if not found:
        mark.touch()
    return found


def _shape(value: Any) -> Any:
    """Return what of a value the check can see: names, and the types of plain values."""
    if isinstance(value, Mapping):
        return {name: _shape(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_shape(item) for item in value]
    return type(value).__name__


@cache
def _folder(package: str) -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    checker = hashlib.sha256(inspect.getsource(sdk).encode()).hexdigest()[:12]
    folder = base / "pulumi-harness" / "sdk" / f"{package}-{sdk.version(package)}-{checker}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
