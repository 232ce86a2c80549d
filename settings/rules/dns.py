"""Rules about ExternalDNS and cert-manager."""

from collections.abc import Iterator

from settings.dns import CertManager, ExternalDns
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


def _domains(path: str, domains: list[str]) -> Iterator[Problem]:
    yield from repeated(path, domains)
    for index, domain in enumerate(domains):
        if domain.startswith("*."):
            yield Problem(f"{path}[{index}]", domain, f"expected {domain[2:]}, which has all below it")
