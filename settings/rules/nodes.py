"""Rules about what node groups and Karpenter's node classes have in common: disks, kubelet, settings of the image."""

import json
from collections.abc import Iterator, Mapping
from itertools import permutations
from typing import Final

from facts.durations import seconds
from facts.proxy import Proxy
from settings.addons import Addons
from settings.cluster import Cluster
from settings.compute import NodeGroup, NodeImage
from settings.karpenter import DEFAULT_NODE_CLASS, Karpenter, NodeClass
from settings.network import Network
from settings.nodes import DiskPerformance, Kubelet, NodeSettings
from settings.platform import Platform
from settings.problems import Problem, below, place
from settings.proxy import proxy_of
from settings.rules.registry import repeated, rule
from settings.words import either, shown

Setup = NodeGroup | NodeClass


def setups(node_groups: Mapping[str, NodeGroup], karpenter: Karpenter | None) -> dict[str, Setup]:
    """Return the node groups and node classes by their place in the stack file."""
    found: dict[str, Setup] = {place("nodeGroups", name): group for name, group in node_groups.items()}
    if karpenter:
        found["karpenter"] = karpenter
        found |= {place("karpenter", "nodeClasses", name): it for name, it in karpenter.node_classes.items()}
    return found


@rule
def _node_classes(karpenter: Karpenter | None) -> Iterator[Problem]:
    if not karpenter:
        return
    if DEFAULT_NODE_CLASS in karpenter.node_classes:
        path = place("karpenter", "nodeClasses", DEFAULT_NODE_CLASS)
        yield Problem(path, "set", "expected another name: the settings of this one are those of karpenter itself")
    for name, pool in karpenter.node_pools.items():
        if pool.node_class not in karpenter.all_node_classes:
            path = place("karpenter", "nodePools", name, "nodeClass")
            yield Problem(path, pool.node_class, f"expected {either(karpenter.all_node_classes)}")


@rule
def _what_an_image_lacks(node_groups: dict[str, NodeGroup], karpenter: Karpenter | None) -> Iterator[Problem]:
    for path, setup in setups(node_groups, karpenter).items():
        if setup.image is NodeImage.BOTTLEROCKET:
            if setup.extra_disks:
                expected = "expected none with the image bottlerocket, which mounts only its own two disks"
                yield Problem(f"{path}.extraDisks", ", ".join(setup.extra_disks), expected)
            if setup.boot_scripts:
                expected = "expected none with the image bottlerocket, which has no shell but bootstrap containers"
                yield Problem(f"{path}.bootScripts", f"{len(setup.boot_scripts)} scripts", expected)
            if setup.kubelet and setup.kubelet.pods_per_core:
                expected = "expected none with the image bottlerocket, which does not have this setting"
                yield Problem(f"{path}.kubelet.podsPerCore", str(setup.kubelet.pods_per_core), expected)
            continue
        if setup.bottlerocket:
            yield Problem(f"{path}.bottlerocket", "set", f"expected none with the image {setup.image.value}")
        if setup.disk and setup.disk.snapshot_id:
            expected = "expected the image bottlerocket: another image has its system on this disk"
            yield Problem(f"{path}.disk.snapshotId", setup.disk.snapshot_id, expected)


@rule
def _disks(node_groups: dict[str, NodeGroup], karpenter: Karpenter | None) -> Iterator[Problem]:
    for path, setup in setups(node_groups, karpenter).items():
        if setup.disk:
            yield from _speed(f"{path}.disk", setup.disk, setup.disk_gib)
        for name, disk in setup.extra_disks.items():
            yield from _speed(below(path, "extraDisks", name), disk, disk.gib)
            yield from _containers(below(path, "extraDisks", name), disk.mount_path, disk.snapshot_id, setup)
        yield from repeated(f"{path}.extraDisks", [disk.mount_path for disk in setup.extra_disks.values()])
        yield from _nested(path, setup)


def _nested(path: str, setup: NodeSettings) -> Iterator[Problem]:
    """Yield the folders that the mount of another disk would hide."""
    for (name, disk), (other, above) in permutations(setup.extra_disks.items(), 2):
        if disk.mount_path.startswith(f"{above.mount_path}/"):
            expected = f"expected a folder outside of {above.mount_path}, where {other} is mounted"
            yield Problem(f"{below(path, 'extraDisks', name)}.mountPath", disk.mount_path, expected)


def _containers(path: str, mount_path: str, snapshot_id: str | None, setup: NodeSettings) -> Iterator[Problem]:
    if setup.local_disks and f"{mount_path}/".startswith(f"{LOCAL_DISKS}/"):
        expected = f"expected a folder outside of {LOCAL_DISKS}, where localDisks mounts the disks of the instance"
        yield Problem(f"{path}.mountPath", mount_path, expected)
    if mount_path != CONTAINERS:
        return
    if setup.local_disks:
        expected = "expected another folder: localDisks puts the disks of the instance there"
        yield Problem(f"{path}.mountPath", mount_path, expected)
    if snapshot_id:
        expected = "expected none for this folder, or the image bottlerocket with disk.snapshotId: Amazon Linux has "
        yield Problem(f"{path}.snapshotId", snapshot_id, f"{expected}the image of the pause container there")


CONTAINERS: Final = "/var/lib/containerd"
LOCAL_DISKS: Final = "/mnt/k8s-disks"
"""https://github.com/awslabs/amazon-eks-ami/blob/main/nodeadm/api/v1alpha1/nodeconfig_types.go (LocalStorageOptions)"""


@rule
def _boot_scripts(node_groups: dict[str, NodeGroup], karpenter: Karpenter | None) -> Iterator[Problem]:
    for path, setup in setups(node_groups, karpenter).items():
        for index, script in enumerate(setup.boot_scripts):
            found = next((line for line in script.splitlines() if line.startswith("--")), None)
            if found:
                expected = "expected no line that begins with --, which separates the parts of user data"
                yield Problem(f"{path}.bootScripts[{index}]", shown(found), expected)


@rule
def _sizes_of_user_data(
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    network: Network,
    platform: Platform,
    cluster: Cluster,
) -> Iterator[Problem]:
    for path, setup in setups(node_groups, karpenter).items():
        size = most_user_data(setup, proxy_of(platform, network, cluster))
        if size > MOST_USER_DATA:
            expected = f"expected at most {MOST_USER_DATA}: shorter bootScripts, or fewer settings of the node"
            yield Problem(path, f"up to {size} bytes of user data", expected)


MOST_USER_DATA: Final = 12 * 1024
"""EC2 accepts 16 KB, of which 4 KB are kept for what EKS or Karpenter adds: the cluster's name, endpoint, certificate.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/user-data.html"""


def most_user_data(setup: Setup, proxy: Proxy | None) -> int:
    """Return how many bytes the user data of nodes has at most, without what EKS or Karpenter adds.

    The text itself is the component's: components know settings, and not the other way round.
    """
    of_group = [[setup.labels, [it.model_dump() for it in setup.taints]]] if isinstance(setup, NodeGroup) else []
    documents = [
        *(it.model_dump_json(exclude_none=True) for it in (setup.kubelet, setup.bottlerocket) if it),
        *map(json.dumps, of_group),
        *([json.dumps([proxy.environment, *proxy.exceptions])] if proxy else []),
    ]
    return (
        FRAME
        # Names are longer in other spellings, and tables of TOML repeat the names of those around them.
        + sum(2 * len(document.encode()) for document in documents)
        + sum(len(script) + OF_SCRIPT for script in setup.boot_scripts)
        + sum(OF_DISK + 4 * len(disk.mount_path) for disk in setup.extra_disks.values())
    )


FRAME: Final = 1024
OF_SCRIPT: Final = 192
OF_DISK: Final = 256
"""Bytes of user data that do not depend on settings: once, for each script, for each disk."""


def _speed(path: str, disk: DiskPerformance, gib: int) -> Iterator[Problem]:
    keys = ("iops", "throughput")
    yield from speed(path, keys, gib, iops=disk.iops or LEAST_IOPS, throughput=disk.throughput or 0)


LEAST_IOPS: Final = 3000


def speed(path: str, keys: tuple[str, str], gib: int, *, iops: int, throughput: int) -> Iterator[Problem]:
    """Yield what EC2 refuses of a disk (https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html).

    keys: the settings of `iops` and `throughput` below `path`. gib: the disk's size. throughput: in MiB per second.
    """
    of_iops, of_throughput = keys
    most = max(LEAST_IOPS, 500 * gib)
    if iops > most:
        yield Problem(f"{path}.{of_iops}", str(iops), f"expected at most {most}, which is 500 for each GiB")
    if throughput > iops // 4:
        expected = f"expected at most {iops // 4}, which is a quarter of {of_iops}"
        yield Problem(f"{path}.{of_throughput}", str(throughput), expected)


@rule
def _kubelets(node_groups: dict[str, NodeGroup], karpenter: Karpenter | None) -> Iterator[Problem]:
    """Yield what keeps a kubelet from starting, so that its node never joins.

    https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/apis/config/validation/validation.go
    """
    for path, setup in setups(node_groups, karpenter).items():
        if setup.kubelet:
            yield from _kubelet(f"{path}.kubelet", setup.kubelet)


def _kubelet(path: str, kubelet: Kubelet) -> Iterator[Problem]:
    high = kubelet.image_gc_high_threshold_percent
    low = kubelet.image_gc_low_threshold_percent
    # The kubelet's own values count where the stack file has none.
    if (high or low is not None) and (80 if low is None else low) >= (high or 85):
        found = f"{80 if low is None else low}, with imageGcHighThresholdPercent {high or 85}"
        yield Problem(f"{path}.imageGcLowThresholdPercent", found, "expected less than imageGcHighThresholdPercent")
    critical, all_ = kubelet.shutdown_grace_period_critical_pods, kubelet.shutdown_grace_period
    if critical and seconds(critical) > (seconds(all_) if all_ else 0):
        found = f"{critical}, with shutdownGracePeriod {all_ or 'absent'}"
        expected = "expected at most shutdownGracePeriod, of which it is a part"
        yield Problem(f"{path}.shutdownGracePeriodCriticalPods", found, expected)


@rule
def _custom_images(node_groups: dict[str, NodeGroup], karpenter: Karpenter | None) -> Iterator[Problem]:
    for path, setup in setups(node_groups, karpenter).items():
        image = setup.custom_image
        if image is None:
            if isinstance(setup, NodeGroup) and setup.max_pods is not None:
                # https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html#max-pods-precedence
                expected = "expected customImage too: EKS sets the number in a group with an AMI of its own"
                yield Problem(f"{path}.maxPods", str(setup.max_pods), expected)
            continue
        ways = {"id": image.id, "ssmParameter": image.ssm_parameter, "name or tags": image.name or image.tags}
        given = [way for way, value in ways.items() if value]
        if len(given) != 1:
            yield Problem(f"{path}.customImage", ", ".join(given) or "empty", f"expected one of {either(ways)}")
        if image.owner != "self" and not ways["name or tags"]:
            yield Problem(f"{path}.customImage.owner", image.owner, "expected name or tags, which it narrows")
        version = setup.release if isinstance(setup, NodeGroup) else setup.image_version
        if version:
            field = "release" if isinstance(setup, NodeGroup) else "imageVersion"
            yield Problem(f"{path}.{field}", version, "expected none with customImage, which is another AMI")


@rule
def _repair_limits(node_groups: dict[str, NodeGroup], addons: Addons) -> Iterator[Problem]:
    for name, group in node_groups.items():
        path = place("nodeGroups", name, "repairLimits")
        limits = group.repair_limits
        if limits is None:
            continue
        if not group.repair:
            yield Problem(path, "set, with repair: false", "expected none, or repair: true")
        if limits.overrides and not addons.node_monitoring_agent:
            expected = "expected addons.nodeMonitoringAgent, which reports the conditions"
            yield Problem(f"{path}.overrides", "set without the node monitoring agent", expected)
        yield from repeated(f"{path}.overrides", [f"{it.condition.value}, {it.reason}" for it in limits.overrides])
