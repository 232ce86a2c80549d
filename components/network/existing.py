"""A VPC that something else made: its subnets, and the tags they need."""

from collections.abc import Mapping
from typing import Final, TypedDict

import pulumi
from pulumi_aws import ec2

from components.network.base import NetworkOfOthers
from components.network.zones import check_zones
from facts.subnet_tags import ELB_TAG, INTERNAL_ELB_TAG, cluster_tags


class ExistingNetworkArgs(TypedDict):
    """Which VPC and subnets to use."""

    cluster_name: str
    """The cluster that subnets are tagged for."""
    vpc_id: str
    """The VPC's id."""
    private_subnets: dict[str, str]
    """Availability zone to the id of the nodes' subnet."""
    public_subnets: dict[str, str]
    """Availability zone to the id of the subnet for internet-facing load balancers."""
    tagging: str
    """"apply" puts the tags on the subnets, "check" refuses subnets without them."""


class ExistingNetwork(NetworkOfOthers, pulumi.ComponentResource):
    """The same outputs as `Network`, of a VPC that is not ours. Its routes are its owner's business."""

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

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Look the subnets up and tag or check them.

        Raises RunError naming each subnet and the tags it lacks, or a zone that EKS refuses.
        """
        super().__init__("eks-platform:index:ExistingNetwork", name, {}, opts)
        self._name = name
        private, public = args["private_subnets"], args["public_subnets"]
        # Shared: other clusters may use the subnets, and they outlive this one. Not the tag by which Karpenter's users
        # search for subnets: it has room for one cluster, and the platform's node class names subnets by id.
        own = cluster_tags(args["cluster_name"], for_nodes=False, owned=False)
        wanted = {
            **{subnet: {**own, **INTERNAL_ELB_TAG} for subnet in private.values()},
            **{subnet: {**own, **ELB_TAG} for subnet in public.values()},
        }
        lookup = pulumi.InvokeOptions(parent=self)
        found = {subnet: ec2.get_subnet(id=subnet, opts=lookup) for subnet in wanted}
        # A load balancer may have a subnet there, a control plane may not.
        check_zones(
            "network.existing.privateSubnets",
            {zone: found[subnet].availability_zone_id for zone, subnet in private.items()},
        )
        if args["tagging"] == "apply":
            self._tag(wanted)
        else:
            _check({subnet: found[subnet].tags for subnet in wanted}, wanted)

        self.vpc_id = pulumi.Output.from_input(args["vpc_id"])
        self.vpc_cidr = pulumi.Output.from_input(ec2.get_vpc(id=args["vpc_id"], opts=lookup).cidr_block)
        self.public_subnets = pulumi.Output.from_input(public)
        self.private_subnets = pulumi.Output.from_input(private)
        self.public_subnet_ids = pulumi.Output.from_input(list(public.values()))
        self.public_subnet_cidrs = pulumi.Output.from_input([found[subnet].cidr_block for subnet in public.values()])
        self.private_subnet_ids = pulumi.Output.from_input(list(private.values()))
        self.private_subnet_cidrs = pulumi.Output.from_input([found[subnet].cidr_block for subnet in private.values()])
        self.cluster_subnet_ids = self.private_subnet_ids
        self.node_subnet_ids = self.private_subnet_ids
        self.node_subnets = self.private_subnets
        self.pod_subnets = pulumi.Output.from_input({})
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

    def _tag(self, wanted: dict[str, dict[str, str]]) -> None:
        for subnet, tags in wanted.items():
            for key, value in tags.items():
                ec2.Tag(
                    f"{self._name}-{subnet}-{key.replace('/', '-')}",
                    resource_id=subnet,
                    key=key,
                    value=value,
                    # A role is the subnet's, and every cluster in the VPC looks for it: the first cluster to go must
                    # not take it from the others (eksctl #4208, karpenter #6120).
                    opts=pulumi.ResourceOptions(parent=self, retain_on_delete=key in ROLE_TAGS),
                )


ROLE_TAGS: Final = frozenset({*ELB_TAG, *INTERNAL_ELB_TAG})
"""Tags that clusters in one VPC share; they stay when a cluster goes."""


def _check(found: dict[str, Mapping[str, str]], wanted: dict[str, dict[str, str]]) -> None:
    lacking = {
        subnet: [f"{key}={value}" for key, value in tags.items() if not _satisfied(found[subnet], key, value)]
        for subnet, tags in wanted.items()
    }
    lines = [f"  {subnet} lacks {', '.join(tags)}" for subnet, tags in lacking.items() if tags]
    if lines:
        raise pulumi.RunError("subnets of network.existing are not tagged for this cluster:\n" + "\n".join(lines))


def _satisfied(tags: Mapping[str, str], key: str, value: str) -> bool:
    """Tell whether the tag is there. `owned` is as good as `shared`, and a role's value is read as present or empty."""
    return key in tags and (tags[key] == value or value in ("shared", "1"))
