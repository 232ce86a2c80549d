"""Settings of ExternalDNS and cert-manager: records and certificates for what runs in the cluster."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import DomainName, Email, HostedZoneId, Label, NameServer, Principal


class RecordPolicy(StrEnum):
    """What ExternalDNS does with a record that no object requests any longer: keep it, or delete it."""

    UPSERT_ONLY = "upsert-only"
    SYNC = "sync"


class RecordSource(StrEnum):
    """A kind of object that can request a host name."""

    SERVICE = "service"
    INGRESS = "ingress"
    TRAEFIK = "traefik-proxy"
    ENDPOINT = "crd"


class ExternalDns(Settings):
    """ExternalDNS, which creates DNS records for the host names that workloads request."""

    domains: list[DomainName] = Field(
        min_length=1, description="Domains in which ExternalDNS creates records, including all names below them."
    )
    hosted_zone_ids: list[HostedZoneId] = Field(
        min_length=1, description="IDs of the Route 53 hosted zones of the domains."
    )
    zone_role: Principal | None = Field(
        None,
        description="ARN of a role that ExternalDNS assumes for the records, if the hosted zones are in another "
        "account. The rights of that role replace those that the stack gives ExternalDNS.",
    )
    policy: RecordPolicy = RecordPolicy.UPSERT_ONLY
    sources: list[RecordSource] = Field(
        [RecordSource.SERVICE, RecordSource.INGRESS],
        min_length=1,
        description="Kinds of objects for whose host names ExternalDNS creates records. `crd` means DNSEndpoints,"
        " and installs their definition.",
    )


class AcmeServer(StrEnum):
    """An ACME certificate authority. The staging server has higher limits; its certificates are not trusted."""

    LETSENCRYPT = "letsencrypt"
    LETSENCRYPT_STAGING = "letsencrypt-staging"


class Issuer(Settings):
    """A ClusterIssuer that proves control of its domains through Route 53."""

    server: AcmeServer = AcmeServer.LETSENCRYPT
    email: Email = Field(description="E-mail address that the certificate authority sends notices to.")
    hosted_zone_id: HostedZoneId = Field(description="ID of the Route 53 hosted zone of the domains.")
    zone_role: Principal | None = Field(
        None,
        description="ARN of a role that cert-manager assumes for the records, if the hosted zone is in another "
        "account.",
    )
    domains: list[DomainName] = Field(
        min_length=1, description="Domains that certificates can be issued for, including all names below them."
    )


class CertManager(Settings):
    """cert-manager, for TLS that terminates inside the cluster. The ALB's own certificate is issued by ACM."""

    issuers: dict[Label, Issuer] = Field(min_length=1, description="Issuers by name.")
    recursive_name_servers: list[NameServer] = Field(
        [],
        description="The only name servers that cert-manager queries to check whether a DNS challenge is published. "
        "If empty, it queries those of the cluster, and then those of the zone. Required if the VPC "
        "resolves the domain through a private hosted zone.",
    )
