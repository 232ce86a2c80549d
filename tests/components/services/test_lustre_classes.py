"""LustreClasses: in which subnet and group file systems are, how they are stored, and what the classes wait for."""

from typing import Any, Final

import pulumi
import pytest
from pulumi_aws import cloudwatch

from components.services.lustre_classes import LustreClasses
from harness.plan import Plan
from settings import FsxClass
from tests.components.given import section
from tests.components.recording import assert_shape, needs, recorded, remembered

KEY: Final = "arn:aws:kms:ap-northeast-1:111122223333:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
SUBNETS: Final = {"ap-northeast-1a": "subnet-0a1b2c3d4e5f60001", "ap-northeast-1c": "subnet-0a1b2c3d4e5f60002"}
CLASS: Final = "kubernetes:storage.k8s.io/v1:StorageClass"
PLACE: Final = {
    "subnetId": SUBNETS["ap-northeast-1c"],
    "securityGroupIds": "sg-0a1b2c3d4e5f60003",
    "fileSystemTypeVersion": "2.15",
}


@remembered
def _plan(*, unknown: bool = False, **settings: Any) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        LustreClasses(
            "fsx",
            {"training": section(FsxClass, {"zone": "ap-northeast-1c", **settings})},
            subnets=SUBNETS,
            security_group_id="sg-0a1b2c3d4e5f60003",
            driver=cloudwatch.LogGroup("driver", name="driver", opts=opts),
            opts=opts,
        )

    return recorded(declare, unknown=unknown)


def test_shape(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), LustreClasses, "fsx")


@pytest.mark.parametrize(
    ("settings", "parameters"),
    [
        (
            {},
            {"deploymentType": "PERSISTENT_2", "perUnitStorageThroughput": "125", "automaticBackupRetentionDays": "0"},
        ),
        (
            {"throughput": 500, "key": KEY, "backup_days": 7},
            {
                "deploymentType": "PERSISTENT_2",
                "perUnitStorageThroughput": "500",
                "automaticBackupRetentionDays": "7",
                "kmsKeyId": KEY,
            },
        ),
        ({"deployment": "scratch"}, {"deploymentType": "SCRATCH_2"}),
    ],
)
def test_file_systems_are_in_the_subnet_of_the_zone(settings: dict[str, Any], parameters: dict[str, str]) -> None:
    found = _plan(**settings).one(type=CLASS).inputs
    assert (found["metadata"], found["provisioner"]) == ({"name": "training"}, "fsx.csi.aws.com")
    assert found["parameters"] == PLACE | parameters
    assert (found["reclaimPolicy"], found["mountOptions"]) == ("Delete", ["flock"])


def test_a_class_waits_for_the_driver_and_may_keep_file_systems() -> None:
    plan = _plan(reclaim="Retain")
    found = plan.one(type=CLASS)
    assert found.inputs["reclaimPolicy"] == "Retain"
    assert "LogGroup driver" in needs(plan, found)
