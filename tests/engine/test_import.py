"""Resources that were made without Pulumi are taken over by `pulumi import` and the file of `make import-ids`."""

import json
from pathlib import Path
from typing import Any, Final

import pytest

from rehearsal.engine.refusals import uses
from rehearsal.engine.rehearse import Rehearsal
from tests.engine.fake_cloud import FakeCloud
from tests.plans import EXAMPLES, plan_of
from tools.import_ids import main

pytestmark = pytest.mark.engine

STACK: Final = "private"
NAME: Final = f"platform-{STACK}"
KEY: Final = "aws:kms/key:Key"
CIDR: Final = str(plan_of(STACK).one(type=uses.VPC).inputs["cidrBlock"])
ZONE: Final = f"{NAME}-private-ap-northeast-1a"


@pytest.fixture
def fresh(tmp_path: Path, pulumi: object) -> Rehearsal:
    return Rehearsal(tmp_path / "fresh", STACK, project=EXAMPLES)


def _others(rehearsal: Rehearsal, cidr: str = CIDR) -> FakeCloud:
    """Make what eksctl or Terraform left: a network, a log group that is kept for a week, a key."""
    cloud = FakeCloud(rehearsal.folder / "cloud", rehearsal.environment)
    tags = {"made-by": "somebody else"}
    vpc = cloud.make("vpc", uses.VPC, cidrBlock=cidr, tags=tags).id
    subnet: Any = plan_of(STACK).one(type=uses.SUBNET, name=ZONE).inputs
    place = {"availabilityZone": subnet["availabilityZone"], "cidrBlock": subnet["cidrBlock"]}
    cloud.make("subnet", uses.SUBNET, vpcId=vpc, tags=tags, **place)
    cloud.make("table", uses.TABLE, vpcId=vpc)
    cloud.make("association", uses.ASSOCIATION, subnetId=cloud["subnet"].id, routeTableId=cloud["table"].id)
    cloud.make("logs", uses.LOG_GROUP, name=f"/aws/eks/{NAME}/cluster", retentionInDays=7)
    cloud.make("key", KEY, description="of the old cluster", enableKeyRotation=False)
    return cloud


def _written(rehearsal: Rehearsal, *existing: str) -> Path:
    file = rehearsal.folder / "import.json"
    assert main(["--stack", STACK, "--project", str(EXAMPLES), "--out", str(file), *existing]) == 0
    return file


def _import(rehearsal: Rehearsal, file: Path) -> None:
    rehearsal.pulumi(
        "import", "--file", str(file), "--yes", "--skip-preview", "--generate-code=false", "--protect=false"
    )


def test_what_exists_is_imported_and_kept(fresh: Rehearsal) -> None:
    cloud = _others(fresh)
    file = _written(
        fresh,
        f"Vpc::{NAME}-vpc={cloud['vpc'].id}",
        f"Subnet::{ZONE}={cloud['subnet'].id}",
        f"RouteTable::{ZONE}={cloud['table'].id}",
        # Their ids follow from the others', and from the plan.
        f"RouteTableAssociation::{ZONE}",
        f"LogGroup::{NAME}-control-plane",
        f"Key::{NAME}-secrets={cloud['key'].id}",
    )
    _import(fresh, file)
    imported = {entry["urn"]: entry["id"] for entry in fresh.resources() if entry["type"].startswith("aws:")}
    assert sorted(imported.values()) == sorted(made.id for made in cloud.made.values())

    planned = {urn: operation for urn, operation in fresh.changes().items() if urn in imported}
    assert set(planned.values()) <= {"update"}
    fresh.up()
    after = {entry["urn"]: entry for entry in fresh.resources()}
    assert {urn: after[urn]["id"] for urn in imported} == imported
    events = [it for it in fresh.events() if it.urn in imported]
    assert {it.operation for it in events} == {"update"}
    (vpc,) = [it for it in fresh.cloud() if it.id == cloud["vpc"].id]
    assert vpc.get("tags")["Name"] == f"{NAME}-vpc" or vpc.get("tags")["Name"] == NAME
    (key,) = [it for it in fresh.cloud() if it.id == cloud["key"].id]
    assert key.get("enableKeyRotation") is True
    assert fresh.changes() == {}


def test_another_range_would_be_replaced_and_a_preview_says_so(fresh: Rehearsal) -> None:
    cloud = _others(fresh, cidr="10.99.0.0/16")
    _import(fresh, _written(fresh, f"Vpc::{NAME}-vpc={cloud['vpc'].id}"))
    (vpc,) = [urn for urn in fresh.changes() if urn.endswith(f"Vpc::{NAME}-vpc")]
    assert fresh.changes()[vpc] in ("replace", "create-replacement", "delete-replaced")


def test_what_does_not_exist_is_not_imported(fresh: Rehearsal) -> None:
    file = _written(fresh, f"LogGroup::{NAME}-control-plane")
    assert json.loads(file.read_text())["resources"][-1]["id"] == f"/aws/eks/{NAME}/cluster"
    run = fresh.pulumi("import", "--file", str(file), "--yes", "--skip-preview", "--generate-code=false", check=False)
    assert run.code != 0
    assert "does not exist" in run.text
