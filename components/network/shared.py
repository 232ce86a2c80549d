"""The VPC of another stack of this program, for a second cluster next to the first."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network
from typing import Any, Final

import pulumi
from pulumi_aws import ec2

from components.common.where import Where
from components.network.base import AnyNetwork
from components.network.ranges import check_apart
from facts.contract import CONTRACT_VERSION
from settings import ExistingNetwork as ExistingNetworkSettings
from settings import required

SUBNETS: Final = ("privateSubnets", "publicSubnets", "podSubnets")
"""The outputs with subnets by zone."""


class SharedNetwork(AnyNetwork):
    """The network of another stack of this program, from that stack's outputs.

    Nothing in the network is changed, not even a tag: the owner's next `pulumi up` would remove it. So the platform
    names subnets by their ids everywhere, and no subnet has this cluster's own tag for those who search by tags.
    """

    def __init__(
        self,
        name: str,
        settings: ExistingNetworkSettings,
        where: Where,
        *,
        apart: Mapping[str, IPv4Network],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Read the owner's outputs.

        apart: ranges that must not overlap the VPC's, by setting. Raises RunError for a network that the cluster
        cannot use.
        """
        super().__init__("eks-platform:index:SharedNetwork", name, {}, opts)
        stack, zones = required(settings.stack), settings.zones
        owner = pulumi.StackReference(f"{name}-owner", stack_name=stack, opts=pulumi.ResourceOptions(parent=self))
        network = owner.outputs.apply(lambda outputs: usable(outputs, stack, zones, where))
        self.vpc_id = network.apply(lambda known: known["vpcId"])
        self.vpc_cidr = ec2.get_vpc_output(id=self.vpc_id, opts=self._lookup).apply(lambda vpc: _range_of(vpc, apart))
        self.public_subnets = network.apply(lambda known: known["publicSubnets"])
        self.public_subnet_ids = self.public_subnets.apply(lambda subnets: list(subnets.values()))
        self.public_subnet_cidrs = self.public_subnet_ids.apply(self._cidrs)
        self.private_subnets = network.apply(lambda known: known["privateSubnets"])
        self.private_subnet_ids = self.private_subnets.apply(lambda subnets: list(subnets.values()))
        self.private_subnet_cidrs = self.private_subnet_ids.apply(self._cidrs)
        self.node_subnets = self.private_subnets
        self.node_subnet_ids = self.private_subnet_ids
        self.cluster_subnet_ids = self.private_subnet_ids
        self.public_node_subnets = pulumi.Output.from_input({})
        self.named_subnets = pulumi.Output.from_input({})
        self.pod_subnets = network.apply(lambda known: known["podSubnets"])
        self.route_tables = network.apply(lambda known: known["routeTables"])
        self.nat_addresses = network.apply(lambda known: known["natAddresses"])
        self.register_outputs(self.outputs())

    @property
    def _lookup(self) -> pulumi.InvokeOptions:
        return pulumi.InvokeOptions(parent=self)

    def _cidrs(self, subnets: list[str]) -> pulumi.Output[list[str]]:
        return pulumi.Output.all(
            *[ec2.get_subnet_output(id=subnet, opts=self._lookup).cidr_block for subnet in subnets]
        )


def _range_of(vpc: ec2.GetVpcResult, apart: Mapping[str, IPv4Network]) -> str:
    check_apart(apart, vpc)
    return vpc.cidr_block


def usable(outputs: Mapping[str, Any], stack: str, zones: Sequence[str], where: Where) -> dict[str, Any]:
    """Return the network's outputs among those of the stack that owns it, with the subnets of `zones` alone.

    where: the place of the second cluster, whose account and region must be the network's. Raises RunError with every
    reason why the cluster cannot be in this network.
    """
    lacking = [
        key for key in ("contractVersion", "privateSubnets", "publicSubnets", "podSubnets") if key not in outputs
    ]
    if lacking:
        raise pulumi.RunError(f"{stack} has no output {' and no '.join(lacking)}: first `pulumi up` there")
    wanted = {
        "contractVersion": CONTRACT_VERSION,
        "accountId": where.account_id,
        "region": where.region,
    }
    # The engine passes every number as a float, which equals the integer.
    problems = [
        f"its {key} is {outputs.get(key)}, expected {value}"
        for key, value in wanted.items()
        if outputs.get(key) != value
    ]
    if outputs["name"] == where.cluster_name:
        problems.append(f"its cluster is {where.cluster_name} too, expected another platform.name")
    subnets = {}
    for key in SUBNETS:
        by_zone: Mapping[str, str] = outputs[key]
        missing = [zone for zone in zones if zone not in by_zone]
        # An owner without an internet gateway, or without a range for pods, has no such subnets at all.
        if missing and (by_zone or key == "privateSubnets"):
            problems.append(f"it has no {key} in {' and '.join(missing)}")
        subnets[key] = {zone: by_zone[zone] for zone in zones if zone in by_zone}
    if problems:
        raise pulumi.RunError(f"the network of {stack} cannot be shared: " + "; ".join(problems))
    # An owner that was last updated by an earlier release has no such outputs yet.
    routes = {"routeTables": outputs.get("routeTables", {}), "natAddresses": outputs.get("natAddresses", [])}
    return {"vpcId": outputs["vpcId"], **subnets, **routes}
