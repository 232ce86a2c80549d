"""Settings of where Helm charts, and what their pods need, come from."""

from typing import Annotated, Any

import pulumi
from pydantic import Field, StringConstraints

from settings.base import Settings, plain
from settings.values import ChartRegistry, FileMirror, ImageRegistry, Secret


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

    def source(self) -> Any:
        """Return where charts come from, as the components that install some take it; None: from their publishers."""
        login = {"password": pulumi.Output.secret(self.password.get_secret_value())} if self.password else {}
        return {**plain(self, "password"), **login} or None
