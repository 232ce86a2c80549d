"""Settings of the registry that Helm charts come from."""

from typing import Annotated, Any

import pulumi
from pydantic import Field, StringConstraints

from settings.base import Settings, plain
from settings.values import ChartRegistry, Secret


class Charts(Settings):
    """A registry of the company's own that Helm charts come from, instead of their publishers'."""

    registry: ChartRegistry | None = Field(
        None, description="Its URL; it has each chart under the publisher's name and version. Absent: the publishers'."
    )
    username: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = Field(
        None, description="Who logs in; absent: nobody."
    )
    password: Secret | None = Field(
        None, description="Encrypted: `pulumi config set --secret --path 'charts.password'`."
    )

    def source(self) -> Any:
        """Return where charts come from, as the components that install some take it; None: from their publishers."""
        login = {"password": pulumi.Output.secret(self.password.get_secret_value())} if self.password else {}
        return {**plain(self, "password"), **login} if self.registry else None
