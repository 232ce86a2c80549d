"""Settings of nodes, for managed node groups and for the node classes of Karpenter alike."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.values import (
    BootScript,
    Cpu,
    Duration,
    EvictionSignal,
    EvictionThreshold,
    ImageId,
    ImageName,
    ImageOwner,
    Label,
    Memory,
    MessageOfTheDay,
    MountPath,
    ParameterName,
    SnapshotId,
    SysctlName,
    SysctlValue,
    TagKey,
    TagValue,
)


class Reserved(Settings):
    """Resources of a node that pods do not get."""

    cpu: Cpu | None = Field(None, description="CPUs. If absent, the image decides.")
    memory: Memory | None = Field(None, description="Memory. If absent, the image decides.")
    ephemeral_storage: Memory | None = Field(None, description="Ephemeral storage. If absent, the image decides.")


class SoftEviction(Settings):
    """A threshold that has to be crossed for some time before the kubelet evicts pods."""

    threshold: EvictionThreshold = Field(description="Amount that is left, or its percentage, below which pods go.")
    grace_period: Duration = Field(description="How long the amount must be below the threshold.")


class CpuManagerPolicy(StrEnum):
    """How the kubelet gives CPUs to containers."""

    NONE = "none"
    STATIC = "static"


class Kubelet(Settings):
    """Settings of the kubelet. What is absent is left to the image.

    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """

    pods_per_core: Annotated[int, Field(ge=1, le=250)] | None = Field(
        None,
        description="Maximum number of pods for each CPU core of the node. Bottlerocket does not have this setting.",
    )
    kube_reserved: Reserved | None = Field(
        None, description="Resources that are reserved for the kubelet and the container runtime."
    )
    system_reserved: Reserved | None = Field(
        None, description="Resources that are reserved for the operating system's own processes."
    )
    eviction_hard: dict[EvictionSignal, EvictionThreshold] = Field(
        {}, description="Amounts that are left, or their percentages, below which the kubelet evicts pods at once."
    )
    eviction_soft: dict[EvictionSignal, SoftEviction] = Field(
        {}, description="Amounts below which the kubelet evicts pods after a grace period."
    )
    eviction_max_pod_grace_period: Annotated[int, Field(ge=0, le=3600)] | None = Field(
        None, description="Seconds that a pod has at most to shut down when it is evicted by `evictionSoft`."
    )
    image_gc_high_threshold_percent: Annotated[int, Field(ge=1, le=100)] | None = Field(
        None, description="Percentage of disk usage at which the kubelet starts to delete unused images."
    )
    image_gc_low_threshold_percent: Annotated[int, Field(ge=0, le=99)] | None = Field(
        None, description="Percentage of disk usage at which the kubelet stops deleting unused images."
    )
    cpu_cfs_quota: bool | None = Field(
        None, description="Whether the CPU limits of containers are enforced. If absent, they are."
    )
    cpu_manager_policy: CpuManagerPolicy | None = Field(
        None,
        description="With `static`, containers of guaranteed pods that request whole CPUs have these CPUs to "
        "themselves.",
    )
    container_log_max_size: Memory | None = Field(
        None, description="Size at which the log file of a container is rotated, such as 50Mi."
    )
    container_log_max_files: Annotated[int, Field(ge=2, le=100)] | None = Field(
        None, description="Number of log files that are kept for each container."
    )
    shutdown_grace_period: Duration | None = Field(
        None, description="How long a node that shuts down waits for its pods to terminate, such as 30s."
    )
    shutdown_grace_period_critical_pods: Duration | None = Field(
        None,
        description="Part of `shutdownGracePeriod` that is kept for critical pods, which terminate last.",
    )


class Lockdown(StrEnum):
    """How the kernel is protected from its own administrators.

    https://bottlerocket.dev/en/os/latest/api/settings/kernel/
    """

    NONE = "none"
    INTEGRITY = "integrity"
    CONFIDENTIALITY = "confidentiality"


class Bottlerocket(Settings):
    """Settings of Bottlerocket. What is absent is left to the image.

    https://bottlerocket.dev/en/os/latest/api/settings/
    """

    sysctl: dict[SysctlName, SysctlValue] = Field({}, description="Kernel parameters, such as net.core.somaxconn.")
    lockdown: Lockdown | None = Field(
        None,
        description="Kernel lockdown. With `integrity`, nothing changes the running kernel; with `confidentiality`, "
        "nothing reads its memory either.",
    )
    admin_container: bool | None = Field(
        None,
        description="Whether the admin container runs, which has root access to the node. By default, it does not.",
    )
    control_container: bool | None = Field(
        None,
        description="Whether the control container runs, by which SSM's Session Manager reaches the node. By default, "
        "it does.",
    )
    motd: MessageOfTheDay | None = Field(None, description="Message that a session on the node starts with.")


class DiskPerformance(Settings):
    """The speed of a gp3 disk, and the snapshot that it is made from.

    https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
    """

    iops: Annotated[int, Field(ge=3000, le=80000)] | None = Field(
        None, description="Input and output operations a second, at most 500 for each GiB. If absent, 3000."
    )
    throughput: Annotated[int, Field(ge=125, le=2000)] | None = Field(
        None, description="Throughput in MiB a second, at most a quarter of `iops`. If absent, 125."
    )
    snapshot_id: SnapshotId | None = Field(
        None,
        description="EBS snapshot that the disk is created from, for example with container images on it. If absent, "
        "the disk is empty.",
    )


class ExtraDisk(DiskPerformance):
    """A disk in addition to that of the image. It is formatted unless it is made from a snapshot."""

    gib: Annotated[int, Field(ge=1, le=65536)] = Field(description="Size of the disk in GiB.")
    mount_path: MountPath = Field(description="Folder at which the disk is mounted.")


class LocalDisks(StrEnum):
    """What becomes of the disks that are part of an instance, such as those of an m6id.large."""

    RAID0 = "raid0"


class CustomImage(Settings):
    """An AMI in place of EKS's own: by exactly one of `id`, `ssmParameter`, and `name` or `tags` or both."""

    id: ImageId | None = Field(None, description="Id of the AMI.")
    ssm_parameter: ParameterName | None = Field(
        None,
        description="SSM parameter that has the id of the AMI. With a version at its end, such as :3, the id changes "
        "only with the stack file.",
    )
    name: ImageName | None = Field(
        None, description="Name of the AMI, in which * is a wildcard. Of several AMIs, the newest is used."
    )
    tags: dict[TagKey, TagValue] = Field({}, description="Tags of the AMI. Of several AMIs, the newest is used.")
    owner: ImageOwner = Field("self", description="Account that owns an AMI that is found by its name or tags.")


class NodeSettings(Settings):
    """What managed node groups and Karpenter's node classes have in common."""

    disk_gib: Annotated[int, Field(ge=20, le=16384)] = Field(
        50, description="Size of the disk for images, logs and ephemeral storage, in GiB."
    )
    disk: DiskPerformance | None = Field(
        None, description="Speed and snapshot of the disk of `diskGib`. A snapshot requires Bottlerocket."
    )
    extra_disks: dict[Label, ExtraDisk] = Field(
        {},
        # The names of devices end in a letter, of which the image's own disk has the first.
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/device_naming.html
        max_length=25,
        description="More disks, by name. They require al2023: Bottlerocket mounts no other disk than its own two.",
    )
    local_disks: LocalDisks | None = Field(
        None,
        description="With `raid0`, the disks of the instance become one volume for images, logs and ephemeral storage, "
        "in place of the disk of `diskGib`. If absent, they are not used. Instances without such disks are not "
        "affected.",
    )
    custom_image: CustomImage | None = Field(
        None,
        description="AMI of your own, which is built from the image in `image`. If absent, the AMI is EKS's.",
    )
    boot_scripts: list[BootScript] = Field(
        [],
        max_length=10,
        description="Bash scripts that run as root, in this order, before the kubelet of a new node starts. If a "
        "command fails, the node does not join the cluster. They require al2023. They are not secret: anyone who "
        "may describe launch templates can read them.",
    )
    kubelet: Kubelet | None = Field(None, description="Settings of the kubelet.")
    bottlerocket: Bottlerocket | None = Field(
        None, description="Settings of Bottlerocket. They require the image bottlerocket."
    )
    metadata_hops: Annotated[int, Field(ge=1, le=2)] = Field(
        1,
        description="Number of network hops that an answer of the instance metadata service may make. With 2, pods "
        "reach the service and have the role of the node: the policy `node-metadata-hops` refuses it in production. "
        "Tokens are always required.",
    )
    detailed_monitoring: bool = Field(
        default=False,
        description="Whether EC2 sends the metrics of the nodes to CloudWatch every minute instead of every five "
        "minutes, for which CloudWatch charges.",
    )
