"""Rules about the network: what AWS takes, and what EKS needs."""

from collections import Counter
from collections.abc import Iterator, Mapping
from ipaddress import IPv4Network
from typing import Any, Final

from facts import address_plan
from facts.capabilities import CAPABILITIES
from facts.partitions import CHINA_ENDPOINTS
from settings.charts import Charts
from settings.cluster import Cluster, Identity
from settings.compute import FargateProfile, NodeGroup
from settings.ingress import Ingress, IngressOwner, Scheme
from settings.karpenter import Karpenter
from settings.network import IpFamily, Network
from settings.platform import Platform
from settings.problems import Problem, place
from settings.regions import REGIONS
from settings.rules.registry import repeated, rule
from settings.storage import Storage
from settings.words import either


@rule
def _own_or_existing_network(network: Network) -> Iterator[Problem]:
    if network.existing is None:
        if network.cidr is None:
            yield Problem("network.cidr", "missing", "expected a range unless network.existing names a VPC")
        if bool(network.zones) == (network.zone_count is not None):
            found = "both zones and zoneCount" if network.zones else "neither zones nor zoneCount"
            yield Problem("network.zones", found, "expected one of the two")
        return
    for field in sorted(network.model_fields_set - {"existing", "proxy"}):
        key = type(network).model_fields[field].alias
        yield Problem(
            f"network.{key}",
            "set",
            "expected no value together with network.existing: the stack does not manage that VPC",
        )


@rule
def _existing_by_ids_or_by_stack(network: Network) -> Iterator[Problem]:
    existing, path = network.existing, "network.existing"
    if existing and existing.stack:
        for field in sorted(existing.model_fields_set - {"stack", "zones"}):
            key = type(existing).model_fields[field].alias
            yield Problem(
                f"{path}.{key}", "set", "expected no value together with stack and zones: that stack's outputs have it"
            )
        if not 2 <= len(existing.zones) <= 6:
            yield Problem(f"{path}.zones", f"{len(existing.zones)} named", "expected 2 to 6: EKS needs subnets in two")
        yield from repeated(f"{path}.zones", existing.zones)
    elif existing:
        if existing.vpc_id is None:
            yield Problem(f"{path}.vpcId", "missing", "expected a VPC's id, or the stack that has it")
        if existing.zones:
            yield Problem(f"{path}.zones", "set", "expected none: the subnets' keys are the zones")
        if len(existing.private_subnets) < 2:
            yield Problem(f"{path}.privateSubnets", "fewer than two zones", "expected two: EKS needs them")
        if len(existing.control_plane_subnets) == 1:
            yield Problem(f"{path}.controlPlaneSubnets", "fewer than two zones", "expected two: EKS needs them")


@rule
def _zones(network: Network, platform: Platform) -> Iterator[Problem]:
    if network.zones and not 2 <= len(network.zones) <= 6:
        yield Problem("network.zones", f"{len(network.zones)} named", "expected 2 to 6: EKS needs subnets in two")
    yield from repeated("network.zones", network.zones)
    named = {f"network.zones[{index}]": zone for index, zone in enumerate(network.zones)}
    if network.existing:
        for key, subnets in _existing_subnets(network):
            named |= {f"network.existing.{key}.{zone}": zone for zone in subnets}
        named |= {f"network.existing.zones[{index}]": zone for index, zone in enumerate(network.existing.zones)}
    for path, zone in named.items():
        # Of a region that does not exist another rule speaks.
        if platform.region in REGIONS and zone[:-1] != platform.region:
            yield Problem(path, zone, f"expected a zone of {platform.region}")


def _existing_subnets(network: Network) -> list[tuple[str, dict[str, str]]]:
    """Return the subnets of an existing network by zone, by the key that has them."""
    existing = network.existing
    if existing is None:
        return []
    by_key = existing.private_subnets, existing.public_subnets, existing.control_plane_subnets
    return list(zip(EXISTING_SUBNETS, by_key, strict=True))


EXISTING_SUBNETS: Final = ("privateSubnets", "publicSubnets", "controlPlaneSubnets")


@rule
def _subnets_of_existing_network(network: Network) -> Iterator[Problem]:
    """The control plane may share subnets with the nodes and the load balancers."""
    private, public, control_plane = (dict(_existing_subnets(network)).get(key, {}) for key in EXISTING_SUBNETS)
    times = Counter([*private.values(), *public.values()])
    times |= Counter(control_plane.values())
    for key, subnets in _existing_subnets(network):
        for zone, subnet in subnets.items():
            if times[subnet] > 1:
                yield Problem(f"network.existing.{key}.{zone}", subnet, "expected a subnet of its own")


@rule
def _address_ranges(network: Network) -> Iterator[Problem]:
    for key, block, longest in (
        ("cidr", network.cidr, address_plan.LONGEST_VPC_PREFIX),
        ("podCidr", network.pod_cidr, address_plan.LONGEST_POD_PREFIX),
    ):
        if block and not 16 <= block.prefixlen <= longest:
            yield Problem(f"network.{key}", str(block), f"expected /16 to /{longest}, which is cut for eight zones")
        if block and any(block.overlaps(reserved) for reserved in NEVER_IN_A_VPC):
            yield Problem(f"network.{key}", str(block), "expected a range of unicast addresses (RFC 1918)")


NEVER_IN_A_VPC: Final = tuple(
    IPv4Network(block) for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
"""This host, loopback, link-local, multicast and what is reserved (https://www.rfc-editor.org/rfc/rfc6890)."""


@rule
def _room(
    network: Network,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    cluster: Cluster,
    ingress: Ingress,
) -> Iterator[Problem]:
    """Auto Mode needs no room for prefixes: where a subnet has none left, it takes single addresses.

    https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html
    """
    block = network.cidr
    if block is None or not 16 <= block.prefixlen <= address_plan.LONGEST_VPC_PREFIX:
        return
    longest, reason = address_plan.LONGEST_VPC_PREFIX, ""
    if ingress.scheme is Scheme.INTERNET_FACING and not network.public_nodes:
        longest = address_plan.LONGEST_VPC_PREFIX_FOR_ALB
        reason = f": an ALB's subnets have at least a /{address_plan.LONGEST_LOAD_BALANCER_PREFIX}"
    nodes = node_groups or karpenter or cluster.control_plane_only
    if nodes and not network.pod_cidr and network.ip_family is IpFamily.IPV4:
        longest = address_plan.LONGEST_VPC_PREFIX_FOR_PODS
        reason = ", or network.podCidr: pods on nodes get prefixes of a zone's subnet, which needs a /24"
    if block.prefixlen > longest:
        yield Problem("network.cidr", str(block), f"expected /{longest} or larger{reason}")


@rule
def _pod_range(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None, cluster: Cluster
) -> Iterator[Problem]:
    vpc, pods = network.cidr, network.pod_cidr
    if not vpc or not pods:
        return
    if network.ip_family is IpFamily.IPV6:
        yield Problem("network.podCidr", str(pods), "expected none with ipFamily ipv6: pods have IPv6 addresses")
    if cluster.platform_on_fargate(node_groups) and not karpenter:
        yield Problem("network.podCidr", str(pods), "expected none: Fargate pods are in the private subnets")
    if vpc.overlaps(pods):
        yield Problem("network.podCidr", str(pods), f"expected a range that does not overlap network.cidr, {vpc}")
    theirs = next((block for block in SECONDARY_ONLY_WITHIN if pods.overlaps(block)), None)
    if theirs and not vpc.overlaps(theirs):
        yield Problem(
            "network.podCidr", str(pods), f"expected one in 100.64.0.0/10: AWS does not add this one to {vpc}"
        )


SECONDARY_ONLY_WITHIN: Final = tuple(
    IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "198.19.0.0/16")
)
"""Blocks of which AWS adds a range only to a VPC whose own range is in the same block.

https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html#add-cidr-block-restrictions"""


@rule
def _service_range(network: Network, cluster: Cluster) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html."""
    services, path = cluster.service_cidr, "cluster.serviceCidr"
    if services is None:
        return
    if network.ip_family is IpFamily.IPV6:
        yield Problem(path, str(services), "expected none with ipFamily ipv6: EKS chooses an IPv6 range itself")
    if not 12 <= services.prefixlen <= 24:
        yield Problem(path, str(services), "expected /12 to /24")
    if not any(services.subnet_of(block) for block in PRIVATE_RANGES):
        yield Problem(path, str(services), f"expected a range in {either([str(block) for block in PRIVATE_RANGES])}")
    for setting, block in (("network.cidr", network.cidr), ("network.podCidr", network.pod_cidr)):
        if block and services.overlaps(block):
            yield Problem(path, str(services), f"expected a range that does not overlap {setting}, {block}")


PRIVATE_RANGES: Final = tuple(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"))
"""https://www.rfc-editor.org/rfc/rfc1918"""


@rule
def _endpoints_of_isolated_network(
    network: Network, cluster: Cluster, storage: Storage, sections: Mapping[str, Any]
) -> Iterator[Problem]:
    if not network.isolated:
        return
    needed = {*(ENDPOINTS_WITHOUT_NAT if network.without_internet else ENDPOINTS_BESIDES_PROXY)}
    needed |= {
        endpoint
        for section, its in ENDPOINTS_OF.items()
        if sections.get(section) and (network.without_internet or section in WITHOUT_PROXY)
        for endpoint in its
    }
    # The driver creates access points: https://docs.aws.amazon.com/efs/latest/ug/efs-vpc-endpoints.html
    needed |= {"elasticfilesystem"} if storage.efs else set()
    # The driver creates file systems: https://docs.aws.amazon.com/fsx/latest/LustreGuide/fsx-vpc-endpoints.html
    needed |= {"fsx"} if storage.fsx else set()
    needed |= {"eks-auth"} if cluster.identity is Identity.POD_IDENTITY else set()
    missing = sorted(needed - set(network.interface_endpoints))
    if missing:
        found = "no way out of the private subnets"
        yield Problem("network.interfaceEndpoints", found, f"expected also {', '.join(missing)}, or nat")


ENDPOINTS_WITHOUT_NAT: Final = frozenset({"ec2", "ecr.api", "ecr.dkr", "eks", "elasticloadbalancing", "sts"})
"""What nodes and controllers must reach where nothing leads to the internet (S3 has its gateway endpoint always).

https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""
ENDPOINTS_BESIDES_PROXY: Final = frozenset({"ec2", "sts"})
"""What vpc-cni and the EBS driver must reach where a proxy leads out: the EKS add-ons are given none."""
WITHOUT_PROXY: Final = ("observability",)
"""The sections whose pods are those of an EKS add-on or send logs for one, and use no proxy."""
ENDPOINTS_OF: Final[Mapping[str, frozenset[str]]] = {
    # https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/#private-clusters
    "karpenter": frozenset({"sqs", "ssm"}),
    # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch-and-interface-VPC.html
    "observability": frozenset({"logs", "monitoring"}),
    **{it.section: it.endpoints for it in CAPABILITIES},
}
"""What a section's pods must reach besides, by the section's field in Stack; an empty section counts for nothing.

Services that have an interface endpoint: https://docs.aws.amazon.com/vpc/latest/privatelink/aws-services-privatelink-support.html"""


@rule
def _mirrors_of_isolated_network(network: Network, charts: Charts) -> Iterator[Problem]:
    if network.without_internet and not charts.images:
        yield Problem(
            "charts.images", "missing", "expected a registry that the VPC reaches: nothing leads to the publishers'"
        )


@rule
def _firewall_in_isolated_network(network: Network, ingress: Ingress) -> Iterator[Problem]:
    if network.without_internet and ingress.web_acl and ingress.owner is IngressOwner.CONTROLLER:
        yield Problem(
            "ingress.webAcl", ingress.web_acl, "expected ingress.owner program: the controller does not reach WAF"
        )


@rule
def _ipv6(network: Network, node_groups: dict[str, NodeGroup], ingress: Ingress) -> Iterator[Problem]:
    if network.ip_family is not IpFamily.IPV6:
        for block in ingress.allowed:
            if block.version == 6:  # the family's own number
                yield Problem("ingress.allowed", str(block), "expected IPv4 ranges unless network.ipFamily is ipv6")
        return
    for name, group in node_groups.items():
        for index, kind in enumerate(group.instance_types):
            if kind.partition(".")[0] in WITHOUT_NITRO:
                path = place("nodeGroups", name, "instanceTypes", index)
                yield Problem(path, kind, "expected an instance of the Nitro system: IPv6 pods need it")


WITHOUT_NITRO: Final = frozenset(
    "c1 c3 c4 d2 f1 g2 g3 h1 i2 i3 m1 m2 m3 m4 p2 p3 r3 r4 t1 t2 x1 x1e".split()  # noqa: SIM905  # a line, not 22
)
"""Families on the Xen hypervisor, whose interfaces take no prefixes.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html,
https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html"""


@rule
def _interface_endpoints(network: Network, platform: Platform) -> Iterator[Problem]:
    path = "network.interfaceEndpoints"
    yield from repeated(path, network.interface_endpoints)
    for service in network.interface_endpoints:
        if service == "s3":
            yield Problem(path, service, "expected none for S3: it has a gateway endpoint always")
        if service.startswith("com.amazonaws.") or platform.region in service:
            short = service.removeprefix("com.amazonaws.").removeprefix(f"{platform.region}.")
            yield Problem(path, service, f"expected what follows the region: {short}")
        elif platform.region.startswith("cn-") and service not in CHINA_ENDPOINTS:
            known = either(sorted({*CHINA_ENDPOINTS} - {"s3"}))
            yield Problem(path, service, f"expected {known}: in China the names of other endpoints are not known here")


@rule
def _public_nodes(network: Network, ingress: Ingress, fargate_profiles: dict[str, FargateProfile]) -> Iterator[Problem]:
    if network.existing is None and network.public_nodes:
        if ingress.scheme is Scheme.INTERNAL:
            yield Problem("ingress.scheme", "internal", "expected internet-facing: publicNodes has no private subnets")
        if fargate_profiles:
            yield Problem(
                "fargateProfiles", "set", "expected none: publicNodes has no private subnets, Fargate needs them"
            )
