"""The clusters of an Argo CD: how it connects to each, by which role, and what ApplicationSets read of them."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pulumi
import pytest

from components.delivery.clusters import SERVICE_ACCOUNTS, ArgoCdClusters, connection, hub_role, usable
from facts import gitops_bridge
from facts.contract import CONTRACT_VERSION
from harness.plan import Plan
from harness.properties import reveal
from settings import ArgoCd as ArgoCdSettings
from settings import Identity
from tests.components.given import on_cluster
from tests.components.recording import assert_shape, recorded

SPOKE: Final[dict[str, Any]] = {
    "contractVersion": CONTRACT_VERSION,
    "accountId": "444455556666",
    "argoCdAccessRoleArn": "arn:aws:iam::444455556666:role/spoke-access-argo-cd",
    "clusterCertificateAuthority": "Q0E=",
    "clusterEndpoint": "https://spoke.eks.amazonaws.com",
    "clusterName": "spoke",
    "kubernetesVersion": "1.36",
    "region": "us-west-2",
    "vpcId": "vpc-spoke",
    "workloadRoleArns": {"b": "arn:b", "a": "arn:a"},
}
OWN: Final[dict[str, Any]] = {
    "accountId": "111122223333",
    "clusterName": "hub",
    "kubernetesVersion": "1.36",
    "region": "ap-northeast-1",
    "vpcId": "vpc-hub",
    "workloadRoleArns": {},
}
SECTION: Final[dict[str, Any]] = {
    "hub": True,
    "metadata": {"labels": {"environment": "control-plane"}},
    "clusters": {
        "far": {
            "stack": "organization/eks-platform/spoke",
            "labels": {"environment": "dev"},
            "annotations": {"repo": "https://git.example.jp/a.git"},
        }
    },
}


def _plan(*, unknown: bool = False, **changes: Any) -> Plan:
    settings = ArgoCdSettings.model_validate_json(json.dumps({**SECTION, **changes}))

    def component(opts: pulumi.ResourceOptions) -> pulumi.ComponentResource:
        spokes = {"far": pulumi.Output.from_input(SPOKE)} if settings.clusters else {}
        return ArgoCdClusters("clusters", settings, own=OWN, spokes=spokes, opts=opts)

    return recorded(component, unknown=unknown)


def _secrets(plan: Plan) -> Mapping[str, dict[str, Any]]:
    found = [reveal(entry.inputs) for entry in plan.find(type="kubernetes:core/v1:Secret")]
    return {entry["stringData"]["name"]: entry for entry in found}


def test_shape(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, ArgoCdClusters, "clusters")
    assert len(plan.find(type="kubernetes:core/v1:Secret")) == 2


def test_another_cluster_is_reached_by_the_role_in_its_account() -> None:
    data = _secrets(_plan())["far"]["stringData"]
    assert data["server"] == SPOKE["clusterEndpoint"]
    assert json.loads(data["config"]) == {
        "awsAuthConfig": {"clusterName": "spoke", "roleARN": SPOKE["argoCdAccessRoleArn"]},
        "tlsClientConfig": {"insecure": False, "caData": "Q0E="},
    }


def test_its_own_cluster_is_reached_by_its_service_account() -> None:
    data = _secrets(_plan())["in-cluster"]["stringData"]
    assert data["server"] == "https://kubernetes.default.svc"
    assert "awsAuthConfig" not in connection(OWN)


def test_application_sets_read_what_the_stacks_know_and_what_the_stack_file_adds() -> None:
    secrets = _secrets(_plan())
    far = secrets["far"]["metadata"]
    assert far["labels"] == {
        "argocd.argoproj.io/secret-type": "cluster",
        "eks-platform/cluster": "far",
        "aws_region": "us-west-2",
        "kubernetes_version": "1.36",
        "environment": "dev",
    }
    assert far["annotations"] == {
        "aws_account_id": "444455556666",
        "aws_cluster_name": "spoke",
        "aws_region": "us-west-2",
        "aws_vpc_id": "vpc-spoke",
        "workload_role_arns": '{"a": "arn:a", "b": "arn:b"}',
        "repo": "https://git.example.jp/a.git",
    }
    assert secrets["in-cluster"]["metadata"]["labels"]["environment"] == "control-plane"
    assert set(_secrets(_plan(clusters={}))) == {"in-cluster"}


def test_charts_receive_nothing_that_a_secret_lacks() -> None:
    found = json.dumps(gitops_bridge.chart_values())
    for key in ("aws_account_id", "aws_cluster_name", "aws_region", "aws_vpc_id", "workload_role_arns"):
        assert f".metadata.annotations.{key}}}}}" in found
        assert key in gitops_bridge.ANNOTATIONS


@pytest.mark.parametrize("identity", Identity)
def test_the_role_of_argo_cd_assumes_those_of_its_clusters_alone(identity: Identity) -> None:
    cluster = replace(on_cluster().identity, kind=identity)
    plan = recorded(lambda opts: hub_role("hub", cluster, {"far": pulumi.Output.from_input(SPOKE)}, opts))
    (statement,) = json.loads(plan.one(type="aws:iam/policy:Policy").inputs["policy"])["Statement"]
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]
    assert statement["Resource"] == [SPOKE["argoCdAccessRoleArn"]]
    trust = plan.one(type="aws:iam/role:Role").inputs["assumeRolePolicy"]
    assert all(account.name in trust for account in SERVICE_ACCOUNTS)


def test_before_the_first_cluster_the_role_has_no_rights() -> None:
    plan = recorded(lambda opts: hub_role("hub", on_cluster().identity, {}, opts))
    assert not plan.find(type="aws:iam/policy:Policy")


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        ({}, "first `pulumi up` there"),
        ({**SPOKE, "contractVersion": 0}, "first `pulumi up` there"),
        ({key: value for key, value in SPOKE.items() if key != "argoCdAccessRoleArn"}, "set access.argoCdHub there"),
    ],
    ids=["no outputs", "another version", "no role"],
)
def test_a_cluster_that_it_cannot_use_is_refused(outputs: dict[str, Any], message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message):
        usable(outputs, "organization/eks-platform/spoke")
