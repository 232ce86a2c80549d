"""`after`: a value that carries resources, whatever kind of value it is."""

from typing import Any

import pulumi
import pytest
from pulumi_aws import cloudwatch

from components.common.dependency import after
from harness.plan import Plan
from harness.properties import UNKNOWN, Secret
from tests.components.recording import Probe, carried, probed, recorded


async def _later() -> str:
    return "value"


def _carrying(value: Any, *, unknown: bool = False) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        first, second = (cloudwatch.LogGroup(name, opts=opts) for name in ("first", "second"))
        Probe(value=after([first, second], value() if callable(value) else value))

    return recorded(declare, unknown=unknown)


@pytest.mark.parametrize(
    "value",
    ["value", lambda: pulumi.Output.from_input("value"), _later],
    ids=["plain", "output", "awaitable"],
)
def test_the_value_stays_and_carries_the_resources(value: Any) -> None:
    plan = _carrying(value)
    assert probed(plan, "value") == "value"
    assert carried(plan, "value") == {"LogGroup first", "LogGroup second"}


def test_a_known_value_stays_known_in_a_first_preview() -> None:
    """Else one new resource among them would make a name unknown, and a preview show replacements that never come."""
    plan = _carrying("value", unknown=True)
    assert probed(plan, "value") == "value"
    assert carried(plan, "value") == {"LogGroup first", "LogGroup second"}


def test_a_secret_stays_secret() -> None:
    plan = _carrying(lambda: pulumi.Output.secret("value"))
    assert probed(plan, "value") == Secret("value")


def test_what_the_value_depended_on_before_it_still_does(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        own, other = (cloudwatch.LogGroup(name, opts=opts) for name in ("own", "other"))
        Probe(value=after([other], own.arn))

    plan = recorded(declare, unknown=unknown)
    assert carried(plan, "value") == {"LogGroup own", "LogGroup other"}
    assert (probed(plan, "value") is UNKNOWN) is unknown


@pytest.mark.parametrize("value", [{"a": "1"}, ["1", "2"], {}], ids=["dict", "list", "empty"])
def test_after_nothing_is_the_value(value: object, unknown: bool) -> None:
    plan = recorded(lambda _opts: Probe(value=after([], value)), unknown=unknown)
    assert probed(plan, "value") == value
    assert carried(plan, "value") == set()
