"""Rules about node groups and about the place of the platform's own pods."""

import re
from collections.abc import Iterator
from typing import Final

from settings.cluster import Cluster
from settings.cluster_autoscaler import ClusterAutoscaler
from settings.compute import FargateProfile, NodeGroup, NodeImage, OperationsPods, Taint, TaintEffect
from settings.karpenter import Karpenter, NodePool
from settings.network import Network
from settings.observability import Observability
from settings.problems import Problem, place
from settings.rules.registry import repeated, rule
from settings.words import either

NEEDED: Final = "expected one, because CoreDNS needs it, or cluster.controlPlaneOnly"


@rule
def _compute(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    karpenter: Karpenter | None,
    cluster: Cluster,
) -> Iterator[Problem]:
    if cluster.auto_mode or cluster.control_plane_only:
        return
    if not node_groups and not fargate_profiles:
        yield Problem("nodeGroups", "no node group and no Fargate profile", NEEDED)
        if karpenter:
            expected = "expected node groups or Fargate profiles: Karpenter's own pods run on them"
            yield Problem("karpenter", "set without a node group", expected)


@rule
def _node_groups(node_groups: dict[str, NodeGroup], cluster: Cluster) -> Iterator[Problem]:
    for name, group in node_groups.items():
        path = place("nodeGroups", name)
        if group.min > group.max:
            yield Problem(f"{path}.min", str(group.min), f"expected at most max, {group.max}")
        elif group.desired is not None and not group.min <= group.desired <= group.max:
            yield Problem(f"{path}.desired", str(group.desired), f"expected {group.min} to {group.max}")
        yield from repeated(f"{path}.instanceTypes", group.instance_types)
        yield from repeated(f"{path}.zones", group.zones)
        yield from repeated_taints(f"{path}.taints", group.taints)
        if group.release:
            yield from _release(f"{path}.release", group.release, group.image, cluster.version)


def _release(path: str, release: str, image: NodeImage, kubernetes: str) -> Iterator[Problem]:
    is_date = re.search("-20[0-9]{6}$", release) is not None
    if is_date is not (image is NodeImage.AL2023):
        example = {NodeImage.AL2023: "1.36.4-20260930", NodeImage.BOTTLEROCKET: "1.66.0-1ad6b4a4"}[image]
        yield Problem(path, release, f"expected a release of {image.value} such as {example}")
    elif is_date and not release.startswith(f"{kubernetes}."):
        yield Problem(path, release, f"expected one of the cluster's minor version, {kubernetes}")


@rule
def _labels_and_taints_of_node_groups(node_groups: dict[str, NodeGroup]) -> Iterator[Problem]:
    for name, group in node_groups.items():
        for key, value in group.labels.items():
            path = place("nodeGroups", name, "labels", key)
            if prefix(key) in ("eks.amazonaws.com", "kubernetes.io", "k8s.io") or refused_by_kubelet(key):
                yield Problem(path, "reserved", "expected a label that neither Kubernetes nor EKS sets")
            if len(key) > 63:
                yield Problem(path, f"{len(key)} characters", "expected at most 63: EKS takes no more")
            if not value:
                yield Problem(path, "no value", "expected one: EKS takes no label without it")
        for index, taint in enumerate(group.taints):
            if len(taint.key) > 63:
                path = place("nodeGroups", name, "taints", index, "key")
                yield Problem(path, f"{len(taint.key)} characters", "expected at most 63: EKS takes no more")


def prefix(key: str) -> str:
    """Return the part of a label's key before the slash."""
    return key.rpartition("/")[0]


def refused_by_kubelet(label: str) -> bool:
    """Tell whether a kubelet refuses to start with a label, so that its node never joins.

    https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#noderestriction
    """
    before = prefix(label)
    in_domain = before in ("kubernetes.io", "k8s.io") or before.endswith((".kubernetes.io", ".k8s.io"))
    allowed = ("kubelet.kubernetes.io", "node.kubernetes.io")
    return in_domain and not (before in allowed or before.endswith(tuple(f".{domain}" for domain in allowed)))


@rule
def _place_for_operations_pods(node_groups: dict[str, NodeGroup], operations_pods: OperationsPods) -> Iterator[Problem]:
    """Someone must take the controllers: nothing that Karpenter could launch, for it is one of them."""
    groups_with_nodes = [
        group for group in node_groups.values() if (group.min if group.desired is None else group.desired)
    ]
    if node_groups and not groups_with_nodes:
        yield Problem("nodeGroups", "no group starts with a node", "expected one with min or desired of 1 or more")
        return
    chosen = [group for group in groups_with_nodes if _selects(operations_pods, group)]
    if groups_with_nodes and not chosen:
        found = ", ".join(f"{key}={value}" for key, value in operations_pods.node_selector.items())
        labels = sorted({f"{key}={value}" for group in groups_with_nodes for key, value in group.labels.items()})
        expected = f"expected labels of a node group that starts with a node: {', '.join(labels) or 'none has any'}"
        yield Problem("operationsPods.nodeSelector", found, expected)
    elif groups_with_nodes and not any(_tolerates(operations_pods, group) for group in chosen):
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
    return prefix(label).endswith(("kubernetes.io", "k8s.io", "eks.amazonaws.com", "k8s.aws"))


@rule
def _place_for_the_controller_of_agents(
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    operations_pods: OperationsPods,
    observability: Observability | None,
) -> Iterator[Problem]:
    """Where the platform is on Fargate, CloudWatch's agents and their controller run on Karpenter's nodes."""
    if node_groups or not karpenter or not observability:
        return
    if not any(_tolerates(operations_pods, pool) for pool in karpenter.node_pools.values()):
        expected = (
            "expected a node pool without taints, or with those of operationsPods.tolerations: CloudWatch's add-on"
        )
        yield Problem("karpenter.nodePools", "all have taints", f"{expected} runs on its nodes")


def _tolerates(pods: OperationsPods, group: NodeGroup | NodePool) -> bool:
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


@rule
def _zones_of_compute(
    network: Network, node_groups: dict[str, NodeGroup], karpenter: Karpenter | None
) -> Iterator[Problem]:
    zone_names = network.zone_names
    asked = {place("nodeGroups", name): group.zones for name, group in node_groups.items()}
    if karpenter:
        asked |= {place("karpenter", "nodePools", name): pool.zones for name, pool in karpenter.node_pools.items()}
    for path, zones in asked.items():
        for zone in dict.fromkeys(zones):
            if not zone_names:
                yield Problem(f"{path}.zones", zone, "expected network.zones, not zoneCount, where zones matter")
            elif zone not in zone_names:
                yield Problem(f"{path}.zones", zone, f"expected a zone of the network: {either(zone_names)}")


@rule
def _groups_in_each_zone(
    network: Network, node_groups: dict[str, NodeGroup], cluster_autoscaler: ClusterAutoscaler | None
) -> Iterator[Problem]:
    """Cluster Autoscaler takes a group for one zone: it never adds the node of another, whatever waits for it.

    https://github.com/kubernetes/autoscaler/blob/master/cluster-autoscaler/cloudprovider/aws/README.md#common-notes-and-gotchas
    """
    for name, group in node_groups.items():
        path = place("nodeGroups", name, "perZone")
        zones = zones_of_group(network, group)
        if group.per_zone and not zones:
            yield Problem(path, "true", "expected network.zones, not zoneCount, where groups have a zone each")
        elif cluster_autoscaler and not group.per_zone and group.min < group.max and len(zones) != 1:
            expected = (
                "expected true together with clusterAutoscaler, with min and max for each zone, or one zone in zones"
            )
            yield Problem(path, "false, in several zones", expected)


def zones_of_group(network: Network, group: NodeGroup) -> list[str]:
    """Return the zones of a group; of an existing VPC's named subnets, their names instead."""
    of_subnets = sorted({getattr(network.node_subnets.get(name), "zone", name) for name in group.subnets})
    return group.zones or of_subnets or network.zone_names


def repeated_taints(path: str, taints: list[Taint]) -> Iterator[Problem]:
    """Yield a problem for each taint that occurs more than once in the list at `path`."""
    yield from repeated(path, [f"{taint.key}:{taint.effect.value}" for taint in taints])
