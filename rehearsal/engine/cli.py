"""The Pulumi CLI: found on PATH, or built once with Go into a cache outside the tree.

`python -m rehearsal.engine.cli` prints the path of the CLI that rehearsals and engine tests use.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

MODULE: Final = Path(__file__).resolve().parents[2] / "tools" / "pulumi"
"""The Go module that pins the CLI; the version in it is also the oldest that is taken from PATH (only it is tested)."""

COMMAND: Final = "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi"
SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
INSTALL: Final = "curl -fsSL https://get.pulumi.com | sh"
LANGUAGE_HOST: Final = "pulumi-language-python"
RUNNER: Final = "pulumi-language-python-exec"
"""The script that runs a Python program for a language host; the official installation has it beside the CLI."""


class NoCliError(RuntimeError):
    """There is no Pulumi CLI and none can be built; the message says how to install one."""


@dataclass(frozen=True)
class Cli:
    """A Pulumi CLI.

    path: the executable.
    runner: the script that runs a Python program, for our language host.
    official_host: whether the official Python language host is installed with it; ours is then not used.
    """

    path: Path
    runner: Path | None
    official_host: bool


def pinned_version() -> tuple[int, int, int]:
    """Return the CLI's version in tools/pulumi/go.mod."""
    found = re.search(r"github\.com/pulumi/pulumi/pkg/v3 v([\d.]+)", (MODULE / "go.mod").read_text())
    if found is None:
        raise NoCliError(f"{MODULE / 'go.mod'} does not pin github.com/pulumi/pulumi/pkg/v3")
    return parse_version(found[1])


def parse_version(text: str) -> tuple[int, int, int]:
    """Return the three numbers of a version such as "v3.259.0-dev.1"; raises ValueError where there are none."""
    found = re.search(r"(\d+)\.(\d+)\.(\d+)", text)
    if found is None:
        raise ValueError(f"not a version: {text!r}")
    return int(found[1]), int(found[2]), int(found[3])


def cache_folder() -> Path:
    """Return where the pinned CLI is built to: a folder of its own for each version."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "eks-platform" / "pulumi" / ".".join(map(str, pinned_version()))


def _version_of(executable: Path) -> tuple[int, int, int] | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    result = subprocess.run([executable, "version"], capture_output=True, text=True, env=environment, check=False)
    return parse_version(result.stdout) if result.returncode == 0 else None


def _on_path() -> Cli | None:
    found = shutil.which("pulumi")
    if found is None:
        return None
    version = _version_of(Path(found))
    if version is None or version < pinned_version():
        return None
    beside = Path(found).resolve().parent
    host = shutil.which(LANGUAGE_HOST) or (beside / LANGUAGE_HOST).exists()
    runner = shutil.which(RUNNER) or (beside / RUNNER if (beside / RUNNER).exists() else None)
    if not host and not runner:
        return None
    return Cli(Path(found), Path(runner) if runner else None, official_host=bool(host))


def _go(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["go", *arguments], cwd=MODULE, stdout=subprocess.PIPE, text=True, check=True)


def _install(source: Path, target: Path, *, executable: bool) -> None:
    """Put a copy of `source` at `target` in one step, so that two builds at once cannot leave half a file."""
    handle, name = tempfile.mkstemp(dir=target.parent)
    with os.fdopen(handle, "wb") as copy, source.open("rb") as original:
        shutil.copyfileobj(original, copy)
    Path(name).chmod(0o755 if executable else 0o644)
    Path(name).replace(target)


def _build(folder: Path) -> None:
    version = "v" + ".".join(map(str, pinned_version()))
    folder.mkdir(parents=True, exist_ok=True)
    flags = f"-s -w -X {SDK}/go/common/version.Version={version}"
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        binary = Path(scratch) / "pulumi"
        _go("build", "-trimpath", "-tags", "osusergo,grpcnotrace", "-ldflags", flags, "-o", str(binary), COMMAND)
        _install(binary, folder / "pulumi", executable=True)


def _built() -> Cli | None:
    folder = cache_folder()
    binary, runner = folder / "pulumi", folder / RUNNER
    if not (_is_executable(binary) and runner.exists()):
        if shutil.which("go") is None:
            return None
        if not _is_executable(binary):
            print(f"building the Pulumi CLI into {folder} (some minutes, once)", file=sys.stderr)
            _build(folder)
        # The module proxy has no Python host, but the script that the host runs is part of the Go SDK's module.
        module = _go("list", "-m", "-f", "{{.Dir}}", SDK).stdout.strip() or _downloaded_sdk()
        _install(Path(module) / "python" / "cmd" / RUNNER, runner, executable=False)
    return Cli(binary, runner, official_host=False)


def _downloaded_sdk() -> str:
    _go("mod", "download", SDK)
    return _go("list", "-m", "-f", "{{.Dir}}", SDK).stdout.strip()


def _is_executable(path: Path) -> bool:
    return path.is_file() and bool(path.stat().st_mode & stat.S_IXUSR)


@cache
def find() -> Cli:
    """Return the Pulumi CLI: the one on PATH if it is at least as new as the pinned one, else the one built with Go.

    Raises NoCliError where neither can be had, subprocess.CalledProcessError where the build fails.
    """
    cli = _on_path() or _built()
    if cli is None:
        pinned = ".".join(map(str, pinned_version()))
        raise NoCliError(f"no Pulumi CLI {pinned} or newer on PATH, and no Go to build one; install it with: {INSTALL}")
    return cli


def main() -> int:
    """Print the path of the CLI; return 1 where there is none."""
    try:
        print(find().path)
    except NoCliError as error:
        print(error, file=sys.stderr)
        return 1
    except subprocess.CalledProcessError as error:
        print(f"{error}; or install the CLI with: {INSTALL}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
