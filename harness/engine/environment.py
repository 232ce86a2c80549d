"""What provider doubles are told: one file in a folder that one environment variable names."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

from harness.model import EXAMPLE_ACCOUNT

VARIABLE: Final = "HARNESS_FOLDER"
FILE: Final = "environment.json"


@dataclass(frozen=True)
class Hold:
    """Where the fake cloud stops and waits: at one operation of one Pulumi resource.

    name: the end of its URN: the logical name, or class and name as in "Role::name". made: whether the change is done
    when it stops (the engine is not told), or not begun. pipe: the named pipe that is written to when it has stopped.
    """

    name: str
    operation: str
    made: bool
    pipe: str


@dataclass(frozen=True)
class Environment:
    """How the fake cloud behaves in one run of the engine.

    account: whose credentials are in use. deployer: their principal, None where it does not matter which. pace:
    seconds to wait for each second that the real thing takes. fail_once: the operations ("create", "update", "delete")
    that fail the first time they are tried on each resource. fail_types: of these types alone, None for all. hold: see
    Hold.
    """

    account: str = EXAMPLE_ACCOUNT
    deployer: str | None = None
    pace: float = 0.0
    fail_once: list[str] = field(default_factory=list)
    fail_types: list[str] | None = None
    hold: Hold | None = None

    def write(self, folder: Path) -> None:
        """Write it for the doubles that are started next."""
        (folder / FILE).write_text(json.dumps(asdict(self)))


def folder() -> Path:
    """Return the sandbox's folder; raises KeyError outside of a sandbox, where a double must not run."""
    return Path(os.environ[VARIABLE])


def read(folder: Path) -> Environment:
    """Return what the file in `folder` says."""
    values = json.loads((folder / FILE).read_text())
    hold = values.pop("hold")
    return Environment(**values, hold=Hold(**hold) if hold else None)
