"""Elastic Load Balancing, its certificates and its firewall."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from facts.partitions import dns_suffix
from harness.kind import Context, Kind, Properties, autoname, uuid
from rehearsal.cloud.aws import arn, aws_kind
from rehearsal.cloud.regions import load_balancer_zone


def _balancer_id(inputs: Properties, context: Context) -> str:
    short = {"network": "net", "gateway": "gwy"}.get(str(inputs["loadBalancerType"]), "app")
    resource = f"loadbalancer/{short}/{inputs['name']}/{context.digest('lb', 16)}"
    return arn("elasticloadbalancing", resource)(inputs, context)


def _dns_name(inputs: Properties, context: Context) -> str:
    prefix = "internal-" if inputs.get("internal") else ""
    return f"{prefix}{inputs['name']}-{context.number('dns', 10**9)}.{context.region}.elb.{dns_suffix(context.region)}"


def _vpc(inputs: Properties, context: Context) -> str:
    subnet = context.world.find("aws:ec2/subnet:Subnet", "id", next(iter(inputs.get("subnets") or []), None)) or {}
    return str(subnet.get("vpcId") or f"vpc-{context.digest('vpc', 17)}")


def _below(parent: str, before: str, after: str) -> Any:
    """Return the maker of an ARN that has its parent's in it, as a listener's has its load balancer's."""

    def make(inputs: Properties, context: Context) -> str:
        return f"{str(inputs[parent]).replace(f':{before}/', f':{after}/')}/{context.digest(after, 16)}"

    return make


def _security_policy(inputs: Properties, _context: Context) -> str | None:
    """Return the policy of 2016 that Elastic Load Balancing takes for TLS where none is given."""
    return "ELBSecurityPolicy-2016-08" if inputs.get("protocol") in ("HTTPS", "TLS") else None


def _domains(inputs: Properties) -> list[str]:
    return list(dict.fromkeys([inputs["domainName"], *(inputs.get("subjectAlternativeNames") or [])]))


def _validation_options(inputs: Properties, context: Context) -> list[Properties]:
    """Return one entry for each name: the record that proves it is the same in every certificate of an account.

    A wildcard and its apex share it too. https://docs.aws.amazon.com/acm/latest/userguide/dns-validation.html
    """
    if inputs.get("validationMethod") != "DNS":
        return []
    return [_validation_option(domain, domain.removeprefix("*."), context) for domain in _domains(inputs)]


def _validation_option(domain: str, base: str, context: Context) -> Properties:
    owned = replace(context, seed=f"{context.account} {base}")
    return {
        "domainName": domain,
        "resourceRecordName": f"_{owned.digest('name', 32)}.{base}.",
        "resourceRecordType": "CNAME",
        "resourceRecordValue": f"_{owned.digest('value', 32)}.{owned.digest('zone', 10)}.acm-validations.aws.",
    }


KINDS: Final[dict[str, Kind]] = {
    "aws:lb/loadBalancer:LoadBalancer": aws_kind(
        _balancer_id,
        {
            "arn": "{id}",
            "arnSuffix": lambda _inputs, context: context.id.split("loadbalancer/")[-1],
            "dnsName": _dns_name,
            "vpcId": _vpc,
            "zoneId": lambda _inputs, context: load_balancer_zone(context.region),
        },
        defaults={
            "name": autoname,
            "loadBalancerType": "application",
            "internal": False,
            "ipAddressType": "ipv4",
            "idleTimeout": 60,
            "enableDeletionProtection": False,
            "enableHttp2": True,
        },
        replaces=("name", "namePrefix", "internal", "loadBalancerType", "customerOwnedIpv4Pool"),
        seconds=(150.0, 2.0, 15.0),
    ),
    "aws:lb/targetGroup:TargetGroup": aws_kind(
        lambda inputs, context: arn("elasticloadbalancing", f"targetgroup/{inputs['name']}/{context.digest('tg', 16)}")(
            inputs, context
        ),
        {
            "arn": "{id}",
            "arnSuffix": lambda _inputs, context: context.id.rsplit(":", 1)[-1],
            "loadBalancerArns": [],
        },
        defaults={"name": autoname, "deregistrationDelay": 300, "targetType": "instance", "ipAddressType": "ipv4"},
        replaces=(
            "name",
            "namePrefix",
            "port",
            "protocol",
            "protocolVersion",
            "targetType",
            "vpcId",
            "ipAddressType",
            "lambdaMultiValueHeadersEnabled",
        ),
    ),
    "aws:lb/listener:Listener": aws_kind(
        _below("loadBalancerArn", "loadbalancer", "listener"),
        {"arn": "{id}"},
        defaults={"protocol": "HTTP", "sslPolicy": _security_policy},
        replaces=("loadBalancerArn",),
    ),
    "aws:lb/listenerRule:ListenerRule": aws_kind(
        _below("listenerArn", "listener", "listener-rule"),
        {"arn": "{id}"},
        defaults={"priority": lambda _inputs, context: 1 + context.number("priority", 49_999)},
        replaces=("listenerArn",),
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": aws_kind(
        "{listenerArn}_{certificateArn}", replaces=("listenerArn", "certificateArn"), tagged=False
    ),
    "aws:acm/certificate:Certificate": aws_kind(
        lambda inputs, context: arn("acm", f"certificate/{uuid()(inputs, context)}")(inputs, context),
        {
            "arn": "{id}",
            "domainValidationOptions": _validation_options,
            "subjectAlternativeNames": lambda inputs, _context: _domains(inputs),
            "status": "PENDING_VALIDATION",
            "type": "AMAZON_ISSUED",
            "pendingRenewal": False,
            "renewalEligibility": "INELIGIBLE",
        },
        defaults={"keyAlgorithm": "RSA_2048"},
        replaces=(
            "domainName",
            "subjectAlternativeNames",
            "validationMethod",
            "keyAlgorithm",
            "certificateAuthorityArn",
        ),
    ),
    "aws:acm/certificateValidation:CertificateValidation": aws_kind(
        # The real id is the time of issue, which two certificates seldom share.
        "{certificateArn}",
        replaces=("certificateArn", "validationRecordFqdns"),
        tagged=False,
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": aws_kind(
        "{webAclArn},{resourceArn}", replaces=("webAclArn", "resourceArn"), tagged=False
    ),
}
