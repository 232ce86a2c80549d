"""What writes to a CloudWatch log group."""

from .document import PolicyDocument, allow, document


def log_group_writer(log_group_arn: str, sid: str = "WriteLogs") -> PolicyDocument:
    """Let something write to one log group, which exists already: the right to create groups is left out.

    log_group_arn: with or without the `:*` that some APIs append; only with it streams match.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    group = log_group_arn.removesuffix(":*")
    return document(
        allow(sid, ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], [group, f"{group}:*"])
    )
