"""Settings of Helm charts that a team adds without code."""

from collections.abc import Mapping
from enum import StrEnum
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
    ReleaseName,
    Secret,
    ServiceAccountName,
    StatementId,
    ValuesPath,
)


class NarrowStatement(Settings):
    """One statement of an IAM policy, without wildcards for all actions or resources. Its effect is Allow."""

    sid: StatementId = Field(description="ID of the statement.")
    actions: list[IamAction] = Field(min_length=1, description="IAM actions to allow, by their full names.")
    resources: list[PolicyResource] = Field(
        min_length=1,
        description="ARNs of the resources that the actions apply to. They may end with a prefix and `*`.",
    )
    conditions: dict[str, dict[str, list[str]]] = Field(
        {}, description="Conditions of the statement: operator to condition key to values."
    )


class PolicyStatement(NarrowStatement):
    """One statement of an IAM policy. Its effect is Allow."""

    actions: list[IamAction] = Field(
        min_length=1, description="IAM actions to allow. An action that ends in `*` requires a `reason`."
    )
    resources: list[PolicyResource] = Field(
        min_length=1, description="ARNs of the resources that the actions apply to, or `*`, which requires a `reason`."
    )
    reason: Annotated[str, Field(min_length=10, max_length=200)] | None = Field(
        None,
        description="Why the resources are `*` or all resources of a type, or why an action ends in `*`. With a "
        "reason, the policies accept the statement.",
    )


class ChartRole(Settings):
    """The IAM role of a chart's pods, assumed as `cluster.identity` specifies."""

    service_account: ServiceAccountName = Field(description="Name of the service account that the chart creates.")
    annotations: ValuesPath = Field(
        "serviceAccount.annotations",
        description="Path of the service account's annotations in the chart's values. Used only with IRSA.",
    )
    statements: list[PolicyStatement] = Field([], description="Policy statements of the role.")
    managed_policies: list[PolicyArn] = Field(
        [], max_length=8, description="ARNs of existing IAM policies to attach to the role."
    )


class StackValue(StrEnum):
    """What the stack knows of itself and a chart may ask for."""

    ACCOUNT_ID = "accountId"
    CLUSTER_NAME = "clusterName"
    REGION = "region"
    VPC_ID = "vpcId"


class ExtraChart(Settings):
    """A Helm release. Its key is the name of the release."""

    repository: ChartRegistry = Field(description="URL of the publisher's chart repository.")
    chart: ChartReference | None = Field(
        None, description="Name of the chart. If absent, the name of the release is used."
    )
    version: ExactVersion = Field(description="Exact version of the chart. Version ranges are not accepted.")
    namespace: Namespace | None = Field(
        None,
        description="Namespace of the release, which is created unless it is one of the platform's. If absent, the "
        "name of the release is used.",
    )
    pod_security: PodSecurity | None = Field(
        None,
        description="Pod Security Standard of the created namespace. If absent, `restricted` is used. With "
        "`privileged`, the policies allow its pods to use the host.",
    )
    operations_nodes: bool = Field(
        True,
        description="Whether to add `nodeSelector` and `tolerations` of `operationsPods` to the top level of the "
        "chart's values.",
    )
    role: ChartRole | None = Field(None, description="IAM role of the chart's pods. If absent, they have no role.")
    values: Annotated[dict[str, Any], WithJsonSchema({"type": "object"})] = Field(
        {}, description="Values of the chart, in the structure of its `values.yaml`."
    )
    team_resources: list[ApiResource] = Field(
        [], description="Kinds of the chart that editors of team namespaces may change and viewers may read."
    )
    secret_values: dict[ValuesPath, Secret] = Field(
        {}, description="Additional encrypted values of the chart, by dotted path."
    )
    stack_values: dict[ValuesPath, StackValue] = Field(
        {},
        description="Additional values of the chart that the stack knows, such as the ID of the VPC, by dotted path.",
    )
    after: list[ReleaseName] = Field(
        [],
        description="Releases of this section to install before this one, and to delete after it. Only such releases "
        "may share a namespace: the first one creates it.",
    )

    def chart_name(self, release: str) -> str:
        """Return the chart's name, given the release's."""
        return self.chart or release

    def namespace_name(self, release: str) -> str:
        """Return the namespace's name, given the release's."""
        return self.namespace or release


def namespaces_of(charts: Mapping[str, ExtraChart] | None) -> tuple[str, ...]:
    """Return the namespaces that charts by their releases' names are in, each once."""
    return tuple(dict.fromkeys(chart.namespace_name(name) for name, chart in (charts or {}).items()))


def in_order(charts: Mapping[str, ExtraChart]) -> list[str]:
    """Return the names of releases, each after those that it names in `after`, else in alphabetical order.

    Names of no release count for nothing. Raises ValueError where releases wait for each other.
    """
    found: list[str] = []
    while len(found) < len(charts):
        ready = [
            name
            for name in sorted(charts.keys() - set(found))
            if not (set(charts[name].after) & charts.keys()) - set(found)
        ]
        if not ready:
            raise ValueError(", ".join(sorted(charts.keys() - set(found))))
        found.append(ready[0])
    return found


def before(charts: Mapping[str, ExtraChart], release: str) -> set[str]:
    """Return the releases that are installed before one, directly or through others."""
    found: set[str] = set()
    waiting = [release]
    while waiting:
        new = set(charts[waiting.pop()].after) & charts.keys() - found
        found |= new
        waiting += new
    return found


def creator_of_namespace(charts: Mapping[str, ExtraChart], release: str) -> str:
    """Return which release creates the namespace of a release: the first one in it."""
    name = charts[release].namespace_name(release)
    sharing = [other for other in before(charts, release) if charts[other].namespace_name(other) == name]
    return min([release, *sharing], key=lambda it: (len(before(charts, it)), it))
