"""The tools: Helm, and the API server with upstream's definitions on it."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path
from typing import NoReturn

import pytest

from harness.build import NoToolError, Tool, build
from rehearsal.simulation.api_server import ApiServer, running
from tests.conformance import bundles
from tools.build import HELM

REQUIRED = "EKS_PLATFORM_REQUIRE_CONFORMANCE"

Servers = Callable[[str], ApiServer]


@pytest.fixture(scope="session")
def helm() -> Path:
    """Helm; tests are skipped where it cannot be had, unless EKS_PLATFORM_REQUIRE_CONFORMANCE is set."""
    return unless_built(HELM)


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """What gives the API server of a Kubernetes minor, started once, with every definition of UPSTREAM_FACTS."""
    with ExitStack() as stack:

        @cache
        def start(minor: str) -> ApiServer:
            definitions = bundles.upstream_definitions()
            server = stack.enter_context(running(tmp_path_factory.mktemp("api-server"), minor))
            for name in ("default", "kube-system"):
                server.namespace({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
            server.define(definitions)
            return server

        def server_of(minor: str) -> ApiServer:
            try:
                return start(minor)
            except NoToolError as error:
                _skip(error)

        yield server_of


def unless_built(tool: Tool) -> Path:
    """Return a tool; the test is skipped where it cannot be had, unless EKS_PLATFORM_REQUIRE_CONFORMANCE is set."""
    try:
        return build(tool)
    except NoToolError as error:
        _skip(error)


def _skip(error: NoToolError) -> NoReturn:
    if os.environ.get(REQUIRED):
        raise error
    pytest.skip(str(error))
