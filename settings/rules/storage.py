"""Rules about file systems."""

from collections.abc import Iterator

from settings.addons import Addons
from settings.cluster import Cluster
from settings.compute import NodeGroup
from settings.network import Network
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.registry import rule
from settings.storage import EFS_DRIVER, FSX_DRIVER, FSX_THROUGHPUTS, FsxDeployment, Storage
from settings.words import either


@rule
def _drivers_of_file_systems(
    storage: Storage, addons: Addons, cluster: Cluster, node_groups: dict[str, NodeGroup]
) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/userguide/efs-csi.html and fsx-csi.html there."""
    required = {
        "storage.efs": (
            storage.efs,
            EFS_DRIVER,
            "AmazonEFSCSIDriverPolicy, which creates access points",
            # https://github.com/kubernetes-sigs/aws-efs-csi-driver, charts/.../templates/controller-deployment.yaml
            "the driver's controller is privileged, and Fargate runs no such pods",
        ),
        "storage.fsx": (
            storage.fsx,
            FSX_DRIVER,
            "AmazonFSxFullAccess, which creates file systems",
            "pods on Fargate get no volumes from a StorageClass",
        ),
    }
    for section, (given, name, rights, why) in required.items():
        if not given or cluster.control_plane_only:
            continue
        driver, path = addons.more.get(name), place("addons", "more", name)
        if not driver:
            yield Problem(path, "missing", f"expected this add-on, which creates the volumes of {section}")
        elif not driver.role:
            yield Problem(f"{path}.role", "missing", f"expected a role with {rights}")
        if cluster.platform_on_fargate(node_groups):
            yield Problem(section, "set", f"expected node groups too: {why}")


@rule
def _file_systems(storage: Storage, addons: Addons, platform: Platform, network: Network) -> Iterator[Problem]:
    if storage.efs and not network.zone_names:
        found = "set, with network.zoneCount"
        yield Problem("storage.efs", found, "expected network.zones: a file system has a mount target in each zone")
    for name, it in storage.efs.items():
        path = place("storage", "efs", name)
        if name == "gp3" or name in addons.storage_classes:
            yield Problem(path, name, "expected another name: a StorageClass of EBS volumes has this one")
        if it.key and it.key.split(":")[3] != platform.region:
            yield Problem(f"{path}.key", it.key, f"expected one in {platform.region}")


@rule
def _classes_of_fsx(storage: Storage, addons: Addons, platform: Platform, network: Network) -> Iterator[Problem]:
    if storage.fsx and not network.zone_names:
        yield Problem("storage.fsx", "set, with network.zoneCount", "expected network.zones: a file system has a zone")
    for name, it in storage.fsx.items():
        path = place("storage", "fsx", name)
        if name == "gp3" or name in addons.storage_classes or name in storage.efs:
            yield Problem(path, name, "expected another name: another StorageClass has this one")
        if network.zone_names and it.zone not in network.zone_names:
            yield Problem(f"{path}.zone", it.zone, f"expected {either(network.zone_names)}")
        if it.throughput is not None and it.throughput not in FSX_THROUGHPUTS:
            yield Problem(f"{path}.throughput", str(it.throughput), f"expected {either(FSX_THROUGHPUTS)}")
        if it.key and it.key.split(":")[3] != platform.region:
            yield Problem(f"{path}.key", it.key, f"expected one in {platform.region}")
        if it.deployment is FsxDeployment.SCRATCH:
            for key, value in {"throughput": it.throughput, "key": it.key, "backupDays": it.backup_days}.items():
                if value:
                    yield Problem(f"{path}.{key}", "set", "expected none with deployment: scratch")
