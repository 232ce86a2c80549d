"""Rules that relate one setting of a stack to another, or to what AWS offers.

A rule names the sections it reads and is asked only when all of them are valid by themselves, so that a stack file's
errors of both kinds are reported together. It yields a Problem for each thing it finds.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from inspect import signature
from ipaddress import IPv4Network
from itertools import combinations
from typing import Any, Final

import versions
from components import cidr
from settings import (
    Access,
    Addons,
    Charts,
    Cluster,
    FargateProfile,
    Identity,
    Ingress,
    IngressOwner,
    Karpenter,
    Nat,
    Network,
    NodeGroup,
    Platform,
    Problem,
    Scheme,
    Traefik,
)

Rule = Callable[..., Iterator[Problem]]
RULES: Final[list[Rule]] = []


def _rule(function: Rule) -> Rule:
    """Register a rule. Its parameters are the sections that it reads, by the names of Stack's fields."""
    RULES.append(function)
    return function


def broken_rules(sections: Mapping[str, Any], secret: Collection[str]) -> list[Problem]:
    """Return what is wrong between the valid `sections`; `secret` names those that hold an encrypted value."""
    known = {**sections, "secret": secret}
    asked = [(rule, list(signature(rule).parameters)) for rule in RULES]
    return [
        problem
        for rule, reads in asked
        if all(name in known for name in reads)
        for problem in rule(**{name: known[name] for name in reads})
    ]


@_rule
def _tags(platform: Platform) -> Iterator[Problem]:
    for key in platform.tags:
        if key.lower().startswith("aws:"):
            yield Problem(f"platform.tags.{key}", "set", "expected a key that AWS does not reserve (aws:)")


# --- Network ------------------------------------------------------------------------------------------------------


@_rule
def _own_or_existing_network(network: Network) -> Iterator[Problem]:
    if network.existing is None:
        if network.cidr is None:
            yield Problem("network.cidr", "missing", "a value is required unless network.existing names a VPC")
        if bool(network.zones) == (network.zone_count is not None):
            found = "both zones and zoneCount" if network.zones else "neither zones nor zoneCount"
            yield Problem("network.zones", found, "expected one of the two")
        return
    fields = ("cidr", "zones", "zone_count", "pod_cidr", "interface_endpoints", "flow_logs", "public_nodes")
    for field in fields:
        if getattr(network, field):
            key = type(network).model_fields[field].alias
            yield Problem(f"network.{key}", "set", "expected nothing beside network.existing: that VPC is not ours")


@_rule
def _zones(network: Network, platform: Platform) -> Iterator[Problem]:
    if network.existing is None and network.zones and not 2 <= len(network.zones) <= 6:
        yield Problem("network.zones", f"{len(network.zones)} zones", "expected 2 to 6: EKS needs subnets in two")
    yield from _repeated("network.zones", network.zones)
    for place, zones in (
        ("network.zones", network.zones),
        ("network.existing.privateSubnets", list(network.existing.private_subnets) if network.existing else []),
        ("network.existing.publicSubnets", list(network.existing.public_subnets) if network.existing else []),
    ):
        for zone in zones:
            if not zone.startswith(platform.region):
                yield Problem(place, zone, f"expected a zone of {platform.region}")
    if network.existing and len(network.existing.private_subnets) < 2:
        yield Problem("network.existing.privateSubnets", "fewer than two zones", "EKS needs subnets in two zones")


@_rule
def _address_ranges(network: Network) -> Iterator[Problem]:
    for key, block, longest in (
        ("cidr", network.cidr, cidr.LONGEST_VPC_PREFIX),
        ("podCidr", network.pod_cidr, cidr.LONGEST_POD_PREFIX),
    ):
        if block and not 16 <= block.prefixlen <= longest:
            zones = len(network.zones) or network.zone_count or 2
            yield Problem(f"network.{key}", str(block), f"expected /16 to /{longest} for {zones} zones")
    if network.cidr and network.pod_cidr and network.cidr.overlaps(network.pod_cidr):
        yield Problem("network.podCidr", str(network.pod_cidr), f"overlaps network.cidr {network.cidr}")
    for key, block in (("cidr", network.cidr), ("podCidr", network.pod_cidr)):
        if block and block.overlaps(SERVICE_RANGE):
            yield Problem(f"network.{key}", str(block), f"overlaps {SERVICE_RANGE}, which the cluster's services use")


SERVICE_RANGE: Final = IPv4Network("172.20.0.0/16")
"""EKS takes services' addresses from 172.20.0.0/16 unless the VPC's own range is in 172.16.0.0/12, then from 10.100.0.0/16.

We refuse the former for a VPC so that it is one range everywhere.
https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html"""


@_rule
def _way_out(network: Network) -> Iterator[Problem]:
    if network.public_nodes and network.nat is not Nat.NONE:
        yield Problem("network.nat", network.nat.value, "expected none: with publicNodes no subnet uses a NAT gateway")
    yield from _repeated("network.interfaceEndpoints", network.interface_endpoints)
    if network.existing is None and network.nat is Nat.NONE and not network.public_nodes:
        missing = sorted(ENDPOINTS_WITHOUT_NAT - set(network.interface_endpoints))
        if missing:
            yield Problem(
                "network.interfaceEndpoints", "no way out of the private subnets", f"add {', '.join(missing)}"
            )


ENDPOINTS_WITHOUT_NAT: Final = frozenset({"ec2", "ecr.api", "ecr.dkr", "eks", "eks-auth", "sts"})
"""What nodes must reach where nothing leads to the internet (S3 has its gateway endpoint always).

https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html"""


# --- Cluster ------------------------------------------------------------------------------------------------------


@_rule
def _kubernetes_version(cluster: Cluster) -> Iterator[Problem]:
    offered = versions.deployable_on(datetime.now(tz=UTC).date())
    if cluster.version not in offered:
        yield Problem("cluster.version", cluster.version, f"expected one that EKS offers: {', '.join(offered)}")


@_rule
def _cluster_lists(cluster: Cluster) -> Iterator[Problem]:
    yield from _repeated("cluster.logs", [log.value for log in cluster.logs])


@_rule
def _access(access: Access) -> Iterator[Problem]:
    principals = {"deployer": access.deployer} | {
        f"entries.{name}.principal": entry.principal for name, entry in access.entries.items()
    }
    times = Counter(principals.values())
    for place, principal in principals.items():
        if times[principal] > 1 and place != "deployer":
            yield Problem(f"access.{place}", principal, "expected once: EKS keeps one entry a principal")


@_rule
def _account(platform: Platform, access: Access) -> Iterator[Problem]:
    account = access.deployer.split(":")[4]
    if platform.account and account != platform.account:
        yield Problem("access.deployer", access.deployer, f"expected a role of account {platform.account}")


@_rule
def _regional_arns(platform: Platform, cluster: Cluster, ingress: Ingress) -> Iterator[Problem]:
    for place, arn in (
        ("cluster.secretsKey", cluster.secrets_key),
        ("ingress.certificate", ingress.certificate),
        ("ingress.webAcl", ingress.web_acl),
    ):
        if arn and arn.split(":")[3] != platform.region:
            yield Problem(place, arn, f"expected one in {platform.region}")


@_rule
def _addon_names(addons: Addons, cluster: Cluster) -> Iterator[Problem]:
    for name in addons.versions:
        if name not in versions.ADDON_NAMES:
            yield Problem(
                f"addons.versions.{name}", "unknown add-on", f"expected one of {', '.join(versions.ADDON_NAMES)}"
            )
    proxy = addons.versions.get("kube-proxy")
    if proxy and not proxy.startswith(f"v{cluster.version}."):
        yield Problem("addons.versions.kube-proxy", proxy, f"expected the cluster's minor version, {cluster.version}")


# --- Compute ------------------------------------------------------------------------------------------------------


@_rule
def _compute(
    node_groups: dict[str, NodeGroup], fargate_profiles: dict[str, FargateProfile], karpenter: Karpenter | None
) -> Iterator[Problem]:
    if not node_groups and not fargate_profiles:
        yield Problem("nodeGroups", "no node group and no Fargate profile", "CoreDNS and the controllers need one")
    if karpenter and not node_groups:
        yield Problem("karpenter", "set without a node group", "expected node groups: Karpenter's own pods run on them")


@_rule
def _fargate_only(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    cluster: Cluster,
    addons: Addons,
) -> Iterator[Problem]:
    if node_groups or not fargate_profiles:
        return
    for namespace in ("kube-system", "traefik"):
        if not any(takes_all(profile, namespace) for profile in fargate_profiles.values()):
            yield Problem("fargateProfiles", f"none takes {namespace}", "expected one: there are no nodes for its pods")
    if cluster.identity is not Identity.IRSA:
        yield Problem("cluster.identity", cluster.identity.value, "expected irsa: Fargate has no Pod Identity agent")
    if addons.ebs_csi:
        yield Problem("addons.ebsCsi", "true", "expected false: Fargate pods take no EBS volumes")


def takes_all(profile: FargateProfile, namespace: str) -> bool:
    """Tell whether a profile takes every pod of a namespace, whatever its labels."""
    return any(selector.namespace == namespace and not selector.labels for selector in profile.selectors)


@_rule
def _node_groups(node_groups: dict[str, NodeGroup], platform: Platform) -> Iterator[Problem]:
    for name, group in node_groups.items():
        place = f"nodeGroups.{name}"
        if group.min > group.max:
            yield Problem(f"{place}.min", str(group.min), f"expected at most max, {group.max}")
        if group.desired is not None and not group.min <= group.desired <= group.max:
            yield Problem(f"{place}.desired", str(group.desired), f"expected {group.min} to {group.max}")
        yield from _repeated(f"{place}.instanceTypes", group.instance_types)
        yield from _repeated(f"{place}.zones", group.zones)
        for key in group.labels:
            if key.startswith(("kubernetes.io/", "k8s.io/", "eks.amazonaws.com/")):
                yield Problem(
                    f"{place}.labels.{key}", "set", "expected a label that neither Kubernetes nor EKS reserves"
                )


@_rule
def _zones_of_compute(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    there = list(network.existing.private_subnets) if network.existing else network.zones
    if not there:
        return
    asked = {f"nodeGroups.{name}": group.zones for name, group in node_groups.items()}
    if karpenter:
        asked |= {f"karpenter.nodePools.{name}": pool.zones for name, pool in karpenter.node_pools.items()}
    for place, zones in asked.items():
        for zone in zones:
            if zone not in there:
                yield Problem(f"{place}.zones", zone, f"expected a zone of the network: {', '.join(there)}")


@_rule
def _karpenter_version(cluster: Cluster, karpenter: Karpenter | None) -> Iterator[Problem]:
    least = versions.KARPENTER_MINIMUM.get(cluster.version)
    if karpenter and least and _numbers(karpenter.version) < _numbers(least):
        yield Problem("karpenter.version", karpenter.version, f"Kubernetes {cluster.version} needs {least} or newer")


@_rule
def _node_pools(karpenter: Karpenter | None) -> Iterator[Problem]:
    for name, pool in karpenter.node_pools.items() if karpenter else ():
        place = f"karpenter.nodePools.{name}"
        if not (pool.categories or pool.families or pool.instance_types):
            yield Problem(place, "no choice of instances", "expected categories, families or instanceTypes")
        if pool.instance_types and (pool.categories or pool.families or pool.sizes or pool.min_generation):
            found = "instanceTypes beside categories, families, sizes or minGeneration"
            yield Problem(f"{place}.instanceTypes", found, "expected either the exact types or the traits")
        for key in ("categories", "families", "sizes", "zones"):
            yield from _repeated(f"{place}.{key}", getattr(pool, key))
        for index, budget in enumerate(pool.budgets):
            if (budget.schedule is None) != (budget.duration is None):
                yield Problem(f"{place}.budgets[{index}]", "one of schedule and duration", "expected both or neither")


# --- Ingress ------------------------------------------------------------------------------------------------------


@_rule
def _ingress_names(ingress: Ingress) -> Iterator[Problem]:
    domain = ingress.domain
    if domain:
        yield from _repeated("ingress.domain.alternatives", domain.names)


@_rule
def _ingress_subnets(ingress: Ingress, network: Network) -> Iterator[Problem]:
    if ingress.scheme is Scheme.INTERNET_FACING and network.existing and len(network.existing.public_subnets) < 2:
        yield Problem("network.existing.publicSubnets", "fewer than two", "an internet-facing ALB needs two zones")


@_rule
def _replicas(traefik: Traefik) -> Iterator[Problem]:
    if traefik.max_replicas < traefik.min_replicas:
        yield Problem("traefik.maxReplicas", str(traefik.max_replicas), f"expected {traefik.min_replicas} or more")


@_rule
def _autoscaling_needs_metrics(addons: Addons, traefik: Traefik) -> Iterator[Problem]:
    if not addons.metrics_server and traefik.max_replicas > traefik.min_replicas:
        yield Problem(
            "addons.metricsServer", "false", "expected true: Traefik's autoscaler reads it, or equal replicas"
        )


@_rule
def _charts(charts: Charts, secret: Collection[str]) -> Iterator[Problem]:
    if charts.password is not None and "charts" not in secret:
        command = "pulumi config set --secret --path 'eks-platform:charts.password'"
        yield Problem("charts.password", "in the clear", f"expected an encrypted value: {command}")
    if (charts.username is None) != (charts.password is None):
        yield Problem("charts.username", "one of username and password", "expected both or neither")
    if charts.username and not charts.registry:
        yield Problem("charts.registry", "missing", "expected the registry that username and password are for")


# ------------------------------------------------------------------------------------------------------------------


def _repeated(path: str, values: list[str]) -> Iterator[Problem]:
    for value, times in Counter(values).items():
        if times > 1:
            yield Problem(path, value, f"expected once, stands there {times} times")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.removeprefix("v").split("-")[0].split("."))
