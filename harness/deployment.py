"""What the engine does with a program's resources, on a fake cloud: options are inherited, transforms run, cloud asked.

https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/source_eval.go is what it follows: an ancestor's
transforms reach the children of a remote component too, and default providers can be switched off.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from pulumi.runtime.proto import resource_pb2

from harness import RefusedError, sdk
from harness.component import Child, Expansion, Made, Steps
from harness.kind import Context, Place
from harness.model import Model
from harness.options import inherit, provider_urn, recorded
from harness.plan import STACK, Options, Plan, Registration
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
STACK_OUTPUTS: Final = "pulumi:pulumi:readStackOutputs"
STACK_RESOURCES: Final = "pulumi:pulumi:readStackResourceOutputs"

Transform = Callable[[str, resource_pb2.TransformRequest], resource_pb2.TransformResponse]
"""Runs the transform of a token on a request."""


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


@dataclass(frozen=True, kw_only=True)
class Update:
    """What the engine hands over for one update of a stack.

    model: how the cloud answers. unknown: answer as in a first preview, with computed values unknown. region: of
    resources whose provider names none. existing: what there is in the cloud before, as outputs (with "id") by resource
    type. stacks: the outputs of other stacks by the name that a stack reference uses. disabled_providers: packages that
    have no default provider. deployed: what the update before asked for; None before the first one. caller: the
    principal that runs Pulumi.
    """

    project: str
    stack: str
    model: Model
    unknown: bool = False
    region: str = ""
    existing: Mapping[str, Sequence[Properties]] = field(default_factory=dict)
    stacks: Mapping[str, Properties] = field(default_factory=dict)
    disabled_providers: Collection[str] = ()
    deployed: Plan | None = None
    caller: str | None = None


class Deployment:
    """The resources of one update: what a program registers and reads, and what the fake cloud makes of it.

    transform: how a transform is run.
    """

    def __init__(self, update: Update, transform: Transform) -> None:
        self._update = update
        self._model = update.model
        self._transform = transform
        self._inventory = Inventory({type_: list(found) for type_, found in update.existing.items()})
        self._registrations: dict[str, Registration] = {}
        self._transforms: dict[str, tuple[str, ...]] = {}
        self.stack_transforms: list[str] = []
        self._places: dict[str, Place] = {}

    @property
    def registrations(self) -> tuple[Registration, ...]:
        """What was registered and read so far, in order."""
        return tuple(self._registrations.values())

    def complete(self, urn: str, outputs: Properties) -> None:
        """Record the outputs of a component, or the exports of the stack."""
        self._registrations[urn] = replace(self._registrations[urn], outputs=outputs)

    def read(self, request: Request, id_: str) -> Registration:
        """Record a resource that exists already, with what is known of it, else what one would be."""
        inputs = resolve_references(request.inputs)
        provider = request.options.provider
        urn = self._new_urn(request.parent, request.type, request.name)
        known = self._inventory.find(request.type, "id", id_)
        if known is None and request.type == _STACK_REFERENCE:
            known = self._outputs_of(id_)
        elif known is None:
            context = self._context(urn, provider)
            known = self._model.kind_of(request.type).settle(reveal(inputs), replace(context, id=id_))
        found = Registration(
            urn=urn,
            type=request.type,
            name=request.name,
            parent=request.parent or None,
            custom=True,
            read=True,
            id=id_,
            inputs=inputs,
            outputs=known,
            options=Options(provider=provider_urn(provider)),
            dependencies=request.dependencies,
        )
        self._registrations[urn] = found
        return found

    def register(self, request: Request) -> tuple[Registration, Mapping[str, frozenset[str]]]:
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
            self.require_provider(request.type, request.options.provider)
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
        if self._update.unknown:
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
        made, _ = self.register(
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
        for token in (*tokens, *self.stack_transforms):
            request = self._transformed_by(token, request)
        return request

    def _transformed_by(self, token: str, request: Request) -> Request:
        response = self._transform(
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
        if stack not in self._update.stacks:
            raise RefusedError(f"unknown stack {stack!r}; known here: {', '.join(self._update.stacks) or 'none'}")
        outputs = self._update.stacks[stack]
        secret = [name for name, value in outputs.items() if has_secret(value)]
        return {"name": stack, "outputs": outputs, "secretOutputNames": secret}

    def before(self, function: str, arguments: Properties) -> Properties:
        """Return what the engine's functions tell of this stack as the update before left it: outputs, resources."""
        own = f"organization/{self._update.project}/{self._update.stack}"
        asked = arguments["name" if function == STACK_OUTPUTS else "stackName"]
        if asked != own:
            raise RefusedError(f"unknown stack {asked!r}; its own is {own!r}")
        if self._update.deployed is None:
            return {}
        if function == STACK_OUTPUTS:
            return dict(reveal(self._update.deployed.exports))
        return {
            entry.urn: {"type": entry.type, "outputs": reveal(resolve_references(entry.outputs))}
            for entry in self._update.deployed
        }

    def state_of(self, urn: str) -> Properties:
        """Return the state of a resource, as `pulumi:pulumi:getResource` does; raises RefusedError if it is unknown."""
        found = self._registrations.get(urn)
        if found is None:
            raise RefusedError(f"unknown resource {urn}")
        return {"urn": urn, "id": found.id if isinstance(found.id, str) else "", "state": found.outputs}

    def _new_urn(self, parent: str, type_: str, name: str) -> str:
        """Return the URN of a resource, as the engine makes it; raises RefusedError if it is taken."""
        above = parent.split("::")[2] if parent else STACK
        qualified = type_ if above == STACK else f"{above}${type_}"
        urn = f"urn:pulumi:{self._update.stack}::{self._update.project}::{qualified}::{name}"
        if urn in self._registrations:
            raise RefusedError(f"Duplicate resource URN '{urn}'; try giving it a unique name")
        return urn

    def require_provider(self, token: str, provider: str) -> None:
        """Refuse a default provider that the stack's `pulumi:disable-default-providers` rules out."""
        package = token.partition(":")[0]
        if not provider and not {package, "*"}.isdisjoint(self._update.disabled_providers):
            raise RefusedError(f"Default provider for '{package}' disabled. '{token}' must use an explicit provider.")

    def _context(self, urn: str, provider: str) -> Context:
        place = self.place(provider)
        return Context(
            account=place.account,
            region=place.region,
            world=self._inventory,
            default_tags=place.default_tags,
            urn=urn,
        )

    def place(self, provider: str) -> Place:
        """Return the account and region that a provider works in; the program's inputs to it say so."""
        urn = provider_urn(provider) or ""
        if urn not in self._places:
            self._places[urn] = self._place_of(self._registrations.get(urn))
        return self._places[urn]

    def _place_of(self, provider: Registration | None) -> Place:
        place = Place(self._model.account, self._update.region, self._inventory, caller=self._update.caller)
        return self._model.place_of(provider.type, reveal(provider.inputs), place) if provider else place
