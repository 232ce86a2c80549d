"""Logs, metrics, Warning events and alarms in CloudWatch."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.ingress.layer import Ingress
from components.network.base import AnyNetwork
from components.observability.alarms import Alarms, Watched
from components.observability.container_insights import ADDON, ContainerInsights, ContainerInsightsLogs
from components.observability.events import Events
from components.observability.grafana import Grafana
from components.observability.metrics_reader import MetricsReader
from components.observability.prometheus import Prometheus
from settings import Alarms as AlarmsSettings
from settings import Stack


@dataclass(frozen=True)
class Observability:
    """What other stacks and people are told about what is watched; None: the stack has none of it.

    alarms: the alarms. grafana: the workspace of Grafana. reader: the role by which another account reads metrics.
    """

    alarms: Alarms | None = None
    grafana: Grafana | None = None
    reader: MetricsReader | None = None


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
    ingress: Ingress | None,
) -> Observability:
    """Declare what is watched, and who reads it."""
    section, cluster = settings.observability, compute.on_cluster
    if not section or not ingress:
        return Observability()
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
    return Observability(
        alarms=_alarms(settings, section.alarms, where, network, compute, ingress, events) if section.alarms else None,
        grafana=Grafana(f"{where.name}-grafana", section.grafana, cluster, opts=where.in_aws)
        if section.grafana
        else None,
        reader=MetricsReader(f"{where.name}-metrics", cluster, principal=section.metrics_reader, opts=where.in_aws)
        if section.metrics_reader
        else None,
    )


def _alarms(  # noqa: PLR0917  # one argument a layer
    settings: Stack,
    section: AlarmsSettings,
    where: Where,
    network: AnyNetwork,
    compute: Compute,
    ingress: Ingress,
    events: Events,
) -> Alarms:
    watched = Watched(
        load_balancer=ingress.load_balancer.metrics_name(),
        events_log_group=events.log_group_name,
        nodes=not settings.fargate_only,
        provisioners=settings.provisioners,
        interruption_queue=compute.interruption_queue,
        nat_gateways=network.nat_gateway_ids(),
    )
    return Alarms(f"{where.name}-alarms", section, compute.on_cluster, watched=watched, opts=where.in_aws)
