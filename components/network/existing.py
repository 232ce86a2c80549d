"""A VPC that exists already: its subnets, and the tags that they need."""

from collections.abc import Mapping
from ipaddress import IPv4Network
from typing import Final

import pulumi
from pulumi_aws import ec2

from components.common.where import Where
from components.network.base import AnyNetwork
from components.network.ranges import check_apart
from components.network.zones import check_zones
from facts.subnet_tags import ELB_TAG, INTERNAL_ELB_TAG, cluster_tags
from settings import ExistingNetwork as ExistingNetworkSettings
from settings import SubnetTagging, required


class ExistingNetwork(AnyNetwork):
    """A VPC that is not the stack's own, with its subnets. Its owner is responsible for its routes."""

    def __init__(
        self,
        name: str,
        settings: ExistingNetworkSettings,
        where: Where,
        *,
        apart: Mapping[str, IPv4Network],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Look up the subnets, and tag them for the cluster or check their tags.

        apart: ranges that must not overlap the VPC's, by setting. Raises RunError for such a range, with each subnet
        and its missing tags, or with a zone that EKS refuses.
        """
        super().__init__("eks-platform:index:ExistingNetwork", name, {}, opts)
        self._name = name
        vpc_id = required(settings.vpc_id)
        private, public = settings.private_subnets, settings.public_subnets
        # `shared`: other clusters may use the subnets, which exist longer than this cluster. Without the tag by which
        # Karpenter discovers subnets: it can name one cluster only, and the platform's node class has subnet ids.
        own = cluster_tags(where.cluster_name, for_nodes=False, owned=False)
        wanted = {
            **{subnet: {**own, **INTERNAL_ELB_TAG} for subnet in private.values()},
            **{subnet: {**own, **ELB_TAG} for subnet in public.values()},
        }
        lookup = pulumi.InvokeOptions(parent=self)
        vpc = ec2.get_vpc(id=vpc_id, opts=lookup)
        check_apart(apart, vpc)
        found = {subnet: ec2.get_subnet(id=subnet, opts=lookup) for subnet in wanted}
        # Load balancers can have subnets in such a zone, the control plane cannot.
        check_zones(
            "network.existing.privateSubnets",
            {zone: found[subnet].availability_zone_id for zone, subnet in private.items()},
        )
        own_subnets = settings.control_plane_subnets
        check_zones(
            "network.existing.controlPlaneSubnets",
            {zone: ec2.get_subnet(id=subnet, opts=lookup).availability_zone_id for zone, subnet in own_subnets.items()},
        )
        if settings.tagging is SubnetTagging.APPLY:
            self._tag(wanted)
        else:
            _check({subnet: found[subnet].tags for subnet in wanted}, wanted)

        self.vpc_id = pulumi.Output.from_input(vpc_id)
        self.vpc_cidr = pulumi.Output.from_input(vpc.cidr_block)
        self.public_subnets = pulumi.Output.from_input(public)
        self.private_subnets = pulumi.Output.from_input(private)
        self.public_subnet_ids = pulumi.Output.from_input(list(public.values()))
        self.public_subnet_cidrs = pulumi.Output.from_input([found[subnet].cidr_block for subnet in public.values()])
        self.private_subnet_ids = pulumi.Output.from_input(list(private.values()))
        self.private_subnet_cidrs = pulumi.Output.from_input([found[subnet].cidr_block for subnet in private.values()])
        self.cluster_subnet_ids = pulumi.Output.from_input(list((own_subnets or private).values()))
        self.node_subnet_ids = self.private_subnet_ids
        self.node_subnets = self.private_subnets
        self.public_node_subnets = pulumi.Output.from_input({})
        self.named_subnets = pulumi.Output.from_input(settings.node_subnets)
        self.pod_subnets = pulumi.Output.from_input({})
        # Its routes are the owner's.
        self.route_tables = pulumi.Output.from_input({})
        self.nat_addresses = pulumi.Output.from_input([])
        # For `settings.immutable`, which compares it with the stack file of the next run.
        kept = {"control_plane_subnets": settings.control_plane_subnet_list} if own_subnets else {}
        self.register_outputs({**self.outputs(), **kept})

    def _tag(self, wanted: dict[str, dict[str, str]]) -> None:
        for subnet, tags in wanted.items():
            for key, value in tags.items():
                ec2.Tag(
                    f"{self._name}-{subnet}-{key.replace('/', '-')}",
                    resource_id=subnet,
                    key=key,
                    value=value,
                    # Every cluster in the VPC needs the tag with the subnet's role: the deletion of one cluster must
                    # not remove it for the others (eksctl #4208, karpenter #6120).
                    opts=pulumi.ResourceOptions(parent=self, retain_on_delete=key in ROLE_TAGS),
                )


ROLE_TAGS: Final = frozenset({*ELB_TAG, *INTERNAL_ELB_TAG})
"""Tags that all clusters in a VPC share; they stay when a cluster is deleted."""


def _check(found: dict[str, Mapping[str, str]], wanted: dict[str, dict[str, str]]) -> None:
    lacking = {
        subnet: [f"{key}={value}" for key, value in tags.items() if not _satisfied(found[subnet], key, value)]
        for subnet, tags in wanted.items()
    }
    lines = [f"  {subnet} lacks {', '.join(tags)}" for subnet, tags in lacking.items() if tags]
    if lines:
        raise pulumi.RunError("subnets of network.existing are not tagged for this cluster:\n" + "\n".join(lines))


def _satisfied(tags: Mapping[str, str], key: str, value: str) -> bool:
    """Tell whether a subnet has a tag; `owned` counts as `shared`, and the tag of a role may have an empty value."""
    return key in tags and (tags[key] == value or value in ("shared", "1"))
