"""The current node groups of a cluster: an autoscaler changes their sizes outside of Pulumi."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pulumi
from pulumi_aws import eks


@dataclass(frozen=True)
class RunningGroup:
    """A node group that exists.

    desired: how many nodes it has been told to have, by us, an autoscaler or a person. subnets: in how many subnets its
    nodes may be.
    """

    min: int
    max: int
    desired: int
    instance_types: Sequence[str]
    ami_type: str
    subnets: int


def running_groups(cluster_name: str, provider: pulumi.ProviderResource) -> dict[str, RunningGroup]:
    """Return the node groups of a cluster by EKS's names; none where the cluster does not exist yet.

    The caller needs eks:ListClusters, eks:ListNodegroups and eks:DescribeNodegroup. A cluster is looked up in the list
    first, because a question about one that does not exist fails.
    """
    opts = pulumi.InvokeOptions(provider=provider)
    if cluster_name not in eks.get_clusters(opts=opts).names:
        return {}
    names = eks.get_node_groups(cluster_name=cluster_name, opts=opts).names
    found = [eks.get_node_group(cluster_name=cluster_name, node_group_name=name, opts=opts) for name in sorted(names)]
    return {
        group.node_group_name: RunningGroup(
            min=group.scaling_configs[0].min_size,
            max=group.scaling_configs[0].max_size,
            desired=group.scaling_configs[0].desired_size,
            instance_types=list(group.instance_types),
            ami_type=group.ami_type,
            subnets=len(group.subnet_ids),
        )
        for group in found
        if group.status != "DELETING"
    }


def running_group(resource_name: str, groups: Mapping[str, RunningGroup]) -> RunningGroup | None:
    """Return the node group that Pulumi created for a resource: the resource's name and seven characters; or None.

    During a replacement there are two; the result is the larger one.
    https://www.pulumi.com/docs/iac/concepts/resources/names/#autonaming
    """
    own = re.compile(rf"{re.escape(resource_name)}-[0-9a-f]{{7}}")
    found = [group for name, group in groups.items() if own.fullmatch(name)]
    return max(found, key=lambda group: group.desired, default=None)
