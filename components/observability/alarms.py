"""CloudWatch alarms about the platform, and the topic by which people hear of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import pulumi
from pulumi_aws import cloudwatch, kms, sns

from components.common.dependency import after
from components.common.on_cluster import OnCluster
from facts import iam_documents
from settings import Alarms as AlarmsSettings
from settings import Thresholds

RUNBOOK: Final = "docs/operations.md"
"""Has a heading for each alarm, which is named after it."""


@dataclass(frozen=True)
class Watched:
    """The resources that the alarms watch.

    load_balancer: the ALB, as CloudWatch calls it (app/NAME/ID). events_log_group: where Kubernetes' warnings are
    written. nodes: whether there are EC2 nodes, and Container Insights has metrics of them. provisioners: what creates
    compute for pods, by the names in its events; empty: nothing does. interruption_queue: the name of Karpenter's
    queue; None: no queue. nat_gateways: ids of NAT gateways by zone.
    """

    load_balancer: pulumi.Input[str]
    events_log_group: pulumi.Input[str]
    nodes: bool
    provisioners: Sequence[str]
    interruption_queue: pulumi.Input[str] | None
    nat_gateways: Mapping[str, pulumi.Input[str]]


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alarm: on a metric, or on an expression over some."""

    runbook: str
    """The heading of its part of the runbook."""
    meaning: str
    """What has happened when it rings."""
    threshold: int
    """It rings from this value on."""
    metric: str = ""
    """The metric's name."""
    namespace: str = ""
    """The metric's namespace."""
    statistic: str = "Sum"
    """The statistic of the metric's values in a period."""
    dimensions: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)
    """What tells the metric from others of its name."""
    expression: pulumi.Input[str] | None = None
    """A Metrics Insights query instead of a metric."""
    minutes: int = 5
    """Length of a period."""
    periods: int = 1
    """How many periods in a row must be bad.

    A state that must last N minutes has N periods of one minute: one bad minute makes a longer one's maximum bad."""
    always_measured: bool = False
    """Whether silence is a fault by itself. Otherwise no data means that nothing has happened."""


@dataclass(frozen=True, slots=True)
class Warnings:
    """A metric that counts lines of the log of Kubernetes' warnings."""

    metric: str
    """Its name."""
    pattern: str
    """Which lines count: https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html"""


class Alarms(pulumi.ComponentResource):
    """The alarms, each with its line of the runbook, a topic with its key, and subscriptions."""

    topic_arn: pulumi.Output[str]
    """Known once alarms may publish to it."""

    def __init__(
        self,
        name: str,
        settings: AlarmsSettings,
        cluster: OnCluster,
        *,
        watched: Watched,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the topic and the alarms. settings: the thresholds, and who is notified."""
        super().__init__("eks-platform:index:Alarms", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self.topic_arn = self._topic(settings, cluster)
        for key, warnings in warnings_of(watched).items():
            cloudwatch.LogMetricFilter(
                f"{name}-{key}",
                log_group_name=watched.events_log_group,
                pattern=warnings.pattern,
                metric_transformation={
                    "name": warnings.metric,
                    "namespace": namespace_of(cluster.cluster_id),
                    "value": "1",
                    "unit": "Count",
                },
                opts=self._child,
            )
        for key, alarm in alarms_of(cluster.cluster_id, settings.thresholds, watched).items():
            self._alarm(key, alarm)
        self.register_outputs({"topic_arn": self.topic_arn})

    def _topic(self, settings: AlarmsSettings, cluster: OnCluster) -> pulumi.Output[str]:
        account, region = cluster.account_id, cluster.region
        key = kms.Key(
            f"{self._name}-topic",
            description=f"Alarms of {cluster.cluster_id}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=json.dumps(iam_documents.alarm_key(account, region)),
            opts=self._child,
        )
        kms.Alias(
            f"{self._name}-topic", name=f"alias/{cluster.cluster_id}/alarms", target_key_id=key.id, opts=self._child
        )
        topic = sns.Topic(f"{self._name}-topic", kms_master_key_id=key.arn, opts=self._child)
        policy = sns.TopicPolicy(
            f"{self._name}-topic",
            arn=topic.arn,
            policy=pulumi.Output.json_dumps(
                topic.arn.apply(lambda arn: iam_documents.alarm_topic(arn, account, region)),
            ),
            opts=self._child,
        )
        for name, address in settings.emails.items():
            sns.TopicSubscription(
                f"{self._name}-email-{name}", topic=topic.arn, protocol="email", endpoint=address, opts=self._child
            )
        for name, url in settings.webhooks.items():
            sns.TopicSubscription(
                f"{self._name}-webhook-{name}",
                topic=topic.arn,
                protocol="https",
                endpoint=pulumi.Output.secret(url.get_secret_value()),
                # Without an answer from the endpoint `up` fails, instead of the first alarm.
                endpoint_auto_confirms=True,
                opts=self._child,
            )
        return after([policy], topic.arn)

    def _alarm(self, key: str, alarm: Alarm) -> None:
        seconds = alarm.minutes * 60
        cloudwatch.MetricAlarm(
            f"{self._name}-{key}",
            alarm_description=f"{alarm.meaning} Runbook: {RUNBOOK}#{alarm.runbook}",
            comparison_operator="GreaterThanOrEqualToThreshold",
            threshold=alarm.threshold,
            evaluation_periods=alarm.periods,
            datapoints_to_alarm=alarm.periods,
            metric_name=alarm.metric or None,
            namespace=alarm.namespace or None,
            statistic=alarm.statistic if alarm.metric else None,
            period=seconds if alarm.metric else None,
            dimensions=alarm.dimensions or None,
            metric_queries=[{"id": "query", "expression": alarm.expression, "period": seconds, "return_data": True}]
            if alarm.expression
            else None,
            # "missing": the alarm says that it has insufficient data, and tells people.
            treat_missing_data="missing" if alarm.always_measured else "notBreaching",
            alarm_actions=[self.topic_arn],
            ok_actions=[self.topic_arn],
            insufficient_data_actions=[self.topic_arn] if alarm.always_measured else None,
            opts=self._child,
        )


def namespace_of(cluster_id: str) -> str:
    """Return the namespace of the metrics that are counted from a cluster's warnings."""
    return f"Platform/{cluster_id}"


def warnings_of(watched: Watched) -> dict[str, Warnings]:
    """Return the metrics that are counted from Kubernetes' warnings, by name.

    Of Karpenter, that it found no instance type, no capacity, or no ready node class, or a pod that fits no pool:
    https://karpenter.sh/docs/troubleshooting/#pods-stuck-in-pending-state (its events: pkg/events/reason.go). Of
    Fargate's scheduler, that it could not start a pod.
    """
    found: dict[str, Warnings] = {}
    if watched.provisioners:
        by = " || ".join(
            f'$.{path} = "{name}"'
            for name in watched.provisioners
            for path in ("source.component", "reportingComponent")
        )
        reasons = " || ".join(f'$.reason = "{reason}"' for reason in CANNOT_PROVISION)
        found["provisioning-failures"] = Warnings("ProvisioningFailures", f"{{ ({by}) && ({reasons}) }}")
    if not watched.nodes:
        found["container-restarts"] = Warnings("ContainerRestarts", '{ $.reason = "BackOff" }')
    return found


CANNOT_PROVISION: Final = (
    "FailedScheduling",
    "InsufficientCapacityError",
    "NoCompatibleInstanceTypes",
    "NodeClassNotReady",
)
"""Why Karpenter or Fargate says that a pod gets no compute.

https://github.com/kubernetes-sigs/karpenter/blob/main/pkg/events/reason.go"""


def alarms_of(cluster_id: str, limits: Thresholds, watched: Watched) -> dict[str, Alarm]:
    """Return the alarms by name: one for each thing that the stack has and that CloudWatch measures."""
    return {
        **_load_balancer(limits, watched),
        **(_nodes(cluster_id, limits) if watched.nodes else {}),
        **_pods(cluster_id, limits, watched),
        **_interruptions(limits, watched),
        **_nat(limits, watched),
    }


def _load_balancer(limits: Thresholds, watched: Watched) -> dict[str, Alarm]:
    """Return the alarms on the ALB.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-cloudwatch-metrics.html
    """
    balancer = {"LoadBalancer": watched.load_balancer}
    # Metrics for each target group, whose name is unknown where the controller has created it.
    unhealthy = pulumi.Output.format(
        'SELECT MAX(UnHealthyHostCount) FROM SCHEMA("AWS/ApplicationELB", LoadBalancer, TargetGroup) '
        "WHERE LoadBalancer = '{0}'",
        watched.load_balancer,
    )
    return {
        "load-balancer-errors": Alarm(
            "load-balancer-errors",
            "The load balancer answers with errors of its own.",
            limits.load_balancer_errors,
            "HTTPCode_ELB_5XX_Count",
            "AWS/ApplicationELB",
            dimensions=balancer,
        ),
        "target-errors": Alarm(
            "target-errors",
            "What is behind the load balancer answers with errors.",
            limits.target_errors,
            "HTTPCode_Target_5XX_Count",
            "AWS/ApplicationELB",
            dimensions=balancer,
        ),
        "unhealthy-targets": Alarm(
            "unhealthy-targets",
            "Pods of Traefik fail the load balancer's health check.",
            limits.unhealthy_targets,
            expression=unhealthy,
            minutes=1,
            periods=5,
        ),
    }


def _nodes(cluster_id: str, limits: Thresholds) -> dict[str, Alarm]:
    """Return the alarms on EC2 nodes.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/container-insights-eks-classic-metrics.html
    """
    cluster = {"ClusterName": cluster_id}
    return {
        "failed-nodes": Alarm(
            "failed-nodes",
            "Nodes are not ready or under pressure; or, with insufficient data, none tells how it is.",
            limits.failed_nodes,
            "cluster_failed_node_count",
            "ContainerInsights",
            "Maximum",
            cluster,
            minutes=1,
            periods=15,
            # The agents run on the nodes.
            always_measured=True,
        ),
        # By the control plane itself: https://docs.aws.amazon.com/eks/latest/userguide/cloudwatch.html
        "unschedulable-pods": Alarm(
            "unschedulable-pods",
            "Pods wait for a node.",
            limits.unschedulable_pods,
            "scheduler_pending_pods_UNSCHEDULABLE",
            "AWS/EKS",
            "Maximum",
            cluster,
            minutes=1,
            periods=15,
        ),
    }


def _pods(cluster_id: str, limits: Thresholds, watched: Watched) -> dict[str, Alarm]:
    """Return the alarms on pods: measured by agents on nodes, or counted from warnings."""
    cluster = {"ClusterName": cluster_id}
    counted = warnings_of(watched)
    own = namespace_of(cluster_id)
    restarts = counted.get("container-restarts")
    alarms = {
        "container-restarts": Alarm(
            "container-restarts",
            "Containers end and start again.",
            limits.container_restarts,
            restarts.metric if restarts else "pod_number_of_container_restarts",
            own if restarts else "ContainerInsights",
            dimensions={} if restarts else cluster,
            minutes=15,
        )
    }
    if "provisioning-failures" in counted:
        alarms["provisioning-failures"] = Alarm(
            "provisioning-failures",
            f"Pods get no compute from {' or '.join(watched.provisioners)}.",
            limits.provisioning_failures,
            counted["provisioning-failures"].metric,
            own,
            minutes=15,
        )
    return alarms


def _interruptions(limits: Thresholds, watched: Watched) -> dict[str, Alarm]:
    """Return the alarm on Karpenter's queue, if there is one.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    """
    if watched.interruption_queue is None:
        return {}
    return {
        "interruption-age": Alarm(
            "interruption-age",
            "Karpenter does not read what AWS says about interruptions.",
            limits.interruption_age,
            "ApproximateAgeOfOldestMessage",
            "AWS/SQS",
            "Maximum",
            {"QueueName": watched.interruption_queue},
        )
    }


def _nat(limits: Thresholds, watched: Watched) -> dict[str, Alarm]:
    """Return an alarm on each NAT gateway.

    https://docs.aws.amazon.com/vpc/latest/userguide/metrics-dimensions-nat-gateway.html
    """
    return {
        f"nat-port-errors-{zone}": Alarm(
            "nat-port-errors",
            f"The NAT gateway in {zone} has no port left for a connection.",
            limits.nat_port_errors,
            "ErrorPortAllocation",
            "AWS/NATGateway",
            dimensions={"NatGatewayId": gateway},
        )
        for zone, gateway in watched.nat_gateways.items()
    }
