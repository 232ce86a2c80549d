"""A Helm chart that a team adds: its namespace, its IAM role and its release."""

from collections.abc import Mapping
from typing import Any

import pulumi

from components.common.chart import release
from components.common.identity import Irsa, PodIdentity, ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import pod_placement
from components.common.pod_namespace import PodNamespace
from components.common.pod_security import secured_namespace
from facts import iam_documents
from facts.chart_values import with_value
from settings import ChartRole, PodSecurity, StackValue
from settings import ExtraChart as ExtraChartSettings
from versions import Chart


class ExtraChart(pulumi.ComponentResource):
    """A chart that a team adds in the stack file.

    What uses kinds that the chart defines must depend on this: finalizers are removed only while its controller runs.
    """

    def __init__(
        self,
        name: str,
        settings: ExtraChartSettings,
        cluster: OnCluster,
        *,
        release_name: str,
        namespace: PodNamespace,
        pod_security: PodSecurity | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace, the role and the release.

        namespace: where the chart is installed, with everything that its pods may need: nodes, load balancer
        controller, Traefik. pod_security: the standard of the namespace that is created for it; None: the namespace
        exists already.
        """
        super().__init__("eks-platform:index:ExtraChart", name, {}, opts)
        needed: list[pulumi.Resource] = []
        if pod_security:
            needed.append(
                secured_namespace(
                    f"{name}-namespace",
                    namespace.ready,
                    cluster.kubernetes_version,
                    pulumi.ResourceOptions(parent=self),
                    standard=pod_security.value,
                )
            )
        identity = self._identity(name, settings.role, cluster, namespace.name) if settings.role else None
        if identity:
            needed.append(identity)
        release(
            f"{name}-release",
            Chart(settings.chart_name(release_name), settings.repository, settings.version, settings.version),
            pulumi.ResourceOptions(parent=self, depends_on=needed),
            release_name=release_name,
            namespace=namespace,
            charts=cluster.charts,
            values=extra_chart_values(settings, cluster, role_annotations(identity) if identity else {}),
        )
        self.register_outputs({})

    def _identity(self, name: str, role: ChartRole, cluster: OnCluster, namespace: str) -> Irsa | PodIdentity:
        policy = pulumi.Output.json_dumps(iam_documents.extra_chart(role.statements))
        return workload_identity(
            name,
            cluster.identity,
            ServiceAccountName(namespace, role.service_account),
            pulumi.ResourceOptions(parent=self),
            documents={"chart": policy} if role.statements else {},
            managed_policy_arns=role.managed_policies,
        )


def extra_chart_values(
    settings: ExtraChartSettings, cluster: OnCluster, annotations: Mapping[str, pulumi.Input[str]]
) -> dict[str, Any]:
    """Return the chart's values: placement, overridden by the stack file, with all that is added to them.

    annotations: those of the service account.
    """
    values = {**(pod_placement(cluster.placement) if settings.operations_nodes else {}), **settings.values}
    for path, value in settings.secret_values.items():
        values = with_value(values, path, pulumi.Output.secret(value.get_secret_value()))
    known = {
        StackValue.ACCOUNT_ID: cluster.account_id,
        StackValue.CLUSTER_NAME: cluster.cluster_id,
        StackValue.REGION: cluster.region,
        StackValue.VPC_ID: cluster.vpc_id,
    }
    for path, name in settings.stack_values.items():
        values = with_value(values, path, known[name])
    return with_value(values, settings.role.annotations, annotations) if settings.role and annotations else values
