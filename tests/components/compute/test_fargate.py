"""Fargate: profiles, the role of their pods, and what comes after them."""

from collections.abc import Mapping
from typing import Any, Final

import pulumi
import pytest
from pulumi_aws.cloudwatch import LogGroup

from components.common.dependency import after
from components.common.where import Where
from components.compute.fargate import Fargate
from facts import iam_documents
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import FargateProfile, FargateSelector
from tests.components.given import where
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    below,
    carried,
    document,
    needs,
    probed,
    recorded,
    remembered,
    waits_for,
)

PROFILES: Final = {
    "system": FargateProfile(selectors=[FargateSelector(namespace="kube-system")]),
    "apps": FargateProfile(
        selectors=[
            FargateSelector(namespace="app-*", labels={"fargate": "yes"}),
            FargateSelector(namespace="batch"),
        ]
    ),
}
SUBNETS: Final = ["subnet-1", "subnet-2"]

NAMESPACES = ("kube-system", "batch", "app-shop", "traefik", "application", "my-app-shop")


@remembered
def _recorded(
    profiles: Mapping[str, FargateProfile] = PROFILES, place: Where | None = None, *, unknown: bool = False, **more: Any
) -> Plan:
    given: dict[str, Any] = {"cluster_name": "dev", "subnet_ids": SUBNETS, **more}

    def declare(opts: pulumi.ResourceOptions) -> None:
        fargate = Fargate("fargate", profiles, place or where(), **given, opts=opts)
        Probe(
            pod_execution_role_arn=fargate.pod_execution_role_arn,
            **{namespace: after(fargate.profiles_for(namespace), namespace) for namespace in NAMESPACES},
        )

    return recorded(declare, unknown=unknown)


def _profile(plan: Plan, name: str) -> Registration:
    return plan.one(type="aws:eks/fargateProfile:FargateProfile", name=f"fargate-{name}")


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown), Fargate, "fargate")


def test_inventory() -> None:
    plan = _recorded()
    entry = plan.one(type="eks-platform:index:Fargate", name="fargate")
    assert below(plan, entry) == {
        "Role fargate-pods",
        "RolePolicyAttachment fargate-pods",
        "FargateProfile fargate-system",
        "FargateProfile fargate-apps",
    }
    assert {child.parent for child in plan.descendants(entry)} == {entry.urn}


@pytest.mark.parametrize(
    ("name", "selectors"),
    [
        ("system", [{"namespace": "kube-system", "labels": {}}]),
        ("apps", [{"namespace": "app-*", "labels": {"fargate": "yes"}}, {"namespace": "batch", "labels": {}}]),
    ],
)
def test_profiles(name: str, selectors: list[Any]) -> None:
    """Without a name of our own: a profile that is replaced would go before the new one comes, and its pods with it."""
    plan = _recorded()
    assert _profile(plan, name).inputs == {
        "clusterName": "dev",
        "podExecutionRoleArn": plan.one(type="aws:iam/role:Role").outputs["arn"],
        "subnetIds": ["subnet-1", "subnet-2"],
        "selectors": selectors,
    }


@pytest.mark.parametrize(
    ("changes", "input_", "value"),
    [
        ({"cluster_name": "other"}, "clusterName", "other"),
        ({"subnet_ids": ["subnet-3"]}, "subnetIds", ["subnet-3"]),
        (
            {"profiles": {"system": FargateProfile(selectors=[FargateSelector(namespace="traefik")])}},
            "selectors",
            [{"namespace": "traefik", "labels": {}}],
        ),
    ],
    ids=["cluster", "subnets", "selectors"],
)
def test_what_an_argument_changes(changes: dict[str, Any], input_: str, value: object) -> None:
    before, after = _profile(_recorded(), "system").inputs, _profile(_recorded(**changes), "system").inputs
    assert after[input_] == value
    assert before[input_] != value
    assert {**after, input_: None} == {**before, input_: None}


def test_role() -> None:
    """Only profiles of this cluster may run pods with it."""
    plan = _recorded(place=where(name="other", region="eu-west-1", account_id="999999999999"))
    role = plan.one(type="aws:iam/role:Role")
    (trust,) = document(role, "assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": ["eks-fargate-pods.amazonaws.com"]}
    source = "arn:aws:eks:eu-west-1:999999999999:fargateprofile/other/*"
    assert trust["Condition"] == {"ArnLike": {"aws:SourceArn": source}}
    assert plan.one(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment").inputs == {
        "role": role.outputs["name"],
        "policyArn": "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy",
    }


def test_pods_are_outlived_by_their_rights(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    for name in ("system", "apps"):
        assert "RolePolicyAttachment fargate-pods" in needs(plan, _profile(plan, name), "podExecutionRoleArn")


def test_the_role_does_not_wait_for_the_cluster(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        cluster = LogGroup("cluster", opts=opts)
        Fargate("fargate", PROFILES, where(), cluster_name=cluster.name, subnet_ids=SUBNETS, opts=opts)

    plan = recorded(declare, unknown=unknown)
    waiting = {entry.name for entry in plan if entry.custom and "LogGroup cluster" in waits_for(plan, entry)}
    assert waiting == {"fargate-system", "fargate-apps"}


@pytest.mark.parametrize(
    ("namespace", "profiles"),
    [
        ("kube-system", {"system"}),
        ("batch", {"apps"}),
        ("app-shop", {"apps"}),
        ("traefik", set()),
        ("application", set()),
        ("my-app-shop", set()),
    ],
)
def test_pods_come_after_the_profiles_that_take_them(namespace: str, profiles: set[str], unknown: bool) -> None:
    """Without its profile coredns finds no node, and its add-on fails after 20 minutes."""
    plan = _recorded(unknown=unknown)
    assert carried(plan, namespace) == {f"FargateProfile fargate-{profile}" for profile in profiles}


def test_profiles_come_one_after_the_other_as_they_are_given() -> None:
    """EKS makes one at a time; without an order, what needs the first might wait for all."""
    plan = _recorded()
    assert "FargateProfile fargate-system" in needs(plan, _profile(plan, "apps"))
    assert not [entry for entry in waits_for(plan, _profile(plan, "system")) if entry.startswith("FargateProfile")]
    turned = _recorded(profiles=dict(reversed(PROFILES.items())))
    assert "FargateProfile fargate-apps" in needs(turned, _profile(turned, "system"))


def test_pods_may_write_their_logs_where_they_shall_and_nowhere_else(unknown: bool) -> None:
    group = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/eks/dev/fargate"
    plan = _recorded(unknown=unknown, log_group_arn=group)
    policy = plan.one(type="aws:iam/rolePolicy:RolePolicy")
    assert document(policy, "policy") == iam_documents.log_group_writer(group)
    assert needs(plan, policy, "role") == {"Role fargate-pods"}
    # Fargate takes the role's rights when it starts a pod.
    for name in ("system", "apps"):
        assert "RolePolicy fargate-logs" in needs(plan, _profile(plan, name), "podExecutionRoleArn")
    assert not _recorded().find(type="aws:iam/rolePolicy:RolePolicy")


def test_outputs(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    role = UNKNOWN if unknown else plan.one(type="aws:iam/role:Role").outputs["arn"]
    assert probed(plan, "pod_execution_role_arn") == role
    assert plan.one(type="eks-platform:index:Fargate").outputs == {"pod_execution_role_arn": role}
    assert "RolePolicyAttachment fargate-pods" in carried(plan, "pod_execution_role_arn")
