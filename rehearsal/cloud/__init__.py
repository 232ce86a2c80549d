"""How AWS, EKS and Kubernetes answer: computed outputs, ids, replacements, durations, for every type the program uses.

`MODEL` is what the harness takes. `kind_of(type)` gives the `Kind` of a resource type, `answer_of(token)` the `Answer`
of an invoke, `expand_of(type)` what the provider of a remote component registers below it; all three refuse what the
tables do not have. Adding a type is one entry in the table of its service.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from harness.component import Expand
from harness.kind import Answer, Kind, UnmodelledError, uuid
from harness.model import EXAMPLE_ACCOUNT, Model
from rehearsal.cloud import (
    aws,
    ec2,
    efs,
    eks,
    eks_component,
    elb,
    iam,
    invokes,
    kubernetes,
    limits,
    s3,
    services,
    yaml_component,
)

ACCOUNT: Final = EXAMPLE_ACCOUNT
"""The account that answers where the program's AWS provider does not say which ones it allows."""

KINDS: Final[dict[str, Kind]] = {
    "pulumi:providers:aws": Kind(uuid()),
    "pulumi:providers:eks": Kind(uuid()),
    # With a cluster identifier, another kubeconfig is no other cluster (pulumi-kubernetes #4019).
    "pulumi:providers:kubernetes": Kind(uuid(), replaces=frozenset({"clusterIdentifier"})),
    **ec2.KINDS,
    **efs.KINDS,
    **iam.KINDS,
    **eks.KINDS,
    **elb.KINDS,
    **s3.KINDS,
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


COMPONENTS: Final[dict[str, Expand]] = {
    eks_component.TYPE: eks_component.expand,
    yaml_component.TYPE: yaml_component.expand,
}
"""Every remote component the fake cloud knows, by its type token."""


def expand_of(type_: str) -> Expand:
    """Return what expands the component of a type token; raises UnmodelledError for one that is not known here."""
    if type_ not in COMPONENTS:
        raise UnmodelledError(f"the fake cloud does not know what the component {type_!r} is made of (rehearsal/cloud)")
    return COMPONENTS[type_]


def _missing_fields(type_: str, inputs: Mapping[str, Any]) -> list[str] | None:
    return kubernetes.missing_fields(inputs) if kubernetes.is_custom(type_) else None


MODEL: Final = Model(
    kind_of=kind_of,
    answer_of=answer_of,
    expand_of=expand_of,
    limits=limits.problems,
    missing_fields=_missing_fields,
    place_of=aws.place_of,
    region_of=aws.region_of,
    account=ACCOUNT,
)
"""What the recorder and the provider doubles of this project are given."""

__all__ = ["ACCOUNT", "COMPONENTS", "INVOKES", "KINDS", "MODEL", "UnmodelledError", "answer_of", "expand_of", "kind_of"]
