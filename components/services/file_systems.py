"""File systems of EFS, which pods of all zones share, and their StorageClasses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

import pulumi
from pulumi_aws import ec2, efs, vpc
from pulumi_kubernetes.storage.v1 import StorageClass

from components.common.dependency import after
from components.common.on_cluster import OnCluster
from settings import EfsFileSystem


@dataclass(frozen=True)
class MountNetwork:
    """Where nodes mount file systems.

    zones: those with a mount target. subnets: the nodes' by zone. security_group_id: the group that all nodes have.
    """

    zones: Sequence[str]
    subnets: pulumi.Input[Mapping[str, str]]
    security_group_id: pulumi.Input[str]


class FileSystems(pulumi.ComponentResource):
    """File systems, mount targets in the subnets of the nodes, and a security group that admits the nodes."""

    def __init__(
        self,
        name: str,
        settings: Mapping[str, EfsFileSystem],
        cluster: OnCluster,
        *,
        network: MountNetwork,
        driver: pulumi.Resource,
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the file systems by name.

        driver: the add-on that creates volumes. protect: whether Pulumi refuses to delete the file systems.
        """
        super().__init__("eks-platform:index:FileSystems", name, {}, opts)
        self._name, self._network = name, network
        self._child = pulumi.ResourceOptions(parent=self)
        group = ec2.SecurityGroup(
            f"{name}-nfs",
            description=f"File systems of {cluster.cluster_id}",
            vpc_id=cluster.vpc_id,
            tags={"Name": f"{name}-nfs"},
            opts=self._child,
        )
        # https://docs.aws.amazon.com/efs/latest/ug/network-access.html
        admitted = vpc.SecurityGroupIngressRule(
            f"{name}-nfs",
            security_group_id=group.id,
            description="NFS from nodes",
            referenced_security_group_id=network.security_group_id,
            ip_protocol="tcp",
            from_port=2049,
            to_port=2049,
            opts=self._child,
        )
        for key, it in settings.items():
            file_system_id = self._file_system(key, it, group, protect=protect)
            StorageClass(
                f"{name}-{key}",
                metadata={"name": key},
                provisioner="efs.csi.aws.com",
                # https://github.com/kubernetes-sigs/aws-efs-csi-driver/blob/master/docs/README.md#storage-class-parameters-for-dynamic-provisioning
                parameters={"provisioningMode": "efs-ap", "fileSystemId": file_system_id, "directoryPerms": "700"},
                reclaim_policy=it.reclaim.value,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[driver, admitted]),
            )
        self.register_outputs({})

    def _file_system(
        self, key: str, settings: EfsFileSystem, group: ec2.SecurityGroup, *, protect: bool
    ) -> pulumi.Output[str]:
        """Declare a file system, and return its id, known once it can be mounted in every zone."""
        name = f"{self._name}-{key}"
        system = efs.FileSystem(
            name,
            encrypted=True,
            kms_key_id=settings.key,
            throughput_mode=settings.throughput.value,
            tags={"Name": name},
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        efs.BackupPolicy(
            name,
            file_system_id=system.id,
            backup_policy={"status": "ENABLED" if settings.backup else "DISABLED"},
            opts=self._child,
        )
        subnets = pulumi.Output.from_input(self._network.subnets)
        targets = [
            efs.MountTarget(
                f"{name}-{zone}",
                file_system_id=system.id,
                subnet_id=subnets.apply(itemgetter(zone)),
                security_groups=[group.id],
                # A zone has one, so that in another subnet of it the new one cannot be created before the old one goes:
                # https://docs.aws.amazon.com/efs/latest/ug/manage-fs-access-create-delete-mount-targets.html
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )
            for zone in self._network.zones
        ]
        return after(targets, system.id)
