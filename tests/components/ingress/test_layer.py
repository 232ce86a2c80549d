"""The layer of the ingress: whose account its records are in."""

import json
from typing import Any, Final

import pytest

from harness.plan import Plan, Registration
from tests.plans import run_program

VALIDATION: Final = "aws:acm/certificateValidation:CertificateValidation"
LISTENER_CERTIFICATE: Final = "aws:lb/listenerCertificate:ListenerCertificate"
ROLE: Final = "arn:aws:iam::444455556666:role/dns/records"
ZONE: Final = {"name": "dev.example.jp", "hostedZoneId": "Z0123456789EXAMPLE"}


def _plan(*, unknown: bool = False, **domain: Any) -> Plan:
    return run_program("dev", config={"ingress": {"domain": {**ZONE, **domain}}}, unknown=unknown)


def _provider(plan: Plan, entry: Registration) -> str:
    return plan.by_urn[str(entry.options.provider)].name


def test_records_of_a_zone_of_another_account_are_written_by_its_role(unknown: bool) -> None:
    plan = _plan(zoneRole=ROLE, unknown=unknown)
    provider = plan.one(type="pulumi:providers:aws", name="aws-zone")
    assert json.loads(provider.inputs["assumeRoles"]) == [{"roleArn": ROLE}]
    assert json.loads(provider.inputs["allowedAccountIds"]) == ["444455556666"]
    records = plan.find(type="aws:route53/record:Record")
    # The one by which ACM validates the certificate, and the alias.
    assert [_provider(plan, entry) for entry in records] == ["aws-zone", "aws-zone"]
    others = {_provider(plan, entry) for entry in plan if entry.type.startswith("aws:") and entry not in records}
    assert others == {"aws"}


def test_the_records_of_a_zone_of_its_own_account_are_the_stacks(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert [entry.name for entry in plan.find(type="pulumi:providers:aws")] == ["aws"]
    assert {_provider(plan, entry) for entry in plan.find(type="aws:route53/record:Record")} == {"aws"}


MORE: Final = [
    {"name": "*.example.com", "hostedZoneId": "Z0123456789ANOTHER", "zoneRole": ROLE},
    {
        "name": "example.org",
        "hostedZoneId": "Z0123456789THIRD",
        "certificate": "arn:aws:acm:ap-northeast-1:111122223333:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    },
]


@pytest.mark.parametrize("owner", ["program", "controller"])
def test_each_domain_has_records_in_its_zone_and_a_certificate(owner: str) -> None:
    config = {
        "ingress": {"owner": owner, "domain": ZONE, "moreDomains": MORE},
        "argoCd": {"host": "argocd.example.com"},
    }
    plan = run_program("dev", config=config)
    records = {
        (entry.inputs["zoneId"], entry.inputs["name"]): _provider(plan, entry)
        for entry in plan.find(type="aws:route53/record:Record")
        if "aliases" in entry.inputs
    }
    assert records == {
        ("Z0123456789EXAMPLE", "dev.example.jp"): "aws",
        ("Z0123456789ANOTHER", "*.example.com"): "aws-zone-wildcard.example.com",
        # A host of the platform's own has its record in the zone of the domain that it belongs to.
        ("Z0123456789ANOTHER", "argocd.example.com"): "aws-zone-wildcard.example.com",
        ("Z0123456789THIRD", "example.org"): "aws",
    }
    certificates = [entry.inputs["domainName"] for entry in plan.find(type="aws:acm/certificate:Certificate")]
    assert certificates == ["dev.example.jp", "*.example.com"]
    assert plan.exports["ingressHosts"] == ["dev.example.jp", "*.example.com", "example.org"]
    arns = [entry.outputs["certificateArn"] for entry in plan.find(type=VALIDATION)] + [MORE[1]["certificate"]]
    if owner == "controller":
        (ingress,) = plan.find(type="kubernetes:networking.k8s.io/v1:Ingress")
        annotations = ingress.inputs["metadata"]["annotations"]
        assert annotations["alb.ingress.kubernetes.io/certificate-arn"] == ",".join(arns)
    else:
        added = [entry.inputs["certificateArn"] for entry in plan.find(type=LISTENER_CERTIFICATE)]
        listeners = [entry.inputs.get("certificateArn") for entry in plan.find(type="aws:lb/listener:Listener")]
        assert [*filter(None, listeners)] == arns[:1]
        assert sorted(added) == sorted(arns[1:])


@pytest.fixture(params=[False, True], ids=["known", "unknown"])
def unknown(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
