"""Settings of logs, metrics, Kubernetes events and alarms in CloudWatch."""

from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import Email, Label, Retention, Secret

Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Thresholds(Settings):
    """From which value on each alarm rings."""

    load_balancer_errors: Count = Field(20, description="5xx answers of the ALB itself in 5 minutes.")
    target_errors: Count = Field(50, description="5xx answers from behind the ALB in 5 minutes.")
    unhealthy_targets: Count = Field(1, description="Targets that fail the ALB's health check for 5 minutes.")
    failed_nodes: Count = Field(1, description="Nodes that are not ready, or under pressure, for 15 minutes.")
    container_restarts: Count = Field(
        10, description="Restarts of containers in 15 minutes; on Fargate, warnings that one backs off."
    )
    unschedulable_pods: Count = Field(1, description="Pods that no node takes for 15 minutes.")
    provisioning_failures: Count = Field(
        3, description="Warnings of Karpenter or Fargate in 15 minutes that a pod gets no compute."
    )
    # The queue forgets after 300.
    interruption_age: Annotated[int, Field(ge=10, le=240)] = Field(
        120, description="Age in seconds of the oldest message that Karpenter has not read about an interruption."
    )
    nat_port_errors: Count = Field(1, description="Connections in 5 minutes for which a NAT gateway had no port.")


class Alarms(Settings):
    """CloudWatch alarms, and who hears of them."""

    emails: dict[Label, Email] = Field(
        {}, description="Addresses by a name of yours; each gets a message with a link to confirm."
    )
    webhooks: dict[Label, Secret] = Field(
        {},
        description="HTTPS endpoints that confirm by themselves, by a name of yours; encrypted: "
        "`pulumi config set --secret --path 'observability.alarms.webhooks.<name>'`.",
    )
    thresholds: Thresholds = Field(default_factory=Thresholds)


class Observability(Settings):
    """Logs of containers, metrics (of EC2 nodes) and Warning events of Kubernetes in CloudWatch."""

    retention_days: Retention = Field(30, description="How long CloudWatch keeps logs and events.")
    alarms: Alarms | None = Field(None, description="Absent: no alarms.")
