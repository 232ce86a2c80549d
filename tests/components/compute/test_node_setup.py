"""How nodes are set up: each setting of the kubelet, of Bottlerocket and of disks, for node groups and node classes."""

import email
import tomllib
from typing import Any, Final

import pytest
import yaml

from components.compute.node_setup import (
    LOCAL_DISKS,
    OF_NODE_CLASS,
    Disk,
    Joining,
    disks,
    kubelet_configuration,
    user_data_of_class,
    user_data_of_custom_image,
    user_data_of_group,
)
from facts.proxy import Proxy
from settings import Bottlerocket, Kubelet, NodeGroup, NodeImage, NodeSettings
from settings.rules.nodes import most_user_data
from tests import upstream
from tests.components.given import section

AL2023, BOTTLEROCKET = NodeImage.AL2023, NodeImage.BOTTLEROCKET


def _settings(**changes: Any) -> NodeSettings:
    """Return settings of nodes. changes: by the names of their fields; inside of them, as in a stack file."""
    return section(NodeSettings, {}, **changes)


def _parts(text: str | None) -> dict[str, str]:
    """Return the parts of multipart user data by their types."""
    if text is None:
        return {}
    found: Any = email.message_from_string(text).get_payload()
    return {part.get_content_type(): part.get_payload() for part in found}


def _spec(text: str | None) -> dict[str, Any]:
    """Return the spec of the NodeConfig in user data."""
    document = yaml.safe_load(_parts(text)["application/node.eks.aws"])
    assert (document["apiVersion"], document["kind"]) == ("node.eks.aws/v1alpha1", "NodeConfig")
    spec: dict[str, Any] = document["spec"]
    return spec


def _toml(text: str | None) -> dict[str, Any]:
    assert text is not None
    found: dict[str, Any] = tomllib.loads(text)["settings"]
    return found


def test_nodes_without_such_settings_have_no_user_data() -> None:
    for image in NodeImage:
        assert user_data_of_group(_settings(), image) is None
        assert user_data_of_class(_settings(), image) is None


# --- Kubelet ------------------------------------------------------------------------------------------------------

RESERVED: Final = {"cpu": "100m", "memory": "256Mi", "ephemeralStorage": "1Gi"}
QUANTITIES: Final = {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "1Gi"}
HARD: Final = {"nodefs.available": "15%"}
SOFT: Final = {"memory.available": {"threshold": "10%", "gracePeriod": "1m30s"}}
KUBELET: Final[list[tuple[str, Any, dict[str, Any], dict[str, Any] | None]]] = [
    ("podsPerCore", 10, {"podsPerCore": 10}, None),
    ("kubeReserved", RESERVED, {"kubeReserved": QUANTITIES}, {"kube-reserved": QUANTITIES}),
    ("systemReserved", RESERVED, {"systemReserved": QUANTITIES}, {"system-reserved": QUANTITIES}),
    ("evictionHard", HARD, {"evictionHard": HARD}, {"eviction-hard": HARD}),
    (
        "evictionSoft",
        SOFT,
        {"evictionSoft": {"memory.available": "10%"}, "evictionSoftGracePeriod": {"memory.available": "1m30s"}},
        {"eviction-soft": {"memory.available": "10%"}, "eviction-soft-grace-period": {"memory.available": "1m30s"}},
    ),
    ("evictionMaxPodGracePeriod", 40, {"evictionMaxPodGracePeriod": 40}, {"eviction-max-pod-grace-period": 40}),
    (
        "imageGcHighThresholdPercent",
        90,
        {"imageGCHighThresholdPercent": 90},
        {"image-gc-high-threshold-percent": "90"},
    ),
    ("imageGcLowThresholdPercent", 0, {"imageGCLowThresholdPercent": 0}, {"image-gc-low-threshold-percent": "0"}),
    ("cpuCfsQuota", False, {"cpuCFSQuota": False}, {"cpu-cfs-quota-enforced": False}),
    ("cpuManagerPolicy", "static", {"cpuManagerPolicy": "static"}, {"cpu-manager-policy": "static"}),
    ("containerLogMaxSize", "50Mi", {"containerLogMaxSize": "50Mi"}, {"container-log-max-size": "50Mi"}),
    ("containerLogMaxFiles", 3, {"containerLogMaxFiles": 3}, {"container-log-max-files": 3}),
    ("shutdownGracePeriod", "30s", {"shutdownGracePeriod": "30s"}, {"shutdown-grace-period": "30s"}),
    (
        "shutdownGracePeriodCriticalPods",
        "10s",
        {"shutdownGracePeriodCriticalPods": "10s"},
        {"shutdown-grace-period-for-critical-pods": "10s"},
    ),
]
every_kubelet_setting = pytest.mark.parametrize(("field", "value", "config", "bottlerocket"), KUBELET)


def test_every_setting_of_the_kubelet_is_tried() -> None:
    assert {field for field, *_ in KUBELET} == {field.alias for field in Kubelet.model_fields.values()}


@every_kubelet_setting
def test_kubelet_of_a_group(
    field: str, value: Any, config: dict[str, Any], bottlerocket: dict[str, Any] | None
) -> None:
    settings = _settings(kubelet={field: value})
    assert _spec(user_data_of_group(settings, AL2023)) == {"kubelet": {"config": config}}
    if bottlerocket is not None:
        assert _toml(user_data_of_group(settings, BOTTLEROCKET)) == {"kubernetes": bottlerocket}


@every_kubelet_setting
def test_kubelet_of_a_class(
    field: str, value: Any, config: dict[str, Any], bottlerocket: dict[str, Any] | None
) -> None:
    """Each setting is either in a field of the node class, where Karpenter counts on it, or in the user data."""
    settings = _settings(kubelet={field: value})
    assert kubelet_configuration(settings.kubelet) == config
    known = set(config) <= set(OF_NODE_CLASS)
    assert known or not set(config) & set(OF_NODE_CLASS)
    if known:
        assert user_data_of_class(settings, AL2023) is None
        assert user_data_of_class(settings, BOTTLEROCKET) is None
    else:
        assert _spec(user_data_of_class(settings, AL2023)) == {"kubelet": {"config": config}}
        assert _toml(user_data_of_class(settings, BOTTLEROCKET)) == {"kubernetes": bottlerocket}


def test_a_node_class_has_the_fields_that_karpenters_definition_has() -> None:
    definition = yaml.safe_load((upstream.facts() / "crds/karpenter/karpenter.k8s.aws_ec2nodeclasses.yaml").read_text())
    spec = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"]
    # `maxPods` has a setting of its own; the DNS server of the cluster is EKS's.
    assert set(spec["kubelet"]["properties"]) - {"maxPods", "clusterDNS"} == set(OF_NODE_CLASS)


# --- Bottlerocket -------------------------------------------------------------------------------------------------

OF_BOTTLEROCKET: Final[list[tuple[str, Any, dict[str, Any]]]] = [
    ("sysctl", {"net.core.somaxconn": "4096"}, {"kernel": {"sysctl": {"net.core.somaxconn": "4096"}}}),
    ("lockdown", "integrity", {"kernel": {"lockdown": "integrity"}}),
    ("adminContainer", True, {"host-containers": {"admin": {"enabled": True}}}),
    ("controlContainer", False, {"host-containers": {"control": {"enabled": False}}}),
    ("motd", 'Hello, "all"!', {"motd": 'Hello, "all"!'}),
]


def test_every_setting_of_bottlerocket_is_tried() -> None:
    assert {field for field, *_ in OF_BOTTLEROCKET} == {field.alias for field in Bottlerocket.model_fields.values()}


@pytest.mark.parametrize(("field", "value", "expected"), OF_BOTTLEROCKET)
def test_bottlerocket(field: str, value: Any, expected: dict[str, Any]) -> None:
    settings = _settings(bottlerocket={field: value})
    assert _toml(user_data_of_group(settings, BOTTLEROCKET)) == expected
    assert user_data_of_class(settings, BOTTLEROCKET) == user_data_of_group(settings, BOTTLEROCKET)


# --- Disks --------------------------------------------------------------------------------------------------------


def test_the_disks_of_an_instance_become_one_volume() -> None:
    settings = _settings(local_disks="raid0")
    assert _spec(user_data_of_group(settings, AL2023)) == {"instance": {"localStorage": {"strategy": "RAID0"}}}
    (command,) = _toml(user_data_of_group(settings, BOTTLEROCKET))["bootstrap-commands"].values()
    assert command == LOCAL_DISKS
    # A node class has a field for it.
    assert user_data_of_class(settings, AL2023) is None
    assert user_data_of_class(settings, BOTTLEROCKET) is None


def test_disks_in_order() -> None:
    extra = {
        "containers": {"gib": 100, "mountPath": "/var/lib/containerd", "iops": 4000, "throughput": 500},
        "models": {"gib": 200, "mountPath": "/mnt/models", "snapshotId": "snap-0123456789abcdef0"},
    }
    assert disks(_settings(disk_gib=80, disk={"iops": 3500}, extra_disks=extra), AL2023) == [
        Disk("/dev/xvda", 80, iops=3500),
        Disk("/dev/xvdb", 100, iops=4000, throughput=500, mount_path="/var/lib/containerd"),
        Disk("/dev/xvdc", 200, snapshot_id="snap-0123456789abcdef0", mount_path="/mnt/models"),
    ]
    assert disks(_settings(disk={"snapshotId": "snap-0123456789abcdef0"}), BOTTLEROCKET) == [
        Disk("/dev/xvda", None),
        Disk("/dev/xvdb", 50, snapshot_id="snap-0123456789abcdef0"),
    ]


@pytest.mark.parametrize("user_data", [user_data_of_group, user_data_of_class])
def test_more_disks_are_mounted(user_data: Any) -> None:
    extra = {
        "containers": {"gib": 100, "mountPath": "/var/lib/containerd"},
        "models": {"gib": 200, "mountPath": "/mnt/models", "snapshotId": "snap-0123456789abcdef0"},
    }
    script = _parts(user_data(_settings(extra_disks=extra), AL2023))["text/x-shellscript"]
    assert "mkfs.xfs /dev/xvdb" in script
    assert "mount /var/lib/containerd" in script
    assert "mkfs.xfs /dev/xvdc" not in script
    assert "mount /mnt/models" in script


PROXY: Final = Proxy("http://proxy.example.com:3128", ("localhost", "10.0.0.0/16"))
JOINING: Final = Joining("dev", "https://api.example.com", "Q0E=", "172.20.0.0/16")


@pytest.mark.parametrize("user_data", [user_data_of_group, user_data_of_class])
def test_nodes_use_the_proxy_before_they_join(user_data: Any) -> None:
    environment = {
        "HTTP_PROXY": "http://proxy.example.com:3128",
        "HTTPS_PROXY": "http://proxy.example.com:3128",
        "NO_PROXY": "localhost,10.0.0.0/16",
    }
    assert _spec(user_data(_settings(), AL2023, PROXY)) == {"instance": {"environment": {"default": environment}}}
    assert _toml(user_data(_settings(), BOTTLEROCKET, PROXY)) == {
        "network": {"https-proxy": "http://proxy.example.com:3128", "no-proxy": ["localhost", "10.0.0.0/16"]}
    }


@pytest.mark.parametrize("image", ["al2023", "bottlerocket"])
def test_nodes_of_an_own_image_use_the_proxy_too(image: str) -> None:
    group = section(NodeGroup, {"instance_types": ["m6id.large"], "image": image, "local_disks": "raid0"})
    without, found = (user_data_of_custom_image(group, JOINING, proxy) for proxy in (None, PROXY))
    assert "proxy.example.com" not in without
    if image == "al2023":
        assert _spec(found)["instance"].keys() == {"localStorage", "environment"}
    else:
        assert _toml(found)["network"]["https-proxy"] == PROXY.url


@pytest.mark.parametrize("user_data", [user_data_of_group, user_data_of_class])
def test_scripts_run_in_their_order_after_the_disks_are_mounted(user_data: Any) -> None:
    scripts = ["echo first\n", "# second\nexit 0"]
    extra = {"models": {"gib": 200, "mountPath": "/mnt/models"}}
    found: Any = email.message_from_string(user_data(_settings(boot_scripts=scripts, extra_disks=extra), AL2023))
    mounted, first, second = [part.get_payload() for part in found.get_payload()]
    assert "mkfs.xfs /dev/xvdb" in mounted
    assert "\necho first\n)" in first
    assert "\n# second\nexit 0\n)" in second


FULL: Final[dict[str, Any]] = {
    "boot_scripts": ["echo a", "x" * 1000],
    "extra_disks": {f"d{n}": {"gib": 10, "mountPath": f"/mnt/disk-{n}"} for n in range(20)},
    "kubelet": {field: value for field, value, _, bottlerocket in KUBELET if bottlerocket},
    "local_disks": "raid0",
}


SYSCTL: Final = {f"net.core.parameter-{n}": "1" for n in range(99)}


@pytest.mark.parametrize("proxy", [None, PROXY])
@pytest.mark.parametrize("image", ["al2023", "bottlerocket"])
@pytest.mark.parametrize(
    "changes",
    [
        {},
        *({key: FULL[key]} for key in FULL),
        FULL,
        {"bottlerocket": {"sysctl": SYSCTL}},
    ],
    ids=lambda changes: " ".join(changes) or "nothing",
)
def test_user_data_is_no_larger_than_the_rules_reckon(changes: Any, image: str, proxy: Proxy | None) -> None:
    """The rules cannot ask the component, so they reckon; what is too large for EC2 must not pass them."""
    labels = {f"example.com/label-{n}": "value" for n in range(20)}
    taints = [{"key": f"example.com/taint-{n}", "value": "a"} for n in range(20)]
    group = section(
        NodeGroup, {"instance_types": ["m6id.large"], "image": image, "labels": labels, "taints": taints}, **changes
    )
    found = user_data_of_custom_image(group, JOINING, proxy)
    assert len(found.encode()) <= most_user_data(group, proxy)
    lost = group.bottlerocket if image == "al2023" else group.extra_disks or group.boot_scripts
    if not lost:
        assert most_user_data(group, proxy) < 3 * len(found.encode()) + 2048


def test_every_section_of_shared_settings_is_tried() -> None:
    """A new one is added to this file."""
    assert set(NodeSettings.model_fields) == {
        *("disk_gib", "disk", "extra_disks", "local_disks", "kubelet", "bottlerocket", "boot_scripts"),
        # tests/components/compute/test_node_group.py, test_node_pools.py
        "metadata_hops",
        "custom_image",
        "detailed_monitoring",
    }
