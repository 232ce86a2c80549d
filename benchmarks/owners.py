"""Whose code a preview runs: shares of its CPU time, found by a look at the stack of calls each millisecond of it.

`make bench` prints them. The SDKs' share is that of the Pulumi packages and of all that only they use: their imports,
and what they do for each resource of the program. What the program and its rehearsal chose to use (pydantic, PyYAML)
counts as our own.
"""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import FrameType
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]

OWN: Final = "our own code"
LIBRARIES: Final = "pydantic and PyYAML"
SDKS: Final = "the SDKs"
PYTHON: Final = "Python itself"

_CHOSEN: Final = frozenset({"annotated_types", "pydantic", "pydantic_core", "typing_inspection", "yaml"})
_EITHERS: Final = frozenset({"google", "typing_extensions"})
"""Libraries that both use: what they do is done for their caller."""

_SECONDS: Final = 0.001


def owner_of(frame: FrameType | None) -> str:
    """Return whose work a stack of calls is: that of the innermost call which is not of Python's own library."""
    while frame is not None:
        owner = _owner_of_file(frame.f_code.co_filename) or _owner_of_import(frame)
        if owner:
            return owner
        frame = frame.f_back
    return PYTHON


def _owner_of_file(file: str) -> str:
    """Return whose a file is; nothing if it says nothing."""
    _, installed, path = file.partition("/site-packages/")
    if installed:
        return _owner_of_package(path.partition("/")[0].removesuffix(".py"))
    return OWN if Path(file).is_relative_to(ROOT) else ""


def _owner_of_import(frame: FrameType) -> str:
    """Return whose the module is that a call of the import system imports; nothing for any other call."""
    if frame.f_code.co_name != "_find_and_load":
        return ""
    package = str(frame.f_locals.get("name", "")).partition(".")[0]
    if package in sys.stdlib_module_names:
        return ""
    if package == "google":
        return SDKS
    return OWN if (ROOT / package).is_dir() or (ROOT / f"{package}.py").is_file() else _owner_of_package(package)


def _owner_of_package(package: str) -> str:
    if package in _EITHERS:
        return ""
    return LIBRARIES if package in _CHOSEN else SDKS


@contextlib.contextmanager
def sampled() -> Iterator[Counter[str]]:
    """Count, while the block runs, whose code is running each millisecond of CPU time."""
    found = Counter[str]()

    def sample(_signal: int, frame: FrameType | None) -> None:
        found[owner_of(frame)] += 1

    before = signal.signal(signal.SIGPROF, sample)
    signal.setitimer(signal.ITIMER_PROF, _SECONDS, _SECONDS)
    try:
        yield found
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def own_share(samples: Mapping[str, int]) -> float:
    """Return what share of some samples is our own: our code and the libraries that we chose."""
    return (samples.get(OWN, 0) + samples.get(LIBRARIES, 0)) / max(1, sum(samples.values()))


def main() -> None:
    """Print whose code the preview of a stack runs: `python -m benchmarks.owners STACK`."""
    sys.argv[1:] = ["--stack", sys.argv[1]]
    with sampled() as found, contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
        runpy.run_module("rehearsal.preview", run_name="__main__", alter_sys=True)
    print(json.dumps({"samples": found, "share": own_share(found)}))


if __name__ == "__main__":
    main()
