"""Alarms: one for each thing that there is, a topic that alarms alone may use, and a runbook for each."""

import re
from dataclasses import replace
from typing import Final

import pulumi
import pytest
from pydantic import SecretStr

from components.observability.alarms import (
    CANNOT_PROVISION,
    RUNBOOK,
    Alarms,
    Watched,
    alarms_of,
    warnings_of,
)
from facts import iam_documents
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN, Secret, reveal
from rehearsal.program import ROOT
from settings import Alarms as AlarmsSettings
from settings import Thresholds
from tests.components.given import CLUSTER, on_cluster, section
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    carried,
    document,
    needs,
    recorded,
    waits_for,
)

THRESHOLDS: Final = {
    "load_balancer_errors": 1,
    "target_errors": 2,
    "unhealthy_targets": 3,
    "failed_nodes": 4,
    "container_restarts": 5,
    "unschedulable_pods": 6,
    "provisioning_failures": 7,
    # Fewer seconds are refused.
    "interruption_age": 18,
    "nat_port_errors": 9,
}
LIMITS: Final = section(Thresholds, THRESHOLDS)
SETTINGS: Final = AlarmsSettings(
    emails={"on-call": "on-call@example.jp"},
    webhooks={"pager": SecretStr("https://events.example.jp/hunter2")},
    thresholds=LIMITS,
)
WATCHED: Final = Watched(
    load_balancer="app/platform/0123456789abcdef",
    events_log_group="/aws/eks/platform-test/events",
    nodes=True,
    provisioners=["karpenter"],
    interruption_queue=CLUSTER,
    nat_gateways={f"{REGION}a": "nat-1", f"{REGION}c": "nat-2"},
)
ON_FARGATE: Final = replace(
    WATCHED, nodes=False, provisioners=["fargate-scheduler"], interruption_queue=None, nat_gateways={}
)
NODE_GROUPS: Final = replace(WATCHED, provisioners=[], interruption_queue=None, nat_gateways={})


def _plan(watched: Watched = WATCHED, *, unknown: bool = False) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        alarms = Alarms("alarms", SETTINGS, on_cluster(), watched=watched, opts=opts)
        Probe(topic=alarms.topic_arn)

    return recorded(declare, unknown=unknown)


def _alarms(plan: Plan) -> dict[str, Registration]:
    found = plan.find(type="aws:cloudwatch/metricAlarm:MetricAlarm")
    return {entry.name.removeprefix("alarms-"): entry for entry in found}


def test_shape(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), Alarms, "alarms")


# --- What there is ------------------------------------------------------------------------------------------------

ALWAYS: Final = {"load-balancer-errors", "target-errors", "unhealthy-targets", "container-restarts"}


@pytest.mark.parametrize(
    ("watched", "more"),
    [
        (
            WATCHED,
            {
                "failed-nodes",
                "unschedulable-pods",
                "provisioning-failures",
                "interruption-age",
                f"nat-port-errors-{REGION}a",
                f"nat-port-errors-{REGION}c",
            },
        ),
        (ON_FARGATE, {"provisioning-failures"}),
        (NODE_GROUPS, {"failed-nodes", "unschedulable-pods"}),
    ],
    ids=["nodes and Karpenter", "Fargate", "node groups alone"],
)
def test_there_is_an_alarm_for_what_there_is_and_for_nothing_else(watched: Watched, more: set[str]) -> None:
    assert _alarms(_plan(watched)).keys() == ALWAYS | more


METRICS: Final = {
    "load-balancer-errors": ("AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "Sum"),
    "target-errors": ("AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "Sum"),
    "failed-nodes": ("ContainerInsights", "cluster_failed_node_count", "Maximum"),
    "container-restarts": ("ContainerInsights", "pod_number_of_container_restarts", "Sum"),
    "unschedulable-pods": ("AWS/EKS", "scheduler_pending_pods_UNSCHEDULABLE", "Maximum"),
    "provisioning-failures": (f"Platform/{CLUSTER}", "ProvisioningFailures", "Sum"),
    "interruption-age": ("AWS/SQS", "ApproximateAgeOfOldestMessage", "Maximum"),
    f"nat-port-errors-{REGION}a": ("AWS/NATGateway", "ErrorPortAllocation", "Sum"),
    f"nat-port-errors-{REGION}c": ("AWS/NATGateway", "ErrorPortAllocation", "Sum"),
}
DIMENSIONS: Final = {
    "load-balancer-errors": {"LoadBalancer": "app/platform/0123456789abcdef"},
    "target-errors": {"LoadBalancer": "app/platform/0123456789abcdef"},
    "failed-nodes": {"ClusterName": CLUSTER},
    "container-restarts": {"ClusterName": CLUSTER},
    "unschedulable-pods": {"ClusterName": CLUSTER},
    "provisioning-failures": None,
    "interruption-age": {"QueueName": CLUSTER},
    f"nat-port-errors-{REGION}a": {"NatGatewayId": "nat-1"},
    f"nat-port-errors-{REGION}c": {"NatGatewayId": "nat-2"},
}


@pytest.mark.parametrize("name", METRICS)
def test_each_watches_its_metric(name: str) -> None:
    inputs = _alarms(_plan())[name].inputs
    assert (inputs["namespace"], inputs["metricName"], inputs["statistic"]) == METRICS[name]
    assert inputs.get("dimensions") == DIMENSIONS[name]


def test_all_target_groups_of_the_load_balancer_are_watched() -> None:
    """CloudWatch counts unhealthy targets by target group, and the controller's has a name that nobody knows."""
    inputs = _alarms(_plan())["unhealthy-targets"].inputs
    (query,) = inputs["metricQueries"]
    assert query["expression"] == (
        'SELECT MAX(UnHealthyHostCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, TargetGroup) '
        "WHERE LoadBalancer = 'app/platform/0123456789abcdef'"
    )
    assert query["returnData"] is True
    # An alarm has either a metric or queries.
    assert not inputs.keys() & {"metricName", "namespace", "statistic", "period", "dimensions"}


def _timing(entry: Registration) -> tuple[int, int, int]:
    """Return the period in seconds, how many are looked at, and how many of them must be bad."""
    inputs = reveal(entry.inputs)
    period = inputs["period"] if "period" in inputs else inputs["metricQueries"][0]["period"]
    return period, inputs["evaluationPeriods"], inputs.get("datapointsToAlarm", inputs["evaluationPeriods"])


@pytest.mark.parametrize("watched", [WATCHED, ON_FARGATE], ids=["nodes", "fargate"])
@pytest.mark.parametrize("setting", THRESHOLDS)
def test_each_rings_after_the_time_that_its_setting_says(setting: str, watched: Watched) -> None:
    """What happens "in" some minutes is summed up over them; what is so "for" some minutes is so in each of them."""
    text = Thresholds.model_fields[setting].description or ""
    found = [entry for key, entry in _alarms(_plan(watched)).items() if key.startswith(setting.replace("_", "-"))]
    said = re.findall(r"\b(in|for) (\d+) minutes", text)
    # A value of its own time, such as an age, needs no other.
    assert len(said) == (0 if "in seconds" in text else 1)
    for entry in found:
        for preposition, minutes in said:
            expected = (int(minutes) * 60, 1, 1) if preposition == "in" else (60, int(minutes), int(minutes))
            assert _timing(entry) == expected, entry.name
            statistic = entry.inputs.get("statistic")
            assert (statistic == "Sum") == (preposition == "in"), entry.name


@pytest.mark.parametrize("setting", THRESHOLDS)
def test_each_threshold_is_one_alarms(setting: str) -> None:
    name = setting.replace("_", "-")
    found = {key: entry.inputs["threshold"] for key, entry in _alarms(_plan()).items() if key.startswith(name)}
    assert set(found.values()) == {THRESHOLDS[setting]}
    others = {entry.inputs["threshold"] for key, entry in _alarms(_plan()).items() if key not in found}
    assert THRESHOLDS[setting] not in others


def test_each_rings_from_its_threshold_on() -> None:
    for entry in _alarms(_plan()).values():
        assert entry.inputs["comparisonOperator"] == "GreaterThanOrEqualToThreshold"


def test_no_data_is_no_fault_but_for_nodes_that_must_have_some() -> None:
    """Errors that did not happen are not measured; nodes always are, by agents that run on them."""
    found = _alarms(_plan())
    missing = {name: entry.inputs["treatMissingData"] for name, entry in found.items()}
    assert missing.pop("failed-nodes") == "missing"
    assert set(missing.values()) == {"notBreaching"}
    told = {name for name, entry in found.items() if entry.inputs.get("insufficientDataActions")}
    assert told == {"failed-nodes"}


# --- Warnings that are counted ------------------------------------------------------------------------------------


def test_what_karpenter_cannot_do_is_counted_from_its_events() -> None:
    plan = _plan()
    entry = plan.one(type="aws:cloudwatch/logMetricFilter:LogMetricFilter")
    assert entry.inputs["logGroupName"] == WATCHED.events_log_group
    assert entry.inputs["metricTransformation"] == {
        "name": "ProvisioningFailures",
        "namespace": f"Platform/{CLUSTER}",
        "value": "1",
        "unit": "Count",
    }
    pattern = entry.inputs["pattern"]
    assert re.findall(r'\$\.(\S+) = "karpenter"', pattern) == ["source.component", "reportingComponent"]
    assert tuple(re.findall(r'\$\.reason = "(\w+)"', pattern)) == CANNOT_PROVISION


def test_on_fargate_restarts_are_counted_too() -> None:
    """There is no agent that measures them."""
    filters = warnings_of(ON_FARGATE)
    assert filters["container-restarts"].pattern == '{ $.reason = "BackOff" }'
    alarm = alarms_of(CLUSTER, LIMITS, ON_FARGATE)["container-restarts"]
    assert (alarm.namespace, alarm.metric, alarm.dimensions) == (f"Platform/{CLUSTER}", "ContainerRestarts", {})
    assert '"fargate-scheduler"' in filters["provisioning-failures"].pattern


def test_patterns_are_as_long_as_cloudwatch_allows() -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutMetricFilter.html."""
    found = warnings_of(replace(WATCHED, provisioners=["karpenter", "fargate-scheduler"], nodes=False))
    assert max(len(warnings.pattern) for warnings in found.values()) <= 1024


# --- Runbook ------------------------------------------------------------------------------------------------------


def _anchors() -> set[str]:
    headings = re.findall(r"^#+ (.+)$", (ROOT / RUNBOOK).read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("watched", [WATCHED, ON_FARGATE], ids=["nodes", "fargate"])
def test_each_alarm_says_where_the_runbook_is(watched: Watched) -> None:
    for name, entry in _alarms(_plan(watched)).items():
        meaning, _, anchor = entry.inputs["alarmDescription"].partition(f" Runbook: {RUNBOOK}#")
        assert meaning.endswith(".")
        assert name.startswith(anchor)
        assert anchor in _anchors(), name


def test_the_runbook_has_no_alarm_that_is_gone() -> None:
    chapter = (ROOT / RUNBOOK).read_text(encoding="utf-8").split("\n## Alarms\n")[1].split("\n## ")[0]
    everything = {**alarms_of(CLUSTER, LIMITS, WATCHED), **alarms_of(CLUSTER, LIMITS, ON_FARGATE)}
    assert set(re.findall(r"^### (.+)$", chapter, re.MULTILINE)) == {alarm.runbook for alarm in everything.values()}


# --- Topic --------------------------------------------------------------------------------------------------------


def test_alarms_alone_may_publish(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    topic, policy = plan.one(type="aws:sns/topic:Topic"), plan.one(type="aws:sns/topicPolicy:TopicPolicy")
    if unknown:
        assert policy.inputs["policy"] is UNKNOWN
    else:
        assert document(policy, "policy") == iam_documents.alarm_topic(topic.outputs["arn"], ACCOUNT, REGION)
    assert carried(plan, "topic") == {"Topic alarms-topic", "TopicPolicy alarms-topic"}


def test_the_topic_has_a_key_that_alarms_may_use() -> None:
    """With alias/aws/sns no alarm would reach anybody: its policy lets CloudWatch do nothing."""
    plan = _plan()
    key = plan.one(type="aws:kms/key:Key")
    assert document(key, "policy") == iam_documents.alarm_key(ACCOUNT, REGION)
    assert key.inputs["enableKeyRotation"] is True
    assert plan.one(type="aws:sns/topic:Topic").inputs["kmsMasterKeyId"] == key.outputs["arn"]


def test_each_alarm_tells_when_it_rings_and_when_it_is_over(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    for entry in _alarms(plan).values():
        assert entry.inputs["alarmActions"] == entry.inputs["okActions"]
        assert len(entry.inputs["alarmActions"]) == 1
        # Else the first alarms would be refused.
        assert "TopicPolicy alarms-topic" in waits_for(plan, entry)


def test_people_and_machines_are_told() -> None:
    plan = _plan()
    topic = plan.one(type="aws:sns/topic:Topic").outputs["arn"]
    found = {
        entry.name: reveal(entry.inputs) for entry in plan.find(type="aws:sns/topicSubscription:TopicSubscription")
    }
    assert found == {
        "alarms-email-on-call": {"topic": topic, "protocol": "email", "endpoint": "on-call@example.jp"},
        "alarms-webhook-pager": {
            "topic": topic,
            "protocol": "https",
            "endpoint": "https://events.example.jp/hunter2",
            "endpointAutoConfirms": True,
        },
    }


def test_a_webhook_is_a_secret() -> None:
    plan = _plan()
    entry = plan.one(name="alarms-webhook-pager")
    assert entry.inputs["endpoint"] == Secret("https://events.example.jp/hunter2")
    for other in plan:
        assert "hunter2" not in repr(other), other.urn


def test_nothing_waits_for_a_cluster() -> None:
    """Alarms are no part of the longest chain: only what they watch is waited for."""
    plan = _plan()
    for entry in _alarms(plan).values():
        assert needs(plan, entry) == {"Topic alarms-topic", "TopicPolicy alarms-topic"}
