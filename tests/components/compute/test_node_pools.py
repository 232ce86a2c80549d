"""Karpenter's node class and node pools: what may be launched, and the time that its end may take."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pulumi
import pytest
from pulumi_aws import cloudwatch

import versions
from components.compute.node_group import NodeSubnets
from components.compute.node_pools import (
    NodeNetwork,
    NodePools,
    drain_timeout,
    node_class_spec,
    node_pool_spec,
    node_requirements,
    pool_limits,
)
from harness.plan import Plan, Registration
from settings import DEFAULT_NODE_CLASS, NodePool
from settings import Karpenter as KarpenterSettings
from settings import Network as NetworkSettings
from tests import upstream
from tests.components.given import on_cluster, section
from tests.components.recording import Probe, assert_shape, label, labels, recorded

SUBNETS = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]


POOL: Final = {"categories": ["c", "m"], "cpu_limit": "64", "memory_limit": "256Gi"}
NODE_SUBNETS: Final = {
    "near": {"zone": "ap-northeast-1a", "cidr": "10.0.24.0/24"},
    "games": {"zone": "ap-northeast-1a", "cidr": "10.0.25.0/24", "public": True},
    "far": {"zone": "ap-northeast-1-tpe-1a", "cidr": "10.0.128.0/24", "public": True},
}


def _network(by_zone: pulumi.Input[Mapping[str, str]] | None = None, **changes: Any) -> NodeNetwork:
    """Return a network with these subnets by zone. changes: settings of the network by the names of their fields."""
    zones = ["ap-northeast-1a", "ap-northeast-1c"]
    given = {"cidr": "10.0.0.0/16", "zones": zones, "node_subnets": NODE_SUBNETS}
    return NodeNetwork(
        settings=section(NetworkSettings, given, **changes),
        subnets=NodeSubnets(
            by_zone=dict(zip(zones, SUBNETS, strict=True)) if by_zone is None else by_zone,
            public={zone: f"subnet-public-{zone}" for zone in zones},
            named={name: f"subnet-{name}" for name in NODE_SUBNETS},
        ),
        vpc_id="vpc-1",
        security_group_id="sg-0a1b2c3d4e5f60001",
    )


NETWORK: Final = _network()
PROFILE: Final = "platform-test-karpenter-node"
TAGS: Final = {"CostCenter": "platform"}


def _pool(**changes: Any) -> NodePool:
    """Return settings of a pool. changes: settings by the names of their fields."""
    return section(NodePool, POOL, **changes)


EVERYTHING = _pool(
    families=["m7g"],
    sizes=["large"],
    min_generation=5,
    zones=["ap-northeast-1a"],
    weight=10,
    labels={"platform.example.jp/workload": "batch"},
    taints=[
        {"key": "platform.example.jp/batch", "value": "true", "effect": "NoSchedule"},
        {"key": "bare", "value": "", "effect": "NoExecute"},
    ],
    expire_after="Never",
    consolidate_after="Never",
    consolidation="Balanced",
    startup_taints=[{"key": "agent.example.jp/not-ready", "value": "", "effect": "NoExecute"}],
    termination_grace_period="1h30m",
    budgets=[
        {"nodes": "10%", "reasons": ["Drifted", "Empty"]},
        {"nodes": "0", "reasons": [], "schedule": "0 0 * * mon-fri", "duration": "9h"},
    ],
)


def _settings(pools: Mapping[str, NodePool] | None = None, **changes: Any) -> KarpenterSettings:
    """Return settings with these pools. changes: settings by the names of their fields."""
    settings = section(KarpenterSettings, {"node_pools": {"general": {}}}, **changes)
    return settings.model_copy(update={"node_pools": pools or {"general": _pool(), "batch": EVERYTHING}})


def _node_pools(
    opts: pulumi.ResourceOptions,
    settings: KarpenterSettings,
    profile: pulumi.Input[str] = PROFILE,
    network: NodeNetwork = NETWORK,
) -> NodePools:
    return NodePools(
        "nodes", settings, on_cluster(tags=TAGS), instance_profile_name=profile, network=network, opts=opts
    )


def _plan(
    pools: Mapping[str, NodePool] | None = None,
    network: NodeNetwork = NETWORK,
    *,
    unknown: bool = False,
    **changes: Any,
) -> Plan:
    settings = _settings(pools, **changes)
    return recorded(
        lambda opts: Probe(name=_node_pools(opts, settings, network=network).node_class_name), unknown=unknown
    )


def _class(plan: Plan) -> Registration:
    return plan.one(type="kubernetes:karpenter.k8s.aws/v1:EC2NodeClass")


def test_a_node_takes_as_many_pods_as_it_is_told_to() -> None:
    assert "kubelet" not in _class(_plan()).inputs["spec"]
    assert _class(_plan(max_pods=110)).inputs["spec"]["kubelet"] == {"maxPods": 110}


def test_a_class_has_what_karpenter_counts_on_and_the_rest_as_user_data() -> None:
    kubelet = {"evictionHard": {"memory.available": "5%"}, "cpuCfsQuota": False, "shutdownGracePeriod": "30s"}
    spec = _class(_plan(max_pods=110, kubelet=kubelet, local_disks="raid0")).inputs["spec"]
    assert spec["kubelet"] == {"maxPods": 110, "evictionHard": {"memory.available": "5%"}, "cpuCFSQuota": False}
    assert spec["instanceStorePolicy"] == "RAID0"
    assert spec["userData"] == "\n".join(["[settings.kubernetes]", 'shutdown-grace-period = "30s"', ""])
    assert not {"kubelet", "instanceStorePolicy", "userData"} & _class(_plan()).inputs["spec"].keys()


TAGGED: Final = {"name": "node-*", "tags": {"Team": "platform"}, "owner": "111122223333"}


@pytest.mark.parametrize(
    ("image", "term"),
    [
        ({"id": "ami-0123456789abcdef0"}, {"id": "ami-0123456789abcdef0"}),
        ({"ssmParameter": "/images/node/id"}, {"ssmParameter": "/images/node/id"}),
        (TAGGED, TAGGED),
        ({"tags": {"Team": "platform"}}, {"tags": {"Team": "platform"}, "owner": "self"}),
    ],
    ids=["id", "parameter", "name and tags", "tags"],
)
@pytest.mark.parametrize(("family", "name"), [("bottlerocket", "Bottlerocket"), ("al2023", "AL2023")])
def test_an_image_of_ones_own(image: dict[str, Any], term: dict[str, Any], family: str, name: str) -> None:
    spec = _class(_plan(image=family, custom_image=image)).inputs["spec"]
    assert spec["amiSelectorTerms"] == [term]
    assert spec["amiFamily"] == name
    assert "amiFamily" not in _class(_plan(image=family)).inputs["spec"]


def test_hops_of_the_metadata_service() -> None:
    before, after = _class(_plan()).inputs["spec"], _class(_plan(metadata_hops=2)).inputs["spec"]
    assert before["metadataOptions"]["httpPutResponseHopLimit"] == 1
    assert after["metadataOptions"] == {**before["metadataOptions"], "httpPutResponseHopLimit": 2}
    assert after["metadataOptions"]["httpTokens"] == "required"


def test_metrics_of_every_minute() -> None:
    before, after = _class(_plan()).inputs["spec"], _class(_plan(detailed_monitoring=True)).inputs["spec"]
    assert after == {**before, "detailedMonitoring": True}


def test_disks_of_a_class() -> None:
    disk = {"iops": 4000, "throughput": 500, "snapshotId": "snap-0123456789abcdef0"}
    system, containers = _class(_plan(disk=disk)).inputs["spec"]["blockDeviceMappings"]
    assert system["ebs"]["volumeSize"] == "4Gi"
    assert containers["ebs"] == {
        "encrypted": True,
        "volumeType": "gp3",
        "deleteOnTermination": True,
        "volumeSize": "50Gi",
        "iops": 4000,
        "throughput": 500,
        "snapshotID": "snap-0123456789abcdef0",
    }


def test_a_pool_refers_to_its_class_and_goes_before_it() -> None:
    plan = _plan({"general": _pool(), "batch": _pool(node_class="large")}, node_classes={"large": {"diskGib": 200}})
    classes = {
        entry.inputs["metadata"]["name"]: entry
        for entry in plan.find(type="kubernetes:karpenter.k8s.aws/v1:EC2NodeClass")
    }
    assert set(classes) == {"default", "large"}
    sizes = {name: it.inputs["spec"]["blockDeviceMappings"][1]["ebs"]["volumeSize"] for name, it in classes.items()}
    assert sizes == {"default": "50Gi", "large": "200Gi"}
    for pool, of in (("general", "default"), ("batch", "large")):
        entry = _pools(plan)[pool]
        assert entry.inputs["spec"]["template"]["spec"]["nodeClassRef"]["name"] == of
        assert labels(plan, entry.depends_on) == {label(classes[of])}


def _pools(plan: Plan) -> dict[str, Registration]:
    pools = plan.find(type="kubernetes:karpenter.sh/v1:NodePool")
    return {entry.inputs["metadata"]["name"]: entry for entry in pools}


def test_up_waits_until_karpenter_says_that_they_are_ready() -> None:
    plan = _plan()
    for entry in (_class(plan), *_pools(plan).values()):
        assert entry.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}


def _requirement(pool: NodePool, key: str) -> dict[str, Any] | None:
    return next((item for item in node_requirements(pool) if item["key"] == key), None)


def test_there_is_one_class_and_a_pool_for_each_setting(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, NodePools, "nodes")
    assert _class(plan).inputs["metadata"]["name"] == DEFAULT_NODE_CLASS
    assert set(_pools(plan)) == {"general", "batch"}
    for pool in _pools(plan).values():
        assert pool.inputs["spec"]["template"]["spec"]["nodeClassRef"] == {
            "group": "karpenter.k8s.aws",
            "kind": "EC2NodeClass",
            "name": DEFAULT_NODE_CLASS,
        }
    assert plan.one(name="probe").inputs["name"] == DEFAULT_NODE_CLASS


def test_pools_go_before_their_class() -> None:
    plan = _plan()
    for pool in _pools(plan).values():
        assert labels(plan, pool.depends_on) == {label(_class(plan))}


def test_nodes_have_groups_and_tags_of_their_own() -> None:
    rule = {"protocol": "udp", "fromPort": 7000, "toPort": 8000, "cidr": "203.0.113.0/24"}
    plan = _plan(
        security_rules={"games": rule},
        security_groups=["sg-0a1b2c3d4e5f60009"],
        tags={"CostCenter": "games", "Own": "1"},
    )
    group = plan.one(type="aws:ec2/securityGroup:SecurityGroup")
    spec = _class(plan).inputs["spec"]
    assert [term["id"] for term in spec["securityGroupSelectorTerms"]] == [
        "sg-0a1b2c3d4e5f60001",
        group.id,
        "sg-0a1b2c3d4e5f60009",
    ]
    assert spec["tags"] == {"Name": spec["tags"]["Name"], "CostCenter": "games", "Own": "1"}
    assert "SecurityGroup nodes-access" in labels(plan, _class(plan).property_dependencies["spec"])


@pytest.mark.parametrize(
    ("nodes", "subnets", "public", "type_"),
    [
        ({}, SUBNETS, False, "gp3"),
        ({"public": True}, ["subnet-public-ap-northeast-1a", "subnet-public-ap-northeast-1c"], True, "gp3"),
        ({"subnets": ["near"]}, ["subnet-near"], False, "gp3"),
        ({"subnets": ["games", "far"]}, ["subnet-games", "subnet-far"], True, "gp2"),
        ({"subnets": ["near", "games"]}, ["subnet-near", "subnet-games"], None, "gp3"),
    ],
    ids=["private", "public", "named", "Local Zone", "both"],
)
def test_nodes_are_where_their_class_says(
    nodes: dict[str, Any], subnets: list[str], public: bool | None, type_: str
) -> None:
    spec = _class(_plan(**nodes)).inputs["spec"]
    assert [term["id"] for term in spec["subnetSelectorTerms"]] == subnets
    assert spec.get("associatePublicIPAddress") is public
    assert {disk["ebs"]["volumeType"] for disk in spec["blockDeviceMappings"]} == {type_}


def test_subnets_of_an_existing_network_say_it_for_themselves() -> None:
    existing = {"privateSubnets": {"ap-northeast-1a": "subnet-0a1b2c3d"}, "nodeSubnets": {"near": "subnet-1a1b2c3d"}}
    network = _network(cidr=None, zones=[], node_subnets={}, existing=existing)
    assert "associatePublicIPAddress" not in _class(_plan(network=network, subnets=["near"])).inputs["spec"]


def test_each_class_has_a_group_of_its_own() -> None:
    rule = {"fromPort": 7000, "cidr": "203.0.113.0/24"}
    plan = _plan(node_classes={"games": {"securityRules": {"games": rule}}}, security_rules={"all": rule})
    groups = {entry.name: entry.id for entry in plan.find(type="aws:ec2/securityGroup:SecurityGroup")}
    assert groups.keys() == {"nodes-access", "nodes-games-access"}
    spec = plan.one(type="kubernetes:karpenter.k8s.aws/v1:EC2NodeClass", name="nodes-games").inputs["spec"]
    assert {"id": groups["nodes-games-access"]} in spec["securityGroupSelectorTerms"]


def test_the_class_waits_for_what_its_arguments_carry() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        profile, subnet, group = (cloudwatch.LogGroup(name, opts=opts) for name in ("profile", "subnet", "group"))
        network = replace(
            _network(subnet.id.apply(lambda found: {"ap-northeast-1a": found})), security_group_id=group.id
        )
        _node_pools(opts, _settings(), profile.name, network)

    plan = recorded(declare)
    carried = {"LogGroup profile", "LogGroup subnet", "LogGroup group"}
    assert labels(plan, _class(plan).property_dependencies["spec"]) == carried


# --- Node class ---------------------------------------------------------------------------------------------------


def test_nodes_have_a_profile_of_our_own() -> None:
    # The profile that Karpenter creates from `role` is not deleted with the class, and IAM then refuses to delete the
    # role (seen with Karpenter 1.14).
    spec = _class(_plan()).inputs["spec"]
    assert spec["instanceProfile"] == "platform-test-karpenter-node"
    assert "role" not in spec


@pytest.mark.parametrize("alias", ["bottlerocket@v1.66.0", "al2023@v20260930"])
def test_the_image_is_the_one_that_is_pinned(alias: str) -> None:
    # With the alias `latest` nodes change without a pull request (Karpenter's page of EC2NodeClass).
    spec = _class(_plan(image=alias.partition("@")[0], image_version=alias.partition("@")[2])).inputs["spec"]
    assert spec["amiSelectorTerms"] == [{"alias": alias}]
    assert "amiFamily" not in spec


def test_subnets_and_security_group_are_this_clusters_by_id() -> None:
    # By tag a second cluster's would be found too; and two tagged groups on a node break load balancers
    # (terraform-aws-eks #1810).
    spec = _class(_plan()).inputs["spec"]
    assert spec["subnetSelectorTerms"] == [{"id": subnet} for subnet in SUBNETS]
    assert spec["securityGroupSelectorTerms"] == [{"id": "sg-0a1b2c3d4e5f60001"}]


@pytest.mark.parametrize("public", [True, False])
def test_nodes_have_public_addresses_where_their_subnets_are_public(public: bool) -> None:
    assert _class(_plan(network=_network(public_nodes=public))).inputs["spec"]["associatePublicIPAddress"] is public


def test_pods_do_not_reach_the_nodes_metadata() -> None:
    options = _class(_plan()).inputs["spec"]["metadataOptions"]
    assert (options["httpTokens"], options["httpPutResponseHopLimit"]) == ("required", 1)
    assert options["httpEndpoint"] == "enabled"


@pytest.mark.parametrize(
    ("image", "sizes"),
    [
        ("bottlerocket", {"/dev/xvda": "4Gi", "/dev/xvdb": "80Gi"}),
        ("al2023", {"/dev/xvda": "80Gi"}),
    ],
)
def test_each_disk_of_the_image_is_encrypted_and_the_one_for_containers_has_the_size(
    image: str, sizes: dict[str, str]
) -> None:
    mappings = _class(_plan(image=image, disk_gib=80)).inputs["spec"]["blockDeviceMappings"]
    assert {item["deviceName"]: item["ebs"]["volumeSize"] for item in mappings} == sizes
    for item in mappings:
        assert item["ebs"]["encrypted"] is True
        assert item["ebs"]["volumeType"] == "gp3"
        assert item["ebs"]["deleteOnTermination"] is True


def test_instances_have_the_platforms_tags_and_a_name() -> None:
    assert _class(_plan()).inputs["spec"]["tags"] == {"Name": "platform-test-karpenter", "CostCenter": "platform"}


# --- Pools --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setting", "values", "key"),
    [
        ("capacity_types", ["spot"], "karpenter.sh/capacity-type"),
        ("architectures", ["amd64", "arm64"], "kubernetes.io/arch"),
        ("categories", ["c", "r"], "karpenter.k8s.aws/instance-category"),
        ("families", ["m7g", "c7g"], "karpenter.k8s.aws/instance-family"),
        ("sizes", ["large", "2xlarge"], "karpenter.k8s.aws/instance-size"),
        ("instance_types", ["m7g.large"], "node.kubernetes.io/instance-type"),
        ("zones", ["ap-northeast-1c"], "topology.kubernetes.io/zone"),
    ],
)
def test_each_choice_is_a_requirement(setting: str, values: list[str], key: str) -> None:
    assert _requirement(_pool(**{setting: values}), key) == {"key": key, "operator": "In", "values": values}


@pytest.mark.parametrize("setting", ["categories", "families", "sizes", "instance_types", "zones"])
def test_no_choice_is_no_requirement(setting: str) -> None:
    # The definition refuses a requirement without a value.
    assert all(item["values"] for item in node_requirements(_pool(**{setting: []})))


@pytest.mark.parametrize(
    ("changes", "excluded"),
    [
        ({}, True),
        ({"families": ["m7g"], "categories": []}, True),
        ({"sizes": ["medium"]}, False),
        ({"instance_types": ["m7g.medium"], "categories": []}, False),
    ],
    ids=["categories", "families", "sizes", "exact types"],
)
def test_a_pool_without_sizes_launches_no_node_with_room_for_a_pod_or_two(
    changes: dict[str, Any], *, excluded: bool
) -> None:
    """A medium instance has eight addresses, most of them for the platform's own DaemonSets."""
    small = {
        "key": "karpenter.k8s.aws/instance-size",
        "operator": "NotIn",
        "values": ["medium", "micro", "nano", "small"],
    }
    assert (small in node_requirements(_pool(**changes))) is excluded


def test_nodes_run_linux() -> None:
    assert _requirement(_pool(), "kubernetes.io/os") == {
        "key": "kubernetes.io/os",
        "operator": "In",
        "values": ["linux"],
    }


@pytest.mark.parametrize(("oldest", "above"), [(5, "4"), (1, "0")])
def test_the_oldest_generation_is_allowed_itself(oldest: int, above: str) -> None:
    key = "karpenter.k8s.aws/instance-generation"
    assert _requirement(_pool(), key) is None
    assert _requirement(_pool(min_generation=oldest), key) == {"key": key, "operator": "Gt", "values": [above]}


def test_a_pool_has_a_limit_of_gpus_if_the_stack_file_sets_one() -> None:
    """https://karpenter.sh/docs/concepts/nodepools/#speclimits"""
    pool = section(NodePool, {"categories": ["g"], "gpu_limit": 8})
    assert pool_limits(pool) == {"cpu": "100", "memory": "400Gi", "nvidia.com/gpu": "8"}
    assert "nvidia.com/gpu" not in pool_limits(pool.model_copy(update={"gpu_limit": None}))


def test_limits_weight_and_age_are_the_settings() -> None:
    spec = node_pool_spec(_pool(cpu_limit="256", memory_limit="1Ti", weight=10, expire_after="72h"))
    assert spec["limits"] == {"cpu": "256", "memory": "1Ti"}
    assert spec["weight"] == 10
    assert spec["template"]["spec"]["expireAfter"] == "72h"
    assert spec["template"]["spec"]["terminationGracePeriod"] == "1h"
    assert "weight" not in node_pool_spec(_pool())


def test_disruption_is_the_settings() -> None:
    assert node_pool_spec(EVERYTHING)["disruption"] == {
        "consolidationPolicy": "Balanced",
        "consolidateAfter": "Never",
        "budgets": [
            {"nodes": "10%", "reasons": ["Drifted", "Empty"]},
            # Without reasons it holds for all of them.
            {"nodes": "0", "schedule": "0 0 * * mon-fri", "duration": "9h"},
        ],
    }


def test_nodes_have_the_labels_and_taints_of_the_settings() -> None:
    template = node_pool_spec(EVERYTHING)["template"]
    assert template["metadata"]["labels"] == {"platform.example.jp/workload": "batch"}
    assert template["spec"]["taints"] == [
        {"key": "platform.example.jp/batch", "value": "true", "effect": "NoSchedule"},
        # A taint without a value: the definition's pattern refuses an empty one.
        {"key": "bare", "effect": "NoExecute"},
    ]
    assert template["spec"]["startupTaints"] == [{"key": "agent.example.jp/not-ready", "effect": "NoExecute"}]
    assert "startupTaints" not in node_pool_spec(_pool())["template"]["spec"]


@pytest.mark.parametrize(
    ("grace", "timeout"), [("1h", "90m"), ("30m", "60m"), ("90s", "32m"), ("1h30m", "120m"), ("24h", "1470m")]
)
def test_a_pool_has_time_to_drain_its_nodes(grace: str, timeout: str) -> None:
    # A deletion that times out while nodes drain leaves the nodes behind (karpenter #9185).
    assert drain_timeout(grace) == timeout
    pools = _pools(_plan(pools={"general": _pool(termination_grace_period=grace)}))
    assert pools["general"].options.custom_timeouts == {"delete": timeout}


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize("image", ["bottlerocket", "al2023"])
def test_the_definition_takes_the_class(image: str) -> None:
    body = _class(_plan(image=image)).inputs
    definition = upstream.facts("crds", "karpenter", "karpenter.k8s.aws_ec2nodeclasses.yaml")
    assert upstream.object_problems(definition, body) == []
    # What its rules in CEL ask for.
    assert ("role" in body["spec"]) != ("instanceProfile" in body["spec"])
    assert not [key for key in body["spec"]["tags"] if not key or key.startswith(RESTRICTED_TAGS)]


RESTRICTED_TAGS = ("eks:eks-cluster-name", "kubernetes.io/cluster", "karpenter.sh/nodepool", "karpenter.sh/nodeclaim")


@pytest.mark.upstream
@pytest.mark.parametrize("pool", [_pool(), EVERYTHING], ids=["least", "everything"])
def test_the_definition_takes_a_pool(pool: NodePool) -> None:
    body = _pools(_plan(pools={"general": pool}))["general"].inputs
    definition = upstream.facts("crds", "karpenter", "karpenter.sh_nodepools.yaml")
    assert upstream.object_problems(definition, body) == []
    # What its rules in CEL ask for.
    for budget in body["spec"]["disruption"]["budgets"]:
        assert ("schedule" in budget) == ("duration" in budget)
    for requirement in body["spec"]["template"]["spec"]["requirements"]:
        assert requirement["values"]


@pytest.mark.upstream
def test_requirements_are_by_labels_that_karpenter_knows() -> None:
    rules = upstream.facts("crds", "karpenter", "karpenter.sh_nodepools.yaml").read_text()
    everything = _pool(
        families=["m7g"], sizes=["large"], instance_types=["m7g.large"], zones=["ap-northeast-1a"], min_generation=5
    )
    own = [item["key"] for item in node_requirements(everything) if "karpenter" in item["key"]]
    assert len(own) == 5
    for key in own:
        assert re.search(rf'"{re.escape(key)}"', rules), key


@pytest.mark.upstream
@pytest.mark.parametrize(
    "change",
    [
        {"taints": [{"key": "bare", "value": "", "effect": "NoSchedule"}]},
        {"expireAfter": "two weeks"},
        {"nodeClassRef": {"name": "default"}},
        {"kublet": {}},
    ],
    ids=["empty value", "duration", "half a reference", "misspelt"],
)
def test_what_the_definition_would_refuse_is_seen(change: dict[str, Any]) -> None:
    spec = node_pool_spec(_pool())
    wrong = {**spec, "template": {**spec["template"], "spec": {**spec["template"]["spec"], **change}}}
    body = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}, "spec": wrong}
    assert upstream.object_problems(upstream.facts("crds", "karpenter", "karpenter.sh_nodepools.yaml"), body)


def test_the_class_is_known_in_a_first_preview_but_for_its_ids() -> None:
    # A value that is unknown in a preview must not hide the values around it.
    spec = node_class_spec(_settings(), on_cluster(), PROFILE, NETWORK, [])
    assert spec["metadataOptions"]["httpTokens"] == "required"

    def declare(opts: pulumi.ResourceOptions) -> None:
        subnet = cloudwatch.LogGroup("subnet", opts=opts)
        _node_pools(opts, _settings(), network=_network(subnet.arn.apply(lambda found: {"a": found})))

    spec = _class(recorded(declare, unknown=True)).inputs["spec"]
    assert repr(spec["subnetSelectorTerms"]) == "[unknown]"
    assert spec["amiSelectorTerms"] == [{"alias": versions.BOTTLEROCKET_ALIAS}]
