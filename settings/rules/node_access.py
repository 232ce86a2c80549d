"""Rules about where nodes are, who may connect to them, and what their role may do."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from facts import address_plan
from policy.patterns import every_resource
from policy.rules.addresses import open_to_the_world
from policy.rules.network import WEB_PORTS
from settings.cluster import Cluster
from settings.compute import NodeGroup
from settings.karpenter import Karpenter
from settings.network import IpFamily, Network, is_local_zone
from settings.node_access import NodeAccess, NodeRole, NodeSecurityRule, Protocol, SecurityRule
from settings.problems import Problem, below, place
from settings.rules.extra_charts import rights
from settings.rules.nodes import setups
from settings.rules.platform import OWN_TAGS, RESERVED_TAGS
from settings.rules.registry import repeated, rule
from settings.words import either


@rule
def _public_nodes(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    for path, nodes in setups(node_groups, karpenter).items():
        if nodes.public and (expected := _instead_of_public(network, nodes)):
            yield Problem(f"{path}.public", "true", expected)


def _instead_of_public(network: Network, nodes: NodeAccess) -> str | None:
    """Return what to write where nodes cannot be public in this way; None where they can."""
    ipv4_pods = network.pod_cidr is None and network.ip_family is IpFamily.IPV4
    longest = address_plan.LONGEST_VPC_PREFIX_FOR_PUBLIC_PODS
    if network.existing:
        return "expected the public subnets in network.existing.nodeSubnets, and their names in subnets"
    if network.public_nodes:
        return "expected false: with network.publicNodes all nodes are public"
    if network.isolated:
        return "expected false, or network.nat: nothing leads out of this network"
    if nodes.subnets:
        return "expected false: network.nodeSubnets says of each subnet in subnets whether it is public"
    if network.cidr and ipv4_pods and network.cidr.prefixlen > longest:
        return f"expected network.cidr of /{longest} or larger, or podCidr: pods need a /24 of each public subnet"
    return None


@rule
def _named_subnets(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    for path, nodes in setups(node_groups, karpenter).items():
        yield from repeated(f"{path}.subnets", nodes.subnets)
        for index, name in enumerate(nodes.subnets):
            if name not in network.named_subnets:
                key = "network.existing.nodeSubnets" if network.existing else "network.nodeSubnets"
                named = f": {either(network.named_subnets)}" if network.named_subnets else ", which has none"
                yield Problem(f"{path}.subnets[{index}]", name, f"expected a name in {key}{named}")
        if nodes.subnets and isinstance(nodes, NodeGroup):
            if nodes.zones:
                yield Problem(f"{path}.zones", "set", "expected none together with subnets, each of which is in a zone")
            if nodes.per_zone:
                expected = "expected false together with subnets: write a group for the subnets of each zone"
                yield Problem(f"{path}.perZone", "true", expected)


@rule
def _node_subnets(network: Network) -> Iterator[Problem]:
    if not network.node_subnets or network.existing:
        return
    if network.ip_family is IpFamily.IPV6:
        yield Problem("network.nodeSubnets", "set", "expected none with ipFamily ipv6: they have IPv4 ranges alone")
    for name, subnet in network.node_subnets.items():
        path = place("network", "nodeSubnets", name)
        if expected := _instead_of_zone(network, subnet.zone):
            yield Problem(f"{path}.zone", subnet.zone, expected)
        if subnet.public and network.isolated:
            yield Problem(f"{path}.public", "true", "expected false, or nat: nothing leads out of this network")
        if not subnet.public and network.public_nodes:
            yield Problem(f"{path}.public", "false", "expected true: with publicNodes no subnet uses a NAT gateway")
    yield from _ranges_of_node_subnets(network)


def _instead_of_zone(network: Network, zone: str) -> str | None:
    """Return what to write instead of the zone of a subnet; None where it can be there."""
    if not network.zones:
        return "expected network.zones, not zoneCount, where zones matter"
    region = network.zones[0][:-1]
    if not is_local_zone(zone):
        return None if zone in network.zones else f"expected a zone of the network: {either(network.zones)}"
    if not zone.startswith(f"{region}-"):
        return f"expected a Local Zone of {region}"
    if network.pod_cidr:
        return "expected a zone of the network together with podCidr, which gives Local Zones no subnet"
    return None


def _ranges_of_node_subnets(network: Network) -> Iterator[Problem]:
    vpc = network.cidr
    if not vpc or not 16 <= vpc.prefixlen <= address_plan.LONGEST_VPC_PREFIX:
        return
    longest = 28 if network.pod_cidr else address_plan.LONGEST_PREFIX_FOR_PODS
    plan = {zone: address_plan.zone_blocks(vpc, zone) for zone in network.zones}
    taken = {f"the private subnet of {zone}": blocks.private for zone, blocks in plan.items()}
    taken |= {f"the public subnet of {zone}": blocks.public for zone, blocks in plan.items()}
    for name, subnet in network.node_subnets.items():
        path, block = f"{place('network', 'nodeSubnets', name)}.cidr", subnet.cidr
        theirs = next((who for who, its in taken.items() if block.overlaps(its)), None)
        if not block.subnet_of(vpc):
            yield Problem(path, str(block), f"expected a range within network.cidr, {vpc}")
        elif block.prefixlen > longest:
            yield Problem(path, str(block), f"expected /{longest} or larger, which the nodes and their pods need")
        elif theirs:
            yield Problem(path, str(block), f"expected a range that does not overlap {theirs}")
    for (first, one), (second, other) in combinations(network.node_subnets.items(), 2):
        if one.cidr.overlaps(other.cidr):
            path = f"{place('network', 'nodeSubnets', second)}.cidr"
            yield Problem(path, str(other.cidr), f"expected a range that does not overlap that of {first}")


@rule
def _security_rules(
    cluster: Cluster, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    for path, nodes in setups(node_groups, karpenter).items():
        yield from repeated(f"{path}.securityGroups", nodes.security_groups)
        yield from _connections(f"{path}.securityRules", nodes.security_rules)
    yield from _connections("cluster.securityRules", cluster.security_rules)


def _open(path: str, found: SecurityRule) -> Iterator[Problem]:
    """Yield a problem where any address may connect, and nobody says why."""
    ports = {found.from_port, found.from_port if found.to_port is None else found.to_port}
    web = len(ports) == 1 and ports <= {*WEB_PORTS} and found.protocol is Protocol.TCP
    world = found.cidr is not None and open_to_the_world(str(found.cidr)) and not web
    reason = found.reason if isinstance(found, NodeSecurityRule) else None
    if world and not isinstance(found, NodeSecurityRule):
        yield Problem(f"{path}.cidr", str(found.cidr), "expected a range: the control plane has this group too")
    elif world and found.protocol not in (Protocol.TCP, Protocol.UDP):
        yield Problem(f"{path}.cidr", str(found.cidr), "expected a range, or protocol tcp or udp with ports")
    elif world and not reason:
        expected = f"expected why {found.cidr} may connect to other ports than 80 and 443"
        yield Problem(f"{path}.reason", "missing", expected)
    elif reason and not world:
        yield Problem(f"{path}.reason", "set", "expected none: the rule is not open to every address")


def _connections(path: str, rules: Mapping[str, SecurityRule]) -> Iterator[Problem]:
    for name, it in rules.items():
        at = below(path, name)
        peers = [peer for peer in (it.cidr, it.prefix_list, it.security_group) if peer]
        if len(peers) != 1:
            found = f"{len(peers)} of cidr, prefixList and securityGroup"
            yield Problem(at, found, "expected exactly one, which may connect")
        yield from _open(at, it)
        with_ports = it.protocol in (Protocol.TCP, Protocol.UDP)
        if with_ports and it.from_port is None:
            yield Problem(f"{at}.fromPort", "missing", f"expected a port of {it.protocol.value}")
        if not with_ports:
            for key, port in (("fromPort", it.from_port), ("toPort", it.to_port)):
                if port is not None:
                    yield Problem(f"{at}.{key}", str(port), f"expected none: protocol {it.protocol.value} has no ports")
        elif it.to_port is not None and it.from_port is not None and it.to_port < it.from_port:
            yield Problem(f"{at}.toPort", str(it.to_port), f"expected fromPort, {it.from_port}, or more")


@rule
def _rights_of_nodes(node_groups: dict[str, NodeGroup], karpenter: Karpenter | None) -> Iterator[Problem]:
    roles: dict[str, NodeRole] = {place("nodeGroups", name): group.role for name, group in node_groups.items()}
    for path, role in {**roles, **({"karpenter": karpenter.role} if karpenter else {})}.items():
        yield from rights(f"{path}.role", role)
        for index, statement in enumerate(role.statements):
            at = f"{path}.role.statements[{index}]"
            if any("*" in action for action in statement.actions):
                yield Problem(f"{at}.actions", ", ".join(statement.actions), "expected the full name of each action")
            if wide := [resource for resource in statement.resources if every_resource(resource)]:
                yield Problem(f"{at}.resources", ", ".join(wide), "expected ARNs of single resources, or of a prefix")


@rule
def _disks_in_local_zones(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    """Most Local Zones have only gp2 disks, whose speed follows from their size."""
    for path, setup in setups(node_groups, karpenter).items():
        local = [name for name in setup.subnets if name in network.local_subnets]
        given = [setup.disk, *setup.extra_disks.values()]
        if local and any(disk and (disk.iops or disk.throughput) for disk in given):
            outside = "or subnets outside of Local Zones: most of these have only gp2 disks"
            expected = f"expected disks without iops and throughput, {outside}"
            yield Problem(f"{path}.subnets", ", ".join(local), expected)


@rule
def _tags_of_nodes(
    cluster: Cluster, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    tagged = {f"{path}.tags": nodes.tags for path, nodes in setups(node_groups, karpenter).items()}
    tagged |= {"cluster.tags": cluster.tags, "cluster.securityGroupTags": cluster.security_group_tags}
    own = {key.lower() for key in OWN_TAGS}
    for path, tags in tagged.items():
        for key in tags:
            if key.lower().startswith(RESERVED_TAGS) or key.lower() in own:
                yield Problem(below(path, key), "reserved", "expected another key: this one has a meaning")
