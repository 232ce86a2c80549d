"""NodeGroup: what EKS launches, and in which order it comes and goes."""

import base64
import email
import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import botocore.session
import pulumi
import pytest
import yaml
from pulumi_aws import ec2
from pulumi_aws.cloudwatch import LogGroup

from components.common.dependency import after
from components.common.running_groups import RunningGroup
from components.compute.node_group import AMI_TYPES, NodeEnvironment, NodeGroup, NodeSubnets
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import NodeGroup as NodeGroupSettings
from settings import RepairAction
from tests.components.given import section, where
from tests.components.recording import (
    REGION,
    Probe,
    assert_shape,
    below,
    carried,
    document,
    needs,
    probed,
    recorded,
    remembered,
    waits_for,
)

A, C, D = f"{REGION}a", f"{REGION}c", f"{REGION}d"
SUBNETS = {A: "subnet-1", C: "subnet-2", D: "subnet-3"}
PUBLIC = {A: "subnet-4", C: "subnet-5", D: "subnet-6"}
NAMED = {"games": "subnet-7", "lax": "subnet-8"}
GIVEN: Final = {
    "instance_types": ["m5.large", "m5a.large"],
    "capacity": "spot",
    "release": "1.66.0-1ad6b4a4",
}
OVERRIDE: Final = {
    "condition": "NetworkingReady", "reason": "InterfaceNotUp", "action": "Reboot", "waitMinutes": 15
}  # fmt: skip
ENVIRONMENT: Final = NodeEnvironment(
    cluster_name="dev",
    kubernetes_version="1.36",
    subnets=NodeSubnets(by_zone=SUBNETS, public=PUBLIC, named=NAMED),
    zones=[],
    volumes_key=None,
    vpc_id="vpc-1",
    security_group_id="sg-cluster",
    local_subnets=["lax"],
    endpoint="https://api.example.com",
    certificate_authority="Q0E=",
    service_range="172.20.0.0/16",
    proxy=None,
)


def _by_zone(subnets: pulumi.Input[Mapping[str, str]]) -> NodeSubnets:
    return replace(ENVIRONMENT.subnets, by_zone=subnets)


@remembered
def _recorded(
    environment: NodeEnvironment = ENVIRONMENT,
    running: Mapping[str, RunningGroup] | None = None,
    tags: Mapping[str, str] | None = None,
    *,
    unknown: bool = False,
    **changes: Any,
) -> Plan:
    """Record the group. changes: settings by the names of their fields."""
    settings = section(NodeGroupSettings, GIVEN, **changes)
    place = where(running_groups=running or {}, tags=tags or {})

    def declare(opts: pulumi.ResourceOptions) -> None:
        group = NodeGroup("system", settings, place, environment=environment, opts=opts)
        Probe(
            ready=after(group.groups, "ready"),
            node_group_names=group.node_group_names,
            role_arn=group.role_arn,
        )

    return recorded(declare, unknown=unknown)


def _group(plan: Plan) -> Registration:
    return plan.one(type="aws:eks/nodeGroup:NodeGroup")


def _template(plan: Plan) -> Registration:
    return plan.one(type="aws:ec2/launchTemplate:LaunchTemplate")


# --- What there is ------------------------------------------------------------------------------------------------


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown), NodeGroup, "system")


def test_inventory() -> None:
    """No security group of ours: with two that have the cluster's tag on a node, load balancers break.

    EKS gives the nodes the cluster's own, which has the tag (terraform-aws-eks #1810).
    """
    plan = _recorded()
    entry = plan.one(type="eks-platform:index:NodeGroup", name="system")
    assert below(plan, entry) == {
        "Role system-node",
        "RolePolicyAttachment system-node-AmazonEKSWorkerNodePolicy",
        "RolePolicyAttachment system-node-AmazonEC2ContainerRegistryPullOnly",
        "RolePolicyAttachment system-node-AmazonSSMManagedInstanceCore",
        "LaunchTemplate system-nodes",
        "NodeGroup system-nodes",
    }
    assert {child.parent for child in plan.descendants(entry)} == {entry.urn}


def test_group() -> None:
    plan = _recorded()
    assert _group(plan).inputs == {
        "clusterName": "dev",
        "nodeRoleArn": plan.one(type="aws:iam/role:Role").outputs["arn"],
        "subnetIds": ["subnet-1", "subnet-2", "subnet-3"],
        "version": "1.36",
        "releaseVersion": "1.66.0-1ad6b4a4",
        "amiType": "BOTTLEROCKET_x86_64",
        "capacityType": "SPOT",
        "instanceTypes": ["m5.large", "m5a.large"],
        "launchTemplate": {"id": _template(plan).id, "version": "1"},
        "scalingConfig": {"minSize": 1, "maxSize": 3, "desiredSize": 1},
        "updateConfig": {"maxUnavailablePercentage": 33},
        "nodeRepairConfig": {"enabled": True},
        "labels": {},
        "taints": [],
    }


@pytest.mark.parametrize(
    ("changes", "input_", "value"),
    [
        ({"environment": replace(ENVIRONMENT, cluster_name="other")}, "clusterName", "other"),
        ({"environment": replace(ENVIRONMENT, kubernetes_version="1.35")}, "version", "1.35"),
        ({"environment": replace(ENVIRONMENT, subnets=_by_zone({A: "subnet-9"}))}, "subnetIds", ["subnet-9"]),
        ({"zones": [D, A]}, "subnetIds", ["subnet-3", "subnet-1"]),
        ({"instance_types": ["m6g.large"]}, "instanceTypes", ["m6g.large"]),
        ({"capacity": "on-demand"}, "capacityType", "ON_DEMAND"),
        ({"architecture": "arm64"}, "amiType", "BOTTLEROCKET_ARM_64"),
        ({"release": "1.67.0-00000000"}, "releaseVersion", "1.67.0-00000000"),
        ({"min": 2}, "scalingConfig", {"minSize": 2, "maxSize": 3, "desiredSize": 2}),
        ({"max": 9}, "scalingConfig", {"minSize": 1, "maxSize": 9, "desiredSize": 1}),
        ({"desired": 2}, "scalingConfig", {"minSize": 1, "maxSize": 3, "desiredSize": 2}),
        ({"min": 0}, "scalingConfig", {"minSize": 0, "maxSize": 3, "desiredSize": 0}),
        ({"labels": {"role": "operations"}}, "labels", {"role": "operations"}),
        (
            {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}]},
            "taints",
            [{"key": "a", "value": "b", "effect": "NO_SCHEDULE"}],
        ),
        (
            {"taints": [{"key": "a", "value": "", "effect": "PreferNoSchedule"}]},
            "taints",
            [{"key": "a", "value": "", "effect": "PREFER_NO_SCHEDULE"}],
        ),
        (
            {"taints": [{"key": "a", "value": "b", "effect": "NoExecute"}]},
            "taints",
            [{"key": "a", "value": "b", "effect": "NO_EXECUTE"}],
        ),
        ({"repair": False}, "nodeRepairConfig", {"enabled": False}),
        ({"max_unavailable": "2"}, "updateConfig", {"maxUnavailable": 2}),
        ({"max_unavailable": "100%"}, "updateConfig", {"maxUnavailablePercentage": 100}),
        (
            {"repair_limits": {"maxUnhealthy": "20%", "maxParallel": "15%"}},
            "nodeRepairConfig",
            {
                "enabled": True,
                "maxUnhealthyNodeThresholdPercentage": 20,
                "maxParallelNodesRepairedPercentage": 15,
            },
        ),
        (
            {"repair_limits": {"maxUnhealthy": "3", "maxParallel": "2"}},
            "nodeRepairConfig",
            {"enabled": True, "maxUnhealthyNodeThresholdCount": 3, "maxParallelNodesRepairedCount": 2},
        ),
        (
            {"repair_limits": {"overrides": [OVERRIDE]}},
            "nodeRepairConfig",
            {
                "enabled": True,
                "nodeRepairConfigOverrides": [
                    {
                        "nodeMonitoringCondition": "NetworkingReady",
                        "nodeUnhealthyReason": "InterfaceNotUp",
                        "minRepairWaitTimeMins": 15,
                        "repairAction": "Reboot",
                    }
                ],
            },
        ),
        ({"update_strategy": "minimal"}, "updateConfig", {"maxUnavailablePercentage": 33, "updateStrategy": "MINIMAL"}),
        ({"environment": replace(ENVIRONMENT, zones=[A])}, "subnetIds", ["subnet-1"]),
        ({"public": True}, "subnetIds", ["subnet-4", "subnet-5", "subnet-6"]),
        ({"subnets": ["games"]}, "subnetIds", ["subnet-7"]),
    ],
)
def test_what_an_argument_changes(changes: dict[str, Any], input_: str, value: object) -> None:
    before, after = _recorded(), _recorded(**changes)
    assert _group(after).inputs[input_] == value
    assert _group(before).inputs[input_] != value
    assert {**_group(after).inputs, input_: None} == {**_group(before).inputs, input_: None}
    assert _template(after) == _template(before)


# --- Who may connect, and what nodes may do -----------------------------------------------------------------------

INGRESS: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


def _groups(plan: Plan) -> object:
    return _template(plan).inputs.get("vpcSecurityGroupIds")


def test_without_groups_eks_chooses_the_cluster_s_own() -> None:
    assert _groups(_recorded()) is None


def test_disks_in_local_zones_are_of_a_type_that_they_have() -> None:
    types = {
        subnet: {
            disk["ebs"]["volumeType"] for disk in _template(_recorded(subnets=[subnet])).inputs["blockDeviceMappings"]
        }
        for subnet in NAMED
    }
    assert types == {"games": {"gp3"}, "lax": {"gp2"}}


def test_groups_of_others_come_beside_the_cluster_s(unknown: bool) -> None:
    plan = _recorded(security_groups=["sg-0a1b2c3d4e5f60001"], unknown=unknown)
    assert _groups(plan) == ["sg-cluster", "sg-0a1b2c3d4e5f60001"]
    assert plan.find(type="aws:ec2/securityGroup:SecurityGroup") == []


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (
            {"protocol": "udp", "fromPort": 7000, "toPort": 8000, "cidr": "0.0.0.0/0"},
            {"ipProtocol": "udp", "fromPort": 7000, "toPort": 8000, "cidrIpv4": "0.0.0.0/0"},
        ),
        (
            {"fromPort": 8081, "securityGroup": "sg-0a1b2c3d4e5f60002"},
            {
                "ipProtocol": "tcp",
                "fromPort": 8081,
                "toPort": 8081,
                "referencedSecurityGroupId": "sg-0a1b2c3d4e5f60002",
            },
        ),
        (
            {"fromPort": 0, "toPort": 65535, "prefixList": "pl-0a1b2c3d4e5f60003"},
            {"ipProtocol": "tcp", "fromPort": 0, "toPort": 65535, "prefixListId": "pl-0a1b2c3d4e5f60003"},
        ),
        (
            {"protocol": "icmp", "cidr": "2001:db8::/32"},
            {"ipProtocol": "icmp", "fromPort": -1, "toPort": -1, "cidrIpv6": "2001:db8::/32"},
        ),
        ({"protocol": "all", "cidr": "10.8.0.0/16"}, {"ipProtocol": "-1", "cidrIpv4": "10.8.0.0/16"}),
    ],
    ids=["UDP", "one port", "every port", "ICMP", "everything"],
)
def test_rules_are_of_a_group_of_the_nodes(rule: dict[str, Any], expected: dict[str, Any]) -> None:
    plan = _recorded(security_rules={"games": rule})
    group = plan.one(type="aws:ec2/securityGroup:SecurityGroup")
    assert group.inputs["vpcId"] == "vpc-1"
    assert group.inputs["tags"] == {"Name": "system-access"}
    assert _groups(plan) == ["sg-cluster", group.id]
    assert plan.one(type=INGRESS).inputs == {"securityGroupId": group.id, "description": "games", **expected}


def test_the_nodes_go_before_their_group(unknown: bool) -> None:
    plan = _recorded(security_rules={"games": {"fromPort": 80, "cidr": "10.8.0.0/16"}}, unknown=unknown)
    assert "SecurityGroup system-access" in waits_for(plan, _group(plan))


def test_the_role_has_further_rights(unknown: bool) -> None:
    statement = {
        "sid": "Pull",
        "actions": ["ecr:BatchImportUpstreamImage"],
        "resources": [f"{REPOSITORIES}/docker-hub/*"],
    }
    policy = "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"
    plan = _recorded(role={"statements": [statement], "managedPolicies": [policy]}, unknown=unknown)
    rights = plan.one(type="aws:iam/policy:Policy")
    (written,) = document(rights, "policy")["Statement"]
    assert written["Resource"] == [f"{REPOSITORIES}/docker-hub/*"]
    attached = {entry.name: entry.inputs["policyArn"] for entry in plan if entry.type.endswith("RolePolicyAttachment")}
    assert attached["system-node-AmazonEKS_CNI_Policy"] == policy
    assert len(attached) == 5
    assert {f"RolePolicyAttachment {name}" for name in attached} <= needs(plan, _group(plan), "nodeRoleArn")


REPOSITORIES: Final = "arn:aws:ecr:ap-northeast-1:111122223333:repository"


# --- Elastic Fabric Adapter and reserved instances ----------------------------------------------------------------

RESOURCES: Final = "arn:aws:resource-groups:ap-northeast-1:111122223333:group/p5"
RESERVATION: Final = {"id": "cr-0123456789abcdef0"}
BLOCK: Final[dict[str, Any]] = {
    "capacity": "capacity-block",
    "reservation": RESERVATION,
    "instance_types": ["p5e.48xlarge"],
}


@pytest.mark.parametrize(("type_", "cards"), [("p5.48xlarge", 32), ("trn1.32xlarge", 8), ("g6e.8xlarge", 1)])
def test_each_network_card_has_an_interface_with_efa(type_: str, cards: int, unknown: bool) -> None:
    plan = _recorded(efa=True, instance_types=[type_], zones=[A], security_groups=["sg-0a1b2c3d"], unknown=unknown)
    inputs = _template(plan).inputs
    fabric = plan.one(type="aws:ec2/securityGroup:SecurityGroup", name="system-efa")
    assert "vpcSecurityGroupIds" not in inputs
    interfaces = inputs["networkInterfaces"]
    assert [it["networkCardIndex"] for it in interfaces] == list(range(cards))
    assert [it["deviceIndex"] for it in interfaces] == [0, *[1] * (cards - 1)]
    assert {it["interfaceType"] for it in interfaces} == {"efa"}
    assert all(it["securityGroups"] == ["sg-cluster", "sg-0a1b2c3d", fabric.id] for it in interfaces)


def test_the_group_of_efa_allows_all_traffic_between_its_members() -> None:
    plan = _recorded(efa=True, instance_types=["p5.48xlarge"], zones=[A])
    fabric = plan.one(type="aws:ec2/securityGroup:SecurityGroup", name="system-efa")
    rules = [plan.one(type=f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule") for way in ("Ingress", "Egress")]
    for rule in rules:
        assert rule.inputs["securityGroupId"] == rule.inputs["referencedSecurityGroupId"] == fabric.id
        assert rule.inputs["ipProtocol"] == "-1"


@pytest.mark.parametrize("reservation", [None, RESERVATION])
def test_nodes_with_efa_are_placed_together_unless_they_are_reserved(reservation: dict[str, str] | None) -> None:
    plan = _recorded(efa=True, instance_types=["p5.48xlarge"], zones=[A], capacity="on-demand", reservation=reservation)
    placed = plan.find(type="aws:ec2/placementGroup:PlacementGroup")
    assert [it.inputs["strategy"] for it in placed] == ([] if reservation else ["cluster"])
    placement = _template(plan).inputs.get("placement")
    assert placement == (None if reservation else {"groupName": placed[0].outputs["name"]})


@pytest.mark.parametrize(
    ("reservation", "target"),
    [
        (RESERVATION, {"capacityReservationId": "cr-0123456789abcdef0"}),
        ({"resourceGroup": RESOURCES}, {"capacityReservationResourceGroupArn": RESOURCES}),
    ],
    ids=["one", "those of a group"],
)
def test_reserved_instances_are_named(reservation: dict[str, str], target: dict[str, str]) -> None:
    plan = _recorded(capacity="on-demand", reservation=reservation)
    found = _template(plan).inputs["capacityReservationSpecification"]
    assert found == {"capacityReservationTarget": target}
    assert "instanceMarketOptions" not in _template(plan).inputs
    assert _group(plan).inputs["capacityType"] == "ON_DEMAND"


def test_a_capacity_block_is_named_with_its_type_in_the_template() -> None:
    """EKS refuses a type in the node group besides that of the launch template."""
    plan = _recorded(**BLOCK)
    inputs = _template(plan).inputs
    assert inputs["instanceType"] == "p5e.48xlarge"
    assert inputs["instanceMarketOptions"] == {"marketType": "capacity-block"}
    assert "instanceTypes" not in _group(plan).inputs
    assert _group(plan).inputs["capacityType"] == "CAPACITY_BLOCK"


def test_a_group_without_all_of_this_has_nothing_of_it() -> None:
    inputs = _template(_recorded()).inputs
    absent = {"networkInterfaces", "placement", "instanceType", "instanceMarketOptions"}
    assert not inputs.keys() & {*absent, "capacityReservationSpecification"}


def test_tags_are_the_group_s_and_the_nodes_own() -> None:
    plan = _recorded(tags={"Team": "platform"})
    assert _group(plan).inputs.get("tags") is None
    settings = section(NodeGroupSettings, GIVEN, tags={"Workload": "games"})

    def declare(opts: pulumi.ResourceOptions) -> None:
        NodeGroup("system", settings, where(tags={"Team": "platform"}), environment=ENVIRONMENT, opts=opts)

    tagged = recorded(declare)
    assert _group(tagged).inputs["tags"] == {"Workload": "games"}
    expected = {"Name": "system", "Team": "platform", "Workload": "games"}
    assert [it["tags"] for it in _template(tagged).inputs["tagSpecifications"]] == [expected, expected]


@pytest.mark.parametrize(
    ("image", "architecture", "accelerator", "ami_type"),
    [
        ("bottlerocket", "amd64", "none", "BOTTLEROCKET_x86_64"),
        ("bottlerocket", "arm64", "none", "BOTTLEROCKET_ARM_64"),
        ("bottlerocket", "amd64", "nvidia", "BOTTLEROCKET_x86_64_NVIDIA"),
        ("bottlerocket", "arm64", "nvidia", "BOTTLEROCKET_ARM_64_NVIDIA"),
        # The plain image has the driver.
        ("bottlerocket", "amd64", "neuron", "BOTTLEROCKET_x86_64"),
        ("al2023", "amd64", "none", "AL2023_x86_64_STANDARD"),
        ("al2023", "arm64", "none", "AL2023_ARM_64_STANDARD"),
        ("al2023", "amd64", "nvidia", "AL2023_x86_64_NVIDIA"),
        ("al2023", "arm64", "nvidia", "AL2023_ARM_64_NVIDIA"),
        ("al2023", "amd64", "neuron", "AL2023_x86_64_NEURON"),
    ],
)
def test_images(image: str, architecture: str, accelerator: str, ami_type: str) -> None:
    types = {"none": "m5.large", "nvidia": "g5.xlarge", "neuron": "inf2.xlarge"}
    group = _group(_recorded(image=image, architecture=architecture, instance_types=[types[accelerator]]))
    assert group.inputs["amiType"] == ami_type


def test_every_image_is_one_that_eks_knows() -> None:
    known: Any = botocore.session.get_session().get_service_model("eks").shape_for("AMITypes")
    assert set(AMI_TYPES.values()) <= set(known.enum)


# --- Updates ------------------------------------------------------------------------------------------------------


def test_pods_that_hold_a_node_are_left_alone_unless_told_otherwise() -> None:
    assert "forceUpdateVersion" not in _group(_recorded()).inputs
    assert _group(_recorded(force_update_version=True)).inputs["forceUpdateVersion"] is True


def test_timeouts() -> None:
    timeouts = {"create": "30m", "update": "3h", "delete": "45m"}
    found = _group(_recorded(timeouts=timeouts)).options.custom_timeouts
    assert found == timeouts


# --- Sizes --------------------------------------------------------------------------------------------------------

NAME = "system-nodes-0a1b2c3"
RUNNING: Final = RunningGroup(
    min=1, max=3, desired=3, instance_types=["m5.large", "m5a.large"], ami_type="BOTTLEROCKET_x86_64", subnets=3
)


@pytest.mark.parametrize(
    ("changes", "desired"),
    [
        ({}, None),
        ({"max": 9}, 3),
        ({"min": 2}, 3),
        ({"min": 4, "max": 9}, 4),
        ({"min": 1, "max": 2}, 2),
        ({"desired": 1, "max": 9}, 3),
        # A group that takes this one's place.
        ({"instance_types": ["m7i.large"]}, 3),
        ({"image": "al2023"}, 3),
        ({"zones": [A, C]}, 3),
        # Nothing that EKS would take a size with.
        ({"instance_types": ["m5a.large", "m5.large"]}, None),
        ({"labels": {"role": "a"}}, None),
        ({"release": "1.67.0-00000000"}, None),
        ({"zones": [A, C, D]}, None),
    ],
    ids=str,
)
def test_a_group_keeps_the_nodes_that_an_autoscaler_gave_it(changes: dict[str, Any], desired: int | None) -> None:
    """`desired`: the size that is sent; None: none is sent.

    `ignore_changes` alone would send the size of Pulumi's state, and undo what an autoscaler has set since.
    """
    group = _group(_recorded(running={NAME: RUNNING}, **changes))
    ignored = group.options.ignore_changes == ("scalingConfig.desiredSize",)
    assert ignored is (desired is None)
    if desired is not None:
        assert group.inputs["scalingConfig"]["desiredSize"] == desired


@pytest.mark.parametrize("name", ["system-nodes-0a1b2c3-0a1b2c3", "other-system-nodes-0a1b2c3", "system-a-0a1b2c3"])
def test_another_group_is_not_taken_for_this_one(name: str) -> None:
    assert _group(_recorded(running={name: RUNNING}, max=9)).inputs["scalingConfig"]["desiredSize"] == 1


def test_of_a_group_and_its_replacement_the_larger_counts() -> None:
    running = {NAME: RUNNING, "system-nodes-9f8e7d6": replace(RUNNING, desired=1)}
    assert _group(_recorded(running=running, max=9)).inputs["scalingConfig"]["desiredSize"] == 3


# --- A group in each zone -----------------------------------------------------------------------------------------


def test_each_zone_has_a_group_of_equal_nodes() -> None:
    plan = _recorded(per_zone=True, zones=[A, D])
    groups = {entry.name: entry.inputs for entry in plan.find(type="aws:eks/nodeGroup:NodeGroup")}
    assert {name: inputs["subnetIds"] for name, inputs in groups.items()} == {
        "system-a": ["subnet-1"],
        "system-d": ["subnet-3"],
    }
    first, second = ({**inputs, "subnetIds": None} for inputs in groups.values())
    # One template for all: EKS makes a label of its id, and Cluster Autoscaler balances groups of equal labels only.
    assert first == second
    assert carried(plan, "ready") == {"NodeGroup system-a", "NodeGroup system-d"}


def test_each_zone_keeps_its_own_size() -> None:
    one = replace(RUNNING, subnets=1)
    running = {"system-a-0a1b2c3": one, "system-d-0a1b2c3": replace(one, desired=2)}
    plan = _recorded(per_zone=True, zones=[A, D], running=running, max=9)
    sizes = {
        entry.name: entry.inputs["scalingConfig"]["desiredSize"]
        for entry in plan.find(type="aws:eks/nodeGroup:NodeGroup")
    }
    assert sizes == {"system-a": 3, "system-d": 2}


def test_the_image_is_pinned(unknown: bool) -> None:
    """Without a release EKS takes the newest, and nodes change without a pull request."""
    inputs = _group(_recorded(unknown=unknown)).inputs
    assert (inputs["version"], inputs["releaseVersion"]) == ("1.36", "1.66.0-1ad6b4a4")


def test_a_zone_without_a_subnet() -> None:
    with pytest.raises(KeyError, match="ap-northeast-1e"):
        _recorded(zones=["ap-northeast-1e"])


@pytest.mark.parametrize("changes", [{}, {"desired": 2}], ids=["minimum", "desired"])
def test_the_number_of_nodes_is_not_changed_back(changes: dict[str, Any]) -> None:
    assert _group(_recorded(**changes)).options.ignore_changes == ("scalingConfig.desiredSize",)


def test_nothing_else_is_ignored_or_kept() -> None:
    for entry in _recorded():
        if entry is not _group(_recorded()):
            assert entry.options.ignore_changes == ()
        assert not entry.options.protect
        assert not entry.options.retain_on_delete


# --- Launch template ----------------------------------------------------------------------------------------------

SYSTEM_DISK = {"encrypted": "true", "volumeType": "gp3", "deleteOnTermination": "true"}


@pytest.mark.parametrize(
    ("image", "disks"),
    [
        (
            "bottlerocket",
            [
                {"deviceName": "/dev/xvda", "ebs": SYSTEM_DISK},
                {"deviceName": "/dev/xvdb", "ebs": {**SYSTEM_DISK, "volumeSize": 80}},
            ],
        ),
        ("al2023", [{"deviceName": "/dev/xvda", "ebs": {**SYSTEM_DISK, "volumeSize": 80}}]),
    ],
)
def test_every_disk_is_encrypted_and_the_one_for_containers_has_its_size(image: str, disks: list[Any]) -> None:
    assert _template(_recorded(image=image, disk_gib=80)).inputs["blockDeviceMappings"] == disks


def test_disks_have_the_speed_and_the_snapshot_of_the_settings() -> None:
    disk = {"iops": 4000, "throughput": 500, "snapshotId": "snap-0123456789abcdef0"}
    (_, containers) = _template(_recorded(disk=disk)).inputs["blockDeviceMappings"]
    assert containers == {
        "deviceName": "/dev/xvdb",
        "ebs": {
            **SYSTEM_DISK,
            "volumeSize": 50,
            "iops": 4000,
            "throughput": 500,
            "snapshotId": "snap-0123456789abcdef0",
        },
    }


def test_more_disks_are_encrypted_too() -> None:
    key = "arn:aws:kms:ap-northeast-1:777788889999:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
    extra = {"models": {"gib": 200, "mountPath": "/mnt/models"}}
    environment = replace(ENVIRONMENT, volumes_key=key)
    (_, models) = _template(_recorded(environment, image="al2023", extra_disks=extra)).inputs["blockDeviceMappings"]
    assert models == {"deviceName": "/dev/xvdb", "ebs": {**SYSTEM_DISK, "kmsKeyId": key, "volumeSize": 200}}


def test_user_data_is_what_the_settings_ask_for() -> None:
    template = _template(_recorded(image="al2023", kubelet={"shutdownGracePeriod": "30s"}))
    text = base64.b64decode(template.inputs["userData"]).decode()
    assert text.startswith("MIME-Version: 1.0\n")
    assert "shutdownGracePeriod: 30s" in text
    assert "userData" not in _template(_recorded()).inputs


# --- An AMI of the company's own ----------------------------------------------------------------------------------


def _own(template: Registration) -> str:
    return base64.b64decode(template.inputs["userData"]).decode()


IMAGE: Final[dict[str, Any]] = {"release": None, "custom_image": {"id": "ami-0123456789abcdef0"}}
OWN: Final[dict[str, Any]] = {
    **IMAGE,
    "max_pods": 110,
    "labels": {"role": "worker"},
    "taints": [{"key": "special", "value": "true", "effect": "NoSchedule"}],
    "kubelet": {"imageGcHighThresholdPercent": 70, "imageGcLowThresholdPercent": 60},
}


def test_eks_takes_no_version_with_an_image(unknown: bool) -> None:
    plan = _recorded(unknown=unknown, **OWN)
    assert _group(plan).inputs["amiType"] == "CUSTOM"
    assert not {"version", "releaseVersion"} & _group(plan).inputs.keys()
    assert _template(plan).inputs["imageId"] == "ami-0123456789abcdef0"


def test_a_node_of_amazon_linux_joins_by_the_template_alone() -> None:
    """EKS adds nothing to the user data of a template with an AMI."""
    parts: Any = email.message_from_string(_own(_template(_recorded(image="al2023", **OWN)))).get_payload()
    (part,) = parts
    assert yaml.safe_load(part.get_payload())["spec"] == {
        "cluster": {
            "name": where().cluster_name,
            "apiServerEndpoint": "https://api.example.com",
            "certificateAuthority": "Q0E=",
            "cidr": "172.20.0.0/16",
        },
        "kubelet": {
            "config": {
                "imageGCHighThresholdPercent": 70,
                "imageGCLowThresholdPercent": 60,
                "maxPods": 110,
                "registerWithTaints": [{"key": "special", "value": "true", "effect": "NoSchedule"}],
            },
            "flags": ["--node-labels=role=worker"],
        },
    }


def test_a_node_of_bottlerocket_joins_by_the_template_alone() -> None:
    settings = tomllib.loads(_own(_template(_recorded(**OWN))))["settings"]
    assert settings == {
        "kubernetes": {
            "api-server": "https://api.example.com",
            "cluster-certificate": "Q0E=",
            "cluster-name": where().cluster_name,
            "cluster-dns-ip": "172.20.0.10",
            "node-labels": {"role": "worker"},
            "node-taints": {"special": ["true:NoSchedule"]},
            "max-pods": 110,
            "image-gc-high-threshold-percent": "70",
            "image-gc-low-threshold-percent": "60",
        }
    }


def test_a_node_without_labels_and_taints_joins_too() -> None:
    of_ipv6 = replace(ENVIRONMENT, service_range="fd00:1::/108")
    settings = tomllib.loads(_own(_template(_recorded(of_ipv6, **IMAGE))))["settings"]
    assert settings["kubernetes"]["cluster-dns-ip"] == "fd00:1::a"
    text = _own(_template(_recorded(image="al2023", **IMAGE)))
    assert "kubelet" not in text
    assert "apiServerEndpoint: https://api.example.com" in text


@pytest.mark.parametrize(
    "custom_image",
    [{"ssmParameter": "/images/node/id"}, {"name": "node-*", "tags": {"Team": "platform"}, "owner": "111122223333"}],
    ids=["parameter", "name and tags"],
)
def test_an_image_is_looked_up(custom_image: dict[str, Any]) -> None:
    template = _template(_recorded(release=None, custom_image=custom_image))
    assert re.fullmatch("ami-[0-9a-f]{17}", template.inputs["imageId"])


def test_user_data_waits_for_the_cluster_alone() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        environment = replace(ENVIRONMENT, endpoint=LogGroup("endpoint", opts=opts).arn)
        settings = section(NodeGroupSettings, GIVEN, **OWN)
        NodeGroup("system", settings, where(), environment=environment, opts=opts)

    plan = recorded(declare, unknown=True)
    assert _template(plan).inputs["userData"] == UNKNOWN
    assert needs(plan, _template(plan), "userData") == {"LogGroup endpoint"}


def test_pods_do_not_reach_the_nodes_credentials() -> None:
    """A pod is one network hop further away than its node, so controllers get region and VPC as values.

    See the hop limit of 1 in the EKS best practices.
    """
    assert _template(_recorded()).inputs["metadataOptions"] == {
        "httpEndpoint": "enabled",
        "httpTokens": "required",
        "httpPutResponseHopLimit": 1,
    }


def test_pods_reach_them_where_the_settings_say_so() -> None:
    options = _template(_recorded(metadata_hops=2)).inputs["metadataOptions"]
    assert options == {"httpEndpoint": "enabled", "httpTokens": "required", "httpPutResponseHopLimit": 2}


def test_metrics_of_every_minute() -> None:
    before, after = (_template(_recorded(detailed_monitoring=it)).inputs for it in (False, True))
    assert {key: value for key, value in after.items() if before.get(key) != value} == {"monitoring": {"enabled": True}}


def test_repairs_are_those_that_eks_knows() -> None:
    shape: Any = botocore.session.get_session().get_service_model("eks").shape_for("NodeRepairConfigOverrides")
    assert {action.value for action in RepairAction} == set(shape.members["repairAction"].enum)


def test_instances_and_disks_carry_the_tags() -> None:
    """The provider's default tags reach the template only, not what EC2 makes from it."""
    inputs = _template(_recorded(tags={"Stack": "dev", "Name": "own"})).inputs
    assert inputs["tagSpecifications"] == [
        {"resourceType": kind, "tags": {"Name": "own", "Stack": "dev"}} for kind in ("instance", "volume")
    ]
    bare = _template(_recorded()).inputs["tagSpecifications"]
    assert bare == [{"resourceType": kind, "tags": {"Name": "system"}} for kind in ("instance", "volume")]


def test_a_template_holds_nothing_that_eks_refuses_in_one() -> None:
    """EKS fills the rest in, and refuses a group whose template and own settings both say it.

    https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    """
    plan = _recorded()
    assert _template(plan).inputs.keys() == {
        "blockDeviceMappings",
        "metadataOptions",
        "tagSpecifications",
        "updateDefaultVersion",
    }
    assert not {"diskSize", "remoteAccess"} & _group(plan).inputs.keys()


def test_a_new_version_of_the_template_reaches_the_group() -> None:
    plan = _recorded()
    assert _template(plan).inputs["updateDefaultVersion"] is True
    assert needs(plan, _group(plan), "launchTemplate") == {"LaunchTemplate system-nodes"}
    assert _group(_recorded(unknown=True)).inputs["launchTemplate"] == {"id": UNKNOWN, "version": UNKNOWN}


# --- Role ---------------------------------------------------------------------------------------------------------


def test_role() -> None:
    plan = _recorded()
    role = plan.one(type="aws:iam/role:Role")
    assert role.inputs.keys() == {"assumeRolePolicy"}
    (trust,) = document(role, "assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": ["ec2.amazonaws.com"]}
    attachments = plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert {entry.inputs["role"] for entry in attachments} == {role.outputs["name"]}
    assert {entry.inputs["policyArn"] for entry in attachments} == {
        f"arn:aws:iam::aws:policy/{policy}"
        for policy in (
            "AmazonEKSWorkerNodePolicy",
            "AmazonEC2ContainerRegistryPullOnly",
            "AmazonSSMManagedInstanceCore",
        )
    }


def test_the_cni_has_its_rights_from_a_role_of_its_own() -> None:
    """On the node's role every pod with host networking would have them."""
    assert not [entry for entry in _recorded() if "CNI" in str(entry.inputs.get("policyArn"))]


# --- Order --------------------------------------------------------------------------------------------------------


def test_nodes_are_outlived_by_their_rights(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    attachments = {f"RolePolicyAttachment {entry.name}" for entry in plan if entry.type.endswith("Attachment")}
    assert len(attachments) == 3
    assert attachments <= needs(plan, _group(plan), "nodeRoleArn")


def test_nodes_come_after_the_cluster_and_their_way_out(unknown: bool) -> None:
    """Add-ons and routes are deleted after the nodes.

    A node without a CNI is never ready (terraform-aws-eks #3446); without routes it cannot drain
    (appmod-blueprints #582).
    """

    def declare(opts: pulumi.ResourceOptions) -> None:
        subnet = ec2.Subnet("subnet", vpc_id="vpc-1", opts=opts)
        environment = replace(
            ENVIRONMENT,
            cluster_name=LogGroup("cluster", opts=opts).name,
            subnets=_by_zone(subnet.id.apply(lambda found: {A: found})),
        )
        NodeGroup("system", section(NodeGroupSettings, GIVEN), where(), environment=environment, opts=opts)

    plan = recorded(declare, unknown=unknown)
    assert needs(plan, _group(plan), "clusterName") == {"LogGroup cluster"}
    assert needs(plan, _group(plan), "subnetIds") == {"Subnet subnet"}
    early = [entry for entry in plan if entry.custom and entry is not _group(plan)]
    assert not [entry for entry in early if "LogGroup cluster" in waits_for(plan, entry)]


def test_what_needs_nodes_waits_for_the_group(unknown: bool) -> None:
    """The coredns add-on, for example, waits 20 minutes for a node and then fails."""
    assert carried(_recorded(unknown=unknown), "ready") == {"NodeGroup system-nodes"}


def test_outputs(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    expected = {
        "node_group_names": [_group(plan).outputs["nodeGroupName"]],
        "role_arn": UNKNOWN if unknown else plan.one(type="aws:iam/role:Role").outputs["arn"],
    }
    assert {output: probed(plan, output) for output in expected} == expected
    assert plan.one(type="eks-platform:index:NodeGroup").outputs == expected
    assert carried(plan, "node_group_names") == {"NodeGroup system-nodes"}
