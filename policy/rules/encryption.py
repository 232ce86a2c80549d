"""Data at rest, and how long logs are kept."""

from collections.abc import Iterator

from policy.model import UNKNOWN, Resource, may_be_true
from policy.rule import Level, rule


@rule(
    "queue-encryption",
    "aws:sqs/queue:Queue",
    reason="Events contain names of instances and roles, and must be encrypted at rest.",
    fix="Set sqsManagedSseEnabled, or kmsMasterKeyId",
    source="https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-server-side-encryption.html",
)
def queue_encryption(queue: Resource) -> Iterator[str]:
    """By a key of SQS's own, or by one of KMS."""
    if not may_be_true(queue.get("sqsManagedSseEnabled")) and not queue.get("kmsMasterKeyId"):
        yield "it is not encrypted"


@rule(
    "topic-encryption",
    "aws:sns/topic:Topic",
    reason="Alarms reveal weaknesses, and must be encrypted at rest.",
    fix="Set kmsMasterKeyId",
    source="https://docs.aws.amazon.com/sns/latest/dg/sns-server-side-encryption.html",
)
def topic_encryption(topic: Resource) -> Iterator[str]:
    """A topic is not encrypted unless it names a key."""
    if not topic.get("kmsMasterKeyId"):
        yield "it is not encrypted"


@rule(
    "key-rotation",
    "aws:kms/key:Key",
    reason="If a key that is never rotated leaks, everything that it ever encrypted can be read.",
    fix="Set enableKeyRotation",
    source="https://docs.aws.amazon.com/kms/latest/developerguide/rotating-keys-enable.html",
)
def key_rotation(key: Resource) -> Iterator[str]:
    """Keys that sign, and asymmetric ones, do not rotate."""
    symmetric = key.get("customerMasterKeySpec") in (None, "SYMMETRIC_DEFAULT")
    if symmetric and not may_be_true(key.get("enableKeyRotation")):
        yield "it never rotates"


@rule(
    "volume-encryption",
    "aws:ebs/volume:Volume",
    "aws:efs/fileSystem:FileSystem",
    "kubernetes:storage.k8s.io/v1:StorageClass",
    reason="A volume or its snapshot can be shared with another account, together with all unencrypted data on it.",
    fix='Set encrypted, in a StorageClass `encrypted: "true"` in its parameters',
    source="https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md",
)
def volume_encryption(resource: Resource) -> Iterator[str]:
    """Neither EBS with its CSI driver nor EFS encrypts by default."""
    if resource.kind == "StorageClass":
        driver = resource.get("provisioner")
        if driver in ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com", "kubernetes.io/aws-ebs") and not may_be_true(
            resource.get("parameters", "encrypted")
        ):
            yield "its volumes are not encrypted"
    elif not may_be_true(resource.get("encrypted")):
        yield "it is not encrypted"


@rule(
    "log-retention",
    "aws:cloudwatch/logGroup:LogGroup",
    reason="Logs that are kept forever cost more each month, and personal data in them outlives its purpose.",
    fix="Set retentionInDays",
    source="https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/Working-with-log-groups-and-streams.html",
    development=Level.ADVISORY,
)
def log_retention(group: Resource) -> Iterator[str]:
    """CloudWatch keeps logs forever by default."""
    days = group.get("retentionInDays")
    if days is not UNKNOWN and not days:
        yield "its logs are kept forever"
