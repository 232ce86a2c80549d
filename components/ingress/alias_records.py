"""Host names that lead to a load balancer."""

from itertools import product
from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import route53


class DnsAliasArgs(TypedDict):
    """Which names lead where."""

    cluster_id: str
    """The cluster's name, which tells its records from those of other clusters for the same names."""
    hosted_zone_id: str
    """The Route 53 zone of the names."""
    names: list[str]
    """Host names; wildcards allowed."""
    weight: NotRequired[int]
    """The cluster's share of the answers, of 0 to 255; absent: no other cluster has these names."""
    target_dns_name: pulumi.Input[str]
    """The load balancer's own name."""
    dual_stack: bool
    """Whether the load balancer has IPv6 addresses too."""
    target_zone_id: pulumi.Input[str]
    """The Route 53 zone that the load balancer's name is in."""


class WeightedArgs(TypedDict, total=False):
    """What makes a record one of several with its name."""

    set_identifier: str
    weighted_routing_policies: list[route53.RecordWeightedRoutingPolicyArgsDict]


class DnsAlias(pulumi.ComponentResource):
    """Alias records: they cost nothing to ask and follow the load balancer's addresses.

    With a weight Route 53 answers with this cluster's in its share of the cases, and with none whose load balancer has
    no healthy target. A name has either weighted records or a single one: a record alone must get its weight before
    the second cluster comes.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
    """

    def __init__(self, name: str, args: DnsAliasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare a record for each name and each family of addresses."""
        super().__init__("eks-platform:index:DnsAlias", name, {}, opts)
        share: WeightedArgs = {}
        if "weight" in args:
            policy: route53.RecordWeightedRoutingPolicyArgsDict = {"weight": args["weight"]}
            share = {"set_identifier": args["cluster_id"], "weighted_routing_policies": [policy]}
        families = {"A": "", "AAAA": "-ipv6"} if args["dual_stack"] else {"A": ""}
        for host, (kind, suffix) in product(args["names"], families.items()):
            route53.Record(
                f"{name}-{host.replace('*', 'wildcard')}{suffix}",
                zone_id=args["hosted_zone_id"],
                name=host,
                type=kind,
                aliases=[
                    {
                        "name": args["target_dns_name"],
                        "zone_id": args["target_zone_id"],
                        "evaluate_target_health": True,
                    }
                ],
                **share,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
