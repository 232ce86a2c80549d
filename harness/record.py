"""Runs a function, or a whole program, against the recording monitor instead of the engine."""

from __future__ import annotations

import asyncio
import contextvars
import json
import os
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from inspect import isawaitable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from pulumi.runtime import Settings, configure, set_all_config
from pulumi.runtime.settings import ROOT, SETTINGS
from pulumi.runtime.stack import run_in_stack

from harness.deployment import Update
from harness.model import Model
from harness.monitor import RecordingMonitor
from harness.plan import Plan
from harness.properties import Properties
from harness.shortcuts import shortcuts

_P = ParamSpec("_P")
_T = TypeVar("_T")


class _SameThread(ThreadPoolExecutor):
    """Runs at once what the SDK hands to a thread so as not to wait for the engine: this monitor never makes it wait.

    What does not wait for anything is then registered in the program's order.
    """

    def submit(self, fn: Callable[_P, _T], /, *args: _P.args, **kwargs: _P.kwargs) -> Future[_T]:
        """Run `fn` and return its result as a future that is done."""
        future: Future[_T] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except BaseException as error:  # the SDK raises it where it awaits the future
            future.set_exception(error)
        return future


def record(  # noqa: PLR0913  # what the engine hands over
    program: Callable[[], Any],
    *,
    model: Model,
    project: str,
    root: Path | None = None,
    stack: str = "dev",
    unknown: bool = False,
    config: Mapping[str, str] | None = None,
    secret_keys: Collection[str] = (),
    existing: Mapping[str, Sequence[Properties]] | None = None,
    stacks: Mapping[str, Properties] | None = None,
    disabled_providers: Collection[str] = (),
    deployed: Plan | None = None,
    caller: str | None = None,
) -> Plan:
    """Run `program`, which declares resources, and return what it asked for.

    root: the folder of the project; the current one unless it is given. model: how the cloud answers.
    unknown: computed values are unknown, as in a first `pulumi preview`; else they are
    those of a second run. config: as the engine hands it over, "namespace:key" to text, objects as JSON; secret_keys:
    those of it that are secret.
    existing: what there is in the cloud before, as outputs (with "id") by resource type. stacks: the outputs of other
    stacks, by the name that a stack reference uses. disabled_providers: packages without a default provider.
    deployed: what the update before asked for; None before the first one. caller: the principal that runs Pulumi.
    What the program raises, inside of `apply` too, is raised here.
    """
    update = Update(
        project=project,
        stack=stack,
        model=model,
        unknown=unknown,
        region=model.region_of(config or {}),
        existing=existing or {},
        stacks=stacks or {},
        disabled_providers=disabled_providers,
        deployed=deployed,
        caller=caller,
    )
    monitor = RecordingMonitor(update)

    def run() -> None:
        ROOT.set(None)
        configure(
            Settings(
                project=project,
                stack=stack,
                monitor=monitor,
                engine=monitor,
                dry_run=unknown,
                organization="organization",
                root_directory=str((root or Path.cwd()).resolve()),
            )
        )
        SETTINGS.callbacks = monitor.callbacks
        set_all_config(dict(config or {}), list(secret_keys))
        with shortcuts(), _environment(config or {}, secret_keys), asyncio.Runner(loop_factory=_loop) as runner:
            try:
                runner.run(run_in_stack(lambda: _completed(program)))
            except Exception as error:
                # What depends on a failed registration fails too, and the SDK raises any of these; the first one tells.
                first = SETTINGS.rpc_manager.unhandled_exception
                if first is None or first is error:
                    raise
                raise first from None

    # The SDK keeps its settings, root resource and configuration in context variables: those of a copy end with it.
    contextvars.copy_context().run(run)
    return monitor.plan()


async def _completed(program: Callable[[], Any]) -> None:
    """Run the program, and wait for all it started.

    The SDK then finds nothing left to wait for. It would wait for one task after the other, watching all of them each
    time, which for a stack of this size takes as long as the rest of the run.
    """
    result = program()
    if isawaitable(result):
        await result
    while pending := [task for task in (*SETTINGS.rpc_manager.rpcs, *SETTINGS.outputs) if not task.done()]:
        await asyncio.wait(pending)


@contextmanager
def _environment(config: Mapping[str, str], secret_keys: Collection[str]) -> Iterator[None]:
    """Set the variables in which the engine hands over the configuration as a whole."""
    before = dict(os.environ)
    os.environ["PULUMI_CONFIG"] = json.dumps(dict(config))
    os.environ["PULUMI_CONFIG_SECRET_KEYS"] = json.dumps(sorted(secret_keys))
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    loop.set_default_executor(_SameThread())
    # After a failure nobody awaits what depended on it, and asyncio would report each; Pulumi's own host is silent too.
    loop.set_exception_handler(lambda _loop, _context: None)
    return loop
