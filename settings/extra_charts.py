"""Settings of Helm charts that a team adds without code."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from settings.base import Settings
from settings.values import (
    ApiResource,
    ChartReference,
    ChartRegistry,
    ExactVersion,
    IamAction,
    Namespace,
    PodSecurity,
    PolicyArn,
    PolicyResource,
    Secret,
    ServiceAccountName,
    StatementId,
    ValuesPath,
)


class PolicyStatement(Settings):
    """One statement of an IAM policy, which allows."""

    sid: StatementId = Field(description="Name of the statement.")
    actions: list[IamAction] = Field(
        min_length=1, description="What may be done; one that ends in `*` needs a `reason`."
    )
    resources: list[PolicyResource] = Field(min_length=1, description="To what: ARNs, or `*` with a `reason`.")
    conditions: dict[str, dict[str, list[str]]] = Field({}, description="Operator to condition key to its values.")
    reason: Annotated[str, Field(min_length=10, max_length=200)] | None = Field(
        None,
        description="Why the resources are `*` or all of a type, or an action ends in `*`: with it the policies let "
        "that pass.",
    )


class ChartRole(Settings):
    """The IAM role of a chart's pods, in the way that `cluster.identity` says."""

    service_account: ServiceAccountName = Field(description="The service account that the chart makes.")
    annotations: ValuesPath = Field(
        "serviceAccount.annotations",
        description="Where the chart's values take its annotations; only IRSA needs them.",
    )
    statements: list[PolicyStatement] = Field([], description="What the role may do.")
    managed_policies: list[PolicyArn] = Field([], max_length=8, description="Policies that exist already.")


class ExtraChart(Settings):
    """A Helm release, under the name that it has here."""

    repository: ChartRegistry = Field(description="Where its publisher has it.")
    chart: ChartReference | None = Field(None, description="The chart's name; absent: the release's.")
    version: ExactVersion = Field(description="Its version: no range.")
    namespace: Namespace | None = Field(
        None, description="Made for it unless it is one of the platform's; absent: the release's name."
    )
    pod_security: PodSecurity | None = Field(
        None,
        description="Pod Security Standard of the namespace made for it; absent: `restricted`. With `privileged` the "
        "policies let its pods use the host.",
    )
    operations_nodes: bool = Field(
        True, description="Whether `nodeSelector` and `tolerations` of `operationsPods` go to the top of its values."
    )
    role: ChartRole | None = Field(None, description="IAM role of its pods; absent: none.")
    values: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})] = Field(
        {}, description="Its values, as the chart's `values.yaml` has them."
    )
    team_resources: list[ApiResource] = Field(
        [], description="Kinds of the chart that editors of namespaces may change, and viewers read."
    )
    secret_values: dict[ValuesPath, Secret] = Field({}, description="More values, encrypted, by their dotted path.")

    def chart_name(self, release: str) -> str:
        """Return the chart's name, given the release's."""
        return self.chart or release

    def namespace_name(self, release: str) -> str:
        """Return the namespace's name, given the release's."""
        return self.namespace or release


def namespaces_of(charts: Mapping[str, ExtraChart] | None) -> tuple[str, ...]:
    """Return the namespaces that charts by their releases' names are in, each once."""
    return tuple(dict.fromkeys(chart.namespace_name(name) for name, chart in (charts or {}).items()))
