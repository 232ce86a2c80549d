"""What a simulation needs: tools built with Go, the Pulumi CLI, copies of upstream's charts and definitions."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.build import build, built
from rehearsal.simulation.api_server import ApiServer
from rehearsal.simulation.control_plane import control_plane
from tools.build import PULUMI_KUBERNETES, SIMULATION
from tools.upstream.cache import CHARTS, FACTS, absence, folder
from versions import DEFAULT_KUBERNETES

REQUIRED = "EKS_PLATFORM_REQUIRE_SIMULATION"


@pytest.fixture(scope="session")
def tools() -> None:
    """The tools, which take a quarter of an hour to build.

    Tests are skipped where they are not built, unless EKS_PLATFORM_REQUIRE_SIMULATION is set, with which they are.
    """
    if not os.environ.get(REQUIRED) and (missing := [tool.name for tool in SIMULATION if built(tool) is None]):
        pytest.skip(f"not built: {', '.join(missing)}; run `make tools`")
    for tool in SIMULATION:
        build(tool)


@pytest.fixture(scope="session")
def provider(tools: None) -> None:
    """Pulumi's own Kubernetes provider; tests are skipped where it is not built, in a quarter of an hour."""
    if built(PULUMI_KUBERNETES) is None:
        pytest.skip("Pulumi's Kubernetes provider is not built: `python -m rehearsal.simulation` builds it")


@pytest.fixture(scope="session")
def copies() -> None:
    """The copies of upstream's charts and definitions; tests are skipped where there are none."""
    for variable in (CHARTS, FACTS):
        if folder(variable) is None:
            pytest.skip(absence(variable))


@pytest.fixture
def server(tools: None, tmp_path: Path) -> Iterator[ApiServer]:
    """A control plane with controllers, scheduler and kwok, and no node."""
    with control_plane(tmp_path, DEFAULT_KUBERNETES) as found:
        yield found
