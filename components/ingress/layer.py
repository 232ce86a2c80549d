"""The way from users to workloads: one ALB, Traefik behind it, the certificate and the DNS records."""

from dataclasses import dataclass

import pulumi

from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.ingress.alias_records import DnsAlias, DnsAliasArgs
from components.ingress.certificate import Certificate, CertificateArgs
from components.ingress.controller_ingress import ControllerIngress, LoadBalancerArgs
from components.ingress.load_balancer import LoadBalancer, TargetBinding
from components.ingress.traefik import Traefik, TraefikArgs, TraefikDefinitions, TraefikDefinitionsArgs
from components.network.layer import AnyNetwork
from components.services.layer import Services
from facts import namespaces
from facts.interfaces import ARGO_CD_SERVICE
from settings import IngressOwner, IpFamily, Scheme, Stack, arguments


@dataclass(frozen=True)
class Ingress:
    """The ALB and Traefik. addressed: whether Ingresses of Traefik's class get an address in their status."""

    load_balancer: ControllerIngress | LoadBalancer
    traefik: Traefik
    addressed: bool


def ingress_layer(
    settings: Stack,
    *,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
) -> Ingress:
    """Declare the ALB, made by the load balancer controller or by this program, and what leads to it and from it."""
    domain = settings.ingress.domain
    front = _front(settings, where, network)
    own = _own_load_balancer(settings, where, network, control_plane, front)
    # The controller's ALB is made from an Ingress behind Traefik: its name comes too late for Traefik.
    address: pulumi.Input[str] | None = domain.address if domain else None
    if own and not address:
        address = own.dns_name
    traefik = _traefik(
        settings,
        network=network,
        control_plane=control_plane,
        compute=compute,
        services=services,
        address=address,
    )
    behind = control_plane.after(services.load_balancer_controller, traefik)
    load_balancer: ControllerIngress | LoadBalancer
    if own:
        load_balancer = own
        served: pulumi.Resource = TargetBinding(
            f"{where.name}-traefik",
            {
                "target_group_arn": own.target_group_arn,
                "vpc_id": network.vpc_id,
                "ip_family": settings.network.ip_family,
            },
            behind,
        )
    else:
        served = load_balancer = ControllerIngress(where.name, front, behind)
    if domain:
        DnsAlias(
            f"{where.name}-ingress",
            arguments(
                DnsAliasArgs,
                domain,
                without=["name", "alternatives"],
                cluster_id=where.name,
                names=settings.load_balancer_names,
                target_dns_name=load_balancer.dns_name,
                target_zone_id=load_balancer.zone_id,
                dual_stack=settings.network.ip_family is IpFamily.IPV6,
            ),
            pulumi.ResourceOptions.merge(where.in_aws, pulumi.ResourceOptions(depends_on=[served])),
        )
    return Ingress(load_balancer=load_balancer, traefik=traefik, addressed=address is not None)


def _front(settings: Stack, where: Where, network: AnyNetwork) -> LoadBalancerArgs:
    """Return what the ALB is made from, whoever makes it; the certificate is the stack's own unless it has another."""
    internal = settings.ingress.scheme is Scheme.INTERNAL
    front = arguments(
        LoadBalancerArgs,
        settings.ingress,
        without=["owner", "domain", "dedicated"],
        dual_stack=settings.network.ip_family is IpFamily.IPV6,
        subnet_ids=network.private_subnet_ids if internal else network.public_subnet_ids,
    )
    if settings.ingress.domain and "certificate" not in front:
        certified = arguments(CertificateArgs, settings.ingress.domain, without=["weight"])
        front["certificate"] = Certificate(f"{where.name}-ingress", certified, where.in_aws).certificate_arn
    return front


def _own_load_balancer(
    settings: Stack, where: Where, network: AnyNetwork, control_plane: ControlPlane, front: LoadBalancerArgs
) -> LoadBalancer | None:
    if settings.ingress.owner is IngressOwner.CONTROLLER:
        return None
    return LoadBalancer(
        where.name,
        {
            **front,
            "platform_name": where.name,
            "vpc_id": network.vpc_id,
            "pod_security_group_id": control_plane.cluster.security_group_id,
        },
        where.in_aws,
    )


def _traefik(
    settings: Stack,
    *,
    network: AnyNetwork,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
    address: pulumi.Input[str] | None,
) -> Traefik:
    name, internal = settings.platform.name, settings.ingress.scheme is Scheme.INTERNAL
    offered = compute.on_cluster.offered()
    definitions = TraefikDefinitions(
        f"{name}-traefik",
        arguments(TraefikDefinitionsArgs, offered=offered, gateway_api=settings.traefik.gateway_api),
        control_plane.in_cluster,
    )
    return Traefik(
        f"{name}-traefik",
        arguments(
            TraefikArgs,
            settings.traefik,
            offered=offered,
            namespace=compute.on_cluster.namespace(namespaces.TRAEFIK),
            trusted_cidrs=network.private_subnet_cidrs if internal else network.public_subnet_cidrs,
            target_protocol=settings.ingress.target_protocol.value,
            cert_manager=services.cert_manager.release if services.cert_manager else None,
            idle_timeout=settings.ingress.idle_timeout,
            routes=[{"name": "argocd", "host": host, "service": ARGO_CD_SERVICE} for host in settings.interface_hosts],
            address=address,
        ),
        control_plane.after(definitions),
    )
