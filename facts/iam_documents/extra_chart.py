"""What the pods of a chart that a team adds, or of an application, may do: what the stack file says."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from .document import PolicyDocument, allow, document


class AllowedActions(Protocol):
    """One statement of an IAM policy, which allows, as a stack file has it."""

    @property
    def sid(self) -> str:
        """Its name."""

    @property
    def actions(self) -> Sequence[str]:
        """The actions."""

    @property
    def resources(self) -> Sequence[str]:
        """ARNs, or `*` alone."""

    @property
    def conditions(self) -> Mapping[str, Mapping[str, list[str]]]:
        """Operator to condition key to its values; empty: none."""


def assume_role(role_arn: str) -> PolicyDocument:
    """Let a role assume another one, and pass on the session tags of Pod Identity.

    https://docs.aws.amazon.com/eks/latest/userguide/pod-id-assign-target-role.html
    """
    return document(allow("AssumeTargetRole", ["sts:AssumeRole", "sts:TagSession"], [role_arn]))


def assume_roles(role_arns: Sequence[str]) -> PolicyDocument:
    """Let a role assume others, such as Argo CD's those of other clusters, and pass on the session tags.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#eks
    """
    return document(allow("AssumeRoles", ["sts:AssumeRole", "sts:TagSession"], [*role_arns]))


def extra_chart(statements: Sequence[AllowedActions]) -> PolicyDocument:
    """Return the policy of these statements."""
    return document(
        *(
            allow(
                statement.sid,
                statement.actions,
                statement.resources,
                {operator: {**keys} for operator, keys in statement.conditions.items()},
            )
            for statement in statements
        )
    )
