"""Creates a stack once more in virtual time: nothing is waited for, and every edge that is missing is seen.

On the engine a resource that depends on too little may still be created late enough, by luck or because the machine is
slow. Here each is created at the moment at which all that it waits for exists, and no later (see `schedule`), in a
cloud of its own and under the same rules.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from harness import RefusedError
from harness.engine.rules import Rules
from harness.engine.schedule import Entry, Schedule, schedule, tasks_of
from harness.engine.store import Resource, Store
from harness.model import Model


@dataclass(frozen=True)
class Refusal:
    """A creation that the cloud refuses. at: when (seconds from the start). reason: what the cloud says."""

    urn: str
    at: float
    reason: str


def replay(entries: Iterable[Entry], cloud: Iterable[Resource], model: Model, rules: Rules) -> list[Refusal]:
    """Return what is refused when a stack is created as early as its dependencies allow.

    entries: the resources in the stack's state, as `pulumi stack export` gives them. cloud: what exists in the fake
    cloud: what the stack created is created anew, what was there before and what other stacks created is there before.
    What Pulumi did not create follows again from the rules. A resource that is refused is created all the same.
    """
    found = schedule(tasks_of(entries, model, rules))
    existing = list(cloud)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder))
        with store.change() as before:
            others = [resource for resource in existing if resource.urn not in found.slots and resource.maker is None]
            for resource in others:
                before.add(replace(resource, ready=0.0))
            for resource in others:
                rules.follow("create", resource, before)
        return _created(found, {resource.urn: resource for resource in existing}, store, rules)


def _created(found: Schedule, made: dict[str, Resource], store: Store, rules: Rules) -> list[Refusal]:
    refusals = []
    for urn, slot in sorted(found.slots.items(), key=lambda item: item[1].start):
        if urn not in made:
            continue
        with store.change(now=slot.start) as cloud:
            resource = replace(made[urn], ready=slot.end)
            try:
                rules.refuse("create", resource, cloud)
            except RefusedError as error:
                refusals.append(Refusal(urn, slot.start, str(error)))
            rules.follow("create", cloud.overwrite(resource), cloud)
    return refusals
