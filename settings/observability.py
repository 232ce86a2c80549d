"""Settings of logs, metrics, Kubernetes events and alarms in CloudWatch."""

from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import (
    Email,
    GrafanaVersion,
    IdentityCenterGroup,
    KeyArn,
    Label,
    Principal,
    Retention,
    Secret,
    WorkspaceArn,
)
from versions import GRAFANA_VERSION

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Thresholds(Settings):
    """The threshold of each alarm."""

    load_balancer_errors: Count = Field(20, description="Number of 5xx responses of the ALB itself in 5 minutes.")
    target_errors: Count = Field(50, description="Number of 5xx responses of the ALB's targets in 5 minutes.")
    unhealthy_targets: Count = Field(1, description="Number of targets that fail the ALB's health check for 5 minutes.")
    failed_nodes: Count = Field(1, description="Number of nodes that are not ready, or under pressure, for 15 minutes.")
    container_restarts: Count = Field(
        10,
        description="Number of container restarts in 15 minutes. On Fargate, the number of warnings about containers "
        "that back off.",
    )
    unschedulable_pods: Count = Field(1, description="Number of pods that cannot be scheduled for 15 minutes.")
    provisioning_failures: Count = Field(
        3, description="Number of warnings of Karpenter or Fargate in 15 minutes that a pod receives no compute."
    )
    # The queue forgets after 300.
    interruption_age: Annotated[int, Field(ge=10, le=240)] = Field(
        120, description="Age of the oldest interruption message that Karpenter has not read, in seconds."
    )
    nat_port_errors: Count = Field(
        1, description="Number of connections in 5 minutes for which a NAT gateway had no free port."
    )


class Alarms(Settings):
    """CloudWatch alarms and their recipients."""

    emails: dict[Label, Email] = Field(
        {},
        description="E-mail addresses that receive the alarms, by a name of your choice. Each address receives a "
        "message with a link to confirm the subscription.",
    )
    webhooks: dict[Label, Secret] = Field(
        {},
        description="HTTPS endpoints that receive the alarms, by a name of your choice. They must confirm the "
        "subscription themselves. Must be encrypted: `pulumi config set --secret --path "
        "'observability.alarms.webhooks.<name>'`.",
    )
    thresholds: Thresholds = Field(default_factory=Thresholds)


class Prometheus(Settings):
    """Amazon Managed Service for Prometheus, with a collector that AWS runs outside of the cluster.

    It reads the API server, the kubelets with their containers, and pods with the annotation `prometheus.io/scrape`.
    """

    workspace: WorkspaceArn | None = Field(
        None,
        description="ARN of an existing workspace of the region, which may receive the metrics of several clusters. If "
        "absent, the stack has a workspace of its own, which is deleted with it.",
    )
    key: KeyArn | None = Field(
        None,
        description="ARN of the KMS key of the stack's own workspace. If absent, AWS's own key is used. Another key "
        "means another, empty workspace.",
    )
    interval_seconds: Annotated[int, Field(ge=15, le=300)] = Field(
        60, description="Time between two readings of the same metric."
    )


class Grafana(Settings):
    """Amazon Managed Grafana: a workspace where people log in at IAM Identity Center.

    Its role reads CloudWatch, Managed Prometheus and X-Ray of the account. The data sources and dashboards in the
    workspace are yours to create.
    """

    version: GrafanaVersion = Field(
        GRAFANA_VERSION,
        description="Version of Grafana. A newer one updates the workspace, and AWS refuses an older one afterwards.",
    )
    admins: list[IdentityCenterGroup] = Field(
        min_length=1, description="Ids of the groups of IAM Identity Center that administer the workspace."
    )
    editors: list[IdentityCenterGroup] = Field([], description="Ids of the groups that may change dashboards.")
    viewers: list[IdentityCenterGroup] = Field([], description="Ids of the groups that may only look at dashboards.")
    roles: dict[Label, Principal] = Field(
        {},
        description="ARNs of roles of other accounts that the workspace may assume to read metrics there, by a name of "
        "your choice, such as the output `metricsReaderRoleArn` of other stacks.",
    )


class Observability(Settings):
    """Container logs, metrics of EC2 nodes and Kubernetes Warning events in CloudWatch."""

    retention_days: Retention = Field(30, description="Number of days that CloudWatch keeps logs and events.")
    prometheus: Prometheus | None = Field(
        None,
        description="Metrics in Amazon Managed Service for Prometheus, in addition to those in CloudWatch. If absent, "
        "the stack has no collector.",
    )
    grafana: Grafana | None = Field(
        None, description="A workspace of Amazon Managed Grafana. If absent, the stack has no workspace."
    )
    metrics_reader: Principal | None = Field(
        None,
        description="ARN of an IAM role, which may be of another account, that may assume a role of this stack to read "
        "the metrics, traces and logs of the whole account, such as the output "
        "`grafanaRoleArn` of another stack. If absent, the stack has no such role.",
    )
    alarms: Alarms | None = Field(None, description="CloudWatch alarms. If absent, no alarms are created.")
