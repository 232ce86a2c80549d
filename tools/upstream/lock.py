"""The digests of what is pulled: ours in `upstream.lock.yaml`, a company's own in `upstream.own.lock.yaml`."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Literal

import yaml

LOCK: Final = "upstream.lock.yaml"
OWN_LOCK: Final = "upstream.own.lock.yaml"

Checked = Literal["index", "tag", "pull"]
"""What says that a digest is right.

index: the publisher's index of charts gives this digest. tag: it is of a file at a tag in the publisher's repository.
pull: nothing but the first pull, of an OCI registry for example, which has no index.
"""

HEADINGS: Final[Mapping[str, str]] = {
    LOCK: """\
# The sha256 of the charts and files of `versions.py` and `examples/stacks` that `make upstream` pulls. Written by
# `make upstream ARGS=--renew`. What is missing here is trusted on first use and written to upstream.own.lock.yaml.
#
# checked: what says that a digest is right. index: the publisher's index of charts gives it. tag: it is of the file at
# a tag in the publisher's repository. pull: of what the first pull got; nothing else confirms it.
""",
    OWN_LOCK: """\
# The sha256 of charts and files as the first `make upstream` of this repository got them, where upstream.lock.yaml has
# none. Commit this file: later pulls must get the same. checked: as in upstream.lock.yaml.
""",
}


@dataclass(frozen=True)
class Digest:
    """The sha256 of a download, and what says that it is right."""

    sha256: str
    checked: Checked


def read(root: Path, name: str) -> dict[str, Digest]:
    """Return the digests in a lock file of a repository by key; empty where it has no such file."""
    path = root / name
    found = yaml.safe_load(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return {key: Digest(**entry) for key, entry in (found or {}).items()}


def write(root: Path, name: str, digests: Mapping[str, Digest]) -> None:
    """Write a lock file; it is deleted where there is nothing to write."""
    path = root / name
    if not digests:
        path.unlink(missing_ok=True)
        return
    entries = yaml.safe_dump({key: asdict(digest) for key, digest in digests.items()}, width=1000)
    path.write_text(HEADINGS[name] + entries, encoding="utf-8")
