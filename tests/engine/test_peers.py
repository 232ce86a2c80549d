"""Stack files of `examples/peers` that have what no stack of `examples/stacks` has, on the real engine."""

from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest

from rehearsal.engine.refusals import uses
from rehearsal.engine.rehearse import Rehearsal
from rehearsal.program import ROOT
from tools import peers

pytestmark = pytest.mark.engine


@pytest.mark.usefixtures("pulumi")
@pytest.mark.parametrize("stack", ["karpenter-on-fargate", "no-nodes", "file-systems", "metrics-hub"])
def test_it_comes_up_once_and_leaves_nothing(stack: str, tmp_path: Path) -> None:
    made = Rehearsal(tmp_path, stack, project=ROOT / peers.FOLDER)
    made.up()
    assert made.missing_edges() == []
    made.up("--expect-no-changes")
    made.destroy()
    assert made.left_behind() == []


EFS_DRIVER: Final = {
    "version": "v3.4.1-eksbuild.1",
    "role": {
        "serviceAccounts": ["efs-csi-controller-sa"],
        "managedPolicies": ["arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"],
    },
}


@pytest.mark.usefixtures("pulumi")
def test_mount_targets_move_to_another_subnet_of_their_zone(tmp_path: Path) -> None:
    made = Rehearsal(tmp_path, "existing-vpc", project=ROOT / peers.FOLDER)
    made.change({"addons": {"more": {"aws-efs-csi-driver": EFS_DRIVER}}, "storage": {"efs": {"shared": {}}}})
    made.up()
    subnets = dict(made.project.config("existing-vpc")["eks-platform:network"]["existing"]["privateSubnets"])
    zone, former = next(iter(subnets.items()))
    subnets[zone] = "subnet-0123456789abcdef0"
    (subnet,) = [it for it in made.cloud() if it.id == former]
    made.plant(replace(subnet, id=subnets[zone], outputs={**subnet.outputs, "cidrBlock": "10.0.250.0/24"}))
    made.change({"network.existing.privateSubnets": subnets})
    made.up()
    targets = [it for it in made.cloud() if it.type == uses.MOUNT_TARGET]
    assert sorted(target.get("subnetId") for target in targets) == sorted(subnets.values())
    made.destroy()
    assert made.left_behind() == []
