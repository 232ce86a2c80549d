"""Values of a stack file reach each of the platform's charts, in the form that the chart takes them."""

from pathlib import Path
from typing import Any, Final

import pytest

from facts.capabilities import CAPABILITIES
from settings.rules.charts import NAMES, OWN
from tests import upstream
from tests.conformance import charts
from tests.conformance.helm import NO_COPY, all_releases
from tests.plans import plan_of, run_program

pytestmark = pytest.mark.upstream

VALUES: Final[dict[str, dict[str, Any]]] = {
    "argo-cd": {"controller": {"resources": {"requests": {"memory": "3Gi"}, "limits": {"memory": "3Gi"}}}},
    "aws-load-balancer-controller": {"logLevel": "debug"},
    "karpenter": {"logLevel": "debug"},
    "karpenter-crd": {"additionalAnnotations": {"team": "platform"}},
    "traefik": {"log": {"level": "DEBUG"}},
    **{it.chart.name: {"podLabels": {"team": "platform"}} for it in CAPABILITIES},
}
"""Something that is said of each chart, and that its values.yaml has."""

STACKS: Final = {"staging": {"cert-manager"}, "prod": VALUES.keys() - {"cert-manager"}}
"""Stacks that have them all between them."""


def test_every_chart_of_the_platform_is_in_the_table() -> None:
    installed = {release.chart for stack in STACKS for release in all_releases(plan_of(stack), "1.36")}
    assert installed == VALUES.keys()


@pytest.mark.parametrize("stack", STACKS)
def test_values_reach_each_chart(stack: str, helm: Path) -> None:
    said = {chart: VALUES[chart] for chart in STACKS[stack]}
    plan = run_program(stack, config={"charts": {"values": said}})
    before = {release.chart: release for release in all_releases(plan_of(stack), "1.36")}
    for release in all_releases(plan, "1.36"):
        if release.chart not in said:
            assert release == before[release.chart]
            continue
        assert release.values != before[release.chart].values
        if not release.is_left_out:
            assert charts.unknown_keys(release.folder, release.values) == []
            assert release.rendered() != before[release.chart].rendered()


PROXY: Final = "http://proxy.example.com:3128"
WITHOUT_PROXY: Final = {"karpenter-crd", "traefik", *(it.chart.name for it in CAPABILITIES if it.role is None)}
"""Charts whose pods connect to nothing outside of the cluster."""


@pytest.mark.parametrize("stack", STACKS)
def test_controllers_use_the_proxy(stack: str, helm: Path) -> None:
    plan = run_program(
        stack,
        config={"network": {"proxy": {"url": PROXY, "noProxy": ["10.0.0.0/8"]}}},
    )
    found = {release.chart: release for release in all_releases(plan, "1.36")}
    for chart in STACKS[stack] - WITHOUT_PROXY:
        if found[chart].folder.is_dir():
            assert charts.unknown_keys(found[chart].folder, found[chart].values) == []
        if not found[chart].is_left_out:
            assert PROXY in str(found[chart].rendered()), chart
    for chart in STACKS[stack] & WITHOUT_PROXY:
        assert PROXY not in str(found[chart].values), chart


@pytest.mark.parametrize("chart", sorted(OWN))
def test_what_is_refused_is_something_that_the_chart_knows(chart: str) -> None:
    """A key that is renamed upstream would let the new one through."""
    if chart in NO_COPY and not upstream.chart(chart).is_dir():
        pytest.skip(f"UPSTREAM_CHARTS has no {chart}: run `make upstream`")
    for path in (*NAMES, *OWN[chart]):
        values: Any = {}
        for key in reversed(path):
            values = {key: values}
        assert charts.unknown_keys(upstream.chart(chart), values) == [], path


def test_every_chart_with_a_role_keeps_its_service_account() -> None:
    for stack in STACKS:
        for release in all_releases(plan_of(stack), "1.36"):
            account = release.values.get("serviceAccount") or release.values.get("rbac", {}).get("serviceAccount")
            assert not account or ({("serviceAccount",), ("rbac", "serviceAccount")} & set(OWN[release.chart]))
