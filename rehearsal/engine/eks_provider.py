"""The EKS component provider of a rehearsal: it registers what `pulumi_eks.Cluster` does."""

from __future__ import annotations

from typing import NoReturn

from harness.engine.double import Double, run
from rehearsal.cloud import MODEL
from rehearsal.engine.rules import RULES


class Eks(Double):
    """Components only: see `rehearsal.cloud.eks_component`."""

    package = "eks"
    model = MODEL
    rules = RULES


def main() -> NoReturn:
    """Serve the provider."""
    run(Eks)
