"""The policies: what they let whom do, IAM's limits, and where they differ from upstream's and why."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from facts import iam_documents
from facts.iam_documents import PolicyDocument
from facts.iam_documents.cluster_autoscaler import cluster_autoscaler, discovery_tags
from facts.iam_documents.dns import dns01_solver, external_dns
from facts.iam_documents.external_secrets import secret_store_reader, secret_store_role_path, secret_store_roles
from facts.partitions import partition_of
from tests import iam_reference
from tests.upstream import facts

ACCOUNT = "111122223333"
REGION = "ap-northeast-1"
CLUSTER = "dev"
LONGEST_CLUSTER = "a" * 100
VPC = "vpc-0123456789abcdef0"
NODE_ROLE = f"arn:aws:iam::{ACCOUNT}:role/dev-node"
QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:dev-karpenter"
TOPIC = f"arn:aws:sns:{REGION}:{ACCOUNT}:dev-alarms"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ISSUER = f"oidc.eks.{REGION}.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{ISSUER}"
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/{CLUSTER}"
ZONE = "Z0123456789EXAMPLE"
LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/vpc/dev/flow-logs"


# Those of the optional controllers are tried in tests/components/test_capabilities.py.
def _identity_policies(cluster: str, region: str) -> dict[str, PolicyDocument]:
    controller = iam_documents.karpenter_controller(ACCOUNT, region, cluster, NODE_ROLE, QUEUE)
    return {
        "load-balancer-controller": iam_documents.load_balancer_controller(ACCOUNT, region, cluster, VPC),
        **{f"karpenter-{name}": document for name, document in controller.items()},
        "flow-logs": iam_documents.vpc_flow_logs(LOG_GROUP),
        "log-group": iam_documents.log_group_writer(LOG_GROUP),
        "vpc-cni-ipv6": iam_documents.vpc_cni_ipv6(region),
    }


def _resource_policies() -> dict[str, PolicyDocument]:
    return {
        "irsa": iam_documents.trust_irsa(PROVIDER, ISSUER, [("kube-system", "one"), ("team-*", "two")]),
        "pod-identity": iam_documents.trust_pod_identity(CLUSTER_ARN, [("kube-system", "one"), ("traefik", "two")]),
        "role": iam_documents.trust_role(NODE_ROLE),
        "ec2": iam_documents.trust_service("ec2", REGION),
        "eks": iam_documents.trust_service("eks", REGION),
        "eks-auto-mode": iam_documents.trust_service("eks", REGION, tags=True),
        "fargate": iam_documents.trust_fargate(ACCOUNT, REGION, CLUSTER),
        "vpc-flow-logs": iam_documents.trust_vpc_flow_logs(ACCOUNT, REGION),
        "queue": iam_documents.interruption_queue(QUEUE, [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/dev-rebalance"]),
        "secrets-key": iam_documents.secrets_key(ACCOUNT, REGION),
        "secrets-key-user": iam_documents.secrets_key_user(KEY),
        "volumes-key-user": iam_documents.volumes_key_user(KEY),
        "queue-key-reader": iam_documents.queue_key_reader(KEY),
        "alarm-topic": iam_documents.alarm_topic(TOPIC, ACCOUNT, REGION),
        "alarm-key": iam_documents.alarm_key(ACCOUNT, REGION),
    }


EVERY_POLICY = {**_identity_policies(CLUSTER, REGION), **_resource_policies()}


# --- How IAM reads a policy ---------------------------------------------------------------------------------------


def _like(pattern: str, value: str) -> bool:
    return bool(re.fullmatch(re.escape(pattern).replace(r"\*", ".*").replace(r"\?", "."), value))


def _holds(operator: str, key: str, wanted: str | list[str], context: Mapping[str, str]) -> bool:
    value = context.get(key)
    if operator.startswith("ForAllValues:"):
        # Of a request that has one value: IAM lets through what has none.
        return value is None or _holds(operator.removeprefix("ForAllValues:"), key, wanted, context)
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
    sizes = {name: iam_documents.policy_size(it) for name, it in _identity_policies(cluster, region).items()}
    assert max(sizes.values()) <= iam_documents.MANAGED_POLICY_LIMIT, sizes


def test_size_is_counted_without_white_space() -> None:
    document = iam_documents.trust_service("ec2", REGION)
    compact = re.sub(r"\s", "", json.dumps(document))
    assert iam_documents.policy_size(document) == len(compact)


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
    assert partition_of(region) == partition


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
    assert iam_documents.trust_irsa(PROVIDER, ISSUER, accounts) == _irsa(condition)


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
    trust = iam_documents.trust_irsa(PROVIDER, ISSUER, accounts)
    for statement in trust["Statement"]:
        keys = [key for conditions in statement["Condition"].values() for key in conditions]
        assert sorted(keys) == [f"{ISSUER}:aud", f"{ISSUER}:sub"]
        assert statement["Condition"]["StringEquals"][f"{ISSUER}:aud"] == "sts.amazonaws.com"


@settings(deadline=None)
@given(accounts=ACCOUNTS, filler=NAMES)
def test_irsa_trust_lets_each_named_account_in(accounts: list[tuple[str, str]], filler: str) -> None:
    trust = iam_documents.trust_irsa(PROVIDER, ISSUER, accounts)
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
    trust = iam_documents.trust_irsa(PROVIDER, ISSUER, accounts)
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
        iam_documents.trust_irsa(PROVIDER, ISSUER, accounts)
    with pytest.raises(ValueError, match=message):
        iam_documents.trust_pod_identity(CLUSTER_ARN, accounts)


def test_irsa_trust_refuses_an_issuer_with_its_scheme() -> None:
    with pytest.raises(ValueError, match="without https://"):
        iam_documents.trust_irsa(PROVIDER, f"https://{ISSUER}", [("shop", "api")])


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

    trust = iam_documents.trust_pod_identity(CLUSTER_ARN, [("shop", "api"), ("pay", "api"), ("shop", "worker")])
    assert trust["Statement"] == [
        statement("ServiceAccounts0", "shop", ["api", "worker"]),
        statement("ServiceAccounts1", "pay", ["api"]),
    ]


@settings(deadline=None)
@given(accounts=st.lists(st.tuples(NAMES, NAMES), min_size=1, max_size=6), other=st.tuples(NAMES, NAMES))
def test_pod_identity_trust_lets_in_exactly_the_named(accounts: list[tuple[str, str]], other: tuple[str, str]) -> None:
    trust = iam_documents.trust_pod_identity(CLUSTER_ARN, accounts)
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
        iam_documents.trust_pod_identity(CLUSTER_ARN, [("shop", "*")])


@pytest.mark.parametrize(
    ("trust", "principal", "allowed", "refused"),
    [
        (iam_documents.trust_service("ec2", REGION), "ec2.amazonaws.com", {}, None),
        (iam_documents.trust_service("eks", REGION), "eks.amazonaws.com", {}, None),
        (
            iam_documents.trust_fargate(ACCOUNT, REGION, CLUSTER),
            "eks-fargate-pods.amazonaws.com",
            {"aws:SourceArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:fargateprofile/{CLUSTER}/apps/1c1ab27b"},
            {"aws:SourceArn": f"arn:aws:eks:{REGION}:{ACCOUNT}:fargateprofile/staging/apps/1c1ab27b"},
        ),
        (
            iam_documents.trust_vpc_flow_logs(ACCOUNT, REGION),
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

Condition = frozenset[tuple[str, str, frozenset[str]]]
"""Operator, key and values."""


class Right(NamedTuple):
    """One action on one resource, as one statement grants or denies it."""

    effect: str
    action: str
    resource: str
    condition: Condition


def _list(value: str | Sequence[str]) -> list[str]:
    return [value] if isinstance(value, str) else list(value)


def _rights(statements: Sequence[Mapping[str, Any]]) -> set[Right]:
    return {
        Right(statement["Effect"], action, resource, _conditions(statement.get("Condition", {})))
        for statement in statements
        for action in _list(statement["Action"])
        for resource in _list(statement["Resource"])
        # An action never meets a resource of another service: a statement for two services grants no more.
        if resource == "*" or resource.split(":")[2] == action.split(":")[0]
    }


def _conditions(condition: Mapping[str, Mapping[str, Any]]) -> Condition:
    return frozenset(
        (operator, key, frozenset(_list(values)))
        for operator, keys in condition.items()
        for key, values in keys.items()
    )


def _upstream(name: str) -> str:
    return facts("iam", name).read_text(encoding="utf-8")


ELB = f"arn:aws:elasticloadbalancing:{REGION}:*"
GROUPS = f"arn:aws:ec2:{REGION}:*:security-group/*"
VPC_ARN = f"arn:aws:ec2:{REGION}:*:vpc/{VPC}"
CLUSTER_TAG = "elbv2.k8s.aws/cluster"
TAGGED = ("StringEquals", f"aws:RequestTag/{CLUSTER_TAG}", frozenset({CLUSTER}))
IN_REGION = ("StringEquals", "aws:RequestedRegion", frozenset({REGION}))
IN_VPC = ("ArnLike", "ec2:Vpc", frozenset({VPC_ARN}))


class Difference(NamedTuple):
    """Where a policy of ours is not upstream's.

    why: the reason. actions, resources: patterns of the rights of upstream's that it is about. ours: what stands in
    the place of such a right.
    """

    why: str
    actions: str
    resources: str
    ours: Callable[[Right], set[Right]]


def _of_this_cluster(right: Right) -> set[Right]:
    names = {
        ("StringEquals", key, frozenset({CLUSTER}))
        if operator == "Null" and values == {"false"}
        else (operator, key, values)
        for operator, key, values in right.condition
    }
    return {right._replace(condition=frozenset(names))}


def _in_region(right: Right) -> set[Right]:
    return {right._replace(condition=right.condition | {IN_REGION})}


def _on(resource: str) -> Callable[[Right], set[Right]]:
    return lambda right: {right._replace(resource=resource)}


def _none(right: Right) -> set[Right]:
    return set()


DIFFERENCES = {
    "load balancer controller": [
        Difference(
            "the tag must name this cluster, where upstream asks only that it is there",
            "(ec2|elasticloadbalancing):.*",
            ".*",
            _of_this_cluster,
        ),
        Difference(
            "the condition names the service whose role may be made; the ARN says the same",
            "iam:CreateServiceLinkedRole",
            r"\*",
            _on(f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/elasticloadbalancing.amazonaws.com/*"),
        ),
        Difference(
            "the controller works in one region",
            "(acm|cognito-idp|waf-regional|wafv2):.*|(ec2|elasticloadbalancing):(Describe|Get).*|.*:SetWebAcl",
            r"\*",
            _in_region,
        ),
        Difference(
            "EC2 checks the group, which the controller tags, and the VPC; upstream leaves both open",
            "ec2:CreateSecurityGroup",
            ".*",
            lambda right: {
                right._replace(resource=GROUPS, condition=frozenset({TAGGED})),
                right._replace(resource=VPC_ARN, condition=frozenset()),
            },
        ),
        Difference(
            "rules of groups of this VPC only; upstream's second statement, for tagged groups, is within its first",
            "ec2:(Authorize|Revoke)SecurityGroupIngress",
            ".*",
            lambda right: {right._replace(resource=GROUPS, condition=frozenset({IN_VPC}))},
        ),
        Difference(
            "other changes of security groups in this region only",
            "ec2:(?!Describe|Get|CreateSecurityGroup$|AuthorizeSecurityGroup|RevokeSecurityGroup).*",
            ".*",
            _on(GROUPS),
        ),
        *(
            Difference(
                "in this region only; upstream lists the types of balancer, which are all that the controller knows",
                "elasticloadbalancing:.*",
                f".*:{kind}/.*",
                _on(f"{ELB}:{kind}/*"),
            )
            for kind in ("listener", "listener-rule")
        ),
        Difference(
            "in this region only; a right to tag says by its condition what it is for, and the other types are free",
            "elasticloadbalancing:(?!Describe|Get|SetWebAcl).*",
            r"\*|.*:(loadbalancer|targetgroup)/.*",
            _on(f"{ELB}:*"),
        ),
    ],
    "Karpenter": [
        Difference(
            "an instance profile of our own: Karpenter makes, tags, fills and deletes none",
            "iam:(AddRoleTo|Create|Delete|RemoveRoleFrom|Tag)InstanceProfile",
            ".*:instance-profile/.*",
            _none,
        ),
    ],
}
"""All that tells our policies from upstream's, in both directions: what is in no row is the same."""


def _with_differences(rights: set[Right], whose: str) -> set[Right]:
    """Return upstream's rights with all that differs in ours; each row must change something."""
    for row in DIFFERENCES[whose]:
        about = {
            right
            for right in rights
            if re.fullmatch(row.actions, right.action) and re.fullmatch(row.resources, right.resource)
        }
        changed = {mine for right in about for mine in row.ours(right)}
        assert changed != about, f"nothing differs any more: {row.why}"
        rights = (rights - about) | changed
    return rights


def _karpenters_statements() -> dict[str, list[dict[str, Any]]]:
    """Return the statements of upstream's policies for Karpenter, by the policies' names in small letters."""
    text = _upstream("karpenter-cloudformation.yaml")
    for token, value in {
        "AWS::Partition": "aws",
        "AWS::Region": REGION,
        "AWS::AccountId": ACCOUNT,
        "ClusterName": CLUSTER,
        "KarpenterNodeRole.Arn": NODE_ROLE,
        "KarpenterInterruptionQueue.Arn": QUEUE,
    }.items():
        text = text.replace("${" + token + "}", value)
    found = {}
    beginning = r'ManagedPolicyName: !Sub "KarpenterController(\w+)-.*?PolicyDocument: !Sub \|\s+'
    for policy in re.finditer(beginning, text, re.DOTALL):
        document, _ = json.JSONDecoder().raw_decode(text, policy.end())
        found[policy[1].lower()] = document["Statement"]
    assert len(found) == text.count("AWS::IAM::ManagedPolicy")
    return found


@pytest.mark.upstream
def test_load_balancer_controller_differs_from_upstream_as_listed() -> None:
    upstream = _rights(json.loads(_upstream("aws-load-balancer-controller.json"))["Statement"])
    ours = iam_documents.load_balancer_controller(ACCOUNT, REGION, CLUSTER, VPC)
    assert _rights(ours["Statement"]) == _with_differences(upstream, "load balancer controller")


SPOT_SERVICE_ROLE = {
    Right(
        "Allow",
        "iam:CreateServiceLinkedRole",
        f"arn:aws:iam::{ACCOUNT}:role/aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot",
        frozenset({("StringEquals", "iam:AWSServiceName", frozenset({"spot.amazonaws.com"}))}),
    )
}
"""What upstream leaves to a person: https://karpenter.sh/docs/troubleshooting/#missing-service-linked-role"""


@pytest.mark.upstream
def test_karpenter_differs_from_upstream_as_listed() -> None:
    upstream = {right for statements in _karpenters_statements().values() for right in _rights(statements)}
    documents = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE).values()
    ours = {right for document in documents for right in _rights(document["Statement"])}
    assert ours == _with_differences(upstream, "Karpenter") | SPOT_SERVICE_ROLE


@pytest.mark.upstream
def test_karpenters_rights_stand_in_the_policies_they_stand_in_upstream() -> None:
    upstream = _karpenters_statements()
    ours = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)
    assert len(ours) == len(upstream)
    for name, document in ours.items():
        assert _rights(document["Statement"]) - SPOT_SERVICE_ROLE <= _rights(upstream[name.replace("-", "") + "policy"])


@pytest.mark.upstream
def test_upstreams_policies_pass_the_checks_that_ours_pass() -> None:
    """The checks of tests/test_iam.py call nothing wrong that works for all of upstream's users."""
    controller = json.loads(_upstream("aws-load-balancer-controller.json"))["Statement"]
    for statements in [controller, *_karpenters_statements().values()]:
        assert iam_reference.problems({"Version": "2012-10-17", "Statement": statements}) == []


@pytest.mark.upstream
def test_interruption_events_are_upstreams() -> None:
    template = _upstream("karpenter-cloudformation.yaml")
    patterns = re.findall(r"source:\s+- (\S+)\s+detail-type:\s+- (.+)", template)
    ours = [(pattern["source"], pattern["detail-type"]) for pattern in iam_documents.INTERRUPTION_EVENTS.values()]
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
    document = iam_documents.load_balancer_controller(ACCOUNT, REGION, CLUSTER, VPC)
    assert _decides(document, action, resource, context) is allowed


def test_karpenter_reads_the_parameters_that_have_ids_of_images() -> None:
    documents = iam_documents.karpenter_controller(
        ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE, image_parameters=["/images/node/id:3", "/aws/service/eks/a"]
    )
    (statement,) = [it for it in documents["resource-discovery"]["Statement"] if it["Sid"] == "ReadAmiParameters"]
    assert statement["Resource"] == [
        f"arn:aws:ssm:{REGION}::parameter/aws/service/*",
        f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/images/node/id",
    ]


def test_karpenters_node_class_can_be_finalized_without_iam_writes() -> None:
    documents = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE).values()
    actions = {action for document in documents for it in document["Statement"] for action in it["Action"]}
    assert {action for action in actions if action.startswith("iam:")} == {
        "iam:CreateServiceLinkedRole",
        "iam:GetInstanceProfile",
        "iam:ListInstanceProfiles",
        "iam:PassRole",
    }
    discovery = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)["resource-discovery"]
    # The name that versions before 0.30 gave a profile: the finalizer always requests it.
    legacy = f"arn:aws:iam::{ACCOUNT}:instance-profile/dev_11907549152464518"
    assert _decides(discovery, "iam:GetInstanceProfile", legacy, {})
    assert _decides(discovery, "iam:ListInstanceProfiles", f"arn:aws:iam::{ACCOUNT}:instance-profile/karpenter/", {})


def test_karpenters_policies_are_named_before_they_are_known() -> None:
    documents = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)
    assert tuple(documents) == iam_documents.KARPENTER_CONTROLLER_POLICIES


def test_karpenter_passes_only_the_node_role_and_only_to_ec2() -> None:
    document = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)["iam-integration"]
    assert _decides(document, "iam:PassRole", NODE_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"})
    assert not _decides(document, "iam:PassRole", NODE_ROLE, {"iam:PassedToService": "lambda.amazonaws.com"})
    assert not _decides(document, "iam:PassRole", NODE_ROLE + "2", {"iam:PassedToService": "ec2.amazonaws.com"})


def test_karpenter_may_have_the_spot_role_of_the_account_made_and_no_other() -> None:
    document = iam_documents.karpenter_controller(ACCOUNT, REGION, CLUSTER, NODE_ROLE, QUEUE)["iam-integration"]
    roles = f"arn:aws:iam::{ACCOUNT}:role/aws-service-role"
    spot = f"{roles}/spot.amazonaws.com/AWSServiceRoleForEC2Spot"
    action, service = "iam:CreateServiceLinkedRole", "iam:AWSServiceName"
    assert _decides(document, action, spot, {service: "spot.amazonaws.com"})
    assert not _decides(document, action, spot, {service: "eks.amazonaws.com"})
    assert not _decides(document, action, spot, {})
    other = f"{roles}/eks.amazonaws.com/AWSServiceRoleForAmazonEKS"
    assert not _decides(document, action, other, {service: "spot.amazonaws.com"})


def test_only_our_rules_send_to_the_queue_and_nobody_over_http() -> None:
    rule = f"arn:aws:events:{REGION}:{ACCOUNT}:rule/dev-rebalance"
    queue = iam_documents.interruption_queue(QUEUE, [rule])
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
    assert [it["detail-type"] for it in iam_documents.INTERRUPTION_EVENTS.values()] == [
        ["AWS Health Event"],
        ["EC2 Spot Instance Interruption Warning"],
        ["EC2 Instance Rebalance Recommendation"],
        ["EC2 Instance State-change Notification"],
        ["EC2 Capacity Reservation Instance Interruption Warning"],
    ]


@pytest.mark.parametrize("arn", [LOG_GROUP, f"{LOG_GROUP}:*"])
def test_flow_logs_write_to_their_group_only(arn: str) -> None:
    document = iam_documents.vpc_flow_logs(arn)
    stream = f"{LOG_GROUP}:log-stream:eni-0123456789abcdef0-all"
    assert _decides(document, "logs:CreateLogStream", f"{LOG_GROUP}:*", {})
    assert _decides(document, "logs:DescribeLogStreams", LOG_GROUP, {})
    assert _decides(document, "logs:PutLogEvents", stream, {})
    assert not _decides(document, "logs:PutLogEvents", stream.replace("/dev/", "/prod/"), {})
    assert not _decides(document, "logs:CreateLogGroup", LOG_GROUP, {})


def test_the_secrets_key_is_the_accounts() -> None:
    [administration] = iam_documents.secrets_key(ACCOUNT, REGION)["Statement"]
    assert administration["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}


def test_the_control_plane_uses_its_secrets_key_only() -> None:
    use = iam_documents.secrets_key_user(KEY)
    assert _decides(use, "kms:Encrypt", KEY, {})
    assert not _decides(use, "kms:Encrypt", f"{KEY}0", {})
    assert _decides(use, "kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "true"})
    assert not _decides(use, "kms:CreateGrant", KEY, {"kms:GrantIsForAWSResource": "false"})
    assert not _decides(use, "kms:ScheduleKeyDeletion", KEY, {})


@pytest.mark.parametrize("ending", ["", ":*"])
def test_a_log_group_is_written_to_and_no_other(ending: str) -> None:
    document = iam_documents.log_group_writer(f"{LOG_GROUP}{ending}")
    for action in ("logs:CreateLogStream", "logs:PutLogEvents"):
        assert _decides(document, action, f"{LOG_GROUP}:log-stream:one", {})
        assert not _decides(document, action, f"{LOG_GROUP}-other:log-stream:one", {})
    assert not _decides(document, "logs:CreateLogGroup", LOG_GROUP, {})


OUR_ALARM = {
    "aws:SourceAccount": ACCOUNT,
    "aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:dev-alarms-failed-nodes",
}
OTHERS = [
    {**OUR_ALARM, "aws:SourceAccount": "999999999999"},
    {**OUR_ALARM, "aws:SourceArn": f"arn:aws:cloudwatch:{REGION}:999999999999:alarm:theirs"},
    {**OUR_ALARM, "aws:SourceArn": f"arn:aws:cloudwatch:us-east-1:{ACCOUNT}:alarm:elsewhere"},
    {},
]


def test_alarms_of_the_account_publish_and_nobody_over_http() -> None:
    document = iam_documents.alarm_topic(TOPIC, ACCOUNT, REGION)
    assert document["Statement"][0]["Principal"] == {"Service": ["cloudwatch.amazonaws.com"]}
    assert _decides(document, "sns:Publish", TOPIC, OUR_ALARM)
    assert not _decides(document, "sns:Publish", TOPIC, {**OUR_ALARM, "aws:SecureTransport": "false"})
    for other in OTHERS:
        assert not _decides(document, "sns:Publish", TOPIC, other)


def test_alarms_of_the_account_use_the_topics_key() -> None:
    account, alarms = iam_documents.alarm_key(ACCOUNT, REGION)["Statement"]
    assert account["Principal"] == {"AWS": [f"arn:aws:iam::{ACCOUNT}:root"]}
    assert alarms["Principal"] == {"Service": ["cloudwatch.amazonaws.com"]}
    only: PolicyDocument = {"Version": "2012-10-17", "Statement": [alarms]}
    for action in ("kms:Decrypt", "kms:GenerateDataKey"):
        assert _decides(only, action, KEY, OUR_ALARM)
        for other in OTHERS:
            assert not _decides(only, action, KEY, other)
    assert not _decides(only, "kms:ScheduleKeyDeletion", KEY, OUR_ALARM)


def test_managed_policies_are_of_their_partition() -> None:
    assert (
        iam_documents.managed_policy_arn(iam_documents.EBS_CSI_POLICY, REGION)
        == "arn:aws:iam::aws:policy/AmazonEBSCSIDriverPolicyV2"
    )
    assert iam_documents.managed_policy_arn("X", "cn-north-1") == "arn:aws-cn:iam::aws:policy/X"


# --- External Secrets Operator ------------------------------------------------------------------------------------

SECRET = f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:dev/app-AbCdEf"
PARAMETER = f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/dev/app"


@pytest.mark.parametrize(
    ("service", "path", "action", "inside", "outside"),
    [
        ("secrets-manager", "dev/", "secretsmanager:GetSecretValue", SECRET, SECRET.replace("dev/", "development/")),
        ("secrets-manager", "/dev/", "secretsmanager:GetSecretValue", SECRET.replace("dev/", "/dev/"), SECRET),
        ("parameter-store", "/dev/", "ssm:GetParameter", PARAMETER, PARAMETER.replace("dev/", "development/")),
        ("parameter-store", "/dev/", "ssm:GetParametersByPath", PARAMETER.removesuffix("/app"), f"{PARAMETER[:-8]}"),
    ],
)
def test_a_store_reads_its_path_and_nothing_beside_it(
    service: str, path: str, action: str, inside: str, outside: str
) -> None:
    policy = secret_store_reader(ACCOUNT, REGION, service, path)
    assert _decides(policy, action, inside, {})
    assert not _decides(policy, action, outside, {})
    assert not _decides(policy, action, inside.replace(ACCOUNT, "444455556666"), {})


@pytest.mark.parametrize(
    ("service", "path", "key", "found"),
    [
        ("secrets-manager", "dev/", "SecretARN", SECRET),
        ("parameter-store", "/dev/", "PARAMETER_ARN", PARAMETER),
    ],
)
def test_a_store_decrypts_what_is_below_its_path_and_only_through_its_service(
    service: str, path: str, key: str, found: str
) -> None:
    policy = secret_store_reader(ACCOUNT, REGION, service, path)
    host = {"secrets-manager": "secretsmanager", "parameter-store": "ssm"}[service]
    context = {"kms:ViaService": f"{host}.{REGION}.amazonaws.com", f"kms:EncryptionContext:{key}": found}
    assert _decides(policy, "kms:Decrypt", KEY, context)
    for missing in context:
        assert not _decides(policy, "kms:Decrypt", KEY, {k: v for k, v in context.items() if k != missing})
    assert not _decides(
        policy, "kms:Decrypt", KEY, {**context, f"kms:EncryptionContext:{key}": found.replace("dev", "prod")}
    )


def test_the_operator_assumes_the_roles_of_its_clusters_stores_and_no_other() -> None:
    path = secret_store_role_path(CLUSTER)
    policy = secret_store_roles(ACCOUNT, REGION, path)
    own = f"arn:aws:iam::{ACCOUNT}:role{path}dev-secrets-app-0f1e2d3"
    for action in ("sts:AssumeRole", "sts:TagSession"):
        assert _decides(policy, action, own, {})
        assert not _decides(policy, action, own.replace("/dev/", "/prod/"), {})
        assert not _decides(policy, action, NODE_ROLE, {})


def test_a_role_trusts_one_role_and_takes_its_session_tags() -> None:
    (statement,) = iam_documents.trust_role(NODE_ROLE)["Statement"]
    assert statement["Principal"] == {"AWS": [NODE_ROLE]}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]


# --- Cluster Autoscaler -------------------------------------------------------------------------------------------

GROUP = f"arn:aws:autoscaling:{REGION}:{ACCOUNT}:autoScalingGroup:0f1e2d3c:autoScalingGroupName/eks-operations"


def test_the_autoscaler_changes_groups_of_its_cluster_only() -> None:
    policy = cluster_autoscaler(ACCOUNT, REGION, CLUSTER)
    tags = {f"autoscaling:ResourceTag/{key}": value for key, value in discovery_tags(CLUSTER).items()}
    others = {f"autoscaling:ResourceTag/{key}": value for key, value in discovery_tags("prod").items()}
    for action in ("autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"):
        assert _decides(policy, action, GROUP, tags)
        assert not _decides(policy, action, GROUP, others)
        assert not _decides(policy, action, GROUP, {})
        assert not _decides(policy, action, GROUP.replace(ACCOUNT, "444455556666"), tags)


def test_the_autoscaler_reads_its_region_and_its_own_node_groups() -> None:
    policy = cluster_autoscaler(ACCOUNT, REGION, CLUSTER)
    assert _decides(policy, "autoscaling:DescribeAutoScalingGroups", "*", {"aws:RequestedRegion": REGION})
    assert not _decides(policy, "autoscaling:DescribeAutoScalingGroups", "*", {"aws:RequestedRegion": "us-east-1"})
    own = f"arn:aws:eks:{REGION}:{ACCOUNT}:nodegroup/{CLUSTER}/operations/0f1e2d3c"
    assert _decides(policy, "eks:DescribeNodegroup", own, {})
    assert not _decides(policy, "eks:DescribeNodegroup", own.replace(f"/{CLUSTER}/", "/prod/"), {})


def test_the_autoscaler_has_no_other_right_to_change_anything() -> None:
    policy = cluster_autoscaler(ACCOUNT, REGION, CLUSTER)
    actions = {action for statement in policy["Statement"] for action in statement["Action"]}
    writes = {action for action in actions if not action.split(":")[1].startswith(("Describe", "Get"))}
    assert writes == {"autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"}


# --- Records ------------------------------------------------------------------------------------------------------

ZONE_ARN = f"arn:aws:route53:::hostedzone/{ZONE}"


def _change(name: str, kind: str = "A", action: str = "UPSERT") -> dict[str, str]:
    key = "route53:ChangeResourceRecordSets"
    return {f"{key}NormalizedRecordNames": name, f"{key}RecordTypes": kind, f"{key}Actions": action}


@pytest.mark.parametrize(("policy", "deletes"), [("upsert-only", False), ("sync", True)])
def test_external_dns_changes_records_of_its_domains_as_its_policy_says(policy: str, *, deletes: bool) -> None:
    document = external_dns(REGION, [ZONE], ["example.jp"], policy)
    action = "route53:ChangeResourceRecordSets"
    # A wildcard's star is \\052 there.
    for name in ("example.jp", "a.example.jp", r"\052.example.jp", "a-external-dns.example.jp"):
        assert _decides(document, action, ZONE_ARN, _change(name))
    assert not _decides(document, action, ZONE_ARN, _change("example.com"))
    assert not _decides(document, action, ZONE_ARN, _change("notexample.jp"))
    assert not _decides(document, action, f"{ZONE_ARN}2", _change("a.example.jp"))
    assert not _decides(document, action, ZONE_ARN, _change("example.jp", "NS"))
    assert not _decides(document, action, ZONE_ARN, _change("example.jp", "MX"))
    assert _decides(document, action, ZONE_ARN, _change("a.example.jp", "TXT"))
    assert _decides(document, action, ZONE_ARN, _change("a.example.jp", action="DELETE")) is deletes


def test_cert_manager_changes_challenges_only() -> None:
    document = dns01_solver(REGION, [ZONE, ZONE], ["internal.example.jp"])
    action = "route53:ChangeResourceRecordSets"
    for name in ("_acme-challenge.internal.example.jp", "_acme-challenge.a.internal.example.jp"):
        assert _decides(document, action, ZONE_ARN, _change(name, "TXT"))
        assert _decides(document, action, ZONE_ARN, _change(name, "TXT", "DELETE"))
        assert not _decides(document, action, ZONE_ARN, _change(name, "CNAME"))
    for name in ("internal.example.jp", "a.internal.example.jp", "_acme-challenge.example.jp"):
        assert not _decides(document, action, ZONE_ARN, _change(name, "TXT"))
    assert _decides(document, "route53:GetChange", "arn:aws:route53:::change/C2682N5HXP0BZ4", {})
    assert not _decides(document, "route53:ListHostedZones", "*", {})
    assert document["Statement"][0].get("Resource") == [ZONE_ARN]
