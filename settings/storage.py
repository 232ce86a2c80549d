"""Settings of file systems that several pods share."""

from enum import StrEnum
from typing import Annotated, Final

from pydantic import Field

from settings.addons import Reclaim
from settings.base import Settings
from settings.values import KeyArn, ReleaseName, Zone

EFS_DRIVER: Final = "aws-efs-csi-driver"
"""The EKS add-on that creates and mounts volumes of EFS."""

FSX_DRIVER: Final = "aws-fsx-csi-driver"
"""The EKS add-on that creates and mounts file systems of FSx for Lustre."""

FSX_THROUGHPUTS: Final = (125, 250, 500, 1000)
"""https://docs.aws.amazon.com/fsx/latest/APIReference/API_CreateFileSystemLustreConfiguration.html"""


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


class FsxDeployment(StrEnum):
    """Whether a file system of FSx for Lustre keeps its files when one of its servers fails.

    https://docs.aws.amazon.com/fsx/latest/LustreGuide/using-fsx-lustre.html#lustre-deployment-types
    """

    PERSISTENT = "persistent"
    SCRATCH = "scratch"


class FsxClass(Settings):
    """A StorageClass of FSx for Lustre. Each of its volumes is a file system of its own in one zone.

    Pods of all zones may share a volume; traffic between zones is slower and has a price.
    """

    zone: Zone = Field(description="Availability zone of the file systems, one of the network's.")
    deployment: FsxDeployment = Field(
        FsxDeployment.PERSISTENT,
        description="Whether FSx keeps copies of the files (`persistent`), or loses them when one of its servers fails "
        "(`scratch`, for data that can be computed again).",
    )
    throughput: Annotated[int, Field(ge=125, le=1000)] | None = Field(
        None,
        description="Throughput of a persistent file system in MB/s for each TiB: 125, 250, 500 or 1000. If absent, "
        "125. A scratch file system always has 200.",
    )
    key: KeyArn | None = Field(
        None,
        description="ARN of the KMS key of persistent file systems. If absent, FSx's own key is used, as for scratch "
        "file systems.",
    )
    backup_days: Annotated[int, Field(ge=0, le=90)] = Field(
        0,
        description="Number of days that FSx keeps each daily backup of a persistent file system. 0 makes no backups.",
    )
    reclaim: Reclaim = Field(
        Reclaim.DELETE,
        description="Whether the file system of a volume is deleted with its claim, or stays with its files.",
    )


class Storage(Settings):
    """File systems that the stack creates, and the StorageClasses whose volumes are file systems."""

    efs: dict[ReleaseName, EfsFileSystem] = Field(
        {},
        max_length=20,
        description="File systems of EFS by name, which is also the name of their StorageClass. Require "
        "the add-on `aws-efs-csi-driver` in `addons.more` with a role. A file system and its files are deleted when it "
        "is removed from the stack file.",
    )
    fsx: dict[ReleaseName, FsxClass] = Field(
        {},
        max_length=20,
        description="StorageClasses of FSx for Lustre by name. Require the add-on `aws-fsx-csi-driver` in `addons.more`"
        " with a role. A class cannot be changed: another value replaces it, and existing volumes keep their settings.",
    )
