"""Keys of the company's own: everything of a kind has its key, and everything that must use a key may."""

import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from facts import iam_documents
from harness.plan import Plan
from harness.properties import reveal
from tests.plans import run_program

KEYS: Final = {
    use: f"arn:aws:kms:ap-northeast-1:444455556666:key/{number}f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    for number, use in enumerate(("logs", "volumes", "queue"))
}
"""A key for each use, so that a wrong one is seen."""


@pytest.fixture(scope="module")
def prod() -> Plan:
    """Production: node groups, Karpenter, Container Insights, flow logs."""
    return run_program("prod", config={"encryption": KEYS})


def _inputs(plan: Plan, kind: str) -> Iterator[dict[str, Any]]:
    found = [entry for entry in plan if entry.type.endswith(f":{kind}")]
    assert found
    return (reveal(entry.inputs) for entry in found)


@pytest.mark.parametrize("stack", ["prod", "fargate"])
def test_every_log_group_has_the_key(stack: str, prod: Plan) -> None:
    plan = prod if stack == "prod" else run_program(stack, config={"encryption": {"logs": KEYS["logs"]}})
    assert {group.get("kmsKeyId") for group in _inputs(plan, "LogGroup")} == {KEYS["logs"]}


def test_every_disk_has_the_key(prod: Plan) -> None:
    disks = [disk["ebs"] for one in _inputs(prod, "LaunchTemplate") for disk in one["blockDeviceMappings"]]
    assert {disk.get("kmsKeyId") for disk in disks} == {KEYS["volumes"]}
    # Karpenter spells it otherwise: https://karpenter.sh/docs/concepts/nodeclasses/#specblockdevicemappings
    disks = [disk["ebs"] for one in _inputs(prod, "EC2NodeClass") for disk in one["spec"]["blockDeviceMappings"]]
    assert {disk.get("kmsKeyID") for disk in disks} == {KEYS["volumes"]}
    assert {one["parameters"].get("kmsKeyId") for one in _inputs(prod, "StorageClass")} == {KEYS["volumes"]}


def test_the_queue_has_one_key_and_not_two(prod: Plan) -> None:
    (queue,) = _inputs(prod, "Queue")
    assert queue["kmsMasterKeyId"] == KEYS["queue"]
    # AWS takes one of both (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html).
    assert "sqsManagedSseEnabled" not in queue


@pytest.mark.parametrize(
    ("name", "document"),
    [
        ("platform-prod-addons-ebs-csi-key", iam_documents.volumes_key_user(KEYS["volumes"])),
        ("platform-prod-karpenter-controller-volumes-key", iam_documents.volumes_key_user(KEYS["volumes"])),
        ("platform-prod-karpenter-controller-queue-key", iam_documents.queue_key_reader(KEYS["queue"])),
    ],
)
def test_controllers_may_use_their_key_and_no_other(name: str, document: Any, prod: Plan) -> None:
    (policy,) = [entry for entry in prod if entry.type == "aws:iam/policy:Policy" and entry.name == name]
    assert json.loads(reveal(policy.inputs)["policy"]) == document
    assert {resource for one in document["Statement"] for resource in one["Resource"]} <= set(KEYS.values())


def test_a_grant_is_for_services_of_aws_alone() -> None:
    (grant,) = [
        one
        for one in iam_documents.volumes_key_user(KEYS["volumes"])["Statement"]
        if "kms:CreateGrant" in one["Action"]
    ]
    assert grant["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}


def test_without_keys_everything_is_encrypted_by_those_of_aws() -> None:
    plan = run_program("prod")
    assert all("kmsKeyId" not in group for group in _inputs(plan, "LogGroup"))
    (queue,) = _inputs(plan, "Queue")
    assert queue["sqsManagedSseEnabled"] is True
    assert "kmsMasterKeyId" not in queue
    assert not [entry.name for entry in plan if entry.type == "aws:iam/policy:Policy" and entry.name.endswith("-key")]
