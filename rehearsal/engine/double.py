"""A provider of the rehearsal: the engine's provider protocol on the fake cloud.

Raw gRPC on purpose: `pulumi.provider.experimental` loses `old_inputs` in Diff and fails on unknown outputs in Construct
(SDK 3.272.0). Protocol: https://github.com/pulumi/pulumi/blob/master/proto/pulumi/provider.proto
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

import grpc
from google.protobuf.any_pb2 import Any as Detail
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc, status_pb2

from rehearsal import RehearsalError, sdk
from rehearsal.cloud import UnmodelledError, answer_of, kind_of, limits
from rehearsal.cloud.component import ChildFailedError
from rehearsal.cloud.kind import Autoname, Context, Kind, Place, get, put
from rehearsal.engine import environment, helm, known, refusals
from rehearsal.engine.construction import construct
from rehearsal.engine.differences import Difference, differences
from rehearsal.engine.refusals import RefusedError
from rehearsal.engine.serve import serve
from rehearsal.engine.store import Cloud, Resource, Store
from rehearsal.values import UNKNOWN, Properties, Secret, decode, encode, reveal

DEFAULTED: Final = "__defaults"
"""Where the AWS provider notes which inputs it filled in itself, so that it fills them in alike the next time."""

OF_THE_ENGINE: Final = frozenset({"version", "pluginDownloadURL", "pluginChecksums", "__internal"})
"""Inputs of a provider that the engine adds for itself."""

INJECTED: Final = "failed on purpose, as it does the first time"


class HalfMadeError(RefusedError):
    """The cloud said no after the resource was there."""

    def __init__(self, reason: str, resource: Resource) -> None:
        super().__init__(reason)
        self.resource = resource


class Double(provider_pb2_grpc.ResourceProviderServicer):
    """One provider double. `package` is its name in tokens; `folder` the rehearsal's."""

    package: ClassVar[str] = ""

    def __init__(self, folder: Path) -> None:
        self.environment = environment.read(folder)
        self.store = Store(folder)
        self.configuration: Properties = {}
        self.cancelled = threading.Event()
        self.serial: dict[str, threading.Lock] = {}

    # What the providers do differently.

    def configure(self) -> None:
        """Take `self.configuration`; raises RefusedError where the real provider refuses it."""

    def region(self) -> str:
        """Return the region that answers."""
        return str(self.configuration.get("region") or "")

    def cluster(self, cloud: Cloud) -> str:
        """Return the cluster that its objects live in, "" for AWS; raises RefusedError if it cannot be reached."""
        return ""

    def default_tags(self) -> Properties:
        """Return the tags that the provider puts on every resource."""
        return {}

    def given(self, kind: Kind, inputs: Properties) -> Properties:
        """Return the inputs with what the provider's own configuration adds to each resource."""
        return inputs

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
        kind = kind_of(f"pulumi:providers:{self.package}")
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
            result = answer_of(request.tok)(arguments, place)
            response = provider_pb2.InvokeResponse()
            getattr(response, "return").CopyFrom(encode(result))
            return response

    def Check(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Check the inputs' names, fill in the defaults, and check what AWS says of their size and form."""
        type_, inputs = _type(request.urn), decode(request.news)[0]
        with _refusals(context), self.store.look() as cloud:
            failures = known.input_problems(type_, reveal(inputs))
            if failures:
                return provider_pb2.CheckResponse(failures=_failures(failures))
            kind = kind_of(type_)
            context_ = self._context(cloud, request.urn)
            named = _with_names(kind, self.given(kind, inputs), _plain(request.olds), context_)
            failures = limits.problems(type_, kind.complete(reveal(named), context_))
            if failures:
                return provider_pb2.CheckResponse(failures=_failures(failures))
            return provider_pb2.CheckResponse(inputs=encode(named))

    def Diff(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Say what differs and whether that replaces the resource."""
        kind = kind_of(_type(request.urn))
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
        kind, inputs = kind_of(_type(request.urn)), _plain(request.properties)
        given = {name: value for name, value in inputs.items() if name != DEFAULTED}
        with _refusals(context, request.properties):
            if request.preview:
                with self.store.look() as cloud:
                    shown = kind.preview(given, self._context(cloud, request.urn), UNKNOWN)
                return provider_pb2.CreateResponse(properties=_marked(shown, request.properties))
            made = self.make(request.urn, given)
            return provider_pb2.CreateResponse(id=made.id, properties=_marked(made.outputs, request.properties))

    def Update(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Change a resource in place, or in a preview say what it would be."""
        kind, inputs = kind_of(_type(request.urn)), _plain(request.news)
        given = {name: value for name, value in inputs.items() if name != DEFAULTED}
        with _refusals(context, request.news):
            if request.preview:
                with self.store.look() as cloud:
                    before = replace(self._context(cloud, request.urn), id=request.id, previous=_plain(request.olds))
                shown = kind.preview(given, before, UNKNOWN)
                return provider_pb2.UpdateResponse(properties=_marked(shown, request.news))
            declared = _plain(request.old_inputs)
            unsent = [path for path in kind.unsent if get(declared, path) == get(given, path)]
            changed = self.alter(request.urn, request.id, given, unsent)
            return provider_pb2.UpdateResponse(properties=_marked(changed.outputs, request.news))

    def Read(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return a resource as it is in the cloud, or nothing if it is gone."""
        type_ = _type(request.urn)
        with _refusals(context), self.store.look() as cloud:
            found = cloud.existing(type_, request.id, self.cluster(cloud))
            if found is None:
                return provider_pb2.ReadResponse()
            inputs = {**found.inputs, DEFAULTED: _plain(request.inputs).get(DEFAULTED)}
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
            return construct(request)
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

    # The cloud's part.

    def make(self, urn: str, inputs: Properties) -> Resource:
        """Make a resource and return it; raises RefusedError where the cloud refuses it."""
        type_ = _type(urn)
        kind = kind_of(type_)
        with self._one_at_a_time(type_, inputs):
            self._hold(urn, "create", made=False)
            with self._step(urn, "create") as cloud:
                seconds = kind.seconds("create", inputs) * self.environment.pace
                new = self._new(cloud, urn, inputs, cloud.now + seconds)
                refusals.refuse("create", new, cloud)
                add = cloud.overwrite if type_ in refusals.OVERWRITTEN else cloud.add
                made = replace(add(helm.under_way(new, "install")), outputs=new.outputs)
                refusals.follow("create", made, cloud)
                cloud.log(urn, type_, made.id, "create", "start")
            with self._recorded(made):
                self._pass_time(seconds, made)
                self._hold(urn, "create", made=True, resource=made)
            self._end(made, "create")
        return made

    def alter(self, urn: str, id_: str, inputs: Properties, unsent: Collection[str] = ()) -> Resource:
        """Change a resource and return it; raises RefusedError where the cloud refuses the change.

        unsent: inputs (dotted paths) that stay as the cloud has them.
        """
        kind = kind_of(_type(urn))
        self._hold(urn, "update", made=False)
        with self._step(urn, "update", id_) as cloud:
            old = self._existing(cloud, urn, id_)
            context = replace(self._context(cloud, urn), id=id_, seed=old.seed, previous=old.outputs)
            inputs = dict(inputs)
            for path in unsent:
                put(inputs, path, get(old.inputs, path))
            changed = replace(old, urn=urn, inputs=inputs, outputs=kind.settle(inputs, context))
            refusals.refuse("update", changed, cloud)
            # Until an upgrade is over, Helm's last good revision is the one before it.
            cloud.put(helm.under_way(old, "upgrade") if helm.is_release(old) else changed)
            refusals.follow("update", changed, cloud)
            cloud.log(urn, changed.type, id_, "update", "start")
        with self._recorded(changed):
            self._pass_time(kind.seconds("update", inputs) * self.environment.pace, changed)
            self._hold(urn, "update", made=True, resource=changed)
        self._end(changed, "update")
        return changed

    def destroy(self, urn: str, id_: str) -> None:
        """Remove a resource; raises RefusedError where the cloud refuses that."""
        type_ = _type(urn)
        with self.store.look() as cloud:
            gone = cloud.existing(type_, id_, self.cluster(cloud))
        if gone is None:
            return
        with self._one_at_a_time(type_, gone.inputs):
            self._hold(urn, "delete", made=False)
            with self._step(urn, "delete", id_) as cloud:
                refusals.refuse("delete", gone, cloud)
                cloud.log(urn, type_, id_, "delete", "start")
            self._pass_time(kind_of(type_).seconds("delete", gone.inputs) * self.environment.pace)
            # What it needs to go in peace must be there until it is gone: that is the point of the order.
            with self._step(urn, "delete", id_, injected=False) as cloud:
                refusals.refuse("delete", gone, cloud)
                cloud.remove(gone)
                refusals.follow("delete", gone, cloud)
                cloud.log(urn, type_, id_, "delete", "made")
            self._hold(urn, "delete", made=True)
            self._end(gone, "delete")

    def _new(self, cloud: Cloud, urn: str, inputs: Properties, ready: float) -> Resource:
        kind, context = kind_of(_type(urn)), self._context(cloud, urn)
        id_ = kind.id_of(inputs, context)
        outputs = kind.settle(inputs, replace(context, id=id_))
        return Resource(_type(urn), id_, inputs, outputs, self.cluster(cloud), urn, context.seed, ready=ready)

    def _existing(self, cloud: Cloud, urn: str, id_: str) -> Resource:
        found = cloud.existing(_type(urn), id_, self.cluster(cloud))
        if found is None:
            raise RefusedError(f"{_type(urn)} {id_} does not exist")
        return found

    def _context(self, cloud: Cloud, urn: str) -> Context:
        number = cloud.times_created(urn)
        seed = f"{urn}#{number}" if number else urn
        return Context(self.environment.account, self.region(), cloud, self.default_tags(), urn=urn, seed=seed)

    @contextmanager
    def _step(self, urn: str, operation: str, id_: str = "", *, injected: bool = True) -> Iterator[Cloud]:
        """Give the cloud to change; a refusal is logged and changes nothing."""
        try:
            self._pass_time(0)
            with self.store.change() as cloud:
                if injected and self._shall_fail(urn, operation, cloud):
                    raise RefusedError(INJECTED)
                yield cloud
        except RefusedError as error:
            with self.store.change() as cloud:
                cloud.log(urn, _type(urn), id_, operation, "failed", detail=str(error))
            raise

    def _shall_fail(self, urn: str, operation: str, cloud: Cloud) -> bool:
        wanted = self.environment
        of_type = wanted.fail_types is None or _type(urn) in wanted.fail_types
        return operation in wanted.fail_once and of_type and not cloud.has_failed(urn, operation, INJECTED)

    @contextmanager
    def _recorded(self, resource: Resource) -> Iterator[None]:
        """Write down that Helm's operation on a release is over: when it is, and when the engine cancels it.

        Only a kill leaves it pending.
        """
        try:
            yield
        except RefusedError:
            self._over(resource)
            raise
        self._over(resource)

    def _over(self, resource: Resource) -> None:
        if helm.is_release(resource):
            with self.store.change() as cloud:
                cloud.put(resource)

    def _end(self, resource: Resource, operation: str) -> None:
        with self.store.change() as cloud:
            cloud.log(resource.urn, resource.type, resource.id, operation, "end")

    @contextmanager
    def _one_at_a_time(self, type_: str, inputs: Properties) -> Iterator[None]:
        queue = refusals.queue_of(type_, inputs)
        if queue is None:
            yield
        else:
            with self.serial.setdefault(queue, threading.Lock()):
                yield

    def _pass_time(self, seconds: float, resource: Resource | None = None) -> None:
        """Wait; raises if the engine cancels, HalfMadeError with what there is by then."""
        if self.cancelled.wait(seconds) if seconds else self.cancelled.is_set():
            raise RefusedError("cancelled") if resource is None else HalfMadeError("cancelled", resource)

    def _hold(self, urn: str, operation: str, *, made: bool, resource: Resource | None = None) -> None:
        hold = self.environment.hold
        if hold is None or (hold.operation, hold.made) != (operation, made) or not urn.endswith(f":{hold.name}"):
            return
        Path(hold.pipe).write_text(f"{operation} {urn}\n")
        self.cancelled.wait()
        if resource is None:
            raise RefusedError("cancelled")
        raise HalfMadeError("cancelled", resource)

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
        put(result, path, get(old, path) if path in old.get(DEFAULTED, []) else make(inputs, context))
    return {**result, DEFAULTED: list(given)} if given else result


def _has_fixed_name(kind: Kind, old: Properties, new: Properties) -> bool:
    """Return whether a resource and its replacement would have the same name, which the program chose."""
    fixed = [path for path in _names(kind) if path not in new.get(DEFAULTED, [])]
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


def _type(urn: str) -> str:
    """Return the type token of a resource from its URN, whose third part also names the types of its parents."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def _failures(problems: Mapping[str, str]) -> list[Any]:
    return [provider_pb2.CheckFailure(property=name, reason=reason) for name, reason in problems.items()]


@contextmanager
def _refusals(context: grpc.ServicerContext, inputs: Any = None) -> Iterator[None]:
    """Turn the cloud's refusals into the protocol's errors; `inputs` say what of a resource's outputs is secret."""
    try:
        yield
    except HalfMadeError as error:
        _abort_half_made(context, error, inputs)
    except (RefusedError, RehearsalError) as error:
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
