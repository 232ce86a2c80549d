"""A managed node group, or one in each zone: role, launch template, nodes."""

import json
from typing import TYPE_CHECKING, Final, NotRequired, TypedDict

import pulumi
from pulumi_aws import ec2, eks, iam

from components.common.dependency import after
from components.common.running_groups import RunningGroupArgs, running_group
from facts import iam_documents

if TYPE_CHECKING:
    from pulumi_aws.eks import NodeGroupScalingConfigArgsDict, NodeGroupUpdateConfigArgsDict


class TaintArgs(TypedDict):
    """A Kubernetes taint."""

    key: str
    value: str
    effect: str
    """"NoSchedule", "PreferNoSchedule" or "NoExecute"."""


class TimeoutArgs(TypedDict):
    """How long Pulumi waits for an operation, as durations such as "60m"."""

    create: str
    update: str
    delete: str


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
    per_zone: bool
    """Whether each of `zones`, which are then named, has a group of its own; sizes count for each."""
    instance_types: list[str]
    """One or several types, tried in order (on-demand) or together (spot)."""
    capacity: str
    """"on-demand" or "spot"."""
    image: str
    """"bottlerocket" or "al2023"."""
    architecture: str
    """"amd64" or "arm64"."""
    accelerator: str
    """"none", "nvidia" or "neuron": whose driver the image has."""
    release: str
    """AMI release version."""
    min: int
    """Fewest nodes."""
    max: int
    """Most nodes."""
    desired: NotRequired[int]
    """Nodes at first, autoscalers change it later; absent: the fewest."""
    running: dict[str, RunningGroupArgs]
    """The cluster's node groups as they are now, by EKS's names: their size is kept."""
    volumes_key: NotRequired[str | None]
    """KMS key of the disks; None: the account's default for EBS."""
    disk_gib: int
    """Disk for images, logs and ephemeral storage, in GiB."""
    labels: dict[str, str]
    taints: list[TaintArgs]
    repair: bool
    """Whether EKS replaces nodes that it finds unhealthy."""
    max_unavailable: str
    """How many nodes are replaced at once in an update: "2", or "33%"."""
    force_update_version: bool
    """Whether an update deletes pods that a disruption budget keeps."""
    timeouts: TimeoutArgs
    tags: NotRequired[dict[str, str]]
    """Tags of the instances and their disks, which the provider's default tags do not reach."""


class NodeGroup(pulumi.ComponentResource):
    """Nodes that EKS launches, updates and repairs."""

    groups: list[eks.NodeGroup]
    node_group_names: pulumi.Output[list[str]]
    role_arn: pulumi.Output[str]

    def __init__(self, name: str, args: NodeGroupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role, the launch template and the groups.

        The groups of several zones share the template: by its id, which EKS makes a label of, they would differ, and
        Cluster Autoscaler balances groups of equal labels only.
        """
        super().__init__("eks-platform:index:NodeGroup", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(
            f"{name}-node",
            assume_role_policy=json.dumps(iam_documents.trust_service("ec2")),
            opts=child,
        )
        attachments = [
            iam.RolePolicyAttachment(
                f"{name}-node-{policy}", role=role.name, policy_arn=iam_documents.managed_policy_arn(policy), opts=child
            )
            for policy in iam_documents.NODE_POLICIES
        ]
        template = _launch_template(name, args, child)
        ami_type = AMI_TYPES[args["image"], args["architecture"], args["accelerator"]]
        by_name = {zone[-1]: [zone] for zone in args["zones"]} if args["per_zone"] else {"nodes": args["zones"]}
        self.groups = [
            eks.NodeGroup(
                f"{name}-{part}",
                cluster_name=args["cluster_name"],
                node_role_arn=after(attachments, role.arn),
                subnet_ids=_subnets(args, zones),
                version=args["version"],
                release_version=args["release"],
                ami_type=ami_type,
                capacity_type={"on-demand": "ON_DEMAND", "spot": "SPOT"}[args["capacity"]],
                instance_types=args["instance_types"],
                launch_template={"id": template.id, "version": template.latest_version.apply(str)},
                scaling_config=scaling_config(args, running),
                update_config=_update_config(args["max_unavailable"]),
                force_update_version=args["force_update_version"] or None,
                node_repair_config={"enabled": args["repair"]},
                labels=args["labels"],
                taints=[{**taint, "effect": EFFECTS[taint["effect"]]} for taint in args["taints"]],
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # The engine takes the state's number then, which an autoscaler has long changed: only for a group
                    # whose size no change of ours touches, so that nothing is sent. Drift is not looked for either.
                    ignore_changes=["scalingConfig.desiredSize"] if keeps_size(args, zones, ami_type, running) else [],
                    custom_timeouts=pulumi.CustomTimeouts(**args["timeouts"]),
                ),
            )
            for part, zones in by_name.items()
            for running in [running_group(f"{name}-{part}", args["running"])]
        ]
        self.node_group_names = pulumi.Output.all(*[group.node_group_name for group in self.groups])
        self.role_arn = role.arn
        self.register_outputs({"node_group_names": self.node_group_names, "role_arn": self.role_arn})


def _subnets(args: NodeGroupArgs, zones: list[str]) -> pulumi.Output[list[str]]:
    return pulumi.Output.from_input(args["subnets"]).apply(lambda by_zone: [by_zone[zone] for zone in zones or by_zone])


def scaling_config(args: NodeGroupArgs, running: RunningGroupArgs | None) -> "NodeGroupScalingConfigArgsDict":
    """Return the sizes of a group: of one that exists the present one, as far as `min` and `max` allow it.

    EKS refuses a desired size outside of them. https://github.com/terraform-aws-modules/terraform-aws-eks/issues/944
    """
    wanted = args.get("desired", args["min"]) if running is None else running["desired"]
    desired = min(max(wanted, args["min"]), args["max"])
    return {"min_size": args["min"], "max_size": args["max"], "desired_size": desired}


def keeps_size(args: NodeGroupArgs, zones: list[str], ami_type: str, running: RunningGroupArgs | None) -> bool:
    """Tell whether a group is neither resized nor replaced by this run.

    zones: the group's; empty where their names are not known. running: the group as it is; None: it does not exist yet.
    A new group that takes the place of another starts with as many nodes as that one has.
    """
    if running is None:
        return True
    wanted = (args["min"], args["max"], sorted(args["instance_types"]), ami_type)
    there = (running["min"], running["max"], sorted(running["instance_types"]), running["ami_type"])
    return wanted == there and len(zones) in (0, running["subnets"])


def _update_config(max_unavailable: str) -> "NodeGroupUpdateConfigArgsDict":
    if max_unavailable.endswith("%"):
        return {"max_unavailable_percentage": int(max_unavailable.removesuffix("%"))}
    return {"max_unavailable": int(max_unavailable)}


AMI_TYPES: Final = {
    ("bottlerocket", "amd64", "none"): "BOTTLEROCKET_x86_64",
    ("bottlerocket", "arm64", "none"): "BOTTLEROCKET_ARM_64",
    ("bottlerocket", "amd64", "nvidia"): "BOTTLEROCKET_x86_64_NVIDIA",
    ("bottlerocket", "arm64", "nvidia"): "BOTTLEROCKET_ARM_64_NVIDIA",
    # Bottlerocket's plain image has the driver of Inferentia and Trainium in it.
    # https://github.com/bottlerocket-os/bottlerocket-kernel-kit/pull/514
    ("bottlerocket", "amd64", "neuron"): "BOTTLEROCKET_x86_64",
    ("al2023", "amd64", "none"): "AL2023_x86_64_STANDARD",
    ("al2023", "arm64", "none"): "AL2023_ARM_64_STANDARD",
    ("al2023", "amd64", "nvidia"): "AL2023_x86_64_NVIDIA",
    ("al2023", "arm64", "nvidia"): "AL2023_ARM_64_NVIDIA",
    ("al2023", "amd64", "neuron"): "AL2023_x86_64_NEURON",
}
"""EKS's type of the image by family, processor and accelerator.

https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html"""

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
    if key := args.get("volumes_key"):
        disk["kms_key_id"] = key
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
