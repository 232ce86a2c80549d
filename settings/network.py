"""Settings of the network."""

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
from settings.values import Range, Retention, ServiceName, StackName, SubnetId, VpcId, Zone


class Nat(StrEnum):
    """Where the private subnets' way out is: nowhere, one NAT gateway for all zones, or one in each zone."""

    NONE = "none"
    SINGLE = "single"
    PER_ZONE = "per-zone"


class IpFamily(StrEnum):
    """Which addresses pods and Services have."""

    IPV4 = "ipv4"
    IPV6 = "ipv6"


class SubnetTagging(StrEnum):
    """What to do about the tags that load balancers look for on subnets we did not make."""

    APPLY = "apply"
    CHECK = "check"


class ExistingNetwork(Settings):
    """A VPC that something else made."""

    vpc_id: VpcId | None = Field(None, description="The VPC.")
    private_subnets: dict[Zone, SubnetId] = Field(
        {},
        description="The nodes' subnets: availability zone to subnet id. Pods on node groups get prefixes of 16 "
        "addresses there: a subnet needs a /24, or a reservation for prefixes.",
    )
    public_subnets: dict[Zone, SubnetId] = Field({}, description="The internet-facing ALB's subnets.")
    tagging: SubnetTagging = Field(
        SubnetTagging.APPLY,
        description="Put the tags that load balancers need on the subnets, or check. Several clusters may be in one "
        "VPC: the tag with the cluster's name goes with it, those of a subnet's role stay.",
    )
    stack: StackName | None = Field(
        None, description="Instead of all that: the stack of this program whose network is used too, and left as it is."
    )
    zones: list[Zone] = Field([], description="The availability zones of that stack's network to use.")


class FlowLogs(Settings):
    """Log of the VPC's accepted and rejected connections."""

    retention_days: Retention = Field(30, description="How long CloudWatch keeps them.")


class Network(Settings):
    """A VPC of the stack's own, or an existing one."""

    cidr: Range | None = Field(
        None,
        description=f"The VPC's IPv4 range (RFC 1918 recommended), /16 to /{LONGEST_VPC_PREFIX_FOR_PODS}. Where pods "
        "on node groups have no IPv4 address of it (`podCidr`, IPv6, Fargate or Auto Mode alone) also "
        f"/{LONGEST_VPC_PREFIX_FOR_ALB}, and behind an internal ALB /{LONGEST_VPC_PREFIX}.",
    )
    zones: list[Zone] = Field(
        [],
        description="Availability zones by name; adding one renumbers no subnet. A running cluster keeps the zones "
        "that it was made in.",
    )
    zone_count: Annotated[int, Field(ge=2, le=6)] | None = Field(
        None, description="The first so many zones that EKS takes, instead of names; prefer names where nodes matter."
    )
    nat: Nat = Field(Nat.SINGLE, description="How private subnets reach the internet.")
    public_nodes: bool = Field(
        False, description="Internet gateway only: nodes sit in public subnets with public addresses, no NAT is needed."
    )
    pod_cidr: Range | None = Field(
        None,
        description=f"A secondary range for pods, /16 to /{LONGEST_POD_PREFIX} (100.64.0.0/16 is usual); nodes "
        "keep the VPC's range.",
    )
    ip_family: IpFamily = Field(
        IpFamily.IPV4, description="Addresses of pods and Services; another family is another cluster."
    )
    interface_endpoints: list[ServiceName] = Field(
        [], description="AWS services reached by an interface endpoint, by the last part of the service name."
    )
    flow_logs: FlowLogs | None = Field(None, description="VPC flow logs to CloudWatch; absent: none.")
    existing: ExistingNetwork | None = Field(None, description="An existing VPC; `cidr` and `zones` are then absent.")

    @property
    def zone_names(self) -> list[str]:
        """The availability zones of the nodes' subnets; empty where `zoneCount` leaves them to the region."""
        if self.existing:
            return self.existing.zones or list(self.existing.private_subnets)
        return self.zones

    @property
    def shared(self) -> bool:
        """Whether the network is another stack's."""
        return self.existing is not None and self.existing.stack is not None

    @property
    def isolated(self) -> bool:
        """Whether what runs in the VPC reaches only endpoints in it. An existing VPC's routes are its owner's."""
        return self.existing is None and self.nat is Nat.NONE and not self.public_nodes
