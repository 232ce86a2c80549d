"""Logs and metrics of EC2 nodes and what runs on them, by the add-on amazon-cloudwatch-observability."""

import json
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_aws import cloudwatch

from components.common.identity import ClusterIdentity, ServiceAccountName, workload_identity
from components.common.placement import Placement, pod_placement
from components.compute.addons import managed_addon
from facts import iam_documents

ADDON: Final = "amazon-cloudwatch-observability"
LOG_GROUPS: Final = ("application", "host", "dataplane", "performance")
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-setup-logs-FluentBit.html"""


class ContainerInsightsLogsArgs(TypedDict):
    """Where the agents write."""

    cluster_id: str
    """The cluster's name, which is in the groups' names."""
    logs_key: NotRequired[str | None]
    """KMS key of the log groups; None: CloudWatch's own."""
    retention_days: int
    """How long CloudWatch keeps what is in them."""


class ContainerInsightsLogs(pulumi.ComponentResource):
    """The log groups of the add-on's agents.

    Make nodes depend on them: an agent that finds its group missing makes it, without an end to its retention and
    without an owner, and agents run for as long as their nodes do.
    """

    groups: list[cloudwatch.LogGroup]

    def __init__(self, name: str, args: ContainerInsightsLogsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the log groups."""
        super().__init__("eks-platform:index:ContainerInsightsLogs", name, {}, opts)
        self.groups = [
            cloudwatch.LogGroup(
                f"{name}-{kind}",
                name=f"/aws/containerinsights/{args['cluster_id']}/{kind}",
                retention_in_days=args["retention_days"],
                kms_key_id=args.get("logs_key"),
                opts=pulumi.ResourceOptions(parent=self),
            )
            for kind in LOG_GROUPS
        ]
        self.register_outputs({})


class ContainerInsightsArgs(TypedDict):
    """What the add-on is made from."""

    cluster_name: pulumi.Input[str]
    """The cluster, once it has nodes, and log groups of its own."""
    versions: dict[str, str]
    """Add-on name to version: amazon-cloudwatch-observability."""
    identity: ClusterIdentity
    """How its agents get their role."""
    placement: Placement
    """Where its controller runs; its agents run on every node."""


class ContainerInsights(pulumi.ComponentResource):
    """The add-on and its agents' role."""

    def __init__(self, name: str, args: ContainerInsightsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role and the add-on."""
        super().__init__("eks-platform:index:ContainerInsights", name, {}, opts)
        agents = workload_identity(
            f"{name}-agents",
            args["identity"],
            ServiceAccountName("amazon-cloudwatch", "cloudwatch-agent"),
            pulumi.ResourceOptions(parent=self),
            managed_policy_arns=[iam_documents.managed_policy_arn(iam_documents.CLOUDWATCH_AGENT_POLICY)],
        )
        configuration = container_insights_configuration(args["placement"])
        managed_addon(self, name, args, ADDON, configuration=configuration, identity=agents)
        self.register_outputs({})


def container_insights_configuration(placement: Placement) -> str:
    """Return the add-on's configuration, as JSON: Container Insights and container logs, no Application Signals.

    Application Signals would put a container of its own into every pod, which a namespace that takes only `restricted`
    pods refuses: none would start. The agents run on every node as they are; their controller runs nowhere that is
    tainted unless told to.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html
    https://github.com/aws/containers-roadmap/issues/2431, https://github.com/aws/containers-roadmap/issues/2515
    """
    metrics = {"logs": {"metrics_collected": {"kubernetes": {"enhanced_container_insights": True}}}}
    values: dict[str, Any] = {
        "agent": {"config": metrics},
        "containerLogs": {"enabled": True},
        "tolerations": [{"operator": "Exists"}],
        "manager": {
            "applicationSignals": {"autoMonitor": {"monitorAllServices": False}},
            **pod_placement(placement),
        },
    }
    return json.dumps(values, sort_keys=True)
