"""Logs, metrics, Warning events and alarms in CloudWatch."""

from collections.abc import Sequence

import pulumi

from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.ingress.layer import Ingress
from components.network.base import AnyNetwork
from components.observability.alarms import Alarms, Watched
from components.observability.container_insights import ADDON, ContainerInsights, ContainerInsightsLogs
from components.observability.events import Events
from components.observability.prometheus import Prometheus
from settings import Stack


def node_log_groups(settings: Stack, *, where: Where) -> Sequence[pulumi.CustomResource]:
    """Declare the log groups that agents on EC2 nodes write to, and return them: nodes are created after them."""
    if not settings.observability or settings.fargate_only:
        return []
    logs = ContainerInsightsLogs(
        f"{where.name}-insights",
        settings.observability,
        cluster_id=where.cluster_name,
        logs_key=settings.encryption.logs,
        opts=where.in_aws,
    )
    return [*logs.groups]


def observability_layer(
    settings: Stack,
    *,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    compute: Compute,
    ingress: Ingress,
) -> Alarms | None:
    """Declare what is watched, and return the alarms if the stack has any."""
    section, cluster = settings.observability, compute.on_cluster
    if not section:
        return None
    events = Events(f"{where.name}-events", section, cluster, opts=control_plane.in_cluster)
    if not settings.fargate_only:
        ContainerInsights(
            f"{where.name}-insights",
            settings.addons,
            cluster,
            version=settings.addon_versions[ADDON],
            opts=where.in_aws,
        )
    if section.prometheus:
        Prometheus(
            f"{where.name}-prometheus",
            section.prometheus,
            cluster,
            subnet_ids=network.node_subnet_ids,
            security_group_id=control_plane.cluster.security_group_id,
            opts=where.in_aws,
        )
    if not section.alarms:
        return None
    watched = Watched(
        load_balancer=ingress.load_balancer.metrics_name(),
        events_log_group=events.log_group_name,
        nodes=not settings.fargate_only,
        provisioners=settings.provisioners,
        interruption_queue=compute.interruption_queue,
        nat_gateways=network.nat_gateway_ids(),
    )
    return Alarms(f"{where.name}-alarms", section.alarms, cluster, watched=watched, opts=where.in_aws)
