"""What node groups and Karpenter's nodes have in common: subnets, security groups, tags, the rights of their role."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from settings.base import Settings
from settings.extra_charts import NarrowStatement
from settings.values import AnyRange, Label, PolicyArn, PrefixListId, RuleReason, SecurityGroupId, TagKey, TagValue

Port = Annotated[int, Field(ge=0, le=65535)]


class Protocol(StrEnum):
    """The protocol of a security group's rule."""

    TCP = "tcp"
    UDP = "udp"
    ICMP = "icmp"
    ALL = "all"


class SecurityRule(Settings):
    """Connections that a security group accepts: from one CIDR block, prefix list or security group."""

    protocol: Protocol = Protocol.TCP
    from_port: Port | None = Field(None, description="First port. Required for `tcp` and `udp`, and only for them.")
    to_port: Port | None = Field(None, description="Last port. If absent, the rule has the one port `fromPort`.")
    cidr: AnyRange | None = Field(None, description="CIDR block that may connect, IPv4 or IPv6.")
    prefix_list: PrefixListId | None = Field(None, description="ID of the managed prefix list that may connect.")
    security_group: SecurityGroupId | None = Field(
        None, description="ID of the security group whose network interfaces may connect."
    )


class NodeSecurityRule(SecurityRule):
    """Connections that nodes accept: from one CIDR block, prefix list or security group."""

    reason: RuleReason | None = Field(
        None,
        description="Why any address may connect to ports other than 80 and 443. With a reason, the policies accept "
        "the rule.",
    )


class NodeRole(Settings):
    """Additional rights of the nodes' IAM role, which the pods with `hostNetwork` have too."""

    statements: list[NarrowStatement] = Field([], description="Policy statements of the role.")
    managed_policies: list[PolicyArn] = Field(
        [], max_length=6, description="ARNs of existing IAM policies to attach to the role."
    )


class NodeAccess(Settings):
    """Where nodes are, and who may connect to them."""

    public: bool = Field(
        False,
        description="Whether the nodes run in the network's public subnets with public addresses, next to nodes in "
        "private subnets. Unnecessary with `network.publicNodes`.",
    )
    subnets: list[Label] = Field(
        [],
        description="Names of the subnets of `network.nodeSubnets` or `network.existing.nodeSubnets` for the nodes, "
        "instead of the subnets of the zones.",
    )
    security_groups: list[SecurityGroupId] = Field(
        [],
        # An interface has five groups at most: the cluster's, one of `security_rules`, one of EFA.
        # https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html#vpc-limits-security-groups
        max_length=2,
        description="IDs of existing security groups for the nodes, in addition to the cluster's. They must not have "
        "the tag `kubernetes.io/cluster/<name>`.",
    )
    security_rules: dict[Label, NodeSecurityRule] = Field(
        {},
        max_length=60,
        description="Connections that the nodes accept in addition to those within the cluster, by a name of your "
        "choice. The nodes then have a security group for them.",
    )
    tags: dict[TagKey, TagValue] = Field(
        {},
        # AWS allows 50 on a resource, of which `platform.tags` may be 40.
        max_length=5,
        description="Tags of the nodes and their disks, in addition to `platform.tags`. A change replaces the nodes.",
    )
