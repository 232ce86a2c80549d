"""Security groups of nodes: rules from a stack file, and the group that has them."""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_aws import ec2, vpc

from settings import NodeSecurityRule, Protocol, SecurityRule


def ingress_rules(
    name: str, group_id: pulumi.Input[str], rules: Mapping[str, SecurityRule], opts: pulumi.ResourceOptions
) -> list[vpc.SecurityGroupIngressRule]:
    """Declare the connections that a security group accepts, by their name in the stack file."""
    return [_ingress_rule(f"{name}-{key}", key, group_id, rule, opts) for key, rule in rules.items()]


def _ingress_rule(
    name: str, key: str, group_id: pulumi.Input[str], rule: SecurityRule, opts: pulumi.ResourceOptions
) -> vpc.SecurityGroupIngressRule:
    # ICMP has a type and a code instead of ports, of which -1 is every one. Protocol -1 has neither.
    # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_IpPermission.html
    every = -1 if rule.protocol is Protocol.ICMP else None
    reason = rule.reason if isinstance(rule, NodeSecurityRule) else None
    last = rule.from_port if rule.to_port is None else rule.to_port
    return vpc.SecurityGroupIngressRule(
        name,
        security_group_id=group_id,
        description=f"{key}: {reason}" if reason else key,
        cidr_ipv4=str(rule.cidr) if rule.cidr and rule.cidr.version == 4 else None,
        cidr_ipv6=str(rule.cidr) if rule.cidr and rule.cidr.version == 6 else None,
        prefix_list_id=rule.prefix_list,
        referenced_security_group_id=rule.security_group,
        ip_protocol="-1" if rule.protocol is Protocol.ALL else rule.protocol.value,
        from_port=every if rule.from_port is None else rule.from_port,
        to_port=every if rule.from_port is None else last,
        opts=opts,
    )


def own_group(
    name: str, vpc_id: pulumi.Input[str], rules: Mapping[str, SecurityRule], opts: pulumi.ResourceOptions
) -> Sequence[pulumi.Output[str]]:
    """Declare the security group of nodes with rules of their own; none without rules.

    It has no rule for outgoing traffic, which the cluster's group allows, and no tag of the cluster: with two groups
    that have it, the load balancer controller adds no target (terraform-aws-eks #1810).
    """
    if not rules:
        return []
    group = ec2.SecurityGroup(
        f"{name}-access",
        description=f"Additional connections to the nodes of {name}",
        vpc_id=vpc_id,
        tags={"Name": f"{name}-access"},
        opts=opts,
    )
    ingress_rules(f"{name}-access", group.id, rules, opts)
    return [group.id]
