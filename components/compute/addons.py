"""EKS add-ons, each at a pinned version: those that nodes need, and those that need nodes."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi_aws import eks
from pulumi_kubernetes.storage.v1 import StorageClass

from components.common.dependency import after
from components.common.identity import ClusterIdentity, Irsa, PodIdentity, ServiceAccountName, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import Placement, pod_annotations, pod_placement
from components.common.pod_namespace import PodNamespace, before_nodes
from facts import iam_documents, namespaces
from facts.chart_values import merged
from settings import Addons, IpFamily
from settings import StorageClass as StorageClassSettings


@dataclass(frozen=True)
class PodNetwork:
    """Where pods of EC2 nodes get their addresses.

    subnets: zone to the subnet of pods, on the cluster's security group; empty: the nodes' own subnets. ip_family: the
    family of the addresses.
    """

    region: str
    subnets: pulumi.Input[Mapping[str, str]]
    security_group_id: pulumi.Input[str]
    ip_family: IpFamily


class NodeAddons(pulumi.ComponentResource):
    """vpc-cni with prefix delegation, kube-proxy, and the Pod Identity agent.

    They are created before any node: a node that starts without a CNI stays not ready until its group times out
    (terraform-aws-eks #3446).
    """

    cluster_name: pulumi.Output[str]
    """The cluster, once nodes can join it."""

    def __init__(
        self,
        name: str,
        settings: Addons,
        *,
        versions: Mapping[str, str],
        identity: ClusterIdentity,
        pods: PodNetwork,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the CNI's role and the add-ons.

        versions: add-on name to version, of vpc-cni, kube-proxy and eks-pod-identity-agent at least. identity: how the
        CNI gets its role.
        """
        super().__init__("eks-platform:index:NodeAddons", name, {}, opts)
        ipv6 = pods.ip_family is IpFamily.IPV6
        cni = workload_identity(
            f"{name}-vpc-cni",
            identity,
            ServiceAccountName(namespaces.SYSTEM, "aws-node"),
            pulumi.ResourceOptions(parent=self),
            documents={"ipv6": json.dumps(iam_documents.vpc_cni_ipv6(pods.region))} if ipv6 else None,
            managed_policy_arns=[]
            if ipv6
            else [iam_documents.managed_policy_arn(iam_documents.VPC_CNI_POLICY, pods.region)],
        )
        values = settings.values.get("vpc-cni", {})
        configuration = pulumi.Output.all(pods.subnets, pods.security_group_id).apply(
            lambda known: with_values(vpc_cni_configuration(pods.region, known[0], known[1]), values)
        )
        configurations: dict[str, pulumi.Input[str | None]] = {
            "vpc-cni": configuration,
            **{
                addon: with_values(None, settings.values.get(addon, {}))
                for addon in ("kube-proxy", "eks-pod-identity-agent")
            },
        }
        addons = [
            managed_addon(
                name,
                addon,
                versions[addon],
                pulumi.ResourceOptions(parent=self),
                cluster_name=identity.cluster_name,
                pods=before_nodes(namespaces.SYSTEM),
                configuration=configuration_,
                identity=cni if addon == "vpc-cni" else None,
            )
            for addon, configuration_ in configurations.items()
        ]
        self.cluster_name = after(addons, identity.cluster_name)
        self.register_outputs({"cluster_name": self.cluster_name})


class ClusterAddons(pulumi.ComponentResource):
    """CoreDNS, metrics-server, node monitoring, and EBS volumes with an encrypted gp3 default class and snapshots."""

    def __init__(
        self,
        name: str,
        settings: Addons,
        cluster: OnCluster,
        *,
        versions: Mapping[str, str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the add-ons.

        versions: add-on name to version, of those that the stack has: coredns, aws-ebs-csi-driver, metrics-server,
        snapshot-controller, eks-node-monitoring-agent. Others are not this component's.
        """
        super().__init__("eks-platform:index:ClusterAddons", name, {}, opts)
        self._name, self._values, self._versions, self._cluster = name, settings.values, versions, cluster
        self._child = pulumi.ResourceOptions(parent=self)
        placement = cluster.placement
        if "coredns" in versions:
            self._addon("coredns", configuration=coredns_configuration(placement))
        if "metrics-server" in versions:
            self._addon("metrics-server", configuration=metrics_server_configuration(placement))
        if "eks-node-monitoring-agent" in versions:
            # By its own defaults it runs on every node, whatever the taints, and on none of Fargate.
            self._addon("eks-node-monitoring-agent")
        if "aws-ebs-csi-driver" in versions:
            self._classes(settings, "ebs.csi.aws.com", [self._ebs(settings.volume_keys)])
        elif cluster.built_in_volumes:
            self._classes(settings, "ebs.csi.eks.amazonaws.com", [])
        self.register_outputs({})

    def _addon(
        self,
        addon: str,
        *,
        configuration: str | None = None,
        identity: Irsa | PodIdentity | None = None,
        depends_on: Sequence[pulumi.Resource] = (),
    ) -> eks.Addon:
        return managed_addon(
            self._name,
            addon,
            self._versions[addon],
            pulumi.ResourceOptions(parent=self, depends_on=depends_on),
            cluster_name=self._cluster.identity.cluster_name,
            pods=self._cluster.namespace(namespaces.SYSTEM),
            configuration=with_values(configuration, self._values.get(addon, {})),
            identity=identity,
        )

    def _ebs(self, more_keys: Sequence[str]) -> eks.Addon:
        snapshots = self._snapshots() if "snapshot-controller" in self._versions else []
        keys = list(dict.fromkeys((*([self._cluster.volumes_key] if self._cluster.volumes_key else []), *more_keys)))
        controller = workload_identity(
            f"{self._name}-ebs-csi",
            self._cluster.identity,
            ServiceAccountName(namespaces.SYSTEM, "ebs-csi-controller-sa"),
            self._child,
            managed_policy_arns=[iam_documents.managed_policy_arn(iam_documents.EBS_CSI_POLICY, self._cluster.region)],
            documents={"key": json.dumps(iam_documents.volumes_key_user(*keys))} if keys else None,
        )
        return self._addon(
            "aws-ebs-csi-driver",
            configuration=ebs_csi_configuration(self._cluster.placement, self._cluster.tags),
            identity=controller,
            # The driver starts its snapshotter only if the definitions of snapshots exist when it is installed.
            # https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md
            depends_on=snapshots,
        )

    def _classes(self, settings: Addons, provisioner: str, drivers: list[eks.Addon]) -> None:
        """Declare the class `gp3` and those of the stack file. Auto Mode's driver has a name of its own.

        https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
        """
        others = settings.storage_classes
        key = self._cluster.volumes_key if provisioner == "ebs.csi.aws.com" else None
        gp3 = {"type": "gp3", "encrypted": "true", **({"kmsKeyId": key} if key else {})}
        self._class("gp3", "gp3", gp3, (provisioner, drivers), default=not any(it.default for it in others.values()))
        for name, settings_ in others.items():
            parameters = storage_class_parameters(settings_, key)
            reclaim = settings_.reclaim
            self._class(
                f"class-{name}", name, parameters, (provisioner, drivers), default=settings_.default, reclaim=reclaim
            )

    def _class(  # one line a field of the object
        self,
        suffix: str,
        name: str,
        parameters: Mapping[str, str],
        driver: tuple[str, list[eks.Addon]],
        *,
        default: bool,
        reclaim: str = "Delete",
    ) -> None:
        annotations = {"storageclass.kubernetes.io/is-default-class": "true"} if default else {}
        StorageClass(
            f"{self._name}-{suffix}",
            metadata={"name": name, **({"annotations": annotations} if annotations else {})},
            provisioner=driver[0],
            parameters=parameters,
            reclaim_policy=reclaim,
            allow_volume_expansion=True,
            # A volume that is created before its pod is scheduled may be in a zone in which the pod cannot run.
            volume_binding_mode="WaitForFirstConsumer",
            opts=pulumi.ResourceOptions(parent=self, depends_on=driver[1]),
        )

    def _snapshots(self) -> list[eks.Addon]:
        configuration = json.dumps(pod_placement(self._cluster.placement), sort_keys=True)
        controller = self._addon("snapshot-controller", configuration=configuration)
        # Not the SDK's class for custom resources, which in Python has only the field `spec`.
        # https://kubernetes.io/docs/concepts/storage/volume-snapshot-classes/
        pulumi.CustomResource(
            "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass",
            f"{self._name}-snapshots",
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


def vpc_cni_configuration(region: str, pod_subnets: Mapping[str, str], security_group_id: str) -> str:
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


def storage_class_parameters(settings: StorageClassSettings, volumes_key: str | None) -> dict[str, str]:
    """Return the parameters of a StorageClass. volumes_key: ARN of the key where the class names none; None: EBS's.

    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/parameters.md
    """
    key = settings.key or volumes_key
    chosen = {"iops": settings.iops, "throughput": settings.throughput, "kmsKeyId": key}
    return {
        "type": settings.type.value,
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": settings.fs_type.value,
        **{name: str(value) for name, value in chosen.items() if value is not None},
    }


def ebs_csi_configuration(placement: Placement, tags: Mapping[str, str]) -> str:
    """Return the EBS driver's configuration, as JSON: where its controller runs, and the tags of its volumes.

    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/tagging.md
    """
    extra = {"extraVolumeTags": tags} if tags else {}
    return json.dumps({"controller": {**pod_placement(placement), **extra}}, sort_keys=True)


def coredns_configuration(placement: Placement) -> str:
    """Return CoreDNS's configuration, as JSON. On Fargate it must say so, or its pods wait for a node.

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


def with_values(configuration: str | None, values: Mapping[str, Any]) -> str | None:
    """Return an add-on's configuration, as JSON, with values of the stack file over it; None: the add-on's defaults."""
    if not values:
        return configuration
    return json.dumps(merged(json.loads(configuration or "{}"), values), sort_keys=True)


def managed_addon(
    name: str,
    addon: str,
    version: str,
    opts: pulumi.ResourceOptions,
    *,
    cluster_name: pulumi.Input[str],
    pods: PodNamespace,
    configuration: pulumi.Input[str | None] = None,
    identity: Irsa | PodIdentity | None = None,
) -> eks.Addon:
    """Declare an EKS add-on, whose configuration nobody else changes.

    cluster_name: the cluster, once it exists. pods: the namespace of its pods: the add-on waits for what runs them,
    because EKS waits for the pods, and fails after 20 minutes. configuration: its values, as JSON. identity: the role
    of its pods.
    """
    waiting = pulumi.ResourceOptions(depends_on=[identity] if identity else [])
    return eks.Addon(
        f"{name}-{addon}",
        cluster_name=after(pods.compute, cluster_name),
        addon_name=addon,
        addon_version=version,
        configuration_values=configuration,
        service_account_role_arn=identity.role_arn if isinstance(identity, Irsa) else None,
        resolve_conflicts_on_create="OVERWRITE",
        resolve_conflicts_on_update="OVERWRITE",
        # Nothing waits for DNS on creation, so nothing keeps it on destroy: controllers that still clean up in AWS
        # need it. EKS then leaves its pods running until the nodes are deleted.
        preserve=addon == "coredns",
        opts=pulumi.ResourceOptions.merge(opts, waiting),
    )
