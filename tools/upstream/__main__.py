"""Pulls what conformance tests and judges compare with from its publishers into a cache: `python -m tools.upstream`.

These are the charts that `versions.py` pins and that stack files name under `extraCharts`, their custom resource
definitions, and the files of `tools/upstream/wanted.py`. Helm pulls the charts. Each download is checked against its
sha256 in `upstream.lock.yaml`. What has none there is trusted on first use: its digest is printed and written to
`upstream.own.lock.yaml`. With `--renew` the digests of what `versions.py` and the examples pin are written to
`upstream.lock.yaml` instead.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from harness import HarnessError
from harness.build import NoToolError
from rehearsal.program import ROOT
from tools.upstream import lock
from tools.upstream.cache import cache_folder
from tools.upstream.pull import PullError, pull
from tools.upstream.wanted import EXAMPLES, FILES, Chart, File, charts


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """Pull everything, and report what was trusted on first use; return the exit code."""
    parser = argparse.ArgumentParser(prog="make upstream", description=__doc__)
    parser.add_argument("--renew", action="store_true", help=f"write {lock.LOCK} anew")
    options = parser.parse_args(arguments)
    try:
        return update([*charts(root, EXAMPLES), *FILES], root, cache_folder(), renew=options.renew)
    except (HarnessError, NoToolError, PullError) as error:
        print(error, file=sys.stderr)
        return 1


def update(wanted: Sequence[Chart | File], root: Path, cache: Path, *, renew: bool = False) -> int:
    """Pull what is wanted into a cache, and keep the lock files in `root`; return the exit code.

    Only `renew` writes `upstream.lock.yaml`, which has what `versions.py` and the examples pin. Raises PullError.
    """
    pinned, own = lock.read(root, lock.LOCK), lock.read(root, lock.OWN_LOCK)
    keys = {item.key for item in wanted}
    known = {key: digest for key, digest in {**own, **pinned}.items() if key in keys}
    found = pull(wanted, known, cache)
    examples: list[Chart | File] = [*charts(EXAMPLES), *FILES]
    ours = {item.key for item in examples} if renew else pinned.keys()
    digests = {**known, **found}
    if renew:
        lock.write(root, lock.LOCK, {key: it for key, it in digests.items() if key in ours})
    lock.write(root, lock.OWN_LOCK, {key: it for key, it in digests.items() if key not in ours})
    for item in wanted:
        if item.key in found:
            name = lock.LOCK if item.key in ours else lock.OWN_LOCK
            print(f"{item}: sha256 {found[item.key].sha256} is new in {name}: trusted on first use, so commit the file")
    print(f"{len(wanted)} charts and files are in {cache}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
