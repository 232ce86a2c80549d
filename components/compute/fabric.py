"""Elastic Fabric Adapter: the security group, the network interfaces and the placement of its nodes.

https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import pulumi
from pulumi_aws import ec2, vpc

from facts.efa import EFA_CARDS
from settings import NodeGroup

if TYPE_CHECKING:
    from pulumi_aws.ec2 import LaunchTemplateNetworkInterfaceArgsDict, LaunchTemplatePlacementArgsDict


def fabric_group(name: str, vpc_id: pulumi.Input[str], opts: pulumi.ResourceOptions) -> pulumi.Output[str]:
    """Declare the security group that allows all traffic between its members, and return its id.

    EFA is not routed by address: rules for ranges do not let it through.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html#efa-start-security
    """
    group = ec2.SecurityGroup(
        f"{name}-efa",
        description=f"EFA between the nodes of {name}",
        vpc_id=vpc_id,
        tags={"Name": f"{name}-efa"},
        opts=opts,
    )
    for direction in (vpc.SecurityGroupIngressRule, vpc.SecurityGroupEgressRule):
        direction(
            f"{name}-efa",
            security_group_id=group.id,
            description="All traffic between the nodes",
            referenced_security_group_id=group.id,
            ip_protocol="-1",
            opts=opts,
        )
    return group.id


def fabric_interfaces(
    settings: NodeGroup, group_ids: Sequence[pulumi.Input[str]]
) -> "list[LaunchTemplateNetworkInterfaceArgsDict]":
    """Return an interface with EFA for each network card. group_ids: the security groups of all of them."""
    return [
        {
            "network_card_index": card,
            # A card's own first device is 0 on the first card, whose interface is the node's, and 1 on the others.
            "device_index": min(card, 1),
            "interface_type": "efa",
            "security_groups": group_ids,
            "associate_public_ip_address": "false",
            "delete_on_termination": "true",
        }
        for card in range(EFA_CARDS[settings.instance_types[0]])
    ]


def fabric_placement(
    name: str, settings: NodeGroup, opts: pulumi.ResourceOptions
) -> "LaunchTemplatePlacementArgsDict | None":
    """Declare the cluster placement group, which puts the nodes close together; None for reserved instances.

    A reservation that is not made in a placement group, and a capacity block, are places of their own.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/cr-cpg.html
    """
    if settings.reservation:
        return None
    return {"group_name": ec2.PlacementGroup(f"{name}-efa", strategy="cluster", opts=opts).name}
