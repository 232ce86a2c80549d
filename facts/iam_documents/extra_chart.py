"""What the pods of a chart that a team adds may do: what its stack file says."""

from collections.abc import Sequence
from typing import NotRequired, TypedDict

from .document import PolicyDocument, allow, document


class PolicyStatementArgs(TypedDict):
    """One statement of an IAM policy, which allows."""

    sid: str
    actions: list[str]
    resources: list[str]
    """ARNs, or `*` alone."""
    conditions: dict[str, dict[str, list[str]]]
    """Operator to condition key to its values; empty: none."""
    reason: NotRequired[str]
    """Why the resources are `*`; IAM does not get it."""


def extra_chart(statements: Sequence[PolicyStatementArgs]) -> PolicyDocument:
    """Return the policy of these statements."""
    return document(
        *(
            allow(
                statement["sid"],
                statement["actions"],
                statement["resources"],
                {operator: {**keys} for operator, keys in statement["conditions"].items()},
            )
            for statement in statements
        )
    )
