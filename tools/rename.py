"""Gives the Pulumi project another name: `python -m tools.rename NAME`, or `make rename NAME=shop-platform`.

Rewrites the name in `Pulumi.yaml` and, in the stack files at the top, the settings' namespace and references to stacks
of this project. `make docs` then generates the schema for the new namespace. Rename before the first `up`: a stack that
is deployed keeps the old name in its state and in its resources' tags.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import yaml

from rehearsal.program import ROOT

NAME: Final = r"[A-Za-z0-9_.-]{1,100}"
"""https://www.pulumi.com/docs/iac/concepts/projects/project-file/"""


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Rename the project in `root`; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if len(given) != 1 or not re.fullmatch(NAME, given[0]):
        print("expected one name of letters, digits, hyphens, underscores and periods: ", end="", file=sys.stderr)
        print("make rename NAME=acme-platform", file=sys.stderr)
        return 2
    for path in rename(root, given[0]):
        print(f"{path.name}: renamed the project to {given[0]}")
    print(f"The pages in docs/ use the first name in their examples: write {given[0]}:teams for eks-platform:teams.")
    return 0


def rename(root: Path, new: str) -> list[Path]:
    """Give the project in `root` another name; return the files that changed."""
    project = root / "Pulumi.yaml"
    old = re.escape(str(yaml.safe_load(project.read_text(encoding="utf-8"))["name"]))
    in_project = [(rf"^name: *{old} *$", f"name: {new}")]
    in_stack = [(rf"^( +){old}:", rf"\g<1>{new}:"), (rf"\borganization/{old}/", f"organization/{new}/")]
    patterns = {project: in_project, **dict.fromkeys(sorted(root.glob("Pulumi.*.yaml")), in_stack)}
    changed = []
    for path, pairs in patterns.items():
        before = after = path.read_text(encoding="utf-8")
        for pattern, replacement in pairs:
            after = re.sub(pattern, replacement, after, flags=re.MULTILINE)
        if after != before:
            path.write_text(after, encoding="utf-8")
            changed.append(path)
    return changed


if __name__ == "__main__":
    raise SystemExit(main())
