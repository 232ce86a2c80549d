"""The pins: consistent with each other, their pages next to them, and the same as upstream's copies have."""

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

import versions
from tests import upstream
from tests.conformance.helm import NO_COPY
from versions import Chart

CHARTS = [pin for pin in vars(versions).values() if isinstance(pin, Chart)]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(number) for number in re.findall(r"\d+", version))


# --- Kubernetes ---------------------------------------------------------------------------------------------------


def test_support_starts_and_ends_on_the_days_of_the_table() -> None:
    window = versions.KUBERNETES["1.34"]
    eve = timedelta(days=1)
    assert versions.support_on("1.34", window.offered_since - eve) == "none"
    assert versions.support_on("1.34", window.offered_since) == "standard"
    assert versions.support_on("1.34", window.standard_until - eve) == "standard"
    assert versions.support_on("1.34", window.standard_until) == "extended"
    assert versions.support_on("1.34", window.extended_until - eve) == "extended"
    assert versions.support_on("1.34", window.extended_until) == "none"


def test_support_of_a_version_that_eks_never_had_is_an_error() -> None:
    with pytest.raises(KeyError):
        versions.support_on("1.99", date(2026, 11, 21))


@pytest.mark.parametrize(
    ("day", "minors"),
    [
        (date(2025, 12, 1), ("1.34",)),
        (date(2026, 11, 21), ("1.36", "1.35", "1.34")),
        (date(2027, 12, 2), ("1.36", "1.35")),
        (date(2029, 1, 1), ()),
    ],
)
def test_deployable_minors_are_supported_and_have_pins(day: date, minors: tuple[str, ...]) -> None:
    assert versions.deployable_on(day) == minors


def test_the_table_runs_from_the_newest_version_and_each_window_is_in_order() -> None:
    assert list(versions.KUBERNETES) == sorted(versions.KUBERNETES, key=_numbers, reverse=True)
    for window in versions.KUBERNETES.values():
        assert window.offered_since < window.standard_until < window.extended_until


def test_the_default_is_the_newest_version_with_pins() -> None:
    assert next(iter(versions.ADDONS)) == versions.DEFAULT_KUBERNETES
    assert set(versions.ADDONS) <= set(versions.KUBERNETES)


# --- What a minor needs -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("minor", versions.ADDONS)
def test_each_minor_has_every_addon_and_its_own_kube_proxy(minor: str) -> None:
    pins = versions.ADDONS[minor]
    assert tuple(pins) == versions.ADDON_NAMES
    for version in pins.values():
        assert re.fullmatch(r"v\d+\.\d+\.\d+-eksbuild\.\d+", version)
    assert versions.addon_version("kube-proxy", minor).startswith(f"v{minor}.")


@pytest.mark.parametrize("minor", versions.ADDONS)
def test_vpc_cni_has_the_fix_of_cve_2026_86831(minor: str) -> None:
    assert _numbers(versions.addon_version("vpc-cni", minor)) >= (1, 22, 4)


@pytest.mark.parametrize("minor", versions.ADDONS)
def test_each_minor_has_a_node_image_and_autoscalers_that_know_it(minor: str) -> None:
    assert re.fullmatch(
        rf"{re.escape(minor)}\.\d+-{versions.AL2023_RELEASE_DATE}", versions.AL2023_RELEASE_VERSION[minor]
    )
    assert re.fullmatch(rf"v{re.escape(minor)}\.\d+", versions.CLUSTER_AUTOSCALER_IMAGE[minor])
    assert _numbers(versions.KARPENTER.version) >= _numbers(versions.KARPENTER_MINIMUM[minor])


def test_an_addon_without_a_pin_is_an_error() -> None:
    with pytest.raises(KeyError):
        versions.addon_version("aws-efs-csi-driver", versions.DEFAULT_KUBERNETES)


def test_node_images_are_pinned_the_same_for_managed_nodes_and_karpenter() -> None:
    assert re.fullmatch(r"bottlerocket@v\d+\.\d+\.\d+", versions.BOTTLEROCKET_ALIAS)
    assert re.fullmatch(r"al2023@v20\d{6}", versions.AL2023_ALIAS)
    assert re.fullmatch(
        versions.BOTTLEROCKET_ALIAS.removeprefix("bottlerocket@v") + "-[0-9a-f]{8}",
        versions.BOTTLEROCKET_RELEASE_VERSION,
    )


# --- Charts -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_a_chart_is_named_as_helm_wants_it(chart: Chart) -> None:
    if chart.repository.startswith("oci://"):
        assert (chart.reference, chart.index) == (f"{chart.repository}/{chart.name}", None)
    else:
        assert (chart.reference, chart.index) == (chart.name, chart.repository)


def test_a_chart_at_another_version_is_the_same_chart() -> None:
    other = versions.KARPENTER.at("1.13.0")
    assert (other.version, other.app_version) == ("1.13.0", "1.13.0")
    assert (other.name, other.repository) == (versions.KARPENTER.name, versions.KARPENTER.repository)


def test_custom_resource_definitions_move_with_their_controller() -> None:
    assert versions.KARPENTER_CRD.version == versions.KARPENTER.version
    assert all(f"/v{versions.TRAEFIK.version}/" in url for url in versions.TRAEFIK_CRDS)


@pytest.mark.parametrize(
    ("chart", "fixed"),
    [
        # CVE-2026-113708, -113709, -77459: https://github.com/argoproj/argo-cd/security/advisories
        (versions.ARGO_CD, (3, 4, 10)),
        # CVE-2026-85594 and four more: https://github.com/traefik/traefik/releases/tag/v3.7.13
        (versions.TRAEFIK, (3, 7, 13)),
        # CVE-2026-111943: https://github.com/cert-manager/cert-manager/releases/tag/v1.21.3
        (versions.CERT_MANAGER, (1, 21, 3)),
    ],
    ids=lambda value: value.name if isinstance(value, Chart) else "",
)
def test_what_runs_has_the_fixes_of_known_vulnerabilities(chart: Chart, fixed: tuple[int, ...]) -> None:
    assert _numbers(chart.app_version) >= fixed
    assert chart.tag is None or chart.tag.partition("@")[0] == chart.app_version


@pytest.mark.parametrize("chart", [chart for chart in CHARTS if chart.chart_app_version], ids=lambda chart: chart.name)
def test_a_newer_image_is_of_the_charts_own_minor(chart: Chart) -> None:
    # The chart's definitions and arguments are those of its minor.
    own = _numbers(str(chart.chart_app_version))
    assert _numbers(chart.app_version)[:2] == own[:2]
    assert _numbers(chart.app_version) > own


@pytest.mark.upstream
@pytest.mark.parametrize("chart", CHARTS, ids=lambda chart: chart.name)
def test_charts_are_the_ones_that_the_copies_of_upstream_have(chart: Chart) -> None:
    if chart.name in NO_COPY and not upstream.chart(chart.name).is_dir():
        pytest.skip(f"UPSTREAM_CHARTS has no {chart.name}: run `make upstream`")
    assert upstream.chart(chart.name).is_dir(), f"UPSTREAM_CHARTS has no {chart.name}: run `make upstream`"
    text = upstream.chart(chart.name, "Chart.yaml").read_text(encoding="utf-8")
    fields = dict(re.findall(r'^(name|version|appVersion): "?([^"\n]+)"?$', text, re.MULTILINE))
    assert fields == {
        "name": chart.name,
        "version": chart.version,
        "appVersion": chart.chart_app_version or chart.app_version,
    }


@pytest.mark.upstream
def test_no_traefik_definition_is_missing() -> None:
    files = {file.name for file in upstream.facts("crds", "traefik").iterdir()}
    assert {url.rpartition("/")[2] for url in versions.TRAEFIK_CRDS} == files


# --- Pages --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pin",
    [
        "KUBERNETES",
        "ADDONS",
        "BOTTLEROCKET_VERSION",
        "BOTTLEROCKET_RELEASE_VERSION",
        "AL2023_RELEASE_DATE",
        "BOTTLEROCKET_ALIAS",
        "TRAEFIK_CRDS",
        "GATEWAY_API_VERSION",
        "GATEWAY_API_CRDS",
        "KARPENTER_MINIMUM",
        "CLUSTER_AUTOSCALER_IMAGE",
        "FLUENT_BIT_IMAGE",
        "ALB_TLS_POLICY",
        *(name for name, pin in vars(versions).items() if isinstance(pin, Chart)),
    ],
)
def test_each_pin_stands_below_the_page_that_says_so(pin: str) -> None:
    source = Path(versions.__file__).read_text(encoding="utf-8")
    above = re.search(rf"((?:^#.*\n)+)^{pin}: Final", source, re.MULTILINE)
    assert above, f"no comment above {pin}"
    assert "https://" in above[1]
