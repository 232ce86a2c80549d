"""Who may assume roles, and what policies allow."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from policy.exceptions import ACTION_WILDCARDS, RESOURCE_WILDCARDS, Allowed
from policy.model import Resource, at, items, structure, text
from policy.patterns import POWERFUL, every_resource, like
from policy.rule import rule

ROLE: Final = "aws:iam/role:Role"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
IDENTITY_POLICIES: Final = (
    "aws:iam/policy:Policy",
    "aws:iam/rolePolicy:RolePolicy",
    "aws:iam/userPolicy:UserPolicy",
    "aws:iam/groupPolicy:GroupPolicy",
    ROLE,
)
RESOURCE_POLICIES: Final = (
    "aws:kms/key:Key",
    "aws:sqs/queue:Queue",
    "aws:sqs/queuePolicy:QueuePolicy",
    "aws:sns/topic:Topic",
    "aws:sns/topicPolicy:TopicPolicy",
    "aws:s3/bucketPolicy:BucketPolicy",
    "aws:ecr/repositoryPolicy:RepositoryPolicy",
    "aws:secretsmanager/secretPolicy:SecretPolicy",
    ROLE,
)

TOKEN_ACTION: Final = "sts:assumerolewithwebidentity"  # noqa: S105  # the name of an action
POD_IDENTITY: Final = "pods.eks.amazonaws.com"
AUDIENCE: Final = "sts.amazonaws.com"

NARROWING: Final = re.compile(
    r"[\w-]+:resourcetag/.+|aws:requesttag/.+|ec2:vpc|arc-zonal-shift:resourceidentifier", re.IGNORECASE
)
"""Condition keys that narrow "every resource" to some; IAM does not mind their case."""

POD_IDENTITY_SCOPE: Final = re.compile(
    r"aws:requesttag/(eks-cluster-arn|eks-cluster-name)|aws:sourcearn|aws:sourceaccount", re.IGNORECASE
)
"""Condition keys that name the cluster, or its account, in the trust of a role for Pod Identity."""


def statements(document: Any) -> Iterator[Mapping[str, Any]]:
    """Yield the statements that allow something in a policy, which is JSON, or not known."""
    for statement in items(at(structure(document), "Statement")):
        if isinstance(statement, Mapping) and statement.get("Effect") == "Allow":
            yield statement


def name_of(statement: Mapping[str, Any]) -> str:
    """Return how a message names a statement."""
    return f"statement {statement.get('Sid') or 'without a Sid'}"


def conditions(statement: Mapping[str, Any]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield each condition of a statement: operator, key, values."""
    found = statement.get("Condition")
    for operator, keys in found.items() if isinstance(found, Mapping) else ():
        for key, values in keys.items() if isinstance(keys, Mapping) else ():
            yield str(operator), str(key), [text(value) for value in items(values)]


def required(statement: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return the values that a statement requires of each condition key, by the key in lower case.

    Only what must be there and equal, or like: with `IfExists` and `ForAllValues` a missing key passes.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
    """
    operators = ("stringequals", "stringlike", "arnequals", "arnlike")
    return {key.lower(): values for operator, key, values in conditions(statement) if operator.lower() in operators}


def _actions(statement: Mapping[str, Any]) -> list[str]:
    return [text(action) for action in items(statement.get("Action"))]


def _principals(statement: Mapping[str, Any], kind: str) -> list[str]:
    principal = statement.get("Principal")
    return [text(item) for item in items(at(principal, kind) if isinstance(principal, Mapping) else principal)]


# --- Trust --------------------------------------------------------------------------------------------------------


@rule(
    "irsa-trust",
    ROLE,
    reason="Without `sub`, every service account of the cluster assumes the role; without `aud`, so does a token for "
    "something else.",
    fix="Require both by StringEquals, `sub` with the service account's namespace in full",
    source="https://docs.aws.amazon.com/eks/latest/userguide/associate-service-account-role.html",
)
def irsa_trust(role: Resource) -> Iterator[str]:
    """Each statement for a token of an OIDC provider must narrow by both."""
    for statement in statements(role.get("assumeRolePolicy")):
        by_token = any(like(action.lower(), TOKEN_ACTION) for action in _actions(statement))
        if by_token and _principals(statement, "Federated"):
            yield from (f"{name_of(statement)} {problem}" for problem in _token_problems(required(statement)))


def _token_problems(asked: Mapping[str, list[str]]) -> Iterator[str]:
    audiences = [value for key, values in asked.items() if key.endswith(":aud") for value in values]
    if not audiences:
        yield "does not require `aud`"
    yield from (f"takes any audience: {value}" for value in audiences if "*" in value or "?" in value)
    subjects = [value for key, values in asked.items() if key.endswith(":sub") for value in values]
    if not subjects:
        yield "does not require `sub`"
    yield from (f"takes service accounts of any namespace: {value}" for value in subjects if any_namespace(value))


def any_namespace(subject: str) -> bool:
    """Return whether a pattern for `sub` has a wildcard before the namespace says anything.

    "system:serviceaccount:app-*:web" passes: any user who can create such namespaces can get the role.
    """
    literal = re.split(r"[*?]", subject, maxsplit=1)[0]
    return literal != subject and "system:serviceaccount:".startswith(literal)


@rule(
    "pod-identity-trust",
    ROLE,
    reason="Without a condition, any user who can create a Pod Identity association in another cluster of the account "
    "can give the role to a pod there.",
    fix="Add a condition for aws:RequestTag/eks-cluster-arn, or for aws:SourceArn",
    source="https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html",
)
def pod_identity_trust(role: Resource) -> Iterator[str]:
    """Every cluster of the account has the same principal."""
    for statement in statements(role.get("assumeRolePolicy")):
        if POD_IDENTITY in _principals(statement, "Service") and not any(
            POD_IDENTITY_SCOPE.fullmatch(key) for key in required(statement)
        ):
            yield f"{name_of(statement)} names no cluster"


@rule(
    "policy-open-to-everyone",
    *RESOURCE_POLICIES,
    reason="The principal `*` is every AWS account there is.",
    fix="Name the principals, or add a condition that does",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-anonymous",
)
def open_to_everyone(resource: Resource) -> Iterator[str]:
    """A condition that must hold is enough: it names who."""
    document = resource.get("assumeRolePolicy" if resource.type == ROLE else "policy")
    for statement in statements(document):
        anybody = "*" in (*_principals(statement, "AWS"), *_principals(statement, "Federated"))
        if (anybody or "NotPrincipal" in statement) and not required(statement):
            yield f"{name_of(statement)} is for everybody"


# --- Wildcards ----------------------------------------------------------------------------------------------------


def _documents(resource: Resource) -> Iterator[Any]:
    if resource.type == ROLE:
        yield from (at(inline, "policy") for inline in items(resource.get("inlinePolicies")))
    else:
        yield resource.get("policy")


def _allowed(action: str, policy: Resource, entries: tuple[Allowed, ...]) -> bool:
    return any(entry.covers(action, policy) for entry in entries)


@rule(
    "iam-action-wildcard",
    *IDENTITY_POLICIES,
    reason="A wildcard allows actions that nobody reviewed, including those that AWS adds later.",
    fix="Name the actions; a role of extraCharts may have a wildcard with a reason (role.statements[].reason)",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
)
def action_wildcard(policy: Resource) -> Iterator[str]:
    """ACTION_WILDCARDS has the exceptions."""
    for document in _documents(policy):
        for statement in statements(document):
            if "NotAction" in statement:
                yield f"{name_of(statement)} allows everything but some actions"
            for action in _actions(statement):
                if ("*" in action or "?" in action) and not _allowed(action, policy, ACTION_WILDCARDS):
                    yield f"{name_of(statement)} allows {action}"


@rule(
    "iam-resource-wildcard",
    *IDENTITY_POLICIES,
    reason="A role for all resources can change or delete resources of other teams.",
    fix="Name the resources, or narrow by tag; a role of extraCharts may have a wildcard with a reason "
    "(role.statements[].reason), and policy/exceptions.py lists others",
    source="https://docs.aws.amazon.com/IAM/latest/UserGuide/best-practices.html#grant-least-privilege",
)
def resource_wildcard(policy: Resource) -> Iterator[str]:
    """A condition on the resource's tags, or on the request's for what it makes, narrows as a name does."""
    for document in _documents(policy):
        for statement in statements(document):
            wild = [resource for resource in map(text, items(statement.get("Resource"))) if every_resource(resource)]
            if "NotResource" in statement:
                wild.append("everything but some resources")
            if not wild or _narrowed(statement):
                continue
            unlisted = [action for action in _actions(statement) if not _allowed(action, policy, RESOURCE_WILDCARDS)]
            if unlisted or "NotAction" in statement:
                yield f"{name_of(statement)} allows {', '.join(unlisted) or 'actions'} on {', '.join(wild)}"


def _narrowed(statement: Mapping[str, Any]) -> bool:
    asked = required(statement)
    return any(NARROWING.fullmatch(key) and values and "*" not in values for key, values in asked.items())


@rule(
    "iam-administrator",
    ATTACHMENT,
    ROLE,
    reason="A role that may do everything makes every pod or node that has it an administrator of the account.",
    fix="Attach a policy with the actions that it needs",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/iam-controls.html#iam-1",
)
def administrator(resource: Resource) -> Iterator[str]:
    """AWS's own policies for administrators, attached to a role."""
    arns = [resource.get("policyArn"), *items(resource.get("managedPolicyArns"))]
    yield from (f"it has {arn}" for arn in map(text, arns) if POWERFUL.search(arn))
