"""The outputs of every network, whether this stack has created it or not."""

from collections.abc import Mapping

import pulumi


class AnyNetwork(pulumi.ComponentResource):
    """A network for a cluster; the subclasses set its outputs."""

    vpc_id: pulumi.Output[str]
    vpc_cidr: pulumi.Output[str]
    """IPv4 range of the VPC."""
    public_subnets: pulumi.Output[dict[str, str]]
    """Ids of the public subnets by zone."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Subnets for internet-facing load balancers, one in each zone; none in a VPC without an internet gateway. In the
    stack's own VPC they are known once the internet gateway is attached: AWS refuses such a load balancer without it
    (openshift/installer #1110)."""
    public_subnet_cidrs: pulumi.Output[list[str]]
    """Their ranges, from which the load balancers connect."""
    private_subnets: pulumi.Output[dict[str, str]]
    """Ids of the private subnets by zone."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Subnets for internal load balancers; none in a VPC whose nodes are in public subnets."""
    private_subnet_cidrs: pulumi.Output[list[str]]
    """Their ranges, from which the load balancers connect."""
    node_subnet_ids: pulumi.Output[list[str]]
    """Subnets for nodes and Fargate pods. In the stack's own VPC they are known once everything exists that a packet
    passes on its way out, so that nodes are created after it and deleted before it."""
    node_subnets: pulumi.Output[dict[str, str]]
    """Their ids by zone."""
    public_node_subnets: pulumi.Output[dict[str, str]]
    """Ids by zone of the public subnets, for nodes with public addresses; known as those of `node_subnets` are."""
    named_subnets: pulumi.Output[dict[str, str]]
    """Ids by name of the subnets for chosen nodes; known as those of `node_subnets` are."""
    cluster_subnet_ids: pulumi.Output[list[str]]
    """Subnets for the network interfaces of the control plane; known before the routes are."""
    pod_subnets: pulumi.Output[dict[str, str]]
    """Ids of the subnets for pods by zone; empty where pods get addresses of the nodes' subnets."""
    route_tables: pulumi.Output[dict[str, str]]
    """Ids of the route tables that this program created: `public`, `private-<zone>`, `nodes-<name>` of `nodeSubnets`,
    and `nat` of a regional NAT gateway."""
    nat_addresses: pulumi.Output[list[str]]
    """Public addresses of the NAT gateways that this program created, in the order of the zones."""

    def nat_gateway_ids(self) -> Mapping[str, pulumi.Output[str]]:
        """Return the ids of the stack's own NAT gateways by zone, a regional one's by "regional"."""
        return {}

    def outputs(self) -> dict[str, pulumi.Output[object]]:
        """Return the outputs by name, for `register_outputs`."""
        return {name: getattr(self, name) for name in AnyNetwork.__annotations__}
