"""Every Helm release of every stack, rendered by the real Helm, with values that its chart knows."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests import upstream
from tests.conformance import charts
from tests.conformance.bundles import (
    DEFINITIONS_APART,
    NO_DEFINITION,
    STACKS,
    bundle,
    minor_below,
    plan_below,
)
from tests.conformance.helm import NO_COPY, Release, RenderingError, all_releases
from tests.plans import OWN, any_stack

pytestmark = pytest.mark.upstream


def _releases(stack: str) -> list[Release]:
    plan = plan_below(stack)
    assert plan is not None
    return all_releases(plan, minor_below(stack))


def _copied(stack: str) -> list[Release]:
    # Charts of a company's own may have no copy.
    return [found for found in _releases(stack) if not found.is_left_out and (found.is_copied or stack not in OWN)]


def _release(chart: str) -> Release:
    return next(found for stack in STACKS for found in _releases(stack) if found.chart == chart)


@any_stack
def test_every_release_renders(stack: str, helm: Path) -> None:
    rendered = bundle(stack).rendered
    assert set(rendered) == {found.name for found in _copied(stack)}
    assert any(rendered.values())


def test_charts_that_may_have_no_copy_are_installed() -> None:
    assert {found.chart for stack in STACKS for found in _releases(stack)} >= NO_COPY


def test_what_may_have_no_definition_is_installed() -> None:
    types = {entry.type for stack in STACKS for entry in plan_below(stack) or ()}
    for group in NO_DEFINITION:
        assert any(found.startswith(f"kubernetes:{group}/") for found in types)


@pytest.mark.parametrize("chart", sorted(DEFINITIONS_APART))
def test_each_definition_is_there_once_wherever_it_lies(chart: str, helm: Path) -> None:
    stack = next(stack for stack in STACKS if any(found.chart == chart for found in _releases(stack)))
    names = [item["metadata"]["name"] for item in bundle(stack).definitions]
    assert any(name.endswith("external-secrets.io") for name in names)
    assert len(names) == len(set(names))


@any_stack
def test_charts_know_every_value(stack: str) -> None:
    found = {release.name: charts.unknown_keys(release.folder, release.values) for release in _copied(stack)}
    assert {name: keys for name, keys in found.items() if keys} == {}


@pytest.mark.parametrize(
    ("chart", "values", "unknown"),
    [
        # Chart 41 takes it from `service.spec` alone.
        ("traefik", {"service": {"type": "ClusterIP"}}, "service.type"),
        ("traefik", {"deployment": {"replica": 3}}, "deployment.replica"),
        ("traefik", {"ports": {"web": {"forwardedHeader": {}}}}, "ports.web.forwardedHeader"),
        ("karpenter", {"settings": {"clusterNames": "dev"}}, "settings.clusterNames"),
        ("karpenter", {"controller": {"resource": {}}}, "controller.resource"),
        ("karpenter", {"tolerate": []}, "tolerate"),
        ("aws-load-balancer-controller", {"replicas": 2}, "replicas"),
        ("aws-load-balancer-controller", {"serviceAccount": {"role": "x"}}, "serviceAccount.role"),
    ],
)
def test_a_value_that_a_chart_does_not_know_is_seen(chart: str, values: dict[str, Any], unknown: str) -> None:
    assert charts.unknown_keys(upstream.chart(chart), values) == [unknown]


@pytest.mark.parametrize("stack", STACKS)
def test_every_misspelt_value_is_seen(stack: str) -> None:
    """Keys at the top of the values, which no chart leaves free."""
    for release in _copied(stack):
        for key in release.values:
            misspelt = {f"{key}X": release.values[key]}
            assert charts.unknown_keys(release.folder, misspelt) == [f"{key}X"]


CHART = {
    "values.yaml": """
image: {}
service:
  type: ClusterIP
  # port: 80
  labels:
    a: b
known:
  # after:
  key: 1
#top: 1
""",
    "templates/a.yaml": """
{{ toYaml .Values.service.labels }}
{{ .Values.known.only.here }}
{{- range $name, $port := .Values.known.ports }}{{ end }}
{{- with .Values.whole }}
whole:
  {{- toYaml . | nindent 2 }}
{{- end }}
""",
}


@pytest.fixture
def chart(tmp_path: Path) -> Path:
    for name, text in CHART.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("values", "unknown"),
    [
        ("image: {anything: {goes: 1}}", []),
        ("service: {type: X}", []),
        ("service: {port: 1}", []),
        ("service: {labels: {c: d}}", []),
        ("service: {after: 1}", ["service.after"]),
        ("service: {name: 1, top: 1}", ["service.name", "service.top"]),
        ("known: {after: 1}", []),
        ("known: {only: {here: 1}}", []),
        ("known: {only: 1}", []),
        ("known: {onl: 1}", ["known.onl"]),
        ("known: {port: 1}", ["known.port"]),
        ("top: 1", []),
        ("whole: {a: 1}", []),
        ("port: 1", ["port"]),
        ("port: {a: 1, b: 2}", ["port"]),
    ],
)
def test_what_a_chart_knows(chart: Path, values: str, unknown: list[str]) -> None:
    assert charts.unknown_keys(chart, yaml.safe_load(values)) == unknown


def test_a_chart_of_another_version_is_no_copy() -> None:
    release = _release("traefik")
    with pytest.raises(RenderingError, match=r"has traefik 41\.\d+\.\d+, the program installs 40\.0\.0"):
        replace(release, version="40.0.0").check_version()
    with pytest.raises(RenderingError, match="has no elsewhere: run `make upstream`"):
        replace(release, chart="elsewhere").check_version()


def test_values_that_the_charts_schema_refuses_are_not_rendered(helm: Path) -> None:
    release = _release("traefik")
    with pytest.raises(RenderingError, match=r"traefik: .*values don't meet the specifications"):
        replace(release, values={"ports": {"web": {"port": "eighty"}}}).rendered()


def test_definitions_come_as_the_release_says(helm: Path) -> None:
    release = _release("aws-load-balancer-controller")
    kinds = [{item["kind"] for item in replace(release, skip_crds=skip).rendered()} for skip in (True, False)]
    assert [("CustomResourceDefinition" in found) for found in kinds] == [False, True]
