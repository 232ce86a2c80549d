"""`make` on a stack of the fake cloud: the Makefile's own commands, with the CLI and the doubles on PATH."""

import subprocess
import sys
from typing import Final

from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT

LONGEST_SECONDS: Final = 900


def make(rehearsal: Rehearsal, target: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a target for a stack; nobody can answer a question."""
    # The environment is there already, whatever its stamp says.
    given = ["-o", ".venv/.runtime", f"PY={sys.executable}"]
    about = [f"PROJECT={rehearsal.project.folder}", f"STACK={rehearsal.stack}"]
    return subprocess.run(
        ["make", *given, target, *about, *arguments],
        cwd=ROOT,
        env=rehearsal.variables(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=LONGEST_SECONDS,
    )
