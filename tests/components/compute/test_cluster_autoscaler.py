"""Cluster Autoscaler: a role for its own groups only, an image of the cluster's minor, two pods that stay."""

from typing import Any

import pytest

import versions
from components.common.on_cluster import OnCluster
from components.compute.cluster_autoscaler import NAME, NAMESPACE, ClusterAutoscaler
from facts.iam_documents.cluster_autoscaler import cluster_autoscaler, discovery_tags
from harness.plan import Plan
from settings.cluster_autoscaler import ClusterAutoscaler as ClusterAutoscalerSettings
from tests import upstream
from tests.components.given import (
    CLUSTER,
    on_cluster,
    release_of,
    section,
    values_of,
)
from tests.components.recording import ACCOUNT, REGION, assert_shape, document, recorded
from tests.conformance.charts import unknown_keys


def _plan(cluster: OnCluster | None = None, *, unknown: bool = False, **changes: Any) -> Plan:
    """Record the autoscaler. changes: settings by the names of their fields."""
    settings = section(ClusterAutoscalerSettings, {}, **changes)
    return recorded(
        lambda opts: ClusterAutoscaler("autoscaler", settings, cluster or on_cluster(), opts=opts), unknown=unknown
    )


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return values_of(_plan(), NAME)


def test_it_is_a_component(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, ClusterAutoscaler, "autoscaler")
    assert release_of(plan, NAME).inputs["namespace"] == NAMESPACE == "kube-system"


# --- Role ---------------------------------------------------------------------------------------------------------


def test_its_rights_are_those_of_its_own_groups() -> None:
    (policy,) = _plan().find(type="aws:iam/policy:Policy")
    assert document(policy, "policy") == cluster_autoscaler(ACCOUNT, REGION, CLUSTER)


# --- Release ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", versions.ADDONS)
def test_its_image_is_of_the_clusters_minor(minor: str) -> None:
    tag = values_of(_plan(on_cluster(kubernetes_version=minor)), NAME)["image"]["tag"]
    assert tag.startswith(f"v{minor}.")


def test_it_finds_the_groups_that_it_may_change(values: dict[str, Any]) -> None:
    assert values["autoDiscovery"]["clusterName"] == CLUSTER
    assert set(values["autoDiscovery"]["tags"]) == set(discovery_tags(CLUSTER))
    # Without it the autoscaler asks the instance metadata, which a hop limit of 1 keeps from pods (EKS best practices).
    assert values["awsRegion"] == REGION


def test_it_is_told_how_to_grow_and_when_to_shrink() -> None:
    args = values_of(_plan(expander="most-pods", scale_down_unneeded="30m", scale_down_utilization_percent=65), NAME)[
        "extraArgs"
    ]
    assert args["expander"] == "most-pods"
    assert args["scale-down-unneeded-time"] == "30m"
    assert args["scale-down-utilization-threshold"] == 0.65
    assert args["balance-similar-node-groups"] is True
    assert args["skip-nodes-with-local-storage"] is False


def test_it_has_a_stand_by_a_size_and_stays_where_it_is(values: dict[str, Any]) -> None:
    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert values["resources"]["limits"]["memory"] == values["resources"]["requests"]["memory"]
    assert values["podAnnotations"] == {
        "cluster-autoscaler.kubernetes.io/safe-to-evict": "false",
        "karpenter.sh/do-not-disrupt": "true",
    }
    assert values["nodeSelector"] == {"role": "operations"}
    assert values["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    zone, _host = values["topologySpreadConstraints"]
    assert zone["labelSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": NAME,
        "app.kubernetes.io/instance": NAME,
    }


def test_its_pods_are_restricted(values: dict[str, Any]) -> None:
    assert values["securityContext"]["runAsNonRoot"] is True
    assert values["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert values["containerSecurityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
def test_the_chart_knows_every_value(values: dict[str, Any]) -> None:
    assert unknown_keys(upstream.chart(NAME), values) == []


@pytest.mark.upstream
def test_arguments_are_those_that_the_chart_names() -> None:
    text = upstream.chart(NAME, "values.yaml").read_text()
    for argument in values_of(_plan(), NAME)["extraArgs"]:
        assert f"# {argument}: " in text, argument
