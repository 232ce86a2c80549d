"""The Pulumi CLI that rehearsals and engine tests use: `python -m rehearsal.engine.cli` prints its path."""

from __future__ import annotations

import subprocess
import sys
from functools import cache

from harness.engine import cli
from harness.engine.cli import INSTALL, Cli, NoCliError
from tools.build import PULUMI

__all__ = ["Cli", "NoCliError", "find", "main"]


@cache
def find() -> Cli:
    """Return the Pulumi CLI; see `harness.engine.cli.find`."""
    return cli.find(PULUMI)


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
