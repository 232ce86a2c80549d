"""Helm releases: one way to install a pinned chart."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgsDict

from components.common.pod_namespace import PodNamespace
from facts.chart_values import merged
from settings import Charts
from versions import Chart

MAX_HISTORY: Final = 5
"""Revisions of a release that Helm keeps, the installed one included."""


def image(repository: str, charts: Charts) -> str:
    """Return where the image `repository` ("public.ecr.aws/karpenter/controller") comes from.

    repository: its whole name at the publisher's, registry included ("docker.io/library/traefik"); with a tag and a
    digest, the answer has them too. charts: where images come from. With `images` "registry.example.jp/mirror" it is
    "registry.example.jp/mirror/public.ecr.aws/karpenter/controller": with the whole name below it, images of different
    registries never meet, and a pull-through cache has one rule for each registry, under that registry's name.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html

    For every chart that pulls images, a component gives the result to the chart's values, whether it is mirrored or
    not: so a changed default of the chart cannot slip past the mirror. Images of EKS add-ons come from EKS's own
    registry in the region and need none of this.
    """
    return f"{charts.images}/{repository}" if charts.images else repository


def file(url: str, charts: Charts) -> str:
    """Return the URL that the file at `url` ("https://raw.githubusercontent.com/...") comes from.

    charts: where charts and images come from. With `files` "https://files.example.jp/mirror" the answer is
    "https://files.example.jp/mirror/raw.githubusercontent.com/...". It is for what the machine that runs `pulumi up`
    fetches, such as custom resource definitions.
    """
    return f"{charts.files}/{url.removeprefix('https://')}" if charts.files else url


def release(
    name: str,
    chart: Chart,
    opts: pulumi.ResourceOptions,
    *,
    namespace: PodNamespace,
    values: dict[str, Any],
    charts: Charts,
    skip_crds: bool = False,
    release_name: str | None = None,
) -> Release:
    """Declare the Helm release of a pinned chart, under the chart's own name unless `release_name` is another.

    It waits for what runs the pods of its namespace: Helm waits for the pods, and takes back a release whose pods are
    still pending after ten minutes. charts: where charts and images come from.

    A `Release` and not `helm.v4.Chart`, which cannot be previewed on a cluster that does not exist yet
    (pulumi-kubernetes #3027), and which renders a chart's generated certificates anew each time.
    Where a value is None, the chart forgets its default. It is in a file of values too: that Pulumi hands over nulls
    in `values` is nowhere promised for Python (pulumi-kubernetes #4306, pulumi #12178).
    A failed first installation is taken back, so that the next `pulumi up` can try again under the same name.
    """
    # A chart under another name is not the platform's own, and has its values from its own section.
    if release_name is None:
        values = merged(values, charts.values.get(chart.name, {}))
    if charts.registry:
        chart = replace(chart, repository=charts.registry)
    forgotten = _nulls(values)
    repository: RepositoryOptsArgsDict = {}
    if chart.index:
        repository["repo"] = chart.index
    if charts.username and charts.password:
        repository["username"] = charts.username
        repository["password"] = pulumi.Output.secret(charts.password.get_secret_value())
    return Release(
        name,
        name=release_name or chart.name,
        chart=chart.reference,
        version=chart.version,
        namespace=namespace.ready,
        repository_opts=repository or None,
        values=values,
        value_yaml_files=[pulumi.StringAsset(json.dumps(forgotten))] if forgotten else None,
        skip_crds=skip_crds,
        atomic=True,
        timeout=600,
        # Each revision is a Secret with the whole chart in it (half a megabyte for Argo CD), and Helm keeps all of them
        # unless it is told otherwise. A rollback needs one. https://helm.sh/docs/helm/helm_upgrade/ (--history-max)
        max_history=MAX_HISTORY,
        opts=opts,
    )


def _nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return of values those that are None, with what is around them."""
    inner = {key: _nulls(value) for key, value in values.items() if isinstance(value, Mapping)}
    return {key: None for key, value in values.items() if value is None} | {key: it for key, it in inner.items() if it}
