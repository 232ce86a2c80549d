"""Compares the plans of every example stack at two revisions: `python -m tools.same_plans BASE`.

BASE is a Git revision; the other side is the work tree. Both run with this environment's packages, each stack once
with computed values known and once with them unknown. Prints a line for each resource or property that differs and
returns 1; returns 0 where all plans are equal. The order of resources and of dependencies does not count: the SDK
registers what waits for the same resources in no fixed order.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parent.parent

EXAMPLES: Final = "examples/stacks"

Plans = dict[str, dict[str, Any]]
"""By stack and mode: the plan's resources by URN, and its exports under the key "exports"."""


def main(arguments: Sequence[str]) -> int:
    """Compare, print the differences, and return the exit code."""
    if len(arguments) != 1:
        print("usage: python -m tools.same_plans BASE", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder) / "base"
        subprocess.run(["git", "worktree", "add", "--quiet", "--detach", str(base), arguments[0]], cwd=ROOT, check=True)
        try:
            before, after = plans_of(base), plans_of(ROOT)
        finally:
            subprocess.run(["git", "worktree", "remove", "--force", str(base)], cwd=ROOT, check=True)
    found = list(differences(before, after))
    print("\n".join(found) or f"{len(after)} plans are equal")
    return 1 if found else 0


def plans_of(root: Path) -> Plans:
    """Return the plans of every example stack of the program in `root`."""
    folder = root / EXAMPLES
    stacks = sorted(path.name.removeprefix("Pulumi.").removesuffix(".yaml") for path in folder.glob("Pulumi.*.yaml"))
    return {
        f"{stack}{' (computed values unknown)' if unknown else ''}": _plan(root, stack, unknown)
        for stack in stacks
        for unknown in (False, True)
    }


def _plan(root: Path, stack: str, unknown: bool) -> dict[str, Any]:
    command = [sys.executable, "-m", "rehearsal.preview", "--stack", stack, "--format", "json", "--project", EXAMPLES]
    run = subprocess.run([*command, *(["--unknown"] if unknown else [])], cwd=root, stdout=subprocess.PIPE, check=True)
    plan = json.loads(run.stdout)
    resources = {resource["urn"]: _sorted(resource) for resource in plan.pop("resources")}
    return {**resources, "exports": {**plan, "unknowns": sorted(map(str, plan.get("unknowns", [])))}}


def _sorted(resource: dict[str, Any]) -> dict[str, Any]:
    def ordered(key: str, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: ordered(name, item) for name, item in value.items()}
        if isinstance(value, list) and "depend" in key.lower():
            return sorted(value)
        return value

    return {key: ordered(key, value) for key, value in resource.items()}


def differences(before: Plans, after: Plans) -> Iterator[str]:
    """Yield a line for each plan, resource or property that is not the same on both sides."""
    for name in sorted(before.keys() | after.keys()):
        old, new = before.get(name, {}), after.get(name, {})
        for urn in sorted(old.keys() | new.keys()):
            if urn not in new:
                yield f"{name}: - {urn}"
            elif urn not in old:
                yield f"{name}: + {urn}"
            else:
                changed = [key for key in {**old[urn], **new[urn]} if old[urn].get(key) != new[urn].get(key)]
                yield from (f"{name}: ~ {urn}: {key}" for key in changed)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
