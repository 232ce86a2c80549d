"""Amazon Managed Service for Prometheus: a workspace, and a collector that AWS runs outside of the cluster."""

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import amp

from components.common.on_cluster import OnCluster
from facts.scrape_configuration import scrape_configuration
from settings import Prometheus as PrometheusSettings


class Prometheus(pulumi.ComponentResource):
    """The workspace, unless the stack file names one, and the collector.

    AWS makes the access entry of the collector's service-linked role, and refuses one that somebody else makes.
    """

    def __init__(
        self,
        name: str,
        settings: PrometheusSettings,
        cluster: OnCluster,
        *,
        subnet_ids: pulumi.Input[Sequence[pulumi.Input[str]]],
        security_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the workspace and the collector.

        subnet_ids: subnets of the cluster, in two zones at least. security_group_id: the cluster's own group.
        """
        super().__init__("eks-platform:index:Prometheus", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        workspace = settings.workspace or (
            amp.Workspace(f"{name}-workspace", alias=cluster.cluster_id, kms_key_arn=settings.key, opts=child).arn
        )
        amp.Scraper(
            f"{name}-collector",
            alias=cluster.cluster_id,
            source={
                "eks": {
                    # The ARN is known before the cluster exists.
                    "cluster_arn": pulumi.Output.all(cluster.identity.cluster_arn, cluster.identity.cluster_name).apply(
                        lambda known: str(known[0])
                    ),
                    "subnet_ids": subnet_ids,
                    "security_group_ids": [security_group_id],
                }
            },
            destination={"amp": {"workspace_arn": workspace}},
            # JSON is YAML too.
            scrape_configuration=json.dumps(
                scrape_configuration(cluster.cluster_id, settings.interval_seconds), sort_keys=True
            ),
            opts=child,
        )
        self.register_outputs({})
