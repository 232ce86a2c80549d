"""The HTTP proxy of a stack, with all that is reached without it."""

from facts.proxy import Proxy, exceptions
from settings.cluster import Cluster
from settings.network import Network
from settings.platform import Platform


def proxy_of(platform: Platform, network: Network, cluster: Cluster) -> Proxy | None:
    """Return the proxy of nodes and controllers; None: they use none."""
    if network.proxy is None:
        return None
    # A VPC of the program has S3's gateway endpoint always; of an existing VPC, the stack file names what there is.
    endpoints = [] if network.existing else ["s3", *network.interface_endpoints]
    found = exceptions(
        platform.region,
        ranges=[str(block) for block in (network.cidr, network.pod_cidr) if block],
        services=str(cluster.service_cidr) if cluster.service_cidr else None,
        endpoints=endpoints,
        more=network.proxy.no_proxy,
    )
    return Proxy(network.proxy.url, tuple(found))
