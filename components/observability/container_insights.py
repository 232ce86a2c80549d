"""Logs and metrics of EC2 nodes and what runs on them, by the add-on amazon-cloudwatch-observability."""

import json
from typing import Any, Final

import pulumi
from pulumi_aws import cloudwatch

from components.common.identity import ServiceAccountName, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import Placement, pod_placement
from components.compute.addons import managed_addon, with_values
from facts import iam_documents, namespaces
from settings import Addons, Observability

ADDON: Final = "amazon-cloudwatch-observability"
LOG_GROUPS: Final = ("application", "host", "dataplane", "performance")
"""https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-setup-logs-FluentBit.html"""


class ContainerInsightsLogs(pulumi.ComponentResource):
    """The log groups of the add-on's agents.

    Nodes must depend on them: an agent creates a missing group, whose logs never expire and which nothing deletes, and
    agents run as long as their nodes do.
    """

    groups: list[cloudwatch.LogGroup]

    def __init__(
        self,
        name: str,
        settings: Observability,
        *,
        cluster_id: str,
        logs_key: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the log groups.

        cluster_id: the cluster's name. logs_key: ARN of a KMS key of the company's own; None: CloudWatch's.
        """
        super().__init__("eks-platform:index:ContainerInsightsLogs", name, {}, opts)
        self.groups = [
            cloudwatch.LogGroup(
                f"{name}-{kind}",
                name=f"/aws/containerinsights/{cluster_id}/{kind}",
                retention_in_days=settings.retention_days,
                kms_key_id=logs_key,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for kind in LOG_GROUPS
        ]
        self.register_outputs({})


class ContainerInsights(pulumi.ComponentResource):
    """The add-on and its agents' role."""

    def __init__(
        self,
        name: str,
        settings: Addons,
        cluster: OnCluster,
        *,
        version: str,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role and the add-on. version: the add-on's."""
        super().__init__("eks-platform:index:ContainerInsights", name, {}, opts)
        agents = workload_identity(
            f"{name}-agents",
            cluster.identity,
            ServiceAccountName(namespaces.CLOUDWATCH, "cloudwatch-agent"),
            pulumi.ResourceOptions(parent=self),
            managed_policy_arns=[
                iam_documents.managed_policy_arn(iam_documents.CLOUDWATCH_AGENT_POLICY, cluster.region)
            ],
        )
        managed_addon(
            name,
            ADDON,
            version,
            pulumi.ResourceOptions(parent=self),
            cluster_name=cluster.identity.cluster_name,
            pods=cluster.namespace(namespaces.CLOUDWATCH),
            configuration=with_values(
                container_insights_configuration(cluster.placement), settings.values.get(ADDON, {})
            ),
            identity=agents,
        )
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
