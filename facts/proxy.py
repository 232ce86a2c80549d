"""The HTTP proxy of a company: what is reached by it, and what without it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from facts.partitions import dns_suffix


@dataclass(frozen=True)
class Proxy:
    """A proxy. url: such as http://proxy.example.com:3128. exceptions: hosts, domains and ranges reached without it."""

    url: str
    exceptions: Sequence[str]

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables by which programs use the proxy."""
        return {"HTTP_PROXY": self.url, "HTTPS_PROXY": self.url, "NO_PROXY": ",".join(self.exceptions)}


ALWAYS: Final = (
    *("localhost", "127.0.0.1"),
    # The instance metadata service, and the agent of Pod Identity.
    # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-how-it-works.html
    *("169.254.169.254", "169.254.170.23"),
    *(".internal", ".svc", ".cluster.local"),
)
"""What is on the node or in the cluster (https://repost.aws/knowledge-center/eks-http-proxy-containerd-automation)."""

SERVICE_RANGES: Final = ("10.100.0.0/16", "172.20.0.0/16")
"""The ranges of which EKS chooses one for the cluster IPs of Services.

https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html"""


def exceptions(
    region: str, *, ranges: Iterable[str], services: str | None, endpoints: Iterable[str], more: Iterable[str]
) -> list[str]:
    """Return what is reached without a proxy, each once.

    ranges: those of the VPC. services: the range of cluster IPs; None: EKS chooses it. endpoints: the services with an
    interface endpoint in the VPC ("ecr.api"). more: what a stack file names.
    """
    suffix = dns_suffix(region)
    found = [
        *ALWAYS,
        *ranges,
        *([services] if services else SERVICE_RANGES),
        # The endpoint of the Kubernetes API, whose name in the VPC leads to private addresses.
        # https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
        f".{region}.eks.{suffix}",
        *(endpoint_host(service, region) for service in endpoints),
        *more,
    ]
    return list(dict.fromkeys(found))


def endpoint_host(service: str, region: str) -> str:
    """Return the host name that leads to a service's interface endpoint, below which its other names are.

    service: the last part of the endpoint's name, whose parts are the other way round in the host name.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/vpc-endpoints.html,
    https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    if service == "eks-auth":
        return f"eks-auth.{region}.api.aws"
    return f"{'.'.join(reversed(service.split('.')))}.{region}.{dns_suffix(region)}"
