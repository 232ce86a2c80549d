"""The stack's own VPC: subnets in two to six zones, their routes, and what leads to AWS and to the internet."""

from collections.abc import Callable
from ipaddress import IPv6Network
from typing import Any

import pulumi
from pulumi_aws import ec2, get_availability_zones

from components.common.dependency import after
from components.common.where import Where
from components.network.base import AnyNetwork
from components.network.endpoints import interface_endpoints, s3_endpoint
from components.network.flow_logs import flow_logs
from components.network.nat import REGIONAL, NatGateways, nat_gateways
from components.network.zones import REFUSED_ZONES, check_zones, endpoint_zones
from facts import address_plan
from facts.subnet_tags import ELB_TAG, INTERNAL_ELB_TAG, cluster_tags
from settings import IpFamily, NodeSubnet, required
from settings import Network as NetworkSettings


class Network(AnyNetwork):
    """A VPC whose subnets have the tags by which load balancer controllers and Karpenter find them.

    Subnets are named after their zone and numbered by `address_plan.zone_blocks`: a new zone renumbers none.
    """

    def __init__(
        self,
        name: str,
        settings: NetworkSettings,
        where: Where,
        *,
        internet: bool,
        public_nodes: bool,
        protect: bool,
        logs_key: str | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the VPC.

        internet: whether it has an internet gateway and public subnets; without them `nat` must be "none".
        public_nodes: whether nodes in the public subnets get public addresses. protect:
        whether Pulumi refuses to delete or replace the VPC. logs_key: ARN of the KMS key for the log group of the flow
        logs; None: CloudWatch's own key.
        Raises ValueError where the range is too small for the zones; RunError where EKS refuses a zone, where the
        region has too few zones, and where a service has no interface endpoint in them.
        """
        super().__init__("eks-platform:index:Network", name, {}, opts)
        self._name = name
        self._settings = settings
        self._where = where
        self._cidr = required(settings.cidr)
        self._child = pulumi.ResourceOptions(parent=self)
        zones = self._zones()
        # AWS would refuse an endpoint in a zone that its service does not support only after the VPC is created.
        zones_of_endpoints = {
            service: endpoint_zones(service, where.region, zones, pulumi.InvokeOptions(parent=self))
            for service in settings.interface_endpoints
        }
        self._ipv6 = settings.ip_family is IpFamily.IPV6

        self._vpc = ec2.Vpc(
            f"{name}-vpc",
            cidr_block=str(self._cidr),
            assign_generated_ipv6_cidr_block=self._ipv6 or None,
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags={"Name": name},
            opts=pulumi.ResourceOptions(parent=self, protect=protect),
        )
        self._close_default_security_group()
        public = {zone: self._public_subnet(zone, public_nodes=public_nodes) for zone in zones} if internet else {}
        private = {zone: self._private_subnet(zone) for zone in zones} if not settings.public_nodes else {}
        pods = self._pod_subnets(zones)

        self._tables: dict[str, pulumi.Output[str]] = {}
        self._internet: ec2.InternetGateway | None = None
        self._nat = NatGateways({}, [])
        public_tables, to_internet = self._public_routes(public) if public else ([], [])
        private_tables, to_nat = self._private_routes(private, pods, public, to_internet)
        named = {key: self._named_subnet(key, subnet) for key, subnet in settings.node_subnets.items()}
        named_tables, to_named = self._named_routes(named, public_tables)
        endpoints = [
            s3_endpoint(
                name,
                where.region,
                vpc_id=self._vpc.id,
                route_tables=[*public_tables, *private_tables, *named_tables],
                parent=self,
            ),
            *interface_endpoints(
                name,
                where.region,
                vpc_id=self._vpc.id,
                zones=zones_of_endpoints,
                subnets=private or public,
                clients={"vpc": self._cidr, "pods": settings.pod_cidr},
                parent=self,
            ),
        ]
        if settings.flow_logs:
            flow_logs(name, settings.flow_logs, where, vpc_id=self._vpc.id, logs_key=logs_key, parent=self)

        nodes = private or public
        # Nodes that start before their routes exist fail to join, and nodes that drain after the routes are deleted
        # hang (appmod-blueprints #582): the nodes' subnets depend on everything on a packet's way out of the VPC.
        ways_out = [*(to_nat if private else to_internet), *endpoints]
        self.vpc_id = self._vpc.id
        self.vpc_cidr = self._vpc.cidr_block
        self.public_subnets = _ids(public)
        self.private_subnets = _ids(private)
        self.public_subnet_ids = after(to_internet, pulumi.Output.all(*[subnet.id for subnet in public.values()]))
        self.public_subnet_cidrs = self._cidrs(public)
        self.private_subnet_ids = pulumi.Output.all(*[subnet.id for subnet in private.values()])
        self.private_subnet_cidrs = self._cidrs(private)
        self.cluster_subnet_ids = pulumi.Output.all(*[subnet.id for subnet in nodes.values()])
        self.node_subnets = after(ways_out, _ids(nodes))
        self.node_subnet_ids = self.node_subnets.apply(lambda subnets: list(subnets.values()))
        self.public_node_subnets = after([*to_internet, *endpoints], _ids(public))
        self.named_subnets = after([*to_internet, *to_nat, *to_named, *endpoints], _ids(named))
        self.pod_subnets = _ids(pods)
        self.route_tables = pulumi.Output.all(**self._tables)
        self.nat_addresses = pulumi.Output.all(*self._nat.addresses)
        self.register_outputs(self.outputs())

    def nat_gateway_ids(self) -> dict[str, pulumi.Output[str]]:
        """Return the ids of the NAT gateways by zone, a regional one's by "regional"; none with `nat: none`."""
        return {zone: gateway.id for zone, gateway in self._nat.gateways.items()}

    def _zones(self) -> list[str]:
        named, region = self._settings.zones, self._where.region
        if named and region not in REFUSED_ZONES:
            return named
        found = get_availability_zones(
            state="available",
            # EKS has no control plane interfaces in Local Zones and in zones that an account must opt in to.
            filters=[{"name": "opt-in-status", "values": ["opt-in-not-required"]}],
            opts=pulumi.InvokeOptions(parent=self),
        )
        zone_ids = dict(zip(found.names, found.zone_ids, strict=True))
        if named:
            check_zones("network.zones", {zone: zone_ids.get(zone, "") for zone in named})
            return named
        usable = sorted(zone for zone, zone_id in zone_ids.items() if zone_id != REFUSED_ZONES.get(region))
        count = required(self._settings.zone_count)
        if len(usable) < count:
            raise pulumi.RunError(
                f"network.zoneCount: {count}: expected {len(usable)} or less: EKS takes {', '.join(usable)} of {region}"
            )
        return usable[:count]

    def _close_default_security_group(self) -> None:
        # A resource without a security group gets this one, which must allow nothing (CIS AWS Foundations 5.4).
        ec2.DefaultSecurityGroup(f"{self._name}-default", vpc_id=self._vpc.id, ingress=[], egress=[], opts=self._child)

    def _public_subnet(self, zone: str, *, public_nodes: bool) -> ec2.Subnet:
        for_nodes = self._settings.public_nodes
        blocks = address_plan.zone_blocks(self._cidr, zone)
        return ec2.Subnet(
            f"{self._name}-public-{zone}",
            vpc_id=self._vpc.id,
            availability_zone=zone,
            cidr_block=str(blocks.public if not for_nodes else blocks.private),
            ipv6_cidr_block=self._ipv6_block(lambda vpc: address_plan.ipv6_zone_blocks(vpc, zone).public),
            assign_ipv6_address_on_creation=self._ipv6 or None,
            map_public_ip_on_launch=for_nodes or public_nodes,
            tags={
                "Name": f"{self._name}-public-{zone}",
                **cluster_tags(self._where.cluster_name, for_nodes=for_nodes),
                **ELB_TAG,
            },
            opts=self._child,
        )

    def _private_subnet(self, zone: str) -> ec2.Subnet:
        return ec2.Subnet(
            f"{self._name}-private-{zone}",
            vpc_id=self._vpc.id,
            availability_zone=zone,
            cidr_block=str(address_plan.zone_blocks(self._cidr, zone).private),
            ipv6_cidr_block=self._ipv6_block(lambda vpc: address_plan.ipv6_zone_blocks(vpc, zone).private),
            assign_ipv6_address_on_creation=self._ipv6 or None,
            tags={
                "Name": f"{self._name}-private-{zone}",
                **cluster_tags(self._where.cluster_name, for_nodes=True),
                **INTERNAL_ELB_TAG,
            },
            opts=self._child,
        )

    def _named_subnet(self, key: str, subnet: NodeSubnet) -> ec2.Subnet:
        # Without a role's tag: no load balancer is to be there, and Karpenter's node class has subnet ids.
        return ec2.Subnet(
            f"{self._name}-nodes-{key}",
            vpc_id=self._vpc.id,
            availability_zone=subnet.zone,
            cidr_block=str(subnet.cidr),
            map_public_ip_on_launch=subnet.public,
            tags={"Name": f"{self._name}-nodes-{key}", **cluster_tags(self._where.cluster_name, for_nodes=False)},
            opts=self._child,
        )

    def _named_routes(
        self, named: dict[str, ec2.Subnet], public_tables: list[ec2.RouteTable]
    ) -> tuple[list[ec2.RouteTable], list[pulumi.CustomResource]]:
        """Return the route tables of the private ones of the named subnets, and all resources on the way out."""
        tables: list[ec2.RouteTable] = []
        ways: list[pulumi.CustomResource] = []
        for key, subnet in named.items():
            settings = self._settings.node_subnets[key]
            if settings.public:
                ways.append(self._associate(f"nodes-{key}", public_tables[0], subnet))
                continue
            table = self._route_table(f"nodes-{key}")
            tables.append(table)
            ways.append(self._associate(f"nodes-{key}", table, subnet))
            if self._nat.gateways:
                ways.append(self._nat_route(f"nodes-{key}", table, settings.zone))
        return tables, ways

    def _nat_route(self, role: str, table: ec2.RouteTable, zone: str) -> ec2.Route:
        return ec2.Route(
            f"{self._name}-{role}-nat",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            nat_gateway_id=self._nat.of(zone).id,
            opts=self._child,
        )

    def _ipv6_block(self, of: Callable[[IPv6Network], IPv6Network]) -> pulumi.Output[str] | None:
        return self._vpc.ipv6_cidr_block.apply(lambda block: str(of(IPv6Network(block)))) if self._ipv6 else None

    def _cidrs(self, subnets: dict[str, ec2.Subnet]) -> pulumi.Output[list[str]]:
        """Return the ranges of subnets: a dual-stack load balancer sends from addresses of either family."""
        ipv6 = [subnet.ipv6_cidr_block for subnet in subnets.values()] if self._ipv6 else []
        return pulumi.Output.all(*[subnet.cidr_block for subnet in subnets.values()], *ipv6)

    def _pod_subnets(self, zones: list[str]) -> dict[str, ec2.Subnet]:
        pods = self._settings.pod_cidr
        if not pods:
            return {}
        association = ec2.VpcIpv4CidrBlockAssociation(
            f"{self._name}-pods", vpc_id=self._vpc.id, cidr_block=str(pods), opts=self._child
        )
        return {
            zone: ec2.Subnet(
                f"{self._name}-pods-{zone}",
                # Of the association: the subnet can be created only once the VPC has the range.
                vpc_id=association.vpc_id,
                availability_zone=zone,
                cidr_block=str(address_plan.pod_block(pods, zone)),
                tags={"Name": f"{self._name}-pods-{zone}", **cluster_tags(self._where.cluster_name, for_nodes=False)},
                opts=self._child,
            )
            for zone in zones
        }

    def _public_routes(self, public: dict[str, ec2.Subnet]) -> tuple[list[ec2.RouteTable], list[pulumi.CustomResource]]:
        """Return the public subnets' route tables, and all resources on the way from them to the internet."""
        self._internet = gateway = ec2.InternetGateway(
            f"{self._name}-internet", vpc_id=self._vpc.id, tags={"Name": self._name}, opts=self._child
        )
        table = self._route_table("public")
        route = ec2.Route(
            f"{self._name}-public-internet",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway.id,
            opts=self._child,
        )
        routes = [route, *(self._ipv6_route("public", table, gateway_id=gateway.id) if self._ipv6 else [])]
        associations = [self._associate(f"public-{zone}", table, subnet) for zone, subnet in public.items()]
        return [table], [*routes, *associations]

    def _private_routes(
        self,
        private: dict[str, ec2.Subnet],
        pods: dict[str, ec2.Subnet],
        public: dict[str, ec2.Subnet],
        to_internet: list[pulumi.CustomResource],
    ) -> tuple[list[ec2.RouteTable], list[pulumi.CustomResource]]:
        """Return the private subnets' route tables, and all resources on the way out of them and the pods' subnets."""
        if private and self._internet:
            self._nat = nat_gateways(
                self._name,
                self._settings,
                vpc_id=self._vpc.id,
                public=public,
                internet_gateway=self._internet,
                to_internet=to_internet,
                parent=self,
            )
            if REGIONAL in self._nat.gateways:
                self._tables["nat"] = self._nat.gateways[REGIONAL].route_table_id
        # Outbound connections only, as with NAT. For IPv4 destinations the CNI translates to the node's IPv4 address.
        # https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
        egress = (
            ec2.EgressOnlyInternetGateway(
                f"{self._name}-egress", vpc_id=self._vpc.id, tags={"Name": self._name}, opts=self._child
            )
            if self._nat.gateways and self._ipv6
            else None
        )
        tables: list[ec2.RouteTable] = []
        ways: list[pulumi.CustomResource] = []
        for zone, subnet in private.items():
            table = self._route_table(f"private-{zone}")
            tables.append(table)
            ways.append(self._associate(f"private-{zone}", table, subnet))
            if zone in pods:
                ways.append(self._associate(f"pods-{zone}", table, pods[zone]))
            if self._nat.gateways:
                ways.append(self._nat_route(f"private-{zone}", table, zone))
            if egress:
                ways += self._ipv6_route(f"private-{zone}", table, egress_only_gateway_id=egress.id)
        return tables, ways

    def _ipv6_route(self, role: str, table: ec2.RouteTable, **gateway: pulumi.Output[str]) -> list[ec2.Route]:
        return [
            ec2.Route(
                f"{self._name}-{role}-ipv6",
                route_table_id=table.id,
                destination_ipv6_cidr_block="::/0",
                gateway_id=gateway.get("gateway_id"),
                egress_only_gateway_id=gateway.get("egress_only_gateway_id"),
                opts=self._child,
            )
        ]

    def _route_table(self, role: str) -> ec2.RouteTable:
        table = ec2.RouteTable(
            f"{self._name}-{role}", vpc_id=self._vpc.id, tags={"Name": f"{self._name}-{role}"}, opts=self._child
        )
        self._tables[role] = table.id
        return table

    def _associate(self, role: str, table: ec2.RouteTable, subnet: ec2.Subnet) -> ec2.RouteTableAssociation:
        return ec2.RouteTableAssociation(
            f"{self._name}-{role}", route_table_id=table.id, subnet_id=subnet.id, opts=self._child
        )


def _ids(subnets: dict[str, ec2.Subnet]) -> pulumi.Output[dict[str, str]]:
    # Output.all would return a list where there are no subnets.
    ids: dict[str, Any] = {zone: subnet.id for zone, subnet in subnets.items()}
    return pulumi.Output.from_input(ids)
