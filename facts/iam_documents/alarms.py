"""The alarms' topic and its key: CloudWatch alarms of this account and region publish, and nothing else does."""

from facts.partitions import partition_of

from .document import Condition, PolicyDocument, document
from .encryption import administration


def _alarms_of(account_id: str, region: str) -> Condition:
    alarms = f"arn:{partition_of(region)}:cloudwatch:{region}:{account_id}:alarm:*"
    return {"StringEquals": {"aws:SourceAccount": account_id}, "ArnLike": {"aws:SourceArn": alarms}}


def alarm_topic(topic_arn: str, account_id: str, region: str) -> PolicyDocument:
    """Let the alarms of one account and region publish to a topic, and nobody over plain HTTP.

    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html#sns-publish-cloudwatch-alarms-to-sns-topic-in-another-account
    """
    return document(
        {
            "Sid": "Alarms",
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com"]},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
            "Condition": _alarms_of(account_id, region),
        },
        {
            "Sid": "DenyHTTP",
            "Effect": "Deny",
            "Principal": {"AWS": ["*"]},
            "Action": ["sns:Publish"],
            "Resource": [topic_arn],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


def alarm_key(account_id: str, region: str) -> PolicyDocument:
    """Let the alarms of one account and region encrypt what they publish.

    SNS's own key, alias/aws/sns, would refuse them: its policy cannot be changed, and no alarm would reach anybody.
    https://repost.aws/knowledge-center/cloudwatch-configure-alarm-sns
    https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html#compatibility-with-aws-services
    """
    return document(
        administration(partition_of(region), account_id),
        {
            "Sid": "AlarmsEncrypt",
            "Effect": "Allow",
            "Principal": {"Service": ["cloudwatch.amazonaws.com"]},
            "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
            "Resource": ["*"],
            "Condition": _alarms_of(account_id, region),
        },
    )
