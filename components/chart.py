"""Helm releases: one way to install a pinned chart."""

from dataclasses import replace
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.helm.v3 import Release, RepositoryOptsArgsDict

from versions import Chart


class ChartSourceArgs(TypedDict):
    """A registry that charts come from instead of their publishers'."""

    registry: str
    """Its URL, `oci://` or `https://`; it has each chart by the publisher's name and version."""
    username: NotRequired[str]
    """Who logs in; absent: nobody."""
    password: NotRequired[pulumi.Input[str]]
    """Their password, a secret."""


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
    A failed first installation is taken back, so that the next `pulumi up` can try again under the same name.
    """
    if source:
        chart = replace(chart, repository=source["registry"])
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
        skip_crds=skip_crds,
        atomic=True,
        timeout=600,
        opts=opts,
    )
