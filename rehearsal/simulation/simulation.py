"""A stack that runs, not only planned: the real engine and providers, charts, API server, controllers and scheduler.

Real: the Pulumi engine, Pulumi's own Kubernetes provider with its Helm and its waiting, the charts, kube-apiserver on
etcd, kube-controller-manager, kube-scheduler. Stand-ins: AWS and the EKS component (as in a rehearsal), the nodes and
what runs on them (kwok), the publishers of the charts, the AWS CLI, and the controllers of `stand_ins`. EKS add-ons
install nothing.
"""

from __future__ import annotations

import shlex
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from harness.build import build
from harness.engine.process import Run
from harness.engine.sandbox import DOUBLE
from rehearsal.engine.rehearse import BIN, Rehearsal
from rehearsal.program import ROOT, read_configuration
from rehearsal.simulation import publishers
from rehearsal.simulation.api_server import ApiServer
from rehearsal.simulation.aws_provider import Endpoint
from rehearsal.simulation.control_plane import control_plane
from rehearsal.simulation.leftovers import objects
from rehearsal.simulation.publishers import Publishers
from rehearsal.simulation.stand_ins import StandIns, working
from tools.build import HELM, PULUMI_KUBERNETES
from versions import DEFAULT_KUBERNETES

OWN: Final = Path(__file__).resolve().parent / "bin"

DAY_TWO: Final = {"traefik.readTimeout": 90}
"""A change of every stack's settings that a running platform must take: Traefik's pods roll on the nodes there are."""


@dataclass(frozen=True)
class Phase:
    """One part of a life. seconds: how long it took."""

    name: str
    run: Run
    seconds: float


class Simulation(Rehearsal):
    """One stack on a real API server; see `Sandbox` and the module.

    server: the API server. publishers: where charts come from. phases: what was done, in order. left_out: the stack's
    own charts (`extraCharts`) of which there is no copy. before: what was in the API server before the first `up`.
    """

    def __init__(self, folder: Path, stack: str, project: Path, server: ApiServer, sources: Publishers) -> None:
        self.server: Final = server
        self.publishers: Final = sources
        self.phases: Final[list[Phase]] = []
        self.left_out: Final = publishers.without_copies(stack, project, sources.copies[0])
        super().__init__(folder, stack, project=project, providers=_providers(folder, sources))
        self.change({f"extraCharts.{name}": None for name in self.left_out})
        authority = server.certificate.read_text()
        Endpoint(server.url, authority, server.token).write(self.folder / "cloud")
        self.stand_ins: Final = StandIns(server, self.store, self.environment.account)
        self.before: Final = objects(server)

    def phase(self, name: str, *arguments: str) -> Run:
        """Run the CLI, and note under a name how long it takes."""
        begun = time.monotonic()
        run = self.pulumi(*arguments, check=False)
        self.phases.append(Phase(name, run, time.monotonic() - begun))
        return run

    def bring_up(self) -> Run:
        """Create the stack."""
        return self.phase("up", "up", "--yes", "--skip-preview")

    def bring_up_again(self) -> Run:
        """Update the stack that is up; it fails if there is anything to change."""
        return self.phase("up again", "up", "--yes", "--skip-preview", "--expect-no-changes")

    def look_again(self) -> Run:
        """Refresh the state; it fails if anything has drifted."""
        return self.phase("refresh", "refresh", "--yes", "--skip-preview", "--expect-no-changes")

    def change_on_day_two(self) -> Run:
        """Change a setting by which a release of the platform is upgraded and its pods are replaced."""
        self.change(DAY_TWO)
        return self.phase("day-2 change", "up", "--yes", "--skip-preview")

    def take_down(self) -> Run:
        """Destroy the stack, after an update without what protects it, where something does."""
        if self.unprotect():
            self.phase("up without protection", "up", "--yes", "--skip-preview")
        return self.phase("destroy", "destroy", "--yes", "--skip-preview")


@contextmanager
def simulated(folder: Path, stack: str, *, minor: str, project: Path = ROOT) -> Iterator[Simulation]:
    """Give a stack with its API server of a Kubernetes minor, in a folder; nothing of it is up yet.

    Raises NoToolError, NoCliError or NoCopiesError where something that it needs is not there.
    """
    scratch = folder / "control-plane"
    scratch.mkdir(parents=True)
    with ExitStack() as whole:
        sources = whole.enter_context(publishers.publishers(scratch, publishers.hosts_of(stack, project)))
        server = whole.enter_context(control_plane(scratch, minor))
        simulation = Simulation(folder / "stack", stack, project, server, sources)
        whole.enter_context(working(simulation.stand_ins))
        yield simulation


def minor_of(stack: str, project: Path = ROOT) -> str:
    """Return the Kubernetes minor of a stack's cluster."""
    configuration = read_configuration(stack, root=project)
    return str(configuration.section("cluster").get("version") or DEFAULT_KUBERNETES)


def _providers(folder: Path, sources: Publishers) -> Path:
    """Return a folder with the providers of a simulation, the `aws` that a kubeconfig runs, and Helm."""
    bin_ = folder / "bin"
    bin_.mkdir(parents=True, exist_ok=True)
    for path in (*OWN.iterdir(), BIN / f"{DOUBLE}eks", build(HELM)):
        (bin_ / path.name).symlink_to(path)
    variables = {
        **sources.variables,
        # Helm's own files, which a person's must not be: https://helm.sh/docs/helm/helm/
        **{f"HELM_{part}_HOME": str(folder / "helm" / part.lower()) for part in ("CACHE", "CONFIG", "DATA")},
    }
    settings = " ".join(shlex.quote(f"{name}={value}") for name, value in variables.items())
    provider = bin_ / f"{DOUBLE}kubernetes"
    provider.write_text(f'#!/bin/sh\nexec env {settings} {shlex.quote(str(build(PULUMI_KUBERNETES)))} "$@"\n')
    provider.chmod(0o755)
    return bin_
