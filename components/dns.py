"""Host names that lead to a load balancer."""

from itertools import product
from typing import TypedDict

import pulumi
from pulumi_aws import route53


class DnsAliasArgs(TypedDict):
    """Which names lead where."""

    hosted_zone_id: str
    """The Route 53 zone of the names."""
    names: list[str]
    """Host names; wildcards allowed."""
    target_dns_name: pulumi.Input[str]
    """The load balancer's own name."""
    dual_stack: bool
    """Whether the load balancer has IPv6 addresses too."""
    target_zone_id: pulumi.Input[str]
    """The Route 53 zone that the load balancer's name is in."""


class DnsAlias(pulumi.ComponentResource):
    """Alias records: they cost nothing to ask and follow the load balancer's addresses."""

    def __init__(self, name: str, args: DnsAliasArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare a record for each name and each family of addresses."""
        super().__init__("eks-platform:index:DnsAlias", name, {}, opts)
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
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})
