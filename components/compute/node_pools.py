"""Karpenter's node class and node pools: which EC2 instances may become nodes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.common.node_security import own_group
from components.common.on_cluster import OnCluster
from components.common.ready import WAIT_UNTIL_READY
from components.compute.node_group import NodeSubnets, volume_type
from components.compute.node_setup import (
    OF_NODE_CLASS,
    Disk,
    disks,
    given,
    image_terms,
    kubelet_configuration,
    user_data_of_class,
)
from facts.durations import seconds
from facts.instance_sizes import SMALL
from settings import (
    DEFAULT_NODE_CLASS,
    Budget,
    Network,
    NodeAccess,
    NodeClass,
    NodeImage,
    NodePool,
    PoolSettings,
    Taint,
)
from settings import Karpenter as KarpenterSettings


@dataclass(frozen=True)
class NodeNetwork:
    """Where nodes may be launched.

    settings: the network. security_group_id: the group that EKS created for the cluster.
    """

    settings: Network
    subnets: NodeSubnets
    vpc_id: pulumi.Input[str]
    security_group_id: pulumi.Input[str]


class NodePools(pulumi.ComponentResource):
    """The EC2NodeClasses and their NodePools.

    They belong to this program and not to GitOps: a NodePool that outlives Karpenter leaves instances behind, and only
    a tool that manages both can delete them in order.
    """

    node_class_name: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: KarpenterSettings,
        cluster: OnCluster,
        *,
        instance_profile_name: pulumi.Input[str],
        network: NodeNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the node classes and the pools. instance_profile_name: the nodes' instance profile."""
        super().__init__("eks-platform:index:NodePools", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        classes = {
            key: CustomResource(
                f"{name}-{key}",
                api_version="karpenter.k8s.aws/v1",
                kind="EC2NodeClass",
                metadata={"name": key, "annotations": WAIT_UNTIL_READY},
                spec=node_class_spec(
                    node_class,
                    cluster,
                    instance_profile_name,
                    network,
                    own_group(
                        name if key == DEFAULT_NODE_CLASS else f"{name}-{key}",
                        network.vpc_id,
                        node_class.security_rules,
                        child,
                    ),
                ),
                opts=child,
            )
            for key, node_class in settings.all_node_classes.items()
        }
        for key, pool in settings.node_pools.items():
            CustomResource(
                f"{name}-{key}",
                api_version="karpenter.sh/v1",
                kind="NodePool",
                metadata={"name": key, "annotations": WAIT_UNTIL_READY},
                spec=node_pool_spec(pool),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[classes[pool.node_class]],
                    custom_timeouts=pulumi.CustomTimeouts(delete=drain_timeout(pool.termination_grace_period)),
                ),
            )
        self.node_class_name = pulumi.Output.from_input(DEFAULT_NODE_CLASS)
        self.register_outputs({"node_class_name": self.node_class_name})


def drain_timeout(grace_period: str) -> str:
    """Return the timeout for a pool's deletion: the drain of its nodes ("1h30m") and the instances' termination."""
    return f"{math.ceil(seconds(grace_period) / 60) + 30}m"


def public_addresses(network: Network, nodes: NodeAccess) -> bool | None:
    """Tell whether nodes get public addresses; None: each subnet says so for itself."""
    if network.existing and nodes.subnets:
        return None
    named = {network.node_subnets[name].public for name in nodes.subnets}
    if len(named) > 1:
        return None
    return named.pop() if named else network.public_nodes or nodes.public


def node_class_spec(
    settings: NodeClass,
    cluster: OnCluster,
    instance_profile_name: pulumi.Input[str],
    network: NodeNetwork,
    own_groups: Sequence[pulumi.Input[str]],
) -> dict[str, Any]:
    """Return the spec of the EC2NodeClass (https://karpenter.sh/docs/concepts/nodeclasses/).

    own_groups: the security group with rules of the nodes' own, if any.
    """
    public = public_addresses(network.settings, settings)
    type_ = volume_type(settings, network.settings.local_subnets)
    groups = [network.security_group_id, *own_groups, *settings.security_groups]
    kubelet = kubelet_configuration(settings.kubelet)
    # Karpenter reckons without prefix delegation, and gives a large instance 29 pods at most.
    # https://github.com/aws/karpenter-provider-aws/issues/8210
    counted = given(maxPods=settings.max_pods) | {key: kubelet[key] for key in OF_NODE_CLASS if key in kubelet}
    return {
        **_image(settings),
        "instanceProfile": instance_profile_name,
        # By id and not by tag: a second cluster in the VPC has subnets and groups of the same tags.
        "subnetSelectorTerms": network.subnets.of(settings, []).apply(lambda ids: [{"id": subnet} for subnet in ids]),
        "securityGroupSelectorTerms": [{"id": group} for group in groups],
        **({} if public is None else {"associatePublicIPAddress": public}),
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": settings.metadata_hops,
            "httpTokens": "required",
        },
        "blockDeviceMappings": [
            {"deviceName": disk.device, "ebs": _ebs(disk, type_, cluster.volumes_key)}
            for disk in disks(settings, settings.image)
        ],
        **given(
            kubelet=counted or None,
            detailedMonitoring=settings.detailed_monitoring or None,
            instanceStorePolicy=settings.local_disks and "RAID0",
            userData=user_data_of_class(settings, settings.image, cluster.proxy),
        ),
        "tags": {"Name": f"{cluster.cluster_id}-karpenter", **cluster.tags, **settings.tags},
    }


def _image(settings: NodeClass) -> dict[str, Any]:
    if settings.custom_image is None:
        return {"amiSelectorTerms": [{"alias": settings.image_alias}]}
    # An alias tells the family, which decides on the user data; nothing else does.
    family = {NodeImage.BOTTLEROCKET: "Bottlerocket", NodeImage.AL2023: "AL2023"}[settings.image]
    return {"amiFamily": family, "amiSelectorTerms": image_terms(settings.custom_image)}


def _ebs(disk: Disk, type_: str, key: str | None) -> dict[str, Any]:
    """Return a disk of a node class. type_: that of EBS. key: the ARN of its KMS key; None: the account's default."""
    # Karpenter insists on a size for each disk; 4 GiB is what Bottlerocket's own image gives its system.
    return {
        "encrypted": True,
        "volumeType": type_,
        "deleteOnTermination": True,
        "volumeSize": f"{disk.gib or 4}Gi",
        **given(kmsKeyID=key, iops=disk.iops, throughput=disk.throughput, snapshotID=disk.snapshot_id),
    }


def node_pool_spec(pool: NodePool) -> dict[str, Any]:
    """Return the spec of a NodePool (https://karpenter.sh/docs/concepts/nodepools/)."""
    return {
        "template": {
            "metadata": {"labels": pool.labels},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": pool.node_class},
                "requirements": node_requirements(pool),
                "taints": pool_taints(pool.taints),
                **({"startupTaints": pool_taints(pool.startup_taints)} if pool.startup_taints else {}),
                "expireAfter": pool.expire_after,
                "terminationGracePeriod": pool.termination_grace_period,
            },
        },
        "limits": pool_limits(pool),
        "disruption": {
            "consolidationPolicy": pool.consolidation,
            "consolidateAfter": pool.consolidate_after,
            "budgets": [_budget(budget) for budget in pool.budgets],
        },
        **({"weight": pool.weight} if pool.weight else {}),
    }


def pool_limits(pool: PoolSettings) -> dict[str, str]:
    """Return what all nodes of a pool have together at most.

    https://karpenter.sh/docs/concepts/nodepools/#speclimits
    """
    gpus = {} if pool.gpu_limit is None else {"nvidia.com/gpu": str(pool.gpu_limit)}
    return {"cpu": pool.cpu_limit, "memory": pool.memory_limit, **gpus}


def pool_taints(taints: Sequence[Taint]) -> list[dict[str, Any]]:
    """Return the taints of a NodePool without empty values, which the definition's pattern refuses."""
    return [given(key=taint.key, value=taint.value or None, effect=taint.effect) for taint in taints]


def _budget(budget: Budget) -> dict[str, Any]:
    """Return a budget of a NodePool (https://karpenter.sh/docs/concepts/disruption/#disruption-budgets)."""
    return given(nodes=budget.nodes, reasons=budget.reasons or None, schedule=budget.schedule, duration=budget.duration)


def node_requirements(pool: NodePool) -> list[dict[str, Any]]:
    """Return the requirements that instances of a pool meet (https://karpenter.sh/docs/concepts/scheduling/)."""
    allowed = {
        "karpenter.sh/capacity-type": pool.capacity_types,
        "kubernetes.io/arch": pool.architectures,
        "kubernetes.io/os": ["linux"],
        "karpenter.k8s.aws/instance-category": pool.categories,
        "karpenter.k8s.aws/instance-family": pool.families,
        "karpenter.k8s.aws/instance-size": pool.sizes,
        "node.kubernetes.io/instance-type": pool.instance_types,
        "topology.kubernetes.io/zone": pool.zones,
    }
    requirements: list[dict[str, Any]] = [
        {"key": key, "operator": "In", "values": values} for key, values in allowed.items() if values
    ]
    if not (pool.sizes or pool.instance_types):
        requirements.append({"key": "karpenter.k8s.aws/instance-size", "operator": "NotIn", "values": list(SMALL)})
    if pool.min_generation:
        oldest = str(pool.min_generation - 1)
        requirements.append({"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": [oldest]})
    return requirements
