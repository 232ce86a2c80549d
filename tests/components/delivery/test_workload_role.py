"""Roles of applications: who assumes them, what they may do, and the service accounts that lead to them."""

import json
from dataclasses import replace
from typing import Any, Final

import pytest

from components.delivery.workload_role import WorkloadRole
from harness.plan import Plan
from harness.properties import reveal
from settings import Identity
from settings import WorkloadRole as WorkloadRoleSettings
from tests.components.given import on_cluster
from tests.components.recording import assert_shape, below, recorded

ACCOUNT: Final = {"namespace": "app-shop", "name": "shop"}
SECTION: Final[dict[str, Any]] = {
    "serviceAccounts": [ACCOUNT, {"namespace": "app-shop", "name": "jobs"}],
    "statements": [{"sid": "Read", "actions": ["s3:GetObject"], "resources": ["arn:aws:s3:::shop/*"]}],
}
TARGET: Final = "arn:aws:iam::123456789012:role/queues"


def _plan(*, unknown: bool = False, identity: Identity = Identity.IRSA, **changes: Any) -> Plan:
    settings = WorkloadRoleSettings.model_validate_json(json.dumps({**SECTION, **changes}))
    cluster = replace(on_cluster().identity, kind=identity)
    return recorded(lambda opts: WorkloadRole("role", settings, cluster, namespaces=[], opts=opts), unknown=unknown)


def test_shape(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, WorkloadRole, "role")


def test_inventory() -> None:
    plan = _plan()
    assert below(plan, plan.one(name="role", type="eks-platform:index:WorkloadRole")) == {
        "Irsa role",
        "Role role",
        "Policy role-rights",
        "RolePolicyAttachment role-rights",
        "ServiceAccount role-app-shop-shop",
        "ServiceAccount role-app-shop-jobs",
    }


def test_only_the_service_accounts_assume_the_role() -> None:
    role = _plan().one(type="aws:iam/role:Role")
    (statement,) = json.loads(role.inputs["assumeRolePolicy"])["Statement"]
    subjects = [value for key, value in statement["Condition"]["StringEquals"].items() if key.endswith(":sub")]
    assert subjects == [["system:serviceaccount:app-shop:shop", "system:serviceaccount:app-shop:jobs"]]


def test_the_service_accounts_name_the_role() -> None:
    plan = _plan()
    arn = plan.one(type="aws:iam/role:Role").outputs["arn"]
    found = [reveal(entry.inputs)["metadata"] for entry in plan.find(type="kubernetes:core/v1:ServiceAccount")]
    assert [it["name"] for it in found] == ["shop", "jobs"]
    assert {it["annotations"]["eks.amazonaws.com/role-arn"] for it in found} == {arn}
    assert not _plan(createServiceAccounts=False).find(type="kubernetes:core/v1:ServiceAccount")


@pytest.mark.parametrize("identity", Identity)
def test_a_role_of_another_account_may_be_assumed(identity: Identity) -> None:
    plan = _plan(targetRole=TARGET, statements=[], identity=identity)
    (statement,) = json.loads(plan.one(type="aws:iam/policy:Policy").inputs["policy"])["Statement"]
    assert (statement["Action"], statement["Resource"]) == (["sts:AssumeRole", "sts:TagSession"], [TARGET])
    associations = plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
    expected = [] if identity is Identity.IRSA else [("shop", TARGET), ("jobs", TARGET)]
    assert [(it.inputs["serviceAccount"], it.inputs["targetRoleArn"]) for it in associations] == expected


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_a_role_that_exists_gets_no_rights_and_no_trust(unknown: bool) -> None:
    given: dict[str, Any] = {"statements": [], "existingRole": "arn:aws:iam::111122223333:role/there"}
    plan = _plan(**given, unknown=unknown)
    accounts = [reveal(entry.inputs)["metadata"] for entry in plan.find(type="kubernetes:core/v1:ServiceAccount")]
    assert [it["annotations"]["eks.amazonaws.com/role-arn"] for it in accounts] == [given["existingRole"]] * 2
    assert not plan.find(type="aws:iam/role:Role")
    plan = _plan(**given, targetRole=TARGET, identity=Identity.POD_IDENTITY, sessionTags=False, unknown=unknown)
    assert not plan.find(type="aws:iam/role:Role")
    assert [
        (it.inputs["roleArn"], it.inputs["targetRoleArn"], it.inputs["disableSessionTags"])
        for it in plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
    ] == [(given["existingRole"], TARGET, True)] * 2


def test_by_pod_identity_a_service_account_needs_no_annotation() -> None:
    plan = _plan(identity=Identity.POD_IDENTITY)
    for entry in plan.find(type="kubernetes:core/v1:ServiceAccount"):
        assert not reveal(entry.inputs)["metadata"].get("annotations")
