"""Rules about nodes outside of AWS."""

from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network

from settings.cluster import Access, Cluster, EntryType
from settings.compute import NodeGroup
from settings.hybrid import HybridNodes
from settings.network import IpFamily, Network
from settings.problems import Problem, place
from settings.rules.network import PRIVATE_RANGES
from settings.rules.registry import rule
from settings.words import either


def remote_networks(hybrid: HybridNodes) -> dict[str, IPv4Network]:
    """Return the ranges of the nodes and pods outside of AWS, by setting."""
    lists = {"nodeNetworks": hybrid.node_networks, "podNetworks": hybrid.pod_networks}
    return {
        f"cluster.hybridNodes.{key}[{at}]": block for key, blocks in lists.items() for at, block in enumerate(blocks)
    }


@rule
def _remote_networks(cluster: Cluster, network: Network) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_RemoteNodeNetwork.html."""
    if cluster.hybrid_nodes is None:
        return
    given = {
        "network.cidr": network.cidr,
        "network.podCidr": network.pod_cidr,
        "cluster.serviceCidr": cluster.service_cidr,
    }
    taken = {setting: block for setting, block in given.items() if block}
    for path, block in remote_networks(cluster.hybrid_nodes).items():
        if not any(block.subnet_of(private) for private in PRIVATE_RANGES):
            yield Problem(path, str(block), f"expected a range in {either([str(it) for it in PRIVATE_RANGES])}")
        yield from _overlaps(path, block, taken)
        taken[path] = block


def _overlaps(path: str, block: IPv4Network, taken: Mapping[str, IPv4Network]) -> Iterator[Problem]:
    for setting, other in taken.items():
        if block.overlaps(other):
            yield Problem(path, str(block), f"expected a range that does not overlap {setting}, {other}")


@rule
def _cluster_of_hybrid_nodes(
    cluster: Cluster, network: Network, node_groups: dict[str, NodeGroup], access: Access
) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-prereqs.html."""
    if cluster.hybrid_nodes:
        if network.ip_family is IpFamily.IPV6:
            yield Problem("cluster.hybridNodes", "set", "expected none with ipFamily ipv6: EKS supports IPv4 only")
        if not node_groups:
            expected = "expected node groups too: without them the cluster has no kube-proxy, which these nodes need"
            yield Problem("cluster.hybridNodes", "set without nodeGroups", expected)
        return
    for name, entry in access.entries.items():
        if entry.type is EntryType.HYBRID_LINUX:
            path = place("access", "entries", name, "type")
            yield Problem(path, entry.type, "expected cluster.hybridNodes too, which has the networks of these nodes")
