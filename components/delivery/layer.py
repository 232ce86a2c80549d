"""What is deployed onto the platform: from Git by Argo CD, as Helm charts, as manifests of this repository."""

from components.common.pod_namespace import PodNamespace
from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.delivery.argo_cd import ArgoCd, ArgoCdArgs
from components.delivery.extra_chart import ExtraChart, ExtraChartArgs
from components.delivery.gitops import GitOps, GitOpsArgs
from components.delivery.teams import Teams, TeamsArgs
from components.delivery.workloads import Workloads
from components.ingress.layer import Ingress
from components.services.layer import Services
from facts import namespaces
from settings import Stack, arguments, plain


def delivery_layer(
    settings: Stack,
    *,
    where: Where,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
    ingress: Ingress,
) -> None:
    """Declare what is deployed. It is created after everything that it may use, and deleted before it."""
    offered = compute.on_cluster.offered()
    used = [ingress.traefik, *services.controllers]
    if settings.argo_cd:
        argo_cd = ArgoCd(
            f"{where.name}-argo-cd",
            arguments(
                ArgoCdArgs,
                settings.argo_cd,
                offered=offered,
                namespace=compute.on_cluster.namespace(namespaces.ARGO_CD),
                ingress_addresses=ingress.addressed,
            ),
            control_plane.in_cluster,
        )
        if settings.git_ops:
            GitOps(
                f"{where.name}-gitops",
                arguments(
                    GitOpsArgs,
                    settings.git_ops,
                    offered=offered,
                    credentials={key: login.login() for key, login in settings.git_credentials.items()},
                ),
                control_plane.after(argo_cd, *used),
            )
    extra_charts: list[ExtraChart] = []
    for release, chart in settings.extra_charts.items():
        namespace = chart.namespace_name(release)
        extra_charts.append(
            ExtraChart(
                f"{where.name}-chart-{release}",
                arguments(
                    ExtraChartArgs,
                    chart,
                    without=["pod_security", "secret_values", "team_resources"],
                    offered=offered,
                    release=release,
                    chart=chart.chart_name(release),
                    namespace_id=namespace,
                    namespace=PodNamespace(namespace, [*compute.on_cluster.namespace(namespace).compute, *used]),
                    pod_security=settings.pod_security_of(release),
                    secret_values=chart.secrets(),
                ),
                control_plane.in_cluster,
            )
        )
    if settings.workloads:
        pods = [
            resource
            for namespace in settings.workloads.namespaces
            for resource in compute.on_cluster.namespace(namespace).compute
        ]
        Workloads(
            f"{where.name}-workloads",
            {"folders": settings.workloads.folders},
            control_plane.after(*used, *extra_charts, *pods),
        )
    Teams(
        f"{where.name}-teams",
        arguments(
            TeamsArgs,
            offered=offered,
            resources=settings.team_resources,
            namespaces=plain(settings.team_namespaces),
        ),
        control_plane.after(*used, *extra_charts),
    )
