"""Any other Helm chart: its namespace, its IAM role and its release."""

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict

import pulumi

from components.common.chart import release
from components.common.identity import (
    ClusterIdentity,
    Irsa,
    PodIdentity,
    ServiceAccountName,
    role_annotations,
    workload_identity,
)
from components.common.placement import Placement, pod_placement
from components.common.pod_namespace import PodNamespace
from components.common.pod_security import secured_namespace
from facts import iam_documents
from facts.chart_values import with_value
from settings import Charts
from versions import Chart


class ChartRoleArgs(TypedDict):
    """The IAM role of a chart's pods."""

    service_account: str
    """The service account that the chart makes."""
    annotations: str
    """Dotted path at which the chart's values take the account's annotations."""
    statements: list[iam_documents.PolicyStatementArgs]
    """What the role may do."""
    managed_policies: list[str]
    """ARNs of policies that exist already."""


class ExtraChartArgs(TypedDict):
    """What an added chart is made from."""

    release: str
    """Name of the release."""
    repository: str
    """Its publisher's repository, `oci://` or `https://`."""
    chart: str
    """The chart's name."""
    version: str
    """Its exact version."""
    namespace_id: str
    """Where it is installed, as plain text, for the role's trust."""
    namespace: PodNamespace
    """The same, once what the chart may use is there: nodes, load balancer controller, Traefik."""
    pod_security: str | None
    """Pod Security Standard of the namespace that is made for it; None: the namespace is there already."""
    kubernetes_version: str
    """The minor whose standard holds in the namespace."""
    operations_nodes: bool
    """Whether `placement` goes to the top of its values."""
    placement: Placement
    """Where the platform's own pods run."""
    role: NotRequired[ChartRoleArgs]
    """The role of its pods; absent: none."""
    identity: ClusterIdentity
    """How the cluster gives roles to pods."""
    values: dict[str, Any]
    """Its values."""
    secret_values: dict[str, pulumi.Input[str]]
    """More values, secret, by their dotted path."""
    charts: Charts
    """A registry for charts; None: its publisher."""


class ExtraChart(pulumi.ComponentResource):
    """A chart that this program knows nothing about.

    What uses kinds that the chart defines must depend on this: finalizers clear only while its controller lives.
    """

    def __init__(self, name: str, args: ExtraChartArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace, the role and the release."""
        super().__init__("eks-platform:index:ExtraChart", name, {}, opts)
        needed: list[pulumi.Resource] = []
        if args["pod_security"]:
            needed.append(
                secured_namespace(
                    f"{name}-namespace",
                    args["namespace"].ready,
                    args["kubernetes_version"],
                    pulumi.ResourceOptions(parent=self),
                    standard=args["pod_security"],
                )
            )
        identity = self._identity(name, args["role"], args) if "role" in args else None
        if identity:
            needed.append(identity)
        release(
            f"{name}-release",
            Chart(args["chart"], args["repository"], args["version"], args["version"]),
            pulumi.ResourceOptions(parent=self, depends_on=needed),
            release_name=args["release"],
            namespace=args["namespace"],
            charts=args["charts"],
            values=extra_chart_values(args, role_annotations(identity) if identity else {}),
        )
        self.register_outputs({})

    def _identity(self, name: str, role: ChartRoleArgs, args: ExtraChartArgs) -> Irsa | PodIdentity:
        policy = pulumi.Output.json_dumps(iam_documents.extra_chart(role["statements"]))
        return workload_identity(
            name,
            args["identity"],
            ServiceAccountName(args["namespace_id"], role["service_account"]),
            pulumi.ResourceOptions(parent=self),
            documents={"chart": policy} if role["statements"] else {},
            managed_policy_arns=role["managed_policies"],
        )


def extra_chart_values(args: ExtraChartArgs, annotations: Mapping[str, pulumi.Input[str]]) -> dict[str, Any]:
    """Return the chart's values: placement, then what the stack file says, which wins, then what only the stack knows.

    annotations: those of the service account.
    """
    values = {**(pod_placement(args["placement"]) if args["operations_nodes"] else {}), **args["values"]}
    for path, value in args["secret_values"].items():
        values = with_value(values, path, value)
    return with_value(values, args["role"]["annotations"], annotations) if "role" in args and annotations else values
