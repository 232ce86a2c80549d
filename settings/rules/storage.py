"""Rules about file systems."""

from collections.abc import Iterator

from settings.addons import Addons
from settings.cluster import Cluster
from settings.compute import NodeGroup
from settings.network import Network
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.registry import rule
from settings.storage import EFS_DRIVER, Storage


@rule
def _driver_of_file_systems(
    storage: Storage, addons: Addons, cluster: Cluster, node_groups: dict[str, NodeGroup]
) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/userguide/efs-csi.html."""
    if not storage.efs or cluster.control_plane_only:
        return
    driver, path = addons.more.get(EFS_DRIVER), place("addons", "more", EFS_DRIVER)
    if not driver:
        yield Problem(path, "missing", "expected this add-on, which creates the volumes of storage.efs")
    elif not driver.role:
        yield Problem(
            f"{path}.role", "missing", "expected a role with AmazonEFSCSIDriverPolicy, which creates access points"
        )
    if not node_groups and not cluster.auto_mode:
        # https://github.com/kubernetes-sigs/aws-efs-csi-driver, charts/.../templates/controller-deployment.yaml
        expected = "expected node groups too: the driver's controller is privileged, and Fargate runs no such pods"
        yield Problem("storage.efs", "set", expected)


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
