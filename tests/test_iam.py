"""Every IAM policy of every stack: it names what AWS has, it can hold, and it keeps AWS's quotas."""

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Any, Final, NamedTuple

import pytest

from facts.iam_documents.document import (
    INLINE_POLICIES_LIMIT,
    MANAGED_POLICY_LIMIT,
    POLICIES_PER_ROLE,
    TRUST_POLICY_LIMIT,
)
from harness.plan import Plan, Registration
from harness.properties import reveal
from tests import iam_reference
from tests.iam_reference import as_list, problems, size
from tests.plans import STACKS, run_program

LONGEST_NAME: Final = "a" * 20
"""As long as `platform.name` may be; it is in every name and in most documents."""

IAM: Final = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"
"""Where the quotas of IAM stand; those that can be raised are taken as an account has them at first."""

NAMES: Final = {
    "aws:iam/instanceProfile:InstanceProfile": 128,
    "aws:iam/policy:Policy": 128,
    "aws:iam/role:Role": 64,
}
"""Characters of a name; see IAM."""
SUFFIX: Final = len("-0123456")
"""What Pulumi adds to a name. https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming"""


class Place(NamedTuple):
    """An input that holds policies. quota: characters, or bytes, of one. source: who says so."""

    quota: int
    source: str
    principal: bool
    """Whether statements say who, which only what is attached to a resource does."""
    resource: bool
    """Whether statements say on what: a trust policy is about its role."""


PLACES: Final = {
    ("aws:iam/policy:Policy", "policy"): Place(MANAGED_POLICY_LIMIT, IAM, principal=False, resource=True),
    ("aws:iam/rolePolicy:RolePolicy", "policy"): Place(INLINE_POLICIES_LIMIT, IAM, principal=False, resource=True),
    ("aws:iam/role:Role", "assumeRolePolicy"): Place(TRUST_POLICY_LIMIT, IAM, principal=True, resource=False),
    ("aws:kms/key:Key", "policy"): Place(
        32_768,
        "https://docs.aws.amazon.com/kms/latest/developerguide/resource-limits.html",
        principal=True,
        resource=True,
    ),
    ("aws:sns/topicPolicy:TopicPolicy", "policy"): Place(
        30_720,
        "https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html",
        principal=True,
        resource=True,
    ),
    ("aws:sqs/queuePolicy:QueuePolicy", "policy"): Place(
        8_192,
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-policies.html",
        principal=True,
        resource=True,
    ),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "policy"): Place(
        20_480,
        "https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-limits-endpoints.html",
        principal=True,
        resource=True,
    ),
}
"""Inputs that hold policies, by the resource's type."""


class Found(NamedTuple):
    """A policy in a plan."""

    owner: Registration
    place: tuple[str, str]
    document: dict[str, Any]


@cache
def _plan(stack: str, name: str | None) -> Plan:
    return run_program(stack, config={"platform": {"name": name}} if name else None)


def _documents(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the policies in an input: as text or as an object, at any depth."""
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, dict) and "Statement" in value:
        yield value
    elif isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _documents(item)


def _found(plan: Plan) -> list[Found]:
    return [
        Found(entry, (entry.type, key), document)
        for entry in plan
        for key, value in entry.inputs.items()
        for document in _documents(reveal(value))
    ]


@pytest.fixture(params=STACKS)
def stack(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=[None, LONGEST_NAME], ids=["its name", "longest name"])
def plan(request: pytest.FixtureRequest, stack: str) -> Plan:
    return _plan(stack, request.param)


# --- What the stacks' policies say --------------------------------------------------------------------------------


def test_every_policy_is_found_where_it_is_looked_for(stack: str) -> None:
    entries = _plan(stack, None)
    found = _found(entries)
    # Another place needs its quota here.
    assert {policy.place for policy in found} <= PLACES.keys()
    holders = {policy.owner.urn for policy in found}
    for entry in entries:
        given = [key for kind, key in PLACES if kind == entry.type and entry.inputs.get(key) is not None]
        assert bool(given) == (entry.urn in holders), entry.urn
    assert {kind for kind, _ in {policy.place for policy in found}} >= {
        "aws:iam/policy:Policy", "aws:iam/role:Role", "aws:iam/rolePolicy:RolePolicy"
    }  # fmt: skip


def test_every_policy_names_what_aws_has_and_can_hold(stack: str) -> None:
    wrong = {policy.owner.name: problems(policy.document) for policy in _found(_plan(stack, None))}
    assert {name: lines for name, lines in wrong.items() if lines} == {}


def test_who_and_on_what_stand_where_they_belong(stack: str) -> None:
    for policy in _found(_plan(stack, None)):
        place = PLACES[policy.place]
        for statement in policy.document["Statement"]:
            assert ("Principal" in statement, "Resource" in statement) == (place.principal, place.resource), policy


def test_every_statement_has_its_own_sid(stack: str) -> None:
    for policy in _found(_plan(stack, None)):
        times = Counter(statement.get("Sid") for statement in policy.document["Statement"])
        assert None not in times, policy.owner.name
        assert set(times.values()) == {1}, policy.owner.name


# --- Quotas -------------------------------------------------------------------------------------------------------


def _oversize(found: list[Found]) -> dict[str, int]:
    sizes = {policy.owner.name: (size(policy.document), PLACES[policy.place].quota) for policy in found}
    return {name: characters for name, (characters, quota) in sizes.items() if characters > quota}


def _per_role(plan: Plan, kind: str) -> dict[str, list[Registration]]:
    """Return the resources of a type that belong to each role, by the role's physical name."""
    found: dict[str, list[Registration]] = {}
    for entry in plan:
        if entry.type == kind:
            found.setdefault(str(entry.inputs["role"]), []).append(entry)
    return found


def test_no_policy_is_too_long(plan: Plan) -> None:
    assert _oversize(_found(plan)) == {}


def test_no_role_has_too_much_inline(plan: Plan) -> None:
    inline = _per_role(plan, "aws:iam/rolePolicy:RolePolicy")
    assert inline
    for role, entries in inline.items():
        total = sum(size(document) for entry in entries for document in _documents(reveal(entry.inputs["policy"])))
        assert 0 < total <= INLINE_POLICIES_LIMIT, role


def test_no_role_has_too_many_policies(plan: Plan) -> None:
    attached = _per_role(plan, "aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attached
    assert {role: len(entries) for role, entries in attached.items() if len(entries) > POLICIES_PER_ROLE} == {}


def test_no_name_is_too_long(plan: Plan) -> None:
    named = [entry for entry in plan if entry.type in NAMES]
    assert named
    for entry in named:
        length = len(entry.inputs["name"]) if "name" in entry.inputs else len(entry.name) + SUFFIX
        assert length <= NAMES[entry.type], entry.name


def test_the_path_of_the_stack_file_begins_all_paths(stack: str) -> None:
    """Also that of a role which has one of its own, and which a policy names by it."""
    before = {entry.urn: str(entry.inputs.get("path", "/")) for entry in _plan(stack, None) if entry.type in NAMES}
    plan = run_program(stack, config={"platform": {"iamPath": "/teams/platform/"}})
    after = {entry.urn: entry.inputs["path"] for entry in plan if entry.type in NAMES}
    assert after == {urn: f"/teams/platform{path}" for urn, path in before.items()}
    named = [
        arn
        for found in _found(plan)
        for statement in found.document["Statement"]
        if "AssumeStoreRoles" in statement.get("Sid", "")
        for arn in as_list(statement["Resource"])
    ]
    stores = [entry for entry in plan if "/secret-stores/" in entry.inputs.get("path", "")]
    assert bool(stores) == bool(named)
    for store in stores:
        assert any(store.outputs["arn"].startswith(arn.removesuffix("*")) for arn in named), store.name


def test_a_queues_policy_keeps_the_other_quotas_of_queues(plan: Plan) -> None:
    for policy in _found(plan):
        if policy.owner.type == "aws:sqs/queuePolicy:QueuePolicy":
            statements = policy.document["Statement"]
            assert len(statements) <= 20
            assert all(len(as_list(statement["Action"])) <= 7 for statement in statements)
            conditions = [key for it in statements for keys in it.get("Condition", {}).values() for key in keys]
            assert len(conditions) <= 10


# --- The checks themselves ----------------------------------------------------------------------------------------

INSTANCE: Final = "arn:aws:ec2:ap-northeast-1:111122223333:instance/*"
BUCKET: Final = "arn:aws:s3:::logs"
ISSUER: Final = "oidc.eks.ap-northeast-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"


def _one(action: str | list[str], resource: str | list[str] = "*", **more: Any) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [{"Sid": "One", "Effect": "Allow", "Action": action, "Resource": resource, **more}],
    }


def _tagged(key: str, operator: str = "StringEquals") -> dict[str, Any]:
    return {"Condition": {operator: {key: "x"}}}


BROKEN: Final = {
    "an old version": (
        {**_one("ec2:RunInstances"), "Version": "2008-10-17"},
        ["version 2008-10-17"],
    ),
    "an effect": (_one("ec2:RunInstances", Effect="allow"), ["One: effect allow"]),
    "an action that is none": (_one("ec2:RunInstance"), ["One: ec2:RunInstance is no action"]),
    "an action in another spelling": (_one("ec2:runinstances"), ["One: ec2:runinstances is no action"]),
    "an action of another service": (_one("eks:RunInstances"), ["One: eks:RunInstances is no action"]),
    "a service that is none": (_one("ec3:RunInstances"), ["One: ec3:RunInstances is no action"]),
    "a wildcard that is no action": (_one("ec2:Lunch*"), ["One: ec2:Lunch* is no action"]),
    "an action without a service": (_one("*"), ["One: * is no action"]),
    "a resource of another type": (
        _one("eks:DescribeCluster", INSTANCE),
        [f"One: eks:DescribeCluster knows no resource {INSTANCE}"],
    ),
    "a resource for an action that knows none": (
        _one(["ec2:DescribeInstances", "ec2:TerminateInstances"], INSTANCE),
        [f"One: ec2:DescribeInstances knows no resource {INSTANCE}"],
    ),
    "a resource too many": (
        _one("ec2:TerminateInstances", [INSTANCE, BUCKET]),
        [f"One: nothing is granted on {BUCKET}"],
    ),
    "a bucket's resource for its objects": (
        _one("s3:GetObject", BUCKET),
        [f"One: s3:GetObject knows no resource {BUCKET}"],
    ),
    "a condition key that is none": (
        _one("ec2:TerminateInstances", INSTANCE, **_tagged("ec2:InstanceTyp")),
        [
            "One: ec2:InstanceTyp is no condition key of ec2:TerminateInstances",
            f"One: ec2:TerminateInstances has no ec2:InstanceTyp on {INSTANCE}",
        ],
    ),
    "a global key that is none": (
        _one("ec2:DescribeInstances", **_tagged("aws:RequestedRegions")),
        [
            "One: aws:RequestedRegions is no condition key of ec2:DescribeInstances",
            "One: ec2:DescribeInstances has no aws:RequestedRegions on *",
        ],
    ),
    "a key that the action does not have": (
        _one("ec2:DescribeInstances", **_tagged("aws:ResourceTag/team")),
        ["One: ec2:DescribeInstances has no aws:ResourceTag/team on *"],
    ),
    "a key that a type of the action does not have": (
        _one("ec2:RunInstances", "arn:aws:ec2:ap-northeast-1::image/*", **_tagged("aws:RequestTag/team")),
        [
            "One: ec2:RunInstances has no aws:RequestTag/team on arn:aws:ec2:ap-northeast-1::image/*",
        ],
    ),
    "an operator for another type of key": (
        _one("kms:CreateGrant", **_tagged("kms:GrantIsForAWSResource")),
        ["One: StringEquals does not compare kms:GrantIsForAWSResource, which is Bool"],
    ),
    "an operator for text on a global key": (
        _one("sqs:SendMessage", **_tagged("aws:SecureTransport")),
        ["One: StringEquals does not compare aws:SecureTransport, which is Bool"],
    ),
    "a token's claim without a token": (
        _one("sts:AssumeRole", **_tagged(f"{ISSUER}:sub")),
        [
            f"One: {ISSUER}:sub is no condition key of sts:AssumeRole",
            f"One: sts:AssumeRole has no {ISSUER}:sub on *",
        ],
    ),
    "a claim that service accounts' tokens have not": (
        _one("sts:AssumeRoleWithWebIdentity", **_tagged(f"{ISSUER}:subject")),
        [
            f"One: {ISSUER}:subject is no condition key of sts:AssumeRoleWithWebIdentity",
            f"One: sts:AssumeRoleWithWebIdentity has no {ISSUER}:subject on *",
        ],
    ),
}


@pytest.mark.parametrize(("document", "lines"), BROKEN.values(), ids=BROKEN)
def test_a_broken_policy_is_found_out(document: dict[str, Any], lines: list[str]) -> None:
    assert problems(document) == lines


GOOD: Final = {
    "a wildcard": _one("ec2:Describe*"),
    "a wildcard of which some know the resource": _one("s3:Get*", f"{BUCKET}/*"),
    "a deny": _one("s3:GetObject", f"{BUCKET}/*", Effect="Deny"),
    "a global key": _one("ec2:DescribeInstances", **_tagged("aws:RequestedRegion")),
    "a tag's key": _one("ec2:RunInstances", INSTANCE, **_tagged("aws:RequestTag/team/of:us")),
    "a key that must not be there": _one("ec2:DescribeInstances", Condition={"Null": {"aws:TagKeys": "true"}}),
    "a key that need not be there": _one("ec2:DescribeInstances", **_tagged("aws:TagKeys", "StringEqualsIfExists")),
    "a set's key": _one("ec2:CreateTags", INSTANCE, **_tagged("aws:TagKeys", "ForAllValues:StringLike")),
    "a statement for two services": _one(["ec2:TerminateInstances", "s3:GetObject"], [INSTANCE, f"{BUCKET}/*"]),
    "a token's claim": _one("sts:AssumeRoleWithWebIdentity", **_tagged(f"{ISSUER}:sub")),
}


@pytest.mark.parametrize("document", GOOD.values(), ids=GOOD)
def test_a_good_policy_is_left_alone(document: dict[str, Any]) -> None:
    assert problems(document) == []


def test_a_policy_is_found_in_any_form() -> None:
    document = _one("s3:GetObject")
    assert list(_documents({"a": [document, "{", "text"], "b": json.dumps(document, indent=2)})) == [document] * 2


def test_what_is_too_long_is_found_out() -> None:
    [owner] = _plan("dev", None).find(type="aws:iam/policy:Policy", name="platform-dev-lbc-controller")
    place = (owner.type, "policy")
    document = _one("s3:GetObject", f"{BUCKET}/")
    spare = PLACES[place].quota - size(document)
    fits, too_long = (_one("s3:GetObject", f"{BUCKET}/{'x' * length}") for length in (spare, spare + 1))
    assert _oversize([Found(owner, place, fits)]) == {}
    assert _oversize([Found(owner, place, too_long)]) == {owner.name: PLACES[place].quota + 1}


def test_nothing_is_listed_as_missing_that_the_data_has() -> None:
    """An update of the data may make an exception needless."""
    for action in iam_reference.NEWER_ACTIONS:
        assert iam_reference.actions(action) == []
    for table in (iam_reference.ADDED_TYPES, iam_reference.ADDED_ARNS):
        assert all(len(iam_reference.actions(action)) == 1 for action in table)
    bare = {action: set(iam_reference.listed_types(action)) for action in iam_reference.ADDED_TYPES}
    for action, beginnings in iam_reference.ADDED_TYPES.items():
        assert not {kind.split("/")[0] for kind in bare[action]} & set(beginnings)
