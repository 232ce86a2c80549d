"""Settings of Traefik and of the load balancer in front of it."""

from enum import StrEnum
from ipaddress import IPv4Network
from typing import Annotated

from pydantic import Field

import versions
from settings.base import Settings
from settings.values import (
    AnyRange,
    Bucket,
    CertificateArn,
    Cpu,
    DomainName,
    HostedZoneId,
    KeyPrefix,
    Memory,
    Namespace,
    TlsPolicy,
    WebAclArn,
)


class IngressOwner(StrEnum):
    """Who makes the ALB: the load balancer controller from an Ingress, or this program."""

    CONTROLLER = "controller"
    PROGRAM = "program"


class Scheme(StrEnum):
    """Whether the ALB has public addresses."""

    INTERNET_FACING = "internet-facing"
    INTERNAL = "internal"


class TargetProtocol(StrEnum):
    """The protocol between the ALB and Traefik's pods."""

    HTTP = "HTTP"
    HTTPS = "HTTPS"


class Traefik(Settings):
    """The ingress proxy behind the ALB."""

    min_replicas: Annotated[int, Field(ge=2, le=100)] = Field(3, description="Fewest replicas.")
    max_replicas: Annotated[int, Field(ge=2, le=200)] = Field(12, description="Most replicas.")
    cpu_target_percent: Annotated[int, Field(ge=10, le=95)] = Field(
        60, description="CPU use, in percent of the request, that the autoscaler aims at."
    )
    cpu: Cpu = Field("250m", description="CPU request of one replica.")
    memory: Memory = Field("256Mi", description="Memory request and limit of one replica.")
    gateway_api: bool = Field(False, description="Whether routes of the Gateway API lead through it, too.")
    read_timeout: Annotated[int, Field(ge=0, le=86400)] = Field(
        60, description="Seconds that a client has for a whole request, such as an upload; 0: any time."
    )


class AccessLogs(Settings):
    """Where the ALB writes its access logs."""

    bucket: Bucket = Field(description="An S3 bucket whose policy lets the load balancer write.")
    prefix: KeyPrefix | None = Field(None, description="The beginning of their keys.")


class Domain(Settings):
    """The host names that lead to the ALB."""

    name: DomainName = Field(description="The first name.")
    hosted_zone_id: HostedZoneId = Field(description="Route 53 zone of `name` and its alternatives.")
    alternatives: list[DomainName] = Field([], max_length=99, description="More names, wildcards allowed.")
    weight: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None, description="Share of the answers, where several clusters have the names; absent: these records alone."
    )

    @property
    def names(self) -> list[str]:
        """All names."""
        return [self.name, *self.alternatives]

    @property
    def address(self) -> str | None:
        """The first name without a wildcard, which an object's status can show; None: there is none."""
        return next((name for name in self.names if not name.startswith("*.")), None)


class Dedicated(Settings):
    """Load balancers of their own for Ingresses of class `alb`, which the load balancer controller makes.

    They have the web ACL and the TLS policy of the platform's.
    """

    namespaces: list[Namespace] = Field(
        min_length=1, description="Namespaces whose Ingresses may have the class; in others it is refused."
    )
    scheme: Scheme | None = Field(
        None, description="Scheme of all of them; absent: each Ingress says, and without a word it is internal."
    )


class Ingress(Settings):
    """The one ALB in front of all services."""

    owner: IngressOwner = IngressOwner.CONTROLLER
    scheme: Scheme = Scheme.INTERNET_FACING
    domain: Domain | None = Field(
        None, description="Certificate and DNS records; absent: plain HTTP by the ALB's name."
    )
    certificate: CertificateArn | None = Field(None, description="An existing certificate instead of one of the stack.")
    tls_policy: TlsPolicy = Field(versions.ALB_TLS_POLICY, description="Security policy of the HTTPS listener.")
    target_protocol: TargetProtocol = Field(
        TargetProtocol.HTTP,
        description="Protocol between the ALB and Traefik's pods. HTTPS requires `certManager`, which issues the"
        " certificate of the pods.",
    )
    allowed: list[AnyRange] = Field([IPv4Network("0.0.0.0/0")], min_length=1, description="Who may connect, as CIDRs.")
    web_acl: WebAclArn | None = Field(None, description="WAFv2 web ACL in front of the ALB.")
    access_logs: AccessLogs | None = Field(None, description="Where the ALB writes its access logs; absent: nowhere.")
    deletion_protection: bool = Field(False, description="Whether AWS refuses to delete the ALB.")
    idle_timeout: Annotated[int, Field(ge=1, le=4000)] = Field(
        60, description="Seconds after which the ALB ends a request or a connection on which nothing is sent."
    )
    dedicated: Dedicated | None = Field(
        None, description="ALBs beside this one; absent: the class `alb` is for the platform alone."
    )
