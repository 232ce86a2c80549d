"""Settings of nodes outside of AWS."""

from pydantic import Field

from settings.base import Settings
from settings.values import CertificateBundle, Range


class HybridNodes(Settings):
    """Nodes outside of AWS, such as in the company's data center (EKS Hybrid Nodes).

    They reach the VPC by a VPN, Direct Connect or a transit gateway of the company's, and run a network plugin of the
    company's choice, such as Cilium.
    """

    node_networks: list[Range] = Field(
        min_length=1, max_length=15, description="Ranges of RFC 1918 with the addresses of the nodes."
    )
    pod_networks: list[Range] = Field(
        [],
        max_length=15,
        description="Ranges of RFC 1918 with the addresses of the pods on these nodes. EKS requires them for webhooks "
        "that run there. If empty, the network plugin must hide pods behind the address of their node.",
    )
    certificates: CertificateBundle | None = Field(
        None,
        description="Certificate authority of the nodes in PEM form, by which they get their role from IAM Roles "
        "Anywhere: the common name of a node's certificate is its name. If absent, they get it from Systems Manager.",
    )
