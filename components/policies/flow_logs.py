"""What VPC flow logs write with."""

from .document import PolicyDocument, allow, document


def vpc_flow_logs(log_group_arn: str) -> PolicyDocument:
    """Let flow logs write to one log group, which exists already: the right to create groups is left out.

    Takes the group's ARN with or without the `:*` that some APIs end it with; streams match only with it.
    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    group = log_group_arn.removesuffix(":*")
    return document(
        allow(
            "WriteFlowLogs",
            ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
            [group, f"{group}:*"],
        )
    )
