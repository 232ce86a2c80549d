"""What IAM refuses by its quotas, as an account has them at first, and by paths that it keeps for AWS.

Of these an account can have more managed policies for each role and longer trust policies on request; the length of
the other policies cannot be raised. https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from facts.iam_documents.document import (
    INLINE_POLICIES_LIMIT,
    MANAGED_POLICY_LIMIT,
    POLICIES_PER_ROLE,
    RESERVED_IAM_PATHS,
    TRUST_POLICY_LIMIT,
)
from harness.engine.store import Cloud, Resource
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.rules import rule

QUOTAS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
RESERVED_PATHS = "https://github.com/tilfin/aws-iam-policy-tool/pull/9"


def counted(policy: Any) -> int:
    """Return the characters of a policy that IAM counts: all but white space."""
    text = policy if isinstance(policy, str) else json.dumps(policy or "")
    return len(re.sub(r"\s", "", text))


@rule("create update", uses.ROLE, code="LimitExceeded", source=QUOTAS)
def long_trust_policy(role: Resource, _cloud: Cloud) -> str | None:
    """A trust policy has a length (kubeflow #6687 has the message)."""
    size = counted(role.get("assumeRolePolicy"))
    return f"Cannot exceed quota for ACLSizePerRole: {TRUST_POLICY_LIMIT}" if size > TRUST_POLICY_LIMIT else None


@rule("create update", uses.POLICY, code="LimitExceeded", source=QUOTAS)
def long_managed_policy(policy: Resource, _cloud: Cloud) -> str | None:
    """A managed policy has a length (docker/docs #6218 has the message)."""
    size = counted(policy.get("policy"))
    return f"Cannot exceed quota for PolicySize: {MANAGED_POLICY_LIMIT}" if size > MANAGED_POLICY_LIMIT else None


@rule("create update", uses.ROLE_POLICY, code="LimitExceeded", source=QUOTAS)
def long_inline_policies(policy: Resource, cloud: Cloud) -> str | None:
    """The inline policies of a role have a length together (aws/copilot-cli #5917 has the message)."""
    role = policy.get("role")
    others = [it for it in cloud.of(uses.ROLE_POLICY, role=role) if it.id != policy.id]
    size = sum(counted(it.get("policy")) for it in (*others, policy))
    if size <= INLINE_POLICIES_LIMIT:
        return None
    return f"Maximum policy size of {INLINE_POLICIES_LIMIT} bytes exceeded for role {role}"


@rule("create", uses.ATTACHMENT, code="LimitExceeded", source=QUOTAS)
def many_managed_policies(attachment: Resource, cloud: Cloud) -> str | None:
    """A role has a number of managed policies; to attach one again is no error."""
    before = {it.get("policyArn") for it in cloud.of(uses.ATTACHMENT, role=attachment.get("role"))}
    full = len(before - {attachment.get("policyArn")}) >= POLICIES_PER_ROLE
    return f"Cannot exceed quota for PoliciesPerRole: {POLICIES_PER_ROLE}" if full else None


@rule("create", uses.ROLE, uses.POLICY, uses.PROFILE, code="InvalidInput", source=RESERVED_PATHS)
def reserved_path(resource: Resource, _cloud: Cloud) -> str | None:
    """IAM keeps paths for roles that AWS creates; that this holds for policies and profiles is assumed."""
    path = str(resource.get("path") or "/")
    kept = path.lower().startswith(RESERVED_IAM_PATHS)
    return f"Path prefix '{path}' can only be used for roles that only AWS creates" if kept else None
