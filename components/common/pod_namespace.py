"""A namespace together with the compute for its pods."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.common.dependency import after


@dataclass(frozen=True)
class PodNamespace:
    """A namespace whose pods can run.

    compute: the node groups, or the Fargate profile with its logging, that run the pods. Empty: EKS Auto Mode launches
    nodes when pods wait for them. What creates pods requires a value of this class, so that it is created after the
    compute for them.
    """

    name: str
    compute: Sequence[pulumi.Resource]

    @property
    def ready(self) -> pulumi.Output[str]:
        """The namespace's name, known once its pods can run."""
        return after(self.compute, self.name)


def before_nodes(namespace: str) -> PodNamespace:
    """Return a namespace for the DaemonSets without which no node becomes ready: they are created before any node."""
    return PodNamespace(namespace, [])


def without_pods(namespace: str) -> PodNamespace:
    """Return a namespace for a release without pods, such as a chart of definitions: it waits for no compute."""
    return PodNamespace(namespace, [])
