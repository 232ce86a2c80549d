"""Rules about the load balancer, its names, and Traefik."""

from collections.abc import Iterator

from settings.addons import Addons
from settings.dns import CertManager
from settings.ingress import Domain, Ingress, IngressOwner, Scheme, TargetProtocol, Traefik
from settings.network import Network
from settings.problems import Problem
from settings.rules.registry import repeated, rule


@rule
def _domains(ingress: Ingress) -> Iterator[Problem]:
    if ingress.more_domains and not ingress.domain:
        expected = "expected ingress.domain, whose certificate the ALB uses for requests to no other name"
        yield Problem("ingress.moreDomains", "set", expected)
    if ingress.domain:
        yield from _names("ingress.domain", ingress.domain, own_certificate=not ingress.certificate)
    taken = dict.fromkeys(ingress.domain.names, "ingress.domain") if ingress.domain else {}
    for index, domain in enumerate(ingress.more_domains):
        path = f"ingress.moreDomains[{index}]"
        yield from _names(path, domain, own_certificate=not domain.certificate)
        for name in dict.fromkeys(domain.names):
            if taken.setdefault(name, path) != path:
                yield Problem(path, name, f"expected a name that {taken[name]} does not have")


def _names(place: str, domain: Domain, *, own_certificate: bool) -> Iterator[Problem]:
    """Yield what is wrong with the names of the domain at a place. own_certificate: whether the stack creates it."""
    names, path = domain.names, f"{place}.alternatives"
    yield from repeated(path, names)
    for name in names:
        wildcard = f"*.{name.removeprefix('wildcard.')}"
        if name.startswith("wildcard.") and wildcard in names:
            yield Problem(path, name, f"expected another name: in Pulumi, {wildcard} has this one")
        if name.split(".")[-2:] != names[0].split(".")[-2:]:
            yield Problem(path, name, f"expected a name in the hosted zone of {names[0]}")
    # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    if len(names[0]) > 64 and own_certificate:
        yield Problem(f"{place}.name", f"{len(names[0])} characters", "expected at most 64: ACM takes no more")


@rule
def _dedicated(ingress: Ingress) -> Iterator[Problem]:
    dedicated = ingress.dedicated
    if not dedicated:
        return
    yield from repeated("ingress.dedicated.namespaces", dedicated.namespaces)
    if dedicated.scheme not in (None, ingress.scheme) and ingress.owner is IngressOwner.CONTROLLER:
        yield Problem(
            "ingress.dedicated.scheme",
            dedicated.scheme.value,
            f"expected {ingress.scheme.value}, or ingress.owner program: the platform's own ALB is of this class too",
        )


@rule
def _ingress_subnets(ingress: Ingress, network: Network) -> Iterator[Problem]:
    existing = network.existing if not network.shared else None
    if ingress.scheme is Scheme.INTERNET_FACING and existing and len(existing.public_subnets) < 2:
        path = "network.existing.publicSubnets"
        yield Problem(path, "fewer than two", "expected two: an internet-facing ALB needs two zones")


@rule
def _load_balancer(ingress: Ingress) -> Iterator[Problem]:
    yield from repeated("ingress.allowed", [str(block) for block in ingress.allowed])
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    if ingress.access_logs and "AWSLogs" in (ingress.access_logs.prefix or ""):
        prefix = str(ingress.access_logs.prefix)
        yield Problem("ingress.accessLogs.prefix", prefix, "expected one without AWSLogs, which the ALB appends itself")


@rule
def _login(ingress: Ingress, network: Network) -> Iterator[Problem]:
    login = ingress.login
    if not login:
        return
    if bool(login.cognito) == bool(login.oidc):
        found = "both cognito and oidc" if login.oidc else "neither cognito nor oidc"
        yield Problem("ingress.login", found, "expected one of them")
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
    if not ingress.domain and not ingress.certificate:
        yield Problem("ingress.login", "set", "expected ingress.domain or ingress.certificate: logins require HTTPS")
    if login.oidc and ingress.owner is IngressOwner.PROGRAM:
        expected = "expected cognito, or ingress.owner controller, which reads the client's secret from the cluster"
        yield Problem("ingress.login.oidc", "set", expected)
    if network.isolated and ingress.scheme is Scheme.INTERNAL:
        expected = "expected none, or network.nat: the ALB has no way to the provider's endpoints"
        yield Problem("ingress.login", "set", expected)


@rule
def _target_protocol(ingress: Ingress, cert_manager: CertManager | None) -> Iterator[Problem]:
    if ingress.target_protocol is TargetProtocol.HTTPS and not cert_manager:
        expected = "expected HTTP, or a section certManager, which issues the certificate of Traefik's pods"
        yield Problem("ingress.targetProtocol", ingress.target_protocol.value, expected)


@rule
def _replicas(traefik: Traefik, addons: Addons) -> Iterator[Problem]:
    if traefik.max_replicas < traefik.min_replicas:
        found = str(traefik.max_replicas)
        yield Problem("traefik.maxReplicas", found, f"expected minReplicas, {traefik.min_replicas}, or more")
    if not addons.metrics_server and traefik.max_replicas > traefik.min_replicas:
        yield Problem(
            "addons.metricsServer", "false", "expected true: Traefik's autoscaler reads it, or equal replicas"
        )
