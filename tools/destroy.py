"""Says what keeps a stack from being destroyed before Pulumi is asked to: `python -m tools.destroy --stack dev`.

docs/operations.md has the reasons: "Delete a stack", "A second cluster in the same network".
"""

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from harness.program import referenced
from rehearsal.program import PROTECTIONS, ROOT, read_configuration, stacks


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is in the way; return 1 where something is."""
    parser = argparse.ArgumentParser(prog="python -m tools.destroy", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack: Pulumi.<stack>.yaml")
    parser.add_argument("--project", type=Path, default=ROOT, help="folder of Pulumi.yaml and of the stack file")
    options = parser.parse_args(arguments)
    root = options.project.resolve()
    if options.stack not in stacks(root):
        print(f"no stack {options.stack!r}; there are: {', '.join(stacks(root))}", file=sys.stderr)
        return 1
    found = list(obstacles(options.stack, root))
    for line in found:
        print(line, file=sys.stderr)
    return int(bool(found))


def obstacles(stack: str, root: Path) -> Iterator[str]:
    """Yield what must be done before a stack of the project in `root` can be destroyed."""
    configuration = read_configuration(stack, root=root)
    for path in PROTECTIONS:
        section, _, key = path.partition(".")
        settings = json.loads(configuration.values.get(f"{configuration.project}:{section}", "{}"))
        if settings.get(key):
            yield f"{path} is true: set it to false in Pulumi.{stack}.yaml, and run `pulumi up --stack {stack}` first"
    for other in stacks(root):
        if other != stack and stack in referenced(read_configuration(other, root=root), other, root).values():
            yield f"stack {other} uses what stack {stack} exports: destroy {other} first, if it is up"


if __name__ == "__main__":
    sys.exit(main())
