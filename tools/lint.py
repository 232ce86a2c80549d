"""Checks shell scripts with shellcheck and workflows with actionlint: `python -m tools.lint`.

Every script of the tree is found by its first line. actionlint also gives the `run:` blocks of the workflows to
shellcheck. Without Go to build actionlint, a line says that the workflows were not checked, and the check fails if
EKS_PLATFORM_REQUIRE_LINT is set. https://github.com/rhysd/actionlint/blob/v1.7.12/docs/usage.md
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Final

from harness.build import NoToolError, build
from tools.build import ACTIONLINT

ROOT: Final = Path(__file__).resolve().parents[1]
REQUIRED: Final = "EKS_PLATFORM_REQUIRE_LINT"
SHELL: Final = re.compile(rb"#!\s*/\S*?(?:/|/env (?:-S )?)(?:ba|da|k)?sh\b")
"""The first line of a script that shellcheck reads."""


def main(root: Path = ROOT) -> int:
    """Check the scripts and the workflows of a repository; return 0 if there is nothing to mend."""
    shellcheck = Path(sys.executable).with_name("shellcheck")
    failed = subprocess.run([shellcheck, *scripts(root)], cwd=root, check=False).returncode
    try:
        actionlint = build(ACTIONLINT)
    except NoToolError as error:
        print(f"The workflows were not checked: {error}", file=sys.stderr)
        return 1 if failed or os.environ.get(REQUIRED) else 0
    options = ["-no-color", "-shellcheck", str(shellcheck), "-pyflakes", ""]
    return 1 if subprocess.run([actionlint, *options], cwd=root, check=False).returncode or failed else 0


def scripts(root: Path) -> list[str]:
    """Return the paths, from the root, of the shell scripts that Git knows or would add."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name.endswith(".sh") or SHELL.match(_start(root / name))]


def _start(path: Path) -> bytes:
    if not path.is_file():
        return b""
    with path.open("rb") as file:
        return file.readline(200)


if __name__ == "__main__":
    sys.exit(main())
