"""A managed node group: role, launch template, nodes."""

import json
from typing import Final, NotRequired, TypedDict

import pulumi
from pulumi_aws import ec2, eks, iam

from . import policies
from .dependency import after


class TaintArgs(TypedDict):
    """A Kubernetes taint."""

    key: str
    value: str
    effect: str
    """"NoSchedule", "PreferNoSchedule" or "NoExecute"."""


class NodeGroupArgs(TypedDict):
    """What a node group is made from."""

    cluster_name: pulumi.Input[str]
    """The cluster, once nodes can join it."""
    version: str
    """Kubernetes minor version of the nodes."""
    subnets: pulumi.Input[dict[str, str]]
    """Subnets that nodes may be in, by zone."""
    zones: list[str]
    """Only these zones; empty: all that have a subnet."""
    instance_types: list[str]
    """One or several types, tried in order (on-demand) or together (spot)."""
    capacity: str
    """"on-demand" or "spot"."""
    image: str
    """"bottlerocket" or "al2023"."""
    architecture: str
    """"amd64" or "arm64"."""
    release: str
    """AMI release version."""
    min: int
    """Fewest nodes."""
    max: int
    """Most nodes."""
    desired: NotRequired[int]
    """Nodes at first, autoscalers change it later; absent: the fewest."""
    disk_gib: int
    """Disk for images, logs and ephemeral storage, in GiB."""
    labels: dict[str, str]
    taints: list[TaintArgs]
    repair: bool
    """Whether EKS replaces nodes that it finds unhealthy."""
    tags: NotRequired[dict[str, str]]
    """Tags of the instances and their disks, which the provider's default tags do not reach."""


class NodeGroup(pulumi.ComponentResource):
    """Nodes that EKS launches, updates and repairs."""

    nodes: eks.NodeGroup
    node_group_name: pulumi.Output[str]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role, the launch template and the group."""
        super().__init__("eks-platform:index:NodeGroup", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-node",
            assume_role_policy=json.dumps(policies.trust_service("ec2")),
            opts=child,
        )
        attachments = [
            iam.RolePolicyAttachment(
                f"{name}-node-{policy}", role=role.name, policy_arn=policies.managed_policy_arn(policy), opts=child
            )
            for policy in policies.NODE_POLICIES
        ]
        template = _launch_template(name, args, child)
        self.nodes = eks.NodeGroup(
            f"{name}-nodes",
            cluster_name=args["cluster_name"],
            node_role_arn=after(attachments, role.arn),
            subnet_ids=pulumi.Output.from_input(args["subnets"]).apply(
                lambda by_zone: [by_zone[zone] for zone in args["zones"] or by_zone]
            ),
            version=args["version"],
            release_version=args["release"],
            ami_type=AMI_TYPES[args["image"], args["architecture"]],
            capacity_type={"on-demand": "ON_DEMAND", "spot": "SPOT"}[args["capacity"]],
            instance_types=args["instance_types"],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={
                "min_size": args["min"],
                "max_size": args["max"],
                "desired_size": args.get("desired", args["min"]),
            },
            update_config={"max_unavailable_percentage": 33},
            node_repair_config={"enabled": args["repair"]},
            labels=args["labels"],
            taints=[{**taint, "effect": EFFECTS[taint["effect"]]} for taint in args["taints"]],
            # An autoscaler, or a person in an incident, changes it; an unrelated `up` must not change it back.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["scalingConfig.desiredSize"]),
        )
        self.node_group_name = self.nodes.node_group_name
        self.role_arn = role.arn
        self.register_outputs({"node_group_name": self.node_group_name, "role_arn": self.role_arn})


AMI_TYPES: Final = {
    ("bottlerocket", "amd64"): "BOTTLEROCKET_x86_64",
    ("bottlerocket", "arm64"): "BOTTLEROCKET_ARM_64",
    ("al2023", "amd64"): "AL2023_x86_64_STANDARD",
    ("al2023", "arm64"): "AL2023_ARM_64_STANDARD",
}
"""https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html"""

EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
"""EKS's names of the taints' effects (https://docs.aws.amazon.com/eks/latest/APIReference/API_Taint.html)."""


def _launch_template(name: str, args: NodeGroupArgs, child: pulumi.ResourceOptions) -> ec2.LaunchTemplate:
    disk: ec2.LaunchTemplateBlockDeviceMappingEbsArgsDict = {
        "encrypted": "true",
        "volume_type": "gp3",
        "delete_on_termination": "true",
    }
    tags = {"Name": name, **args.get("tags", {})}
    return ec2.LaunchTemplate(
        f"{name}-nodes",
        block_device_mappings=[
            {
                "device_name": device,
                "ebs": {**disk, "volume_size": args["disk_gib"]} if device == DATA_DEVICES[args["image"]] else disk,
            }
            for device in DEVICES[args["image"]]
        ],
        metadata_options={
            "http_endpoint": "enabled",
            "http_tokens": "required",
            # One hop: pods, which are a hop further, do not get at the node's role.
            # https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
            "http_put_response_hop_limit": 1,
        },
        tag_specifications=[{"resource_type": kind, "tags": tags} for kind in ("instance", "volume")],
        update_default_version=True,
        opts=child,
    )


DEVICES: Final = {"bottlerocket": ["/dev/xvda", "/dev/xvdb"], "al2023": ["/dev/xvda"]}
"""The disks of an image: Bottlerocket has one for itself and one for containers.

https://bottlerocket.dev/en/os/latest/concepts/storage/"""
DATA_DEVICES: Final = {"bottlerocket": "/dev/xvdb", "al2023": "/dev/xvda"}
"""The disk that images, logs and ephemeral storage are on."""
