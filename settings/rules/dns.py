"""Rules about ExternalDNS and cert-manager."""

from collections.abc import Iterator

from settings.cluster import Access
from settings.dns import CertManager, ExternalDns
from settings.ingress import Ingress
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule


@rule
def _external_dns(external_dns: ExternalDns | None) -> Iterator[Problem]:
    if not external_dns:
        return
    yield from _domains("externalDns.domains", external_dns.domains)
    yield from repeated("externalDns.hostedZoneIds", external_dns.hosted_zone_ids)
    yield from repeated("externalDns.sources", [source.value for source in external_dns.sources])


@rule
def _cert_manager(cert_manager: CertManager | None) -> Iterator[Problem]:
    if cert_manager:
        yield from repeated("certManager.recursiveNameServers", cert_manager.recursive_name_servers)
    for name, issuer in cert_manager.issuers.items() if cert_manager else ():
        yield from _domains(place("certManager", "issuers", name, "domains"), issuer.domains)


@rule
def _zone_roles(
    ingress: Ingress, external_dns: ExternalDns | None, cert_manager: CertManager | None, access: Access
) -> Iterator[Problem]:
    """The roles for zones of other accounts, which the deployer, ExternalDNS and cert-manager assume."""
    issuers = cert_manager.issuers if cert_manager else {}
    roles = {
        "ingress.domain.zoneRole": ingress.domain and ingress.domain.zone_role,
        **{f"ingress.moreDomains[{index}].zoneRole": it.zone_role for index, it in enumerate(ingress.more_domains)},
        "externalDns.zoneRole": external_dns and external_dns.zone_role,
        **{place("certManager", "issuers", name, "zoneRole"): issuer.zone_role for name, issuer in issuers.items()},
    }
    for path, arn in roles.items():
        if arn and ":role/" not in arn:
            yield Problem(path, arn, "expected a role: nobody assumes a user")
        if arn and arn == access.deployer:
            yield Problem(path, arn, "expected another role: access.deployer may do more than write records")


def _domains(path: str, domains: list[str]) -> Iterator[Problem]:
    yield from repeated(path, domains)
    for index, domain in enumerate(domains):
        if domain.startswith("*."):
            yield Problem(f"{path}[{index}]", domain, f"expected {domain[2:]}, which has all below it")
