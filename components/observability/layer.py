"""Logs, metrics, Warning events and alarms in CloudWatch."""

from collections.abc import Sequence

import pulumi

from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.ingress.layer import Ingress
from components.network.layer import AnyNetwork
from components.observability.alarms import Alarms, AlarmsArgs
from components.observability.container_insights import (
    ContainerInsights,
    ContainerInsightsArgs,
    ContainerInsightsLogs,
    ContainerInsightsLogsArgs,
)
from components.observability.events import Events, EventsArgs
from facts import namespaces
from settings import Stack, arguments


def node_log_groups(settings: Stack, *, where: Where) -> Sequence[pulumi.CustomResource]:
    """Declare the log groups that agents on EC2 nodes write to, and return them: nodes are created after them."""
    if not settings.observability or settings.fargate_only:
        return []
    logs = ContainerInsightsLogs(
        f"{where.name}-insights",
        arguments(
            ContainerInsightsLogsArgs,
            settings.observability,
            without=["alarms"],
            cluster_id=where.name,
            logs_key=settings.encryption.logs,
        ),
        where.in_aws,
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
    section, offered = settings.observability, compute.on_cluster.offered()
    if not section:
        return None
    events = Events(
        f"{where.name}-events",
        arguments(
            EventsArgs,
            section,
            without=["alarms"],
            offered=offered,
            namespace=compute.on_cluster.namespace(namespaces.OBSERVABILITY).ready,
        ),
        control_plane.in_cluster,
    )
    if not settings.fargate_only:
        ContainerInsights(
            f"{where.name}-insights",
            arguments(ContainerInsightsArgs, offered=offered, versions=settings.addon_versions),
            where.in_aws,
        )
    if not section.alarms:
        return None
    return Alarms(
        f"{where.name}-alarms",
        arguments(
            AlarmsArgs,
            section.alarms,
            without=["webhooks"],
            offered=offered,
            webhooks=section.alarms.endpoints(),
            load_balancer=ingress.load_balancer.metrics_name(),
            events_log_group=events.log_group_name,
            nodes=not settings.fargate_only,
            provisioners=settings.provisioners,
            nat_gateways=network.nat_gateway_ids(),
            **({"interruption_queue": compute.interruption_queue} if compute.interruption_queue else {}),
        ),
        where.in_aws,
    )
