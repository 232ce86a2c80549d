"""What a provider double does in the fake cloud: create, change and delete, in the time that it takes."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Final

from harness import RefusedError
from harness.engine import environment
from harness.engine.rules import Rules
from harness.engine.store import Cloud, Resource, Store
from harness.kind import Context, Kind, get, put
from harness.model import Model
from harness.properties import Properties

INJECTED: Final = "failed on purpose, as it does the first time"


class HalfMadeError(RefusedError):
    """The cloud said no after the resource was there."""

    def __init__(self, reason: str, resource: Resource) -> None:
        super().__init__(reason)
        self.resource = resource


class Operations:
    """The operations of one provider on the cloud in a folder, and what a provider does differently from others.

    model: how its cloud answers. rules: what it refuses, and what follows from a change.
    """

    model: ClassVar[Model]
    rules: ClassVar[Rules]

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
        """Return the cluster that its objects live in, "" for none; raises RefusedError if it cannot be reached."""
        return ""

    def default_tags(self) -> Properties:
        """Return the tags that the provider puts on every resource."""
        return {}

    def given(self, kind: Kind, inputs: Properties) -> Properties:
        """Return the inputs with what the provider's own configuration adds to each resource."""
        return inputs

    def named(self, cloud: Cloud, type_: str, id_: str) -> Resource | None:
        """Return what a program, or `pulumi import`, names by an id; None if there is no such thing."""
        return cloud.existing(type_, id_, self.cluster(cloud))

    # The operations.

    def make(self, urn: str, inputs: Properties) -> Resource:
        """Make a resource and return it; raises RefusedError where the cloud refuses it."""
        type_ = type_of(urn)
        kind = self.model.kind_of(type_)
        with self._one_at_a_time(type_, inputs):
            self._hold(urn, "create", made=False)
            with self._step(urn, "create") as cloud:
                seconds = kind.seconds("create", inputs) * self.environment.pace
                new = self._new(cloud, urn, inputs, cloud.now + seconds)
                self.rules.refuse("create", new, cloud)
                add = cloud.overwrite if type_ in self.rules.overwritten else cloud.add
                pending = self.rules.under_way("create", new, None)
                made = replace(add(pending), outputs=new.outputs)
                self.rules.follow("create", made, cloud)
                cloud.log(urn, type_, made.id, "create", "start")
            with self._recorded(made, pending=pending != new):
                self._pass_time(seconds, made)
                self._hold(urn, "create", made=True, resource=made)
            self._end(made, "create")
        return made

    def alter(self, urn: str, id_: str, inputs: Properties, unsent: Collection[str] = ()) -> Resource:
        """Change a resource and return it; raises RefusedError where the cloud refuses the change.

        unsent: inputs (dotted paths) that stay as the cloud has them.
        """
        kind = self.model.kind_of(type_of(urn))
        self._hold(urn, "update", made=False)
        with self._step(urn, "update", id_) as cloud:
            old = self._existing(cloud, urn, id_)
            context = replace(self.context(cloud, urn), id=id_, seed=old.seed, previous=old.outputs)
            inputs = dict(inputs)
            for path in unsent:
                put(inputs, path, get(old.inputs, path))
            changed = replace(old, urn=urn, inputs=inputs, outputs=kind.settle(inputs, context))
            self.rules.refuse("update", changed, cloud)
            pending = self.rules.under_way("update", changed, old)
            cloud.put(pending)
            self.rules.follow("update", changed, cloud)
            cloud.log(urn, changed.type, id_, "update", "start")
        with self._recorded(changed, pending=pending != changed):
            self._pass_time(kind.seconds("update", inputs) * self.environment.pace, changed)
            self._hold(urn, "update", made=True, resource=changed)
        self._end(changed, "update")
        return changed

    def destroy(self, urn: str, id_: str) -> None:
        """Remove a resource; raises RefusedError where the cloud refuses that."""
        type_ = type_of(urn)
        with self.store.look() as cloud:
            found = cloud.existing(type_, id_, self.cluster(cloud))
        if found is None:
            return
        with self._one_at_a_time(type_, found.inputs):
            self._hold(urn, "delete", made=False)
            with self._step(urn, "delete", id_) as cloud:
                self.rules.refuse("delete", found, cloud)
                cloud.log(urn, type_, id_, "delete", "start")
            self._pass_time(self.model.kind_of(type_).seconds("delete", found.inputs) * self.environment.pace)
            # What it needs to go in peace must be there until it is gone: that is the point of the order.
            with self._step(urn, "delete", id_, injected=False) as cloud:
                self.rules.refuse("delete", found, cloud)
                cloud.remove(found)
                self.rules.follow("delete", found, cloud)
                cloud.log(urn, type_, id_, "delete", "made")
            self._hold(urn, "delete", made=True)
            self._end(found, "delete")

    def _new(self, cloud: Cloud, urn: str, inputs: Properties, ready: float) -> Resource:
        kind, context = self.model.kind_of(type_of(urn)), self.context(cloud, urn)
        id_ = kind.id_of(inputs, context)
        outputs = kind.settle(inputs, replace(context, id=id_))
        return Resource(type_of(urn), id_, inputs, outputs, self.cluster(cloud), urn, context.seed, ready=ready)

    def _existing(self, cloud: Cloud, urn: str, id_: str) -> Resource:
        found = cloud.existing(type_of(urn), id_, self.cluster(cloud))
        if found is None:
            raise RefusedError(f"{type_of(urn)} {id_} does not exist")
        return found

    def context(self, cloud: Cloud, urn: str) -> Context:
        """Return what the answers about a resource depend on."""
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
                cloud.log(urn, type_of(urn), id_, operation, "failed", detail=str(error))
            raise

    def _shall_fail(self, urn: str, operation: str, cloud: Cloud) -> bool:
        wanted = self.environment
        of_type = wanted.fail_types is None or type_of(urn) in wanted.fail_types
        return operation in wanted.fail_once and of_type and not cloud.has_failed(urn, operation, INJECTED)

    @contextmanager
    def _recorded(self, resource: Resource, *, pending: bool) -> Iterator[None]:
        """Write down that an operation is over: when it is, and when the engine cancels it.

        Only a kill leaves the resource under way.
        """
        try:
            yield
        except RefusedError:
            self._settle(resource, pending=pending)
            raise
        self._settle(resource, pending=pending)

    def _settle(self, resource: Resource, *, pending: bool) -> None:
        if pending:
            with self.store.change() as cloud:
                cloud.put(resource)

    def _end(self, resource: Resource, operation: str) -> None:
        with self.store.change() as cloud:
            cloud.log(resource.urn, resource.type, resource.id, operation, "end")

    @contextmanager
    def _one_at_a_time(self, type_: str, inputs: Properties) -> Iterator[None]:
        queue = self.rules.queue_of(type_, inputs)
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


def type_of(urn: str) -> str:
    """Return the type token of a resource from its URN, whose third part also names the types of its parents."""
    return urn.split("::")[2].rsplit("$", 1)[-1]
