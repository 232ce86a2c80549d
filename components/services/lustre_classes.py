"""StorageClasses of FSx for Lustre: each volume is a file system that the driver creates."""

from collections.abc import Mapping
from operator import itemgetter

import pulumi
from pulumi_kubernetes.storage.v1 import StorageClass

from settings import FsxClass, FsxDeployment


class LustreClasses(pulumi.ComponentResource):
    """The StorageClasses. File systems of claims that are left when the stack is deleted stay, as EBS volumes do."""

    def __init__(
        self,
        name: str,
        settings: Mapping[str, FsxClass],
        *,
        subnets: pulumi.Input[Mapping[str, str]],
        security_group_id: pulumi.Input[str],
        driver: pulumi.Resource,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the classes by name.

        subnets: those of the nodes, by zone. security_group_id: the cluster's own group, whose members reach each other
        on every port; a file system and its clients connect to each other on 988 and 1018 to 1023
        (https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html). driver: the add-on that
        creates the file systems.
        """
        super().__init__("eks-platform:index:LustreClasses", name, {}, opts)
        by_zone = pulumi.Output.from_input(subnets)
        for key, it in settings.items():
            StorageClass(
                f"{name}-{key}",
                metadata={"name": key},
                provisioner="fsx.csi.aws.com",
                parameters={
                    "subnetId": by_zone.apply(itemgetter(it.zone)),
                    "securityGroupIds": security_group_id,
                    # The client of the nodes' images.
                    "fileSystemTypeVersion": "2.15",
                    **_parameters(it),
                },
                reclaim_policy=it.reclaim.value,
                mount_options=["flock"],
                opts=pulumi.ResourceOptions(parent=self, depends_on=[driver]),
            )
        self.register_outputs({})


def _parameters(settings: FsxClass) -> dict[str, str]:
    """Return what depends on the kind of file system.

    https://github.com/kubernetes-sigs/aws-fsx-csi-driver/tree/master/examples/kubernetes/dynamic_provisioning
    """
    if settings.deployment is FsxDeployment.SCRATCH:
        return {"deploymentType": "SCRATCH_2"}
    return {
        "deploymentType": "PERSISTENT_2",
        "perUnitStorageThroughput": str(settings.throughput or 125),
        "automaticBackupRetentionDays": str(settings.backup_days),
        **({"kmsKeyId": settings.key} if settings.key else {}),
    }
