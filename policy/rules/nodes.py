"""EC2 nodes, whether of managed node groups or of Karpenter."""

from collections.abc import Iterator
from typing import Any, Final

from policy.model import UNKNOWN, Resource, at, is_unknown, items, may_be_true
from policy.rule import Level, rule

TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE: Final = "aws:ec2/instance:Instance"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"
NODE_POOL: Final = "kubernetes:karpenter.sh/v1:NodePool"

MOST_HOPS: Final = 1
"""An answer of the metadata service that may make two hops reaches pods, which then have the node's role."""


@rule(
    "node-imdsv2",
    TEMPLATE,
    INSTANCE,
    NODE_CLASS,
    NODE_GROUP,
    reason="With version 1 of the metadata service, a forged request from a pod is enough to steal the node's role.",
    fix="Set httpTokens to required",
    source="https://karpenter.sh/v1.14/concepts/nodeclasses/#specmetadataoptions",
)
def imdsv2(resource: Resource) -> Iterator[str]:
    """Karpenter's defaults are these; those of a launch template, and of EKS's own for a group without one, are not."""
    if resource.type == NODE_GROUP:
        if resource.get("launchTemplate") is None:
            yield "it has no launch template that says so"
        return
    options = (
        resource.get("spec", "metadataOptions") if resource.type == NODE_CLASS else resource.get("metadataOptions")
    )
    default = "required" if resource.type == NODE_CLASS else "optional"
    tokens = at(options, "httpTokens") or default
    if at(options, "httpEndpoint") in ("disabled", UNKNOWN):
        return
    if tokens not in ("required", UNKNOWN):
        yield f"httpTokens is {tokens}"


@rule(
    "node-metadata-hops",
    TEMPLATE,
    INSTANCE,
    NODE_CLASS,
    reason="Pods that reach the metadata service of their node have the node's role, whatever role is theirs.",
    fix="Set httpPutResponseHopLimit to 1, and give pods roles by Pod Identity or IRSA",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html",
    development=Level.ADVISORY,
)
def metadata_hops(resource: Resource) -> Iterator[str]:
    """Everyone's default is one hop."""
    path = ("spec", "metadataOptions") if resource.type == NODE_CLASS else ("metadataOptions",)
    options = resource.get(*path)
    hops = at(options, "httpPutResponseHopLimit")
    if at(options, "httpEndpoint") not in ("disabled", UNKNOWN) and isinstance(hops, int) and hops > MOST_HOPS:
        yield f"httpPutResponseHopLimit is {hops}"


@rule(
    "node-disk-encryption",
    TEMPLATE,
    INSTANCE,
    NODE_CLASS,
    reason="A snapshot of a disk can be shared with another account, with all images, logs and secrets on it.",
    fix="Set encrypted for each disk",
    source="https://karpenter.sh/v1.14/concepts/nodeclasses/#specblockdevicemappings",
)
def disk_encryption(resource: Resource) -> Iterator[str]:
    """Karpenter's disks are encrypted where a node class names none."""
    if resource.type == TEMPLATE and resource.get("blockDeviceMappings") is None:
        yield "it names no disk, so that the image decides"
    for name, disk in _disks(resource):
        if not may_be_true(at(disk, "encrypted")):
            yield f"{name} is not encrypted"


def _disks(resource: Resource) -> Iterator[tuple[str, Any]]:
    """Yield the name and the settings of each EBS disk, as far as they are known."""
    if resource.type == INSTANCE:
        yield "the root disk", resource.get("rootBlockDevice")
        yield from ((str(at(disk, "deviceName")), disk) for disk in items(resource.get("ebsBlockDevices")))
        return
    path = ("spec", "blockDeviceMappings") if resource.type == NODE_CLASS else ("blockDeviceMappings",)
    for mapping in items(resource.get(*path)):
        if at(mapping, "ebs") is not None:
            yield str(at(mapping, "deviceName")), at(mapping, "ebs")


@rule(
    "node-ssh",
    TEMPLATE,
    INSTANCE,
    NODE_GROUP,
    reason="Sessions with a shared key cannot be attributed to a person, and are not logged.",
    fix="Remove the key: SSM's Session Manager authenticates by IAM and logs sessions",
    source="https://docs.aws.amazon.com/eks/latest/best-practices/protecting-the-infrastructure.html",
)
def ssh(resource: Resource) -> Iterator[str]:
    """A launch template, an instance or a node group names the key."""
    keys = (resource.get("keyName"), resource.get("remoteAccess", "ec2SshKey"))
    yield from (f"it takes the key {key}" for key in keys if isinstance(key, str) and key)


@rule(
    "node-pool-limits",
    NODE_POOL,
    reason="Without limits, a misconfigured autoscaler or a stolen credential can launch any number of instances.",
    fix="Set cpuLimit and memoryLimit of the pool",
    source="https://karpenter.sh/v1.14/concepts/nodepools/#speclimits",
    development=Level.ADVISORY,
)
def pool_limits(pool: Resource) -> Iterator[str]:
    """Karpenter has no limit by default."""
    limits = pool.get("spec", "limits")
    if not is_unknown(limits) and at(limits, "cpu") is None:
        yield "it has no limit for cpu"


@rule(
    "node-pool-drains",
    NODE_POOL,
    reason="Nodes that can never be replaced keep an image with known vulnerabilities.",
    fix="Give the budget of 0 nodes a schedule and a duration, or allow some nodes",
    source="https://karpenter.sh/v1.14/concepts/disruption/#nodepool-disruption-budgets",
)
def pool_drains(pool: Resource) -> Iterator[str]:
    """A budget with a schedule, or for some reasons only, lets nodes go at other times."""
    for budget in items(pool.get("spec", "disruption", "budgets")):
        if at(budget, "nodes") in ("0", "0%", 0) and at(budget, "schedule") is None and not at(budget, "reasons"):
            yield "a budget of 0 nodes without a schedule stops every drift and consolidation"
