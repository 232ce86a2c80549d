"""Load balancers, whether the program makes them or the AWS Load Balancer Controller does from an Ingress."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

from policy.model import UNKNOWN, Resource, at, is_true, is_unknown, items, may_be_true, text
from policy.rule import Level, rule
from policy.rules.addresses import open_to_the_world
from policy.rules.network import WEB_PORTS

BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
LISTENER: Final = "aws:lb/listener:Listener"
INGRESS: Final = "kubernetes:networking.k8s.io/v1:Ingress"
PREFIX: Final = "alb.ingress.kubernetes.io/"

MODERN_TLS: Final = re.compile(r"ELBSecurityPolicy-(TLS13-1-[23]|TLS-1-2|FS-1-2)(-.+)?")
"""Policies that take nothing older than TLS 1.2; AWS's default of 2016 takes 1.0.

https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html
"""


def annotation(ingress: Resource, name: str) -> Any:
    """Return one of the controller's annotations: None where there is none, UNKNOWN where nobody knows.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/
    """
    return ingress.get("metadata", "annotations", PREFIX + name)


def is_ours(ingress: Resource) -> bool:
    """Return whether the AWS Load Balancer Controller answers an Ingress."""
    old = ingress.get("metadata", "annotations", "kubernetes.io/ingress.class")
    return "alb" in (ingress.get("spec", "ingressClassName"), old)


def listeners(ingress: Resource) -> list[tuple[str, int]] | None:
    """Return protocol and port of each listener of an Ingress; None where nobody knows.

    The controller's default: HTTPS on 443 with a certificate, else HTTP on 80.
    """
    ports, certificate = annotation(ingress, "listen-ports"), annotation(ingress, "certificate-arn")
    if UNKNOWN in (ports, certificate) and ports is not None:
        return None
    if ports is None:
        return [("HTTPS", 443)] if certificate is not None else [("HTTP", 80)]
    try:
        found = json.loads(text(ports))
    except ValueError:
        return []
    pairs = [pair for entry in items(found) if isinstance(entry, dict) for pair in entry.items()]
    return [(str(protocol), port) for protocol, port in pairs if isinstance(port, int)]


def attribute(ingress: Resource, name: str) -> Any:
    """Return an attribute of an Ingress's load balancer; see `annotation`."""
    attributes = annotation(ingress, "load-balancer-attributes")
    if attributes is UNKNOWN:
        return UNKNOWN
    pairs = (entry.partition("=") for entry in text(attributes).split(","))
    return next((value.strip() for key, _, value in pairs if key.strip() == name), None)


@rule(
    "load-balancer-tls-policy",
    LISTENER,
    INGRESS,
    reason="The default policy is from 2016 and accepts TLS 1.0.",
    fix="Name a policy of TLS 1.2 or newer: sslPolicy, or the annotation ssl-policy",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-17",
)
def tls_policy(resource: Resource) -> Iterator[str]:
    """A listener, or the annotations of an Ingress from which the controller makes one."""
    if resource.type == LISTENER:
        encrypted, policy = resource.get("protocol") in ("HTTPS", "TLS"), resource.get("sslPolicy")
    else:
        encrypted = is_ours(resource) and any(protocol == "HTTPS" for protocol, _ in listeners(resource) or [])
        policy = annotation(resource, "ssl-policy")
    if encrypted and policy is not UNKNOWN and not MODERN_TLS.fullmatch(text(policy)):
        yield f"its TLS policy is {policy or 'not set'}"


@rule(
    "load-balancer-redirect",
    LISTENER,
    INGRESS,
    reason="A browser that opens the site without https sends passwords and cookies unencrypted.",
    fix="Set ingress.domain or ingress.certificate, and redirect HTTP to HTTPS",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-1",
    development=Level.ADVISORY,
)
def redirect(resource: Resource) -> Iterator[str]:
    """A listener, or the annotations of an Ingress from which the controller makes one."""
    if resource.type == INGRESS:
        unencrypted = is_ours(resource) and any(protocol == "HTTP" for protocol, _ in listeners(resource) or [])
        if unencrypted and not annotation(resource, "ssl-redirect"):
            yield "it answers HTTP, without ssl-redirect"
    elif resource.get("protocol") == "HTTP":
        actions = resource.get("defaultActions")
        if not is_unknown(actions) and not any(_to_https(action) for action in items(actions)):
            yield "it answers HTTP, without a redirect to HTTPS"


def _to_https(action: Any) -> bool:
    return at(action, "type") == "redirect" and at(action, "redirect", "protocol") in ("HTTPS", "#{protocol}S")


@rule(
    "load-balancer-ports",
    INGRESS,
    reason="Scanners on the internet find an open port within minutes.",
    fix="Listen only on 80 and 443, or name ranges in ingress.allowed",
    source="https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/annotations/#access-control",
)
def open_ports(ingress: Resource) -> Iterator[str]:
    """The controller makes a security group of inbound-cidrs for every port; the default is the world."""
    blocks, scheme = annotation(ingress, "inbound-cidrs"), annotation(ingress, "scheme")
    if not is_ours(ingress) or scheme != "internet-facing" or blocks is UNKNOWN:
        return
    if annotation(ingress, "security-groups") or (
        blocks and not any(open_to_the_world(block.strip()) for block in text(blocks).split(","))
    ):
        return
    yield from (f"port {port} is open to the world" for _, port in listeners(ingress) or [] if port not in WEB_PORTS)


@rule(
    "load-balancer-invalid-headers",
    BALANCER,
    INGRESS,
    reason="If the load balancer and its targets parse a header differently, an attacker can smuggle requests.",
    fix="Set dropInvalidHeaderFields, or the attribute routing.http.drop_invalid_header_fields.enabled=true",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-4",
)
def invalid_headers(resource: Resource) -> Iterator[str]:
    """Both kinds hand on such headers by default."""
    if resource.type == INGRESS:
        dropped = attribute(resource, "routing.http.drop_invalid_header_fields.enabled")
        of_http = is_ours(resource)
    else:
        dropped = resource.get("dropInvalidHeaderFields")
        of_http = resource.get("loadBalancerType") in (None, "application")
    if of_http and not may_be_true(dropped):
        yield "it hands on headers that are not valid"


@rule(
    "load-balancer-deletion-protection",
    BALANCER,
    INGRESS,
    reason="DNS records point to the load balancer, and a new one would have another name.",
    fix="Set ingress.deletionProtection",
    source="https://docs.aws.amazon.com/securityhub/latest/userguide/elb-controls.html#elb-6",
    development=Level.OFF,
)
def deletion_protection(resource: Resource) -> Iterator[str]:
    """AWS's own protection, which stops everybody."""
    if resource.type == INGRESS:
        protected = attribute(resource, "deletion_protection.enabled") if is_ours(resource) else True
    else:
        protected = resource.get("enableDeletionProtection")
    if protected is not UNKNOWN and not is_true(protected):
        yield "AWS would delete it on request"
