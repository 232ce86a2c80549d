"""Helm releases: a pinned chart, from its publisher or from a registry of the company's own."""

from typing import Final

import pulumi
import pytest
from pulumi_aws import cloudwatch
from pydantic import SecretStr

from components.common.chart import file, image, release
from components.common.pod_namespace import PodNamespace
from harness.plan import Registration
from harness.properties import Secret
from settings import Charts
from tests.components.given import PUBLISHERS
from tests.components.recording import needs, recorded
from versions import Chart

INDEXED = Chart("traefik", "https://charts.example.com", "1.2.3", "v4.5.6")
PUSHED = Chart("karpenter", "oci://public.example.com/charts", "1.2.3", "1.2.3")
SYSTEM: Final = PodNamespace("system", [])


def _release(
    chart: Chart,
    charts: Charts = PUBLISHERS,
    *,
    skip_crds: bool = False,
    unknown: bool = False,
) -> Registration:
    plan = recorded(
        lambda opts: release("test", chart, opts, namespace=SYSTEM, values={}, charts=charts, skip_crds=skip_crds),
        unknown=unknown,
    )
    # Not helm.v4.Chart, which no first preview survives (pulumi-kubernetes #3027).
    return plan.one(type="kubernetes:helm.sh/v3:Release", name="test")


def test_a_release_is_pinned_and_has_the_charts_own_name() -> None:
    inputs = _release(INDEXED).inputs
    assert (inputs["name"], inputs["chart"], inputs["version"]) == ("traefik", "traefik", "1.2.3")
    assert inputs["namespace"] == "system"


@pytest.mark.parametrize(
    ("chart", "charts", "reference", "repository"),
    [
        (INDEXED, PUBLISHERS, "traefik", {"repo": "https://charts.example.com"}),
        (PUSHED, PUBLISHERS, "oci://public.example.com/charts/karpenter", None),
        (INDEXED, Charts(registry="oci://own.example.jp/charts"), "oci://own.example.jp/charts/traefik", None),
        (PUSHED, Charts(registry="https://own.example.jp"), "karpenter", {"repo": "https://own.example.jp"}),
    ],
    ids=["from an index", "from a registry", "own registry instead of an index", "own index instead of a registry"],
)
def test_a_chart_comes_from_its_publisher_or_from_the_companys_own(
    chart: Chart, charts: Charts, reference: str, repository: dict[str, str] | None
) -> None:
    inputs = _release(chart, charts).inputs
    assert inputs["chart"] == reference
    assert inputs.get("repositoryOpts") == repository
    assert inputs["version"] == chart.version


@pytest.mark.parametrize("charts", [Charts(images="own.example.jp/mirror"), Charts(files="https://own.example.jp")])
def test_other_mirrors_leave_a_chart_where_it_is(charts: Charts) -> None:
    assert _release(PUSHED, charts).inputs["chart"] == "oci://public.example.com/charts/karpenter"


@pytest.mark.parametrize("charts", [PUBLISHERS, Charts(registry="oci://own.example.jp/charts")])
def test_images_and_files_come_from_their_publisher_by_themselves(charts: Charts) -> None:
    assert image("public.ecr.aws/karpenter/controller", charts) == "public.ecr.aws/karpenter/controller"
    assert file("https://files.example.com/a.yaml", charts) == "https://files.example.com/a.yaml"


def test_a_mirror_has_each_image_and_file_by_its_whole_name() -> None:
    charts = Charts(images="own.example.jp/mirror", files="https://files.example.jp/mirror")
    assert image("quay.io/argoproj/argocd", charts) == "own.example.jp/mirror/quay.io/argoproj/argocd"
    found = file("https://files.example.com/v1/a.yaml", charts)
    assert found == "https://files.example.jp/mirror/files.example.com/v1/a.yaml"


@pytest.mark.parametrize("registry", ["oci://own.example.jp/charts", "https://own.example.jp"])
def test_a_password_is_secret(registry: str, unknown: bool) -> None:
    charts = Charts(registry=registry, username="reader", password=SecretStr("hunter2"))
    options = _release(INDEXED, charts, unknown=unknown).inputs["repositoryOpts"]
    # A secret inside of an object makes the whole object one, or only itself, as the SDK decides.
    revealed = options.value if isinstance(options, Secret) else options
    assert revealed["username"] == "reader"
    assert isinstance(options, Secret) or options["password"] == Secret("hunter2")
    assert "hunter2" not in repr(options)


def test_without_a_login_there_is_none() -> None:
    charts = Charts(registry="https://own.example.jp")
    assert set(_release(INDEXED, charts).inputs["repositoryOpts"]) == {"repo"}


def test_a_failed_first_installation_is_taken_back() -> None:
    inputs = _release(INDEXED).inputs
    # What Helm leaves behind otherwise blocks its name for the next `pulumi up`.
    assert inputs["atomic"] is True
    assert inputs["timeout"] == 600
    assert "skipAwait" not in inputs


def test_old_revisions_do_not_fill_the_clusters_store() -> None:
    # Helm keeps every one where nothing, or 0, is said: half a megabyte for each upgrade of Argo CD.
    assert 2 <= _release(INDEXED).inputs["maxHistory"] <= 10


@pytest.mark.parametrize("skip_crds", [True, False])
def test_the_charts_own_definitions_are_installed_unless_another_step_has_them(skip_crds: bool) -> None:
    assert _release(INDEXED, skip_crds=skip_crds).inputs["skipCrds"] is skip_crds


def test_it_waits_for_what_its_values_carry(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        group = cloudwatch.LogGroup("group", name="/test", opts=opts)
        values = {"plain": 1, "deep": [{"group": group.name}]}
        release("test", INDEXED, opts, namespace=SYSTEM, values=values, charts=PUBLISHERS)

    plan = recorded(declare, unknown=unknown)
    entry = plan.one(name="test")
    assert entry.inputs["values"] == {"plain": 1, "deep": [{"group": "/test"}]}
    assert needs(plan, entry, "values") == {"LogGroup group"}


def test_it_waits_for_what_runs_the_pods_of_its_namespace(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        nodes = cloudwatch.LogGroup("nodes", opts=opts)
        release("test", INDEXED, opts, namespace=PodNamespace("system", [nodes]), values={}, charts=PUBLISHERS)

    plan = recorded(declare, unknown=unknown)
    entry = plan.one(name="test")
    assert entry.inputs["namespace"] == "system"
    assert needs(plan, entry) == {"LogGroup nodes"}


def test_values_of_the_stack_file_are_merged_over_ours() -> None:
    charts = Charts(values={"traefik": {"log": {"level": "DEBUG"}}, "karpenter": {"replicas": 3}})
    ours = {"log": {"format": "json"}, "replicas": 2}

    def declare(opts: pulumi.ResourceOptions) -> None:
        release("ours", INDEXED, opts, namespace=SYSTEM, values=ours, charts=charts)
        release("other", INDEXED, opts, namespace=SYSTEM, values=ours, charts=charts, release_name="a-teams")

    plan = recorded(declare)
    assert plan.one(name="ours").inputs["values"] == {"log": {"format": "json", "level": "DEBUG"}, "replicas": 2}
    # A chart of a team has values of its own, whatever it is called.
    assert plan.one(name="other").inputs["values"] == ours
    assert ours == {"log": {"format": "json"}, "replicas": 2}
