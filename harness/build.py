"""Programs in Go that are built where they cannot be had otherwise: pinned by a Go module, built once into a cache."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path


class NoToolError(RuntimeError):
    """A tool is not in the cache, and there is no Go to build it; the message says what to do."""


@dataclass(frozen=True)
class Tool:
    """A program in Go.

    name: of the executable. module: the folder of the Go module that pins it. package: what is built. source: the
    module whose version in go.mod is the tool's. linked: variables that the build sets, by package and name, where
    {version}, {major} and {minor} stand for the tool's. tags: build tags. cache: the folder in the user's cache.
    about: how long the build takes on two cores, in words.
    """

    name: str
    module: Path
    package: str
    source: str
    linked: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    cache: str = "pulumi-harness"
    about: str = "some minutes"

    def version(self) -> tuple[int, int, int]:
        """Return the version that go.mod pins; raises ValueError where it does not."""
        return parse_version(self.pin())

    def pin(self) -> str:
        """Return the version that go.mod pins as it is there, such as "v1.2.3", or that of a commit; see `version`."""
        found = re.search(rf"^(?:require)?\s*{re.escape(self.source)} (v\S+)", self.manifest.read_text(), re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.manifest} does not pin {self.source}")
        return found[1]

    @property
    def manifest(self) -> Path:
        """The module's go.mod."""
        return self.module / "go.mod"

    def cache_folder(self) -> Path:
        """Return where the tool is built to: a folder of its own for each version."""
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return base / self.cache / self.name / self.pin().removeprefix("v")

    def require_go(self) -> None:
        """Raise NoToolError where there is no Go."""
        if shutil.which("go") is None:
            raise NoToolError(f"no Go to build {self.name} with, which is not in the cache: https://go.dev/dl/")

    def go(self, *arguments: str) -> str:
        """Run Go in the tool's module, and return what it prints.

        Raises NoToolError where there is no Go, subprocess.CalledProcessError where it fails.
        """
        self.require_go()
        return subprocess.run(["go", *arguments], cwd=self.module, stdout=subprocess.PIPE, text=True, check=True).stdout


def parse_version(text: str) -> tuple[int, int, int]:
    """Return the three numbers of a version such as "v3.259.0-dev.1"; raises ValueError where there are none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise ValueError(f"not a version: {text!r}")
    return int(found[1]), int(found[2]), int(found[3])


def built(tool: Tool) -> Path | None:
    """Return the tool's executable if it is in the cache."""
    binary = tool.cache_folder() / tool.name
    return binary if binary.is_file() and binary.stat().st_mode & stat.S_IXUSR else None


def build(tool: Tool, position: str = "") -> Path:
    """Return the tool's executable; it is built if it is not in the cache.

    position: which of how many builds it is, such as "1 of 3: ", for the line that says what is built.

    Raises NoToolError without Go, subprocess.CalledProcessError where the build fails.
    """
    if binary := built(tool):
        return binary
    tool.require_go()
    folder = tool.cache_folder()
    version = ".".join(map(str, tool.version()))
    what = f"{position}building {tool.name} {version} with Go into {folder}"
    print(f"{what}, once ({tool.about} on two cores)", file=sys.stderr)
    begun = time.monotonic()
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        fresh = Path(scratch) / tool.name
        tool.go("build", "-trimpath", *_flags(tool), "-o", str(fresh), tool.package)
        install(fresh, folder / tool.name, executable=True)
    print(f"built {tool.name} in {time.monotonic() - begun:.0f} s", file=sys.stderr)
    return folder / tool.name


def _flags(tool: Tool) -> list[str]:
    major, minor, patch = tool.version()
    names = {"version": f"v{major}.{minor}.{patch}", "major": major, "minor": minor}
    linked = [f"-X {variable.format(**names)}" for variable in tool.linked]
    return [*(["-tags", ",".join(tool.tags)] if tool.tags else []), "-ldflags", " ".join(["-s", "-w", *linked])]


def install(source: Path, target: Path, *, executable: bool) -> None:
    """Put a copy of `source` at `target` in one step, so that two builds at once cannot leave half a file."""
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)
    Path(name).chmod(0o755 if executable else 0o644)
    Path(name).replace(target)
