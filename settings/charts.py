"""Settings of where Helm charts, and what their pods need, come from."""

from collections.abc import Mapping
from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints, WithJsonSchema

import versions
from facts.capabilities import CAPABILITIES
from settings.base import Settings
from settings.values import ChartReference, ChartRegistry, FileMirror, ImageRegistry, Secret


class Charts(Settings):
    """The company's own mirrors of charts, images and files, which replace the publishers' servers."""

    registry: ChartRegistry | None = Field(
        None,
        description="URL of a registry that has each chart with the publisher's name and version. If absent, charts "
        "are downloaded from their publishers.",
    )
    username: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        None, description="User name for the registry. If absent, the registry requires no login."
    )
    password: Secret | None = Field(
        None,
        description="Password for the registry. Must be encrypted: `pulumi config set --secret --path "
        "'charts.password'`.",
    )

    images: ImageRegistry | None = Field(
        None,
        description="Registry and path that have each image under its full name, including the publisher's registry. "
        "Does not apply to `extraCharts`, whose values set their images.",
    )
    files: FileMirror | None = Field(
        None,
        description="URL prefix of a mirror of the files that `pulumi up` downloads. The mirror has each file under "
        "its original URL without `https://`.",
    )

    values: dict[ChartReference, Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]] = Field(
        {},
        description="Helm values for the platform's own charts, by chart name such as traefik. They are merged into "
        "the platform's values: objects key by key, while all other values are replaced. Do not use them "
        "for secrets.",
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
