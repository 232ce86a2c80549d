"""Rules that relate one setting of a stack to another, or to what AWS, EKS and Karpenter take.

A rule names the sections it reads and is asked only when all of them are valid by themselves, so that a stack file's
errors of both kinds are reported together. It yields a Problem for each thing it finds.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from fnmatch import fnmatchcase
from inspect import signature
from ipaddress import IPv4Network
from typing import Any, Final, NamedTuple

import versions
from components import cidr
from settings import (
    Access,
    Addons,
    Architecture,
    Charts,
    Cluster,
    FargateProfile,
    Identity,
    Ingress,
    Karpenter,
    Nat,
    Network,
    NodeGroup,
    NodeImage,
    NodePool,
    OperationsPods,
    Platform,
    Scheme,
    Support,
    Taint,
    TaintEffect,
    Traefik,
)
from settings_problems import PROJECT, Problem, either, place

Rule = Callable[..., Iterator[Problem]]
RULES: Final[list[Rule]] = []


def _rule(function: Rule) -> Rule:
    """Register a rule. Its parameters are the sections that it reads, by the names of Stack's fields."""
    RULES.append(function)
    return function


def broken_rules(sections: Mapping[str, Any], secret: Collection[str], today: date) -> list[Problem]:
    """Return what is wrong between the valid `sections`.

    secret: the sections that hold an encrypted value. today: the day on which EKS must offer the Kubernetes version.
    """
    known = {**sections, "secret": secret, "today": today}
    asked = [(rule, list(signature(rule).parameters)) for rule in RULES]
    return [
        problem
        for rule, reads in asked
        if all(name in known for name in reads)
        for problem in rule(**{name: known[name] for name in reads})
    ]


# --- Platform -----------------------------------------------------------------------------------------------------


@_rule
def _name(platform: Platform) -> Iterator[Problem]:
    for prefix, owner in (("internal-", "a load balancer"), ("sg-", "a security group")):
        if platform.name.startswith(prefix):
            yield Problem("platform.name", platform.name, f"expected another beginning: AWS refuses it for {owner}")


@_rule
def _region(platform: Platform) -> Iterator[Problem]:
    if platform.region.startswith(("cn-", "us-gov-", "us-iso", "eu-iso", "eusc-")):
        yield Problem("platform.region", platform.region, "expected a region of AWS's commercial partition")


@_rule
def _tags(platform: Platform) -> Iterator[Problem]:
    own = {key.lower(): key for key in ("Project", "Stack", "ManagedBy")}
    for key in platform.tags:
        path = place("platform", "tags", key)
        if key.lower().startswith(RESERVED_TAGS):
            yield Problem(path, "reserved", "expected a key that neither AWS nor Kubernetes nor Karpenter sets")
            continue
        # IAM takes `project` and `Project` for one key, of which a role cannot have two.
        # https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags.html#id_tags_rules
        if own.setdefault(key.lower(), key) != key:
            yield Problem(
                path, "only letter case sets it apart", f"expected {own[key.lower()]}, which is there already"
            )


RESERVED_TAGS: Final = ("aws:", "eks:", "kubernetes.io/", "karpenter.sh/", "karpenter.k8s.aws/", "elbv2.k8s.aws/")
"""Beginnings of tags by which AWS and controllers find what is theirs.

https://karpenter.sh/docs/concepts/nodeclasses/#spectags"""


# --- Network ------------------------------------------------------------------------------------------------------


@_rule
def _own_or_existing_network(network: Network) -> Iterator[Problem]:
    if network.existing is None:
        if network.cidr is None:
            yield Problem("network.cidr", "missing", "expected a range unless network.existing names a VPC")
        if bool(network.zones) == (network.zone_count is not None):
            found = "both zones and zoneCount" if network.zones else "neither zones nor zoneCount"
            yield Problem("network.zones", found, "expected one of the two")
        return
    for field in sorted(network.model_fields_set - {"existing"}):
        key = type(network).model_fields[field].alias
        yield Problem(f"network.{key}", "set", "expected nothing beside network.existing: that VPC is not ours")


@_rule
def _zones(network: Network, platform: Platform) -> Iterator[Problem]:
    if network.zones and not 2 <= len(network.zones) <= 6:
        yield Problem("network.zones", f"{len(network.zones)} named", "expected 2 to 6: EKS needs subnets in two")
    yield from _repeated("network.zones", network.zones)
    yield from _zones_of(platform.region, "network.zones", network.zones)
    if network.existing:
        for key, subnets in _existing_subnets(network):
            yield from _zones_of(platform.region, f"network.existing.{key}", subnets)


def _zones_of(region: str, path: str, zones: Iterable[str]) -> Iterator[Problem]:
    for zone in zones:
        if zone[:-1] != region:
            yield Problem(path, zone, f"expected a zone of {region}")


def _existing_subnets(network: Network) -> list[tuple[str, dict[str, str]]]:
    """Return the subnets of an existing network by zone, by the key that has them."""
    existing = network.existing
    return (
        [("privateSubnets", existing.private_subnets), ("publicSubnets", existing.public_subnets)] if existing else []
    )


@_rule
def _subnets_of_existing_network(network: Network) -> Iterator[Problem]:
    times = Counter(subnet for _, subnets in _existing_subnets(network) for subnet in subnets.values())
    for key, subnets in _existing_subnets(network):
        for zone, subnet in subnets.items():
            if times[subnet] > 1:
                yield Problem(f"network.existing.{key}.{zone}", subnet, "expected a subnet of its own")
    if network.existing and len(network.existing.private_subnets) < 2:
        yield Problem("network.existing.privateSubnets", "fewer than two zones", "expected two: EKS needs them")


@_rule
def _address_ranges(network: Network) -> Iterator[Problem]:
    for key, block, longest in (
        ("cidr", network.cidr, cidr.LONGEST_VPC_PREFIX),
        ("podCidr", network.pod_cidr, cidr.LONGEST_POD_PREFIX),
    ):
        if block and not 16 <= block.prefixlen <= longest:
            yield Problem(f"network.{key}", str(block), f"expected /16 to /{longest}, which is cut for eight zones")
        if block and any(block.overlaps(reserved) for reserved in NEVER_IN_A_VPC):
            yield Problem(f"network.{key}", str(block), "expected a range of unicast addresses (RFC 1918)")


NEVER_IN_A_VPC: Final = tuple(
    IPv4Network(block) for block in ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3")
)
"""This host, loopback, link-local, multicast and what is reserved (https://www.rfc-editor.org/rfc/rfc6890)."""


@_rule
def _room_for_load_balancer(network: Network, ingress: Ingress) -> Iterator[Problem]:
    block, longest = network.cidr, cidr.LONGEST_VPC_PREFIX
    if block is None or network.public_nodes or not 16 <= block.prefixlen <= longest:
        return
    public = cidr.zone_blocks(block, "a").public.prefixlen
    if ingress.scheme is Scheme.INTERNET_FACING and public > LONGEST_LOAD_BALANCER_PREFIX:
        room = block.prefixlen - (public - LONGEST_LOAD_BALANCER_PREFIX)
        yield Problem("network.cidr", str(block), f"expected /{room} or larger: an ALB's subnets have at least a /27")


LONGEST_LOAD_BALANCER_PREFIX: Final = 27
"""https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer"""


@_rule
def _pod_range(network: Network, node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    vpc, pods = network.cidr, network.pod_cidr
    if not vpc or not pods:
        return
    if not node_groups:
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


@_rule
def _way_out(network: Network, cluster: Cluster, karpenter: Karpenter | None) -> Iterator[Problem]:
    if network.existing is not None:
        return
    if network.public_nodes and network.nat is not Nat.NONE:
        yield Problem("network.nat", network.nat.value, "expected none: with publicNodes no subnet uses a NAT gateway")
    if network.nat is Nat.NONE and not network.public_nodes:
        needed = {*ENDPOINTS_WITHOUT_NAT}
        needed |= ENDPOINTS_OF_KARPENTER if karpenter else set()
        needed |= {"eks-auth"} if cluster.identity is Identity.POD_IDENTITY else set()
        missing = sorted(needed - set(network.interface_endpoints))
        if missing:
            found = "no way out of the private subnets"
            yield Problem("network.interfaceEndpoints", found, f"expected also {', '.join(missing)}, or nat")


ENDPOINTS_WITHOUT_NAT: Final = frozenset({"ec2", "ecr.api", "ecr.dkr", "eks", "elasticloadbalancing", "sts"})
"""What nodes and controllers must reach where nothing leads to the internet (S3 has its gateway endpoint always).

https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""
ENDPOINTS_OF_KARPENTER: Final = frozenset({"sqs", "ssm"})
"""https://karpenter.sh/docs/getting-started/getting-started-with-karpenter/#private-clusters"""


@_rule
def _interface_endpoints(network: Network, platform: Platform) -> Iterator[Problem]:
    path = "network.interfaceEndpoints"
    yield from _repeated(path, network.interface_endpoints)
    for service in network.interface_endpoints:
        if service == "s3":
            yield Problem(path, service, "expected none for S3: it has a gateway endpoint always")
        if service.startswith("com.amazonaws.") or platform.region in service:
            short = service.removeprefix("com.amazonaws.").removeprefix(f"{platform.region}.")
            yield Problem(path, service, f"expected what follows the region: {short}")


@_rule
def _public_nodes(network: Network, ingress: Ingress, fargate_profiles: dict[str, FargateProfile]) -> Iterator[Problem]:
    if network.existing is None and network.public_nodes:
        if ingress.scheme is Scheme.INTERNAL:
            yield Problem("ingress.scheme", "internal", "expected internet-facing: publicNodes has no private subnets")
        if fargate_profiles:
            yield Problem(
                "fargateProfiles", "set", "expected none: publicNodes has no private subnets, Fargate needs them"
            )


# --- Cluster ------------------------------------------------------------------------------------------------------


@_rule
def _kubernetes_version(cluster: Cluster, today: date) -> Iterator[Problem]:
    offered = versions.deployable_on(today)
    if cluster.version not in offered:
        yield Problem("cluster.version", cluster.version, f"expected one that EKS offers: {', '.join(offered)}")
    elif cluster.support is Support.STANDARD and versions.support_on(cluster.version, today) == "extended":
        left = versions.KUBERNETES[cluster.version].standard_until
        yield Problem(
            "cluster.support", "standard", f"expected extended: {cluster.version} left standard support on {left}"
        )


@_rule
def _cluster_lists(cluster: Cluster) -> Iterator[Problem]:
    yield from _repeated("cluster.logs", [log.value for log in cluster.logs])
    for name, block in cluster.public_access.items():
        if any(block.subnet_of(reserved) for reserved in NEVER_PUBLIC):
            path = place("cluster", "publicAccess", name)
            yield Problem(path, str(block), "expected public addresses: EKS refuses others for its public endpoint")


NEVER_PUBLIC: Final = (
    *NEVER_IN_A_VPC,
    *(IPv4Network(block) for block in ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10")),
)
"""https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"""


@_rule
def _access(access: Access) -> Iterator[Problem]:
    if "deployer" in access.entries:
        yield Problem("access.entries.deployer", "set", "expected another name: the deployer's own entry has this one")
    principals = {"access.deployer": access.deployer} | {
        place("access", "entries", name, "principal"): entry.principal for name, entry in access.entries.items()
    }
    times = Counter(principals.values())
    for path, principal in principals.items():
        if times[principal] > 1 and path != "access.deployer":
            yield Problem(path, principal, "expected once: EKS keeps one entry a principal")
        # https://github.com/hashicorp/terraform-provider-aws/issues/36447
        if ":role/aws-service-role/" in principal:
            yield Problem(path, principal, "expected another role: EKS gives service-linked roles no entry")


@_rule
def _account(platform: Platform, access: Access, ingress: Ingress) -> Iterator[Problem]:
    for path, arn in (
        ("access.deployer", access.deployer),
        ("ingress.certificate", ingress.certificate),
        ("ingress.webAcl", ingress.web_acl),
    ):
        if platform.account and arn and arn.split(":")[4] != platform.account:
            yield Problem(path, arn, f"expected one of account {platform.account}")


@_rule
def _regional_arns(platform: Platform, cluster: Cluster, ingress: Ingress) -> Iterator[Problem]:
    for path, arn in (
        ("cluster.secretsKey", cluster.secrets_key),
        ("ingress.certificate", ingress.certificate),
        ("ingress.webAcl", ingress.web_acl),
    ):
        if arn and arn.split(":")[3] != platform.region:
            yield Problem(path, arn, f"expected one in {platform.region}")


@_rule
def _addons(addons: Addons, cluster: Cluster, node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    installed = addons.installed(fargate_only=not node_groups)
    for name, version in addons.versions.items():
        path = place("addons", "versions", name)
        if name not in versions.ADDON_NAMES:
            yield Problem(path, "unknown add-on", f"expected {either(versions.ADDON_NAMES)}")
        elif name not in installed:
            yield Problem(path, version, "expected none: the stack does not have this add-on")
        elif name == "kube-proxy" and not version.startswith(f"v{cluster.version}."):
            yield Problem(path, version, f"expected the cluster's minor version, {cluster.version}")


# --- Compute ------------------------------------------------------------------------------------------------------


@_rule
def _compute(
    node_groups: dict[str, NodeGroup], fargate_profiles: dict[str, FargateProfile], karpenter: Karpenter | None
) -> Iterator[Problem]:
    if not node_groups and not fargate_profiles:
        yield Problem("nodeGroups", "no node group and no Fargate profile", "expected one: CoreDNS needs it")
    if karpenter and not node_groups:
        yield Problem("karpenter", "set without a node group", "expected node groups: Karpenter's own pods run on them")


@_rule
def _fargate_only(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    cluster: Cluster,
    addons: Addons,
    operations_pods: OperationsPods,
) -> Iterator[Problem]:
    if node_groups or not fargate_profiles:
        return
    for namespace in PLATFORM_NAMESPACES:
        if not any(takes_all(profile, namespace) for profile in fargate_profiles.values()):
            yield Problem("fargateProfiles", f"none takes {namespace}", "expected one: there are no nodes for its pods")
    if cluster.identity is not Identity.IRSA:
        yield Problem("cluster.identity", cluster.identity.value, "expected irsa: Fargate has no Pod Identity agent")
    if addons.ebs_csi:
        yield Problem("addons.ebsCsi", "true", "expected false: Fargate pods take no EBS volumes")
    if operations_pods.node_selector:
        yield Problem("operationsPods.nodeSelector", "set", "expected none: there are no nodes to select")


PLATFORM_NAMESPACES: Final = ("kube-system", "traefik")
"""Where the pods that this program installs run."""


def takes_all(profile: FargateProfile, namespace: str) -> bool:
    """Tell whether a profile takes every pod of a namespace, whatever its labels."""
    return any(fnmatchcase(namespace, selector.namespace) and not selector.labels for selector in profile.selectors)


@_rule
def _fargate_profiles(
    platform: Platform, node_groups: dict[str, NodeGroup], fargate_profiles: dict[str, FargateProfile]
) -> Iterator[Problem]:
    if fargate_profiles and platform.name.startswith("eks-"):
        found = platform.name
        yield Problem("platform.name", found, "expected another beginning: AWS refuses it for a Fargate profile")
    for name, profile in fargate_profiles.items():
        for namespace in PLATFORM_NAMESPACES:
            if node_groups and takes_all(profile, namespace):
                path = place("fargateProfiles", name)
                yield Problem(path, f"takes {namespace}", "expected other namespaces: its pods are placed on nodes")


@_rule
def _node_groups(node_groups: dict[str, NodeGroup], cluster: Cluster) -> Iterator[Problem]:
    for name, group in node_groups.items():
        path = place("nodeGroups", name)
        if group.min > group.max:
            yield Problem(f"{path}.min", str(group.min), f"expected at most max, {group.max}")
        elif group.desired is not None and not group.min <= group.desired <= group.max:
            yield Problem(f"{path}.desired", str(group.desired), f"expected {group.min} to {group.max}")
        yield from _repeated(f"{path}.instanceTypes", group.instance_types)
        yield from _repeated(f"{path}.zones", group.zones)
        yield from _repeated_taints(f"{path}.taints", group.taints)
        if group.release:
            yield from _release(f"{path}.release", group.release, group.image, cluster.version)


def _release(path: str, release: str, image: NodeImage, kubernetes: str) -> Iterator[Problem]:
    is_date = re.search("-20[0-9]{6}$", release) is not None
    if is_date is not (image is NodeImage.AL2023):
        example = {NodeImage.AL2023: "1.36.4-20260930", NodeImage.BOTTLEROCKET: "1.66.0-1ad6b4a4"}[image]
        yield Problem(path, release, f"expected a release of {image.value} such as {example}")
    elif is_date and not release.startswith(f"{kubernetes}."):
        yield Problem(path, release, f"expected one of the cluster's minor version, {kubernetes}")


@_rule
def _labels_and_taints_of_node_groups(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    for name, group in node_groups.items():
        for key, value in group.labels.items():
            path = place("nodeGroups", name, "labels", key)
            if _prefix(key) in ("eks.amazonaws.com", "kubernetes.io", "k8s.io") or _refused_by_kubelet(key):
                yield Problem(path, "reserved", "expected a label that neither Kubernetes nor EKS sets")
            if len(key) > 63:
                yield Problem(path, f"{len(key)} characters", "expected at most 63: EKS takes no more")
            if not value:
                yield Problem(path, "no value", "expected one: EKS takes no label without it")
        for index, taint in enumerate(group.taints):
            if len(taint.key) > 63:
                path = place("nodeGroups", name, "taints", index, "key")
                yield Problem(path, f"{len(taint.key)} characters", "expected at most 63: EKS takes no more")


def _prefix(key: str) -> str:
    return key.rpartition("/")[0]


def _refused_by_kubelet(label: str) -> bool:
    """Tell whether a kubelet refuses to start with a label, so that its node never joins.

    https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
    """
    prefix = _prefix(label)
    in_domain = prefix in ("kubernetes.io", "k8s.io") or prefix.endswith((".kubernetes.io", ".k8s.io"))
    allowed = ("kubelet.kubernetes.io", "node.kubernetes.io")
    return in_domain and not (prefix in allowed or prefix.endswith(tuple(f".{domain}" for domain in allowed)))


@_rule
def _place_for_operations_pods(node_groups: dict[str, NodeGroup], operations_pods: OperationsPods) -> Iterator[Problem]:
    """Someone must take the controllers: nothing that Karpenter could launch, for it is one of them."""
    there = [group for group in node_groups.values() if (group.min if group.desired is None else group.desired)]
    if node_groups and not there:
        yield Problem("nodeGroups", "no group starts with a node", "expected one with min or desired of 1 or more")
        return
    chosen = [group for group in there if _selects(operations_pods, group)]
    if there and not chosen:
        found = ", ".join(f"{key}={value}" for key, value in operations_pods.node_selector.items())
        yield Problem("operationsPods.nodeSelector", found, "expected labels of a node group that starts with a node")
    elif there and not any(_tolerates(operations_pods, group) for group in chosen):
        taints = sorted({taint.key for group in chosen for taint in group.taints})
        yield Problem(
            "operationsPods.tolerations", "none fits", f"expected the taints of the nodes: {', '.join(taints)}"
        )


def _selects(pods: OperationsPods, group: NodeGroup) -> bool:
    return all(_has_label(group, key, value) for key, value in pods.node_selector.items())


def _has_label(group: NodeGroup, key: str, value: str) -> bool:
    if key == "kubernetes.io/arch":
        return value == group.architecture.value
    # What else Kubernetes and EKS put on nodes by themselves cannot be told from a stack file.
    return group.labels.get(key) == value or (key not in group.labels and _is_set_by_others(key))


def _is_set_by_others(label: str) -> bool:
    return _prefix(label).endswith(("kubernetes.io", "k8s.io", "eks.amazonaws.com", "k8s.aws"))


def _tolerates(pods: OperationsPods, group: NodeGroup) -> bool:
    return all(
        taint.effect is TaintEffect.PREFER_NO_SCHEDULE
        or any(
            toleration.key == taint.key
            and toleration.value in (None, taint.value)
            and toleration.effect in (None, taint.effect)
            for toleration in pods.tolerations
        )
        for taint in group.taints
    )


@_rule
def _zones_of_compute(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    there = list(network.existing.private_subnets) if network.existing else network.zones
    asked = {place("nodeGroups", name): group.zones for name, group in node_groups.items()}
    if karpenter:
        asked |= {place("karpenter", "nodePools", name): pool.zones for name, pool in karpenter.node_pools.items()}
    for path, zones in asked.items():
        for zone in dict.fromkeys(zones):
            if not there:
                yield Problem(f"{path}.zones", zone, "expected network.zones, not zoneCount, where zones matter")
            elif zone not in there:
                yield Problem(f"{path}.zones", zone, f"expected a zone of the network: {either(there)}")


# --- Instances ----------------------------------------------------------------------------------------------------


class Family(NamedTuple):
    """What the name of an instance family tells."""

    category: str
    generation: int
    architecture: Architecture


def family(name: str) -> Family | None:
    """Return what the name of an instance family ("m7g") tells; None for one that does not follow the pattern.

    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html: category, generation, and options, of
    which `g` is AWS's own processor, a Graviton. The first of these, a1, has no option.
    """
    parts = re.fullmatch(r"([a-z]+)([0-9]+)([a-z]*)(-flex|-[0-9]+tb)?", name)
    if not parts:
        return None
    category, generation, options = parts[1], int(parts[2]), parts[3]
    graviton = "g" in options or name == "a1"
    return Family(category, generation, Architecture.ARM64 if graviton else Architecture.AMD64)


@_rule
def _architecture_of_node_groups(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    for name, group in node_groups.items():
        for index, instance_type in enumerate(group.instance_types):
            known = family(instance_type.partition(".")[0])
            if known and known.architecture is not group.architecture:
                path = place("nodeGroups", name, "instanceTypes", index)
                yield Problem(
                    path, f"{instance_type}, {known.architecture.value}", f"expected {group.architecture.value}"
                )


# --- Karpenter ----------------------------------------------------------------------------------------------------


@_rule
def _karpenter(cluster: Cluster, karpenter: Karpenter | None) -> Iterator[Problem]:
    if not karpenter:
        return
    least = versions.KARPENTER_MINIMUM.get(cluster.version)
    if least and _numbers(karpenter.version) < _numbers(least):
        found = karpenter.version
        yield Problem("karpenter.version", found, f"expected {least} or newer: Kubernetes {cluster.version} needs it")
    if karpenter.image_version and ("." in karpenter.image_version) is not (karpenter.image is NodeImage.BOTTLEROCKET):
        example = {NodeImage.AL2023: "v20260930", NodeImage.BOTTLEROCKET: "v1.66.0"}[karpenter.image]
        found = karpenter.image_version
        yield Problem("karpenter.imageVersion", found, f"expected one of {karpenter.image.value} such as {example}")


@_rule
def _node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        path = place("karpenter", "nodePools", name)
        if not (pool.categories or pool.families or pool.instance_types):
            yield Problem(path, "no choice of instances", "expected categories, families or instanceTypes")
        if pool.instance_types and (pool.categories or pool.families or pool.sizes or pool.min_generation):
            found = "instanceTypes beside categories, families, sizes or minGeneration"
            yield Problem(f"{path}.instanceTypes", found, "expected either the exact types or the traits")
        for field in ("capacity_types", "categories", "families", "instance_types", "sizes", "architectures", "zones"):
            yield from _repeated(f"{path}.{type(pool).model_fields[field].alias}", getattr(pool, field))
        yield from _repeated_taints(f"{path}.taints", pool.taints)
        for index, budget in enumerate(pool.budgets):
            if (budget.schedule is None) != (budget.duration is None):
                yield Problem(f"{path}.budgets[{index}]", "one of schedule and duration", "expected both or neither")
        for key in pool.labels:
            if _prefix(key).endswith(("karpenter.sh", "karpenter.k8s.aws")) or _refused_by_kubelet(key):
                label = place("karpenter", "nodePools", name, "labels", key)
                yield Problem(label, "reserved", "expected a label that neither Kubernetes nor Karpenter sets")


@_rule
def _instances_of_node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    """An instance that a pool's other traits rule out is never launched, and nothing says so."""
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        path = place("karpenter", "nodePools", name)
        for index, instance_type in enumerate(pool.instance_types):
            yield from _ruled_out(f"{path}.instanceTypes[{index}]", instance_type, pool)
        for index, instance_family in enumerate(pool.families):
            yield from _ruled_out(f"{path}.families[{index}]", instance_family, pool)


def _ruled_out(path: str, name: str, pool: NodePool) -> Iterator[Problem]:
    known = family(name.partition(".")[0])
    if not known:
        return
    if known.architecture not in pool.architectures:
        yield Problem(path, f"{name}, {known.architecture.value}", f"expected {either(pool.architectures)}")
    if pool.categories and known.category not in pool.categories:
        yield Problem(path, name, f"expected one of the pool's categories: {either(pool.categories)}")
    if pool.min_generation and known.generation < pool.min_generation:
        yield Problem(path, name, f"expected generation {pool.min_generation} or newer, as minGeneration says")


# --- Ingress ------------------------------------------------------------------------------------------------------


@_rule
def _domain(ingress: Ingress) -> Iterator[Problem]:
    if not ingress.domain:
        return
    names = ingress.domain.names
    path = "ingress.domain.alternatives"
    yield from _repeated(path, names)
    for name in names:
        wildcard = f"*.{name.removeprefix('wildcard.')}"
        if name.startswith("wildcard.") and wildcard in names:
            yield Problem(path, name, f"expected another name: in Pulumi, {wildcard} has this one")
        if name.split(".")[-2:] != names[0].split(".")[-2:]:
            yield Problem(path, name, f"expected a name in the hosted zone of {names[0]}")
    # https://docs.aws.amazon.com/acm/latest/APIReference/API_RequestCertificate.html
    if len(names[0]) > 64 and not ingress.certificate:
        yield Problem("ingress.domain.name", f"{len(names[0])} characters", "expected at most 64: ACM takes no more")


@_rule
def _ingress_subnets(ingress: Ingress, network: Network) -> Iterator[Problem]:
    if ingress.scheme is Scheme.INTERNET_FACING and network.existing and len(network.existing.public_subnets) < 2:
        path = "network.existing.publicSubnets"
        yield Problem(path, "fewer than two", "expected two: an internet-facing ALB needs two zones")


@_rule
def _load_balancer(ingress: Ingress) -> Iterator[Problem]:
    yield from _repeated("ingress.allowed", [str(block) for block in ingress.allowed])
    # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/enable-access-logging.html
    if ingress.access_logs and "AWSLogs" in (ingress.access_logs.prefix or ""):
        prefix = str(ingress.access_logs.prefix)
        yield Problem("ingress.accessLogs.prefix", prefix, "expected one without AWSLogs, which the ALB appends itself")


@_rule
def _replicas(traefik: Traefik, addons: Addons) -> Iterator[Problem]:
    if traefik.max_replicas < traefik.min_replicas:
        found = str(traefik.max_replicas)
        yield Problem("traefik.maxReplicas", found, f"expected minReplicas, {traefik.min_replicas}, or more")
    if not addons.metrics_server and traefik.max_replicas > traefik.min_replicas:
        yield Problem(
            "addons.metricsServer", "false", "expected true: Traefik's autoscaler reads it, or equal replicas"
        )


@_rule
def _charts(charts: Charts, secret: Collection[str]) -> Iterator[Problem]:
    if charts.password is not None and "charts" not in secret:
        command = f"pulumi config set --secret --path '{PROJECT}:charts.password'"
        yield Problem("charts.password", "in the clear", f"expected an encrypted value: {command}")
    if (charts.username is None) != (charts.password is None):
        yield Problem("charts.username", "one of username and password", "expected both or neither")
    if charts.username and not charts.registry:
        yield Problem("charts.registry", "missing", "expected the registry that username and password are for")


# ------------------------------------------------------------------------------------------------------------------


def _repeated(path: str, values: Iterable[str]) -> Iterator[Problem]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Problem(path, value, f"expected once, stands there {times} times")


def _repeated_taints(path: str, taints: list[Taint]) -> Iterator[Problem]:
    yield from _repeated(path, [f"{taint.key}:{taint.effect.value}" for taint in taints])


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.partition("-")[0].split("."))
