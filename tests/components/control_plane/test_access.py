"""ClusterAccess: who gets which rights, and that the program keeps its own until all it made is gone."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pulumi
import pytest
from pulumi_aws.cloudwatch import LogGroup
from pulumi_kubernetes.core.v1 import ConfigMap

from components.control_plane.access import ApiServer, ClusterAccess
from facts.access_policies import access_policy
from facts.kubeconfig import kubeconfig
from harness.plan import Plan
from harness.properties import UNKNOWN, Secret
from settings import Access
from tests.components.given import section
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    below,
    label,
    needs,
    probed,
    recorded,
    remembered,
    waits_for,
)

DEPLOYER = f"arn:aws:iam::{ACCOUNT}:role/platform-deployer"
DEVELOPERS = f"arn:aws:iam::{ACCOUNT}:role/developers"
# With the digest of the ARN; they must never change under a stack that is up.
DEPLOYERS = "access-platform-deployer-a9c20a13"
OTHERS = "access-developers-a54e34ed"
ENTRY = "aws:eks/accessEntry:AccessEntry"
ASSOCIATION = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
RBAC = "rbac.authorization.k8s.io"
POLICY = "arn:aws:eks::aws:cluster-access-policy"


API: Final = ApiServer(
    cluster_name="dev",
    identifier=f"{REGION}/dev",
    region=REGION,
    endpoint="https://example.eks.amazonaws.com",
    certificate_authority="Q0E=",
)


@remembered
def _recorded(
    entries: Mapping[str, Any] | None = None,
    deployer: str = DEPLOYER,
    api: ApiServer = API,
    *,
    oidc: Mapping[str, Any] | None = None,
    unknown: bool = False,
) -> Plan:
    settings = section(Access, {"deployer": deployer, "entries": entries or {}, "oidc": oidc})

    def declare(opts: pulumi.ResourceOptions) -> None:
        access = ClusterAccess("access", settings, api, opts=opts)
        Probe(kubeconfig=access.kubeconfig)
        ConfigMap("object", opts=pulumi.ResourceOptions(provider=access.kubernetes))

    return recorded(declare, unknown=unknown)


def _with(**entry: Any) -> Plan:
    """Record one entry in addition to the deployer's."""
    return _recorded(entries={"developers": {"principal": DEVELOPERS, "role": "edit", **entry}})


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown), ClusterAccess, "access")


def test_inventory() -> None:
    plan = _with()
    entry = plan.one(type="eks-platform:index:ClusterAccess", name="access")
    assert below(plan, entry) == {
        f"AccessEntry {DEPLOYERS}",
        f"AccessPolicyAssociation {DEPLOYERS}-AmazonEKSClusterAdminPolicy",
        f"AccessEntry {OTHERS}",
        f"AccessPolicyAssociation {OTHERS}-AmazonEKSEditPolicy",
        "kubernetes access-kubernetes",
    }
    assert {child.parent for child in plan.descendants(entry)} == {entry.urn}


# --- Rights -------------------------------------------------------------------------------------------------------


def test_an_entry_is_a_principal_and_nothing_more() -> None:
    """Without a type it is a STANDARD one; without groups, rights come from policies alone."""
    plan = _with()
    assert plan.one(type=ENTRY, name=OTHERS).inputs == {
        "clusterName": "dev",
        "principalArn": DEVELOPERS,
    }


@pytest.mark.parametrize(
    ("role", "namespaces", "policy", "scope"),
    [
        ("admin", None, "AmazonEKSClusterAdminPolicy", {"type": "cluster"}),
        ("admin", [], "AmazonEKSClusterAdminPolicy", {"type": "cluster"}),
        ("admin", ["app-*"], "AmazonEKSAdminPolicy", {"type": "namespace", "namespaces": ["app-*"]}),
        ("edit", None, "AmazonEKSEditPolicy", {"type": "cluster"}),
        ("edit", ["a", "b"], "AmazonEKSEditPolicy", {"type": "namespace", "namespaces": ["a", "b"]}),
        ("view", None, "AmazonEKSViewPolicy", {"type": "cluster"}),
        ("view", ["a"], "AmazonEKSViewPolicy", {"type": "namespace", "namespaces": ["a"]}),
    ],
)
def test_rights(role: str, namespaces: list[str] | None, policy: str, scope: dict[str, Any]) -> None:
    limits = {} if namespaces is None else {"namespaces": namespaces}
    plan = _with(role=role, **limits)
    association = plan.one(type=ASSOCIATION, name=f"{OTHERS}-{policy}")
    assert association.inputs == {
        "clusterName": "dev",
        "principalArn": DEVELOPERS,
        "policyArn": f"{POLICY}/{policy}",
        "accessScope": scope,
    }


def test_a_principal_may_have_several_rights_and_groups_by_one_entry() -> None:
    """terraform-aws-eks #3016. EKS keeps one entry a principal, and one scope for each policy of it."""
    rights = [{"role": "view"}, {"role": "admin", "namespaces": ["team-*"]}, {"role": "read-all"}]
    plan = _with(namespaces=["app-*"], rights=rights, groups=["developers", "on-call"])
    assert plan.one(type=ENTRY, name=OTHERS).inputs["kubernetesGroups"] == ["developers", "on-call"]
    found = {
        it.inputs["policyArn"]: it.inputs["accessScope"] for it in plan.find(type=ASSOCIATION) if OTHERS in it.name
    }
    assert found == {
        f"{POLICY}/AmazonEKSEditPolicy": {"type": "namespace", "namespaces": ["app-*"]},
        f"{POLICY}/AmazonEKSViewPolicy": {"type": "cluster"},
        f"{POLICY}/AmazonEKSAdminPolicy": {"type": "namespace", "namespaces": ["team-*"]},
        f"{POLICY}/AmazonEKSAdminViewPolicy": {"type": "cluster"},
    }


def test_a_principal_may_have_groups_alone() -> None:
    plan = _recorded(entries={"shop": {"principal": DEVELOPERS, "groups": ["team-shop"]}})
    assert plan.one(type=ENTRY, name=OTHERS).inputs["kubernetesGroups"] == ["team-shop"]
    assert not [it for it in plan.find(type=ASSOCIATION) if OTHERS in it.name]


def test_a_right_comes_after_its_entry(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    association = plan.one(type=ASSOCIATION)
    assert needs(plan, association) == {f"AccessEntry {DEPLOYERS}"}


def test_the_deployer_is_an_administrator() -> None:
    plan = _recorded()
    association = plan.one(type=ASSOCIATION, name=f"{DEPLOYERS}-AmazonEKSClusterAdminPolicy")
    assert association.inputs == {
        "clusterName": "dev",
        "principalArn": DEPLOYER,
        "policyArn": f"{POLICY}/AmazonEKSClusterAdminPolicy",
        "accessScope": {"type": "cluster"},
    }


def test_what_a_principal_has_keeps_its_name_whatever_it_is_called_in_the_stack_file() -> None:
    """terraform-aws-eks #2968, #3293: else EKS would get a second entry before the first one goes, and refuse it."""
    team = {"principal": DEVELOPERS, "role": "edit"}
    plans = [
        _recorded(entries={"developers": team}),
        _recorded(entries={"app-teams": team}),
        _recorded(deployer=DEVELOPERS, entries={"ci": {"principal": DEPLOYER, "role": "view"}}),
    ]
    entries = [{it.inputs["principalArn"]: it.urn for it in plan.find(type=ENTRY)} for plan in plans]
    assert entries[0] == entries[1] == entries[2]


def test_principals_of_the_same_name_are_told_apart() -> None:
    twins = [f"arn:aws:iam::{ACCOUNT}:{kind}/developers" for kind in ("role", "role/teams", "user")]
    plan = _recorded(entries={f"it-{n}": {"principal": arn, "role": "view"} for n, arn in enumerate(twins)})
    assert [entry.inputs["principalArn"] for entry in plan.find(type=ENTRY)] == [DEPLOYER, *twins]


def test_a_right_of_another_scope_comes_after_the_former_one_has_gone() -> None:
    """To EKS it is the same association: the deletion of the former one would take the new one away."""
    assert all(entry.options.delete_before_replace for entry in _with(namespaces=["a"]).find(type=ASSOCIATION))


def test_the_names_by_the_keys_of_the_stack_file_are_known_as_former_ones() -> None:
    plan = _with()
    former = {label(entry): entry.options.aliases for entry in plan if entry.type in (ENTRY, ASSOCIATION)}
    assert former == {
        f"AccessEntry {DEPLOYERS}": ({"name": "access-deployer"},),
        f"AccessPolicyAssociation {DEPLOYERS}-AmazonEKSClusterAdminPolicy": ({"name": "access-deployer"},),
        f"AccessEntry {OTHERS}": ({"name": "access-developers"},),
        f"AccessPolicyAssociation {OTHERS}-AmazonEKSEditPolicy": ({"name": "access-developers"},),
    }


def test_a_role_that_is_none() -> None:
    with pytest.raises(KeyError, match="owner"):
        access_policy("owner", whole_cluster=True)


# --- Provider -----------------------------------------------------------------------------------------------------


def test_objects_in_the_cluster_go_before_the_deployers_rights(unknown: bool) -> None:
    """Without these rights nothing in the cluster can be deleted any more (terraform-aws-eks #3005)."""
    plan = _recorded(unknown=unknown)
    awaited = waits_for(plan, plan.one(name="object"))
    assert {f"AccessEntry {DEPLOYERS}", f"AccessPolicyAssociation {DEPLOYERS}-AmazonEKSClusterAdminPolicy"} <= awaited


def test_objects_in_the_cluster_do_not_wait_for_other_peoples_rights() -> None:
    plan = _with()
    assert not [entry for entry in waits_for(plan, plan.one(name="object")) if "developers" in entry]


def test_provider(unknown: bool) -> None:
    """pulumi-kubernetes #4019: without the identifier, an unknown kubeconfig replaces the provider and all it made."""
    plan = _recorded(unknown=unknown)
    provider = plan.one(type="pulumi:providers:kubernetes", name="access-kubernetes")
    assert provider.inputs == {
        "kubeconfig": kubeconfig("dev", REGION, "https://example.eks.amazonaws.com", "Q0E="),
        "clusterIdentifier": f"{REGION}/dev",
        "enableServerSideApply": "true",
    }


def test_the_identifier_is_known_where_the_kubeconfig_is_not() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        api = replace(API, endpoint=LogGroup("later", opts=opts).arn)
        ClusterAccess("access", Access(deployer=DEPLOYER), api, opts=opts)

    plan = recorded(declare, unknown=True)
    provider = plan.one(type="pulumi:providers:kubernetes", name="access-kubernetes")
    assert provider.inputs["kubeconfig"] is UNKNOWN
    assert provider.inputs["clusterIdentifier"] == f"{REGION}/dev"
    assert "LogGroup later" in needs(plan, provider, "kubeconfig")


def test_the_kubeconfig_is_no_secret(unknown: bool) -> None:
    """App teams read it by a stack reference, and do not have the key of this stack's secrets."""
    found = probed(_recorded(unknown=unknown), "kubeconfig")
    assert not isinstance(found, Secret)
    assert found == kubeconfig("dev", REGION, "https://example.eks.amazonaws.com", "Q0E=")


@pytest.mark.parametrize(
    ("changes", "changed"),
    [
        ({"cluster_name": "other"}, {"clusterName", "kubeconfig"}),
        ({"identifier": "other"}, {"clusterIdentifier"}),
        ({"region": "eu-west-1"}, {"kubeconfig"}),
        ({"endpoint": "https://other"}, {"kubeconfig"}),
        ({"certificate_authority": "b3RoZXI="}, {"kubeconfig"}),
    ],
)
def test_what_an_argument_changes(changes: dict[str, Any], changed: set[str]) -> None:
    before, after = (
        {label(entry): entry.inputs for entry in plan} for plan in (_recorded(), _recorded(api=replace(API, **changes)))
    )
    assert before.keys() == after.keys()
    found = {
        key
        for entry, inputs in before.items()
        for key in inputs.keys() | after[entry].keys()
        if entry != "Probe probe" and inputs.get(key) != after[entry].get(key)
    }
    assert found == changed


# --- Nodes ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "in_eks"),
    [
        ("ec2-linux", "EC2_LINUX"),
        ("ec2-windows", "EC2_WINDOWS"),
        ("fargate-linux", "FARGATE_LINUX"),
        ("hybrid-linux", "HYBRID_LINUX"),
    ],
)
def test_an_entry_of_nodes_has_a_type_and_no_rights(type_: str, in_eks: str) -> None:
    plan = _with(type=type_, role=None)
    entry = plan.one(type=ENTRY, name=OTHERS)
    assert entry.inputs == {"clusterName": "dev", "principalArn": DEVELOPERS, "type": in_eks}
    # EKS has one entry for each principal: the one of another type must be gone first.
    assert entry.options.delete_before_replace
    assert {it.name for it in plan.find(type=ASSOCIATION)} == {f"{DEPLOYERS}-AmazonEKSClusterAdminPolicy"}


def test_nodes_of_auto_mode_have_their_policy() -> None:
    plan = _with(type="ec2", role=None)
    assert plan.one(type=ENTRY, name=OTHERS).inputs["type"] == "EC2"
    association = plan.one(type=ASSOCIATION, name=f"{OTHERS}-AmazonEKSAutoNodePolicy").inputs
    assert association["policyArn"] == f"{POLICY}/AmazonEKSAutoNodePolicy"
    assert association["accessScope"] == {"type": "cluster"}


# --- OpenID Connect -------------------------------------------------------------------------------------------------


def test_people_log_in_at_their_provider() -> None:
    oidc = {"issuer": "https://login.example.jp", "clientId": "kubernetes"}
    plan = _recorded(oidc=oidc)
    provider = plan.one(type="aws:eks/identityProviderConfig:IdentityProviderConfig")
    assert provider.inputs == {
        "clusterName": "dev",
        "oidc": {
            "identityProviderConfigName": "oidc",
            "issuerUrl": "https://login.example.jp",
            "clientId": "kubernetes",
            "usernameClaim": "email",
            "usernamePrefix": "oidc:",
            "groupsClaim": "groups",
            "groupsPrefix": "oidc:",
        },
    }
    # EKS accepts one for each cluster.
    assert provider.options.delete_before_replace


@pytest.mark.parametrize(("role", "bound"), [("admin", "cluster-admin"), ("edit", "edit"), ("view", "view")])
def test_groups_of_the_provider_have_roles_of_kubernetes(role: str, bound: str) -> None:
    groups = {"operators": {"group": "eks-operators", "role": role}}
    oidc = {"issuer": "https://login.example.jp", "clientId": "a", "groupsPrefix": "okta:", "groups": groups}
    plan = _recorded(oidc=oidc)
    binding = plan.one(type="kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding")
    assert binding.inputs["roleRef"] == {"apiGroup": RBAC, "kind": "ClusterRole", "name": bound}
    assert binding.inputs["subjects"] == [{"apiGroup": RBAC, "kind": "Group", "name": "okta:eks-operators"}]
    assert binding.options.provider == plan.one(name="access-kubernetes").urn
