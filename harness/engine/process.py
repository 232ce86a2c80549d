"""One run of the Pulumi CLI as a process: watched, held, interrupted, killed.

`pulumi.automation` (SDK 3.272.0) was tried on the same sandbox: `up`, `preview`, `refresh`, `destroy`, outputs, export
and import work as well. What it cannot do is what every run here needs. It hands on the caller's whole environment
(`PulumiCommand.run` starts from `os.environ`), so that credentials and backends of the machine reach the program. And
it returns when the CLI has ended, with no process to interrupt, to kill, or to wait for until the cloud stops.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from harness.engine.environment import Environment

LONGEST_SECONDS: Final = 900
"""How long a run of the CLI that nobody watches may take at most."""

POLL_SECONDS: Final = 0.05
"""How often a process is asked whether it still runs while we wait for something else."""


@dataclass(frozen=True)
class Run:
    """One finished run of the CLI."""

    code: int
    stdout: str
    stderr: str

    @property
    def text(self) -> str:
        """All that it printed."""
        return self.stdout + self.stderr


class FailedError(RuntimeError):
    """A run of the CLI failed; the message has what it printed."""


class Process:
    """A CLI that runs; as a context manager it is ended at the latest at the end of the block."""

    def __init__(self, command: Sequence[str], folder: Path, variables: Mapping[str, str], *, show: bool) -> None:
        # Files and not pipes: nobody reads while we wait for the cloud to stop.
        self._stdout = None if show else tempfile.TemporaryFile()  # noqa: SIM115  # closed with the process
        self._stderr = None if show else tempfile.TemporaryFile()  # noqa: SIM115
        self._popen = subprocess.Popen(
            command,
            cwd=folder,
            env=variables,
            stdin=None if show else subprocess.DEVNULL,
            stdout=self._stdout,
            stderr=self._stderr,
            start_new_session=not show,
        )

    def __enter__(self) -> Process:
        """Return the process itself."""
        return self

    def __exit__(self, *_exception: object) -> None:
        """End the process if it still runs."""
        if self._popen.poll() is None:
            self.kill()
        for file in (self._stdout, self._stderr):
            if file is not None:
                file.close()

    def finish(self) -> Run:
        """Wait for its end; raises subprocess.TimeoutExpired if that is not to come."""
        self._popen.wait(None if self._stdout is None else LONGEST_SECONDS)
        return Run(self._popen.returncode, _content(self._stdout), _content(self._stderr))

    def wait_until_held(self, behaviour: Environment) -> str:
        """Wait until the cloud stops where `behaviour` says and return what it then says.

        Raises FailedError if the process ends before that, subprocess.TimeoutExpired if neither happens.
        """
        if behaviour.hold is None:
            raise ValueError("the behaviour holds nothing")
        pipe = os.open(behaviour.hold.pipe, os.O_RDONLY | os.O_NONBLOCK)
        last = time.monotonic() + LONGEST_SECONDS
        try:
            while self._popen.poll() is None and time.monotonic() < last:
                if select.select([pipe], [], [], POLL_SECONDS)[0]:
                    return os.read(pipe, 4096).decode()
        finally:
            os.close(pipe)
        raise FailedError(f"ended before it was held:\n{self.finish().text}")

    def interrupt(self) -> None:
        """Interrupt its process group, as Ctrl-C does."""
        os.killpg(self._popen.pid, signal.SIGINT)

    def kill(self, *, plugins: bool = False) -> None:
        """Kill the CLI as `kill -9` does; return once its plugins, which end by themselves or are killed too, are gone.

        Where there is no /proc the plugins are left alone.
        """
        self._popen.kill()
        self._popen.wait()
        while started := _session(self._popen.pid):
            for process in started:
                _await_end(process, kill=plugins)


def _session(leader: int) -> list[int]:
    """Return the processes of a session that run; none where there is no /proc."""
    running = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        # https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html; the name in parentheses may have spaces.
        with suppress(OSError):
            state, _parent, _group, session = status.read_text().rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                running.append(int(status.parent.name))
    return running


def _await_end(process: int, *, kill: bool) -> None:
    with suppress(ProcessLookupError):
        handle = os.pidfd_open(process)
        try:
            if kill:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
            if not select.select([handle], [], [], LONGEST_SECONDS)[0]:
                raise TimeoutError(f"process {process} outlives the CLI")
        finally:
            os.close(handle)


def _content(file: IO[bytes] | None) -> str:
    if file is None:
        return ""
    file.seek(0)
    return file.read().decode()
