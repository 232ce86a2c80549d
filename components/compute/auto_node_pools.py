"""Node classes and node pools of the stack's own with EKS Auto Mode."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_aws import eks
from pulumi_kubernetes.apiextensions import CustomResource

from components.common.node_role import node_role
from components.common.ready import WAIT_UNTIL_READY
from components.compute.node_pools import pool_limits, pool_taints
from facts import iam_documents
from facts.access_policies import AUTO_NODE_POLICY, access_policy_arn
from facts.partitions import partition_of
from facts.proxy import Proxy
from settings import AutoMode, AutoNodeClass, AutoPool

GROUP: Final = "eks.amazonaws.com"


@dataclass(frozen=True)
class AutoNetwork:
    """Where Auto Mode launches nodes. subnet_ids: for classes that name no subnets. proxy: that of the nodes."""

    region: str
    subnet_ids: pulumi.Input[Sequence[str]]
    security_group_id: pulumi.Input[str]
    proxy: Proxy | None


class AutoNodePools(pulumi.ComponentResource):
    """The NodeClasses, their NodePools, and the role of the nodes with its access entry.

    The role is not that of the built-in pools: EKS creates the access entry of that one, and deletes it with them.
    What runs pods of the platform depends on the pools, because the built-in pools may be disabled.
    """

    pools: list[pulumi.Resource]

    def __init__(
        self,
        name: str,
        settings: AutoMode,
        *,
        cluster_name: pulumi.Input[str],
        network: AutoNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role, its access entry, the classes and the pools. cluster_name: the cluster, once it exists."""
        super().__init__("eks-platform:index:AutoNodePools", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role, rights = node_role(f"{name}-node", network.region, child, policies=iam_documents.AUTO_MODE_NODE_POLICIES)
        entry = eks.AccessEntry(
            f"{name}-node", cluster_name=cluster_name, principal_arn=role.arn, type="EC2", opts=child
        )
        joins = eks.AccessPolicyAssociation(
            f"{name}-node",
            cluster_name=entry.cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=access_policy_arn(AUTO_NODE_POLICY, partition_of(network.region)),
            access_scope={"type": "cluster"},
            opts=child,
        )
        classes = {
            key: CustomResource(
                f"{name}-class-{key}",
                api_version=f"{GROUP}/v1",
                kind="NodeClass",
                metadata={"name": key, "annotations": WAIT_UNTIL_READY},
                spec=auto_node_class_spec(node_class, role.name, network),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[joins, *rights]),
            )
            for key, node_class in settings.node_classes.items()
        }
        self.pools = [
            CustomResource(
                f"{name}-{key}",
                api_version="karpenter.sh/v1",
                kind="NodePool",
                metadata={"name": key, "annotations": WAIT_UNTIL_READY},
                spec=auto_pool_spec(pool),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[classes[pool.node_class]],
                    # Until its nodes are drained and their instances have ended.
                    custom_timeouts=pulumi.CustomTimeouts(delete="90m"),
                ),
            )
            for key, pool in settings.pools.items()
        ]
        self.register_outputs({})


def auto_node_class_spec(settings: AutoNodeClass, role_name: pulumi.Input[str], network: AutoNetwork) -> dict[str, Any]:
    """Return the spec of a NodeClass (https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html)."""
    subnets = pulumi.Output.from_input(settings.subnets or network.subnet_ids)
    return {
        "role": role_name,
        # By id and not by tag: a second cluster in the VPC has subnets and groups of the same tags.
        "subnetSelectorTerms": subnets.apply(lambda ids: [{"id": subnet} for subnet in ids]),
        "securityGroupSelectorTerms": [{"id": network.security_group_id}],
        "networkPolicy": settings.network_policy.value,
        "ephemeralStorage": {
            "size": f"{settings.disk_gib}Gi",
            "iops": settings.disk_iops,
            "throughput": settings.disk_throughput,
        },
        **({"advancedNetworking": _proxy(network.proxy)} if network.proxy else {}),
    }


def _proxy(proxy: Proxy) -> dict[str, Any]:
    return {"httpsProxy": proxy.url, "noProxy": list(proxy.exceptions)}


def auto_pool_spec(pool: AutoPool) -> dict[str, Any]:
    """Return the spec of a NodePool (https://docs.aws.amazon.com/eks/latest/userguide/create-node-pool.html)."""
    allowed = {
        "karpenter.sh/capacity-type": [capacity.value for capacity in pool.capacity_types],
        "kubernetes.io/arch": [architecture.value for architecture in pool.architectures],
        f"{GROUP}/instance-category": pool.categories,
        f"{GROUP}/instance-family": pool.families,
        "node.kubernetes.io/instance-type": pool.instance_types,
        "topology.kubernetes.io/zone": pool.zones,
    }
    requirements = [{"key": key, "operator": "In", "values": values} for key, values in allowed.items() if values]
    if pool.min_generation:
        oldest = {"key": f"{GROUP}/instance-generation", "operator": "Gt", "values": [str(pool.min_generation - 1)]}
        requirements.append(oldest)
    return {
        "template": {
            "metadata": {"labels": pool.labels},
            "spec": {
                "nodeClassRef": {"group": GROUP, "kind": "NodeClass", "name": pool.node_class},
                "requirements": requirements,
                **({"taints": pool_taints(pool.taints)} if pool.taints else {}),
                "expireAfter": pool.expire_after,
            },
        },
        "limits": pool_limits(pool),
        "disruption": {
            "consolidationPolicy": "WhenEmptyOrUnderutilized",
            "consolidateAfter": pool.consolidate_after,
            "budgets": [{"nodes": "10%"}],
        },
        **({"weight": pool.weight} if pool.weight else {}),
    }
