"""EKS add-ons, each at a pinned version: those that nodes need, and those that need nodes."""

import json
from collections.abc import Sequence
from typing import Any, NotRequired, TypedDict

import pulumi
from pulumi_aws import eks
from pulumi_kubernetes.storage.v1 import StorageClass

from components.common.dependency import after
from components.common.identity import ClusterIdentity, Irsa, PodIdentity, ServiceAccountName, workload_identity
from components.common.placement import Placement, pod_annotations, pod_placement
from facts import iam_documents


class AddonArgs(TypedDict):
    """What every add-on is made from."""

    cluster_name: pulumi.Input[str]
    """The cluster, once what the add-on needs is there."""
    versions: dict[str, str]
    """Add-on name to version."""


class NodeAddonsArgs(TypedDict):
    """The add-ons without which no node becomes ready."""

    cluster_name: pulumi.Input[str]
    """The cluster, once it is there."""
    versions: dict[str, str]
    """Add-on name to version: vpc-cni, kube-proxy, eks-pod-identity-agent."""
    identity: ClusterIdentity
    """How the CNI gets its role."""
    region: str
    """AWS region, for the pods' network configuration."""
    pod_subnets: NotRequired[pulumi.Input[dict[str, str]]]
    """Zone to the subnet that pods get their addresses from; absent: the nodes' own subnets."""
    security_group_id: pulumi.Input[str]
    """The security group of pods in `pod_subnets`."""
    ip_family: NotRequired[str]
    """"ipv6": pods have IPv6 addresses; "ipv4" or absent: IPv4 ones."""


class NodeAddons(pulumi.ComponentResource):
    """vpc-cni with prefix delegation, kube-proxy, and the Pod Identity agent.

    They come before any node: a node that starts without a CNI stays not ready until its group times out
    (terraform-aws-eks #3446).
    """

    cluster_name: pulumi.Output[str]
    """The cluster, once nodes can join it."""

    def __init__(self, name: str, args: NodeAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the CNI's role and the add-ons."""
        super().__init__("eks-platform:index:NodeAddons", name, {}, opts)
        ipv6 = args.get("ip_family") == "ipv6"
        cni = workload_identity(
            f"{name}-vpc-cni",
            args["identity"],
            ServiceAccountName("kube-system", "aws-node"),
            pulumi.ResourceOptions(parent=self),
            documents={"ipv6": json.dumps(iam_documents.vpc_cni_ipv6(args["region"]))} if ipv6 else None,
            managed_policy_arns=[] if ipv6 else [iam_documents.managed_policy_arn(iam_documents.VPC_CNI_POLICY)],
        )
        configuration = pulumi.Output.all(args.get("pod_subnets"), args["security_group_id"]).apply(
            lambda known: vpc_cni_configuration(args["region"], known[0], known[1])
        )
        addons = [
            managed_addon(self, name, args, "vpc-cni", configuration=configuration, identity=cni),
            managed_addon(self, name, args, "kube-proxy"),
            managed_addon(self, name, args, "eks-pod-identity-agent"),
        ]
        self.cluster_name = after(addons, args["cluster_name"])
        self.register_outputs({"cluster_name": self.cluster_name})


class ClusterAddonsArgs(TypedDict):
    """The add-ons whose pods need nodes or Fargate."""

    cluster_name: pulumi.Input[str]
    """The cluster, once it has nodes or Fargate profiles: without them CoreDNS waits 20 minutes and fails."""
    versions: dict[str, str]
    """Add-on name to version: coredns, aws-ebs-csi-driver, metrics-server, snapshot-controller and
    eks-node-monitoring-agent where they are wanted."""
    identity: ClusterIdentity
    """How the EBS CSI controller gets its role."""
    placement: Placement
    """Where the add-ons' pods run."""
    volumes_key: NotRequired[str | None]
    """KMS key of volumes of the default class; None: the account's default for EBS."""
    built_in_volumes: bool
    """Whether EKS Auto Mode's own EBS driver serves the gp3 class, and no add-on."""
    tags: NotRequired[dict[str, str]]
    """Tags of volumes and snapshots, which the provider's default tags do not reach."""


class ClusterAddons(pulumi.ComponentResource):
    """CoreDNS, metrics-server, node monitoring, and EBS volumes with an encrypted gp3 default class and snapshots."""

    def __init__(self, name: str, args: ClusterAddonsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the add-ons."""
        super().__init__("eks-platform:index:ClusterAddons", name, {}, opts)
        placement = args["placement"]
        if "coredns" in args["versions"]:
            managed_addon(self, name, args, "coredns", configuration=coredns_configuration(placement))
        if "metrics-server" in args["versions"]:
            managed_addon(self, name, args, "metrics-server", configuration=metrics_server_configuration(placement))
        if "eks-node-monitoring-agent" in args["versions"]:
            # By its own defaults it runs on every node, whatever the taints, and on none of Fargate.
            managed_addon(self, name, args, "eks-node-monitoring-agent")
        if "aws-ebs-csi-driver" in args["versions"]:
            self._gp3(name, "ebs.csi.aws.com", [self._ebs(name, args)], args.get("volumes_key"))
        elif args["built_in_volumes"]:
            self._gp3(name, "ebs.csi.eks.amazonaws.com", [])
        self.register_outputs({})

    def _ebs(self, name: str, args: ClusterAddonsArgs) -> eks.Addon:
        snapshots = self._snapshots(name, args) if "snapshot-controller" in args["versions"] else []
        controller = workload_identity(
            f"{name}-ebs-csi",
            args["identity"],
            ServiceAccountName("kube-system", "ebs-csi-controller-sa"),
            pulumi.ResourceOptions(parent=self),
            managed_policy_arns=[iam_documents.managed_policy_arn(iam_documents.EBS_CSI_POLICY)],
            documents={"key": json.dumps(iam_documents.volumes_key_user(key))}
            if (key := args.get("volumes_key"))
            else None,
        )
        return managed_addon(
            self,
            name,
            args,
            "aws-ebs-csi-driver",
            configuration=ebs_csi_configuration(args["placement"], args.get("tags", {})),
            identity=controller,
            # The driver gets its snapshotter only where the definitions of snapshots are there before it.
            # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md
            depends_on=snapshots,
        )

    def _gp3(self, name: str, provisioner: str, drivers: list[eks.Addon], key: str | None = None) -> None:
        """Declare the default class. Auto Mode's driver has a name of its own.

        https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
        """
        StorageClass(
            f"{name}-gp3",
            metadata={"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            provisioner=provisioner,
            parameters={"type": "gp3", "encrypted": "true", **({"kmsKeyId": key} if key else {})},
            reclaim_policy="Delete",
            allow_volume_expansion=True,
            # A volume made before its pod is scheduled may be in a zone where the pod cannot go.
            volume_binding_mode="WaitForFirstConsumer",
            opts=pulumi.ResourceOptions(parent=self, depends_on=drivers),
        )

    def _snapshots(self, name: str, args: ClusterAddonsArgs) -> list[eks.Addon]:
        configuration = json.dumps(pod_placement(args["placement"]), sort_keys=True)
        controller = managed_addon(self, name, args, "snapshot-controller", configuration=configuration)
        # Not the SDK's own class for custom resources, which in Python knows no field beside `spec`.
        # https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/
        pulumi.CustomResource(
            "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass",
            f"{name}-snapshots",
            {
                "apiVersion": "snapshot.storage.k8s.io/v1",
                "kind": "VolumeSnapshotClass",
                "metadata": {
                    "name": "ebs",
                    "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},
                },
                "driver": "ebs.csi.aws.com",
                "deletionPolicy": "Delete",
            },
            pulumi.ResourceOptions(parent=self, depends_on=[controller]),
        )
        return [controller]


def vpc_cni_configuration(region: str, pod_subnets: dict[str, str] | None, security_group_id: str) -> str:
    """Return the CNI's configuration, as JSON: prefix delegation, network policies, and the pods' own subnets if any.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses.html,
    https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html
    """
    environment = {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"}
    configuration: dict[str, Any] = {"enableNetworkPolicy": "true", "env": environment}
    if pod_subnets:
        environment["AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"] = "true"
        environment["ENI_CONFIG_LABEL_DEF"] = "topology.kubernetes.io/zone"
        configuration["eniConfig"] = {
            "create": True,
            "region": region,
            "subnets": {
                zone: {"id": subnet, "securityGroups": [security_group_id]} for zone, subnet in pod_subnets.items()
            },
        }
    return json.dumps(configuration, sort_keys=True)


def ebs_csi_configuration(placement: Placement, tags: dict[str, str]) -> str:
    """Return the EBS driver's configuration, as JSON: where its controller runs, and the tags of what it makes.

    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
    """
    extra = {"extraVolumeTags": tags} if tags else {}
    return json.dumps({"controller": {**pod_placement(placement), **extra}}, sort_keys=True)


def coredns_configuration(placement: Placement) -> str:
    """Return CoreDNS's configuration, as JSON. On Fargate it must ask for Fargate, or its pods wait for a node.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate-getting-started.html#fargate-gs-coredns
    """
    values: dict[str, Any] = pod_placement(placement)
    if placement.fargate:
        size = {"cpu": "0.25", "memory": "256M"}
        values |= {"computeType": "Fargate", "resources": {"limits": size, "requests": size}}
    else:
        values["podAnnotations"] = pod_annotations(placement)
    return json.dumps(values, sort_keys=True)


def metrics_server_configuration(placement: Placement) -> str:
    """Return metrics-server's configuration, as JSON. On Fargate its usual port, 10250, belongs to the kubelet.

    https://docs.aws.amazon.com/eks/latest/userguide/metrics-server.html
    """
    port = {"containerPort": 10251} if placement.fargate else {}
    return json.dumps({"replicas": 2, **pod_placement(placement), **port}, sort_keys=True)


def managed_addon(
    parent: pulumi.ComponentResource,
    name: str,
    args: AddonArgs,
    addon: str,
    *,
    configuration: pulumi.Input[str] | None = None,
    identity: Irsa | PodIdentity | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> eks.Addon:
    """Declare an EKS add-on at its pinned version, whose settings are this program's alone.

    configuration: its values, as JSON. identity: the role of its pods. depends_on: what must be there before it.
    """
    return eks.Addon(
        f"{name}-{addon}",
        cluster_name=args["cluster_name"],
        addon_name=addon,
        addon_version=args["versions"][addon],
        configuration_values=configuration,
        service_account_role_arn=identity.role_arn if isinstance(identity, Irsa) else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        # Nothing waits for DNS on creation, so nothing keeps it on destroy: controllers that still clean up in AWS
        # need it. EKS then leaves its pods running; they end with the nodes.
        preserve=addon == "coredns",
        opts=pulumi.ResourceOptions(parent=parent, depends_on=[*([identity] if identity else []), *depends_on]),
    )
