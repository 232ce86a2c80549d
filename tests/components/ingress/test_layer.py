"""The layer of the ingress: whose account its records are in."""

import json
from typing import Any, Final

import pytest

from harness.plan import Plan, Registration
from tests.plans import run_program

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


@pytest.fixture(params=[False, True], ids=["known", "unknown"])
def unknown(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)
