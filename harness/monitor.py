"""A resource monitor in the program's own process: it answers like the engine on a fake cloud, and records requests.

`pulumi.runtime.mocks` shows tests a resource's type, name and inputs. This monitor sees the raw requests: parents,
dependencies of each property, aliases, protection, providers. It stands in for the engine in what matters to a
program: inheritance of options, transforms (an ancestor's reach the children of a remote component too), default
providers that are switched off. https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go is
what it follows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2
from pulumi.runtime.sync_await import _sync_await

from harness import RefusedError, sdk
from harness.component import Child, Expansion, Made, Steps
from harness.kind import Context, NotFoundError, Place
from harness.model import Model
from harness.options import inherit, options_of, provider_urn, recorded
from harness.plan import STACK, Invocation, Message, Options, Plan, Registration
from harness.properties import (
    UNKNOWN,
    Properties,
    Secret,
    as_outputs,
    decode,
    encode,
    has_secret,
    resolve_references,
    reveal,
)

_STACK_REFERENCE: Final = "pulumi:pulumi:StackReference"
_GET_RESOURCE: Final = "pulumi:pulumi:getResource"
_STACK_OUTPUTS: Final = "pulumi:pulumi:readStackOutputs"
_STACK_RESOURCES: Final = "pulumi:pulumi:readStackResourceOutputs"

# Output values carry an input's dependencies into a remote component. Invoke transforms and state migrations are left
# out: the SDK then refuses a program that uses them, where a monitor that ignored them would mislead.
_FEATURES: Final = (
    resource_pb2.RESOURCE_MONITOR_FEATURE_SECRETS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_REFERENCES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_OUTPUT_VALUES,
    resource_pb2.RESOURCE_MONITOR_FEATURE_ALIAS_SPECS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_DELETED_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_REPLACE_WITH,
    resource_pb2.RESOURCE_MONITOR_FEATURE_TRANSFORMS,
    resource_pb2.RESOURCE_MONITOR_FEATURE_RESOURCE_HOOKS,
)

_SEVERITIES: Final = {engine_pb2.INFO: "info", engine_pb2.WARNING: "warning", engine_pb2.ERROR: "error"}


class Callbacks(_CallbackServicer):
    """The SDK's register of transforms without its gRPC server: the monitor calls them where they are."""

    def __init__(self, monitor: RecordingMonitor) -> None:
        self._monitor = monitor  # type: ignore[assignment]  # the SDK names the gRPC stub, whose methods this has
        self._callbacks = {}
        self._transforms = {}
        self._state_migrations = {}
        self._target = ""

    def call(self, token: str, request: resource_pb2.TransformRequest) -> resource_pb2.TransformResponse:
        """Run a transform and return what it made of the request."""
        response = _sync_await(self._callbacks[token](request.SerializeToString()))
        assert isinstance(response, resource_pb2.TransformResponse)  # noqa: S101  # narrows the SDK's Message
        return response


@dataclass(frozen=True)
class Request:
    """A registration that is under way.

    options: those that transforms see and change. checked: whether the SDK is asked about the inputs.
    """

    type: str
    name: str
    parent: str
    custom: bool
    remote: bool
    inputs: Properties
    options: resource_pb2.TransformResourceOptions
    dependencies: frozenset[str]
    property_dependencies: Mapping[str, frozenset[str]]
    transforms: tuple[str, ...] = ()
    checked: bool = True


@dataclass
class Inventory:
    """What exists in the fake cloud: outputs by resource type. It is the `World` that answers may look at."""

    outputs: dict[str, list[Properties]] = field(default_factory=dict)

    def add(self, type_: str, id_: object, outputs: Properties) -> None:
        """Add a resource."""
        self.outputs.setdefault(type_, []).append({"id": id_, **outputs})

    def find(self, type_: str, property_: str, value: object) -> Properties | None:
        """Return the outputs of the resource of a type whose property is `value`, or None."""
        return next((found for found in self.outputs.get(type_, []) if found.get(property_) == value), None)

    def every(self, type_: str) -> list[Properties]:
        """Return the outputs of all resources of a type."""
        return list(self.outputs.get(type_, []))


class RecordingMonitor:
    """Answers a program's requests and records them. Its methods are those of the engine's ResourceMonitor and Engine.

    model: how the cloud answers. unknown: answer as in a first preview, with computed values unknown. region: of
    resources whose provider names none.
    existing: what there is in the cloud before, as outputs (with "id") by resource type. stacks: the outputs of other
    stacks by the name that a stack reference uses. disabled_providers: packages that have no default provider.
    deployed: what the update before asked for; None before the first one. caller: the principal that runs Pulumi.
    """

    def __init__(  # noqa: PLR0913  # what the engine hands over
        self,
        project: str,
        stack: str,
        *,
        model: Model,
        unknown: bool = False,
        region: str = "",
        existing: Mapping[str, Sequence[Properties]] | None = None,
        stacks: Mapping[str, Properties] | None = None,
        disabled_providers: Iterable[str] = (),
        deployed: Plan | None = None,
        caller: str | None = None,
    ) -> None:
        self._model = model
        self._deployed = deployed
        self._caller = caller
        self._stacks = stacks or {}
        self.project = project
        self.stack = stack
        self.unknown = unknown
        self.region = region
        self.callbacks = Callbacks(self)
        self._disabled = frozenset(disabled_providers)
        self._inventory = Inventory({type_: list(found) for type_, found in (existing or {}).items()})
        self._registrations: dict[str, Registration] = {}
        self._transforms: dict[str, tuple[str, ...]] = {}
        self._stack_transforms: list[str] = []
        self._places: dict[str, Place] = {}
        self._invocations: list[Invocation] = []
        self._messages: list[Message] = []

    def plan(self) -> Plan:
        """Return what was recorded so far."""
        root = next((entry for entry in self._registrations.values() if entry.type == STACK), None)
        return Plan(
            project=self.project,
            stack=self.stack,
            unknown=self.unknown,
            registrations=tuple(self._registrations.values()),
            exports=root.outputs if root else {},
            invocations=tuple(self._invocations),
            messages=tuple(self._messages),
        )

    # The protocol. Method names are the service's.

    def GetDeploymentInfo(self, request: Any) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Say what this monitor can do."""
        return resource_pb2.DeploymentInfo(project=self.project, stack=self.stack, supportedFeatures=_FEATURES)

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        """Record a resource and answer with its id and outputs."""
        inputs, carried = decode(request.object)
        properties = {name: {*found.urns} for name, found in request.propertyDependencies.items()}
        for name, urns in carried.items():
            properties.setdefault(name, set()).update(urns)
        made, dependencies = self._register(
            Request(
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=request.custom,
                remote=request.remote,
                inputs=inputs,
                options=options_of(request),
                dependencies=frozenset(request.dependencies).union(*properties.values()),
                property_dependencies={name: frozenset(urns) for name, urns in properties.items()},
                transforms=tuple(callback.token for callback in request.transforms),
            )
        )
        return resource_pb2.RegisterResourceResponse(
            urn=made.urn,
            id=made.id if isinstance(made.id, str) else "",
            object=encode(made.outputs),
            propertyDependencies={
                name: resource_pb2.RegisterResourceResponse.PropertyDependencies(urns=sorted(urns))
                for name, urns in dependencies.items()
            },
        )

    def RegisterResourceOutputs(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        """Record the outputs of a component, or the exports of the stack."""
        outputs, _ = decode(request.outputs)
        self._registrations[request.urn] = replace(self._registrations[request.urn], outputs=outputs)
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Record a resource that exists already, and answer with what is known of it, else what one would be."""
        inputs = resolve_references(decode(request.properties)[0])
        urn = self._new_urn(request.parent, request.type, request.name)
        known = self._inventory.find(request.type, "id", request.id)
        if known is None and request.type == _STACK_REFERENCE:
            known = self._outputs_of(request.id)
        elif known is None:
            context = self._context(urn, request.provider)
            known = self._model.kind_of(request.type).settle(reveal(inputs), replace(context, id=request.id))
        self._registrations[urn] = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            custom=True,
            read=True,
            id=request.id,
            inputs=inputs,
            outputs=known,
            options=Options(provider=provider_urn(request.provider)),
            dependencies=frozenset(request.dependencies),
        )
        return resource_pb2.ReadResourceResponse(urn=urn, id=request.id, properties=encode(known))

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """Answer a provider function."""
        arguments, _ = decode(request.args)
        if request.tok == _GET_RESOURCE:
            return _invoke_response(self._resource_state(arguments["urn"]))
        if request.tok in (_STACK_OUTPUTS, _STACK_RESOURCES):
            return _invoke_response({"outputs": self._before(request.tok, arguments)})
        self._require_provider(request.tok, request.provider)
        wrong = sdk.invoke_problems(request.tok, arguments)
        if wrong:
            raise RefusedError(f"{request.tok}: " + "; ".join(f"{name} {reason}" for name, reason in wrong.items()))
        try:
            result = self._model.answer_of(request.tok)(arguments, self._place(request.provider))
        except NotFoundError as error:
            return resource_pb2.ResourceInvokeResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        self._invocations.append(Invocation(request.tok, arguments, provider_urn(request.provider)))
        return _invoke_response(result)

    def RegisterStackTransform(self, callback: Any) -> empty_pb2.Empty:  # noqa: N802
        """Take a transform that runs on every resource."""
        self._stack_transforms.append(callback.token)
        return empty_pb2.Empty()

    def RegisterResourceHook(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        """Take a hook; nothing is created here that it could run for."""
        return empty_pb2.Empty()

    def SignalAndWaitForShutdown(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        """Let the program end."""
        return empty_pb2.Empty()

    def Log(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        """Record a message, debug messages excepted."""
        if request.severity in _SEVERITIES:
            self._messages.append(Message(_SEVERITIES[request.severity], request.message, request.urn or None))
        return empty_pb2.Empty()

    def RequirePulumiVersion(self, request: Any) -> empty_pb2.Empty:  # noqa: N802
        """Accept any version range: there is no CLI here that could be too old."""
        return empty_pb2.Empty()

    # The engine's part.

    def _register(self, request: Request) -> tuple[Registration, Mapping[str, frozenset[str]]]:
        """Record a resource; return it and, for a remote component, what each of its outputs depends on."""
        parent = self._registrations.get(request.parent)
        if parent:
            inherit(request.options, parent.options)
        request = self._transformed(request)
        urn = self._new_urn(request.parent, request.type, request.name)
        self._transforms[urn] = request.transforms
        registration = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            custom=request.custom,
            remote=request.remote,
            inputs=request.inputs if request.remote else resolve_references(request.inputs),
            options=recorded(request.options),
            dependencies=request.dependencies,
            property_dependencies=request.property_dependencies,
        )
        self._registrations[urn] = registration
        if request.custom or request.remote:
            self._require_provider(request.type, request.options.provider)
            if request.checked:
                self._model.check(request.type, request.name, reveal(registration.inputs))
        if request.remote:
            return self._construct(registration)
        if request.custom:
            return self._create(registration), {}
        return registration, {}

    def _create(self, registration: Registration) -> Registration:
        """Make a resource in the fake cloud, or in a preview say what it would be."""
        kind = self._model.kind_of(registration.type)
        inputs = reveal(registration.inputs)
        context = self._context(registration.urn, registration.options.provider or "")
        wrong = self._model.limits(registration.type, kind.complete(inputs, context))
        if wrong:
            reasons = "; ".join(f"{path}: {reason}" for path, reason in wrong.items())
            raise RefusedError(f"{registration.type} {registration.name!r}: {reasons}")
        if self.unknown:
            id_: Any = UNKNOWN
            outputs = kind.preview(inputs, context, UNKNOWN)
        else:
            id_ = kind.id_of(inputs, context)
            outputs = kind.settle(inputs, replace(context, id=id_))
            self._inventory.add(registration.type, id_, outputs)
        secret = {name for name, value in registration.inputs.items() if has_secret(value)}
        secret.update(registration.options.additional_secret_outputs)
        marked = {name: Secret(value) if name in secret else value for name, value in outputs.items()}
        created = replace(registration, id=id_, outputs=marked)
        self._registrations[registration.urn] = created
        return created

    def _construct(self, component: Registration) -> tuple[Registration, Mapping[str, frozenset[str]]]:
        """Register what the provider of a remote component registers below it."""
        steps = self._model.expand_of(component.type)(
            component.name,
            component.inputs,
            component.property_dependencies,
            lambda reference: self._registrations[reference.urn].outputs,
        )
        expansion = self._expanded(component, steps)
        constructed = replace(component, outputs=expansion.outputs)
        self._registrations[component.urn] = constructed
        return constructed, expansion.dependencies

    def _expanded(self, component: Registration, steps: Steps) -> Expansion:
        urns = {"": component.urn}
        try:
            child = next(steps)
            while True:
                made = self._register_child(component, child, urns[child.parent])
                urns[child.name] = made.urn
                child = steps.send(Made(made.urn, made.id, made.outputs))
        except StopIteration as end:
            expansion: Expansion = end.value
            return expansion

    def _register_child(self, component: Registration, child: Child, parent: str) -> Registration:
        package = child.type.partition(":")[0]
        provider = component.options.providers.get(package, "")
        options = resource_pb2.TransformResourceOptions(
            depends_on=sorted(child.depends_on), ignore_changes=child.ignore_changes, provider=provider
        )
        properties = child.property_dependencies
        made, _ = self._register(
            Request(
                type=child.type,
                name=child.name,
                parent=parent,
                custom=True,
                remote=False,
                inputs=child.inputs,
                options=options,
                dependencies=child.depends_on.union(*properties.values()),
                property_dependencies=properties,
                # What a component's provider sends comes from no SDK of ours; a transform's part in it does, if we
                # have it.
                checked=sdk.is_imported(child.type),
            )
        )
        return made

    def _transformed(self, request: Request) -> Request:
        """Return a request after the transforms of the resource, its ancestors, the stack, in the engine's order."""
        tokens = list(request.transforms)
        ancestor: str | None = request.parent
        while ancestor:
            tokens += self._transforms.get(ancestor, ())
            ancestor = self._registrations[ancestor].parent
        for token in (*tokens, *self._stack_transforms):
            request = self._transformed_by(token, request)
        return request

    def _transformed_by(self, token: str, request: Request) -> Request:
        response = self.callbacks.call(
            token,
            resource_pb2.TransformRequest(
                type=request.type,
                name=request.name,
                custom=request.custom,
                parent=request.parent,
                properties=encode(as_outputs(request.inputs)),
                options=request.options,
            ),
        )
        inputs, _ = decode(response.properties)
        kept = {name: urns for name, urns in request.property_dependencies.items() if name in inputs}
        options = response.options if response.HasField("options") else request.options
        added = frozenset(options.depends_on) - request.dependencies
        return replace(
            request,
            inputs=inputs,
            options=options,
            property_dependencies=kept,
            dependencies=request.dependencies | added,
        )

    def _outputs_of(self, stack: str) -> Properties:
        if stack not in self._stacks:
            raise RefusedError(f"unknown stack {stack!r}; known here: {', '.join(self._stacks) or 'none'}")
        outputs = self._stacks[stack]
        secret = [name for name, value in outputs.items() if has_secret(value)]
        return {"name": stack, "outputs": outputs, "secretOutputNames": secret}

    def _before(self, function: str, arguments: Properties) -> Properties:
        """Return what the engine's functions tell of this stack as the update before left it: outputs, resources."""
        own = f"organization/{self.project}/{self.stack}"
        asked = arguments["name" if function == _STACK_OUTPUTS else "stackName"]
        if asked != own:
            raise RefusedError(f"unknown stack {asked!r}; its own is {own!r}")
        if self._deployed is None:
            return {}
        if function == _STACK_OUTPUTS:
            return dict(reveal(self._deployed.exports))
        return {
            entry.urn: {"type": entry.type, "outputs": reveal(resolve_references(entry.outputs))}
            for entry in self._deployed
        }

    def _resource_state(self, urn: str) -> Properties:
        found = self._registrations.get(urn)
        if found is None:
            raise RefusedError(f"unknown resource {urn}")
        return {"urn": urn, "id": found.id if isinstance(found.id, str) else "", "state": found.outputs}

    def _new_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN of a resource, as the engine makes it; raises RefusedError if it is taken."""
        above = parent.split("::")[2] if parent else STACK
        qualified = type_ if above == STACK else f"{above}${type_}"
        urn = f"urn:pulumi:{self.stack}::{self.project}::{qualified}::{name}"
        if urn in self._registrations:
            raise RefusedError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        return urn

    def _require_provider(self, token: str, provider: str) -> None:
        """Refuse a default provider that the stack's `pulumi:disable-default-providers` rules out."""
        package = token.partition(":")[0]
        if not provider and not self._disabled.isdisjoint({package, "*"}):
            raise RefusedError(f"Default provider for '{package}' disabled. '{token}' must use an explicit provider.")

    def _context(self, urn: str, provider: str) -> Context:
        place = self._place(provider)
        return Context(
            account=place.account,
            region=place.region,
            world=self._inventory,
            default_tags=place.default_tags,
            urn=urn,
        )

    def _place(self, provider: str) -> Place:
        """Return the account and region that a provider works in; the program's inputs to it say so."""
        urn = provider_urn(provider) or ""
        if urn not in self._places:
            self._places[urn] = self._place_of(self._registrations.get(urn))
        return self._places[urn]

    def _place_of(self, provider: Registration | None) -> Place:
        place = Place(self._model.account, self.region, self._inventory, caller=self._caller)
        return self._model.place_of(provider.type, reveal(provider.inputs), place) if provider else place


def _invoke_response(result: Properties) -> resource_pb2.ResourceInvokeResponse:
    fields: dict[str, Struct] = {"return": encode(result)}
    return resource_pb2.ResourceInvokeResponse(**fields)  # type: ignore[arg-type]  # "return" is a keyword
