"""The AWS provider of a simulation: that of a rehearsal, whose EKS cluster is a real API server on the loopback."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final, NoReturn

from harness.engine import environment
from harness.engine.double import run
from harness.kind import Kind
from rehearsal.cloud import MODEL
from rehearsal.engine.aws_provider import Aws
from rehearsal.engine.refusals import uses

FILE: Final = "api-server.json"
"""In the folder of what else the doubles are told; it changes from run to run."""


@dataclass(frozen=True)
class Endpoint:
    """Where the API server of the simulated cluster is. certificate: of its authority, in PEM. token: of its users."""

    url: str
    certificate: str
    token: str

    def write(self, folder: Path) -> None:
        """Write it for the programs that are started next."""
        (folder / FILE).write_text(json.dumps(asdict(self)))


def endpoint(folder: Path) -> Endpoint:
    """Return what was written into the folder."""
    return Endpoint(**json.loads((folder / FILE).read_text()))


def kind_of(type_: str) -> Kind:
    """Return the kind of a resource type; the outputs of a cluster lead to the API server."""
    kind = MODEL.kind_of(type_)
    if type_ != uses.CLUSTER:
        return kind
    there = endpoint(environment.folder())
    authority = base64.b64encode(there.certificate.encode()).decode()
    return replace(kind, outputs={**kind.outputs, "endpoint": there.url, "certificateAuthority": {"data": authority}})


class SimulatedAws(Aws):
    """AWS whose clusters are real."""

    model = replace(MODEL, kind_of=kind_of)


def main() -> NoReturn:
    """Serve the provider."""
    run(SimulatedAws)
