"""What the SDKs know of a type token: the names and shapes of its inputs, and the names of its outputs.

The SDK's own classes are the source: `VpcArgs` for `aws:ec2/vpc:Vpc`, with their annotations. A constructor refuses a
misspelt argument by itself, but a misspelt key of a nested dictionary goes through to the provider; here it is found.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
import inspect
import json
import re
import sys
import types
import typing
from collections import abc
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any, Final

import pulumi
from pulumi import _types
from pulumi.runtime import rpc

from harness import HarnessError
from harness.imports import SdkPackage

_SIGNATURE: Final = rpc._special_sig_key
"""The key that marks an object of the wire as something else: a resource, an asset, a secret."""


class UnknownTypeError(HarnessError):
    """No SDK that is installed and imported has the type; the message names it."""


class UnknownPropertyError(HarnessError):
    """Inputs that the SDK does not know, that miss something, or that have another shape; the message names each."""


def problems(type_: str, inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return what is wrong with the inputs of a resource, from property path to reason; empty if nothing is.

    `inputs` are by wire names; unknown values may be anything that is no plain value. Raises UnknownTypeError for a
    type that no SDK has.
    """
    if type_.startswith("pulumi:providers:"):
        inputs = decode_provider_inputs(type_, inputs)
    return dict(_object_problems(input_class(type_), inputs, ""))


def input_names(type_: str) -> frozenset[str]:
    """Return the wire names of a resource type's inputs."""
    return frozenset(_types.input_type_py_to_pulumi_names(input_class(type_)).values())


def output_names(type_: str) -> frozenset[str]:
    """Return the wire names of a resource type's outputs, those included that are inputs too."""
    return frozenset(_types.resource_pulumi_to_py_names(resource_class(type_)))


def decode_provider_inputs(type_: str, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Return a provider's inputs with those decoded that travel as JSON text: whatever is not a string."""
    hints = _types.input_type_types(input_class(type_))
    return {name: _decoded(value, hints.get(name)) for name, value in inputs.items()}


def _decoded(value: Any, hint: object) -> Any:
    if not isinstance(value, str) or value == rpc.UNKNOWN or str in (hint, *typing.get_args(hint)):
        return value
    try:
        return json.loads(value)
    except ValueError:
        return value


def version(package: str) -> str:
    """Return the version of the SDK of a package ("aws"), which is that of its provider."""
    return importlib.metadata.version(f"pulumi-{package}")


def invoke_problems(token: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """Return which arguments of an invoke its SDK does not know, from name to reason; empty if all are known.

    Raises UnknownTypeError for a function that no SDK has.
    """
    known = {_camel_case(name) for name in inspect.signature(_function(token)).parameters} - {"opts"}
    return {name: _unknown_reason(name, known) for name in arguments if name not in known}


def result_names(token: str) -> frozenset[str]:
    """Return the wire names of what an invoke answers; raises UnknownTypeError for a function that no SDK has."""
    found = _function(token)
    # The awaitable result that the function is annotated with is a class below the one that has the properties.
    result = typing.get_type_hints(found)["return"].__mro__[1]
    return frozenset(name for _, name, _ in _types._py_properties(result))


def _function(token: str) -> abc.Callable[..., Any]:
    """Return the SDK's function of an invoke."""
    package, path, name = token.split(":")
    folder = path.rpartition("/")[0]
    module = f"pulumi_{package}" + ("" if folder == "index" else f".{folder.replace('/', '.')}")
    found: abc.Callable[..., Any] | None = getattr(importlib.import_module(module), _snake_case(name), None)
    if found is None:
        raise UnknownTypeError(f"the SDK has no function {token!r}")
    return found


def resource_class(type_: str) -> type:
    """Return the SDK's class of a resource type; raises UnknownTypeError if no imported SDK has it."""
    package, module, name = type_.split(":")
    if (package, module) == ("pulumi", "providers"):
        for entry in rpc._RESOURCE_PACKAGES.get(name, []):
            info = entry.pkg_info  # type: ignore[attr-defined]  # of the SDKs' own subclass
            return _load(info["fqn"], info["class"])
    for known in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []):
        info = known.mod_info  # type: ignore[attr-defined]  # of the SDKs' own subclass
        if type_ in info["classes"]:
            return _load(info["fqn"], info["classes"][type_])
    raise UnknownTypeError(f"no imported SDK has the resource type {type_!r}")


def is_imported(type_: str) -> bool:
    """Return whether the program has imported the SDK's module with a resource type."""
    package, module, _name = type_.split(":")
    infos = (known.mod_info for known in rpc._RESOURCE_MODULES.get(f"{package}:{module}", []))  # type: ignore[attr-defined]
    packages = [info["fqn"] for info in infos if type_ in info["classes"]]
    return any(type(sys.modules.get(fqn)) in (types.ModuleType, SdkPackage) for fqn in packages)


@functools.cache
def input_class(type_: str) -> type:
    """Return the SDK's class of a resource type's arguments; raises UnknownTypeError if no imported SDK has it."""
    resource = resource_class(type_)
    module = sys.modules[resource.__module__]
    # Where a nested type has the name already, as with Kubernetes' objects, the arguments are InitArgs.
    for suffix in ("InitArgs", "Args"):
        found = getattr(module, resource.__name__ + suffix, None)
        if isinstance(found, type) and _types.is_input_type(found):
            return found
    raise UnknownTypeError(f"the SDK has no arguments class for {type_!r}")


def _load(package: str, class_name: str) -> type:
    """Return a class of an SDK, importing no more than the program has: all of `pulumi_aws.ec2` takes 0.6 s."""
    module = sys.modules.get(f"{package}.{_snake_case(class_name)}") or importlib.import_module(package)
    found: type = getattr(module, class_name)
    return found


def _object_problems(cls: type, value: Mapping[str, Any], path: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with an object that the SDK has the input class `cls` for."""
    if _SIGNATURE in value:
        return
    hints = _types.input_type_types(cls)
    for name, item in value.items():
        if name not in hints:
            if not name.startswith("__"):
                yield _join(path, name), _unknown_reason(name, hints)
        elif item is not None:
            yield from _value_problems(hints[name], item, _join(path, name))
    for name in _types._required_property_names(cls):
        if value.get(name) is None:
            yield _join(path, name), "is missing"


def _value_problems(hint: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a value that the SDK annotates with `hint`."""
    if not isinstance(value, Mapping | list):
        if isinstance(value, bool | int | float) and not _takes_scalar(hint):
            yield path, f"is {value!r}, and must be {_describe(hint)}"
        return
    if isinstance(value, Mapping) and _SIGNATURE in value:
        return
    fitting = [member for member in _members(hint) if _fits(member, value)]
    if not fitting:
        yield path, f"is {'an object' if isinstance(value, Mapping) else 'a list'}, and must be {_describe(hint)}"
        return
    found = [list(_inner_problems(member, value, path)) for member in fitting]
    yield from min(found, key=len)


def _inner_problems(hint: Any, value: Any, path: str) -> Iterator[tuple[str, str]]:
    if inspect.isclass(hint) and _types.is_input_type(hint):
        yield from _object_problems(hint, value, path)
        return
    arguments = typing.get_args(hint)
    if isinstance(value, list) and arguments:
        for index, item in enumerate(value):
            yield from _value_problems(arguments[0], item, f"{path}[{index}]")
    elif isinstance(value, Mapping) and len(arguments) == 2:
        for key, item in value.items():
            yield from _value_problems(arguments[1], item, _join(path, str(key)))


@functools.cache
def _members(hint: Any) -> tuple[Any, ...]:
    """Return the types that a value of the annotation may have, without what is only for the program's side."""
    hint = _types.unwrap_type(hint)
    if typing.get_origin(hint) not in (typing.Union, types.UnionType):
        return (hint,)
    members = (member for member in typing.get_args(hint) if not _types._is_plumbing_arg(member))
    return tuple(inner for member in members if member is not type(None) for inner in _members(member))


def _fits(hint: Any, value: Mapping[str, Any] | list[Any]) -> bool:
    if hint is Any or not inspect.isclass(typing.get_origin(hint) or hint):
        return True
    # A string may be given as an object, which the provider then turns into JSON: an IAM policy, for one.
    return _shape(hint) in (("a list",) if isinstance(value, list) else ("an object", "str"))


def _shape(hint: Any) -> str:
    """Return what a type is on the wire: "a list", "an object", or the name of a scalar or unknown type."""
    origin = typing.get_origin(hint) or hint
    if origin is Any or not inspect.isclass(origin) or issubclass(origin, str):
        return getattr(origin, "__name__", str(origin))
    # An asset is an object here: `harness.properties` keeps what is in it.
    if _types.is_input_type(origin) or issubclass(origin, abc.Mapping | pulumi.Asset | pulumi.Archive):
        return "an object"
    return "a list" if issubclass(origin, abc.Sequence) else origin.__name__


def _takes_scalar(hint: Any) -> bool:
    return any(_shape(member) not in ("a list", "an object") for member in _members(hint))


def _describe(hint: Any) -> str:
    return " or ".join(dict.fromkeys(map(_shape, _members(hint))))


def _unknown_reason(name: str, known: abc.Iterable[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return "is not known to the SDK" + (f" (did you mean {close[0]}?)" if close else "")


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _snake_case(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def _camel_case(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.title() for part in rest)
