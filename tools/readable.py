"""Says in one line why Pulumi could not read a stack file: `python -m tools.readable --stack dev`.

The CLI answers a mistake of YAML with its parser's words and without the file's name. What the settings may be is
checked by the program itself.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import HarnessError
from rehearsal.program import ROOT, read_configuration


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is wrong; return 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tools.readable", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    options = parser.parse_args(arguments)
    try:
        read_configuration(options.stack, root=options.project.resolve())
    except HarnessError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
