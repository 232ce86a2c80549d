"""Helm releases: one way to install a pinned chart."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgsDict

from facts.chart_values import merged
from versions import Chart

MAX_HISTORY: Final = 5
"""Revisions of a release that Helm keeps, the installed one included."""


class ChartSourceArgs(TypedDict):
    """What charts, and what their pods need, come from instead of their publishers."""

    registry: NotRequired[str]
    """URL of a chart registry, `oci://` or `https://`; it has each chart by the publisher's name and version."""
    username: NotRequired[str]
    """Who logs in; absent: nobody."""
    password: NotRequired[pulumi.Input[str]]
    """Their password, a secret."""
    images: NotRequired[str]
    """Registry and path that images come from, each below it by its whole name; see `image`."""
    files: NotRequired[str]
    """URL that files come from, each below it by its own URL without the scheme; see `file`."""
    values: NotRequired[dict[str, dict[str, Any]]]
    """Values of the stack file for the platform's own charts, by the chart's name."""


def image(repository: str, source: ChartSourceArgs | None) -> str:
    """Return where the image `repository` ("public.ecr.aws/karpenter/controller") comes from.

    repository: its whole name at the publisher's, registry included ("docker.io/library/traefik"); with a tag and a
    digest, the answer has them too. source: a component's `charts`. With `images` "registry.example.jp/mirror" it is
    "registry.example.jp/mirror/public.ecr.aws/karpenter/controller": with the whole name below it, images of different
    registries never meet, and a pull-through cache has one rule for each registry, under that registry's name.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html

    For every chart that pulls images, a component gives the result to the chart's values, whether it is mirrored or
    not: so a changed default of the chart cannot slip past the mirror. Images of EKS add-ons come from EKS's own
    registry in the region and need none of this.
    """
    return f"{source['images']}/{repository}" if source and "images" in source else repository


def file(url: str, source: ChartSourceArgs | None) -> str:
    """Return the URL that the file at `url` ("https://raw.githubusercontent.com/...") comes from.

    source: a component's `charts`. With `files` "https://files.example.jp/mirror" the answer is
    "https://files.example.jp/mirror/raw.githubusercontent.com/...". It is for what the machine that runs `pulumi up`
    fetches, such as custom resource definitions.
    """
    return f"{source['files']}/{url.removeprefix('https://')}" if source and "files" in source else url


def release(
    name: str,
    chart: Chart,
    opts: pulumi.ResourceOptions,
    *,
    namespace: pulumi.Input[str],
    values: dict[str, Any],
    source: ChartSourceArgs | None,
    skip_crds: bool = False,
    release_name: str | None = None,
) -> Release:
    """Declare the Helm release of a pinned chart, under the chart's own name unless `release_name` is another.

    A `Release` and not `helm.v4.Chart`, which cannot be previewed on a cluster that does not exist yet
    (pulumi-kubernetes #3027), and which renders a chart's generated certificates anew each time.
    Where a value is None, the chart forgets its default. It is in a file of values too: that Pulumi hands over nulls
    in `values` is nowhere promised for Python (pulumi-kubernetes #4306, pulumi #12178).
    A failed first installation is taken back, so that the next `pulumi up` can try again under the same name.
    """
    # A chart under another name is not the platform's own, and has its values from its own section.
    if source and "values" in source and release_name is None:
        values = merged(values, source["values"].get(chart.name, {}))
    if source and "registry" in source:
        chart = replace(chart, repository=source["registry"])
    forgotten = _nulls(values)
    repository: RepositoryOptsArgsDict = {}
    if chart.index:
        repository["repo"] = chart.index
    if source and "username" in source and "password" in source:
        repository["username"] = source["username"]
        repository["password"] = pulumi.Output.secret(source["password"])
    return Release(
        name,
        name=release_name or chart.name,
        chart=chart.reference,
        version=chart.version,
        namespace=namespace,
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
