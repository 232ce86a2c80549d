"""What VPC flow logs write with."""

from .document import PolicyDocument
from .logs import log_group_writer


def vpc_flow_logs(log_group_arn: str) -> PolicyDocument:
    """Let flow logs write to one log group.

    https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html
    """
    return log_group_writer(log_group_arn, "WriteFlowLogs")
