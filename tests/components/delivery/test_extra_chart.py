"""A chart that a team adds: pinned, in a namespace of its own, with a role for one service account."""

import json
from typing import Any, Final

import pulumi
import pytest
from pulumi_aws.cloudwatch import LogGroup

from components.common.on_cluster import OnCluster
from components.common.placement import pod_placement
from components.common.pod_namespace import PodNamespace
from components.delivery.extra_chart import ExtraChart, extra_chart_values
from facts.chart_values import with_value
from harness.plan import Plan
from harness.properties import Secret, reveal
from settings import ExtraChart as ExtraChartSettings
from settings import PodSecurity
from tests.components.given import FARGATE, NODES, REGISTRY, identity, on_cluster
from tests.components.recording import ACCOUNT, REGION, assert_shape, below, document, needs, recorded, waits_for

ROLE: Final = {
    "serviceAccount": "velero-server",
    "annotations": "serviceAccount.server.annotations",
    "statements": [
        {
            "sid": "WriteBackups",
            "actions": ["s3:PutObject"],
            "resources": ["arn:aws:s3:::example-backups/*"],
            "conditions": {"StringEquals": {"aws:ResourceAccount": [ACCOUNT]}},
        },
        {
            "sid": "SeeVolumes",
            "actions": ["ec2:DescribeVolumes"],
            "resources": ["*"],
            "reason": "EC2 knows no ARN for it",
        },
    ],
    "managedPolicies": [f"arn:aws:iam::{ACCOUNT}:policy/backups"],
}


def _settings(**changes: Any) -> ExtraChartSettings:
    """Return the settings of a chart; changes: settings under the names of a stack file."""
    section = {"repository": "https://charts.example.com", "chart": "velero", "version": "12.1.0"}
    return ExtraChartSettings.model_validate_json(json.dumps({**section, **changes}))


def _plan(
    *,
    unknown: bool = False,
    cluster: OnCluster | None = None,
    namespace: str = "backup",
    standard: str | None = "restricted",
    **changes: Any,
) -> Plan:
    """Record a chart in a namespace that is created with a Pod Security Standard, or that exists (None)."""
    settings = _settings(**changes)
    return recorded(
        lambda opts: ExtraChart(
            "chart",
            settings,
            cluster or on_cluster(),
            release_name="backup",
            namespace=PodNamespace(namespace, []),
            pod_security=PodSecurity(standard) if standard else None,
            opts=opts,
        ),
        unknown=unknown,
    )


def _values(cluster: OnCluster | None = None, **changes: Any) -> dict[str, Any]:
    return extra_chart_values(_settings(**changes), cluster or on_cluster(), {})


def _release(plan: Plan) -> dict[str, Any]:
    return plan.one(type="kubernetes:helm.sh/v3:Release").inputs


# --- Release ------------------------------------------------------------------------------------------------------


def test_the_release_has_the_teams_name_and_the_exact_version(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, ExtraChart, "chart")
    inputs = _release(plan)
    assert (inputs["name"], inputs["chart"], inputs["version"]) == ("backup", "velero", "12.1.0")
    assert inputs["repositoryOpts"] == {"repo": "https://charts.example.com"}
    assert inputs["atomic"] is True


def test_it_comes_from_the_companys_registry_where_there_is_one() -> None:
    assert _release(_plan(cluster=on_cluster(charts=REGISTRY)))["chart"] == "oci://charts.example.jp/mirror/velero"


@pytest.mark.parametrize("standard", ["restricted", "baseline", "privileged"])
def test_its_namespace_has_a_pod_security_standard(standard: str, unknown: bool) -> None:
    plan = _plan(unknown=unknown, standard=standard)
    metadata = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert metadata == {
        "name": "backup",
        "labels": {
            "pod-security.kubernetes.io/enforce": standard,
            "pod-security.kubernetes.io/enforce-version": "v1.36",
            "pod-security.kubernetes.io/warn": standard,
            "pod-security.kubernetes.io/warn-version": "v1.36",
            "pod-security.kubernetes.io/audit": standard,
            "pod-security.kubernetes.io/audit-version": "v1.36",
        },
    }
    release = plan.one(type="kubernetes:helm.sh/v3:Release")
    assert release.inputs["namespace"] == "backup"
    assert needs(plan, release) == {"Namespace chart-namespace"}


def test_the_namespace_and_the_release_wait_for_what_the_chart_may_need(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        controller = LogGroup("controller", opts=opts)
        ExtraChart(
            "chart",
            _settings(),
            on_cluster(),
            release_name="backup",
            namespace=PodNamespace("backup", [controller]),
            pod_security=PodSecurity.RESTRICTED,
            opts=opts,
        )

    plan = recorded(declare, unknown=unknown)
    for type_ in ("kubernetes:core/v1:Namespace", "kubernetes:helm.sh/v3:Release"):
        assert "LogGroup controller" in waits_for(plan, plan.one(type=type_))


def test_in_a_namespace_of_the_platform_it_makes_none() -> None:
    plan = _plan(standard=None, namespace="kube-system")
    assert below(plan, plan.one(name="chart")) == {"Release chart-release"}
    assert _release(plan)["namespace"] == "kube-system"


# --- Values -------------------------------------------------------------------------------------------------------


def test_its_pods_run_where_the_platforms_own_do_unless_it_says_otherwise() -> None:
    assert _values(values={"replicas": 2}) == {"replicas": 2, **pod_placement(NODES)}
    assert _values(operationsNodes=False) == {}
    assert _values(on_cluster(placement=FARGATE)) == {}
    own = _values(values={"tolerations": []})
    assert own["tolerations"] == []
    assert own["nodeSelector"] == NODES.node_selector


def test_a_secret_value_stands_among_the_others_and_stays_secret(unknown: bool) -> None:
    given: dict[str, Any] = {
        "values": {"smtp": {"host": "mail.example.jp"}},
        "secretValues": {"smtp.password": "hunter2"},
    }
    values = _release(_plan(unknown=unknown, **given))["values"]
    assert reveal(values)["smtp"] == {"host": "mail.example.jp", "password": "hunter2"}
    assert isinstance(values, Secret) or isinstance(values["smtp"]["password"], Secret)
    assert "hunter2" not in repr(values)


def test_what_the_stack_knows_stands_among_the_values(unknown: bool) -> None:
    given: dict[str, Any] = {
        "values": {"cluster": {"zone": "a"}},
        "stackValues": {
            "cluster.name": "clusterName",
            "cluster.account": "accountId",
            "cluster.region": "region",
            "vpc": "vpcId",
        },
    }
    values = reveal(_release(_plan(unknown=unknown, **given))["values"])
    cluster = on_cluster()
    assert values["cluster"] == {
        "zone": "a",
        "name": cluster.cluster_id,
        "account": cluster.account_id,
        "region": cluster.region,
    }
    # An input of the component, which is known in both.
    assert values["vpc"] == "vpc-0123456789abcdef0"


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("new", 1, {"a": {"b": {"c": 1}}, "new": 1}),
        ("a.b.d", 2, {"a": {"b": {"c": 1, "d": 2}}}),
        ("a.b", {"d": 2}, {"a": {"b": {"c": 1, "d": 2}}}),
        ("a.b.c", {"d": 2}, {"a": {"b": {"c": {"d": 2}}}}),
        ("a.x.y", 2, {"a": {"b": {"c": 1}, "x": {"y": 2}}}),
    ],
)
def test_a_value_is_put_at_a_path_beside_what_is_there(path: str, value: Any, expected: dict[str, Any]) -> None:
    values = {"a": {"b": {"c": 1}}}
    assert with_value(values, path, value) == expected
    assert values == {"a": {"b": {"c": 1}}}


# --- Role ---------------------------------------------------------------------------------------------------------


def test_its_role_is_for_one_service_account_and_does_what_the_statements_say(unknown: bool) -> None:
    plan = _plan(unknown=unknown, role=ROLE)
    (statement,) = document(plan.one(type="aws:iam/role:Role"), "assumeRolePolicy")["Statement"]
    assert "system:serviceaccount:backup:velero-server" in repr(statement)
    assert document(plan.one(type="aws:iam/policy:Policy"), "policy")["Statement"] == [
        {
            "Sid": "WriteBackups",
            "Effect": "Allow",
            "Action": ["s3:PutObject"],
            "Resource": ["arn:aws:s3:::example-backups/*"],
            "Condition": {"StringEquals": {"aws:ResourceAccount": [ACCOUNT]}},
        },
        {"Sid": "SeeVolumes", "Effect": "Allow", "Action": ["ec2:DescribeVolumes"], "Resource": ["*"]},
    ]
    attached = plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert f"arn:aws:iam::{ACCOUNT}:policy/backups" in {entry.inputs.get("policyArn") for entry in attached}
    assert len(attached) == 2


def test_with_irsa_the_chart_gets_the_role_where_its_values_take_it() -> None:
    annotations = {"team": "data"}
    plan = _plan(role=ROLE, values={"serviceAccount": {"server": {"annotations": annotations}}})
    found = _release(plan)["values"]["serviceAccount"]["server"]["annotations"]
    assert found.keys() == {"team", "eks.amazonaws.com/role-arn"}
    assert found["eks.amazonaws.com/role-arn"].startswith(f"arn:aws:iam::{ACCOUNT}:role/")


def test_with_pod_identity_the_chart_needs_to_know_nothing(unknown: bool) -> None:
    plan = _plan(unknown=unknown, role=ROLE, cluster=on_cluster(identity=identity("pod-identity"), placement=FARGATE))
    association = plan.one(type="aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs
    assert (association["namespace"], association["serviceAccount"]) == ("backup", "velero-server")
    assert _release(plan)["values"] == {}


def test_managed_policies_alone_make_no_policy() -> None:
    plan = _plan(role={**ROLE, "statements": []})
    assert not plan.find(type="aws:iam/policy:Policy")
    assert len(plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")) == 1


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_its_role_outlives_it_and_waits_for_nothing_in_the_cluster(kind: str, unknown: bool) -> None:
    plan = _plan(unknown=unknown, role=ROLE, cluster=on_cluster(identity=identity(kind)))
    rights = {
        "Role chart",
        "Policy chart-chart",
        "RolePolicyAttachment chart-chart",
        "RolePolicyAttachment chart-backups",
    }
    assert rights <= waits_for(plan, plan.one(type="kubernetes:helm.sh/v3:Release"))
    assert not {text for text in waits_for(plan, plan.one(type="aws:iam/role:Role")) if "Namespace" in text}


def test_without_a_role_there_is_none() -> None:
    plan = _plan()
    assert below(plan, plan.one(name="chart")) == {"Namespace chart-namespace", "Release chart-release"}
    assert REGION not in repr(_release(plan))
