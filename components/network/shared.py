"""The VPC of another stack of this program: a second cluster beside the one that it was made for."""

from collections.abc import Mapping
from typing import Any, Final, TypedDict

import pulumi
from pulumi_aws import ec2

from components.network.base import NetworkOfOthers

SUBNETS: Final = ("privateSubnets", "publicSubnets", "podSubnets")
"""The outputs with subnets by zone."""


class SharedNetworkArgs(TypedDict):
    """Whose network to use."""

    stack: str
    """The stack that owns it: organization/project/stack."""
    contract_version: int
    """The version of the outputs' contract that both stacks must have."""
    zones: list[str]
    """The availability zones to use, of those that the owner has."""
    cluster_name: str
    """The second cluster."""
    account_id: str
    """The account that it is in, which must be the VPC's."""
    region: str
    """Its region, likewise."""


class SharedNetwork(NetworkOfOthers, pulumi.ComponentResource):
    """The same outputs as `Network`, from the outputs of the stack that has it.

    Nothing in the network is changed, not even a tag: its owner would take away again whatever is added, and what is
    there would go with the second cluster. So subnets are named by their ids wherever the platform needs some, and
    whoever searches for them by tags must do without the cluster's own.
    """

    vpc_id: pulumi.Output[str]
    vpc_cidr: pulumi.Output[str]
    public_subnets: pulumi.Output[dict[str, str]]
    public_subnet_ids: pulumi.Output[list[str]]
    public_subnet_cidrs: pulumi.Output[list[str]]
    private_subnets: pulumi.Output[dict[str, str]]
    private_subnet_ids: pulumi.Output[list[str]]
    private_subnet_cidrs: pulumi.Output[list[str]]
    node_subnet_ids: pulumi.Output[list[str]]
    node_subnets: pulumi.Output[dict[str, str]]
    cluster_subnet_ids: pulumi.Output[list[str]]
    pod_subnets: pulumi.Output[dict[str, str]]

    def __init__(self, name: str, args: SharedNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Read the owner's outputs. Raises RunError for a network that the cluster cannot use."""
        super().__init__("eks-platform:index:SharedNetwork", name, {}, opts)
        owner = pulumi.StackReference(
            f"{name}-owner", stack_name=args["stack"], opts=pulumi.ResourceOptions(parent=self)
        )
        network = owner.outputs.apply(lambda outputs: usable(outputs, args))
        self.vpc_id = network.apply(lambda known: known["vpcId"])
        self.vpc_cidr = self.vpc_id.apply(lambda vpc: ec2.get_vpc_output(id=vpc, opts=self._lookup).cidr_block)
        self.public_subnets = network.apply(lambda known: known["publicSubnets"])
        self.public_subnet_ids = self.public_subnets.apply(lambda subnets: list(subnets.values()))
        self.public_subnet_cidrs = self.public_subnet_ids.apply(self._cidrs)
        self.private_subnets = network.apply(lambda known: known["privateSubnets"])
        self.private_subnet_ids = self.private_subnets.apply(lambda subnets: list(subnets.values()))
        self.private_subnet_cidrs = self.private_subnet_ids.apply(self._cidrs)
        self.node_subnets = self.private_subnets
        self.node_subnet_ids = self.private_subnet_ids
        self.cluster_subnet_ids = self.private_subnet_ids
        self.pod_subnets = network.apply(lambda known: known["podSubnets"])
        self.register_outputs(
            {
                "vpc_id": self.vpc_id,
                "vpc_cidr": self.vpc_cidr,
                "public_subnets": self.public_subnets,
                "public_subnet_ids": self.public_subnet_ids,
                "public_subnet_cidrs": self.public_subnet_cidrs,
                "private_subnets": self.private_subnets,
                "private_subnet_ids": self.private_subnet_ids,
                "private_subnet_cidrs": self.private_subnet_cidrs,
                "node_subnet_ids": self.node_subnet_ids,
                "node_subnets": self.node_subnets,
                "cluster_subnet_ids": self.cluster_subnet_ids,
                "pod_subnets": self.pod_subnets,
            }
        )

    @property
    def _lookup(self) -> pulumi.InvokeOptions:
        return pulumi.InvokeOptions(parent=self)

    def _cidrs(self, subnets: list[str]) -> pulumi.Output[list[str]]:
        return pulumi.Output.all(
            *[ec2.get_subnet_output(id=subnet, opts=self._lookup).cidr_block for subnet in subnets]
        )


def usable(outputs: Mapping[str, Any], args: SharedNetworkArgs) -> dict[str, Any]:
    """Return of a stack's outputs the network's, with the subnets of the zones that are asked for.

    Raises RunError that names everything by which a second cluster cannot be there.
    """
    lacking = [
        key for key in ("contractVersion", "privateSubnets", "publicSubnets", "podSubnets") if key not in outputs
    ]
    if lacking:
        raise pulumi.RunError(f"{args['stack']} has no output {' and no '.join(lacking)}: first `pulumi up` there")
    wanted = {
        "contractVersion": args["contract_version"],
        "accountId": args["account_id"],
        "region": args["region"],
    }
    # The engine hands every number over as a float, which equals the integer.
    problems = [
        f"its {key} is {outputs.get(key)}, expected {value}"
        for key, value in wanted.items()
        if outputs.get(key) != value
    ]
    if outputs["name"] == args["cluster_name"]:
        problems.append(f"its cluster is {args['cluster_name']} too, expected another platform.name")
    subnets = {}
    for key in SUBNETS:
        there: Mapping[str, str] = outputs[key]
        missing = [zone for zone in args["zones"] if zone not in there]
        # Without an internet gateway, or a range for pods, there are none at all.
        if missing and (there or key == "privateSubnets"):
            problems.append(f"it has no {key} in {' and '.join(missing)}")
        subnets[key] = {zone: there[zone] for zone in args["zones"] if zone in there}
    if problems:
        raise pulumi.RunError(f"the network of {args['stack']} cannot be shared: " + "; ".join(problems))
    return {"vpcId": outputs["vpcId"], **subnets}
