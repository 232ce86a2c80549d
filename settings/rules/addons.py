"""Rules about EKS add-ons: their versions, their values, and those that a stack adds."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import versions
from settings.addons import CERT_MANAGER_ADDON, SIGNED_BY_CERT_MANAGER, Addons, StorageClass, VolumeType
from settings.cluster import Cluster
from settings.compute import NodeGroup
from settings.dns import CertManager
from settings.extra_charts import ExtraChart
from settings.karpenter import Karpenter
from settings.namespaces import own_namespaces
from settings.observability import Observability
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.charts import Path, has_value
from settings.rules.extra_charts import pinned, rights
from settings.rules.registry import repeated, rule
from settings.words import either


@rule
def _addons(
    addons: Addons,
    cluster: Cluster,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    observability: Observability | None,
) -> Iterator[Problem]:
    installed = _installed(addons, cluster, node_groups, karpenter, observability)
    if addons.snapshot_controller and not addons.ebs_csi:
        yield Problem("addons.snapshotController", "true", "expected ebsCsi too: it is EBS volumes that have snapshots")
    for name, version in addons.versions.items():
        path = place("addons", "versions", name)
        if name not in versions.ADDON_NAMES:
            yield Problem(path, "unknown add-on", f"expected {either(versions.ADDON_NAMES)}")
        elif name not in installed:
            yield Problem(path, version, "expected none: the stack does not have this add-on")
        elif name == "kube-proxy" and not version.startswith(f"v{cluster.version}."):
            yield Problem(path, version, f"expected the cluster's minor version, {cluster.version}")


def _installed(
    addons: Addons,
    cluster: Cluster,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    observability: Observability | None,
) -> list[str]:
    return addons.installed(
        control_plane_only=cluster.control_plane_only,
        fargate_only=cluster.platform_on_fargate(node_groups) and not karpenter,
        auto_mode=cluster.auto_mode is not None,
        observability=observability is not None,
    )


PLACEMENT: Final[tuple[Path, ...]] = (("nodeSelector",), ("tolerations",))
"""Of pods that run where `operationsPods` says."""

OWN: Final[Mapping[str, tuple[Path, ...]]] = {
    "vpc-cni": (
        ("enableNetworkPolicy",),
        ("eniConfig",),
        ("serviceAccount",),
        # The number of pods on a node, and Karpenter's `maxPods`, depend on it.
        ("env", "ENABLE_PREFIX_DELEGATION"),
        ("env", "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG"),
        ("env", "ENI_CONFIG_LABEL_DEF"),
        ("env", "ENABLE_IPv4"),
        ("env", "ENABLE_IPv6"),
    ),
    "coredns": (("computeType",), *PLACEMENT),
    "metrics-server": (("containerPort",), *PLACEMENT),
    "snapshot-controller": PLACEMENT,
    "aws-ebs-csi-driver": (
        # The program has a default class of its own.
        ("defaultStorageClass",),
        ("controller", "serviceAccount"),
        *(("controller", *path) for path in PLACEMENT),
    ),
    "amazon-cloudwatch-observability": (
        # With it, namespaces whose pods are `restricted` would accept no pod.
        ("manager", "applicationSignals"),
        ("agent", "serviceAccount"),
        *(("manager", *path) for path in PLACEMENT),
    ),
}
"""By add-on: where the values are this program's alone, because other resources depend on them."""


@rule
def _values_of_addons(
    addons: Addons,
    cluster: Cluster,
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    observability: Observability | None,
) -> Iterator[Problem]:
    installed = _installed(addons, cluster, node_groups, karpenter, observability)
    for name, values in addons.values.items():
        at = ("addons", "values", name)
        if name not in versions.ADDON_NAMES:
            expected = f"expected {either(versions.ADDON_NAMES)}; others have values in addons.more"
            yield Problem(place(*at), "unknown add-on", expected)
        elif name not in installed:
            yield Problem(place(*at), "set", "expected none: the stack does not have this add-on")
        yield from pinned(at, values)
        for path in OWN.get(name, ()):
            if has_value(values, path):
                yield Problem(place(*at, *path), "set", "expected none: this value is the program's own")
        yield from _environment(at, values)
    if _at(addons.values.get("vpc-cni"), "env", "NETWORK_POLICY_ENFORCING_MODE") == "strict":
        mode = place("addons", "values", "vpc-cni", "env", "NETWORK_POLICY_ENFORCING_MODE")
        expected = "expected standard: in the strict mode the platform's own pods would have no network"
        yield Problem(mode, "strict", expected)


def _at(values: Any, *path: str) -> Any:
    for key in path:
        values = values.get(key) if isinstance(values, Mapping) else None
    return values


def _environment(at: Path, values: Mapping[str, Any]) -> Iterator[Problem]:
    """Yield the environment variables that EKS refuses: its schemas accept text only.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-increase-ip-addresses-procedure.html
    """
    for parents in (("env",), ("init", "env")):
        environment = _at(values, *parents)
        for key, value in environment.items() if isinstance(environment, Mapping) else ():
            if value is not None and not isinstance(value, str):
                yield Problem(place(*at, *parents, key), "no text", "expected text: put it in quotes")


@rule
def _added_addons(
    addons: Addons, extra_charts: dict[str, ExtraChart], sections: Mapping[str, Any]
) -> Iterator[Problem]:
    own = own_namespaces(sections)
    charts = {chart.namespace_name(name): place("extraCharts", name) for name, chart in extra_charts.items()}
    for name, addon in addons.more.items():
        at = ("addons", "more", name)
        if name in versions.ADDON_NAMES:
            yield Problem(place(*at), "an add-on of the platform", "expected another: this one has settings of its own")
        if name in CHARTS and sections.get(CHARTS[name]):
            section = CHARTS[name].title().replace("_", "")
            expected = f"expected one of both: {section[0].lower()}{section[1:]} installs it as a chart"
            yield Problem(place(*at), "installed twice", expected)
        if addon.namespace in charts and addon.namespace not in own:
            expected = f"expected one for this add-on, which EKS creates: {charts[addon.namespace]} has this one"
            yield Problem(place(*at, "namespace"), addon.namespace, expected)
        yield from pinned((*at, "values"), addon.values)
        if addon.role:
            path = place(*at, "role")
            if not addon.role.statements and not addon.role.managed_policies:
                yield Problem(path, "a role that may do nothing", "expected statements or managedPolicies")
            yield from repeated(f"{path}.serviceAccounts", addon.role.service_accounts)
            yield from rights(path, addon.role)


IOPS: Final = {
    VolumeType.GP3: (3000, 80_000),
    VolumeType.IO1: (100, 64_000),
    VolumeType.IO2: (100, 256_000),
}
"""The least and the most IOPS of a volume, by the types that accept them.

https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html"""


@rule
def _storage_classes(addons: Addons, cluster: Cluster, platform: Platform) -> Iterator[Problem]:
    if addons.storage_classes and not addons.ebs_csi:
        yield Problem("addons.storageClasses", "set", "expected ebsCsi too, which creates the volumes")
    defaults = [name for name, it in addons.storage_classes.items() if it.default]
    for name in defaults[1:]:
        path = place("addons", "storageClasses", name, "default")
        yield Problem(path, "true", f"expected one default class: {defaults[0]} is the default already")
    for name, it in addons.storage_classes.items():
        path = place("addons", "storageClasses", name)
        if name == "gp3":
            yield Problem(path, "the platform's own class", "expected another name")
        yield from _performance(path, it)
        if it.key and cluster.auto_mode:
            yield Problem(f"{path}.key", "set", "expected none with cluster.autoMode, whose driver is not the stack's")
        elif it.key and it.key.split(":")[3] != platform.region:
            yield Problem(f"{path}.key", it.key, f"expected one in {platform.region}")


def _performance(path: str, it: StorageClass) -> Iterator[Problem]:
    least, most = IOPS.get(it.type, (0, 0))
    if it.iops is None and it.type in (VolumeType.IO1, VolumeType.IO2):
        yield Problem(f"{path}.iops", "missing", f"expected {least} to {most}, which {it.type} requires")
    elif it.iops is not None and not most:
        yield Problem(f"{path}.iops", str(it.iops), f"expected none: {it.type} has a fixed performance")
    elif it.iops is not None and not least <= it.iops <= most:
        yield Problem(f"{path}.iops", str(it.iops), f"expected {least} to {most} for {it.type}")
    if it.throughput and it.type is not VolumeType.GP3:
        yield Problem(f"{path}.throughput", str(it.throughput), "expected none: only gp3 accepts it")
    # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html#gp3-ebs-volume-type
    elif it.throughput and it.throughput * 4 > (it.iops or IOPS[VolumeType.GP3][0]):
        found = str(it.throughput)
        yield Problem(f"{path}.throughput", found, "expected at most a quarter of the IOPS, in MiB per second")


CHARTS: Final = {"cert-manager": "cert_manager", "external-dns": "external_dns"}
"""Add-ons that install what a section of the stack file installs as a chart, and that section's field."""


@rule
def _signed_by_cert_manager(addons: Addons, cert_manager: CertManager | None) -> Iterator[Problem]:
    if cert_manager or CERT_MANAGER_ADDON in addons.more:
        return
    for name in sorted(SIGNED_BY_CERT_MANAGER & addons.more.keys()):
        expected = "expected certManager too: this add-on cannot start without it"
        yield Problem(place("addons", "more", name), "set", expected)
