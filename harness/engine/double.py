"""A provider double: the engine's provider protocol on the fake cloud.

Raw gRPC on purpose: `pulumi.provider.experimental` loses `old_inputs` in Diff and fails on unknown outputs in Construct
(SDK 3.272.0). Protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, ClassVar, Final, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as Detail
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from harness import HarnessError, sdk
from harness.component import ChildFailedError
from harness.engine import environment, known
from harness.engine.construction import construct
from harness.engine.differences import Difference, differences
from harness.engine.operations import HalfMadeError, Operations, type_of
from harness.engine.serve import serve
from harness.kind import Autoname, Context, Kind, Place, UnmodelledError, get, put
from harness.properties import UNKNOWN, Properties, Secret, decode, encode, reveal

DEFAULTED: Final = "__defaults"
"""Where a bridged provider notes which inputs it filled in itself, so that it fills them in alike the next time."""

OF_THE_ENGINE: Final = frozenset({"version", "pluginDownloadURL", "pluginChecksums", "__internal"})
"""Inputs of a provider that the engine adds for itself."""


class Double(Operations, provider_pb2_grpc.ResourceProviderServicer):
    """One provider double. `package` is its name in tokens."""

    package: ClassVar[str] = ""

    # The protocol.

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Accept every kind of value: a provider of components has to."""
        return provider_pb2.ProviderHandshakeResponse(accept_secrets=True, accept_resources=True, accept_outputs=True)

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the version of the SDK that the program uses."""
        return plugin_pb2.PluginInfo(version=sdk.version(self.package))

    def CheckConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check the names of the provider's own inputs."""
        given = {name: value for name, value in _plain(request.news).items() if name not in OF_THE_ENGINE}
        failures = known.input_problems(f"pulumi:providers:{self.package}", given)
        return provider_pb2.CheckResponse(inputs=request.news, failures=_failures(failures))

    def DiffConfig(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say whether other inputs of the provider replace it, and with it all that it made."""
        kind = self.model.kind_of(f"pulumi:providers:{self.package}")
        return self._answer(
            differences(_plain(request.old_inputs), _plain(request.news), kind.replaces), replaced_first=True
        )

    def Configure(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the provider's own inputs."""
        self.configuration = known.provider_inputs(self.package, _plain(request.args))
        with _refusals(context):
            self.configure()
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Answer a function of the provider."""
        arguments = _plain(request.args)
        with _refusals(context), self.store.look() as cloud:
            failures = known.invoke_problems(request.tok, arguments)
            if failures:
                return provider_pb2.InvokeResponse(failures=_failures(failures))
            asking = self.environment
            place = Place(asking.account, self.region(), cloud, self.default_tags(), asking.deployer)
            result = self.model.answer_of(request.tok)(arguments, place)
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(encode(result))
            return response

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check the inputs' names, fill in the defaults, and check their size and form."""
        type_, inputs = type_of(request.urn), decode(request.news)[0]
        with _refusals(context), self.store.look() as cloud:
            failures = self.model.input_problems(type_, reveal(inputs), known.input_problems)
            if failures:
                return provider_pb2.CheckResponse(failures=_failures(failures))
            kind = self.model.kind_of(type_)
            context_ = self.context(cloud, request.urn)
            named = _with_names(kind, self.given(kind, inputs), _plain(request.olds), context_)
            failures = self.model.limits(type_, kind.complete(reveal(named), context_))
            if failures:
                return provider_pb2.CheckResponse(failures=_failures(failures))
            return provider_pb2.CheckResponse(inputs=encode(named))

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what differs and whether that replaces the resource."""
        kind = self.model.kind_of(type_of(request.urn))
        old, new = _plain(request.old_inputs), _plain(request.news)
        # A refresh leaves this to the provider, whose bridge does it.
        # https://github.com/pulumi/pulumi-terraform-bridge/blob/main/pkg/tfbridge/schema.go (IgnoreChanges)
        for path in request.ignoreChanges:
            if get(old, path) is not None:
                put(new, path, get(old, path))
        changes = differences({**old, DEFAULTED: None}, {**new, DEFAULTED: None}, kind.replaces)
        return self._answer(changes, replaced_first=_has_fixed_name(kind, old, new))

    def Create(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Make a resource, or in a preview say what it would be."""
        kind, inputs = self.model.kind_of(type_of(request.urn)), _plain(request.properties)
        given = {name: value for name, value in inputs.items() if name != DEFAULTED}
        with _refusals(context, request.properties):
            if request.preview:
                with self.store.look() as cloud:
                    shown = kind.preview(given, self.context(cloud, request.urn), UNKNOWN)
                return provider_pb2.CreateResponse(properties=_marked(shown, request.properties))
            made = self.make(request.urn, given)
            return provider_pb2.CreateResponse(id=made.id, properties=_marked(made.outputs, request.properties))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change a resource in place, or in a preview say what it would be."""
        kind, inputs = self.model.kind_of(type_of(request.urn)), _plain(request.news)
        given = {name: value for name, value in inputs.items() if name != DEFAULTED}
        with _refusals(context, request.news):
            if request.preview:
                with self.store.look() as cloud:
                    before = replace(self.context(cloud, request.urn), id=request.id, previous=_plain(request.olds))
                shown = kind.preview(given, before, UNKNOWN)
                return provider_pb2.UpdateResponse(properties=_marked(shown, request.news))
            declared = _plain(request.old_inputs)
            unsent = [path for path in kind.unsent if get(declared, path) == get(given, path)]
            changed = self.alter(request.urn, request.id, given, unsent)
            return provider_pb2.UpdateResponse(properties=_marked(changed.outputs, request.news))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return a resource as it is in the cloud, or nothing if it is gone."""
        type_ = type_of(request.urn)
        with _refusals(context), self.store.look() as cloud:
            found = self.named(cloud, type_, request.id)
            if found is None:
                return provider_pb2.ReadResponse()
            # An import has no inputs yet: what the provider filled in itself is not known.
            inputs = {**found.inputs, DEFAULTED: _plain(request.inputs).get(DEFAULTED) or []}
            return provider_pb2.ReadResponse(
                id=found.id,
                properties=_marked(found.outputs, request.inputs),
                inputs=_marked(inputs, request.inputs),
            )

    def Delete(self, request: Any, context: grpc.ServicerContext) -> Empty:
        """Remove a resource; one that is gone already is no error, as in the real providers."""
        with _refusals(context):
            self.destroy(request.urn, request.id)
        return Empty()

    def Construct(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Register a component and its children."""
        try:
            return construct(request, self.model)
        except (ValueError, UnmodelledError) as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        except ChildFailedError as error:
            # The engine has shown why a child failed; the component has nothing to add.
            context.abort(grpc.StatusCode.UNKNOWN, str(error))
        except grpc.RpcError as error:
            context.abort(error.code(), error.details() or "")

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Empty:
        """Give up on what is under way."""
        self.cancelled.set()
        return Empty()

    def _answer(self, changes: Mapping[str, Difference], *, replaced_first: bool) -> Any:
        replaces = [path for path, change in changes.items() if change.replaces]
        detailed = {
            path: provider_pb2.PropertyDiff(kind=change.kind(), inputDiff=True) for path, change in changes.items()
        }
        answer = provider_pb2.DiffResponse
        return answer(
            changes=answer.DIFF_SOME if changes else answer.DIFF_NONE,
            diffs=sorted({path.split(".")[0].split("[")[0] for path in changes}),
            replaces=replaces,
            deleteBeforeReplace=bool(replaces) and replaced_first,
            detailedDiff=detailed,
            hasDetailedDiff=True,
        )


def run(double: type[Double]) -> NoReturn:
    """Serve a provider double until the engine ends it."""
    servicer = double(environment.folder())
    serve(lambda server: provider_pb2_grpc.add_ResourceProviderServicer_to_server(servicer, server))
    raise SystemExit(0)


def _names(kind: Kind) -> dict[str, Autoname]:
    return {path: value for path, value in kind.defaults.items() if isinstance(value, Autoname)}


def _with_names(kind: Kind, inputs: Properties, old: Properties, context: Context) -> Properties:
    """Return the inputs with a name where the program gives none: the one it has, or a new one."""
    result = dict(inputs)
    given = {path: make for path, make in _names(kind).items() if get(inputs, path) is None}
    for path, make in given.items():
        put(result, path, get(old, path) if path in (old.get(DEFAULTED) or []) else make(inputs, context))
    return {**result, DEFAULTED: list(given)} if given else result


def _has_fixed_name(kind: Kind, old: Properties, new: Properties) -> bool:
    """Return whether a resource and its replacement would have the same name, which the program chose."""
    fixed = [path for path in _names(kind) if path not in (new.get(DEFAULTED) or [])]
    return any(get(old, path) == get(new, path) for path in fixed)


def _plain(struct: Any) -> Properties:
    """Return the properties of the wire without their marks of secrecy."""
    revealed: Properties = reveal(decode(struct)[0])
    return revealed


def _marked(properties: Properties, like: Any) -> Any:
    """Return properties for the wire, secret where the struct `like` is: the engine leaves that to us."""
    marked: Properties = _mark(properties, decode(like)[0])
    return encode(marked)


def _mark(value: Any, like: Any) -> Any:
    if isinstance(like, Secret):
        return Secret(value)
    if isinstance(value, Mapping) and isinstance(like, Mapping):
        return {name: _mark(item, like.get(name)) for name, item in value.items()}
    if isinstance(value, list) and isinstance(like, list) and len(value) == len(like):
        return [_mark(item, other) for item, other in zip(value, like, strict=True)]
    return value


def _failures(problems: Mapping[str, str]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in problems.items()]


@contextmanager
def _refusals(context: grpc.ServicerContext, inputs: Any = None) -> Iterator[None]:
    """Turn the cloud's refusals into the protocol's errors; `inputs` say what of a resource's outputs is secret."""
    try:
        yield
    except HalfMadeError as error:
        _abort_half_made(context, error, inputs)
    except HarnessError as error:
        context.abort(grpc.StatusCode.UNKNOWN, str(error))


def _abort_half_made(context: grpc.ServicerContext, error: HalfMadeError, inputs: Any) -> NoReturn:
    """Tell the engine that the resource exists though the operation failed, so that its state does not forget it."""
    made = error.resource
    detail = Detail()
    outputs = _marked(made.outputs, inputs)
    detail.Pack(provider_pb2.ErrorResourceInitFailed(id=made.id, properties=outputs, reasons=[str(error)]))
    status = status_pb2.Status(code=grpc.StatusCode.UNKNOWN.value[0], message=str(error), details=[detail])
    context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
    context.abort(grpc.StatusCode.UNKNOWN, str(error))
