"""A TLS certificate that proves itself by DNS."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi
from pulumi_aws import acm, route53

from settings import Domain


@dataclass(frozen=True)
class Certificates:
    """ARNs of the certificates of an HTTPS listener.

    default: that of requests to no other name. more: those that the ALB selects by the host name of a request, each by
    the name of its domain.
    """

    default: pulumi.Input[str]
    more: Mapping[str, pulumi.Input[str]] = field(default_factory=dict)


class Certificate(pulumi.ComponentResource):
    """An ACM certificate, and the records by which ACM issues and renews it."""

    certificate_arn: pulumi.Output[str]
    """Known once the certificate is issued."""

    def __init__(
        self,
        name: str,
        settings: Domain,
        *,
        zone_provider: pulumi.ProviderResource | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the certificate and its validation.

        zone_provider: provider of the records where the hosted zone is in another account than the certificate.
        """
        super().__init__("eks-platform:index:Certificate", name, {}, opts)
        self._in_zone = pulumi.ResourceOptions(parent=self, provider=zone_provider)
        child = pulumi.ResourceOptions(parent=self)
        certificate = acm.Certificate(
            f"{name}-certificate",
            domain_name=settings.name,
            subject_alternative_names=settings.alternatives,
            validation_method="DNS",
            tags={"Name": settings.name},
            opts=child,
        )
        records = [
            self._record(name, domain, certificate, settings.hosted_zone_id)
            for domain in validated_names(settings.names)
        ]
        validation = acm.CertificateValidation(
            f"{name}-validation",
            certificate_arn=certificate.arn,
            validation_record_fqdns=[record.fqdn for record in records],
            opts=child,
        )
        self.certificate_arn = validation.certificate_arn
        self.register_outputs({"certificate_arn": self.certificate_arn})

    def _record(self, name: str, domain: str, certificate: acm.Certificate, zone_id: str) -> route53.Record:
        option = certificate.domain_validation_options.apply(
            lambda options: next(item for item in options if (item.domain_name or "").removeprefix("*.") == domain)
        )
        return route53.Record(
            f"{name}-{domain}",
            zone_id=zone_id,
            name=option.resource_record_name,
            type=option.resource_record_type,
            records=[option.resource_record_value],
            ttl=300,
            # A certificate that replaces this one for other names may need the same record.
            allow_overwrite=True,
            opts=self._in_zone,
        )


def validated_names(names: list[str]) -> list[str]:
    """Return the names that need a validation record: a wildcard and its apex share one.

    https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    return list(dict.fromkeys(name.removeprefix("*.") for name in names))
