"""The TLS certificate: one validation record a name and its wildcard, and a result that waits for ACM."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.ingress.certificate import Certificate, validated_names
from harness.plan import Plan
from harness.properties import UNKNOWN
from settings import Domain
from tests.components.recording import Probe, assert_shape, carried, label, needs, recorded

ZONE = "Z0123456789EXAMPLE"


def _plan(name: str, *alternatives: str, unknown: bool = False) -> Plan:
    settings = Domain(name=name, alternatives=list(alternatives), hostedZoneId=ZONE)
    return recorded(lambda opts: Probe(arn=Certificate("test", settings, opts=opts).certificate_arn), unknown=unknown)


def _records(plan: Plan) -> list[str]:
    return [entry.name for entry in plan.find(type="aws:route53/record:Record")]


def test_the_certificate_is_for_all_names_and_proves_itself_by_dns(unknown: bool) -> None:
    plan = _plan("example.jp", "*.example.jp", unknown=unknown)
    assert_shape(plan, Certificate, "test")
    inputs = plan.one(type="aws:acm/certificate:Certificate").inputs
    assert inputs["domainName"] == "example.jp"
    assert inputs["subjectAlternativeNames"] == ["*.example.jp"]
    assert inputs["validationMethod"] == "DNS"


@pytest.mark.parametrize(
    ("names", "records"),
    [
        (["example.jp"], ["test-example.jp"]),
        (["example.jp", "*.example.jp"], ["test-example.jp"]),
        (["*.example.jp", "example.jp"], ["test-example.jp"]),
        (["example.jp", "api.example.jp"], ["test-example.jp", "test-api.example.jp"]),
        # With dashes for dots both would be the same resource, and the program refused.
        (["a.b.example.jp", "a-b.example.jp"], ["test-a.b.example.jp", "test-a-b.example.jp"]),
    ],
)
def test_a_wildcard_and_its_apex_share_a_record(names: list[str], records: list[str], unknown: bool) -> None:
    assert _records(_plan(*names, unknown=unknown)) == records


def test_each_record_is_the_one_that_acm_asks_for() -> None:
    plan = _plan("example.jp", "*.example.jp", "api.example.jp")
    options = plan.one(type="aws:acm/certificate:Certificate").outputs["domainValidationOptions"]
    for entry in plan.find(type="aws:route53/record:Record"):
        domain = entry.name.removeprefix("test-")
        option = next(item for item in options if item["domainName"] == domain)
        assert entry.inputs["zoneId"] == ZONE
        assert entry.inputs["name"] == option["resourceRecordName"]
        assert entry.inputs["type"] == option["resourceRecordType"]
        assert entry.inputs["records"] == [option["resourceRecordValue"]]
        # A certificate for more names, created before this one is deleted, requires the same record.
        assert entry.inputs["allowOverwrite"] is True


def test_the_certificate_counts_only_once_it_is_issued() -> None:
    plan = _plan("example.jp", "api.example.jp")
    validation = plan.one(type="aws:acm/certificateValidation:CertificateValidation")
    assert needs(plan, validation, "validationRecordFqdns") == {"Record test-example.jp", "Record test-api.example.jp"}
    assert len(validation.inputs["validationRecordFqdns"]) == 2
    assert carried(plan, "arn") == {label(validation)}


def test_a_first_preview_does_not_know_the_records_and_has_them_all_the_same() -> None:
    plan = _plan("example.jp", unknown=True)
    entry = plan.one(type="aws:route53/record:Record")
    assert entry.inputs["name"] is UNKNOWN
    assert plan.one(name="probe").inputs["arn"] is UNKNOWN


LABEL = st.from_regex(r"[a-z]([a-z-]{0,5}[a-z])?", fullmatch=True)


@given(st.lists(st.tuples(st.booleans(), LABEL), min_size=1, max_size=8))
def test_every_name_is_validated_exactly_once(choices: list[tuple[bool, str]]) -> None:
    names = [f"{'*.' if wildcard else ''}{name}.example.jp" for wildcard, name in choices]
    found = validated_names(names)
    assert len(found) == len(set(found))
    assert set(found) == {name.removeprefix("*.") for name in names}
    assert found[0] == names[0].removeprefix("*.")
