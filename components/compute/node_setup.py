"""How nodes are set up, from the settings that node groups and node classes share: disks, kubelet, user data."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from facts.user_data import Mount, Part, mounts, multipart, node_config, toml
from settings import Kubelet, LocalDisks, NodeImage, NodeSettings, Reserved

DEVICES: Final = {NodeImage.BOTTLEROCKET: ["/dev/xvda", "/dev/xvdb"], NodeImage.AL2023: ["/dev/xvda"]}
"""The disks of an image: Bottlerocket has one for itself and one for containers.

https://bottlerocket.dev/en/os/latest/concepts/storage/"""
DATA_DEVICES: Final = {NodeImage.BOTTLEROCKET: "/dev/xvdb", NodeImage.AL2023: "/dev/xvda"}
"""The disk that images, logs and ephemeral storage are on."""


@dataclass(frozen=True)
class Disk:
    """A disk of a node. gib: its size; None: that of the image's snapshot. mount_path: None: the image mounts it."""

    device: str
    gib: int | None
    iops: int | None = None
    throughput: int | None = None
    snapshot_id: str | None = None
    mount_path: str | None = None


def disks(settings: NodeSettings, image: NodeImage) -> list[Disk]:
    """Return the disks of a node: those of its image, then the additional ones in the order of the stack file."""
    found = []
    for device in DEVICES[image]:
        if device != DATA_DEVICES[image]:
            found.append(Disk(device, None))
            continue
        speed = settings.disk.model_dump() if settings.disk else {}
        found.append(Disk(device, settings.disk_gib, **speed))
    for index, disk in enumerate(settings.extra_disks.values()):
        found.append(Disk(f"/dev/xvd{chr(ord('b') + index)}", **disk.model_dump()))
    return found


# --- Kubelet ------------------------------------------------------------------------------------------------------


def kubelet_configuration(kubelet: Kubelet | None) -> dict[str, Any]:
    """Return the fields of a KubeletConfiguration that settings ask for.

    https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/
    """
    if kubelet is None:
        return {}
    return _given(
        podsPerCore=kubelet.pods_per_core,
        kubeReserved=_reserved(kubelet.kube_reserved),
        systemReserved=_reserved(kubelet.system_reserved),
        evictionHard=kubelet.eviction_hard or None,
        evictionSoft={signal: soft.threshold for signal, soft in kubelet.eviction_soft.items()} or None,
        evictionSoftGracePeriod={signal: soft.grace_period for signal, soft in kubelet.eviction_soft.items()} or None,
        evictionMaxPodGracePeriod=kubelet.eviction_max_pod_grace_period,
        imageGCHighThresholdPercent=kubelet.image_gc_high_threshold_percent,
        imageGCLowThresholdPercent=kubelet.image_gc_low_threshold_percent,
        cpuCFSQuota=kubelet.cpu_cfs_quota,
        cpuManagerPolicy=kubelet.cpu_manager_policy and kubelet.cpu_manager_policy.value,
        containerLogMaxSize=kubelet.container_log_max_size,
        containerLogMaxFiles=kubelet.container_log_max_files,
        shutdownGracePeriod=kubelet.shutdown_grace_period,
        shutdownGracePeriodCriticalPods=kubelet.shutdown_grace_period_critical_pods,
    )


def _reserved(reserved: Reserved | None) -> dict[str, str] | None:
    if reserved is None:
        return None
    found = {"cpu": reserved.cpu, "memory": reserved.memory, "ephemeral-storage": reserved.ephemeral_storage}
    return {resource: amount for resource, amount in found.items() if amount} or None


OF_NODE_CLASS: Final = (
    *("podsPerCore", "kubeReserved", "systemReserved", "evictionHard", "evictionSoft", "evictionSoftGracePeriod"),
    *("evictionMaxPodGracePeriod", "imageGCHighThresholdPercent", "imageGCLowThresholdPercent", "cpuCFSQuota"),
)
"""The fields of a KubeletConfiguration that Karpenter knows. It counts on them when it chooses an instance.

https://karpenter.sh/docs/concepts/nodeclasses/#speckubelet"""

_BOTTLEROCKET_KUBELET: Final = {
    "kubeReserved": "kube-reserved",
    "systemReserved": "system-reserved",
    "evictionHard": "eviction-hard",
    "evictionSoft": "eviction-soft",
    "evictionSoftGracePeriod": "eviction-soft-grace-period",
    "evictionMaxPodGracePeriod": "eviction-max-pod-grace-period",
    "imageGCHighThresholdPercent": "image-gc-high-threshold-percent",
    "imageGCLowThresholdPercent": "image-gc-low-threshold-percent",
    "cpuCFSQuota": "cpu-cfs-quota-enforced",
    "cpuManagerPolicy": "cpu-manager-policy",
    "containerLogMaxSize": "container-log-max-size",
    "containerLogMaxFiles": "container-log-max-files",
    "shutdownGracePeriod": "shutdown-grace-period",
    "shutdownGracePeriodCriticalPods": "shutdown-grace-period-for-critical-pods",
}
"""Bottlerocket's names of the fields (https://bottlerocket.dev/en/os/latest/api/settings/kubernetes/)."""

_AS_TEXT: Final = ("imageGCHighThresholdPercent", "imageGCLowThresholdPercent")
"""Numbers that Bottlerocket takes as texts."""


# --- User data ----------------------------------------------------------------------------------------------------


def user_data_of_group(settings: NodeSettings, image: NodeImage) -> str | None:
    """Return the user data of a node group's launch template, to which EKS adds its own; None: there is none."""
    return _user_data(settings, image, kubelet_configuration(settings.kubelet), settings.local_disks)


def user_data_of_class(settings: NodeSettings, image: NodeImage) -> str | None:
    """Return the user data of a node class, without what the class has fields of its own for; None: there is none."""
    kubelet = {
        field: value for field, value in kubelet_configuration(settings.kubelet).items() if field not in OF_NODE_CLASS
    }
    return _user_data(settings, image, kubelet, None)


def _user_data(
    settings: NodeSettings, image: NodeImage, kubelet: Mapping[str, Any], local_disks: LocalDisks | None
) -> str | None:
    if image is NodeImage.BOTTLEROCKET:
        return _bottlerocket(settings, kubelet, local_disks)
    parts: list[Part] = []
    spec: dict[str, Any] = {}
    if kubelet:
        spec["kubelet"] = {"config": dict(kubelet)}
    if local_disks:
        spec["instance"] = {"localStorage": {"strategy": "RAID0"}}
    if spec:
        parts.append(node_config(spec))
    mounted = [
        Mount(disk.device, disk.mount_path, empty=disk.snapshot_id is None)
        for disk in disks(settings, image)
        if disk.mount_path
    ]
    if mounted:
        parts.append(mounts(mounted))
    return multipart(parts) if parts else None


def _bottlerocket(settings: NodeSettings, kubelet: Mapping[str, Any], local_disks: LocalDisks | None) -> str | None:
    """Return settings of Bottlerocket (https://bottlerocket.dev/en/os/latest/api/settings/)."""
    found: dict[str, Any] = {}
    if kubelet:
        found["kubernetes"] = {
            _BOTTLEROCKET_KUBELET[field]: str(value) if field in _AS_TEXT else value for field, value in kubelet.items()
        }
    if own := settings.bottlerocket:
        kernel = _given(lockdown=own.lockdown and own.lockdown.value, sysctl=own.sysctl or None)
        containers = {"admin": own.admin_container, "control": own.control_container}
        found |= _given(motd=own.motd, kernel=kernel or None)
        found |= _given(
            **{
                "host-containers": {
                    name: {"enabled": enabled} for name, enabled in containers.items() if enabled is not None
                }
                or None
            }
        )
    if local_disks:
        found["bootstrap-commands"] = {"local-disks": LOCAL_DISKS}
    return toml({"settings": found}) if found else None


LOCAL_DISKS: Final = {
    "commands": [
        ["apiclient", "ephemeral-storage", "init"],
        [
            *("apiclient", "ephemeral-storage", "bind", "--dirs"),
            *("/var/lib/containerd", "/var/lib/kubelet", "/var/log/pods"),
        ],
    ],
    "mode": "always",
    "essential": True,
}
"""The command by which Bottlerocket makes one volume of the disks of an instance, as Karpenter gives it.

https://bottlerocket.dev/en/os/latest/concepts/bootstrap-commands/
https://github.com/aws/karpenter-provider-aws/blob/main/pkg/providers/amifamily/bootstrap/bottlerocket.go"""


def _given(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}
