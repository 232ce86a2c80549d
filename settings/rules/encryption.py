"""Rules about the company's own keys."""

from collections.abc import Iterator

from settings.addons import Addons
from settings.cluster import Cluster
from settings.compute import NodeGroup
from settings.encryption import Encryption
from settings.karpenter import Karpenter
from settings.platform import Platform
from settings.problems import Problem
from settings.rules.registry import rule


@rule
def _region_of_keys(platform: Platform, encryption: Encryption) -> Iterator[Problem]:
    for use in ("logs", "volumes", "queue"):
        arn = getattr(encryption, use)
        if arn and arn.split(":")[3] != platform.region:
            yield Problem(f"encryption.{use}", arn, f"expected one in {platform.region}")


@rule
def _keys_of_nothing(
    encryption: Encryption, karpenter: Karpenter | None, node_groups: dict[str, NodeGroup], addons: Addons
) -> Iterator[Problem]:
    if encryption.queue and not karpenter:
        yield Problem("encryption.queue", "set", "expected none: without karpenter there is no queue")
    if encryption.volumes and not (node_groups or karpenter or addons.ebs_csi):
        yield Problem("encryption.volumes", "set", "expected none: there are no nodes and no EBS volumes")


@rule
def _keys_of_auto_mode(encryption: Encryption, cluster: Cluster) -> Iterator[Problem]:
    # https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html (KMS key permissions)
    if encryption.volumes and cluster.auto_mode:
        yield Problem(
            "encryption.volumes",
            "set",
            "expected none with cluster.autoMode, whose nodes and driver are not the stack's",
        )
