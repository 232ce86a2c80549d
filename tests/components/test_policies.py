"""The policies: what they let whom do, IAM's limits, and where they differ from upstream's and why."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from components import policies
from components.policies import PolicyDocument

ACCOUNT = "111122223333"
REGION = "ap-northeast-1"
CLUSTER = "dev"
LONGEST_CLUSTER = "a" * 100
VPC = "vpc-0123456789abcdef0"
NODE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/dev-node"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dev-karpenter"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vpc/dev/flow-logs"


def _identity_policies(cluster: str, region: str) -> dict[str, PolicyDocument]:
    controller = policies.karpenter_controller(ACCOUNT, region, cluster, NODE_ROLE, QUEUE)
    return {
        "load-balancer-controller": policies.load_balancer_controller(ACCOUNT, region, cluster, VPC),
        **{f"karpenter-{name}": document for name, document in controller.items()},
        "flow-logs": policies.vpc_flow_logs(LOG_GROUP),
        "vpc-cni-ipv6": policies.vpc_cni_ipv6(region),
    }


def _resource_policies() -> dict[str, PolicyDocument]:
    return {
        "irsa": policies.trust_irsa(PROVIDER, ISSUER, [("kube-system", "one"), ("team-*", "two")]),
        "pod-identity": policies.trust_pod_identity(CLUSTER_ARN, [("kube-system", "one"), ("traefik", "two")]),
        "ec2": policies.trust_service("ec2"),
        "eks": policies.trust_service("eks"),
        "eks-auto-mode": policies.trust_service("eks", tags=True),
        "fargate": policies.trust_fargate(ACCOUNT, REGION, CLUSTER),
        "vpc-flow-logs": policies.trust_vpc_flow_logs(ACCOUNT, REGION),
        "queue": policies.interruption_queue(QUEUE, [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/dev-rebalance"]),
        "secrets-key": policies.secrets_key(ACCOUNT),
        "secrets-key-user": policies.secrets_key_user(KEY),
    }


EVERY_POLICY = {**_identity_policies(CLUSTER, REGION), **_resource_policies()}


# --- How IAM reads a policy ---------------------------------------------------------------------------------------


def _like(pattern: str, value: str) -> bool:
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value))


def _holds(operator: str, key: str, wanted: str | list[str], context: Mapping[str, str]) -> bool:
    value = context.get(key)
    values = [wanted] if isinstance(wanted, str) else wanted
    if operator == "Null":
        return values == [str(value is None).lower()]
    if value is None:
        return False
    if operator in {"StringLike", "ArnLike", "ArnEquals"}:
        return any(_like(pattern, value) for pattern in values)
    assert operator in {"StringEquals", "Bool"}, operator
    return value in values


def _decides(document: PolicyDocument, action: str, resource: str, context: Mapping[str, str]) -> bool:
    matching = [
        statement["Effect"]
        for statement in document["Statement"]
        if any(_like(pattern, action) for pattern in statement["Action"])
        and any(_like(pattern, resource) for pattern in statement.get("Resource", ["*"]))
        and all(
            _holds(operator, key, wanted, context)
            for operator, keys in statement.get("Condition", {}).items()
            for key, wanted in keys.items()
        )
    ]
    return "Deny" not in matching and "Allow" in matching


# --- Every policy -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", EVERY_POLICY)
def test_every_statement_has_its_own_sid(name: str) -> None:
    sids = [statement["Sid"] for statement in EVERY_POLICY[name]["Statement"]]
    assert sids
    assert len(set(sids)) == len(sids)
    # IAM takes letters and digits only.
    assert all(re.fullmatch(r"[A-Za-z0-9]+", sid) for sid in sids)


@pytest.mark.parametrize("name", EVERY_POLICY)
def test_no_policy_allows_every_action_of_a_service_but_a_key_to_its_account(name: str) -> None:
    broad = [
        statement["Sid"]
        for statement in EVERY_POLICY[name]["Statement"]
        if statement["Effect"] == "Allow"
        and any(action.endswith(":*") or ":" not in action for action in statement["Action"])
    ]
    assert broad == (["AccountAdministersKey"] if name.endswith("-key") else [])


@pytest.mark.parametrize("region", [REGION, "us-gov-west-1", "ap-southeast-2"])
@pytest.mark.parametrize("cluster", [CLUSTER, LONGEST_CLUSTER])
def test_identity_policies_fit_a_managed_policy(cluster: str, region: str) -> None:
    sizes = {name: policies.policy_size(it) for name, it in _identity_policies(cluster, region).items()}
    assert max(sizes.values()) <= policies.MANAGED_POLICY_LIMIT, sizes


def test_size_is_counted_without_white_space() -> None:
    document = policies.trust_service("ec2")
    compact = re.sub(r"\s", "", json.dumps(document))
    assert policies.policy_size(document) == len(compact)


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("ap-northeast-1", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("eusc-de-east-1", "aws-eusc"),
    ],
)
def test_arns_are_in_the_regions_partition(region: str, partition: str) -> None:
    documents = _identity_policies(CLUSTER, region)
    text = json.dumps([documents["load-balancer-controller"], documents["karpenter-node-lifecycle"]])
    assert set(re.findall(r"arn:([\w-]+):", text)) == {partition}
    assert policies.partition_of(region) == partition


# --- Trust --------------------------------------------------------------------------------------------------------


def _irsa(condition: dict[str, Any]) -> dict[str, Any]:
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "ServiceAccounts",
                "Effect": "Allow",
                "Principal": {"Federated": [PROVIDER]},
                "Action": ["sts:AssumeRoleWithWebIdentity"],
                "Condition": condition,
            }
        ],
    }


@pytest.mark.parametrize(
    ("accounts", "condition"),
    [
        (
            [("kube-system", "ebs-csi-controller-sa")],
            {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": ["system:serviceaccount:kube-system:ebs-csi-controller-sa"],
                }
            },
        ),
        (
            [("shop", "api"), ("shop", "worker")],
            {
                "StringEquals": {
                    f"{ISSUER}:aud": "sts.amazonaws.com",
                    f"{ISSUER}:sub": ["system:serviceaccount:shop:api", "system:serviceaccount:shop:worker"],
                }
            },
        ),
        (
            [("shop", "*")],
            {
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "StringLike": {f"{ISSUER}:sub": ["system:serviceaccount:shop:*"]},
            },
        ),
        (
            [("shop", "api"), ("team-*", "worker")],
            {
                "StringEquals": {f"{ISSUER}:aud": "sts.amazonaws.com"},
                "StringLike": {
                    f"{ISSUER}:sub": ["system:serviceaccount:shop:api", "system:serviceaccount:team-*:worker"]
                },
            },
        ),
    ],
    ids=["exact", "several", "wildcard", "mixed"],
)
def test_irsa_trust_in_full(accounts: list[tuple[str, str]], condition: dict[str, Any]) -> None:
    assert policies.trust_irsa(PROVIDER, ISSUER, accounts) == _irsa(condition)


NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True)
PATTERNS = st.one_of(NAMES, st.just("*"), NAMES.map(lambda name: f"{name}-*"), NAMES.map(lambda name: f"*-{name}"))
ACCOUNTS = st.lists(
    st.one_of(st.tuples(NAMES, NAMES), st.tuples(PATTERNS, NAMES), st.tuples(NAMES, PATTERNS)), min_size=1, max_size=6
)


def _token(namespace: str, name: str, audience: str = "sts.amazonaws.com") -> dict[str, str]:
    return {f"{ISSUER}:sub": f"system:serviceaccount:{namespace}:{name}", f"{ISSUER}:aud": audience}


@settings(deadline=None)
@given(accounts=ACCOUNTS)
def test_irsa_trust_always_asks_for_subject_and_audience(accounts: list[tuple[str, str]]) -> None:
    trust = policies.trust_irsa(PROVIDER, ISSUER, accounts)
    for statement in trust["Statement"]:
        keys = [key for conditions in statement["Condition"].values() for key in conditions]
        assert sorted(keys) == [f"{ISSUER}:aud", f"{ISSUER}:sub"]
        assert statement["Condition"]["StringEquals"][f"{ISSUER}:aud"] == "sts.amazonaws.com"


@settings(deadline=None)
@given(accounts=ACCOUNTS, filler=NAMES)
def test_irsa_trust_lets_each_named_account_in(accounts: list[tuple[str, str]], filler: str) -> None:
    trust = policies.trust_irsa(PROVIDER, ISSUER, accounts)
    for namespace, name in accounts:
        token = _token(namespace.replace("*", filler), name.replace("*", filler))
        assert _decides(trust, "sts:AssumeRoleWithWebIdentity", "*", token)
        for missing in token:
            rest = {key: value for key, value in token.items() if key != missing}
            assert not _decides(trust, "sts:AssumeRoleWithWebIdentity", "*", rest)
        assert not _decides(trust, "sts:AssumeRoleWithWebIdentity", "*", {**token, f"{ISSUER}:aud": "vault"})


@settings(deadline=None)
@given(accounts=ACCOUNTS, namespace=NAMES, name=NAMES)
def test_irsa_trust_lets_no_other_account_in(accounts: list[tuple[str, str]], namespace: str, name: str) -> None:
    assume(not any(_like(space, namespace) and _like(account, name) for space, account in accounts))
    trust = policies.trust_irsa(PROVIDER, ISSUER, accounts)
    assert not _decides(trust, "sts:AssumeRoleWithWebIdentity", "*", _token(namespace, name))


@pytest.mark.parametrize(
    ("accounts", "message"),
    [
        ([], "at least one service account"),
        ([("*", "*")], "wildcard in both"),
        ([("team-*", "api-*")], "wildcard in both"),
        ([("shop", "api"), ("Shop", "api")], "Shop:api is not"),
        ([("shop", "")], "shop: is not"),
        ([("shop:api", "x")], "shop:api:x is not"),
        ([("shop", "a?i")], "shop:a\\?i is not"),
        ([("a" * 64, "api")], "is not a namespace"),
    ],
)
def test_trust_refuses_what_would_let_too_many_in_or_nobody(accounts: list[tuple[str, str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        policies.trust_irsa(PROVIDER, ISSUER, accounts)
    with pytest.raises(ValueError, match=message):
        policies.trust_pod_identity(CLUSTER_ARN, accounts)


def test_irsa_trust_refuses_an_issuer_with_its_scheme() -> None:
    with pytest.raises(ValueError, match="without https://"):
        policies.trust_irsa(PROVIDER, f"https://{ISSUER}", [("shop", "api")])


def test_pod_identity_trust_in_full() -> None:
    def statement(sid: str, namespace: str, names: list[str]) -> dict[str, Any]:
        return {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": {"Service": ["pods.eks.amazonaws.com"]},
            "Action": ["sts:AssumeRole", "sts:TagSession"],
            "Condition": {
                "StringEquals": {
                    "aws:RequestTag/eks-cluster-arn": CLUSTER_ARN,
                    "aws:RequestTag/kubernetes-namespace": namespace,
                    "aws:RequestTag/kubernetes-service-account": names,
                }
            },
        }

    trust = policies.trust_pod_identity(CLUSTER_ARN, [("shop", "api"), ("pay", "api"), ("shop", "worker")])
    assert trust["Statement"] == [
        statement("ServiceAccounts0", "shop", ["api", "worker"]),
        statement("ServiceAccounts1", "pay", ["api"]),
    ]


@settings(deadline=None)
@given(accounts=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6), other=st.tuples(NAMES, NAMES))
def test_pod_identity_trust_lets_in_exactly_the_named(accounts: list[tuple[str, str]], other: tuple[str, str]) -> None:
    trust = policies.trust_pod_identity(CLUSTER_ARN, accounts)
    for namespace, name in [*accounts, other]:
        tags = {
            "aws:RequestTag/eks-cluster-arn": CLUSTER_ARN,
            "aws:RequestTag/kubernetes-namespace": namespace,
            "aws:RequestTag/kubernetes-service-account": name,
        }
        for action in ("sts:AssumeRole", "sts:TagSession"):
            assert _decides(trust, action, "*", tags) == ((namespace, name) in accounts)
            assert not _decides(trust, action, "*", {**tags, "aws:RequestTag/eks-cluster-arn": CLUSTER_ARN + "x"})


def test_pod_identity_trust_refuses_a_wildcard() -> None:
    with pytest.raises(ValueError, match="no wildcards"):
        policies.trust_pod_identity(CLUSTER_ARN, [("shop", "*")])


@pytest.mark.parametrize(
    ("trust", "principal", "allowed", "refused"),
    [
        (policies.trust_service("ec2"), "ec2.amazonaws.com", {}, None),
        (policies.trust_service("eks"), "eks.amazonaws.com", {}, None),
        (
            policies.trust_fargate(ACCOUNT, REGION, CLUSTER),
            "eks-fargate-pods.amazonaws.com",
            {"aws:SourceArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:fargateprofile/{CLUSTER}/apps/1c1ab27b"},
            {"aws:SourceArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:fargateprofile/staging/apps/1c1ab27b"},
        ),
        (
            policies.trust_vpc_flow_logs(ACCOUNT, REGION),
            "vpc-flow-logs.amazonaws.com",
            {
                "aws:SourceAccount": ACCOUNT,
                "aws:SourceArn": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc-flow-log/fl-0123456789abcdef0",
            },
            {
                "aws:SourceAccount": "444455556666",
                "aws:SourceArn": f"arn:aws:ec2:{REGION}:444455556666:vpc-flow-log/fl-0123456789abcdef0",
            },
        ),
    ],
    ids=["ec2", "eks", "fargate", "vpc-flow-logs"],
)
def test_services_assume_roles_for_what_is_ours(
    trust: PolicyDocument, principal: str, allowed: dict[str, str], refused: dict[str, str] | None
) -> None:
    assert [statement["Principal"] for statement in trust["Statement"]] == [{"Service": [principal]}]
    assert _decides(trust, "sts:AssumeRole", "*", allowed)
    if refused is not None:
        assert not _decides(trust, "sts:AssumeRole", "*", refused)
        assert not _decides(trust, "sts:AssumeRole", "*", {})


# --- The same rights as upstream's policies -----------------------------------------------------------------------

Right = tuple[str, str, str, frozenset[tuple[str, str, frozenset[str]]]]
"""Effect, action, resource, and the condition as operator, key and values."""


def _list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _rights(statements: Sequence[Mapping[str, Any]]) -> Iterator[Right]:
    for statement in statements:
        condition = frozenset(
            (operator, key, frozenset(_list(values)))
            for operator, keys in statement.get("Condition", {}).items()
            for key, values in keys.items()
        )
        for action in _list(statement["Action"]):
            for resource in _list(statement["Resource"]):
                # An action never meets a resource of another service: a statement for two services grants no more.
                if resource == "*" or resource.split(":")[2] == action.split(":")[0]:
                    yield statement["Effect"], action, resource, condition


def _upstream(name: str) -> str:
    folder = os.environ.get("UPSTREAM_FACTS")
    if not folder:
        pytest.skip("UPSTREAM_FACTS is not set")
    return (Path(folder) / "iam" / name).read_text(encoding="utf-8")


ELB = f"arn:aws:elasticloadbalancing:{REGION}:*"
GROUPS = f"arn:aws:ec2:{REGION}:*:security-group/*"
VPC_ARN = f"arn:aws:ec2:{REGION}:*:vpc/{VPC}"
CLUSTER_TAG = "elbv2.k8s.aws/cluster"
REGIONAL = re.compile(r"(acm|cognito-idp|waf-regional|wafv2):.*|(ec2|elasticloadbalancing):(Describe|Get).*")


def _narrowed(right: Right) -> set[Right]:
    """A right of upstream's load balancer controller as ours grants it. Each branch is a difference and its reason."""
    effect, action, resource, upstream_condition = right
    # The tag must name this cluster; upstream asks only that it is there.
    condition = {
        ("StringEquals", key, frozenset({CLUSTER}))
        if operator == "Null" and values == {"false"}
        else (operator, key, values)
        for operator, key, values in upstream_condition
    }
    created = ("StringEquals", f"aws:RequestTag/{CLUSTER_TAG}", frozenset({CLUSTER}))
    if action == "iam:CreateServiceLinkedRole":
        # The condition names the service; the role's ARN says the same.
        resource = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"
    elif REGIONAL.fullmatch(action):
        # The controller works in one region.
        condition |= {("StringEquals", "aws:RequestedRegion", frozenset({REGION}))}
    elif action == "ec2:CreateSecurityGroup":
        # EC2 checks the group, which the controller tags, and the VPC; upstream leaves both open.
        return {
            (effect, action, GROUPS, frozenset({created})),
            (effect, action, VPC_ARN, frozenset()),
        }
    elif action in {"ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"}:
        # In this VPC only. Upstream's second statement, for tagged groups, is within its first.
        return {(effect, action, GROUPS, frozenset({("ArnLike", "ec2:Vpc", frozenset({VPC_ARN}))}))}
    elif action.startswith("ec2:"):
        resource = GROUPS
    elif action.startswith("elasticloadbalancing:") and "listener" in resource:
        # Upstream lists the two types of balancer, which are all that the controller knows.
        kind = resource.split(":")[-1].split("/")[0]
        resource = f"{ELB}:{kind}/*"
    elif action.startswith("elasticloadbalancing:"):
        # In this region. What a tagging right is for follows from its condition; the other types are free elsewhere.
        resource = f"{ELB}:*"
    return {(effect, action, resource, frozenset(condition))}


@pytest.mark.upstream
def test_load_balancer_controller_has_upstreams_rights_narrowed() -> None:
    upstream = json.loads(_upstream("aws-load-balancer-controller.json"))
    ours = policies.load_balancer_controller(ACCOUNT, REGION, CLUSTER, VPC)
    wanted = {narrowed for right in _rights(upstream["Statement"]) for narrowed in _narrowed(right)}
    assert set(_rights(ours["Statement"])) == wanted


@pytest.mark.upstream
def test_karpenter_has_upstreams_rights_without_iam_writes() -> None:
    text = _upstream("karpenter-controller.json")
    for token, value in {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "ClusterName": CLUSTER,
        "KarpenterNodeRole.Arn": NODE_ROLE,
        "KarpenterInterruptionQueue.Arn": QUEUE,
    }.items():
        text = text.replace("${" + token + "}", value)
    upstream = json.loads(text)["policies"]
    # An instance profile of our own: Karpenter makes, tags, fills and deletes none.
    dropped = {
        "iam:AddRoleToInstanceProfile",
        "iam:CreateInstanceProfile",
        "iam:DeleteInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile",
        "iam:TagInstanceProfile",
    }
    ours = policies.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)
    assert len(ours) == len(upstream)
    by_name = {name.lower(): theirs for name, theirs in upstream.items()}
    for name, document in ours.items():
        theirs = by_name[name.replace("-", "") + "policy"]
        wanted = {right for right in _rights(theirs["Statement"]) if right[1] not in dropped}
        assert set(_rights(document["Statement"])) == wanted


@pytest.mark.upstream
def test_interruption_events_are_upstreams() -> None:
    template = _upstream("karpenter-cloudformation.yaml")
    patterns = re.findall(r"source:\s+- (\S+)\s+detail-type:\s+- (.+)", template)
    ours = [(pattern["source"], pattern["detail-type"]) for pattern in policies.INTERRUPTION_EVENTS.values()]
    assert sorted(ours) == sorted(([source], [detail_type]) for source, detail_type in patterns)


# --- What the policies let whom do --------------------------------------------------------------------------------

MINE = {f"aws:ResourceTag/{CLUSTER_TAG}": CLUSTER}
THEIRS = {f"aws:ResourceTag/{CLUSTER_TAG}": "staging"}
BALANCER = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/k8s-shared/50dc6c495c0c9188"
GROUP = f"arn:aws:ec2:{REGION}:{ACCOUNT}:security-group/sg-0123456789abcdef0"


@pytest.mark.parametrize(
    ("action", "resource", "context", "allowed"),
    [
        ("elasticloadbalancing:DeleteLoadBalancer", BALANCER, MINE, True),
        ("elasticloadbalancing:DeleteLoadBalancer", BALANCER, THEIRS, False),
        ("elasticloadbalancing:DeleteLoadBalancer", BALANCER, {}, False),
        ("elasticloadbalancing:CreateLoadBalancer", BALANCER, {f"aws:RequestTag/{CLUSTER_TAG}": CLUSTER}, True),
        ("elasticloadbalancing:CreateLoadBalancer", BALANCER, {f"aws:RequestTag/{CLUSTER_TAG}": "staging"}, False),
        ("elasticloadbalancing:AddTags", BALANCER, MINE, True),
        # Taking over another cluster's balancer, or giving one away.
        ("elasticloadbalancing:AddTags", BALANCER, {**THEIRS, f"aws:RequestTag/{CLUSTER_TAG}": CLUSTER}, False),
        ("elasticloadbalancing:AddTags", BALANCER, {**MINE, f"aws:RequestTag/{CLUSTER_TAG}": "staging"}, False),
        ("ec2:DeleteSecurityGroup", GROUP, MINE, True),
        ("ec2:DeleteSecurityGroup", GROUP, THEIRS, False),
        ("ec2:AuthorizeSecurityGroupIngress", GROUP, {"ec2:Vpc": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{VPC}"}, True),
        ("ec2:AuthorizeSecurityGroupIngress", GROUP, {"ec2:Vpc": f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/vpc-0"}, False),
        ("elasticloadbalancing:DescribeTags", "*", {"aws:RequestedRegion": REGION}, True),
        ("elasticloadbalancing:DescribeTags", "*", {"aws:RequestedRegion": "eu-west-1"}, False),
        ("ec2:RunInstances", "*", {"aws:RequestedRegion": REGION}, False),
    ],
)
def test_load_balancer_controller_works_on_its_own_clusters_resources(
    action: str, resource: str, context: dict[str, str], allowed: bool
) -> None:
    document = policies.load_balancer_controller(ACCOUNT, REGION, CLUSTER, VPC)
    assert _decides(document, action, resource, context) is allowed


def test_karpenters_node_class_can_be_finalized_without_iam_writes() -> None:
    documents = policies.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE).values()
    actions = {action for document in documents for it in document["Statement"] for action in it["Action"]}
    assert {action for action in actions if action.startswith("iam:")} == {
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
        "iam:PassRole",
    }
    discovery = policies.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)["resource-discovery"]
    # The name that versions before 0.30 gave a profile: the finalizer asks for it always.
    legacy = f"arn:aws:iam::{ACCOUNT}:instance-profile/dev_11907549152464518"
    assert _decides(discovery, "iam:GetInstanceProfile", legacy, {})
    assert _decides(discovery, "iam:ListInstanceProfiles", f"arn:aws:iam::{ACCOUNT}:instance-profile/karpenter/", {})


def test_karpenters_policies_are_named_before_they_are_known() -> None:
    documents = policies.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)
    assert tuple(documents) == policies.KARPENTER_CONTROLLER_POLICIES


def test_karpenter_passes_only_the_node_role_and_only_to_ec2() -> None:
    document = policies.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)["iam-integration"]
    assert _decides(document, "iam:PassRole", NODE_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"})
    assert not _decides(document, "iam:PassRole", NODE_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"})
    assert not _decides(document, "iam:PassRole", NODE_ROLE + "2", {"iam:PassedToService": "ec2.amazonaws.com"})


def test_only_our_rules_send_to_the_queue_and_nobody_over_http() -> None:
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/dev-rebalance"
    queue = policies.interruption_queue(QUEUE, [rule])
    assert queue["Statement"][0]["Principal"] == {"Service": ["events.amazonaws.com"]}
    assert queue["Statement"][1]["Principal"] == {"AWS": ["*"]}
    tls = {"aws:SecureTransport": "true"}
    assert _decides(queue, "sqs:SendMessage", QUEUE, {"aws:SourceArn": rule, **tls})
    assert not _decides(queue, "sqs:SendMessage", QUEUE, {"aws:SourceArn": rule, "aws:SecureTransport": "false"})
    assert not _decides(
        queue, "sqs:SendMessage", QUEUE, {"aws:SourceArn": rule.replace(ACCOUNT, "444455556666"), **tls}
    )
    assert not _decides(queue, "sqs:SendMessage", QUEUE, tls)


def test_detail_types_are_spelled_as_aws_sends_them() -> None:
    # A public blueprint has "C2 Instance State-change Notification", and its rule never fires.
    assert [it["detail-type"] for it in policies.INTERRUPTION_EVENTS.values()] == [
        ["AWS Health Event"],
        ["EC2 Spot Instance Interruption Warning"],
        ["EC2 Instance Rebalance Recommendation"],
        ["EC2 Instance State-change Notification"],
        ["EC2 Capacity Reservation Instance Interruption Warning"],
    ]


@pytest.mark.parametrize("arn", [LOG_GROUP, f"{LOG_GROUP}:*"])
def test_flow_logs_write_to_their_group_only(arn: str) -> None:
    document = policies.vpc_flow_logs(arn)
    stream = f"{LOG_GROUP}:log-stream:eni-0123456789abcdef0-all"
    assert _decides(document, "logs:CreateLogStream", f"{LOG_GROUP}:*", {})
    assert _decides(document, "logs:DescribeLogStreams", LOG_GROUP, {})
    assert _decides(document, "logs:PutLogEvents", stream, {})
    assert not _decides(document, "logs:PutLogEvents", stream.replace("/dev/", "/prod/"), {})
    assert not _decides(document, "logs:CreateLogGroup", LOG_GROUP, {})


def test_the_secrets_key_is_the_accounts() -> None:
    [administration] = policies.secrets_key(ACCOUNT)["Statement"]
    assert administration["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}


def test_the_control_plane_uses_its_secrets_key_only() -> None:
    use = policies.secrets_key_user(KEY)
    assert _decides(use, "kms:Encrypt", KEY, {})
    assert not _decides(use, "kms:Encrypt", f"{KEY}0", {})
    assert _decides(use, "kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"})
    assert not _decides(use, "kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "false"})
    assert not _decides(use, "kms:ScheduleKeyDeletion", KEY, {})


def test_managed_policies_are_of_their_partition() -> None:
    assert policies.managed_policy_arn(policies.EBS_CSI_POLICY) == "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicyV2"
    assert policies.managed_policy_arn("X", "aws-cn") == "arn:aws-cn:iam::aws:policy/X"
