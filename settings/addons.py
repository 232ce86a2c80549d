"""Settings of EKS add-ons."""

from enum import StrEnum
from typing import Annotated, Any, Final

from pydantic import Field, JsonValue, WithJsonSchema

import versions
from settings.base import Settings
from settings.extra_charts import PolicyStatement
from settings.values import (
    AddonName,
    AddonVersion,
    AnyAddonVersion,
    KeyArn,
    Namespace,
    PolicyArn,
    ReleaseName,
    ServiceAccountName,
)

Values = Annotated[dict[str, Any], WithJsonSchema({"type": "object"})]
"""Configuration values of an add-on, in the structure that its JSON schema gives.

https://docs.aws.amazon.com/eks/latest/userguide/updating-an-add-on.html"""


OWN_ADDON: Final[dict[str, JsonValue]] = {"enum": list(versions.ADDON_NAMES)}
"""The JSON schema of the names of the platform's own add-ons."""


BEFORE_NODES: Final = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
"""Add-ons of DaemonSets alone, which are healthy without a node, and without which no node becomes ready."""


class VolumeType(StrEnum):
    """A type of EBS volumes (https://docs.aws.amazon.com/ebs/latest/userguide/ebs-volume-types.html)."""

    GP3 = "gp3"
    GP2 = "gp2"
    IO1 = "io1"
    IO2 = "io2"
    ST1 = "st1"
    SC1 = "sc1"


class FileSystemType(StrEnum):
    """The file system with which a volume is formatted."""

    EXT4 = "ext4"
    XFS = "xfs"


class Reclaim(StrEnum):
    """What happens to a volume when its claim is deleted."""

    DELETE = "Delete"
    RETAIN = "Retain"


class StorageClass(Settings):
    """A StorageClass of encrypted EBS volumes, which are created in the zone of their pod and can be expanded."""

    type: VolumeType = VolumeType.GP3
    iops: Annotated[int, Field(ge=100, le=256_000)] | None = Field(
        None,
        description="IOPS of each volume. Required for `io1` and `io2`, optional for `gp3`, which has 3000 without it.",
    )
    throughput: Annotated[int, Field(ge=125, le=2000)] | None = Field(
        None, description="Throughput of each `gp3` volume in MiB per second. If absent, it is 125."
    )
    key: KeyArn | None = Field(
        None,
        description="ARN of the KMS key of the volumes. If absent, `encryption.volumes` or the account's default key "
        "for EBS is used.",
    )
    fs_type: FileSystemType = FileSystemType.EXT4
    reclaim: Reclaim = Field(
        Reclaim.DELETE,
        description="Whether a volume is deleted with its claim. With `Retain`, volumes remain after `pulumi destroy`.",
    )
    default: bool = Field(
        False, description="Whether claims without a class get this one, instead of the class `gp3` of the platform."
    )


class AddonRole(Settings):
    """The IAM role of an add-on's pods, assumed as `cluster.identity` specifies."""

    service_accounts: list[ServiceAccountName] = Field(
        min_length=1,
        max_length=5,
        description="Names of the add-on's service accounts whose pods have the role. With IRSA, EKS annotates the "
        "service accounts that the add-on's documentation names.",
    )
    statements: list[PolicyStatement] = Field([], description="Policy statements of the role.")
    managed_policies: list[PolicyArn] = Field(
        [], max_length=8, description="ARNs of existing IAM policies to attach to the role."
    )


CERT_MANAGER_ADDON: Final = "cert-manager"
"""The EKS add-on of cert-manager, which a stack may have instead of the section `certManager`."""

SIGNED_BY_CERT_MANAGER: Final = frozenset({"adot", "aws-privateca-connector-for-kubernetes"})
"""EKS add-ons that cannot start without cert-manager: it signs the certificate of `adot`'s webhook, and the other is an
issuer of it.

https://docs.aws.amazon.com/eks/latest/userguide/add-ons-adot.html
https://docs.aws.amazon.com/privateca/latest/userguide/PcaKubernetes.html"""


class AddedAddon(Settings):
    """An EKS add-on that the platform does not install itself."""

    version: AnyAddonVersion = Field(
        description="Exact version of the add-on, as `aws eks describe-addon-versions` lists it."
    )
    namespace: Namespace = Field(
        "kube-system", description="Namespace of the add-on's pods, as its documentation gives it. EKS creates it."
    )
    role: AddonRole | None = Field(None, description="IAM role of the add-on's pods. If absent, they have no role.")
    values: Values = Field(
        {},
        description="Configuration values of the add-on. `aws eks describe-addon-configuration` prints their schema.",
    )


class Addons(Settings):
    """The EKS add-ons to install, and versions that replace the pinned ones."""

    versions: dict[str, AddonVersion] = Field(
        {},
        description="Versions that replace the pinned ones, by add-on name.",
        json_schema_extra={"propertyNames": OWN_ADDON},
    )
    values: dict[str, Values] = Field(
        {},
        description="Configuration values for the platform's own add-ons, by add-on name. They are merged into the "
        "platform's values: objects key by key, while all other values are replaced. `env.ENABLE_POD_ENI` of `vpc-cni` "
        "also gives the control plane the rights that security groups for pods require.",
        json_schema_extra={"propertyNames": OWN_ADDON},
    )
    more: dict[AddonName, AddedAddon] = Field(
        {}, description="EKS add-ons to install in addition to those of the platform, by add-on name."
    )
    ebs_csi: bool = Field(
        True,
        description="Whether to install the EBS CSI driver, with an encrypted gp3 StorageClass as the default. "
        "Requires EC2 nodes.",
    )
    storage_classes: dict[ReleaseName, StorageClass] = Field(
        {},
        description="StorageClasses of EBS volumes by name, in addition to the class `gp3`. A class cannot be changed: "
        "another value replaces it, and existing volumes keep their settings. Requires `ebsCsi`.",
    )
    metrics_server: bool = Field(
        True,
        description="Whether to install Metrics Server, which provides the resource metrics that Traefik's "
        "HorizontalPodAutoscaler requires.",
    )
    snapshot_controller: bool = Field(
        False,
        description="Whether to install the snapshot controller, with a default VolumeSnapshotClass for EBS volumes.",
    )
    node_monitoring_agent: bool = Field(
        True,
        description="Whether to install the node monitoring agent, which reports kernel, network, storage and GPU "
        "faults of EC2 nodes to node repair.",
    )

    def installed(
        self, *, control_plane_only: bool, fargate_only: bool, auto_mode: bool, observability: bool
    ) -> list[str]:
        """Return the names of the add-ons that a stack has.

        control_plane_only: others add nodes. fargate_only: it has no nodes. auto_mode: EKS has them. observability: its
        logs and metrics go to CloudWatch.
        """
        if control_plane_only:
            return [name for name in versions.ADDON_NAMES if name in BEFORE_NODES]
        # Auto Mode's nodes have all of these in them: https://docs.aws.amazon.com/eks/latest/userguide/eks-add-ons.html
        unwanted = {
            "aws-ebs-csi-driver": not self.ebs_csi or auto_mode,
            "metrics-server": not self.metrics_server,
            "snapshot-controller": not self.snapshot_controller,
            "eks-node-monitoring-agent": fargate_only or auto_mode or not self.node_monitoring_agent,
            "amazon-cloudwatch-observability": fargate_only or not observability,
            "coredns": auto_mode,
            # DaemonSets without a node to run on.
            "vpc-cni": fargate_only or auto_mode,
            "kube-proxy": fargate_only or auto_mode,
            "eks-pod-identity-agent": fargate_only or auto_mode,
        }
        return [name for name in versions.ADDON_NAMES if not unwanted.get(name)]

    @property
    def volume_keys(self) -> list[str]:
        """ARNs of the keys that storage classes name, each once."""
        return list(dict.fromkeys(it.key for it in self.storage_classes.values() if it.key))

    @property
    def pod_security_groups(self) -> bool:
        """Whether pods can have security groups of their own."""
        environment = self.values.get("vpc-cni", {}).get("env")
        return isinstance(environment, dict) and environment.get("ENABLE_POD_ENI") == "true"
