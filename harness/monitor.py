"""A resource monitor in the program's own process: it answers like the engine on a fake cloud, and records requests.

`pulumi.runtime.mocks` shows tests a resource's type, name and inputs. This monitor sees the raw requests: parents,
dependencies of each property, aliases, protection, providers. It speaks the engine's protocol; what the engine does
with the resources is in `harness.deployment`.
"""

from __future__ import annotations

from typing import Any, Final

from google.protobuf import empty_pb2
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime._callbacks import _CallbackServicer
from pulumi.runtime.proto import engine_pb2, provider_pb2, resource_pb2
from pulumi.runtime.sync_await import _sync_await

from harness import RefusedError, sdk
from harness.deployment import STACK_OUTPUTS, STACK_RESOURCES, Deployment, Request, Update
from harness.kind import NotFoundError
from harness.options import options_of, provider_urn
from harness.plan import STACK, Invocation, Message, Plan
from harness.properties import Properties, decode, encode

_GET_RESOURCE: Final = "pulumi:pulumi:getResource"

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


class RecordingMonitor:
    """Answers a program's requests and records them.

    Its methods are those of the engine's ResourceMonitor and Engine.
    """

    def __init__(self, update: Update) -> None:
        self._update = update
        self.callbacks = Callbacks(self)
        self._deployment = Deployment(update, self.callbacks.call)
        self._invocations: list[Invocation] = []
        self._messages: list[Message] = []

    def plan(self) -> Plan:
        """Return what was recorded so far."""
        registrations = self._deployment.registrations
        root = next((entry for entry in registrations if entry.type == STACK), None)
        return Plan(
            project=self._update.project,
            stack=self._update.stack,
            unknown=self._update.unknown,
            registrations=registrations,
            exports=root.outputs if root else {},
            invocations=tuple(self._invocations),
            messages=tuple(self._messages),
        )

    # The protocol. Method names are the service's.

    def GetDeploymentInfo(self, request: Any) -> resource_pb2.DeploymentInfo:  # noqa: N802
        """Say what this monitor can do."""
        return resource_pb2.DeploymentInfo(
            project=self._update.project, stack=self._update.stack, supportedFeatures=_FEATURES
        )

    def RegisterResource(self, request: Any) -> resource_pb2.RegisterResourceResponse:  # noqa: N802
        """Record a resource and answer with its id and outputs."""
        inputs, carried = decode(request.object)
        properties = {name: {*found.urns} for name, found in request.propertyDependencies.items()}
        for name, urns in carried.items():
            properties.setdefault(name, set()).update(urns)
        made, dependencies = self._deployment.register(
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
        self._deployment.complete(request.urn, decode(request.outputs)[0])
        return empty_pb2.Empty()

    def ReadResource(self, request: Any) -> resource_pb2.ReadResourceResponse:  # noqa: N802
        """Record a resource that exists already, and answer with its properties."""
        found = self._deployment.read(
            Request(
                type=request.type,
                name=request.name,
                parent=request.parent,
                custom=True,
                remote=False,
                inputs=decode(request.properties)[0],
                options=resource_pb2.TransformResourceOptions(provider=request.provider),
                dependencies=frozenset(request.dependencies),
                property_dependencies={},
            ),
            request.id,
        )
        return resource_pb2.ReadResourceResponse(urn=found.urn, id=request.id, properties=encode(found.outputs))

    def Invoke(self, request: Any) -> resource_pb2.ResourceInvokeResponse:  # noqa: N802
        """Answer a provider function."""
        arguments, _ = decode(request.args)
        if request.tok == _GET_RESOURCE:
            return _invoke_response(self._deployment.state_of(arguments["urn"]))
        if request.tok in (STACK_OUTPUTS, STACK_RESOURCES):
            return _invoke_response({"outputs": self._deployment.before(request.tok, arguments)})
        self._deployment.require_provider(request.tok, request.provider)
        wrong = sdk.invoke_problems(request.tok, arguments)
        if wrong:
            raise RefusedError(f"{request.tok}: " + "; ".join(f"{name} {reason}" for name, reason in wrong.items()))
        try:
            result = self._update.model.answer_of(request.tok)(arguments, self._deployment.place(request.provider))
        except NotFoundError as error:
            return resource_pb2.ResourceInvokeResponse(failures=[provider_pb2.CheckFailure(reason=str(error))])
        self._invocations.append(Invocation(request.tok, arguments, provider_urn(request.provider)))
        return _invoke_response(result)

    def RegisterStackTransform(self, callback: Any) -> empty_pb2.Empty:  # noqa: N802
        """Take a transform that runs on every resource."""
        self._deployment.stack_transforms.append(callback.token)
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


def _invoke_response(result: Properties) -> resource_pb2.ResourceInvokeResponse:
    fields: dict[str, Struct] = {"return": encode(result)}
    return resource_pb2.ResourceInvokeResponse(**fields)  # type: ignore[arg-type]  # "return" is a keyword
