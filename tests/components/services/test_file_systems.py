"""FileSystems: encrypted file systems, mount targets that the nodes reach, and a class once they can be mounted."""

from typing import Any, Final

import pulumi
from pulumi_aws import cloudwatch

from components.services.file_systems import FileSystems, MountNetwork
from harness.plan import Plan
from settings import EfsFileSystem
from tests.components.given import on_cluster, section
from tests.components.recording import assert_shape, below, label, needs, recorded, remembered

KEY: Final = "arn:aws:kms:ap-northeast-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
ZONES: Final = {"ap-northeast-1a": "subnet-0a1b2c3d4e5f60001", "ap-northeast-1c": "subnet-0a1b2c3d4e5f60002"}


@remembered
def _plan(*, unknown: bool = False, protect: bool = False, **settings: Any) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        FileSystems(
            "efs",
            {"shared": section(EfsFileSystem, settings)},
            on_cluster(),
            network=MountNetwork(zones=list(ZONES), subnets=ZONES, security_group_id="sg-0a1b2c3d4e5f60003"),
            driver=cloudwatch.LogGroup("driver", name="driver", opts=opts),
            protect=protect,
            opts=opts,
        )

    return recorded(declare, unknown=unknown)


def test_shape(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), FileSystems, "efs")


def test_inventory() -> None:
    plan = _plan()
    assert below(plan, plan.one(type="eks-platform:index:FileSystems")) == {
        "SecurityGroup efs-nfs",
        "SecurityGroupIngressRule efs-nfs",
        "FileSystem efs-shared",
        "BackupPolicy efs-shared",
        "MountTarget efs-shared-ap-northeast-1a",
        "MountTarget efs-shared-ap-northeast-1c",
        "StorageClass efs-shared",
    }


def test_a_file_system_is_encrypted_by_a_key_of_efs_or_of_the_company() -> None:
    system = _plan().one(type="aws:efs/fileSystem:FileSystem")
    assert (system.inputs["encrypted"], system.inputs.get("kmsKeyId")) == (True, None)
    assert system.inputs["throughputMode"] == "elastic"
    assert _plan(key=KEY).one(type="aws:efs/fileSystem:FileSystem").inputs["kmsKeyId"] == KEY


def test_a_file_system_is_protected_where_the_stack_is() -> None:
    protected = {label(entry) for entry in _plan(protect=True) if entry.options.protect}
    assert protected == {"FileSystem efs-shared"}
    assert not any(entry.options.protect for entry in _plan())


def test_backups_are_made_unless_the_stack_file_says_otherwise() -> None:
    for settings, status in (({}, "ENABLED"), ({"backup": False}, "DISABLED")):
        policy = _plan(**settings).one(type="aws:efs/backupPolicy:BackupPolicy")
        assert policy.inputs["backupPolicy"] == {"status": status}


def test_each_zone_has_a_mount_target_that_admits_the_nodes_alone() -> None:
    plan = _plan()
    group = plan.one(type="aws:ec2/securityGroup:SecurityGroup")
    targets = plan.find(type="aws:efs/mountTarget:MountTarget")
    assert [it.inputs["subnetId"] for it in targets] == list(ZONES.values())
    assert [it.inputs["securityGroups"] for it in targets] == [[group.id]] * 2
    assert plan.one(type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule").inputs == {
        "securityGroupId": group.id,
        "description": "NFS from nodes",
        "referencedSecurityGroupId": "sg-0a1b2c3d4e5f60003",
        "ipProtocol": "tcp",
        "fromPort": 2049,
        "toPort": 2049,
    }


def test_a_class_makes_access_points_once_they_can_be_mounted_and_the_driver_runs() -> None:
    plan = _plan(reclaim="Retain")
    found = plan.one(type="kubernetes:storage.k8s.io/v1:StorageClass")
    assert found.inputs["metadata"] == {"name": "shared"}
    assert found.inputs["provisioner"] == "efs.csi.aws.com"
    assert found.inputs["reclaimPolicy"] == "Retain"
    assert found.inputs["parameters"] == {
        "provisioningMode": "efs-ap",
        "fileSystemId": plan.one(type="aws:efs/fileSystem:FileSystem").id,
        "directoryPerms": "700",
    }
    assert needs(plan, found) >= {
        "LogGroup driver",
        "MountTarget efs-shared-ap-northeast-1a",
        "MountTarget efs-shared-ap-northeast-1c",
        "SecurityGroupIngressRule efs-nfs",
    }


def test_the_mount_target_of_a_zone_goes_before_another_takes_its_place() -> None:
    targets = _plan().find(type="aws:efs/mountTarget:MountTarget")
    assert len(targets) == 2
    assert all(target.options.delete_before_replace for target in targets)


def test_mount_targets_wait_for_no_node() -> None:
    plan = _plan()
    for target in plan.find(type="aws:efs/mountTarget:MountTarget"):
        assert needs(plan, target) == {"FileSystem efs-shared", "SecurityGroup efs-nfs"}
