"""Helm releases of pinned charts."""

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
    """Return the name under which the image `repository` ("public.ecr.aws/karpenter/controller") is pulled.

    repository: its full name in the publisher's registry ("docker.io/library/traefik"); a tag and a digest are kept.
    charts: with `images` "registry.example.jp/mirror" the result is
    "registry.example.jp/mirror/public.ecr.aws/karpenter/controller". It keeps the full name, so that images of
    different registries cannot collide and a pull-through cache needs one rule for each registry.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html

    Components pass the result to the values of every chart that pulls images, with a mirror or without, so that a
    changed default of the chart cannot bypass the mirror. Images of EKS add-ons are in EKS's own registry in the
    region and do not need it.
    """
    return f"{charts.images}/{repository}" if charts.images else repository


def file(url: str, charts: Charts) -> str:
    """Return the URL from which the file at `url` ("https://raw.githubusercontent.com/...") is fetched.

    charts: with `files` "https://files.example.jp/mirror" the result is
    "https://files.example.jp/mirror/raw.githubusercontent.com/...". It is for files that the machine running
    `pulumi up` fetches, such as custom resource definitions.
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

    It is created after the nodes or the Fargate profile for the pods of its namespace: Helm waits for the pods, and
    rolls back a release whose pods are still pending after ten minutes. charts: registries of charts and images.

    A `Release` and not `helm.v4.Chart`, which cannot be previewed on a cluster that does not exist yet
    (pulumi-kubernetes #3027), and which generates a chart's certificates again each time.
    A value of None removes the chart's default. It is in a file of values too, because nothing guarantees that Pulumi
    passes nulls in `values` to the provider from Python (pulumi-kubernetes #4306, pulumi #12178).
    A failed first installation is rolled back, so that the next `pulumi up` can try again under the same name.
    """
    # A chart under another release name was added by a team; its values are in its own section.
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
        # Each revision is a Secret that contains the whole chart (half a megabyte for Argo CD), and by default Helm
        # keeps all of them. A rollback needs one. https://helm.sh/docs/helm/helm_upgrade/ (--history-max)
        max_history=MAX_HISTORY,
        opts=opts,
    )


def _nulls(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are None, with the objects that contain them."""
    inner = {key: _nulls(value) for key, value in values.items() if isinstance(value, Mapping)}
    return {key: None for key, value in values.items() if value is None} | {key: it for key, it in inner.items() if it}
