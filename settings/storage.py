"""Settings of file systems that several pods share."""

from enum import StrEnum
from typing import Final

from pydantic import Field

from settings.addons import Reclaim
from settings.base import Settings
from settings.values import KeyArn, ReleaseName

EFS_DRIVER: Final = "aws-efs-csi-driver"
"""The EKS add-on that creates and mounts volumes of EFS."""


class Throughput(StrEnum):
    """How the throughput of a file system grows (https://docs.aws.amazon.com/efs/latest/ug/performance.html)."""

    ELASTIC = "elastic"
    BURSTING = "bursting"


class EfsFileSystem(Settings):
    """A file system of EFS, which is encrypted, with a mount target in each zone of the network.

    It has a StorageClass of the same name, whose volumes are access points: pods of all zones may share a volume.
    """

    key: KeyArn | None = Field(
        None,
        description="ARN of the KMS key of the file system. If absent, EFS's own key is used. A file system keeps its "
        "key: another key means another, empty file system.",
    )
    throughput: Throughput = Field(
        Throughput.ELASTIC,
        description="Whether throughput follows the load and is paid by the transferred data (`elastic`), or grows with"
        " the stored data (`bursting`).",
    )
    backup: bool = Field(True, description="Whether AWS Backup makes a backup each day and keeps it for 35 days.")
    reclaim: Reclaim = Field(
        Reclaim.DELETE,
        description="Whether the access point of a volume is deleted with its claim. The files stay in both cases, but "
        "with `Delete` no new volume finds them.",
    )


class Storage(Settings):
    """File systems that the stack creates."""

    efs: dict[ReleaseName, EfsFileSystem] = Field(
        {},
        max_length=20,
        description="File systems of EFS by name, which is also the name of their StorageClass. Require "
        "the add-on `aws-efs-csi-driver` in `addons.more` with a role. A file system and its files are deleted when it "
        "is removed from the stack file.",
    )
