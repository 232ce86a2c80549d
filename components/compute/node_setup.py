"""How nodes are set up, from the settings that node groups and node classes share: disks, kubelet, user data."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from typing import Any, Final

import pulumi
from pulumi_aws import ec2, ssm

from facts.proxy import Proxy
from facts.user_data import Mount, Part, boot_script, mounts, multipart, node_config, toml
from settings import (
    Architecture,
    CustomImage,
    Kubelet,
    LocalDisks,
    NodeGroup,
    NodeImage,
    NodeSettings,
    Reserved,
    required,
)

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
    return given(
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
    "maxPods": "max-pods",
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


# --- Images -------------------------------------------------------------------------------------------------------


def image_id(image: CustomImage, architecture: Architecture, opts: pulumi.InvokeOptions) -> str | pulumi.Output[str]:
    """Return the id of an AMI of the company's own. architecture: that of the instances."""
    if image.id:
        return image.id
    if image.ssm_parameter:
        # `value` would be secret, and with it the launch template; an AMI's id is none.
        return ssm.get_parameter_output(name=image.ssm_parameter, opts=opts).insecure_value
    filters = [
        {"name": "architecture", "values": [{Architecture.AMD64: "x86_64", Architecture.ARM64: "arm64"}[architecture]]},
        {"name": "state", "values": ["available"]},
        *([{"name": "name", "values": [image.name]}] if image.name else []),
        *({"name": f"tag:{key}", "values": [value]} for key, value in image.tags.items()),
    ]
    found = ec2.get_ami_output(
        owners=[image.owner],
        most_recent=True,
        filters=[ec2.GetAmiFilterArgs(name=str(it["name"]), values=list(it["values"])) for it in filters],
        opts=opts,
    )
    return found.id


def image_terms(image: CustomImage) -> list[dict[str, Any]]:
    """Return how Karpenter finds the AMI (https://karpenter.sh/docs/concepts/nodeclasses/#specamiselectorterms)."""
    if image.id:
        return [{"id": image.id}]
    if image.ssm_parameter:
        return [{"ssmParameter": image.ssm_parameter}]
    return [given(name=image.name, tags=dict(image.tags) or None, owner=image.owner)]


# --- User data ----------------------------------------------------------------------------------------------------


def user_data_of_group(settings: NodeSettings, image: NodeImage, proxy: Proxy | None = None) -> str | None:
    """Return the user data of a node group's launch template, to which EKS adds its own; None: there is none."""
    return _user_data(settings, image, kubelet_configuration(settings.kubelet), settings.local_disks, proxy=proxy)


@dataclass(frozen=True)
class Joining:
    """What a node needs to know to join a cluster. certificate: in base64. service_range: the addresses of Services."""

    cluster: str
    endpoint: str
    certificate: str
    service_range: str

    @property
    def dns_address(self) -> str:
        """The address that EKS gives to the cluster's DNS server."""
        return str(ip_network(self.service_range)[10])


def user_data_of_custom_image(settings: NodeGroup, joining: Joining, proxy: Proxy | None = None) -> str:
    """Return the user data of a group with an AMI of its own, to which EKS adds nothing.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-custom-ami
    """
    kubelet = kubelet_configuration(settings.kubelet) | given(maxPods=settings.max_pods)
    if settings.image is NodeImage.BOTTLEROCKET:
        taints: dict[str, list[str]] = {}
        for taint in settings.taints:
            taints.setdefault(taint.key, []).append(f"{taint.value}:{taint.effect.value}")
        own = {
            "api-server": joining.endpoint,
            "cluster-certificate": joining.certificate,
            "cluster-name": joining.cluster,
            "cluster-dns-ip": joining.dns_address,
            **given(**{"node-labels": dict(settings.labels) or None, "node-taints": taints or None}),
        }
        return required(_bottlerocket(settings, kubelet, settings.local_disks, proxy=proxy, own=own))
    labels = ",".join(f"{key}={value}" for key, value in settings.labels.items())
    if settings.taints:
        kubelet["registerWithTaints"] = [
            {"key": taint.key, "value": taint.value, "effect": taint.effect.value} for taint in settings.taints
        ]
    own = {
        "cluster": {
            "name": joining.cluster,
            "apiServerEndpoint": joining.endpoint,
            "certificateAuthority": joining.certificate,
            "cidr": joining.service_range,
        },
        **given(kubelet=given(flags=[f"--node-labels={labels}"] if labels else None) or None),
    }
    return required(_user_data(settings, settings.image, kubelet, settings.local_disks, proxy=proxy, own=own))


def user_data_of_class(settings: NodeSettings, image: NodeImage, proxy: Proxy | None = None) -> str | None:
    """Return the user data of a node class, without what the class has fields of its own for; None: there is none."""
    kubelet = {
        field: value for field, value in kubelet_configuration(settings.kubelet).items() if field not in OF_NODE_CLASS
    }
    return _user_data(settings, image, kubelet, None, proxy=proxy)


def _user_data(
    settings: NodeSettings,
    image: NodeImage,
    kubelet: Mapping[str, Any],
    local_disks: LocalDisks | None,
    *,
    proxy: Proxy | None,
    own: Mapping[str, Any] | None = None,
) -> str | None:
    """Return user data. own: more of the NodeConfig's spec."""
    if image is NodeImage.BOTTLEROCKET:
        return _bottlerocket(settings, kubelet, local_disks, proxy=proxy)
    parts: list[Part] = []
    spec: dict[str, Any] = dict(own or {})
    if kubelet:
        spec["kubelet"] = {"config": dict(kubelet), **spec.get("kubelet", {})}
    instance = given(
        localStorage={"strategy": "RAID0"} if local_disks else None,
        # Of every service of the system, of containerd and the kubelet too, and of nodeadm itself.
        # https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/test/e2e/cases/http-proxy/run.sh
        environment={"default": proxy.environment} if proxy else None,
    )
    if instance:
        spec["instance"] = instance
    if spec:
        parts.append(node_config(spec))
    mounted = [
        Mount(disk.device, disk.mount_path, empty=disk.snapshot_id is None)
        for disk in disks(settings, image)
        if disk.mount_path
    ]
    if mounted:
        parts.append(mounts(mounted))
    parts += map(boot_script, settings.boot_scripts)
    return multipart(parts) if parts else None


def _bottlerocket(
    settings: NodeSettings,
    kubelet: Mapping[str, Any],
    local_disks: LocalDisks | None,
    *,
    proxy: Proxy | None,
    own: Mapping[str, Any] | None = None,
) -> str | None:
    """Return settings of Bottlerocket (https://bottlerocket.dev/en/os/latest/api/settings/).

    own: more of its settings about Kubernetes.
    """
    found: dict[str, Any] = {}
    if own or kubelet:
        found["kubernetes"] = dict(own or {}) | {
            _BOTTLEROCKET_KUBELET[field]: str(value) if field in _AS_TEXT else value for field, value in kubelet.items()
        }
    if asked := settings.bottlerocket:
        kernel = given(lockdown=asked.lockdown and asked.lockdown.value, sysctl=asked.sysctl or None)
        containers = {"admin": asked.admin_container, "control": asked.control_container}
        found |= given(motd=asked.motd, kernel=kernel or None)
        found |= given(
            **{
                "host-containers": {
                    name: {"enabled": enabled} for name, enabled in containers.items() if enabled is not None
                }
                or None
            }
        )
    if proxy:
        # Of containerd, the host containers and the kubelet (https://bottlerocket.dev/en/os/latest/api/settings/network/).
        found["network"] = {"https-proxy": proxy.url, "no-proxy": list(proxy.exceptions)}
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


def given(**values: Any) -> dict[str, Any]:
    """Return the values that are not None."""
    return {key: value for key, value in values.items() if value is not None}
