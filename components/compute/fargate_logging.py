"""Logs of Fargate pods: the configuration of the log router that Fargate itself runs."""

from typing import Final

import pulumi
from pulumi_aws import cloudwatch
from pulumi_kubernetes.core.v1 import ConfigMap

from components.common.pod_security import restricted_namespace
from components.common.where import Where
from settings import Observability

NAMESPACE: Final = "aws-observability"
"""Fargate looks nowhere else."""

LARGEST: Final = 5300
"""Characters of the configuration: https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html"""


class FargateLogging(pulumi.ComponentResource):
    """The log group, and the ConfigMap that Fargate reads when it starts a pod.

    Pods must depend on the configuration: what Fargate started before it is never logged. The pod execution role needs
    the right to write to the group.
    """

    log_group_arn: pulumi.Output[str]
    configuration: ConfigMap

    def __init__(
        self,
        name: str,
        settings: Observability,
        where: Where,
        *,
        kubernetes_version: str,
        logs_key: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the log group, the namespace and the configuration.

        kubernetes_version: the minor whose Pod Security Standard holds in the namespace. logs_key: ARN of a KMS key of
        the company's own for the log group; None: CloudWatch's.
        """
        super().__init__("eks-platform:index:FargateLogging", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        group = cloudwatch.LogGroup(
            f"{name}-pods",
            name=f"/aws/eks/{where.cluster_name}/fargate",
            retention_in_days=settings.retention_days,
            kms_key_id=logs_key,
            opts=child,
        )
        namespace = restricted_namespace(
            f"{name}-namespace", NAMESPACE, kubernetes_version, child, {"aws-observability": "enabled"}
        )
        self.configuration = ConfigMap(
            f"{name}-configuration",
            metadata={"name": "aws-logging", "namespace": namespace.metadata["name"]},
            data=group.name.apply(lambda log_group: fargate_log_router(where.region, log_group)),
            opts=child,
        )
        self.log_group_arn = group.arn
        self.register_outputs({"log_group_arn": self.log_group_arn})


def fargate_log_router(region: str, log_group: str) -> dict[str, str]:
    """Return what the ConfigMap `aws-logging` says: every pod's lines, with what Kubernetes knows of it, to one group.

    Fargate accepts the sections FILTER, OUTPUT and PARSER only, and a container runtime's line as it is in `log`.
    https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html
    """
    return {
        # The router's own log would be as long as that of a small pod.
        "flb_log_cw": "false",
        "filters.conf": _section("FILTER", Name="parser", Match="*", Key_Name="log", Parser="crio", Reserve_Data="On")
        + _section("FILTER", Name="kubernetes", Match="kube.*", Merge_Log="On", Keep_Log="Off", Buffer_Size="0"),
        "output.conf": _section(
            "OUTPUT",
            Name="cloudwatch_logs",
            Match="kube.*",
            region=region,
            log_group_name=log_group,
            log_stream_prefix="fargate-",
            auto_create_group="false",
        ),
        "parsers.conf": _section(
            "PARSER",
            Name="crio",
            Format="regex",
            Regex=r"^(?<time>[^ ]+) (?<stream>stdout|stderr) (?<logtag>[PF]) (?<log>.*)$",
            Time_Key="time",
            Time_Format="%Y-%m-%dT%H:%M:%S.%L%z",
        ),
    }


def _section(kind: str, **settings: str) -> str:
    return "\n".join([f"[{kind}]", *(f"    {key} {value}" for key, value in settings.items()), ""])
