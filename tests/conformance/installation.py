"""A bundle on the API server: every object created, and a pod of every workload."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from rehearsal.simulation.api_server import ApiServer, RefusedError
from tests.conformance.bundles import DEFINITION, Bundle, Object, label_of
from tests.conformance.pods import workloads

FIRST: Final = ("Namespace", DEFINITION, "PriorityClass", "ServiceAccount")
"""Kinds without which the server refuses others."""

INERT: Final = frozenset({
    "APIService", "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "ValidatingAdmissionPolicyBinding",
})  # fmt: skip
"""Kinds that are checked, but not stored: the server would ask pods that nobody runs about every other object.

A policy would hold for a moment after it is gone, and for the next bundle; test_tenants.py tries them."""


@dataclass
class Installation:
    """What the server said. refusals, warnings: of objects; pods: both, of a pod of each workload."""

    refusals: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    pods: list[str] = field(default_factory=list)


@contextmanager
def installed(server: ApiServer, bundle: Bundle) -> Iterator[Installation]:
    """Create all objects of a bundle, and take away again all but its definitions."""
    found = Installation()
    there: list[Object] = []
    try:
        for item in sorted((*bundle.definitions, *bundle.objects), key=_order):
            _install(server, item, found, there)
        for workload in workloads(bundle.objects):
            label = f"{label_of(workload.item)}: its pod"
            try:
                found.pods += [f"{label}: {text}" for text in server.create(workload.pod(), dry_run=True).warnings]
            except RefusedError as error:
                found.pods.append(f"{label}: {error}")
        yield found
    finally:
        for item in reversed(there):
            try:
                server.delete(item)
            except RefusedError as error:
                # A team's namespace is the platform's and the example's: the first of the two has deleted it.
                if error.status != 404:
                    raise


def _order(item: Object) -> int:
    return FIRST.index(item["kind"]) if item["kind"] in FIRST else len(FIRST)


def _install(server: ApiServer, item: Object, found: Installation, there: list[Object]) -> None:
    inert = item["kind"] in INERT
    try:
        answer = server.namespace(item) if item["kind"] == "Namespace" else server.apply(item, dry_run=inert)
    except RefusedError as error:
        found.refusals.append(f"{label_of(item)}: {error}")
        return
    found.warnings += [f"{label_of(item)}: {text}" for text in answer.warnings]
    if not inert and item["kind"] != DEFINITION:
        there.append(item)
