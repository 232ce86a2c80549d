"""A Node.js language host for the Pulumi engine, for machines without the official one.

It runs programs, TypeScript included, with the runner that is part of the npm package @pulumi/pulumi. It installs
nothing: the packages are in the program's folder. Protocol: see `harness.engine.host`.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from pulumi.runtime.proto import language_pb2_grpc

from harness.engine.host import Host
from harness.engine.serve import serve

RUNNER: Final = Path("node_modules", "@pulumi", "pulumi", "cmd", "run")
"""https://github.com/pulumi/pulumi/tree/master/sdk/nodejs/cmd/run"""


class NodeHost(Host):
    """The language runtime service for Node.js; `engine` is the engine's address."""

    variables: Mapping[str, str] = MappingProxyType({"PULUMI_NODEJS_TYPESCRIPT": "true"})

    def __init__(self, engine: str) -> None:
        super().__init__(engine, RUNNER)

    def command(self, request: Any) -> list[str]:
        """Return the command that runs the program of a RunRequest."""
        directory = Path(request.info.program_directory)
        given = {
            "monitor": request.monitor_address,
            "engine": self.engine,
            "organization": request.organization,
            "project": request.project,
            "root-directory": request.info.root_directory,
            "stack": request.stack,
            "pwd": request.pwd,
            "parallel": str(request.parallel),
        }
        options = [f"--{name}={value}" for name, value in given.items() if value]
        dry_run = ["--dry-run"] if request.dryRun else []
        program = str(directory / request.info.entry_point)
        return ["node", str(directory / self.runner), *options, *dry_run, program, *request.args]


def main(arguments: list[str]) -> int:
    """Serve the language runtime; the engine gives its address as the last argument."""
    host = NodeHost(arguments[-1] if arguments else "")
    serve(lambda server: language_pb2_grpc.add_LanguageRuntimeServicer_to_server(host, server), host.end_children)
    return 0
