"""The control plane, who may use it, and how its pods get IAM roles."""

from dataclasses import dataclass

import pulumi

from components.common.identity import ClusterIdentity
from components.common.where import Where
from components.control_plane.access import ApiServer, ClusterAccess
from components.control_plane.capabilities import Capabilities
from components.control_plane.cluster import Cluster, ControlPlaneNetwork
from components.control_plane.hybrid_nodes import HybridNodes
from components.network.base import AnyNetwork
from facts.partitions import partition_of
from settings import Stack


@dataclass(frozen=True)
class ControlPlane:
    """The cluster without compute. in_cluster: options of what is made in it, by the deployer's rights."""

    cluster: Cluster
    access: ClusterAccess
    identity: ClusterIdentity
    in_cluster: pulumi.ResourceOptions
    hybrid_nodes: HybridNodes | None
    capabilities: Capabilities | None

    def after(self, *resources: pulumi.Resource) -> pulumi.ResourceOptions:
        """Return the options of what is created in the cluster after resources, and deleted before them."""
        return pulumi.ResourceOptions.merge(self.in_cluster, pulumi.ResourceOptions(depends_on=resources))


def control_plane_layer(settings: Stack, *, where: Where, network: AnyNetwork) -> ControlPlane:
    """Declare the control plane and the access entries."""
    cluster = Cluster(
        where.name,
        settings.cluster,
        where,
        network=ControlPlaneNetwork(
            vpc_id=network.vpc_id,
            # Auto Mode's nodes are deleted with the control plane, so the routes of their subnets are deleted later.
            subnet_ids=network.node_subnet_ids if settings.cluster.auto_mode else network.cluster_subnet_ids,
            ip_family=settings.network.ip_family,
        ),
        logs_key=settings.encryption.logs,
        protect=settings.platform.protect,
        pod_security_groups=settings.addons.pod_security_groups,
        opts=where.in_aws,
    )
    api = ApiServer(
        cluster_name=cluster.cluster_name,
        identifier=f"{where.region}/{where.cluster_name}",
        region=where.region,
        endpoint=cluster.endpoint,
        certificate_authority=cluster.certificate_authority,
    )
    access = ClusterAccess(f"{where.name}-access", settings.access, api, opts=where.in_aws)
    identity = ClusterIdentity(
        kind=settings.cluster.identity,
        cluster_name=cluster.cluster_name,
        cluster_arn=f"arn:{partition_of(where.region)}:eks:{where.region}:{where.account_id}:cluster/{where.cluster_name}",
        oidc_provider_arn=cluster.oidc_provider_arn,
        oidc_issuer=cluster.oidc_issuer,
    )
    wanted = settings.cluster.capabilities
    capabilities = (
        Capabilities(f"{where.name}-capability", wanted, where, cluster_name=cluster.cluster_name, opts=where.in_aws)
        if wanted.ack or wanted.kro or wanted.argo_cd
        else None
    )
    hybrid_nodes = (
        HybridNodes(
            f"{where.name}-hybrid",
            settings.cluster.hybrid_nodes,
            where,
            identity=settings.cluster.identity,
            cluster_name=cluster.cluster_name,
            cluster_security_group_id=cluster.security_group_id,
            opts=where.in_aws,
        )
        if settings.cluster.hybrid_nodes
        else None
    )
    return ControlPlane(
        hybrid_nodes=hybrid_nodes,
        capabilities=capabilities,
        cluster=cluster,
        access=access,
        identity=identity,
        in_cluster=pulumi.ResourceOptions.merge(where.in_aws, pulumi.ResourceOptions(providers=[access.kubernetes])),
    )
