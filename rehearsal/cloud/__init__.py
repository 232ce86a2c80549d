"""How AWS, EKS and Kubernetes answer: computed outputs, ids, replacements, durations, for every type the program uses.

`kind_of(type)` gives the `Kind` of a resource type, `answer_of(token)` the `Answer` of an invoke; both refuse what the
tables do not have; `component.expand_of(type)` what the provider of a remote component registers below it. Adding a
type is one entry in the table of its service.
"""

from __future__ import annotations

from typing import Final

from rehearsal.cloud import ec2, eks, elb, iam, invokes, kubernetes, services
from rehearsal.cloud.kind import Answer, Kind, UnmodelledError, uuid

ACCOUNT: Final = "111122223333"
"""The account that answers where the program's AWS provider does not say which ones it allows."""

KINDS: Final[dict[str, Kind]] = {
    "pulumi:providers:aws": Kind(uuid()),
    "pulumi:providers:eks": Kind(uuid()),
    # With a cluster identifier, another kubeconfig is no other cluster (pulumi-kubernetes #4019).
    "pulumi:providers:kubernetes": Kind(uuid(), replaces=frozenset({"clusterIdentifier"})),
    **ec2.KINDS,
    **iam.KINDS,
    **eks.KINDS,
    **elb.KINDS,
    **services.KINDS,
    **kubernetes.KINDS,
}
"""Every resource type the fake cloud knows, by its token; other objects of Kubernetes have theirs from `kind_of`."""

INVOKES: Final[dict[str, Answer]] = invokes.INVOKES
"""Every invoke the fake cloud answers, by its token."""


def kind_of(type_: str) -> Kind:
    """Return the `Kind` of a resource type token.

    Raises UnmodelledError for a type that is neither in the tables nor an object of Kubernetes.
    """
    kind = KINDS.get(type_)
    if kind is not None:
        return kind
    if kubernetes.is_custom(type_) or kubernetes.is_built_in(type_):
        return kubernetes.OBJECT
    raise UnmodelledError(f"the fake cloud has no entry for the resource type {type_!r} (rehearsal/cloud)")


def answer_of(token: str) -> Answer:
    """Return how the fake cloud answers the invoke `token`; raises UnmodelledError for one it does not know."""
    answer = INVOKES.get(token)
    if answer is None:
        raise UnmodelledError(f"the fake cloud has no answer for the invoke {token!r} (rehearsal/cloud/invokes.py)")
    return answer


__all__ = ["ACCOUNT", "INVOKES", "KINDS", "UnmodelledError", "answer_of", "kind_of"]
