"""Container Insights: its log groups, its agents' role, and a configuration that leaves application pods alone."""

import json
from typing import Any

import pulumi
import pytest

import versions
from components.common.dependency import after
from components.common.placement import Placement
from components.observability.container_insights import (
    ADDON,
    LOG_GROUPS,
    ContainerInsights,
    ContainerInsightsLogs,
    container_insights_configuration,
)
from facts import iam_documents
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Addons, Observability
from tests.components.given import CLUSTER, NODES, identity, on_cluster, waiting_for_compute
from tests.components.recording import Probe, assert_shape, below, carried, document, recorded, waits_for

VERSIONS = versions.ADDONS[versions.DEFAULT_KUBERNETES]
ANYWHERE = Placement(fargate=False)


def _plan(*, unknown: bool = False, kind: str = "irsa") -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        logs = ContainerInsightsLogs(
            "logs", Observability(retentionDays=14), cluster_id=CLUSTER, logs_key=None, opts=opts
        )
        ContainerInsights("insights", Addons(), on_cluster(identity=identity(kind)), version=VERSIONS[ADDON], opts=opts)
        Probe(nodes=after(logs.groups, CLUSTER))

    return recorded(declare, unknown=unknown)


def _addon(plan: Plan) -> Registration:
    return plan.one(type="aws:eks/addon:Addon")


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_shape(kind: str, unknown: bool) -> None:
    plan = _plan(unknown=unknown, kind=kind)
    assert_shape(plan, ContainerInsightsLogs, "logs")
    assert_shape(plan, ContainerInsights, "insights")


def test_inventory() -> None:
    plan = _plan()
    assert below(plan, plan.one(type="eks-platform:index:ContainerInsights")) == {
        f"Addon insights-{ADDON}",
        "Irsa insights-agents",
        "Role insights-agents",
        "RolePolicyAttachment insights-agents-CloudWatchAgentServerPolicy",
    }


def test_logs_end_after_some_time() -> None:
    # The agents make the groups that are missing, and keep what is in them for ever.
    groups = {entry.inputs["name"]: entry.inputs for entry in _plan().find(type="aws:cloudwatch/logGroup:LogGroup")}
    assert groups.keys() == {
        f"/aws/containerinsights/{CLUSTER}/{kind}" for kind in ("application", "host", "dataplane", "performance")
    }
    assert {inputs["retentionInDays"] for inputs in groups.values()} == {14}


def test_nodes_can_wait_for_all_log_groups(unknown: bool) -> None:
    assert carried(_plan(unknown=unknown), "nodes") == {f"LogGroup logs-{kind}" for kind in LOG_GROUPS}


def test_the_addon_is_at_its_pinned_version() -> None:
    inputs = _addon(_plan()).inputs
    assert inputs["clusterName"] == CLUSTER
    assert (inputs["addonName"], inputs["addonVersion"]) == (ADDON, VERSIONS[ADDON])


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_agents_have_their_role_before_they_start(kind: str, unknown: bool) -> None:
    plan = _plan(unknown=unknown, kind=kind)
    role = plan.one(type="aws:iam/role:Role")
    addon = _addon(plan)
    attachment = plan.one(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attachment.inputs["policyArn"] == iam_documents.managed_policy_arn(
        "CloudWatchAgentServerPolicy", "ap-northeast-1"
    )
    assert f"RolePolicyAttachment {attachment.name}" in waits_for(plan, addon)
    if kind == "irsa":
        assert addon.inputs["serviceAccountRoleArn"] == (UNKNOWN if unknown else role.outputs["arn"])
        accounts = [("amazon-cloudwatch", "cloudwatch-agent")]
        given = identity()
        trust = iam_documents.trust_irsa(str(given.oidc_provider_arn), str(given.oidc_issuer), accounts)
        assert document(role, "assumeRolePolicy") == trust
    else:
        assert "serviceAccountRoleArn" not in addon.inputs
        association = plan.one(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
        assert association.inputs["namespace"] == "amazon-cloudwatch"
        assert association.inputs["serviceAccount"] == "cloudwatch-agent"
        assert f"PodIdentityAssociation {association.name}" in waits_for(plan, addon)


def test_nothing_but_the_addon_waits_for_nodes() -> None:
    waiting = waiting_for_compute(
        lambda cluster, opts: ContainerInsights("insights", Addons(), cluster, version=VERSIONS[ADDON], opts=opts)
    )
    assert waiting == {f"Addon insights-{ADDON}"}


# --- Configuration ------------------------------------------------------------------------------------------------


def _configuration(placement: Placement) -> dict[str, Any]:
    return dict(json.loads(container_insights_configuration(placement)))


def test_the_addon_is_configured_so() -> None:
    assert _addon(_plan()).inputs["configurationValues"] == container_insights_configuration(NODES)


def test_it_puts_nothing_into_the_pods_of_applications() -> None:
    """Application Signals would add a container that the Pod Security Standard `restricted` refuses."""
    configuration = _configuration(NODES)
    assert configuration["manager"]["applicationSignals"] == {"autoMonitor": {"monitorAllServices": False}}
    assert "traces" not in configuration["agent"]["config"]
    assert configuration["agent"]["config"]["logs"]["metrics_collected"].keys() == {"kubernetes"}


def test_it_has_metrics_and_logs() -> None:
    configuration = _configuration(NODES)
    kubernetes = configuration["agent"]["config"]["logs"]["metrics_collected"]["kubernetes"]
    assert kubernetes == {"enhanced_container_insights": True}
    assert configuration["containerLogs"] == {"enabled": True}


def test_agents_run_on_every_node_and_their_controller_where_it_is_placed() -> None:
    """The controller tolerates nothing by itself: in a cluster of tainted nodes it would run nowhere."""
    configuration = _configuration(NODES)
    assert configuration["tolerations"] == [{"operator": "Exists"}]
    assert configuration["manager"]["nodeSelector"] == {"role": "operations"}
    assert configuration["manager"]["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    assert not _configuration(ANYWHERE)["manager"].keys() & {"nodeSelector", "tolerations"}
