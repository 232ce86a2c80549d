"""Settings of ExternalDNS and cert-manager: records and certificates for what runs in the cluster."""

from enum import StrEnum

from pydantic import Field

from settings.base import Settings
from settings.values import DomainName, Email, HostedZoneId, Label, NameServer


class RecordPolicy(StrEnum):
    """What ExternalDNS does with a record whose host name nobody asks for any more: leave it, or delete it."""

    UPSERT_ONLY = "upsert-only"
    SYNC = "sync"


class RecordSource(StrEnum):
    """A kind of object that asks for a host name."""

    SERVICE = "service"
    INGRESS = "ingress"
    TRAEFIK = "traefik-proxy"


class ExternalDns(Settings):
    """ExternalDNS, which makes records of the host names that workloads ask for."""

    domains: list[DomainName] = Field(min_length=1, description="It makes records of these names and all below them.")
    hosted_zone_ids: list[HostedZoneId] = Field(min_length=1, description="Route 53 zones of the domains.")
    policy: RecordPolicy = RecordPolicy.UPSERT_ONLY
    sources: list[RecordSource] = Field(
        [RecordSource.SERVICE, RecordSource.INGRESS], min_length=1, description="Whose host names it takes."
    )


class AcmeServer(StrEnum):
    """An authority that certifies domains by ACME; the staging one has wider limits, and nobody trusts it."""

    LETSENCRYPT = "letsencrypt"
    LETSENCRYPT_STAGING = "letsencrypt-staging"


class Issuer(Settings):
    """A ClusterIssuer that proves its domains in Route 53."""

    server: AcmeServer = AcmeServer.LETSENCRYPT
    email: Email = Field(description="Whom the authority writes to.")
    hosted_zone_id: HostedZoneId = Field(description="Route 53 zone of the domains.")
    domains: list[DomainName] = Field(min_length=1, description="It certifies these names and all below them.")


class CertManager(Settings):
    """cert-manager, for certificates that end inside the cluster; the ALB's own is ACM's."""

    issuers: dict[Label, Issuer] = Field(min_length=1, description="Issuers by name.")
    recursive_name_servers: list[NameServer] = Field(
        [],
        description="Name servers that cert-manager asks whether a proof has appeared, and no others. Empty: the"
        " cluster's own, and then those of the zone; needed where the VPC answers for the domain with a private zone.",
    )
