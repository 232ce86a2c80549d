"""What exists in the fake cloud, and what happened to it: one SQLite file for all provider processes.

Every step is one transaction, and SQLite's write-ahead log survives a `kill -9` at any point of one: a step is either
there after it or not (https://www.sqlite.org/atomiccommit.html). An event is written in the transaction of the change
it tells of.
"""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from harness.properties import Properties

FILE: Final = "cloud.sqlite"

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS resource(
    key INTEGER PRIMARY KEY AUTOINCREMENT, type TEXT NOT NULL, id TEXT NOT NULL, cluster TEXT NOT NULL, urn TEXT NOT
    NULL, seed TEXT NOT NULL, inputs TEXT NOT NULL, outputs TEXT NOT NULL, maker INTEGER, ready REAL NOT NULL,
    UNIQUE(type, id, cluster));
CREATE TABLE IF NOT EXISTS event(
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, urn TEXT NOT NULL, type TEXT NOT NULL, id TEXT NOT NULL,
    operation TEXT NOT NULL, phase TEXT NOT NULL, detail TEXT NOT NULL);
"""

BUSY_SECONDS: Final = 60.0

GIVEN: Final = "given"
"""The seed of what was there before the program first ran."""


@dataclass(frozen=True)
class Resource:
    """One thing that exists.

    key: its place in the order of creation. id: the cloud's. cluster: the cluster it is in, "" for none.
    urn: of the Pulumi resource that made it. seed: what its made-up values come from. maker: the key of the thing that
    made it where Pulumi did not, as a controller makes a load balancer for an Ingress. ready: when it becomes usable
    (seconds since the epoch).
    """

    type: str
    id: str
    inputs: Properties = field(hash=False)
    outputs: Properties = field(hash=False)
    cluster: str = ""
    urn: str = ""
    seed: str = ""
    maker: int | None = None
    ready: float = 0.0
    key: int = 0

    @property
    def is_given(self) -> bool:
        """Whether it was there before the program first ran: a network that somebody else owns, for one."""
        return self.seed == GIVEN

    @property
    def name(self) -> str:
        """The logical name of the Pulumi resource, or the id of what Pulumi does not know."""
        return self.urn.rsplit("::", 1)[-1] or self.id

    def get(self, path: str) -> Any:
        """Return the first value at a dotted path of the outputs ("id" for the id), or None."""
        return next(iter(self.all(path)), None)

    def all(self, path: str) -> list[Any]:
        """Return every value at a dotted path of the outputs, through lists."""
        return [self.id] if path == "id" else values_at(self.outputs, path)

    def __str__(self) -> str:
        """Return how messages name it."""
        return f"{self.type.rsplit(':', 1)[-1]} {self.id}"


@dataclass(frozen=True)
class Event:
    """One step of an operation: phase "start", "end" or "failed" (`detail` says why), in the order they happened.

    at: seconds since the epoch. operation: "create", "update", "delete", "read".
    """

    number: int
    at: float
    urn: str
    type: str
    id: str
    operation: str
    phase: str
    detail: str

    @property
    def name(self) -> str:
        """The logical name of the Pulumi resource."""
        return self.urn.rsplit("::", 1)[-1]


class Cloud:
    """What exists at one moment; within `Store.change` also the way to change it."""

    def __init__(self, connection: sqlite3.Connection, now: float | None = None) -> None:
        self._connection = connection
        self.now: Final = time.time() if now is None else now

    @cached_property
    def resources(self) -> list[Resource]:
        """All that exists, oldest first."""
        return [_resource(row) for row in self._connection.execute("SELECT * FROM resource ORDER BY key")]

    def of(self, type_: str, cluster: str | None = None, /, **where: Any) -> list[Resource]:
        """Return the things of a type, of one cluster if it is given, whose outputs have these values."""
        return [
            resource
            for resource in self.resources
            if resource.type == type_
            and cluster in (None, resource.cluster)
            and all(resource.get(path) == value for path, value in where.items())
        ]

    def one(self, type_: str, path: str, value: object) -> Resource | None:
        """Return the thing of a type with `value` at `path` of its outputs, or None."""
        return next((r for r in self.resources if r.type == type_ and r.get(path) == value), None)

    def find(self, type_: str, property_: str, value: object) -> Properties | None:
        """Return the outputs of the thing of `type_` whose `property_` is `value`, or None."""
        found = self.one(type_, property_, value)
        return None if found is None else {**found.outputs, "id": found.id}

    def every(self, type_: str) -> list[Properties]:
        """Return the outputs of all things of `type_`; see `harness.kind.World`."""
        return [{**found.outputs, "id": found.id} for found in self.of(type_)]

    def existing(self, type_: str, id_: str, cluster: str = "") -> Resource | None:
        """Return the thing of a type with this id, or None."""
        return next((r for r in self.resources if (r.type, r.id, r.cluster) == (type_, id_, cluster)), None)

    def made_by(self, maker: Resource) -> list[Resource]:
        """Return what `maker` made without Pulumi."""
        return [resource for resource in self.resources if resource.maker == maker.key]

    def times_created(self, urn: str) -> int:
        """Return how many things a Pulumi resource has made so far, those that are gone included."""
        query = "SELECT COUNT(*) FROM event WHERE urn = ? AND operation = 'create' AND phase = 'start'"
        return int(self._connection.execute(query, (urn,)).fetchone()[0])

    def has_failed(self, urn: str, operation: str, detail: str) -> bool:
        """Return whether this operation has ever failed with this detail."""
        query = "SELECT 1 FROM event WHERE urn = ? AND operation = ? AND phase = 'failed' AND detail = ?"
        return self._connection.execute(query, (urn, operation, detail)).fetchone() is not None

    def add(self, resource: Resource) -> Resource:
        """Put a thing into the cloud and return it with its key."""
        r = resource
        cursor = self._connection.execute(
            "INSERT INTO resource(type, id, cluster, urn, seed, inputs, outputs, maker, ready)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (r.type, r.id, r.cluster, r.urn, r.seed, json.dumps(r.inputs), json.dumps(r.outputs), r.maker, r.ready),
        )
        added = replace(resource, key=cursor.lastrowid or 0)
        self.resources.append(added)
        return added

    def overwrite(self, resource: Resource) -> Resource:
        """Put a thing into the cloud, in the place of one with its id if there is one, and return it with its key."""
        before = self.existing(resource.type, resource.id, resource.cluster)
        if before is None:
            return self.add(resource)
        after = replace(resource, key=before.key)
        self.put(after)
        return after

    def put(self, resource: Resource) -> None:
        """Replace the thing of the same key."""
        self._connection.execute(
            "UPDATE resource SET id = ?, urn = ?, inputs = ?, outputs = ?, ready = ? WHERE key = ?",
            (
                resource.id,
                resource.urn,
                json.dumps(resource.inputs),
                json.dumps(resource.outputs),
                resource.ready,
                resource.key,
            ),
        )
        self.resources = [resource if other.key == resource.key else other for other in self.resources]

    def remove(self, resource: Resource) -> None:
        """Take a thing out of the cloud, and nothing else."""
        self._connection.execute("DELETE FROM resource WHERE key = ?", (resource.key,))
        self.resources = [other for other in self.resources if other.key != resource.key]

    def log(self, urn: str, type_: str, id_: str, operation: str, phase: str, *, detail: str = "") -> None:
        """Write an event."""
        self._connection.execute(
            "INSERT INTO event(at, urn, type, id, operation, phase, detail) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (time.time(), urn, type_, id_, operation, phase, detail),
        )


class Store:
    """The fake cloud in a folder, shared by processes and threads."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        self._own = threading.local()
        folder.mkdir(parents=True, exist_ok=True)
        self._connect().executescript(SCHEMA)

    def _connect(self) -> sqlite3.Connection:
        """Return this thread's connection."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = sqlite3.connect(self._path, timeout=BUSY_SECONDS, isolation_level=None)
            connection.execute("PRAGMA journal_mode = WAL")
            # With a write-ahead log, NORMAL loses nothing when a process is killed; only a power failure could.
            connection.execute("PRAGMA synchronous = NORMAL")
            self._own.connection = connection
        return connection

    @contextmanager
    def change(self, now: float | None = None) -> Iterator[Cloud]:
        """Give the cloud to look at and change; nothing of it stays if the block raises.

        now: the time in the cloud, in virtual time; None for the clock's.
        """
        connection = self._connect()
        connection.execute("BEGIN IMMEDIATE")
        try:
            yield Cloud(connection, now)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")

    @contextmanager
    def look(self) -> Iterator[Cloud]:
        """Give the cloud as it is at this moment."""
        connection = self._connect()
        connection.execute("BEGIN")
        try:
            yield Cloud(connection)
        finally:
            connection.execute("ROLLBACK")

    def resources(self) -> list[Resource]:
        """Return all that exists, oldest first."""
        with self.look() as cloud:
            return cloud.resources

    def events(self) -> list[Event]:
        """Return all that happened, in order."""
        return [Event(*row) for row in self._connect().execute("SELECT * FROM event ORDER BY number")]


def _resource(row: Sequence[Any]) -> Resource:
    key, type_, id_, cluster, urn, seed, inputs, outputs, maker, ready = row
    return Resource(type_, id_, json.loads(inputs), json.loads(outputs), cluster, urn, seed, maker, ready, key)


def values_at(value: Any, path: str) -> list[Any]:
    """Return what lies at a dotted `path`, through lists too: every value, no None."""
    found = [value]
    for part in path.split("."):
        found = [item.get(part) for item in _items(found) if isinstance(item, Mapping)]
    return [item for item in _items(found) if item is not None]


def _items(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list):
            yield from _items(value)
        else:
            yield value
