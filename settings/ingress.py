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
    HttpsUrl,
    KeyPrefix,
    Label,
    Memory,
    Namespace,
    OAuthClientId,
    OAuthScope,
    Principal,
    TlsPolicy,
    UserPoolArn,
    UserPoolDomain,
    WebAclArn,
)


class IngressOwner(StrEnum):
    """What creates the ALB: the load balancer controller from an Ingress, or this program."""

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

    min_replicas: Annotated[int, Field(ge=2, le=100)] = Field(3, description="Minimum number of replicas.")
    max_replicas: Annotated[int, Field(ge=2, le=200)] = Field(12, description="Maximum number of replicas.")
    cpu_target_percent: Annotated[int, Field(ge=10, le=95)] = Field(
        60, description="Target CPU utilization of the autoscaler, as a percentage of the CPU request."
    )
    cpu: Cpu = Field("250m", description="CPU request of each replica.")
    memory: Memory = Field("256Mi", description="Memory request and limit of each replica.")
    gateway_api: bool = Field(False, description="Whether Traefik also serves the routes of the Gateway API.")
    read_timeout: Annotated[int, Field(ge=0, le=86400)] = Field(
        60,
        description="Maximum time for a client to send a whole request, such as an upload, in seconds. 0 means no "
        "limit.",
    )


class AccessLogs(Settings):
    """The S3 location of the ALB's access logs."""

    bucket: Bucket = Field(description="Name of an S3 bucket whose policy lets the load balancer write to it.")
    prefix: KeyPrefix | None = Field(None, description="Prefix of the S3 keys of the logs.")


class Domain(Settings):
    """The host names that point to the ALB."""

    name: DomainName = Field(description="Primary host name.")
    hosted_zone_id: HostedZoneId = Field(description="ID of the Route 53 hosted zone of `name` and `alternatives`.")
    alternatives: list[DomainName] = Field(
        [], max_length=99, description="Additional host names, which may contain wildcards."
    )
    zone_role: Principal | None = Field(
        None,
        description="ARN of a role to assume for the records, if the hosted zone is in another account. Who deploys or "
        "previews the stack must be able to assume it.",
    )
    weight: Annotated[int, Field(ge=0, le=255)] | None = Field(
        None,
        description="Weight of this stack's DNS records if several clusters share the host names. If absent, only "
        "this stack may have records of these names.",
    )

    @property
    def names(self) -> list[str]:
        """All names."""
        return [self.name, *self.alternatives]

    def covers(self, host: str) -> bool:
        """Tell whether a certificate of its names holds for a host: a wildcard stands for one label."""
        return host in self.names or f"*.{host.partition('.')[2]}" in self.names

    @property
    def address(self) -> str | None:
        """The first name without a wildcard, which an object's status can show; None: there is none."""
        return next((name for name in self.names if not name.startswith("*.")), None)


class MoreDomain(Domain):
    """Host names of another hosted zone that point to the ALB."""

    certificate: CertificateArn | None = Field(
        None, description="ARN of an existing ACM certificate to use instead of one that the stack creates."
    )


class CognitoLogin(Settings):
    """A Cognito user pool at which users log in."""

    user_pool: UserPoolArn = Field(description="ARN of the user pool.")
    client_id: OAuthClientId = Field(
        description="ID of the app client of the user pool. The client must have a secret, and the callback URL "
        "`https://<host>/oauth2/idpresponse` for each host name."
    )
    domain: UserPoolDomain = Field(description="Prefix of the user pool's domain, or its custom domain.")


class OidcLogin(Settings):
    """An OpenID Connect provider at which users log in."""

    issuer: HttpsUrl = Field(description="Issuer URL of the provider.")
    authorization_endpoint: HttpsUrl = Field(description="URL of the provider's authorization endpoint.")
    token_endpoint: HttpsUrl = Field(description="URL of the provider's token endpoint.")
    user_info_endpoint: HttpsUrl = Field(description="URL of the provider's user info endpoint.")
    secret_name: Label = Field(
        description="Name of a Secret in the namespace `traefik` with the keys `clientID` and `clientSecret`. It must "
        "exist before the stack is updated with this setting."
    )


class Unauthenticated(StrEnum):
    """What the ALB does with requests of users who are not logged in."""

    AUTHENTICATE = "authenticate"
    ALLOW = "allow"
    DENY = "deny"


class LoadBalancerLogin(Settings):
    """The login that the ALB requires for all host names and paths."""

    cognito: CognitoLogin | None = Field(
        None, description="Cognito user pool at which users log in. Either this or `oidc` is required."
    )
    oidc: OidcLogin | None = Field(
        None,
        description="OpenID Connect provider at which users log in. Either this or `cognito` is required. Requires "
        "`ingress.owner: controller`.",
    )
    scope: OAuthScope = Field("openid", description="Scopes to request, separated by spaces.")
    session_timeout: Annotated[int, Field(ge=1, le=604800)] = Field(
        604800, description="Maximum duration of a session, in seconds."
    )
    unauthenticated: Unauthenticated = Field(
        Unauthenticated.AUTHENTICATE,
        description="What happens to requests of users who are not logged in: `authenticate` sends them to the login.",
    )


class Dedicated(Settings):
    """Separate load balancers for Ingresses of class `alb`, which the load balancer controller creates.

    They use the web ACL and the TLS policy of the platform's ALB.
    """

    namespaces: list[Namespace] = Field(
        min_length=1,
        description="Namespaces in which Ingresses may use the class `alb`. In other namespaces, such Ingresses are "
        "refused.",
    )
    scheme: Scheme | None = Field(
        None,
        description="Scheme of all dedicated load balancers. If absent, each Ingress sets its own scheme, which is "
        "internal by default.",
    )


class Ingress(Settings):
    """The one ALB in front of all services."""

    owner: IngressOwner = IngressOwner.CONTROLLER
    scheme: Scheme = Scheme.INTERNET_FACING
    domain: Domain | None = Field(
        None,
        description="Host names of the ALB, for which the stack creates a certificate and DNS records. If absent, the"
        " ALB serves plain HTTP under its own DNS name.",
    )
    certificate: CertificateArn | None = Field(
        None, description="ARN of an existing ACM certificate to use instead of one that the stack creates."
    )
    more_domains: list[MoreDomain] = Field(
        [],
        # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
        max_length=25,
        description="Host names in other hosted zones. Each entry has DNS records and a certificate of its own, which "
        "the ALB selects by the host name of a request.",
    )
    tls_policy: TlsPolicy = Field(versions.ALB_TLS_POLICY, description="Security policy of the HTTPS listener.")
    target_protocol: TargetProtocol = Field(
        TargetProtocol.HTTP,
        description="Protocol between the ALB and Traefik's pods. HTTPS requires `certManager`, which issues the "
        "certificate of the pods.",
    )
    allowed: list[AnyRange] = Field(
        [IPv4Network("0.0.0.0/0")], min_length=1, description="CIDR blocks that may connect to the ALB."
    )
    web_acl: WebAclArn | None = Field(
        None, description="ARN of the WAFv2 web ACL to associate with the ALB. If absent, the ALB has no web ACL."
    )
    access_logs: AccessLogs | None = Field(
        None, description="S3 location of the ALB's access logs. If absent, the ALB writes no access logs."
    )
    login: LoadBalancerLogin | None = Field(
        None,
        description="Login that the ALB requires before it forwards a request. If absent, the applications "
        "authenticate their users themselves.",
    )
    deletion_protection: bool = Field(False, description="Whether AWS refuses to delete the ALB.")
    idle_timeout: Annotated[int, Field(ge=1, le=4000)] = Field(
        60, description="Time without data after which the ALB closes a request or a connection, in seconds."
    )
    dedicated: Dedicated | None = Field(
        None,
        description="Settings of separate ALBs next to this one. If absent, only the platform may use the Ingress "
        "class `alb`.",
    )

    @property
    def domains(self) -> list[Domain]:
        """All domains, that of the default certificate first."""
        return [self.domain, *self.more_domains] if self.domain else []
