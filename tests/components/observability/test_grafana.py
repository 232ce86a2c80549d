"""Grafana: a workspace of the account, the role it reads with, and who may log in; and the role of another account."""

import json
from typing import Any, Final

import pulumi
import pytest

from components.observability.grafana import Grafana
from components.observability.metrics_reader import MetricsReader
from harness.plan import Plan
from settings import Grafana as GrafanaSettings
from tests.components.given import CLUSTER, on_cluster, section
from tests.components.recording import ACCOUNT, REGION, assert_shape, below, recorded, remembered, waits_for

ADMINS: Final = "64c8a4d8-1011-70b7-2f6b-52e1a2c3d4e5"
VIEWERS: Final = "64c8a4d8-2022-70b7-2f6b-52e1a2c3d4e5"
OTHER: Final = "arn:aws:iam::444455556666:role/metrics-reader"
WORKSPACE: Final = "aws:grafana/workspace:Workspace"
ASSOCIATION: Final = "aws:grafana/roleAssociation:RoleAssociation"


@remembered
def _plan(*, unknown: bool = False, **settings: Any) -> Plan:
    given = section(GrafanaSettings, {"admins": [ADMINS], **settings})

    def declare(opts: pulumi.ResourceOptions) -> None:
        Grafana("grafana", given, on_cluster(), opts=opts)

    return recorded(declare, unknown=unknown)


@remembered
def _reader(*, unknown: bool = False) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        MetricsReader("metrics", on_cluster(), principal=OTHER, opts=opts)

    return recorded(declare, unknown=unknown)


def _documents(plan: Plan) -> list[dict[str, Any]]:
    return [json.loads(entry.inputs["policy"]) for entry in plan.find(type="aws:iam/rolePolicy:RolePolicy")]


def test_shape(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), Grafana, "grafana")
    assert_shape(_reader(unknown=unknown), MetricsReader, "metrics")


def test_the_workspace_has_a_role_of_its_own_whose_rights_come_first() -> None:
    plan = _plan()
    assert below(plan, plan.one(type="eks-platform:index:Grafana")) == {
        "Role grafana-workspace",
        "RolePolicy grafana-workspace-metrics",
        "Workspace grafana-workspace",
        "RoleAssociation grafana-admins",
    }
    workspace, role = plan.one(type=WORKSPACE), plan.one(type="aws:iam/role:Role")
    assert workspace.inputs == {
        "name": CLUSTER,
        "accountAccessType": "CURRENT_ACCOUNT",
        "authenticationProviders": ["AWS_SSO"],
        "permissionType": "CUSTOMER_MANAGED",
        "grafanaVersion": "13.2",
        "roleArn": role.outputs["arn"],
    }
    assert "RolePolicy grafana-workspace-metrics" in waits_for(plan, workspace)


def test_only_grafana_of_this_account_and_region_may_assume_the_role() -> None:
    (statement,) = json.loads(_plan().one(type="aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"Service": ["grafana.amazonaws.com"]}
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnLike": {"aws:SourceArn": f"arn:aws:grafana:{REGION}:{ACCOUNT}:/workspaces/*"},
    }


def test_each_group_has_its_role() -> None:
    found = _plan(viewers=[VIEWERS]).find(type=ASSOCIATION)
    assert {entry.inputs["role"]: entry.inputs["groupIds"] for entry in found} == {
        "ADMIN": [ADMINS],
        "VIEWER": [VIEWERS],
    }


def test_roles_of_other_accounts_are_assumed_by_name_alone() -> None:
    assert not any("sts:AssumeRole" in json.dumps(document) for document in _documents(_plan()))
    _, accounts = sorted(_documents(_plan(roles={"other": OTHER})), key=lambda it: "sts:AssumeRole" in json.dumps(it))
    (statement,) = accounts["Statement"]
    assert statement["Resource"] == [OTHER]


@pytest.mark.parametrize("plan", [_plan, _reader])
def test_readers_change_nothing(plan: Any) -> None:
    (document,) = _documents(plan())
    actions = {action.partition(":")[2] for statement in document["Statement"] for action in statement["Action"]}
    allowed = ("Get", "List", "Describe", "Batch", "Query", "StartQuery", "StopQuery")
    assert not {action for action in actions if not action.startswith(allowed)}


def test_one_role_may_assume_the_reader() -> None:
    (statement,) = json.loads(_reader().one(type="aws:iam/role:Role").inputs["assumeRolePolicy"])["Statement"]
    assert statement["Principal"] == {"AWS": [OTHER]}


def test_groups_that_are_removed_lose_their_role() -> None:
    """An update of the provider takes a role from no group: only another association does."""
    options = _plan().one(type=ASSOCIATION).options
    assert options.replace_on_changes == ("groupIds",)
    assert options.delete_before_replace
