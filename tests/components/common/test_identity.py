"""Irsa and PodIdentity: whom the role trusts, what it may do, and that its users have it for as long as they live."""

from dataclasses import replace
from typing import Any

import pulumi
import pytest
from pulumi_aws.cloudwatch import LogGroup

from components.common.identity import (
    ClusterIdentity,
    Irsa,
    PodIdentity,
    ServiceAccountName,
    role_annotations,
    workload_identity,
)
from facts import iam_documents
from harness.plan import Plan
from harness.properties import UNKNOWN
from tests.components.given import CLUSTER, ISSUER, identity
from tests.components.recording import (
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

SHOP = ServiceAccountName("shop", "api")
WORKER = ServiceAccountName("shop", "worker")
EVERY_SHOP = ServiceAccountName("shop-*", "api")
ANYBODY = ServiceAccountName("*", "*")
POLICIES = {"read": '{"Statement": []}', "write": '{"Statement": [{}]}'}
MANAGED = ["arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicyV2"]
SOURCE = identity()
PROVIDER = str(SOURCE.oidc_provider_arn)
CLUSTER_ARN = str(SOURCE.cluster_arn)


def _recorded(
    component: type[Irsa | PodIdentity], *accounts: ServiceAccountName, unknown: bool = False, **given: Any
) -> Plan:
    """Record the role of SHOP, or of other service accounts. given: its documents and managed policies."""

    def declare(opts: pulumi.ResourceOptions) -> None:
        role = component("shop", SOURCE, list(accounts) or [SHOP], opts=opts, **given)
        Probe(role_arn=role.role_arn, role_name=role.role_name)

    return recorded(declare, unknown=unknown)


@remembered
def _irsa(*accounts: ServiceAccountName, unknown: bool = False, **given: Any) -> Plan:
    return _recorded(Irsa, *accounts, unknown=unknown, **given)


@remembered
def _pod_identity(*accounts: ServiceAccountName, unknown: bool = False, **given: Any) -> Plan:
    return _recorded(PodIdentity, *accounts, unknown=unknown, **given)


RECORD = pytest.mark.parametrize("record", [_irsa, _pod_identity], ids=["irsa", "pod-identity"])


# --- Both ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("record", "component"), [(_irsa, Irsa), (_pod_identity, PodIdentity)])
def test_shape(record: Any, component: type[pulumi.ComponentResource], unknown: bool) -> None:
    assert_shape(record(unknown=unknown, documents=POLICIES), component, "shop")


@pytest.mark.parametrize(
    ("record", "associations"),
    [
        (_irsa, set()),
        (_pod_identity, {"PodIdentityAssociation shop-shop-api", "PodIdentityAssociation shop-shop-worker"}),
    ],
    ids=["irsa", "pod-identity"],
)
def test_inventory(record: Any, associations: set[str]) -> None:
    plan = record(SHOP, WORKER, documents=POLICIES, managed_policy_arns=MANAGED)
    (entry,) = (entry for entry in plan if entry.type.startswith("eks-platform:"))
    assert below(plan, entry) == {
        "Role shop",
        "Policy shop-read",
        "Policy shop-write",
        "RolePolicyAttachment shop-read",
        "RolePolicyAttachment shop-write",
        "RolePolicyAttachment shop-AmazonEBSCSIDriverPolicyV2",
        *associations,
    }
    assert {child.parent for child in plan.descendants(entry)} == {entry.urn}


@RECORD
def test_without_policies_there_is_the_role_alone(record: Any) -> None:
    assert not [entry for entry in record() if "olicy" in entry.type]


@RECORD
def test_policies(record: Any) -> None:
    plan = record(documents=POLICIES, managed_policy_arns=MANAGED)
    role = plan.one(type="aws:iam/role:Role").outputs["name"]
    own = {name: plan.one(type="aws:iam/policy:Policy", name=f"shop-{name}") for name in POLICIES}
    assert {name: policy.inputs for name, policy in own.items()} == {
        name: {"policy": text} for name, text in POLICIES.items()
    }
    attached = {
        entry.name: entry.inputs for entry in plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    }
    assert attached == {
        "shop-AmazonEBSCSIDriverPolicyV2": {"role": role, "policyArn": MANAGED[0]},
        **{f"shop-{name}": {"role": role, "policyArn": policy.outputs["arn"]} for name, policy in own.items()},
    }


@RECORD
def test_who_uses_the_role_waits_for_what_it_may_do(record: Any, unknown: bool) -> None:
    """And is outlived by it: a controller that cleans up in AWS while the stack goes needs its policies to the end."""
    plan = record(unknown=unknown, documents=POLICIES, managed_policy_arns=MANAGED)
    assert {
        "Role shop",
        "RolePolicyAttachment shop-read",
        "RolePolicyAttachment shop-write",
        "RolePolicyAttachment shop-AmazonEBSCSIDriverPolicyV2",
    } <= carried(plan, "role_arn")


@RECORD
def test_outputs(record: Any) -> None:
    plan = record()
    role = plan.one(type="aws:iam/role:Role").outputs
    expected = {"role_arn": role["arn"], "role_name": role["name"]}
    assert plan.one(name="probe").inputs == expected
    (entry,) = (entry for entry in plan if entry.type.startswith("eks-platform:"))
    assert entry.outputs == expected


@RECORD
def test_a_first_preview_does_not_know_the_role(record: Any) -> None:
    assert probed(record(unknown=True), "role_arn") is UNKNOWN


# --- IRSA ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accounts", [[SHOP], [SHOP, WORKER], [EVERY_SHOP]], ids=["exact", "several", "wildcard"])
def test_irsa_trusts_its_service_accounts(accounts: list[ServiceAccountName], unknown: bool) -> None:
    """A public library lost `sub`, and any service account could assume the role."""
    plan = _irsa(*accounts, unknown=unknown)
    trust = document(plan.one(type="aws:iam/role:Role"), "assumeRolePolicy")
    assert trust == iam_documents.trust_irsa(
        PROVIDER, ISSUER, [(account.namespace, account.name) for account in accounts]
    )
    (statement,) = trust["Statement"]
    keys = [key for condition in statement["Condition"].values() for key in condition]
    assert sorted(keys) == [f"{ISSUER}:aud", f"{ISSUER}:sub"]


def test_irsa_for_anybody_is_refused() -> None:
    with pytest.raises(ValueError, match="wildcard in both"):
        _irsa(ANYBODY)


def test_irsa_comes_after_the_clusters_provider() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        later = LogGroup("later", opts=opts)
        Irsa("shop", replace(SOURCE, oidc_provider_arn=later.arn, oidc_issuer=later.arn), [SHOP], opts=opts)

    plan = recorded(declare, unknown=True)
    role = plan.one(type="aws:iam/role:Role")
    assert role.inputs["assumeRolePolicy"] is UNKNOWN
    assert needs(plan, role) == {"LogGroup later"}


# --- Pod Identity -------------------------------------------------------------------------------------------------


def test_pod_identity_trusts_its_service_accounts(unknown: bool) -> None:
    plan = _pod_identity(SHOP, WORKER, unknown=unknown)
    trust = document(plan.one(type="aws:iam/role:Role"), "assumeRolePolicy")
    assert trust == iam_documents.trust_pod_identity(CLUSTER_ARN, [("shop", "api"), ("shop", "worker")])


def test_pod_identity_has_no_wildcards() -> None:
    with pytest.raises(ValueError, match="no wildcards"):
        _pod_identity(EVERY_SHOP)


def test_each_service_account_is_associated() -> None:
    """Session tags, which the trust policy requires, are on unless an association turns them off."""
    plan = _pod_identity(SHOP, WORKER)
    role = plan.one(type="aws:iam/role:Role").outputs["arn"]
    found = [entry.inputs for entry in plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")]
    assert found == [
        {"clusterName": CLUSTER, "namespace": "shop", "serviceAccount": name, "roleArn": role}
        for name in ("api", "worker")
    ]


def test_an_association_hands_out_a_role_that_has_its_policies(unknown: bool) -> None:
    plan = _pod_identity(unknown=unknown, documents=POLICIES)
    (association,) = plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert {"RolePolicyAttachment shop-read", "RolePolicyAttachment shop-write"} <= needs(plan, association, "roleArn")


def test_who_uses_a_pod_identity_waits_for_its_association(unknown: bool) -> None:
    """A pod that starts before it gets no credentials, and never asks again."""
    assert "PodIdentityAssociation shop-shop-api" in carried(_pod_identity(unknown=unknown), "role_arn")


def test_the_role_does_not_wait_for_the_cluster() -> None:
    """Only the association does; roles whose trust needs no OIDC provider are created with the control plane."""

    def declare(opts: pulumi.ResourceOptions) -> None:
        later = replace(SOURCE, cluster_name=LogGroup("later", opts=opts).name)
        PodIdentity("shop", later, [SHOP], documents=POLICIES, opts=opts)

    plan = recorded(declare, unknown=True)
    waiting = {entry.type for entry in plan if entry.custom and "LogGroup later" in waits_for(plan, entry)}
    assert waiting == {"aws:eks/podIdentityAssociation:PodIdentityAssociation"}


# --- Either, as the cluster has it --------------------------------------------------------------------------------


def _workload(source: ClusterIdentity, **given: Any) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        found = workload_identity("shop", source, SHOP, opts, **given)
        Probe(annotations=role_annotations(found))

    return recorded(declare)


@pytest.mark.parametrize("given", [{}, {"documents": POLICIES, "managed_policy_arns": MANAGED}], ids=["bare", "full"])
@pytest.mark.parametrize(("kind", "record"), [("irsa", _irsa), ("pod-identity", _pod_identity)])
def test_a_workload_gets_its_role_as_the_cluster_gives_roles(kind: str, record: Any, given: dict[str, Any]) -> None:
    found, expected = _workload(identity(kind), **given), record(**given)
    assert [entry for entry in found if entry.name != "probe"] == [entry for entry in expected if entry.name != "probe"]


def test_a_service_account_is_annotated_for_irsa_only() -> None:
    plan = _workload(identity("irsa"))
    role = plan.one(type="aws:iam/role:Role").outputs["arn"]
    assert probed(plan, "annotations") == {"eks.amazonaws.com/role-arn": role}
    assert probed(_workload(identity("pod-identity")), "annotations") == {}
