"""Flow logs of a VPC in CloudWatch, and the role that writes them."""

import json

import pulumi
from pulumi_aws import cloudwatch, ec2, iam

from components.common.where import Where
from facts import iam_documents
from settings import FlowLogs


def flow_logs(
    name: str,
    settings: FlowLogs,
    where: Where,
    *,
    vpc_id: pulumi.Input[str],
    logs_key: str | None,
    parent: pulumi.Resource,
) -> None:
    """Declare the flow log of a VPC with its log group and role.

    logs_key: ARN of the KMS key of the log group; None: CloudWatch's own key.
    """
    opts = pulumi.ResourceOptions(parent=parent)
    log_group = cloudwatch.LogGroup(
        f"{name}-flow-logs",
        name=f"/aws/vpc/{name}/flow-logs",
        retention_in_days=settings.retention_days,
        kms_key_id=logs_key,
        opts=opts,
    )
    role = iam.Role(
        f"{name}-flow-logs",
        assume_role_policy=json.dumps(iam_documents.trust_vpc_flow_logs(where.account_id, where.region)),
        opts=opts,
    )
    policy = iam.RolePolicy(
        f"{name}-flow-logs",
        role=role.id,
        policy=pulumi.Output.json_dumps(log_group.arn.apply(iam_documents.vpc_flow_logs)),
        opts=opts,
    )
    ec2.FlowLog(
        f"{name}-flow-logs",
        vpc_id=vpc_id,
        traffic_type="ALL",
        log_destination=log_group.arn,
        iam_role_arn=role.arn,
        tags={"Name": f"{name}-flow-logs"},
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[policy]),
    )
