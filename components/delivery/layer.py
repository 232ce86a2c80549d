"""What is deployed onto the platform: from Git by Argo CD, as Helm charts, as manifests of this repository."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from components.common.on_cluster import OnCluster
from components.common.pod_namespace import PodNamespace
from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.delivery.argo_cd import ArgoCd
from components.delivery.clusters import ArgoCdClusters, hub_role, spokes_of
from components.delivery.extra_chart import ExtraChart
from components.delivery.gitops import GitOps
from components.delivery.teams import Teams
from components.delivery.workload_role import WorkloadRole
from components.delivery.workloads import Workloads
from components.ingress.layer import Ingress
from components.services.layer import Services
from settings import Stack, in_order


@dataclass(frozen=True)
class Delivery:
    """What other stacks use of it.

    roles: the roles of applications by their names. argo_cd_role_arn: the role by which Argo CD deploys to the clusters
    of other stacks; None: it deploys to this one only.
    """

    roles: Mapping[str, WorkloadRole]
    argo_cd_role_arn: pulumi.Output[str] | None


def delivery_layer(
    settings: Stack,
    *,
    where: Where,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
    ingress: Ingress | None,
) -> Delivery:
    """Declare what is deployed. It is created after everything that it may use, and deleted before it."""
    on_cluster, in_cluster = compute.on_cluster, control_plane.in_cluster
    used = [*([ingress.traefik] if ingress else []), *services.controllers]
    extra_charts: dict[str, ExtraChart] = {}
    for release_name in in_order(settings.extra_charts):
        chart = settings.extra_charts[release_name]
        namespace = on_cluster.namespace(chart.namespace_name(release_name))
        earlier = [extra_charts[name] for name in chart.after]
        extra_charts[release_name] = ExtraChart(
            f"{where.name}-chart-{release_name}",
            chart,
            on_cluster,
            release_name=release_name,
            namespace=PodNamespace(namespace.name, [*namespace.compute, *used, *earlier]),
            pod_security=settings.pod_security_of(release_name),
            opts=in_cluster,
        )
    if settings.workloads:
        Workloads(
            f"{where.name}-workloads",
            settings.workloads,
            on_cluster,
            opts=control_plane.after(*used, *extra_charts.values()),
        )
    teams = Teams(
        f"{where.name}-teams",
        settings.team_namespaces,
        on_cluster,
        resources=settings.team_resources,
        opts=control_plane.after(*used, *extra_charts.values()),
    )
    roles = {
        key: WorkloadRole(f"{where.name}-role-{key}", role, control_plane.identity, namespaces=[teams], opts=in_cluster)
        for key, role in settings.workload_roles.items()
    }
    hub = None
    argo_cd: list[pulumi.Resource] = [control_plane.capabilities] if control_plane.capabilities else []
    if settings.argo_cd:
        named = f"{where.name}-argo-cd"
        spokes = spokes_of(named, settings.argo_cd, in_cluster)
        hub = hub_role(f"{named}-hub", control_plane.identity, spokes, in_cluster) if settings.argo_cd.hub else None
        installed = ArgoCd(
            named,
            settings.argo_cd,
            on_cluster,
            ingress_addresses=ingress is not None and ingress.addressed,
            identity=hub,
            opts=in_cluster,
        )
        argo_cd = [installed]
        if settings.argo_cd.hub or settings.argo_cd.metadata:
            known = _known(settings, where, on_cluster, roles)
            after_it = control_plane.after(installed)
            argo_cd.append(
                ArgoCdClusters(f"{named}-cluster", settings.argo_cd, own=known, spokes=spokes, opts=after_it)
            )
    if settings.git_ops:
        GitOps(
            f"{where.name}-gitops",
            settings.git_ops,
            on_cluster,
            credentials=settings.git_credentials,
            managed_cluster=None if settings.argo_cd else control_plane.identity.cluster_arn,
            # Applications are deployed to namespaces of teams with their roles, and deleted before both.
            opts=control_plane.after(*argo_cd, *used, *([teams] if settings.team_namespaces else []), *roles.values()),
        )
    return Delivery(roles, hub.role_arn if hub else None)


def _known(
    settings: Stack, where: Where, on_cluster: OnCluster, roles: Mapping[str, WorkloadRole]
) -> dict[str, pulumi.Input[Any]]:
    """Return what Argo CD's secret of this cluster has of it, under the names of the stack's outputs."""
    return {
        "accountId": where.account_id,
        "clusterName": where.cluster_name,
        "kubernetesVersion": settings.cluster.version,
        "region": where.region,
        "vpcId": on_cluster.vpc_id,
        "workloadRoleArns": {name: role.role_arn for name, role in roles.items()},
    }
