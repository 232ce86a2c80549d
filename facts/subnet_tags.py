"""The tags by which load balancers and Karpenter find subnets."""

from typing import Final

ELB_TAG: Final = {"kubernetes.io/role/elb": "1"}
"""A subnet for internet-facing load balancers.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/"""
INTERNAL_ELB_TAG: Final = {"kubernetes.io/role/internal-elb": "1"}
"""A subnet for internal load balancers (the same page)."""


def cluster_tags(cluster_name: str, *, for_nodes: bool, owned: bool = True) -> dict[str, str]:
    """Return the tags that bind a subnet to a cluster.

    for_nodes: whether node classes may find it by the tag that is usual with Karpenter, which has room for one cluster.
    owned: whether the subnet lives and dies with the cluster; a shared one serves other clusters too.
    """
    discovery = {"karpenter.sh/discovery": cluster_name} if for_nodes else {}
    return {f"kubernetes.io/cluster/{cluster_name}": "owned" if owned else "shared", **discovery}
