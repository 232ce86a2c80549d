"""What the roles may do: enough for every resource of every plan, in words that AWS knows, and nothing else."""

import json
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

import pytest

from bootstrap.actions import ACTIONS, ASKED
from bootstrap.documents import (
    LINKED,
    MANAGED_SERVICES,
    Role,
    actions,
    boundary_policy,
    deploy_policies,
    deployers,
    plan_policies,
    planners,
    reads,
    state_policy,
    trust,
)
from bootstrap.needs import Needs
from bootstrap.plan import needs_of, of_stack
from facts.iam_documents.document import (
    INLINE_POLICIES_LIMIT,
    MANAGED_POLICY_LIMIT,
    POLICIES_PER_ROLE,
    PolicyDocument,
    policy_size,
)
from rehearsal.cloud import INVOKES, KINDS
from tests import iam_reference
from tests.iam_reference import problems
from tests.plans import EXAMPLES, STACKS, configuration_of, run_program
from tests.schemas import words
from tests.schemas.counterparts import COUNTERPARTS

ACCOUNT: Final = "111122223333"
BOUNDARY: Final = f"arn:aws:iam::{ACCOUNT}:policy/platform-boundary"
KEPT: Final = [f"arn:aws:iam::{ACCOUNT}:role/deployer", f"arn:aws:iam::{ACCOUNT}:policy/pulumi-*"]
KEY: Final = f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
PLATFORM: Final = {"name": "platform", "account": ACCOUNT, "region": "ap-northeast-1"}
BUCKET: Final = "arn:aws:s3:::example-jp-pulumi-state"

NOT_CALLED: Final[dict[tuple[str, str], str]] = {
    ("*", "acm-pca:*"): "no private certificate authority",
    ("*", "amplify:*"): "a web ACL of the platform is for its load balancer alone",
    ("*", "apigateway:*"): "a web ACL of the platform is for its load balancer alone",
    ("*", "apprunner:*"): "a web ACL of the platform is for its load balancer alone",
    ("*", "appsync:*"): "a web ACL of the platform is for its load balancer alone",
    ("*", "bedrock-agentcore:*"): "a web ACL of the platform is for its load balancer alone",
    ("*", "cognito-idp:*"): "only for the user pools of listeners; a web ACL is for the load balancer alone",
    ("*", "firehose:*"): "log groups deliver nothing",
    ("*", "s3:*"): "logs and flow logs go to CloudWatch",
    ("*", "vpc-lattice:*"): "endpoints of AWS services alone",
    ("*", "vpce:*"): "endpoints in the stack's own region",
    ("AccessEntry", "eks:AssociateAccessPolicy"): "a resource of its own: aws:eks/accessPolicyAssociation",
    ("AccessEntry", "eks:DisassociateAccessPolicy"): "a resource of its own: aws:eks/accessPolicyAssociation",
    ("AccessEntry", "eks:ListAssociatedAccessPolicies"): "a resource of its own: aws:eks/accessPolicyAssociation",
    ("Certificate", "route53:ChangeResourceRecordSets"): "a resource of its own: aws:route53/record",
    ("Cluster", "eks:ActivateCertificateAuthority"): "the provider does not turn certificate authorities",
    ("Cluster", "eks:CreateAccessEntry"): "the creator gets no access entry",
    ("Cluster", "iam:AddRoleToInstanceProfile"): "Auto Mode's are EKS's own",
    ("Cluster", "iam:CreateInstanceProfile"): "Auto Mode's are EKS's own",
    ("Cluster", "iam:DeleteInstanceProfile"): "Auto Mode's are EKS's own",
    ("Cluster", "iam:GetInstanceProfile"): "Auto Mode's are EKS's own",
    ("Cluster", "iam:RemoveRoleFromInstanceProfile"): "Auto Mode's are EKS's own",
    ("Cluster", "iam:TagInstanceProfile"): "Auto Mode's are EKS's own",
    ("EgressOnlyInternetGateway", "ec2:DescribeTags"): "Describe of the thing itself has its tags",
    ("Eip", "ec2:AcceptAddressTransfer"): "addresses are the account's own",
    ("EventRule", "events:ListTargetsByRule"): "a resource of its own: aws:cloudwatch/eventTarget",
    ("EventRule", "events:PutTargets"): "a resource of its own: aws:cloudwatch/eventTarget",
    ("EventRule", "events:RemoveTargets"): "a resource of its own: aws:cloudwatch/eventTarget",
    ("EventRule", "iam:PassRole"): "rules and topics get no role",
    ("FileSystem", "elasticfilesystem:DeleteTags"): "UntagResource does the same",
    ("FileSystem", "iam:PassRole"): "only with a role for replication",
    ("FileSystem", "elasticfilesystem:*BackupPolicy"): "a resource of its own: aws:efs/backupPolicy",
    ("FileSystem", "elasticfilesystem:*FileSystemPolicy"): "the provider has a resource of its own for it",
    ("FileSystem", "elasticfilesystem:*ReplicationConfiguration*"): "the provider has a resource of its own for it",
    ("FlowLog", "autoscaling:DescribeTags"): "flow logs are of a VPC",
    ("FlowLog", "ec2:DescribeTags"): "Describe of the thing itself has its tags",
    ("FlowLog", "iam:CreateServiceLinkedRole"): "flow logs go to CloudWatch, with a role of their own",
    ("FlowLog", "logs:CreateLogDelivery"): "flow logs go to CloudWatch Logs with a role of their own",
    ("FlowLog", "logs:DeleteLogDelivery"): "flow logs go to CloudWatch Logs with a role of their own",
    ("LoadBalancer", "ec2:DescribeIpamPools"): "no IPAM pools",
    ("LogGroup", "logs:*BearerToken*"): "the provider has no such property",
    ("LogGroup", "logs:*DataProtectionPolicy"): "the provider has a resource of its own for it",
    ("LogGroup", "logs:*IndexPolic*"): "the provider has a resource of its own for it",
    ("LogGroup", "logs:*ResourcePolic*"): "the provider has a resource of its own for it",
    ("LogGroup", "logs:CreateLogDelivery"): "flow logs go to CloudWatch Logs with a role of their own",
    ("OpenIdConnectProvider", "iam:ListOpenIDConnectProviderTags"): "GetOpenIDConnectProvider has them",
    ("Policy", "iam:AttachGroupPolicy"): "policies are attached to roles",
    ("Policy", "iam:AttachRolePolicy"): "a resource of its own: aws:iam/rolePolicyAttachment",
    ("Policy", "iam:AttachUserPolicy"): "policies are attached to roles",
    ("Policy", "iam:DetachGroupPolicy"): "policies are attached to roles",
    ("Policy", "iam:DetachRolePolicy"): "a resource of its own: aws:iam/rolePolicyAttachment",
    ("Policy", "iam:DetachUserPolicy"): "policies are attached to roles",
    ("Policy", "iam:ListEntitiesForPolicy"): "the engine deletes attachments first",
    ("Profile", "iam:GetPolicy"): "the session has no policies but the role's",
    ("Profile", "rolesanywhere:*AttributeMapping"): "the provider has no such property",
    ("TrustAnchor", "rolesanywhere:*NotificationSettings"): "nobody changes when AWS warns of a certificate's end",
    ("Record", "route53:ListHostedZones"): "zones are known by their ids",
    ("Role", "iam:AttachRolePolicy"): "a resource of its own: aws:iam/rolePolicyAttachment",
    ("Role", "iam:DeleteRolePermissionsBoundary"): "a boundary is never removed",
    ("Role", "iam:DeleteRolePolicy"): "a resource of its own: aws:iam/rolePolicy",
    ("Role", "iam:DetachRolePolicy"): "a resource of its own: aws:iam/rolePolicyAttachment",
    ("Role", "iam:PutRolePolicy"): "a resource of its own: aws:iam/rolePolicy",
    ("Route", "ec2:DescribeNetworkInterfaces"): "routes lead to gateways",
    ("Scraper", "aps:*ScraperLoggingConfiguration"): "the provider has a resource of its own for it",
    ("Scraper", "ec2:*NetworkInterface*"): "made by the collector's service-linked role",
    ("Scraper", "ec2:DescribeVpcs"): "the provider does not read it for a collector",
    ("Scraper", "iam:DeleteServiceLinkedRole"): "the role stays, as those of other services do",
    ("Scraper", "iam:PassRole"): "only with roles for a workspace of another account",
    ("Scraper", "kafka:*"): "collectors of clusters of EKS alone",
    ("Scraper", "logs:*"): "collectors write no logs",
    ("SecurityGroup", "ec2:DescribeInstances"): "the provider looks for network interfaces",
    ("Subnet", "ec2:DescribeNetworkAcls"): "the provider does not read it for a subnet",
    ("TargetGroup", "elasticloadbalancing:DeregisterTargets"): "targets are the controller's",
    ("TargetGroup", "elasticloadbalancing:RegisterTargets"): "targets are the controller's",
    ("Topic", "iam:GetRole"): "only with a role for delivery",
    ("Topic", "iam:PassRole"): "rules and topics get no role",
    ("Topic", "sns:*DataProtectionPolicy"): "the provider has a resource of its own for it",
    ("Topic", "sns:ListSubscriptionsByTopic"): "a resource of its own: aws:sns/topicSubscription",
    ("Topic", "sns:Subscribe"): "a resource of its own: aws:sns/topicSubscription",
    ("Topic", "sns:Unsubscribe"): "a resource of its own: aws:sns/topicSubscription",
    ("TopicSubscription", "iam:GetRole"): "only with a role for delivery",
    ("TopicSubscription", "iam:PassRole"): "rules and topics get no role",
    ("Vpc", "ec2:CreateVpcEncryptionControl"): "the provider has a resource of its own for it",
    ("Vpc", "ec2:DescribeVpcEncryptionControls"): "the provider has a resource of its own for it",
    ("VpcIpv4CidrBlockAssociation", "ec2:AllocateIpamPoolCidr"): "no IPAM pools",
    ("Workspace", "aps:*AlertManagerDefinition"): "the provider has a resource of its own for it",
    ("Workspace", "aps:*LoggingConfiguration"): "the provider has a resource of its own for it",
    ("Workspace", "aps:*WorkspaceConfiguration"): "the provider has a resource of its own for it",
    ("Workspace", "ec2:*"): "only with a VPC or with lists of addresses that may reach it",
    ("Workspace", "logs:*"): "workspaces write no logs",
    (
        "WebAclAssociation",
        "ec2:AssociateVerifiedAccessInstanceWebAcl",
    ): "a web ACL of the platform is for its load balancer alone",
    ("WebAclAssociation", "ec2:DescribeVerifiedAccessInstanceWebAclAssociations"): "see above",
    (
        "WebAclAssociation",
        "ec2:DisassociateVerifiedAccessInstanceWebAcl",
    ): "a web ACL of the platform is for its load balancer alone",
    (
        "WebAclAssociation",
        "ec2:GetVerifiedAccessInstanceWebAcl",
    ): "a web ACL of the platform is for its load balancer alone",
    ("WebAclAssociation", "elasticloadbalancing:CreateWebACLAssociation"): "SetWebAcl",
    ("WebAclAssociation", "elasticloadbalancing:DeleteWebACLAssociation"): "SetWebAcl",
    ("WebAclAssociation", "elasticloadbalancing:GetLoadBalancerWebACL"): "the provider asks WAF",
    ("WebAclAssociation", "wafv2:*PermissionPolicy"): "for rule groups that accounts share",
}
"""What AWS's handlers ask for and Pulumi's provider does not, by type and action, each with its reason."""


@cache
def _needs(stack: str) -> Needs:
    return of_stack(stack, EXAMPLES)


SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "a boundary": {"platform": {"permissionsBoundary": BOUNDARY}},
    "keys of the company": {"encryption": dict.fromkeys(("logs", "queue", "volumes"), KEY)},
    "nodes with IPv6": {"network": {"ipFamily": "ipv6"}},
}
"""Settings that none of the stacks has, which change what a deployer needs."""


@cache
def _other(name: str) -> Needs:
    platform = json.loads(configuration_of("dev").values["eks-platform:platform"])
    return needs_of(run_program("dev", config=SETTINGS[name]), {"platform": platform, "access": {"deployer": KEPT[0]}})


@pytest.fixture(params=[*STACKS, *SETTINGS])
def needs(request: pytest.FixtureRequest) -> Needs:
    found = _other(request.param) if request.param in SETTINGS else _needs(request.param)
    return replace(found, boundary=BOUNDARY)


@pytest.fixture
def role(needs: Needs) -> Role:
    (found,) = deployers([needs])
    return found


def _policies(role: Role) -> list[PolicyDocument]:
    return deploy_policies(role, KEPT)


def _granted(policies: list[PolicyDocument]) -> set[str]:
    return {a for policy in policies for s in policy["Statement"] if s["Effect"] == "Allow" for a in s["Action"]}


# --- The table ----------------------------------------------------------------------------------------------------

TYPES: Final = sorted(ACTIONS)


def test_each_type_and_function_that_the_platform_may_use_has_its_actions() -> None:
    known = {type_ for type_ in KINDS if type_.startswith("aws:") and not type_.startswith("aws:s3/")}
    assert set(ACTIONS) == known, "add the IAM actions of each new type to ACTIONS in bootstrap/actions.py"
    assert set(ASKED) == set(INVOKES), "add the IAM actions of each new function to ASKED in bootstrap/actions.py"


def test_each_action_is_one_that_aws_has() -> None:
    named = {action for it in ACTIONS.values() for action in it.all}
    named |= {action for text in ASKED.values() for action in text.split()}
    assert {action for action in named if [it.name for it in iam_reference.actions(action)] != [action]} == set()


@pytest.mark.parametrize("type_", TYPES)
def test_what_awss_own_handlers_ask_for_is_there_or_has_a_reason(type_: str) -> None:
    missing = _handled(type_) - ACTIONS[type_].all
    assert {action for action in missing if not any(_is_excused(type_, action, key) for key in NOT_CALLED)} == set()


def test_each_reason_is_for_something_that_a_handler_asks_for() -> None:
    missing = [(type_, action) for type_ in TYPES for action in _handled(type_) - ACTIONS[type_].all]
    assert {key for key in NOT_CALLED if not any(_is_excused(*it, key) for it in missing)} == set()


def _is_excused(type_: str, action: str, key: tuple[str, str]) -> bool:
    return key[0] in ("*", type_.rpartition(":")[2]) and fnmatchcase(action, key[1])


def _handled(type_: str) -> set[str]:
    """Return the actions in the handlers of AWS's schema, those to list all resources left out."""
    schema = COUNTERPARTS[type_].schema
    handlers: dict[str, Any] = words.schema(schema).get("handlers", {}) if schema else {}
    asked = {action for name, handler in handlers.items() if name != "list" for action in handler["permissions"]}
    return {action for action in asked if iam_reference.actions(action) or "*" in action}


@pytest.mark.parametrize("type_", TYPES)
def test_each_type_can_be_created_read_and_deleted(type_: str) -> None:
    it = ACTIONS[type_]
    assert it.read
    # The first exists in no form but the wait for it, the second comes and goes with its VPC.
    if "Validation" not in type_:
        assert it.create
    if type_ not in (
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup",
    ):
        assert it.delete


# --- Of every stack -----------------------------------------------------------------------------------------------


def test_the_rights_are_enough_for_every_resource_and_every_question_of_the_plan(needs: Needs, role: Role) -> None:
    granted = _granted(_policies(role))
    assert needs.types
    for type_ in needs.types:
        services = {action.partition(":")[0] for action in granted}
        # What is of a service that the plan has nothing of concerns settings that it does not use.
        assert {a for a in ACTIONS[type_].all - granted if a.partition(":")[0] in services} == set(), type_
        first = ACTIONS[type_].create or ACTIONS[type_].read
        assert first.split()[0] in granted
    assert {action for token in needs.asked for action in ASKED[token].split()} <= granted


def test_no_service_is_named_that_the_plan_lacks(needs: Needs, role: Role) -> None:
    of_types = {(ACTIONS[type_].create or ACTIONS[type_].read).partition(":")[0] for type_ in needs.types}
    of_calls = {action.partition(":")[0] for token in needs.asked for action in ASKED[token].split()}
    for policies in (_policies(role), plan_policies(role)):
        named = {action.partition(":")[0] for action in _granted(policies)}
        assert named <= of_types | of_calls | ({"kms"} if needs.keys else set())


def test_every_statement_is_one_that_aws_can_grant(role: Role) -> None:
    documents = [*_policies(role), *plan_policies(role), boundary_policy(role)]
    documents += [state_policy(role, BUCKET, KEY, writes=writes) for writes in (True, False)]
    assert [line for policy in documents for line in problems(policy)] == []


def test_they_fit_iams_quotas(role: Role) -> None:
    for policies in (_policies(role), plan_policies(role), [boundary_policy(role)]):
        assert 0 < len(policies) <= POLICIES_PER_ROLE
        assert max(map(policy_size, policies)) <= MANAGED_POLICY_LIMIT
    assert policy_size(state_policy(role, BUCKET, KEY, writes=True)) <= INLINE_POLICIES_LIMIT


def test_a_preview_may_change_nothing(role: Role) -> None:
    granted = _granted(plan_policies(role))
    assert granted == reads(role)
    levels = {action: iam_reference.access_level(action) for action in granted}
    assert {action for action, level in levels.items() if level not in ("Read", "List")} == set()
    assert granted <= actions(role)


def test_a_listener_that_logs_users_in_may_be_created() -> None:
    pool = f"arn:aws:cognito-idp:ap-northeast-1:{ACCOUNT}:userpool/ap-northeast-1_Example1"
    ingress = {
        "owner": "program",
        "certificate": f"arn:aws:acm:ap-northeast-1:{ACCOUNT}:certificate/0f1e2d3c",
        "login": {"cognito": {"userPool": pool, "clientId": "a", "domain": "login"}},
    }
    plan = run_program("dev", config={"platform": {"region": "ap-northeast-1"}, "ingress": ingress})
    needs = needs_of(plan, {"platform": PLATFORM, "access": {"deployer": f"arn:aws:iam::{ACCOUNT}:role/deployer"}})
    (role,) = deployers([needs])
    statements = [s for policy in deploy_policies(role, KEPT) for s in policy["Statement"]]
    (found,) = [s for s in statements if "cognito-idp:DescribeUserPoolClient" in s["Action"]]
    assert found["Resource"] == [pool]
    assert not [a for policy in plan_policies(role) for s in policy["Statement"] for a in s["Action"] if "cognito" in a]


ZONE_ROLE: Final = "arn:aws:iam::444455556666:role/records"


def test_the_roles_of_zones_of_other_accounts_may_be_assumed() -> None:
    domain = {"name": "dev.example.jp", "hostedZoneId": "Z0123456789EXAMPLE", "zoneRole": ZONE_ROLE}
    records = {"domains": ["example.jp"], "hostedZoneIds": ["Z0123456789EXAMPLE"], "zoneRole": ZONE_ROLE}
    plan = run_program("dev", config={"ingress": {"domain": domain}, "externalDns": records})
    needs = needs_of(plan, {"platform": PLATFORM, "access": {"deployer": f"arn:aws:iam::{ACCOUNT}:role/deployer"}})
    assert (needs.zones, needs.zone_roles) == ([], [ZONE_ROLE])
    (role,) = deployers([needs])
    for policies in (deploy_policies(role, KEPT), plan_policies(role)):
        (found,) = [s for policy in policies for s in policy["Statement"] if "sts:AssumeRole" in s["Action"]]
        assert found["Resource"] == [ZONE_ROLE]
    # ExternalDNS assumes it by a role that the boundary limits.
    within = [s["Resource"] for s in boundary_policy(role)["Statement"] if "sts:AssumeRole" in s["Action"]]
    assert [ZONE_ROLE] in within


def test_nothing_is_granted_by_wildcard(role: Role) -> None:
    assert {action for action in _granted(_policies(role)) if "*" in action} == set()


# --- Escalation ---------------------------------------------------------------------------------------------------


def _statements(role: Role, action: str) -> Iterator[Any]:
    for policy in _policies(role):
        yield from (s for s in policy["Statement"] if s["Effect"] == "Allow" and action in s["Action"])


GIVES: Final = ("iam:AttachRolePolicy", "iam:CreateRole", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy")


@pytest.mark.parametrize("action", GIVES)
def test_a_role_gets_rights_only_within_the_boundary(needs: Needs, role: Role, action: str) -> None:
    (statement,) = _statements(role, action)
    assert statement["Condition"]["StringEquals"] == {"iam:PermissionsBoundary": BOUNDARY}
    assert all(arn.startswith(f"arn:aws:iam::{needs.account}:role/{needs.name}") for arn in statement["Resource"])


def test_without_a_boundary_roles_are_limited_by_their_names_alone(needs: Needs) -> None:
    (role,) = deployers([replace(needs, boundary=None)])
    for action in GIVES:
        (statement,) = _statements(role, action)
        assert "StringEquals" not in statement.get("Condition", {})
        assert all(arn.startswith(f"arn:aws:iam::{needs.account}:role/{needs.name}") for arn in statement["Resource"])


def test_it_passes_and_changes_roles_of_the_platform_alone(needs: Needs, role: Role) -> None:
    for action in ("iam:PassRole", "iam:UpdateAssumeRolePolicy", "iam:DeleteRole"):
        (statement,) = _statements(role, action)
        assert all(arn.startswith(f"arn:aws:iam::{needs.account}:role/{needs.name}") for arn in statement["Resource"])


def test_it_cannot_change_who_it_is(role: Role) -> None:
    (deny,) = [s for policy in _policies(role) for s in policy["Statement"] if s["Effect"] == "Deny"]
    assert deny["Resource"] == sorted(KEPT)
    for action in (*GIVES, "iam:CreatePolicyVersion", "iam:DeleteRolePermissionsBoundary", "iam:PassRole"):
        assert any(fnmatchcase(action, pattern) for pattern in deny["Action"]), action
    assert "Condition" not in deny


def test_the_boundary_lets_no_role_write_to_iam(role: Role) -> None:
    boundary = boundary_policy(role)
    may = {a for statement in boundary["Statement"] for a in statement["Action"] if a.startswith(("iam:", "sts:"))}
    assert may <= {
        "iam:Get*", "iam:List*", "iam:PassRole", "iam:CreateServiceLinkedRole", "sts:AssumeRole", "sts:TagSession"
    }  # fmt: skip
    assert not {a for statement in boundary["Statement"] for a in statement["Action"]} & {"*", "organizations:*"}


def test_the_boundary_covers_what_the_platforms_own_roles_do(needs: Needs, role: Role) -> None:
    may = [action for statement in boundary_policy(role)["Statement"] for action in statement["Action"]]
    for document in needs.documents:
        for statement in document["Statement"]:
            if "Principal" in statement or statement["Effect"] == "Deny":
                continue
            for action in iam_reference.as_list(statement["Action"]):
                assert any(fnmatchcase(action, pattern) for pattern in may), action


def test_a_policy_of_awss_that_nobody_knows_is_named(needs: Needs) -> None:
    (role,) = deployers([replace(needs, managed=["PowerUserAccess"])])
    with pytest.raises(ValueError, match="PowerUserAccess"):
        boundary_policy(role)
    assert "PowerUserAccess" not in MANAGED_SERVICES


def test_a_key_belongs_to_its_stack_by_its_tag(needs: Needs, role: Role) -> None:
    for action in ("kms:ScheduleKeyDeletion", "kms:PutKeyPolicy"):
        for statement in _statements(role, action):
            assert statement["Condition"] == {"StringEquals": {"aws:ResourceTag/Stack": [needs.stack]}}


def test_the_rights_of_a_platform_with_a_long_name_are_about_the_names_that_its_resources_have() -> None:
    name = "a-platform-whose-name-is-longer-than-the-names-of-its-resources"
    plan = run_program("dev", config={"platform": {"name": name}})
    found = needs_of(plan, {"platform": {**PLATFORM, "name": name}, "access": {"deployer": KEPT[0]}})
    roles = [str(entry.outputs["arn"]) for entry in plan.find(type="aws:iam/role:Role")]
    assert roles
    assert [arn for arn in roles if not any(fnmatchcase(arn, pattern) for pattern in found.named)] == []


@pytest.mark.parametrize("stack", STACKS)
def test_every_role_of_a_stack_gets_the_boundary_that_its_file_names(stack: str) -> None:
    plan = run_program(stack, config={"platform": {"permissionsBoundary": BOUNDARY}})
    assert plan.find(type="aws:iam/role:Role")
    assert needs_of(plan, {"platform": PLATFORM, "access": {"deployer": KEPT[0]}}).boundary == BOUNDARY
    assert of_stack(stack, EXAMPLES).boundary is None


# --- Who ----------------------------------------------------------------------------------------------------------


def test_one_role_for_each_principal_that_the_stack_files_name() -> None:
    dev, staging = _needs("dev"), _needs("staging")
    (role,) = deployers([dev, staging])
    assert role.arn == dev.deployer == staging.deployer
    assert role.environments == ("dev", "staging")
    assert role.types == {*dev.types, *staging.types}
    assert {
        "arn:aws:eks:ap-northeast-1:111122223333:*/platform-dev",
        "arn:aws:eks:ap-northeast-1:111122223333:*/platform-staging",
    } <= {arn for statement in _statements(role, "eks:DeleteCluster") for arn in statement["Resource"]}
    other = replace(staging, deployer=f"arn:aws:iam::{ACCOUNT}:role/ci/staging")
    assert [(it.name, it.path) for it in deployers([dev, other])] == [("platform-deployer", "/"), ("staging", "/ci/")]


def test_previews_have_environments_of_their_own() -> None:
    (role,) = planners([_needs("dev")])
    assert (role.name, role.environments) == ("platform-preview", ("dev-plan",))


def test_only_jobs_of_the_environment_get_in() -> None:
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    (statement,) = trust(provider, "org@1/name@2", ["prod"])["Statement"]
    assert statement["Principal"] == {"Federated": [provider]}
    assert statement["Action"] == ["sts:AssumeRoleWithWebIdentity"]
    assert statement["Condition"] == {
        "StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": ["repo:org@1/name@2:environment:prod"],
        }
    }


def test_a_state_is_written_by_its_own_deployer_alone() -> None:
    (role,) = deployers([_needs("dev")])
    written = [
        arn.removeprefix(f"{BUCKET}/")
        for statement in state_policy(role, BUCKET, KEY, writes=True)["Statement"]
        if "s3:PutObject" in statement["Action"]
        for arn in statement["Resource"]
    ]

    def may(path: str) -> bool:
        return any(fnmatchcase(path, pattern) for pattern in written)

    # https://github.com/pulumi/pulumi/blob/v3.259.0/pkg/backend/diy/state.go
    for path in (
        ".pulumi/stacks/eks-platform/dev.json",
        ".pulumi/stacks/eks-platform/dev.json.bak",
        ".pulumi/stacks/eks-platform/dev.json.attrs",
        ".pulumi/history/eks-platform/dev/dev-1764000000000000000.history.json",
        ".pulumi/backups/eks-platform/dev/dev.1764000000000000000.json",
        ".pulumi/locks/organization/eks-platform/dev/0f1e2d3c.json",
    ):
        assert may(path), path
    for path in (".pulumi/stacks/eks-platform/prod.json", ".pulumi/stacks/other/dev.json", ".pulumi/meta.yaml"):
        assert not may(path), path


def test_a_service_linked_role_is_created_for_services_of_the_plan_alone() -> None:
    (role,) = deployers([_needs("dev")])
    (statement,) = _statements(role, "iam:CreateServiceLinkedRole")
    assert statement["Condition"]["StringEquals"]["iam:AWSServiceName"] == sorted(
        {*LINKED["aws:eks/cluster:Cluster"], *LINKED["aws:eks/nodeGroup:NodeGroup"]}
    )
