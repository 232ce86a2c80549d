"""Who reads metrics, logs and traces: Amazon Managed Grafana, in its own account or in others."""

from facts.partitions import partition_of

from .document import PolicyDocument, allow, document


def metrics_reader(account_id: str, region: str) -> PolicyDocument:
    """Let a role read CloudWatch, Managed Prometheus and X-Ray of one account.

    Metrics of CloudWatch and traces have no resources; queries of logs may start on every log group.
    https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-permissions.html
    https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonGrafanaCloudWatchAccess.html
    """
    partition = partition_of(region)
    workspaces = f"arn:{partition}:aps:*:{account_id}:workspace/*"
    logs = f"arn:{partition}:logs:*:{account_id}:log-group:*"
    return document(
        allow("FindPrometheus", ["aps:ListWorkspaces"]),
        allow(
            "ReadPrometheus",
            [
                "aps:DescribeWorkspace",
                "aps:GetLabels",
                "aps:GetMetricMetadata",
                "aps:GetSeries",
                "aps:QueryMetrics",
            ],
            [workspaces],
        ),
        allow(
            "ReadCloudWatch",
            [
                "cloudwatch:DescribeAlarmHistory",
                "cloudwatch:DescribeAlarms",
                "cloudwatch:DescribeAlarmsForMetric",
                "cloudwatch:GetMetricData",
                "cloudwatch:GetMetricStatistics",
                "cloudwatch:ListMetrics",
                "ec2:DescribeInstances",
                "ec2:DescribeRegions",
                "ec2:DescribeTags",
                "tag:GetResources",
            ],
        ),
        allow("FindLogs", ["logs:DescribeLogGroups", "logs:GetQueryResults", "logs:StopQuery"]),
        allow("ReadLogs", ["logs:GetLogEvents", "logs:GetLogGroupFields", "logs:StartQuery"], [logs]),
        allow(
            "ReadTraces",
            [
                "xray:BatchGetTraces",
                "xray:GetGroup",
                "xray:GetGroups",
                "xray:GetInsightSummaries",
                "xray:GetServiceGraph",
                "xray:GetTimeSeriesServiceStatistics",
                "xray:GetTraceSummaries",
            ],
        ),
    )
