"""Settings of where Helm charts, and what their pods need, come from."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, WithJsonSchema

import versions
from facts.capabilities import CAPABILITIES
from settings.base import Settings
from settings.values import ChartReference, ChartRegistry, FileMirror, ImageRegistry, Secret


class Charts(Settings):
    """Mirrors of the company's own that charts, images and files come from, instead of their publishers."""

    registry: ChartRegistry | None = Field(
        None,
        description="URL of a registry with each chart by the publisher's name and version; absent: the publishers'.",
    )
    username: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        None, description="Who logs in; absent: nobody."
    )
    password: Secret | None = Field(
        None, description="Encrypted: `pulumi config set --secret --path 'charts.password'`."
    )

    images: ImageRegistry | None = Field(
        None,
        description="Registry and path with each image by its whole name, the publisher's registry included; not for "
        "extraCharts, whose values name their images.",
    )
    files: FileMirror | None = Field(
        None,
        description="URL below which each file that `pulumi up` fetches has its own URL without `https://`.",
    )

    values: dict[ChartReference, Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]] = Field(
        {},
        description="Values for the platform's own charts, by the chart's name such as traefik. They are merged over "
        "those of the platform: objects key by key, anything else is replaced. Not for secrets.",
    )


OPTIONAL_CHARTS: Final[Mapping[str, versions.Chart]] = {
    "argo_cd": versions.ARGO_CD,
    **{it.section: it.chart for it in CAPABILITIES},
}
"""Section to the chart that is installed where the section is; Karpenter's version is a setting of its own."""


def charts_of(sections: Mapping[str, Any]) -> frozenset[str]:
    """Return the names of the charts that the platform installs in a stack with these sections."""
    always = [versions.AWS_LOAD_BALANCER_CONTROLLER, versions.TRAEFIK]
    karpenter = [versions.KARPENTER, versions.KARPENTER_CRD] if sections.get("karpenter") else []
    optional = [chart for section, chart in OPTIONAL_CHARTS.items() if sections.get(section)]
    return frozenset(chart.name for chart in (*always, *karpenter, *optional))
