"""The way from users to workloads: one ALB, Traefik behind it, the certificate and the DNS records."""

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.common.where import Where
from components.compute.layer import Compute
from components.control_plane.layer import ControlPlane
from components.ingress.alias_records import DnsAlias, named
from components.ingress.certificate import Certificate, Certificates
from components.ingress.controller_ingress import ControllerIngress
from components.ingress.load_balancer import LoadBalancer, TargetBinding
from components.ingress.traefik import Front, PlatformRoute, Traefik, TraefikDefinitions
from components.network.base import AnyNetwork
from components.services.layer import Services
from facts.interfaces import ARGO_CD_SERVICE
from facts.partitions import account_of_arn
from settings import Domain, IngressOwner, IpFamily, Scheme, Stack
from settings import Ingress as IngressSettings


@dataclass(frozen=True)
class Ingress:
    """The ALB and Traefik. addressed: whether Ingresses of Traefik's class get an address in their status."""

    load_balancer: ControllerIngress | LoadBalancer
    traefik: Traefik
    addressed: bool


@dataclass(frozen=True)
class _Place:
    """The address of the ALB, whether this program or the controller creates it.

    subnet_ids, subnet_cidrs: its subnets, and their ranges. dual_stack: whether it has IPv6 addresses too.
    certificates: those of its HTTPS listener; None: HTTP alone.
    """

    subnet_ids: pulumi.Input[list[str]]
    subnet_cidrs: pulumi.Input[list[str]]
    dual_stack: bool
    certificates: Certificates | None


@dataclass(frozen=True)
class _Zone:
    """A domain, and the provider of the records in its hosted zone; None: that of the stack.

    name: the beginning of its resources' names.
    """

    name: str
    domain: Domain
    provider: aws.Provider | None


def ingress_layer(
    settings: Stack,
    *,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
) -> Ingress | None:
    """Declare the ALB, the controller's or this program's own, with its records, its certificate and Traefik.

    None: the stack runs no pods, and so no controller.
    """
    if not services.load_balancer_controller:
        return None
    domain = settings.ingress.domain
    zones = _zones(settings, where)
    place = _place(settings, where, network, zones)
    own = _own_load_balancer(settings, where, network, control_plane, place)
    # The controller creates its ALB for an Ingress that depends on Traefik, which therefore cannot know the ALB's name.
    address: pulumi.Input[str] | None = domain.address if domain else None
    if own and not address:
        address = own.dns_name
    traefik = _traefik(
        settings,
        control_plane=control_plane,
        compute=compute,
        services=services,
        place=place,
        address=address,
    )
    behind = control_plane.after(services.load_balancer_controller, traefik)
    load_balancer: ControllerIngress | LoadBalancer
    if own:
        load_balancer = own
        served: pulumi.Resource = TargetBinding(
            f"{where.name}-traefik",
            target_group_arn=own.target_group_arn,
            vpc_id=network.vpc_id,
            ip_family=settings.network.ip_family,
            opts=behind,
        )
    else:
        served = load_balancer = ControllerIngress(
            where.name,
            settings.ingress,
            subnet_ids=place.subnet_ids,
            dual_stack=place.dual_stack,
            certificates=place.certificates,
            opts=behind,
        )
    for zone in zones:
        DnsAlias(
            zone.name,
            zone.domain,
            cluster_id=where.cluster_name,
            names=settings.names_in(zone.domain),
            target_dns_name=load_balancer.dns_name,
            target_zone_id=load_balancer.zone_id,
            dual_stack=place.dual_stack,
            opts=pulumi.ResourceOptions.merge(
                pulumi.ResourceOptions(providers=[zone.provider]) if zone.provider else where.in_aws,
                pulumi.ResourceOptions(depends_on=[served]),
            ),
        )
    return Ingress(load_balancer=load_balancer, traefik=traefik, addressed=address is not None)


def _zones(settings: Stack, where: Where) -> list[_Zone]:
    """Return the domains with the providers of their records, that of the default certificate first."""
    domains = settings.ingress.domains
    names = [f"{where.name}-ingress", *(f"{where.name}-ingress.{named(it.name)}" for it in domains[1:])]
    providers = ["aws-zone", *(f"aws-zone-{named(it.name)}" for it in domains[1:])]
    return [
        _Zone(name, domain, _zone_provider(provider, domain.zone_role, where) if domain.zone_role else None)
        for name, provider, domain in zip(names, providers, domains, strict=False)
    ]


def _zone_provider(name: str, role: str, where: Where) -> aws.Provider:
    """Declare the provider of the records in a zone of another account: its session has the rights of a role there.

    https://www.pulumi.com/registry/packages/aws/installation-configuration/#assume-role
    """
    return aws.Provider(
        name,
        region=where.region,
        assume_roles=[aws.ProviderAssumeRoleArgs(role_arn=role)],
        allowed_account_ids=[account_of_arn(role)],
    )


def _place(settings: Stack, where: Where, network: AnyNetwork, zones: Sequence[_Zone]) -> _Place:
    """Return where the ALB is."""
    internal = settings.ingress.scheme is Scheme.INTERNAL
    return _Place(
        subnet_ids=network.private_subnet_ids if internal else network.public_subnet_ids,
        subnet_cidrs=network.private_subnet_cidrs if internal else network.public_subnet_cidrs,
        dual_stack=settings.network.ip_family is IpFamily.IPV6,
        certificates=_certificates(settings.ingress, where, zones),
    )


def _certificates(settings: IngressSettings, where: Where, zones: Sequence[_Zone]) -> Certificates | None:
    """Return the certificates of the ALB: the stack's own unless the settings name others; None: there are none."""
    existing = [settings.certificate, *(domain.certificate for domain in settings.more_domains)]
    if not zones:
        return Certificates(settings.certificate) if settings.certificate else None
    arns = [
        arn or Certificate(zone.name, zone.domain, zone_provider=zone.provider, opts=where.in_aws).certificate_arn
        for zone, arn in zip(zones, existing, strict=True)
    ]
    more = zip(zones[1:], arns[1:], strict=True)
    return Certificates(arns[0], {zone.domain.name: arn for zone, arn in more})


def _own_load_balancer(
    settings: Stack, where: Where, network: AnyNetwork, control_plane: ControlPlane, place: _Place
) -> LoadBalancer | None:
    if settings.ingress.owner is IngressOwner.CONTROLLER:
        return None
    return LoadBalancer(
        where.name,
        settings.ingress,
        vpc_id=network.vpc_id,
        subnet_ids=place.subnet_ids,
        dual_stack=place.dual_stack,
        certificates=place.certificates,
        pod_security_group_id=control_plane.cluster.security_group_id,
        opts=where.in_aws,
    )


def _traefik(
    settings: Stack,
    *,
    control_plane: ControlPlane,
    compute: Compute,
    services: Services,
    place: _Place,
    address: pulumi.Input[str] | None,
) -> Traefik:
    name, cluster = f"{settings.platform.prefix}-traefik", compute.on_cluster
    definitions = TraefikDefinitions(name, settings.traefik, cluster, opts=control_plane.in_cluster)
    return Traefik(
        name,
        settings.traefik,
        cluster,
        front=Front(settings.ingress, place.subnet_cidrs, address),
        routes=[PlatformRoute("argocd", host, ARGO_CD_SERVICE) for host in settings.interface_hosts],
        cert_manager=services.cert_manager.release if services.cert_manager else None,
        opts=control_plane.after(definitions),
    )
