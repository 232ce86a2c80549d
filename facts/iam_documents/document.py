"""The shape of an IAM policy document, and what every policy here is put together with."""

import json
from collections.abc import Sequence
from typing import Final, Literal, NotRequired, TypedDict

Condition = dict[str, dict[str, str | list[str]]]
"""Operator to condition key to value, or to the values of which one must match."""

MANAGED_POLICY_LIMIT: Final = 6144
"""Characters of a customer managed policy, white space not counted.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-entity-length"""

INLINE_POLICIES_LIMIT: Final = 10_240
"""Characters of all inline policies of a role together, white space not counted; same page."""

TRUST_POLICY_LIMIT: Final = 2048
"""Characters of a role's trust policy, white space not counted, unless the account's quota was raised; same page."""

POLICIES_PER_ROLE: Final = 10
"""Managed policies that a role can have, unless the account's quota was raised; same page."""

RESERVED_IAM_PATHS: Final = ("/aws-service-role/", "/aws-reserved/")
"""Beginnings of paths, in lower case, that IAM keeps for roles that AWS creates.

"Path prefix '/aws-service-role/' can only be used for AWS Service linked Roles"
(https://github.com/tilfin/aws-iam-policy-tool/pull/9); roles of IAM Identity Center have the other:
https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html"""


class Statement(TypedDict):
    """One statement of a policy. `Principal` is for trust, key and queue policies, which need no or any `Resource`."""

    Sid: str
    Effect: Literal["Allow", "Deny"]
    Action: list[str]
    Resource: NotRequired[list[str]]
    Principal: NotRequired[dict[str, list[str]]]
    Condition: NotRequired[Condition]


class PolicyDocument(TypedDict):
    """A policy as IAM, KMS and SQS take it, once it is JSON."""

    Version: Literal["2012-10-17"]
    Statement: list[Statement]


def document(*statements: Statement) -> PolicyDocument:
    """Return the policy of these statements."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def allow(
    sid: str,
    actions: Sequence[str],
    resources: Sequence[str] = ("*",),
    condition: Condition | None = None,
) -> Statement:
    """Return an identity policy's statement that allows actions on resources, under a condition where one is given."""
    statement: Statement = {"Sid": sid, "Effect": "Allow", "Action": list(actions), "Resource": list(resources)}
    if condition:
        statement["Condition"] = condition
    return statement


def policy_size(policy: PolicyDocument) -> int:
    """Return the size of a policy as IAM counts it against its quotas: characters of JSON without white space."""
    return len(json.dumps(policy, separators=(",", ":")))
