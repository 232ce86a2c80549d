"""Installs what a requirements file pins and says how far it is: `python tools/install.py requirements.txt`.

It runs in an environment that has nothing but pip, so it imports nothing but the standard library.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final

PIP: Final = (
    *(sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--no-compile"),
    *("--progress-bar", "off", "--require-hashes", "-r"),
)

EACH: Final = 10
"""Without a terminal, every how many packages a line says how far it is."""


def pinned(text: str) -> int:
    """Return how many packages a requirements file pins, those for other systems included."""
    return len(re.findall(r"^[A-Za-z0-9][\w.\[\]-]*==", text, re.MULTILINE))


def progress(lines: Iterable[str], total: int) -> Iterator[tuple[int, str]]:
    """Yield the number and the name of each package that pip begins with, given its output."""
    number = 0
    for line in lines:
        if found := re.match(r"(?:Collecting|Requirement already satisfied:) ([\w.\[\]-]+)", line):
            number = min(number + 1, total)
            yield number, found[1]


def main(arguments: Sequence[str] | None = None, *, pip: Sequence[str] = PIP) -> int:
    """Install, and compile the bytecode on every core, which pip does on one; return pip's exit code.

    All that it says goes to standard error. If pip fails, that is pip's own output.
    """
    parser = argparse.ArgumentParser(prog="python tools/install.py", description=__doc__)
    parser.add_argument("file", type=Path)
    file: Path = parser.parse_args(arguments).file
    total = pinned(file.read_text("utf-8"))
    begun = time.monotonic()
    _line(f"1 of 2: installing what {file.name} pins, up to {total} packages")
    output: list[str] = []
    with subprocess.Popen([*pip, str(file)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        for number, name in progress(_kept(process.stdout or (), output), total):
            _show(number, total, name)
    if process.returncode:
        sys.stderr.write("".join(output))
        return process.returncode
    _line(f"2 of 2: compiling them ({time.monotonic() - begun:.0f} s so far)")
    # A file that does not compile, such as a package's template, is not ours to judge.
    library = sysconfig.get_path("purelib")
    subprocess.run([sys.executable, "-m", "compileall", "-qq", "-j", "0", library], check=False)
    _line(f"done in {time.monotonic() - begun:.0f} s")
    return 0


def _kept(lines: Iterable[str], output: list[str]) -> Iterator[str]:
    for line in lines:
        output.append(line)
        yield line


def _show(number: int, total: int, name: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K  {number} of {total}: {name}" + ("\n" if number == total else ""))
        sys.stderr.flush()
    elif number % EACH == 0:
        _line(f"{number} of {total}: {name}")


def _line(text: str) -> None:
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    print(f"{start}  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
