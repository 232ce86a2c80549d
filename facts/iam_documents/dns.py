"""What may change records in Route 53: ExternalDNS those of its domains, cert-manager those that ACME looks at.

The conditions are on the request's own contents: https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-conditions-route53.html
"""

from collections.abc import Sequence
from typing import Final

from facts.partitions import partition_of

from .document import Condition, PolicyDocument, Statement, allow, document

EXTERNAL_DNS_ACTIONS: Final = {
    "upsert-only": ["CREATE", "UPSERT"],
    "sync": ["CREATE", "DELETE", "UPSERT"],
}
"""What ExternalDNS does to records under each of its policies.

https://kubernetes-sigs.github.io/external-dns/latest/docs/flags/"""


def external_dns(
    region: str, zone_ids: Sequence[str], domains: Sequence[str], policy: str, reserved: Sequence[str] = ()
) -> PolicyDocument:
    """Let ExternalDNS change records of its domains in their zones, as its own policy has it, and no others.

    policy: "upsert-only" or "sync". reserved: names of this program's own records, which it may not change.

    It writes addresses and names, and the TXT records by which it knows its own.
    https://kubernetes-sigs.github.io/external-dns/latest/docs/tutorials/aws/#iam-policy
    """
    below = [name for domain in domains for name in (domain, f"*.{domain}")]
    return document(
        _change(region, zone_ids, ["A", "AAAA", "CNAME", "TXT"], below, EXTERNAL_DNS_ACTIONS[policy]),
        *([_keep(region, zone_ids, reserved)] if reserved else []),
        allow("ReadRecords", ["route53:ListResourceRecordSets"], _zones(region, zone_ids)),
        allow("ListZones", ["route53:ListHostedZones"]),
    )


def dns01_solver(region: str, zone_ids: Sequence[str], domains: Sequence[str]) -> PolicyDocument:
    """Let cert-manager create and delete the TXT records that prove ownership of the domains, and no other record.

    https://cert-manager.io/docs/configuration/acme/dns01/route53/#set-up-an-iam-policy
    """
    challenges = [name for domain in domains for name in (f"_acme-challenge.{domain}", f"_acme-challenge.*.{domain}")]
    return document(
        _change(region, zone_ids, ["TXT"], challenges, ["DELETE", "UPSERT"]),
        allow("ReadRecords", ["route53:ListResourceRecordSets"], _zones(region, zone_ids)),
        allow("ReadChanges", ["route53:GetChange"], [f"arn:{partition_of(region)}:route53:::change/*"]),
    )


def _zones(region: str, zone_ids: Sequence[str]) -> list[str]:
    return [f"arn:{partition_of(region)}:route53:::hostedzone/{zone}" for zone in dict.fromkeys(zone_ids)]


def _change(
    region: str, zone_ids: Sequence[str], types: list[str], names: Sequence[str], actions: list[str]
) -> Statement:
    # A change has several records, each of which must be allowed: hence "for all".
    condition: Condition = {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsActions": actions,
            "route53:ChangeResourceRecordSetsRecordTypes": types,
        },
        "ForAllValues:StringLike": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": list(dict.fromkeys(names)),
        },
    }
    return allow("ChangeRecords", ["route53:ChangeResourceRecordSets"], _zones(region, zone_ids), condition)


def _keep(region: str, zone_ids: Sequence[str], names: Sequence[str]) -> Statement:
    """Refuse every change that has a record of one of the names among others."""
    # In Route 53's normal form an asterisk is an octal code.
    normal = [name.lower().replace("*", "\\052") for name in names]
    return {
        "Sid": "KeepRecordsOfThePlatform",
        "Effect": "Deny",
        "Action": ["route53:ChangeResourceRecordSets"],
        "Resource": _zones(region, zone_ids),
        "Condition": {
            "ForAnyValue:StringEquals": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": normal},
        },
    }
