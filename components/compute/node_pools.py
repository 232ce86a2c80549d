"""Karpenter's node class and node pools: which EC2 instances may become nodes."""

import math
import re
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource

from components.common.ready import WAIT_UNTIL_READY
from components.compute.node_group import DATA_DEVICES, DEVICES, TaintArgs
from facts.instance_sizes import SMALL


class BudgetArgs(TypedDict):
    """How many nodes may be taken away at once."""

    nodes: str
    """A number or a percentage."""
    reasons: NotRequired[list[str]]
    """"Underutilized", "Empty", "Drifted"; empty or absent: all of them."""
    schedule: NotRequired[str]
    """When the budget begins to hold, as a cron line in UTC."""
    duration: NotRequired[str]
    """How long it holds from then on."""


class NodePoolArgs(TypedDict):
    """What Karpenter may launch, and when it may take it away again."""

    capacity_types: list[str]
    """"spot", "on-demand"."""
    categories: list[str]
    """Instance categories; empty: any."""
    families: list[str]
    """Instance families; empty: any."""
    instance_types: list[str]
    """Exact types; empty: any."""
    min_generation: NotRequired[int]
    """Oldest instance generation."""
    sizes: list[str]
    """Instance sizes; empty: any from large upwards, unless exact types are given."""
    architectures: list[str]
    """"amd64", "arm64"."""
    zones: list[str]
    """Availability zones; empty: all of the node class."""
    cpu_limit: str
    memory_limit: str
    weight: NotRequired[int]
    """The heavier pool is tried first."""
    labels: dict[str, str]
    taints: list[TaintArgs]
    startup_taints: list[TaintArgs]
    """Taints that something in the cluster removes once a node is ready for pods."""
    consolidation: str
    """"WhenEmpty", "WhenEmptyOrUnderutilized" or "Balanced"."""
    consolidate_after: str
    expire_after: str
    termination_grace_period: str
    budgets: list[BudgetArgs]


class NodePoolsArgs(TypedDict):
    """The node class and the pools that use it."""

    cluster_id: str
    """The cluster's name, for the tags of what is launched."""
    instance_profile_name: pulumi.Input[str]
    """The nodes' instance profile."""
    subnet_ids: pulumi.Input[list[str]]
    """Where nodes are launched."""
    security_group_id: pulumi.Input[str]
    """The cluster's security group."""
    image: str
    """"bottlerocket" or "al2023"."""
    image_alias: str
    """AMI alias with its version, such as bottlerocket@v1.66.0."""
    volumes_key: NotRequired[str | None]
    """KMS key of the disks; None: the account's default for EBS."""
    disk_gib: int
    """Disk for images, logs and ephemeral storage, in GiB."""
    max_pods: NotRequired[int]
    """Most pods on a node; absent: as many as its network interfaces have addresses, without prefixes."""
    public_nodes: bool
    """Whether nodes get public addresses."""
    tags: dict[str, str]
    """Tags of instances and disks, which the provider's default tags do not reach."""
    pools: dict[str, NodePoolArgs]


class NodePools(pulumi.ComponentResource):
    """An EC2NodeClass and its NodePools.

    They stay with this program and not with GitOps: a NodePool that outlives Karpenter leaves instances behind, and
    only one tool that knows both can take them down in order.
    """

    node_class_name: pulumi.Output[str]

    def __init__(self, name: str, args: NodePoolsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the node class and the pools."""
        super().__init__("eks-platform:index:NodePools", name, {}, opts)
        node_class = CustomResource(
            f"{name}-default",
            api_version="karpenter.k8s.aws/v1",
            kind="EC2NodeClass",
            metadata={"name": NODE_CLASS, "annotations": WAIT_UNTIL_READY},
            spec=node_class_spec(args),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for pool, settings in args["pools"].items():
            CustomResource(
                f"{name}-{pool}",
                api_version="karpenter.sh/v1",
                kind="NodePool",
                metadata={"name": pool, "annotations": WAIT_UNTIL_READY},
                spec=node_pool_spec(settings),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    depends_on=[node_class],
                    custom_timeouts=pulumi.CustomTimeouts(delete=drain_timeout(settings["termination_grace_period"])),
                ),
            )
        self.node_class_name = pulumi.Output.from_input(NODE_CLASS)
        self.register_outputs({"node_class_name": self.node_class_name})


NODE_CLASS: Final = "default"


def drain_timeout(grace_period: str) -> str:
    """Return how long the deletion of a pool may take: the drain of its nodes ("1h30m"), and the instances' own end."""
    minutes = {"s": 1 / 60, "m": 1, "h": 60}
    drain = sum(int(number) * minutes[unit] for number, unit in re.findall(r"(\d+)([smh])", grace_period))
    return f"{math.ceil(drain) + 30}m"


def node_class_spec(args: NodePoolsArgs) -> dict[str, Any]:
    """Return the spec of the EC2NodeClass (https://karpenter.sh/docs/concepts/nodeclasses/)."""
    disk: dict[str, Any] = {"encrypted": True, "volumeType": "gp3", "deleteOnTermination": True}
    if key := args.get("volumes_key"):
        disk["kmsKeyID"] = key
    # Karpenter insists on a size for each disk; 4 GiB is what Bottlerocket's own image gives its system.
    sizes = {
        device: f"{args['disk_gib']}Gi" if device == DATA_DEVICES[args["image"]] else "4Gi"
        for device in DEVICES[args["image"]]
    }
    return {
        "amiSelectorTerms": [{"alias": args["image_alias"]}],
        "instanceProfile": args["instance_profile_name"],
        # By id and not by tag: a second cluster in the VPC has subnets and groups of the same tags.
        "subnetSelectorTerms": pulumi.Output.from_input(args["subnet_ids"]).apply(
            lambda ids: [{"id": subnet} for subnet in ids]
        ),
        "securityGroupSelectorTerms": [{"id": args["security_group_id"]}],
        "associatePublicIPAddress": args["public_nodes"],
        "metadataOptions": {
            "httpEndpoint": "enabled",
            "httpProtocolIPv6": "disabled",
            "httpPutResponseHopLimit": 1,
            "httpTokens": "required",
        },
        "blockDeviceMappings": [
            {"deviceName": device, "ebs": {**disk, "volumeSize": size}} for device, size in sizes.items()
        ],
        # Karpenter reckons without prefix delegation, and gives a large instance 29 pods at most.
        # https://github.com/aws/karpenter-provider-aws/issues/8210
        **({"kubelet": {"maxPods": args["max_pods"]}} if "max_pods" in args else {}),
        "tags": {"Name": f"{args['cluster_id']}-karpenter", **args["tags"]},
    }


def node_pool_spec(args: NodePoolArgs) -> dict[str, Any]:
    """Return the spec of a NodePool (https://karpenter.sh/docs/concepts/nodepools/)."""
    return {
        "template": {
            "metadata": {"labels": args["labels"]},
            "spec": {
                "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": NODE_CLASS},
                "requirements": node_requirements(args),
                "taints": _taints(args["taints"]),
                **({"startupTaints": _taints(args["startup_taints"])} if args["startup_taints"] else {}),
                "expireAfter": args["expire_after"],
                "terminationGracePeriod": args["termination_grace_period"],
            },
        },
        "limits": {"cpu": args["cpu_limit"], "memory": args["memory_limit"]},
        "disruption": {
            "consolidationPolicy": args["consolidation"],
            "consolidateAfter": args["consolidate_after"],
            "budgets": [{key: value for key, value in budget.items() if value} for budget in args["budgets"]],
        },
        **({"weight": args["weight"]} if "weight" in args else {}),
    }


def _taints(taints: list[TaintArgs]) -> list[dict[str, Any]]:
    """Return taints without empty values, which the definition's pattern refuses."""
    return [{key: value for key, value in taint.items() if value} for taint in taints]


def node_requirements(args: NodePoolArgs) -> list[dict[str, Any]]:
    """Return the requirements that instances of a pool meet (https://karpenter.sh/docs/concepts/scheduling/)."""
    allowed = {
        "karpenter.sh/capacity-type": args["capacity_types"],
        "kubernetes.io/arch": args["architectures"],
        "kubernetes.io/os": ["linux"],
        "karpenter.k8s.aws/instance-category": args["categories"],
        "karpenter.k8s.aws/instance-family": args["families"],
        "karpenter.k8s.aws/instance-size": args["sizes"],
        "node.kubernetes.io/instance-type": args["instance_types"],
        "topology.kubernetes.io/zone": args["zones"],
    }
    requirements: list[dict[str, Any]] = [
        {"key": key, "operator": "In", "values": values} for key, values in allowed.items() if values
    ]
    if not (args["sizes"] or args["instance_types"]):
        requirements.append({"key": "karpenter.k8s.aws/instance-size", "operator": "NotIn", "values": list(SMALL)})
    if "min_generation" in args:
        oldest = str(args["min_generation"] - 1)
        requirements.append({"key": "karpenter.k8s.aws/instance-generation", "operator": "Gt", "values": [oldest]})
    return requirements
