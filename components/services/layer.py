"""Services for workloads: add-ons, admission policies, load balancers, secrets, DNS records, certificates."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi

from components.common.on_cluster import OnCluster
from components.common.where import Where
from components.compute.addons import ClusterAddons
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.network.base import AnyNetwork
from components.services.added_addon import AddedAddon, short
from components.services.admission import Admission, guard_of
from components.services.cert_manager import CertManager
from components.services.descheduler import Descheduler
from components.services.external_dns import ExternalDns
from components.services.external_secrets import ExternalSecrets
from components.services.file_systems import FileSystems, MountNetwork
from components.services.load_balancer_controller import LoadBalancerController
from components.services.lustre_classes import LustreClasses
from facts.capabilities import CERT_MANAGER, DESCHEDULER, EXTERNAL_DNS, EXTERNAL_SECRETS
from settings import CERT_MANAGER_ADDON, EFS_DRIVER, FSX_DRIVER, SIGNED_BY_CERT_MANAGER, AdmissionMode, Stack


@dataclass(frozen=True)
class Services:
    """The services that workloads use.

    load_balancer_controller: None where the stack runs no pods. controllers: what the objects of teams need, and what
    adds nodes: what teams deploy is created after these and deleted before them. The descheduler is not among them,
    because no object needs it.
    """

    load_balancer_controller: LoadBalancerController | None
    cert_manager: CertManager | None
    controllers: Sequence[pulumi.Resource]


def services_layer(
    settings: Stack, *, where: Where, network: AnyNetwork, control_plane: ControlPlane, compute: Compute
) -> Services:
    """Declare the controllers that the stack file enables; without pods, the admission policies alone."""
    cluster, in_cluster = compute.on_cluster, control_plane.in_cluster
    policies = _admission(settings, where, control_plane, cluster)
    if settings.cluster.control_plane_only:
        return Services(load_balancer_controller=None, cert_manager=None, controllers=policies)
    addons = ClusterAddons(
        f"{where.name}-addons", settings.addons, cluster, versions=settings.addon_versions, opts=in_cluster
    )
    cert_manager = (
        CertManager(CERT_MANAGER.named(where.name), settings.cert_manager, cluster, opts=in_cluster)
        if settings.cert_manager
        else None
    )
    added: dict[str, AddedAddon] = {}
    # The add-on of cert-manager before those that it signs for.
    for addon in sorted(settings.addons.more, key=lambda addon: addon in SIGNED_BY_CERT_MANAGER):
        signer = cert_manager or added.get(CERT_MANAGER_ADDON)
        added[addon] = AddedAddon(
            f"{where.name}-addon-{short(addon)}",
            settings.addons.more[addon],
            cluster,
            addon=addon,
            after=[signer] if signer and addon in SIGNED_BY_CERT_MANAGER else [],
            opts=in_cluster,
        )
    load_balancer_controller = LoadBalancerController(f"{where.name}-lbc", settings.ingress, cluster, opts=in_cluster)
    optional: list[pulumi.Resource] = [*policies]
    if settings.storage.efs:
        optional.append(
            FileSystems(
                f"{where.name}-efs",
                settings.storage.efs,
                cluster,
                network=MountNetwork(
                    zones=settings.network.zone_names,
                    subnets=network.node_subnets,
                    security_group_id=control_plane.cluster.security_group_id,
                ),
                driver=added[EFS_DRIVER],
                protect=settings.platform.protect,
                opts=in_cluster,
            )
        )
    if settings.storage.fsx:
        optional.append(
            LustreClasses(
                f"{where.name}-fsx",
                settings.storage.fsx,
                subnets=network.node_subnets,
                security_group_id=control_plane.cluster.security_group_id,
                driver=added[FSX_DRIVER],
                opts=in_cluster,
            )
        )
    if settings.external_secrets:
        optional.append(
            ExternalSecrets(EXTERNAL_SECRETS.named(where.name), settings.external_secrets, cluster, opts=in_cluster)
        )
    if settings.external_dns:
        optional.append(
            ExternalDns(
                EXTERNAL_DNS.named(where.name),
                settings.external_dns,
                cluster,
                platform_hosts=settings.platform_hosts,
                platform_names=list(dict.fromkeys((*settings.load_balancer_names, *settings.platform_hosts))),
                opts=in_cluster,
            )
        )
    if cert_manager:
        optional.append(cert_manager)
    if settings.descheduler:
        Descheduler(DESCHEDULER.named(where.name), settings.descheduler, cluster, opts=in_cluster)
    return Services(
        cert_manager=cert_manager,
        load_balancer_controller=load_balancer_controller,
        controllers=[addons, *added.values(), load_balancer_controller, *compute.node_pools, *optional],
    )


def _admission(settings: Stack, where: Where, control_plane: ControlPlane, cluster: OnCluster) -> list[pulumi.Resource]:
    """Return the admission policies, which the API server applies without a pod."""
    if settings.admission.mode is AdmissionMode.OFF:
        return []
    policies = Admission(
        f"{where.name}-admission",
        guard_of(settings, cluster.placement),
        mode=settings.admission.mode,
        opts=control_plane.in_cluster,
    )
    return [policies]
