"""Host names that lead to a load balancer."""

from collections.abc import Sequence
from itertools import product

import pulumi
from pulumi_aws import route53

from settings import Domain


class DnsAlias(pulumi.ComponentResource):
    """Alias records: queries for them are free, and they follow the load balancer's addresses.

    With a weight Route 53 returns this cluster's load balancer for its share of the queries, and none without a healthy
    target. A name has either weighted records or a single one: a single record must get a weight before the second
    cluster is created.
    https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/routing-policy-weighted.html
    """

    def __init__(
        self,
        name: str,
        settings: Domain,
        *,
        cluster_id: str,
        names: Sequence[str],
        target_dns_name: pulumi.Input[str],
        target_zone_id: pulumi.Input[str],
        dual_stack: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a record for each name and each family of addresses.

        cluster_id: the cluster's name, which distinguishes its weighted records from those of other clusters. names:
        host names; wildcards are allowed. target_dns_name, target_zone_id: the load balancer's own name, and the
        Route 53 zone that this name is in. dual_stack: whether the load balancer has IPv6 addresses too.
        """
        super().__init__("eks-platform:index:DnsAlias", name, {}, opts)
        families = {"A": "", "AAAA": "-ipv6"} if dual_stack else {"A": ""}
        for host, (kind, suffix) in product(names, families.items()):
            route53.Record(
                f"{name}-{named(host)}{suffix}",
                zone_id=settings.hosted_zone_id,
                name=host,
                type=kind,
                aliases=[
                    {
                        "name": target_dns_name,
                        "zone_id": target_zone_id,
                        "evaluate_target_health": True,
                    }
                ],
                set_identifier=cluster_id if settings.weight is not None else None,
                weighted_routing_policies=[{"weight": settings.weight}] if settings.weight is not None else None,
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


def named(host: str) -> str:
    """Return a host name as a part of a resource's name, without the asterisk of a wildcard."""
    return host.replace("*", "wildcard")
