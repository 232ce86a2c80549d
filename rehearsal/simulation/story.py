"""How the timelines of simulations begin: with what in them is real, and what is a stand-in."""

from __future__ import annotations

from typing import Final

from harness.story import Story

REAL: Final = (
    "Real: Pulumi with its Kubernetes provider and Helm, the charts, the API server, controllers, the scheduler."
)
STAND_INS: Final = "Stand-ins: AWS, nodes and containers (kwok), Karpenter, the load balancer controller."


def begun(title: str, stack: str) -> Story:
    """Return the story of a stack, of which nothing is told yet."""
    return Story(title, stack, (REAL, STAND_INS))
