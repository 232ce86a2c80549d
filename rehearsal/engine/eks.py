"""The EKS component provider of a rehearsal: it registers what `pulumi_eks.Cluster` does."""

from __future__ import annotations

from typing import NoReturn

from rehearsal.engine.double import Double, run


class Eks(Double):
    """Components only: see `rehearsal.cloud.component`."""

    package = "eks"


def main() -> NoReturn:
    """Serve the provider."""
    run(Eks)
