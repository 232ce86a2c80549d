"""A Python language host for the Pulumi engine, for machines without the official one.

It runs programs with the official runner script, `pulumi-language-python-exec`, and plugins written in Python: policy
packs (kind "analyzer") and component packages. It generates no code and installs nothing: the environment that runs
this file runs the program. Protocol: pulumirpc.LanguageRuntime, https://github.com/pulumi/pulumi/blob/master/proto/pulumi/language.proto
"""

from __future__ import annotations

import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import IO, Any, Final

import grpc
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from harness.engine.serve import serve

RUNNER_VARIABLE: Final = "HARNESS_PYTHON_RUNNER"
"""Path of `pulumi-language-python-exec`."""

SHOWN: Final = 32
"""The runner's exit code after it has shown the user the error of the program."""


def run_arguments(request: Any, engine: str) -> list[str]:
    """Return the runner's arguments for a RunRequest; `engine` is the engine's address."""
    given = {
        "monitor": request.monitor_address,
        "engine": engine,
        "project": request.project,
        "root_directory": request.info.root_directory,
        "stack": request.stack,
        "pwd": request.pwd,
        "dry_run": "true" if request.dryRun else "",
        "parallel": str(request.parallel),
        "organization": request.organization,
    }
    options = [part for name, value in given.items() if value for part in (f"--{name}", value)]
    program = Path(request.info.program_directory, request.info.entry_point)
    return [*options, str(program), *request.args]


class Host(language_pb2_grpc.LanguageRuntimeServicer):
    """The language runtime service. `engine` is the engine's address; a Handshake may replace it."""

    variables: Mapping[str, str] = MappingProxyType({"PYTHONUNBUFFERED": "1"})
    """Environment variables of programs."""

    def __init__(self, engine: str, runner: Path) -> None:
        self.engine = engine
        self.runner = runner
        self.children: set[subprocess.Popen[bytes]] = set()

    def Handshake(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Take the engine's address."""
        self.engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return our version: none, we are part of a project."""
        return plugin_pb2.PluginInfo(version="0.0.0")

    def About(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Return the Python in use."""
        return language_pb2.AboutResponse(executable=sys.executable, version=sys.version.split()[0])

    def GetRequiredPlugins(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Ask for no plugin: the doubles are on PATH."""
        return language_pb2.GetRequiredPluginsResponse()

    def GetRequiredPackages(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Ask for no package: the doubles are on PATH."""
        return language_pb2.GetRequiredPackagesResponse()

    def GetProgramDependencies(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Report no dependencies; only `pulumi about` shows them."""
        return language_pb2.GetProgramDependenciesResponse()

    def InstallDependencies(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Install nothing."""
        return iter(())

    def Run(self, request: Any, context: grpc.ServicerContext) -> Any:
        """Run a program to its end; what it prints goes to the engine, which shows our own output."""
        environment = {
            **os.environ,
            **self.variables,
            "PULUMI_CONFIG": json.dumps(dict(request.config)),
            "PULUMI_CONFIG_SECRET_KEYS": json.dumps(list(request.configSecretKeys)),
        }
        code = self._wait(
            subprocess.Popen(self.command(request), cwd=request.pwd, env=environment, stdin=subprocess.DEVNULL)
        )
        if code == SHOWN:
            return language_pb2.RunResponse(bail=True)
        return language_pb2.RunResponse(error=f"Program exited with non-zero exit code: {code}" if code else "")

    def command(self, request: Any) -> list[str]:
        """Return the command that runs the program of a RunRequest."""
        return [sys.executable, "-u", str(self.runner), *run_arguments(request, self.engine)]

    def RunPlugin(self, request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        """Run a policy pack or a component package and pass on what it prints, its exit code last."""
        directory = request.info.program_directory or request.pwd
        module = ["-m", "pulumi.policy"] if request.kind == "analyzer" else []
        # A policy pack's folder is the last argument, a component package's is the program itself.
        order = [*request.args, directory] if module else [directory, *request.args]
        environment = {**os.environ, **dict(entry.split("=", 1) for entry in request.env)}
        command = [sys.executable, "-u", *module, *order]
        pipe = subprocess.PIPE
        plugin = subprocess.Popen(command, cwd=directory, env=environment, stdout=pipe, stderr=pipe)
        self.children.add(plugin)
        context.add_callback(plugin.terminate)
        yield from _output(plugin)
        yield language_pb2.RunPluginResponse(exitcode=self._wait(plugin))

    def Cancel(self, request: Any, context: grpc.ServicerContext) -> Empty:
        """End what runs: the engine has given up on it."""
        self.end_children()
        return Empty()

    def end_children(self) -> None:
        """End the programs and plugins that run."""
        for child in list(self.children):
            child.terminate()

    def _wait(self, child: subprocess.Popen[bytes]) -> int:
        self.children.add(child)
        try:
            return child.wait()
        finally:
            self.children.discard(child)


def _output(plugin: subprocess.Popen[bytes]) -> Iterator[Any]:
    """Yield the plugin's lines as they come, of both streams."""
    lines: queue.SimpleQueue[Any] = queue.SimpleQueue()
    end = object()

    def read_output(stream: IO[bytes]) -> None:
        for line in stream:
            lines.put(language_pb2.RunPluginResponse(stdout=line))
        lines.put(end)

    def read_errors(stream: IO[bytes]) -> None:
        for line in stream:
            lines.put(language_pb2.RunPluginResponse(stderr=line))
        lines.put(end)

    for read, stream in ((read_output, plugin.stdout), (read_errors, plugin.stderr)):
        threading.Thread(target=read, args=(stream,), daemon=True).start()
    for _ in range(2):
        yield from iter(lines.get, end)


def main(arguments: list[str]) -> int:
    """Serve the language runtime; the engine gives its address as the last argument."""
    runner = os.environ.get(RUNNER_VARIABLE)
    if not runner:
        print(f"{RUNNER_VARIABLE} must name pulumi-language-python-exec", file=sys.stderr)
        return 1
    host = Host(arguments[-1] if arguments else "", Path(runner))
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), host.end_children)
    return 0
