"""Property values as Pulumi sends them, with what is unknown, secret or a reference marked by a type of its own.

https://github.com/pulumi/pulumi/blob/master/sdk/go/common/resource/plugin/rpc.go has the wire's side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from google.protobuf.struct_pb2 import Struct, Value
from pulumi.runtime import rpc

Properties = dict[str, Any]

_SIGNATURE: Final = rpc._special_sig_key
_SECRET: Final = rpc._special_secret_sig
_REFERENCE: Final = rpc._special_resource_sig
_OUTPUT: Final = rpc._special_output_value_sig

_PLAIN: Final = (str, int, float, type(None))
"""Most values: to ask whether they are of an abstract type, such as Mapping, takes ten times as long."""


class Unknown:
    """A value that only the cloud can give; there is one of it, `UNKNOWN`."""

    def __repr__(self) -> str:
        """Return what a reader sees in its place."""
        return "[unknown]"


UNKNOWN: Final = Unknown()


@dataclass(frozen=True)
class Secret:
    """A secret value, which its representation does not show."""

    value: Any = field(repr=False)

    def __repr__(self) -> str:
        """Return what a reader sees in its place."""
        return "[secret]"


@dataclass(frozen=True)
class Reference:
    """A resource as the value of a property. id: None for a component, `UNKNOWN` before the resource exists."""

    urn: str
    id: str | Unknown | None = None


def decode(struct: Struct) -> tuple[Properties, dict[str, set[str]]]:
    """Return the properties of a wire struct, and the URNs that the outputs in each of them depend on.

    Numbers that are whole become int: the wire has only floats. Names are sorted: the wire has no order. Properties
    that are null are left out.
    """
    dependencies: dict[str, set[str]] = {}
    properties: Properties = {}
    for name in sorted(struct.fields):
        urns: set[str] = set()
        decoded = _decode(struct.fields[name], urns)
        if decoded is not None:
            properties[name] = decoded
        if urns:
            dependencies[name] = urns
    return properties, dependencies


def _decode(value: Value, urns: set[str]) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        return UNKNOWN if value.string_value == rpc.UNKNOWN else value.string_value
    if kind == "struct_value":
        fields = value.struct_value.fields
        if _SIGNATURE in fields:
            return _decode_special(fields, urns)
        return {name: _decode(fields[name], urns) for name in sorted(fields)}
    if kind == "list_value":
        return [_decode(item, urns) for item in value.list_value.values]
    if kind == "number_value":
        return int(value.number_value) if value.number_value.is_integer() else value.number_value
    return value.bool_value if kind == "bool_value" else None


def _decode_special(fields: Mapping[str, Value], urns: set[str]) -> Any:
    signature = fields[_SIGNATURE].string_value
    if signature == _SECRET:
        return Secret(_decode(fields["value"], urns))
    if signature == _REFERENCE:
        return Reference(fields["urn"].string_value, _decode(fields["id"], urns) if "id" in fields else None)
    if signature == _OUTPUT:
        if "dependencies" in fields:
            urns.update(item.string_value for item in fields["dependencies"].list_value.values)
        inner = _decode(fields["value"], urns) if "value" in fields else UNKNOWN
        return Secret(inner) if "secret" in fields and fields["secret"].bool_value else inner
    # An asset or an archive: of no interest here but that it is one.
    return {name: _decode(item, urns) for name, item in fields.items() if name != _SIGNATURE}


def encode(properties: Mapping[str, Any]) -> Struct:
    """Return properties as a wire struct; those that are None are left out."""
    struct = Struct()
    for name, value in properties.items():
        if value is not None:
            _encode(value, struct.fields[name])
    return struct


def _encode(value: Any, target: Value) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif value is None:
        target.null_value = 0  # type: ignore[assignment]  # NULL_VALUE, the enum's only member
    elif isinstance(value, Mapping):
        target.struct_value.SetInParent()
        for name, item in value.items():
            _encode(item, target.struct_value.fields[name])
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _encode(item, target.list_value.values.add())
    else:
        _encode_special(value, target)


def _encode_special(value: Any, target: Value) -> None:
    if value is UNKNOWN:
        target.string_value = rpc.UNKNOWN
    elif isinstance(value, Secret):
        _encode({_SIGNATURE: _SECRET, "value": value.value}, target)
    elif isinstance(value, Reference):
        identity = {} if value.id is None else {"id": value.id}
        _encode({_SIGNATURE: _REFERENCE, "urn": value.urn, **identity}, target)
    else:
        raise TypeError(f"a property cannot be a {type(value).__name__}")


def transform(value: Any, change: Callable[[Any], Any]) -> Any:
    """Return `value` with `change` applied to each marker in it (unknown, secret, reference), from the outside in."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Mapping):
        return {name: transform(item, change) for name, item in value.items()}
    if isinstance(value, list):
        return [transform(item, change) for item in value]
    if isinstance(value, Unknown | Secret | Reference):
        return change(value)
    return value


def reveal(value: Any) -> Any:
    """Return `value` with secrets as their plain values, and references as the ids of what they refer to.

    It is how a provider that keeps no secrets and knows no references gets its inputs.
    """

    def revealed(marker: Unknown | Secret | Reference) -> Any:
        return reveal(marker.value) if isinstance(marker, Secret) else _resolved(marker)

    return transform(value, revealed)


def resolve_references(value: Any) -> Any:
    """Return `value` with references to custom resources as their ids: providers know no references."""

    def resolved(marker: Unknown | Secret | Reference) -> Any:
        return Secret(resolve_references(marker.value)) if isinstance(marker, Secret) else _resolved(marker)

    return transform(value, resolved)


def _resolved(marker: Unknown | Reference) -> Any:
    return marker.id if isinstance(marker, Reference) and marker.id is not None else marker


def as_outputs(value: Any) -> Any:
    """Return `value` with unknowns and secrets in the wire's form of an output, as transforms get them."""

    def wrapped(marker: Unknown | Secret | Reference) -> Any:
        if isinstance(marker, Secret):
            return {_SIGNATURE: _OUTPUT, "value": as_outputs(marker.value), "secret": True}
        return {_SIGNATURE: _OUTPUT} if marker is UNKNOWN else marker

    return transform(value, wrapped)


def has_secret(value: Any) -> bool:
    """Return whether there is a secret in `value`."""
    return any(isinstance(marker, Secret) for marker in _markers(value))


def has_unknown(value: Any) -> bool:
    """Return whether there is an unknown in `value`, inside of a secret too."""
    return any(
        marker is UNKNOWN or (isinstance(marker, Secret) and has_unknown(marker.value)) for marker in _markers(value)
    )


def _markers(value: Any) -> Iterator[Unknown | Secret | Reference]:
    if isinstance(value, _PLAIN):
        return
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _markers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _markers(item)
    elif isinstance(value, Unknown | Secret | Reference):
        yield value
