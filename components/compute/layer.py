"""What pods run on: managed node groups, Fargate, EKS Auto Mode, Karpenter's nodes; and who adds nodes."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pulumi

from components.common.dependency import after
from components.common.on_cluster import OnCluster
from components.common.placement import Placement
from components.common.where import Where
from components.compute.addons import NodeAddons, PodNetwork
from components.compute.auto_node_pools import AutoNetwork, AutoNodePools
from components.compute.cluster_autoscaler import ClusterAutoscaler
from components.compute.fargate import Fargate
from components.compute.fargate_logging import FargateLogging
from components.compute.karpenter import Karpenter
from components.compute.node_group import NodeEnvironment, NodeGroup, NodeSubnets
from components.compute.node_pools import NodeNetwork, NodePools
from components.control_plane.layer import ControlPlane
from components.network.base import AnyNetwork
from facts import namespaces
from facts.capabilities import CLUSTER_AUTOSCALER
from settings import Stack


@dataclass(frozen=True)
class Compute:
    """What pods can run on.

    on_cluster: what every component on the cluster needs. node_pools: what adds nodes for workloads.
    interruption_queue: Karpenter's, if it is installed.
    """

    on_cluster: OnCluster
    node_pools: Sequence[pulumi.Resource]
    interruption_queue: pulumi.Output[str] | None


def compute_layer(
    settings: Stack,
    *,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    node_log_groups: Sequence[pulumi.CustomResource],
) -> Compute:
    """Declare what pods run on.

    node_log_groups: the log groups of agents on nodes: one that a node finds missing is made by its agent, for ever.
    """
    auto = settings.cluster.auto_mode
    auto_pools = _auto_node_pools(settings, where, network, control_plane)
    addons = _node_addons(settings, where, network, control_plane)
    fixed = [
        *_node_groups(settings, where, network, control_plane, addons=addons, log_groups=node_log_groups),
        # Auto Mode launches nodes for pending pods: there is no node group that could depend on the logs.
        *(node_log_groups if auto else []),
        # Where the built-in pools are disabled, no others run the platform's pods.
        *(auto_pools if auto and not auto.node_pools else []),
    ]
    fargate, logging = _fargate(settings, where, network, control_plane)
    # Of the pods of an EKS add-on, which creates it.
    cloudwatch = [namespaces.CLOUDWATCH] if settings.observability and not settings.fargate_only else []
    wanted = (*settings.namespaces, *cloudwatch, *(settings.workloads.namespaces if settings.workloads else ()))
    pods_in = {
        namespace: [*fixed, *(fargate.profiles_for(namespace) if fargate else []), *logging] for namespace in wanted
    }
    cluster = control_plane.cluster
    on_cluster = OnCluster(
        cluster_id=where.cluster_name,
        kubernetes_version=settings.cluster.version,
        endpoint=cluster.endpoint,
        account_id=where.account_id,
        iam_path=where.iam_path,
        region=where.region,
        vpc_id=network.vpc_id,
        identity=control_plane.identity,
        placement=Placement(
            fargate=settings.platform_on_fargate,
            node_selector=settings.operations_pods.node_selector,
            tolerations=settings.operations_pods.tolerations,
        ),
        charts=settings.charts,
        pods_in=pods_in,
        isolated=settings.network.without_internet,
        proxy=settings.proxy,
        shared_subnets=settings.network.shared,
        built_in_volumes=settings.cluster.auto_mode is not None and settings.addons.ebs_csi,
        tags=where.tags,
        logs_key=settings.encryption.logs,
        volumes_key=settings.encryption.volumes,
        queue_key=settings.encryption.queue,
    )
    if settings.cluster_autoscaler:
        ClusterAutoscaler(
            CLUSTER_AUTOSCALER.named(where.name), settings.cluster_autoscaler, on_cluster, opts=control_plane.in_cluster
        )
    joined = [*([addons] if addons else []), *node_log_groups]
    karpenter, node_pools = _karpenter(settings, where, network, control_plane, on_cluster, joined=joined)
    if karpenter and settings.platform_on_fargate:
        # Pods that no profile takes run on nodes that Karpenter launches for them.
        profiles = settings.fargate_profiles.values()
        elsewhere = [name for name in wanted if not any(profile.takes_all(name) for profile in profiles)]
        on_cluster = replace(
            on_cluster, pods_in={**pods_in, **{name: [*pods_in[name], *node_pools] for name in elsewhere}}
        )
    return Compute(
        on_cluster=on_cluster,
        node_pools=[*node_pools, *auto_pools],
        interruption_queue=karpenter.queue_name if karpenter else None,
    )


def _node_addons(settings: Stack, where: Where, network: AnyNetwork, control_plane: ControlPlane) -> NodeAddons | None:
    """Return the add-ons without which no node becomes ready; None: no nodes of ours or of others need them."""
    if not (settings.node_groups or settings.karpenter or settings.cluster.control_plane_only):
        return None
    return NodeAddons(
        f"{where.name}-node-addons",
        settings.addons,
        versions=settings.addon_versions,
        identity=control_plane.identity,
        pods=PodNetwork(
            region=where.region,
            subnets=network.pod_subnets,
            security_group_id=control_plane.cluster.security_group_id,
            ip_family=settings.network.ip_family,
        ),
        opts=where.in_aws,
    )


def _node_groups(
    settings: Stack,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    *,
    addons: NodeAddons | None,
    log_groups: Sequence[pulumi.CustomResource],
) -> list[pulumi.Resource]:
    """Return the nodes of the managed node groups."""
    if not settings.node_groups or not addons:
        return []
    environment = NodeEnvironment(
        cluster_name=after(log_groups, addons.cluster_name),
        kubernetes_version=settings.cluster.version,
        subnets=_subnets(network),
        zones=settings.network.zone_names,
        volumes_key=settings.encryption.volumes,
        vpc_id=network.vpc_id,
        security_group_id=control_plane.cluster.security_group_id,
        local_subnets=settings.network.local_subnets,
        endpoint=control_plane.cluster.endpoint,
        certificate_authority=control_plane.cluster.certificate_authority,
        service_range=control_plane.cluster.service_range,
        proxy=settings.proxy,
    )
    declared = [
        NodeGroup(f"{where.name}-{key}", group, where, environment=environment, opts=where.in_aws)
        for key, group in settings.node_groups.items()
    ]
    return [nodes for group in declared for nodes in group.groups]


def _subnets(network: AnyNetwork) -> NodeSubnets:
    return NodeSubnets(by_zone=network.node_subnets, public=network.public_node_subnets, named=network.named_subnets)


def _auto_node_pools(
    settings: Stack, where: Where, network: AnyNetwork, control_plane: ControlPlane
) -> list[pulumi.Resource]:
    """Return the stack's own node pools of Auto Mode."""
    auto = settings.cluster.auto_mode
    if not auto or not auto.pools:
        return []
    declared = AutoNodePools(
        f"{where.name}-auto-nodes",
        auto,
        cluster_name=control_plane.cluster.cluster_name,
        network=AutoNetwork(
            region=where.region,
            subnet_ids=network.node_subnet_ids,
            security_group_id=control_plane.cluster.security_group_id,
            proxy=settings.proxy,
        ),
        opts=control_plane.in_cluster,
    )
    return declared.pools


def _fargate(
    settings: Stack, where: Where, network: AnyNetwork, control_plane: ControlPlane
) -> tuple[Fargate | None, list[pulumi.Resource]]:
    """Return the Fargate profiles, and the configuration of its log router, which Fargate reads when a pod starts."""
    if not settings.fargate_profiles:
        return None, []
    logging = None
    if settings.observability:
        logging = FargateLogging(
            f"{where.name}-fargate-logging",
            settings.observability,
            where,
            kubernetes_version=settings.cluster.version,
            logs_key=settings.encryption.logs,
            opts=control_plane.in_cluster,
        )
    fargate = Fargate(
        f"{where.name}-fargate",
        settings.fargate_profiles_in_order,
        where,
        cluster_name=control_plane.cluster.cluster_name,
        subnet_ids=network.node_subnet_ids,
        log_group_arn=logging.log_group_arn if logging else None,
        opts=where.in_aws,
    )
    return fargate, [logging.configuration] if logging else []


def _karpenter(
    settings: Stack,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    on_cluster: OnCluster,
    *,
    joined: Sequence[pulumi.Resource],
) -> tuple[Karpenter | None, list[pulumi.Resource]]:
    """Return Karpenter and its node pools, which must not outlive it.

    joined: what a node finds when it joins: its add-ons and log groups.
    """
    if not settings.karpenter:
        return None, []
    karpenter = Karpenter(f"{where.name}-karpenter", settings.karpenter, on_cluster, opts=control_plane.in_cluster)
    pools = NodePools(
        f"{where.name}-nodes",
        settings.karpenter,
        on_cluster,
        instance_profile_name=karpenter.instance_profile_name,
        network=NodeNetwork(
            settings=settings.network,
            subnets=_subnets(network),
            vpc_id=network.vpc_id,
            security_group_id=control_plane.cluster.security_group_id,
        ),
        opts=control_plane.after(karpenter, *joined),
    )
    return karpenter, [pools]
