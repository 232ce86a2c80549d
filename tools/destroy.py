"""Says what keeps a stack from being destroyed before Pulumi is asked to: `python -m tools.destroy --stack dev`.

docs/operations.md has the reasons: "Delete a stack", "A second cluster in the same network".
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

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
    found = list(obstacles(options.stack, root, lambda stack: _state(stack, root)))
    for line in found:
        print(line, file=sys.stderr)
    return int(bool(found))


State = Callable[[str], list[dict[str, Any]] | None]
"""Gives the resources in a stack's state; None where the backend does not answer."""


def obstacles(stack: str, root: Path, state: State) -> Iterator[str]:
    """Yield what must be done before a stack of the project in `root` can be destroyed."""
    configuration = read_configuration(stack, root=root)
    for path in PROTECTIONS:
        section, _, key = path.partition(".")
        if configuration.section(section).get(key):
            yield f"{path} is true: set it to false in Pulumi.{stack}.yaml, and run `pulumi up --stack {stack}` first"
    # Pulumi would delete what is around a protected resource before it comes to that.
    protected = [entry["urn"].rsplit("::", 1)[-1] for entry in state(stack) or [] if _is_protected(entry)]
    if protected:
        names = ", ".join(protected)
        yield f"{names} is still protected: run `pulumi up --stack {stack}` with the settings above first"
    for other in stacks(root):
        uses = other != stack and stack in referenced(read_configuration(other, root=root), other, root).values()
        if uses and state(other) != []:
            yield f"stack {other} uses what stack {stack} exports: destroy {other} first"


def _is_protected(entry: Mapping[str, Any]) -> bool:
    """Return whether Pulumi or AWS refuses to delete a resource of a state, or a load balancer that follows from it."""
    inputs = entry.get("inputs") or {}
    flags = (entry.get("protect"), inputs.get("deletionProtection"), inputs.get("enableDeletionProtection"))
    # https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#load-balancer-attributes
    return any(flags) or "deletion_protection.enabled=true" in json.dumps(inputs.get("metadata"))


def _state(stack: str, root: Path) -> list[dict[str, Any]] | None:
    command = ["pulumi", "stack", "export", "--stack", stack, "--non-interactive"]
    run = subprocess.run(command, cwd=root, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if run.returncode:
        return [] if f"no stack named '{stack}' found" in run.stderr else None
    return list((json.loads(run.stdout).get("deployment") or {}).get("resources") or [])


if __name__ == "__main__":
    sys.exit(main())
