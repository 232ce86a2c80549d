"""A role by which the Grafana of another account reads the metrics of this one."""

import json

import pulumi
from pulumi_aws import iam

from components.common.on_cluster import OnCluster
from facts import iam_documents


class MetricsReader(pulumi.ComponentResource):
    """The role, which one other role may assume."""

    role_arn: pulumi.Output[str]

    def __init__(
        self, name: str, cluster: OnCluster, *, principal: str, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the role. principal: the ARN of the role that may assume it. cluster: whose account it reads."""
        super().__init__("eks-platform:index:MetricsReader", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-reader", assume_role_policy=json.dumps(iam_documents.trust_role(principal)), opts=child
        )
        iam.RolePolicy(
            f"{name}-reader",
            role=role.id,
            policy=json.dumps(iam_documents.metrics_reader(cluster.account_id, cluster.region)),
            opts=child,
        )
        self.role_arn = role.arn
        self.register_outputs({"role_arn": self.role_arn})
