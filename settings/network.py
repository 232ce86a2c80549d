"""Settings of the network."""

import re
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from facts.address_plan import (
    LONGEST_POD_PREFIX,
    LONGEST_VPC_PREFIX,
    LONGEST_VPC_PREFIX_FOR_ALB,
    LONGEST_VPC_PREFIX_FOR_PODS,
)
from settings.base import Settings
from settings.expected import EXPLANATIONS
from settings.values import (
    AllocationId,
    Label,
    ProxyException,
    ProxyUrl,
    Range,
    Retention,
    ServiceName,
    StackName,
    SubnetId,
    VpcId,
    Zone,
    ZoneOrLocalZone,
)


class Nat(StrEnum):
    """How private subnets reach the internet: not at all, or through NAT gateways.

    single: one in the first zone. per-zone: one in each zone. regional: one that is in all zones.
    """

    NONE = "none"
    SINGLE = "single"
    PER_ZONE = "per-zone"
    REGIONAL = "regional"


def _explained(found: str) -> str | None:
    """Return what to write instead of NAT instances, which other tools offer."""
    if "instance" not in found.lower():
        return None
    return (
        "expected none, single, per-zone or regional: NAT instances are not offered, because they fail with their zone "
        "and have to be patched; the cheapest NAT gateway is single"
    )


EXPLANATIONS[Nat] = _explained


class IpFamily(StrEnum):
    """Address family of pods and Services."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class SubnetTagging(StrEnum):
    """Whether to add the tags that load balancers require to existing subnets, or only to check them."""

    APPLY = "apply"
    CHECK = "check"


def is_local_zone(zone: str) -> bool:
    """Tell whether a zone ("us-west-2-lax-1a") is a Local Zone, whose name is the region's and three parts more."""
    return re.search(r"-[0-9]-[a-z]{3}-[0-9][a-h]$", zone) is not None


class NodeSubnet(Settings):
    """A subnet for chosen nodes, in addition to those that each zone has."""

    zone: ZoneOrLocalZone = Field(
        description="Zone of the network, or a Local Zone of the region, which the account must have enabled."
    )
    cidr: Range = Field(
        description="IPv4 range of the subnet within `cidr` of the network. In the eighth of the network that each "
        "zone's letter has, the last three eighths are free."
    )
    public: bool = Field(
        False, description="Whether the subnet has a route to the internet gateway, and its nodes public addresses."
    )


class ExistingNetwork(Settings):
    """A VPC that this stack did not create."""

    vpc_id: VpcId | None = Field(None, description="ID of the VPC.")
    private_subnets: dict[Zone, SubnetId] = Field(
        {},
        description="Subnet IDs for the nodes, by availability zone. Pods on node groups receive prefixes of 16 "
        "addresses from these subnets, so each subnet must be a /24 or larger, or have a CIDR reservation"
        " for prefixes.",
    )
    public_subnets: dict[Zone, SubnetId] = Field(
        {}, description="Subnet IDs for the internet-facing ALB, by availability zone."
    )
    control_plane_subnets: dict[Zone, SubnetId] = Field(
        {},
        description="Subnet IDs for the network interfaces of the control plane, by availability zone. If empty, they "
        "are in `privateSubnets`. A running cluster keeps the subnets that it was created in.",
    )
    node_subnets: dict[Label, SubnetId] = Field(
        {},
        max_length=20,
        description="Subnet IDs for chosen nodes, by a name of your choice, such as a second subnet of a zone or one of"
        " a Local Zone. Node groups name them in `subnets`. The owner of the VPC is responsible for their tags.",
    )
    tagging: SubnetTagging = Field(
        SubnetTagging.APPLY,
        description="Whether to add the tags that load balancers require to the subnets, or only to check them. "
        "Several clusters may share a VPC: destroying a stack removes the tag with its cluster's name and"
        " keeps the tags of the subnet's role.",
    )
    stack: StackName | None = Field(
        None,
        description="Another stack of this program whose network to use, instead of the other settings of `existing`."
        " The network is not changed.",
    )
    zones: list[Zone] = Field([], description="Availability zones of the other stack's network to use.")

    @property
    def control_plane_subnet_list(self) -> str:
        """The subnets that are the control plane's only, in an order that does not depend on the stack file."""
        return ", ".join(sorted(self.control_plane_subnets.values()))


class FlowLogs(Settings):
    """Logs of the VPC's accepted and rejected connections."""

    retention_days: Retention = Field(30, description="Number of days that CloudWatch keeps the flow logs.")


class HttpProxy(Settings):
    """The company's HTTP proxy. Nodes and the platform's own controllers connect to hosts outside of the VPC by it."""

    url: ProxyUrl = Field(
        description="URL of the proxy, such as http://proxy.example.com:3128. The VPC must have a route to it. It has "
        "no user name and no password, because the user data of nodes is not secret."
    )
    no_proxy: list[ProxyException] = Field(
        [],
        max_length=30,
        description="Hosts, domains such as .example.com and IPv4 ranges that are reached without the proxy, in "
        "addition to what the stack knows: the ranges of the VPC and of Services, the Kubernetes API, the instance "
        "metadata service, S3 and the services of `interfaceEndpoints`. An existing VPC requires its ranges here.",
    )


class Network(Settings):
    """A VPC that the stack creates, or an existing one."""

    cidr: Range | None = Field(
        None,
        description=f"IPv4 range of the VPC, preferably of RFC 1918, from /16 to /{LONGEST_VPC_PREFIX_FOR_PODS}. If "
        "pods on node groups have no IPv4 address of it (`podCidr`, IPv6, only Fargate or only Auto Mode), up to "
        f"/{LONGEST_VPC_PREFIX_FOR_ALB}, and behind an internal ALB up to /{LONGEST_VPC_PREFIX}.",
    )
    zones: list[Zone] = Field(
        [],
        description="Names of the availability zones. Adding a zone does not renumber existing subnets. A running "
        "cluster keeps the zones that it was created in.",
    )
    zone_count: Annotated[int, Field(ge=2, le=6)] | None = Field(
        None,
        description="Number of availability zones to use, chosen in order from those that EKS supports. Use `zones` "
        "instead if it matters which zones the nodes are in.",
    )
    nat: Nat = Field(
        Nat.SINGLE,
        description="How private subnets reach the internet: not at all, through one NAT gateway in the first zone, "
        "through one in each zone, or through a regional one, which is in all zones.",
    )
    nat_addresses: dict[Zone, Annotated[list[AllocationId], Field(min_length=1, max_length=32)]] = Field(
        {},
        description="Elastic IP addresses of the company for the NAT gateways, by availability zone, as allocation IDs."
        " A second address doubles the number of connections to one destination. If empty, the stack creates one "
        "address for each zone of a NAT gateway.",
    )
    public_nodes: bool = Field(
        False,
        description="Whether nodes run in public subnets with public addresses. The VPC then has an internet gateway "
        "and no NAT gateway.",
    )
    node_subnets: dict[Label, NodeSubnet] = Field(
        {},
        max_length=20,
        description="Subnets for chosen nodes, by a name of your choice, such as a second subnet of a zone or one of a "
        "Local Zone. Node groups name them in `subnets`.",
    )
    pod_cidr: Range | None = Field(
        None,
        description=f"Secondary IPv4 range of the VPC for pods, from /16 to /{LONGEST_POD_PREFIX}, usually "
        "100.64.0.0/16. Nodes keep addresses of `cidr`. If absent, the VPC has no secondary range.",
    )
    ip_family: IpFamily = Field(
        IpFamily.IPV4, description="Address family of pods and Services. Changing it requires another cluster."
    )
    interface_endpoints: list[ServiceName] = Field(
        [], description="AWS services to reach through an interface endpoint, by the last part of the service name."
    )
    flow_logs: FlowLogs | None = Field(
        None, description="VPC flow logs in CloudWatch. If absent, no flow logs are written."
    )
    proxy: HttpProxy | None = Field(
        None, description="HTTP proxy of nodes and of the platform's own controllers. If absent, they use none."
    )
    existing: ExistingNetwork | None = Field(
        None, description="An existing VPC to use. `cidr` and `zones` must then be absent."
    )

    @property
    def zone_names(self) -> list[str]:
        """The availability zones of the nodes' subnets; empty where `zoneCount` leaves them to the region."""
        if self.existing:
            return self.existing.zones or list(self.existing.private_subnets)
        return self.zones

    @property
    def named_subnets(self) -> list[str]:
        """The names of the subnets for chosen nodes."""
        return list(self.existing.node_subnets if self.existing else self.node_subnets)

    @property
    def local_subnets(self) -> list[str]:
        """The names of the subnets for chosen nodes that are in Local Zones, as far as their zones are known."""
        return [name for name, subnet in self.node_subnets.items() if is_local_zone(subnet.zone)]

    @property
    def shared(self) -> bool:
        """Whether the network is another stack's."""
        return self.existing is not None and self.existing.stack is not None

    @property
    def isolated(self) -> bool:
        """Whether what runs in the VPC reaches only endpoints in it. An existing VPC's routes are its owner's."""
        return self.existing is None and self.nat is Nat.NONE and not self.public_nodes

    @property
    def without_internet(self) -> bool:
        """Whether nothing leads out of the VPC, not even a proxy."""
        return self.isolated and self.proxy is None
