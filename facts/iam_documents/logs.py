"""What writes to a CloudWatch log group."""

from .document import PolicyDocument, allow, document


def log_group_writer(log_group_arn: str, sid: str = "WriteLogs") -> PolicyDocument:
    """Let something write to one log group, which exists already: the right to create groups is left out.

    Takes the group's ARN with or without the `:*` that some APIs end it with; streams match only with it.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    group = log_group_arn.removesuffix(":*")
    return document(
        allow(sid, ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [group, f"{group}:*"])
    )
