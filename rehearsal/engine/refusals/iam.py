"""What IAM says: which policies a role has, what they allow, and who may assume it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from harness.engine.store import Cloud
from rehearsal.engine.refusals import uses


def attached_policy_arns(role_arn: str, cloud: Cloud) -> list[str]:
    """Return the ARNs of the policies attached to a role; none if there is no such role."""
    role = cloud.one(uses.ROLE, "arn", role_arn)
    return [] if role is None else [str(a.get("policyArn")) for a in cloud.of(uses.ATTACHMENT, role=role.get("name"))]


def statements(document: str | dict[str, Any]) -> list[dict[str, Any]]:
    """Return the statements of a policy document."""
    parsed = json.loads(document) if isinstance(document, str) else document
    found = parsed.get("Statement", [])
    return found if isinstance(found, list) else [found]


def as_list(value: Any) -> list[Any]:
    """Return a value of a policy document as a list: IAM takes one value for a list of one."""
    return value if isinstance(value, list) else [] if value is None else [value]


def allowed(role_arn: str, action: str, cloud: Cloud) -> bool:
    """Return whether some policy of a role allows an action on something; conditions are not looked at."""
    patterns = [
        pattern
        for document in _documents(role_arn, cloud)
        for statement in statements(document)
        if statement.get("Effect") == "Allow"
        for pattern in as_list(statement.get("Action"))
    ]
    return any(fnmatchcase(action.lower(), str(pattern).lower()) for pattern in patterns)


def _documents(role_arn: str, cloud: Cloud) -> Iterator[str]:
    for arn in attached_policy_arns(role_arn, cloud):
        policy = cloud.one(uses.POLICY, "arn", arn)
        if policy is not None:
            yield policy.get("policy")
    role = cloud.one(uses.ROLE, "arn", role_arn)
    for inline in cloud.of(uses.ROLE_POLICY, role=role.get("name")) if role else []:
        yield inline.get("policy")


def trusts_service(role_arn: str, service: str, cloud: Cloud) -> bool:
    """Return whether an AWS service may assume a role."""
    role = cloud.one(uses.ROLE, "arn", role_arn)
    return role is not None and any(
        service in as_list(dict(statement.get("Principal", {})).get("Service"))
        for statement in statements(role.get("assumeRolePolicy"))
    )


def trusts_service_account(role_arn: str, namespace: str, name: str, cloud: Cloud) -> bool:
    """Return whether a service account may assume a role by its token, its OIDC provider being there."""
    role = cloud.one(uses.ROLE, "arn", role_arn)
    subject = f"system:serviceaccount:{namespace}:{name}"
    for statement in statements(role.get("assumeRolePolicy")) if role else []:
        providers = as_list(dict(statement.get("Principal", {})).get("Federated"))
        subjects = [
            value
            for conditions in statement.get("Condition", {}).values()
            for key, values in conditions.items()
            if key.endswith(":sub")
            for value in as_list(values)
        ]
        has_provider = any(cloud.one(uses.OIDC, "arn", provider) for provider in providers)
        if has_provider and any(fnmatchcase(subject, pattern) for pattern in subjects):
            return True
    return False
