"""Endpoints of a VPC: ways to AWS's services that do not lead through the internet."""

from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network

import pulumi
from pulumi_aws import ec2, vpc

from facts.partitions import endpoint_service


def s3_endpoint(
    name: str,
    region: str,
    *,
    vpc_id: pulumi.Input[str],
    route_tables: Sequence[ec2.RouteTable],
    parent: pulumi.Resource,
) -> ec2.VpcEndpoint:
    """Declare the gateway endpoint of S3 for the subnets of route tables.

    It is free, and it saves NAT charges for the image layers of ECR, which are in S3.
    """
    return ec2.VpcEndpoint(
        f"{name}-s3",
        vpc_id=vpc_id,
        service_name=endpoint_service("s3", region),
        vpc_endpoint_type="Gateway",
        route_table_ids=[table.id for table in route_tables],
        tags={"Name": f"{name}-s3"},
        opts=pulumi.ResourceOptions(parent=parent),
    )


def interface_endpoints(
    name: str,
    region: str,
    *,
    vpc_id: pulumi.Input[str],
    zones: Mapping[str, Sequence[str]],
    subnets: Mapping[str, ec2.Subnet],
    clients: Mapping[str, IPv4Network | None],
    parent: pulumi.Resource,
) -> list[pulumi.CustomResource]:
    """Declare interface endpoints, and return them with the rules by which clients reach them.

    zones: those of each service's endpoint. subnets: by zone. clients: the ranges that may connect, by role; None: the
    VPC has no such range.
    """
    if not zones:
        return []
    opts = pulumi.ResourceOptions(parent=parent)
    group = ec2.SecurityGroup(
        f"{name}-endpoints",
        description="AWS services inside the VPC: HTTPS from the VPC",
        vpc_id=vpc_id,
        tags={"Name": f"{name}-endpoints"},
        opts=opts,
    )
    rules = [
        vpc.SecurityGroupIngressRule(
            f"{name}-endpoints-{role}",
            security_group_id=group.id,
            description=f"HTTPS from the {role} range",
            cidr_ipv4=str(block),
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=opts,
        )
        for role, block in clients.items()
        if block
    ]
    endpoints = [
        ec2.VpcEndpoint(
            f"{name}-{service.replace('.', '-')}",
            vpc_id=vpc_id,
            service_name=endpoint_service(service, region),
            vpc_endpoint_type="Interface",
            private_dns_enabled=True,
            subnet_ids=[subnets[zone].id for zone in its_zones],
            security_group_ids=[group.id],
            tags={"Name": f"{name}-{service}"},
            opts=opts,
        )
        for service, its_zones in zones.items()
    ]
    return [*rules, *endpoints]
