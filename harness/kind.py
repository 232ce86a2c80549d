"""How a cloud answers for one type of resource: the vocabulary of a model's tables.

Everything here is plain Python data: unknown and secret values are the business of the caller (the recording monitor
marks them its own way, the provider doubles in the wire format).
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from harness import HarnessError


class UnmodelledError(HarnessError):
    """The fake cloud has no entry for a type, a component or an invoke; the message says which, and where to add it."""


class NotFoundError(HarnessError):
    """An invoke requests something that does not exist; the message is the provider's."""


Properties = dict[str, Any]
"""Inputs or outputs of one resource, by the property names of the wire (camelCase)."""


class World(Protocol):
    """What else exists in the fake cloud."""

    def find(self, type_: str, property_: str, value: object) -> Properties | None:
        """Return the outputs of the resource of `type_` whose `property_` ("id" for its id) is `value`, or None."""

    def every(self, type_: str) -> list[Properties]:
        """Return the outputs of all resources of `type_`."""


class EmptyWorld:
    """A cloud with nothing in it."""

    def find(self, type_: str, property_: str, value: object) -> Properties | None:
        """Return None: there is nothing to find."""
        return None

    def every(self, type_: str) -> list[Properties]:
        """Return nothing: there is nothing."""
        return []


@dataclass(frozen=True)
class Place:
    """The account and region that answer, what exists there, and the tags that the provider gives to everything.

    caller: the principal that asks, None where it does not matter which.
    """

    account: str
    region: str
    world: World = field(default_factory=EmptyWorld)
    default_tags: Mapping[str, Any] = field(default_factory=dict)
    caller: str | None = None


@dataclass(frozen=True)
class Context(Place):
    """What an answer may depend on besides the inputs.

    `seed` is what the deterministic random values come from: the URN unless the caller wants others, as for the
    replacement of a resource. `id` is set when outputs are asked for. `previous` holds the outputs before an update;
    it is None on creation.
    """

    urn: str = ""
    id: str = ""
    seed: str = ""
    previous: Properties | None = None

    @property
    def name(self) -> str:
        """The resource's logical name, the last part of its URN."""
        return self.urn.rsplit("::", 1)[-1]

    def digest(self, salt: str, length: int) -> str:
        """Return `length` hexadecimal digits that are the same for the same seed and salt; at most 64."""
        return hashlib.sha256(f"{self.seed or self.urn}\0{salt}".encode()).hexdigest()[:length]

    def number(self, salt: str, below: int) -> int:
        """Return a number from 0 to `below` - 1 that is the same for the same seed and salt."""
        return int(self.digest(salt, 12), 16) % below


Value = str | bool | int | list[Any] | dict[str, Any] | Callable[[Properties, Context], Any]
"""How one output comes about.

A string is a template over the inputs and `{id}`, `{account}`, `{region}`, `{urn}`; a function gets the inputs (with
defaults) and the context; any other value is taken as it is.
"""

Seconds = float | Callable[[Properties], float]
"""A duration in seconds, or how it follows from the inputs."""


def evaluate(value: Value, inputs: Mapping[str, Any], context: Context) -> Any:
    """Return what `value` stands for, given the inputs of a resource and its context."""
    if callable(value):
        return value(dict(inputs), context)
    if isinstance(value, str) and "{" in value:
        known = {"id": context.id, "account": context.account, "region": context.region, "urn": context.urn}
        return value.format_map({**known, **{k: v for k, v in inputs.items() if k not in ("id", "account", "urn")}})
    return value


def put(properties: Properties, path: str, value: Any) -> None:
    """Set the value at a dotted `path` of `properties`, making the objects on the way.

    Objects on the way are copied, not changed; where something else is in the way (an unknown) nothing is set.
    """
    head, _, rest = path.partition(".")
    if not rest:
        properties[head] = value
        return
    inner = properties.get(head)
    if not isinstance(inner, Mapping | None):
        return
    child = dict(inner or {})
    put(child, rest, value)
    properties[head] = child


def get(properties: Mapping[str, Any] | None, path: str) -> Any:
    """Return the value at a dotted `path` of `properties`, or None where there is nothing."""
    value: Any = properties
    for part in path.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return None
        value = value[part]
    return value


@dataclass(frozen=True)
class Kind:
    """One type of resource.

    identifier: the id that a creation returns.
    outputs: what the cloud adds to the inputs, by dotted path ("vpcConfig.clusterSecurityGroupId"). Unknown in a
    preview.
    defaults: the inputs (dotted paths) that hold where the program gives nothing, autonaming included. They depend on
    no other resource, so that a preview knows them.
    derived: outputs that follow from the inputs and the provider's configuration alone, so that a preview knows them
    too.
    previews: whether a preview shows `outputs` as unknown. False where it shows the inputs alone, as the Kubernetes
    provider does for a cluster that it cannot reach yet, and for an update to something unknown; another update it has
    tried by the API server.
    renews: those of `outputs` that every update changes.
    replaces: inputs (dotted paths) whose change replaces the resource.
    unsent: inputs (dotted paths) that the provider leaves out of an update that does not change them: what somebody
    else made of them in the cloud stays.
    create_seconds, update_seconds, delete_seconds: how long it takes (seconds).
    """

    identifier: Value
    outputs: Mapping[str, Value] = field(default_factory=dict)
    defaults: Mapping[str, Value] = field(default_factory=dict)
    derived: Mapping[str, Value] = field(default_factory=dict)
    replaces: frozenset[str] = frozenset()
    unsent: frozenset[str] = frozenset()
    renews: frozenset[str] = frozenset()
    previews: bool = True
    create_seconds: Seconds = 2.0
    update_seconds: Seconds = 2.0
    delete_seconds: Seconds = 2.0

    def id_of(self, inputs: Properties, context: Context) -> str:
        """Return the id of a new resource with these inputs."""
        return str(evaluate(self.identifier, self.complete(inputs, context), context))

    def complete(self, inputs: Properties, context: Context) -> Properties:
        """Return the inputs with the defaults where the program gives nothing."""
        result = dict(inputs)
        for path, value in self.defaults.items():
            if get(inputs, path) is None and (default := evaluate(value, inputs, context)) is not None:
                put(result, path, default)
        return result

    def _derive(self, inputs: Properties, context: Context) -> Properties:
        result = self.complete(inputs, context)
        return {**result, **{name: evaluate(value, result, context) for name, value in self.derived.items()}}

    def settle(self, inputs: Properties, context: Context) -> Properties:
        """Return all outputs of the resource as it is once it exists with these inputs (all of them known).

        `context.id` is its id. The same inputs and seed give the same outputs, on creation and on an update.
        """
        result = self._derive(inputs, context)
        given = dict(result)
        for path, value in self.outputs.items():
            put(result, path, evaluate(value, given, context))
        return result

    def preview(self, inputs: Properties, context: Context, unknown: Any) -> Properties:
        """Return the outputs as a preview shows them: the marker `unknown` wherever the cloud has yet to answer.

        On a preview of an update (`context.previous`) only `renews` are unknown.
        """
        result = self._derive(inputs, context)
        if not self.previews and (context.previous is None or _holds(inputs, unknown)):
            return result
        for path in self.outputs:
            kept = None if path in self.renews else get(context.previous, path)
            put(result, path, unknown if kept is None else kept)
        return result

    def seconds(self, operation: str, inputs: Properties) -> float:
        """Return how long `operation` ("create", "update" or "delete") takes with these inputs, in seconds."""
        duration: Seconds = getattr(self, f"{operation}_seconds")
        return duration(inputs) if callable(duration) else duration


def _holds(value: Any, marker: object) -> bool:
    """Return whether a marker is anywhere in a value."""
    if isinstance(value, Mapping):
        return any(_holds(item, marker) for item in value.values())
    if isinstance(value, list):
        return any(_holds(item, marker) for item in value)
    return value is marker


Answer = Callable[[Properties, Place], Properties]
"""How the cloud answers an invoke: from its arguments and the place, to its result."""


def uuid(salt: str = "uuid") -> Callable[[Properties, Context], str]:
    """Return the maker of an id that looks like a UUID."""

    def make(_inputs: Properties, context: Context) -> str:
        digits = context.digest(salt, 32)
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"

    return make


@dataclass(frozen=True)
class Autoname:
    """The name that Pulumi gives where the program gives none: the logical name and seven hexadecimal digits.

    prefix: what the service wants in front. The provider never shortens a name: one that is too long is refused
    (`Model.limits`). https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming,
    https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go (AutoName)
    """

    prefix: str = ""

    def __call__(self, inputs: Properties, context: Context) -> str:
        """Return the name of a resource."""
        return f"{self.prefix}{context.name}-{context.digest('name', 7)}"


autoname: Final = Autoname()


def token(salt: str, length: int) -> Callable[[Properties, Context], str]:
    """Return the maker of `length` hexadecimal digits."""
    return lambda _inputs, context: context.digest(salt, length)


CREATED_AT: Final = "2026-01-01T00:00:00Z"
"""When everything in the fake cloud was made: a fixed time, so that two runs give the same outputs."""
