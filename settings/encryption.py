"""Settings of the company's own KMS keys for what is encrypted by AWS's keys otherwise."""

from pydantic import Field

from settings.base import Settings
from settings.values import KeyArn


class Encryption(Settings):
    """The company's own KMS keys. Each key policy must let AWS services use the key: docs/operations.md, "Keys"."""

    logs: KeyArn | None = Field(
        None,
        description="ARN of the KMS key for all CloudWatch log groups of the stack. If absent, CloudWatch's own key "
        "is used.",
    )
    volumes: KeyArn | None = Field(
        None,
        description="ARN of the KMS key for the nodes' disks and for volumes of the default StorageClass. If absent, "
        "the account's default key for EBS is used. A change replaces every node; existing volumes keep "
        "their key.",
    )
    queue: KeyArn | None = Field(
        None, description="ARN of the KMS key for Karpenter's interruption queue. If absent, a key of SQS is used."
    )
