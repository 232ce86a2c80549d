"""What is deployed onto the platform: from Git by Argo CD, as Helm charts, as manifests of this repository."""

from components.common.pod_namespace import PodNamespace
from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.delivery.argo_cd import ArgoCd
from components.delivery.extra_chart import ExtraChart
from components.delivery.gitops import GitOps
from components.delivery.teams import Teams
from components.delivery.workload_role import WorkloadRole
from components.delivery.workloads import Workloads
from components.ingress.layer import Ingress
from components.services.layer import Services
from settings import Stack, in_order


def delivery_layer(
    settings: Stack,
    *,
    where: Where,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
    ingress: Ingress,
) -> dict[str, WorkloadRole]:
    """Declare what is deployed. It is created after everything that it may use, and deleted before it.

    Return the roles of applications by their names.
    """
    on_cluster, in_cluster = compute.on_cluster, control_plane.in_cluster
    used = [ingress.traefik, *services.controllers]
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
    if settings.argo_cd:
        argo_cd = ArgoCd(
            f"{where.name}-argo-cd",
            settings.argo_cd,
            on_cluster,
            ingress_addresses=ingress.addressed,
            opts=in_cluster,
        )
        if settings.git_ops:
            GitOps(
                f"{where.name}-gitops",
                settings.git_ops,
                on_cluster,
                credentials=settings.git_credentials,
                # Applications are deployed to namespaces of teams with their roles, and deleted before both.
                opts=control_plane.after(
                    argo_cd, *used, *([teams] if settings.team_namespaces else []), *roles.values()
                ),
            )
    return roles
