"""The Pulumi CLI: found on PATH, or built once with Go into a cache outside the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.build import NoToolError, Tool, build, install, parse_version

SDK: Final = "github.com/pulumi/pulumi/sdk/v3"
INSTALL: Final = "curl -fsSL https://get.pulumi.com | sh"
LANGUAGE_HOST: Final = "pulumi-language-python"
RUNNER: Final = "pulumi-language-python-exec"
"""The script that runs a Python program for a language host; the official installation has it next to the CLI."""


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


def _version_of(executable: Path) -> tuple[int, int, int] | None:
    environment = {**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"}
    result = subprocess.run([executable, "version"], capture_output=True, text=True, env=environment, check=False)
    return parse_version(result.stdout) if result.returncode == 0 else None


def _on_path(oldest: tuple[int, int, int]) -> Cli | None:
    found = shutil.which("pulumi")
    if found is None:
        return None
    version = _version_of(Path(found))
    if version is None or version < oldest:  # only the pinned one is tested
        return None
    folder = Path(found).resolve().parent
    host = shutil.which(LANGUAGE_HOST) or (folder / LANGUAGE_HOST).exists()
    runner = shutil.which(RUNNER) or (folder / RUNNER if (folder / RUNNER).exists() else None)
    if not host and not runner:
        return None
    return Cli(Path(found), Path(runner) if runner else None, official_host=bool(host))


def _built(pinned: Tool) -> Cli | None:
    try:
        binary = build(pinned)
        runner = binary.with_name(RUNNER)
        if not runner.exists():
            # The module proxy has no Python host, but the script that the host runs is part of the Go SDK's module.
            module = _sdk_folder(pinned) or _downloaded_sdk(pinned)
            install(Path(module) / "python" / "cmd" / RUNNER, runner, executable=False)
    except NoToolError:
        return None
    return Cli(binary, runner, official_host=False)


def _sdk_folder(pinned: Tool) -> str:
    return pinned.go("list", "-m", "-f", "{{.Dir}}", SDK).strip()


def _downloaded_sdk(pinned: Tool) -> str:
    pinned.go("mod", "download", SDK)
    return _sdk_folder(pinned)


def find(pinned: Tool) -> Cli:
    """Return the Pulumi CLI: the one on PATH if it is at least as new as the pinned one, else the one built with Go.

    Raises NoCliError where neither can be had, subprocess.CalledProcessError where the build fails.
    """
    cli = _on_path(pinned.version()) or _built(pinned)
    if cli is None:
        version = ".".join(map(str, pinned.version()))
        raise NoCliError(
            f"no Pulumi CLI {version} or newer on PATH, and no Go to build one; install it with: {INSTALL}"
        )
    return cli
