"""Settings of the company's own KMS keys for what is encrypted by AWS's keys otherwise."""

from pydantic import Field

from settings.base import Settings
from settings.values import KeyArn


class Encryption(Settings):
    """KMS keys of the company's own; each policy must let AWS's services use its key: docs/operations.md, "Keys"."""

    logs: KeyArn | None = Field(
        None, description="Key of every CloudWatch log group of the stack; absent: CloudWatch's own."
    )
    volumes: KeyArn | None = Field(
        None,
        description="Key of the nodes' disks and of volumes of the default StorageClass; absent: the account's default "
        "for EBS. A change replaces every node; volumes that exist keep their key.",
    )
    queue: KeyArn | None = Field(
        None, description="Key of the queue that Karpenter reads interruptions from; absent: a key of SQS's own."
    )
