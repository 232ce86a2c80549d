"""A managed node group, or one in each zone: role, launch template, nodes."""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import pulumi
from pulumi_aws import ec2, eks

from components.common.dependency import after
from components.common.node_role import node_role
from components.common.node_security import own_group
from components.common.running_groups import RunningGroup, running_group
from components.common.where import Where
from components.compute.fabric import fabric_group, fabric_interfaces, fabric_placement
from components.compute.node_setup import (
    Disk,
    Joining,
    disks,
    image_id,
    user_data_of_custom_image,
    user_data_of_group,
)
from facts.proxy import Proxy
from settings import (
    Accelerator,
    Architecture,
    GroupCapacity,
    NodeAccess,
    NodeImage,
    RepairLimits,
    Reservation,
    TaintEffect,
    UpdateStrategy,
)
from settings import NodeGroup as NodeGroupSettings

if TYPE_CHECKING:
    from pulumi_aws.eks import (
        NodeGroupNodeRepairConfigArgsDict,
        NodeGroupScalingConfigArgsDict,
        NodeGroupUpdateConfigArgsDict,
    )


@dataclass(frozen=True)
class NodeEnvironment:
    """What all node groups of a cluster share.

    cluster_name: the cluster, once nodes can join it. kubernetes_version: the minor of the nodes. subnets: those that
    nodes may be in. zones: the names of the network's zones; empty: they are not known. volumes_key: ARN of a KMS key
    of the company's own for the disks; None: the account's default for EBS. vpc_id: the network. security_group_id:
    the group that EKS created for the cluster. local_subnets: the names of subnets in Local Zones. endpoint,
    certificate_authority, service_range: how a node joins the cluster whose AMI is not EKS's. proxy: that of nodes.
    """

    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    subnets: "NodeSubnets"
    zones: Sequence[str]
    volumes_key: str | None
    vpc_id: pulumi.Input[str]
    security_group_id: pulumi.Input[str]
    local_subnets: Collection[str]
    endpoint: pulumi.Input[str]
    certificate_authority: pulumi.Input[str]
    service_range: pulumi.Input[str]
    proxy: Proxy | None


@dataclass(frozen=True)
class NodeSubnets:
    """The ids of subnets for nodes: by zone those of most nodes and the public ones, by name those for chosen nodes."""

    by_zone: pulumi.Input[Mapping[str, str]]
    public: pulumi.Input[Mapping[str, str]]
    named: pulumi.Input[Mapping[str, str]]

    def of(self, nodes: NodeAccess, zones: Sequence[str]) -> pulumi.Output[list[str]]:
        """Return the ids of the subnets for nodes. zones: those of the nodes; empty: all."""
        subnets = self.named if nodes.subnets else self.public if nodes.public else self.by_zone
        return pulumi.Output.from_input(subnets).apply(
            lambda known: [known[key] for key in nodes.subnets or zones or known]
        )


class NodeGroup(pulumi.ComponentResource):
    """Nodes that EKS launches, updates and repairs."""

    groups: list[eks.NodeGroup]
    node_group_names: pulumi.Output[list[str]]
    role_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: NodeGroupSettings,
        where: Where,
        *,
        environment: NodeEnvironment,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role, the launch template and the groups.

        where: the tags of instances and disks, which the provider's default tags do not reach, and the cluster's node
        groups as they are now, whose size is kept.

        The groups of several zones share the template: by its id, which EKS makes a label of, they would differ, and
        Cluster Autoscaler balances groups of equal labels only.
        """
        super().__init__("eks-platform:index:NodeGroup", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role, attachments = node_role(f"{name}-node", where.region, child, more=settings.role)
        block = _capacity_block(settings)
        template = _launch_template(name, settings, where, environment, child)
        family = (settings.image, settings.architecture, settings.accelerator)
        ami_type = CUSTOM if settings.custom_image else AMI_TYPES[family]
        zones_of_all = settings.zones or environment.zones
        by_name = {zone[-1]: [zone] for zone in zones_of_all} if settings.per_zone else {"nodes": zones_of_all}
        self.groups = [
            eks.NodeGroup(
                f"{name}-{part}",
                cluster_name=environment.cluster_name,
                node_role_arn=after(attachments, role.arn),
                subnet_ids=environment.subnets.of(settings, zones),
                # With an AMI in the template, EKS takes neither, and no type of its own.
                # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
                version=None if settings.custom_image else environment.kubernetes_version,
                release_version=(
                    None if settings.custom_image else settings.release_for(environment.kubernetes_version)
                ),
                ami_type=ami_type,
                capacity_type=settings.capacity.name,
                # Of a capacity block the launch template has the type, and EKS takes it once.
                # https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
                instance_types=settings.instance_types if block is None else None,
                launch_template={"id": template.id, "version": template.latest_version.apply(str)},
                scaling_config=scaling_config(settings, running),
                update_config=_update_config(settings),
                force_update_version=settings.force_update_version or None,
                node_repair_config=_repair(settings),
                labels=settings.labels,
                taints=[
                    {"key": taint.key, "value": taint.value, "effect": EFFECTS[taint.effect]}
                    for taint in settings.taints
                ],
                tags=settings.tags or None,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # The engine takes the state's number then, which an autoscaler has long changed: only for a group
                    # whose size no change of ours touches, so that nothing is sent. Drift is not looked for either.
                    ignore_changes=["scalingConfig.desiredSize"]
                    if keeps_size(settings, settings.subnets or zones, ami_type, running)
                    else [],
                    custom_timeouts=pulumi.CustomTimeouts(
                        create=settings.timeouts.create,
                        update=settings.timeouts.update,
                        delete=settings.timeouts.delete,
                    ),
                ),
            )
            for part, zones in by_name.items()
            for running in [running_group(f"{name}-{part}", where.running_groups)]
        ]
        self.node_group_names = pulumi.Output.all(*[group.node_group_name for group in self.groups])
        self.role_arn = role.arn
        self.register_outputs({"node_group_names": self.node_group_names, "role_arn": self.role_arn})


def scaling_config(settings: NodeGroupSettings, running: RunningGroup | None) -> "NodeGroupScalingConfigArgsDict":
    """Return the sizes of a group: of one that exists the present one, as far as `min` and `max` allow it.

    EKS refuses a desired size outside of them. https://github.com/terraform-aws-modules/terraform-aws-eks/issues/944
    """
    first = settings.min if settings.desired is None else settings.desired
    wanted = first if running is None else running.desired
    desired = min(max(wanted, settings.min), settings.max)
    return {"min_size": settings.min, "max_size": settings.max, "desired_size": desired}


def keeps_size(settings: NodeGroupSettings, zones: Sequence[str], ami_type: str, running: RunningGroup | None) -> bool:
    """Tell whether a group is neither resized nor replaced by this run.

    zones: the group's, or its subnets by name; empty where they are not known. running: the group as it is; None: it
    does not exist yet.
    A new group that replaces another starts with as many nodes as that one has.
    """
    if running is None:
        return True
    wanted = (settings.min, settings.max, sorted(settings.instance_types), ami_type)
    current = (running.min, running.max, sorted(running.instance_types), running.ami_type)
    return wanted == current and len(zones) in (0, running.subnets)


def volume_type(nodes: NodeAccess, local_subnets: Collection[str]) -> str:
    """Return the type of the nodes' disks. Most Local Zones do not have gp3.

    https://aws.amazon.com/about-aws/global-infrastructure/localzones/features/
    """
    return "gp2" if set(nodes.subnets) & set(local_subnets) else "gp3"


def _update_config(settings: NodeGroupSettings) -> "NodeGroupUpdateConfigArgsDict":
    pace: NodeGroupUpdateConfigArgsDict = {}
    if settings.max_unavailable.endswith("%"):
        pace["max_unavailable_percentage"] = int(settings.max_unavailable.removesuffix("%"))
    else:
        pace["max_unavailable"] = int(settings.max_unavailable)
    if settings.update_strategy is UpdateStrategy.MINIMAL:
        pace["update_strategy"] = "MINIMAL"
    return pace


def _repair(settings: NodeGroupSettings) -> "NodeGroupNodeRepairConfigArgsDict":
    """Return how EKS repairs nodes (https://docs.aws.amazon.com/eks/latest/userguide/node-repair.html)."""
    found: NodeGroupNodeRepairConfigArgsDict = {"enabled": settings.repair}
    limits = settings.repair_limits or RepairLimits.model_construct()
    if limits.max_unhealthy and limits.max_unhealthy.endswith("%"):
        found["max_unhealthy_node_threshold_percentage"] = int(limits.max_unhealthy.removesuffix("%"))
    elif limits.max_unhealthy:
        found["max_unhealthy_node_threshold_count"] = int(limits.max_unhealthy)
    if limits.max_parallel and limits.max_parallel.endswith("%"):
        found["max_parallel_nodes_repaired_percentage"] = int(limits.max_parallel.removesuffix("%"))
    elif limits.max_parallel:
        found["max_parallel_nodes_repaired_count"] = int(limits.max_parallel)
    if limits.overrides:
        found["node_repair_config_overrides"] = [
            {
                "node_monitoring_condition": override.condition.value,
                "node_unhealthy_reason": override.reason,
                "min_repair_wait_time_mins": override.wait_minutes,
                "repair_action": override.action.value,
            }
            for override in limits.overrides
        ]
    return found


CUSTOM: Final = "CUSTOM"
AMI_TYPES: Final = {
    (NodeImage.BOTTLEROCKET, Architecture.AMD64, Accelerator.NONE): "BOTTLEROCKET_x86_64",
    (NodeImage.BOTTLEROCKET, Architecture.ARM64, Accelerator.NONE): "BOTTLEROCKET_ARM_64",
    (NodeImage.BOTTLEROCKET, Architecture.AMD64, Accelerator.NVIDIA): "BOTTLEROCKET_x86_64_NVIDIA",
    (NodeImage.BOTTLEROCKET, Architecture.ARM64, Accelerator.NVIDIA): "BOTTLEROCKET_ARM_64_NVIDIA",
    # Bottlerocket's plain image has the driver of Inferentia and Trainium in it.
    # https://github.com/bottlerocket-os/bottlerocket-kernel-kit/pull/514
    (NodeImage.BOTTLEROCKET, Architecture.AMD64, Accelerator.NEURON): "BOTTLEROCKET_x86_64",
    (NodeImage.AL2023, Architecture.AMD64, Accelerator.NONE): "AL2023_x86_64_STANDARD",
    (NodeImage.AL2023, Architecture.ARM64, Accelerator.NONE): "AL2023_ARM_64_STANDARD",
    (NodeImage.AL2023, Architecture.AMD64, Accelerator.NVIDIA): "AL2023_x86_64_NVIDIA",
    (NodeImage.AL2023, Architecture.ARM64, Accelerator.NVIDIA): "AL2023_ARM_64_NVIDIA",
    (NodeImage.AL2023, Architecture.AMD64, Accelerator.NEURON): "AL2023_x86_64_NEURON",
}
"""EKS's type of the image by family, processor and accelerator.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html"""

EFFECTS: Final = {
    TaintEffect.NO_SCHEDULE: "NO_SCHEDULE",
    TaintEffect.PREFER_NO_SCHEDULE: "PREFER_NO_SCHEDULE",
    TaintEffect.NO_EXECUTE: "NO_EXECUTE",
}
"""EKS's names of the taints' effects (https://docs.aws.amazon.com/eks/latest/APIReference/API_Taint.html)."""


def _launch_template(
    name: str, settings: NodeGroupSettings, where: Where, environment: NodeEnvironment, child: pulumi.ResourceOptions
) -> ec2.LaunchTemplate:
    tags = {"Name": name, **where.tags, **settings.tags}
    # Without a group in its template EKS gives the nodes the cluster's.
    # https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html#launch-template-security-groups
    own = own_group(name, environment.vpc_id, settings.security_rules, child)
    groups: list[pulumi.Input[str]] = [*own, *settings.security_groups]
    every_group = [environment.security_group_id, *groups]
    if settings.efa:
        every_group.append(fabric_group(name, environment.vpc_id, child))
    type_ = volume_type(settings, environment.local_subnets)
    return ec2.LaunchTemplate(
        f"{name}-nodes",
        block_device_mappings=[
            {"device_name": disk.device, "ebs": _ebs(disk, type_, environment.volumes_key)}
            for disk in disks(settings, settings.image)
        ],
        image_id=(
            image_id(settings.custom_image, settings.architecture, pulumi.InvokeOptions(parent=child.parent))
            if settings.custom_image
            else None
        ),
        user_data=_group_user_data(settings, where, environment),
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            # With one hop, pods, which are a hop further, do not get at the node's role.
            # https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
            "http_put_response_hop_limit": settings.metadata_hops,
        },
        # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/manage-detailed-monitoring.html
        monitoring={"enabled": True} if settings.detailed_monitoring else None,
        # EC2 takes the groups of an interface or those of the instance, not both.
        vpc_security_group_ids=every_group if groups and not settings.efa else None,
        network_interfaces=fabric_interfaces(settings, every_group) if settings.efa else None,
        placement=fabric_placement(name, settings, child) if settings.efa else None,
        instance_type=_capacity_block(settings),
        instance_market_options={"market_type": "capacity-block"} if _capacity_block(settings) else None,
        capacity_reservation_specification=_reservation(settings.reservation),
        tag_specifications=[{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
        update_default_version=True,
        opts=child,
    )


def _capacity_block(settings: NodeGroupSettings) -> str | None:
    """Return the instance type of a group in a capacity block; None of another."""
    return settings.instance_types[0] if settings.capacity is GroupCapacity.CAPACITY_BLOCK else None


def _reservation(
    reservation: Reservation | None,
) -> "ec2.LaunchTemplateCapacityReservationSpecificationArgsDict | None":
    if reservation is None:
        return None
    target: ec2.LaunchTemplateCapacityReservationSpecificationCapacityReservationTargetArgsDict = (
        {"capacity_reservation_id": reservation.id}
        if reservation.id
        else {"capacity_reservation_resource_group_arn": reservation.resource_group}
    )
    return {"capacity_reservation_target": target}


def _group_user_data(
    settings: NodeGroupSettings, where: Where, environment: NodeEnvironment
) -> pulumi.Input[str] | None:
    if settings.custom_image is None:
        user_data = user_data_of_group(settings, settings.image, environment.proxy)
        return _encoded(user_data) if user_data else None
    return pulumi.Output.all(environment.endpoint, environment.certificate_authority, environment.service_range).apply(
        lambda found: _encoded(
            user_data_of_custom_image(settings, Joining(where.cluster_name, *found), environment.proxy)
        )
    )


def _encoded(user_data: str) -> str:
    return base64.b64encode(user_data.encode()).decode()


def _ebs(disk: Disk, type_: str, key: str | None) -> "ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict":
    """Return a disk of a launch template.

    type_: that of EBS. key: the ARN of its KMS key; None: the account's default.
    """
    found: ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "encrypted": "true",
        "volume_type": type_,
        "delete_on_termination": "true",
    }
    if key:
        found["kms_key_id"] = key
    if disk.gib:
        found["volume_size"] = disk.gib
    if disk.iops:
        found["iops"] = disk.iops
    if disk.throughput:
        found["throughput"] = disk.throughput
    if disk.snapshot_id:
        found["snapshot_id"] = disk.snapshot_id
    return found
