"""Host names that lead to a load balancer."""

import pytest

from components.ingress.alias_records import DnsAlias
from harness.plan import Plan
from settings import Domain
from tests.components.recording import assert_shape, recorded


def _plan(*names: str, unknown: bool = False, weight: int | None = None, dual_stack: bool = False) -> Plan:
    settings = Domain(name="example.jp", hostedZoneId="Z0123456789EXAMPLE", weight=weight)
    return recorded(
        lambda opts: DnsAlias(
            "test",
            settings,
            cluster_id="platform-test",
            names=names,
            target_dns_name="k8s-platform-0123456789.ap-northeast-1.elb.amazonaws.com",
            target_zone_id="Z14GRHDCWA56QT",
            dual_stack=dual_stack,
            opts=opts,
        ),
        unknown=unknown,
    )


def test_each_name_is_an_alias_of_the_load_balancer(unknown: bool) -> None:
    plan = _plan("example.jp", "*.example.jp", unknown=unknown)
    assert_shape(plan, DnsAlias, "test")
    records = plan.find(type="aws:route53/record:Record")
    assert [entry.inputs["name"] for entry in records] == ["example.jp", "*.example.jp"]
    for entry in records:
        assert entry.inputs["zoneId"] == "Z0123456789EXAMPLE"
        assert entry.inputs["type"] == "A"
        # An alias has neither: it follows the load balancer's own.
        assert not entry.inputs.keys() & {"ttl", "records"}
        assert entry.inputs["aliases"] == [
            {
                "name": "k8s-platform-0123456789.ap-northeast-1.elb.amazonaws.com",
                "zoneId": "Z14GRHDCWA56QT",
                "evaluateTargetHealth": True,
            }
        ]


def test_with_ipv6_each_name_has_addresses_of_either_family() -> None:
    records = _plan("example.jp", "*.example.jp", dual_stack=True).find(type="aws:route53/record:Record")
    assert [(entry.inputs["name"], entry.inputs["type"]) for entry in records] == [
        ("example.jp", "A"),
        ("example.jp", "AAAA"),
        ("*.example.jp", "A"),
        ("*.example.jp", "AAAA"),
    ]
    assert len({str(entry.inputs["aliases"]) for entry in records}) == 1


@pytest.mark.parametrize(
    ("names", "resources"),
    [
        (["example.jp", "*.example.jp"], ["test-example.jp", "test-wildcard.example.jp"]),
        # With dashes for dots both would be the same resource, and the program refused.
        (["api.dev.example.jp", "api-dev.example.jp"], ["test-api.dev.example.jp", "test-api-dev.example.jp"]),
        ([], []),
    ],
)
def test_a_record_is_named_after_its_host(names: list[str], resources: list[str]) -> None:
    assert [entry.name for entry in _plan(*names).find(type="aws:route53/record:Record")] == resources


@pytest.mark.parametrize("weight", [0, 255])
def test_a_weighted_record_is_the_clusters_share(weight: int) -> None:
    for entry in _plan("example.jp", "*.example.jp", weight=weight).find(type="aws:route53/record:Record"):
        assert entry.inputs["setIdentifier"] == "platform-test"
        assert entry.inputs["weightedRoutingPolicies"] == [{"weight": weight}]
        # Nobody is sent to a cluster whose load balancer has no healthy target.
        assert entry.inputs["aliases"][0]["evaluateTargetHealth"] is True


def test_without_a_weight_a_record_is_alone() -> None:
    (entry,) = _plan("example.jp").find(type="aws:route53/record:Record")
    assert not entry.inputs.keys() & {"setIdentifier", "weightedRoutingPolicies"}
