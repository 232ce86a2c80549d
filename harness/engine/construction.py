"""Remote components: a provider that registers the children of a component with the engine that requests it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import grpc
from pulumi.runtime.proto import provider_pb2, resource_pb2, resource_pb2_grpc

from harness import sdk
from harness.component import Child, ChildFailedError, Expand, Expansion, Made, Steps
from harness.engine import known
from harness.engine.serve import SIZES
from harness.model import Model
from harness.properties import UNKNOWN, Properties, Reference, decode, encode


class InputError(ValueError):
    """The SDK does not know an input of the component; the message names it."""


def construct(request: Any, model: Model) -> Any:
    """Register a component with its children and return the response; `request` is a ConstructRequest.

    Raises UnmodelledError for a component that the fake cloud does not know, ValueError for inputs that the SDK or the
    fake cloud does not know, ChildFailedError where the engine could not make a child.
    """
    expand = model.expand_of(request.type)
    with grpc.insecure_channel(request.monitorEndpoint, options=SIZES) as channel:
        return _Construction(request, resource_pb2_grpc.ResourceMonitorStub(channel)).run(expand)


class _Construction:
    def __init__(self, request: Any, monitor: resource_pb2_grpc.ResourceMonitorStub) -> None:
        self.request = request
        self.monitor = monitor
        self.urns: dict[str, str] = {}
        self.inputs, carried = decode(request.inputs)
        given = {name: set(entry.urns) for name, entry in request.inputDependencies.items()}
        self.dependencies = {name: given.get(name, set()) | carried.get(name, set()) for name in {**given, **carried}}

    def run(self, expand: Expand) -> Any:
        problems = known.input_problems(self.request.type, self.inputs)
        if problems:
            raise InputError(
                f"{self.request.name}: " + "; ".join(f"{path} {reason}" for path, reason in problems.items())
            )
        component = self._register_component()
        expansion = self._expand(expand(self.request.name, self.inputs, self.dependencies, self._look_up))
        outputs = encode(expansion.outputs)
        self.monitor.RegisterResourceOutputs(
            resource_pb2.RegisterResourceOutputsRequest(urn=component, outputs=outputs)
        )
        response = provider_pb2.ConstructResponse
        dependencies = {
            name: response.PropertyDependencies(urns=sorted(urns)) for name, urns in expansion.dependencies.items()
        }
        return response(urn=component, state=outputs, stateDependencies=dependencies)

    def _expand(self, steps: Steps) -> Expansion:
        try:
            child = next(steps)
            while True:
                try:
                    made = self._register(child)
                except grpc.RpcError as error:
                    child = steps.throw(ChildFailedError(error.details() or ""))
                else:
                    child = steps.send(made)
        except StopIteration as end:
            expansion: Expansion = end.value
            return expansion

    def _register_component(self) -> str:
        request = self.request
        response = self.monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=request.type,
                name=request.name,
                parent=request.parent,
                object=request.inputs,
                protect=request.protect,
                providers=request.providers,
                aliases=request.aliases,
                dependencies=request.dependencies,
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
            )
        )
        self.urns[""] = response.urn
        return str(response.urn)

    def _register(self, child: Child) -> Made:
        needed = {name: sorted(urns) for name, urns in child.property_dependencies.items()}
        everything = {urn for urns in needed.values() for urn in urns} | child.depends_on
        entry = resource_pb2.RegisterResourceRequest.PropertyDependencies
        response = self.monitor.RegisterResource(
            resource_pb2.RegisterResourceRequest(
                type=child.type,
                name=child.name,
                parent=self.urns[child.parent],
                custom=True,
                object=encode(child.inputs),
                protect=self.request.protect,
                provider=self.request.providers.get(child.type.split(":")[0], ""),
                # Without one the engine finds out later and takes it for an update.
                version=sdk.version(child.type.split(":")[2]) if child.type.startswith("pulumi:providers:") else "",
                dependencies=sorted(everything),
                propertyDependencies={name: entry(urns=urns) for name, urns in needed.items()},
                ignoreChanges=child.ignore_changes,
                acceptSecrets=True,
                acceptResources=True,
                supportsPartialValues=True,
            )
        )
        self.urns[child.name] = response.urn
        return Made(response.urn, response.id or UNKNOWN, decode(response.object)[0])

    def _look_up(self, reference: Reference) -> Properties:
        arguments = encode({"urn": reference.urn})
        request = resource_pb2.ResourceInvokeRequest(
            tok="pulumi:pulumi:getResource", args=arguments, acceptResources=True
        )
        found = decode(getattr(self.monitor.Invoke(request), "return"))[0]
        state = found.get("state")
        return dict(state) if isinstance(state, Mapping) else {}
