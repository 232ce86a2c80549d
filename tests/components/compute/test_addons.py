"""NodeAddons and ClusterAddons: pinned versions, configurations that EKS accepts, and the order around the nodes."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

import pulumi
import pytest
from pulumi_aws import ec2

from components.common.placement import Placement
from components.compute.addons import (
    ClusterAddons,
    NodeAddons,
    PodNetwork,
    coredns_configuration,
    metrics_server_configuration,
    vpc_cni_configuration,
)
from facts import iam_documents
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Addons, IpFamily
from tests.components.given import CLUSTER, FARGATE, NODES, identity, on_cluster, waiting_for_compute
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

A, C = f"{REGION}a", f"{REGION}c"
VERSIONS = {
    "vpc-cni": "v1.22.4-eksbuild.3",
    "kube-proxy": "v1.36.0-eksbuild.25",
    "eks-pod-identity-agent": "v1.3.10-eksbuild.3",
    "coredns": "v1.14.3-eksbuild.23",
    "aws-ebs-csi-driver": "v1.66.0-eksbuild.1",
    "metrics-server": "v0.9.0-eksbuild.11",
    "snapshot-controller": "v8.6.0-eksbuild.8",
    "eks-node-monitoring-agent": "v1.7.2-eksbuild.1",
}
NODE_ADDONS = ("vpc-cni", "kube-proxy", "eks-pod-identity-agent")
ANYWHERE = Placement(fargate=False)
PODS: Final = PodNetwork(region=REGION, subnets={}, security_group_id="sg-1", ip_family=IpFamily.IPV4)
SETTINGS: Final = Addons()
ON_NODES = {
    "nodeSelector": {"role": "operations"},
    "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
}
SNAPSHOT_CLASS = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"
KINDS = pytest.mark.parametrize("kind", ["irsa", "pod-identity"])


@remembered
def _node_addons(*, unknown: bool = False, kind: str = "irsa", settings: Addons = SETTINGS, **changes: Any) -> Plan:
    pods = replace(PODS, **changes)

    def declare(opts: pulumi.ResourceOptions) -> None:
        addons = NodeAddons("addons", settings, versions=VERSIONS, identity=identity(kind), pods=pods, opts=opts)
        Probe(cluster_name=addons.cluster_name)

    return recorded(declare, unknown=unknown)


def _cluster_addons(
    *,
    unknown: bool = False,
    kind: str = "irsa",
    versions: Mapping[str, str] = VERSIONS,
    settings: Addons = SETTINGS,
    **changes: Any,
) -> Plan:
    cluster = on_cluster(**{"identity": identity(kind), "tags": {}, **changes})
    return recorded(
        lambda opts: ClusterAddons("addons", settings, cluster, versions=versions, opts=opts), unknown=unknown
    )


def _addon(plan: Plan, name: str) -> Registration:
    return plan.one(type="aws:eks/addon:Addon", name=f"addons-{name}")


def _addons(plan: Plan) -> set[str]:
    return {entry.inputs["addonName"] for entry in plan.find(type="aws:eks/addon:Addon")}


# --- What there is ------------------------------------------------------------------------------------------------


@KINDS
def test_shape(kind: str, unknown: bool) -> None:
    assert_shape(_node_addons(unknown=unknown, kind=kind), NodeAddons, "addons")
    assert_shape(_cluster_addons(unknown=unknown, kind=kind), ClusterAddons, "addons")


def test_inventory_of_node_addons() -> None:
    plan = _node_addons()
    entry = plan.one(type="eks-platform:index:NodeAddons", name="addons")
    assert below(plan, entry) == {
        *(f"Addon addons-{name}" for name in NODE_ADDONS),
        "Irsa addons-vpc-cni",
        "Role addons-vpc-cni",
        "RolePolicyAttachment addons-vpc-cni-AmazonEKS_CNI_Policy",
    }


def test_inventory_of_cluster_addons() -> None:
    """The program creates the coredns add-on: `pulumi_eks.Cluster` does not with `skip_default_node_group`."""
    plan = _cluster_addons()
    entry = plan.one(type="eks-platform:index:ClusterAddons", name="addons")
    assert below(plan, entry) == {
        "Addon addons-coredns",
        "Addon addons-metrics-server",
        "Addon addons-aws-ebs-csi-driver",
        "Addon addons-snapshot-controller",
        "Addon addons-eks-node-monitoring-agent",
        "VolumeSnapshotClass addons-snapshots",
        "Irsa addons-ebs-csi",
        "Role addons-ebs-csi",
        "RolePolicyAttachment addons-ebs-csi-AmazonEBSCSIDriverPolicyV2",
        "StorageClass addons-gp3",
    }


@pytest.mark.parametrize(
    "wanted",
    [
        set(),
        {"metrics-server"},
        {"aws-ebs-csi-driver"},
        {"aws-ebs-csi-driver", "snapshot-controller"},
        {"eks-node-monitoring-agent"},
    ],
    ids=lambda wanted: " and ".join(sorted(wanted)) or "none",
)
def test_some_addons_are_a_matter_of_choice(wanted: set[str]) -> None:
    chosen = {name: VERSIONS[name] for name in ("coredns", *sorted(wanted))}
    plan = _cluster_addons(versions=chosen)
    assert _addons(plan) == {"coredns", *wanted}
    ebs = "aws-ebs-csi-driver" in wanted
    assert bool(plan.find(type="aws:iam/role:Role")) is ebs
    assert bool(plan.find(type="kubernetes:storage.k8s.io/v1:StorageClass")) is ebs
    assert bool(plan.find(type=SNAPSHOT_CLASS)) is ("snapshot-controller" in wanted)


@pytest.mark.parametrize("name", VERSIONS)
def test_each_addon_is_at_its_pinned_version_and_ours_alone(name: str) -> None:
    plan = _node_addons() if name in NODE_ADDONS else _cluster_addons()
    inputs = _addon(plan, name).inputs
    assert {key: inputs[key] for key in ("clusterName", "addonName", "addonVersion")} == {
        "clusterName": CLUSTER,
        "addonName": name,
        "addonVersion": VERSIONS[name],
    }
    assert inputs["resolveConflictsOnCreate"] == inputs["resolveConflictsOnUpdate"] == "OVERWRITE"


def test_dns_stays_until_the_nodes_go() -> None:
    """Controllers that still clean up in AWS on destroy need it, and nothing depends on the add-on."""
    preserved = {
        entry.inputs["addonName"]
        for plan in (_node_addons(), _cluster_addons())
        for entry in plan.find(type="aws:eks/addon:Addon")
        if entry.inputs.get("preserve")
    }
    assert preserved == {"coredns"}


# --- Order --------------------------------------------------------------------------------------------------------


def test_nodes_come_after_the_addons_that_make_them_ready(unknown: bool) -> None:
    """Without a CNI a node never becomes ready, and the creation of its group fails (terraform-aws-eks #3446).

    EKS also reads the CNI's prefix delegation when it makes a group, to tell the kubelet how many pods there may be.
    """
    plan = _node_addons(unknown=unknown)
    assert carried(plan, "cluster_name") >= {f"Addon addons-{name}" for name in NODE_ADDONS}
    assert probed(plan, "cluster_name") == CLUSTER


def test_node_addons_do_not_wait_for_each_other() -> None:
    plan = _node_addons()
    for name in NODE_ADDONS:
        others = {f"Addon addons-{other}" for other in NODE_ADDONS if other != name}
        assert not waits_for(plan, _addon(plan, name)) & others


def test_pods_come_after_the_nodes() -> None:
    """The coredns add-on waits 20 minutes for a node and then fails; the pods of the others need a node too."""
    waiting = waiting_for_compute(
        lambda cluster, opts: ClusterAddons("addons", SETTINGS, cluster, versions=VERSIONS, opts=opts)
    )
    assert waiting == {
        "Addon addons-coredns",
        "Addon addons-metrics-server",
        "Addon addons-eks-node-monitoring-agent",
        "Addon addons-snapshot-controller",
        "VolumeSnapshotClass addons-snapshots",
        "Addon addons-aws-ebs-csi-driver",
        "StorageClass addons-gp3",
    }


# --- Roles --------------------------------------------------------------------------------------------------------


WITH_ROLES = pytest.mark.parametrize(
    ("record", "addon", "account", "policy"),
    [
        (_node_addons, "vpc-cni", "aws-node", "AmazonEKS_CNI_Policy"),
        (_cluster_addons, "aws-ebs-csi-driver", "ebs-csi-controller-sa", "AmazonEBSCSIDriverPolicyV2"),
    ],
    ids=["vpc-cni", "ebs-csi"],
)


@WITH_ROLES
def test_roles_by_irsa(record: Any, addon: str, account: str, policy: str, unknown: bool) -> None:
    plan = record(unknown=unknown)
    role = plan.one(type="aws:iam/role:Role")
    (trust,) = document(role, "assumeRolePolicy")["Statement"]
    subjects = next(v for c in trust["Condition"].values() for k, v in c.items() if k.endswith(":sub"))
    assert subjects == [f"system:serviceaccount:kube-system:{account}"]
    entry = _addon(plan, addon)
    assert entry.inputs["serviceAccountRoleArn"] == (UNKNOWN if unknown else role.outputs["arn"])
    attachment = plan.one(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attachment.inputs["policyArn"].endswith(f"/{policy}")
    assert f"RolePolicyAttachment {attachment.name}" in waits_for(plan, entry)


@WITH_ROLES
def test_roles_by_pod_identity(record: Any, addon: str, account: str, policy: str, unknown: bool) -> None:
    plan = record(unknown=unknown, kind="pod-identity")
    association = plan.one(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert (association.inputs["namespace"], association.inputs["serviceAccount"]) == ("kube-system", account)
    entry = _addon(plan, addon)
    assert "serviceAccountRoleArn" not in entry.inputs
    attachment = plan.one(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")
    assert attachment.inputs["policyArn"].endswith(f"/{policy}")
    awaited = waits_for(plan, entry)
    assert f"PodIdentityAssociation {association.name}" in awaited
    assert f"RolePolicyAttachment {attachment.name}" in awaited


@KINDS
def test_the_other_addons_have_no_role(kind: str) -> None:
    for plan in (_node_addons(kind=kind), _cluster_addons(kind=kind)):
        for name in _addons(plan) - {"vpc-cni", "aws-ebs-csi-driver"}:
            assert "serviceAccountRoleArn" not in _addon(plan, name).inputs


# --- Configurations -----------------------------------------------------------------------------------------------


def test_vpc_cni_gives_pods_addresses_by_the_prefix() -> None:
    """EKS refuses the booleans and numbers of the chart in this add-on's schema: they are strings there."""
    configuration = json.loads(vpc_cni_configuration(REGION, {}, "sg-1"))
    assert configuration == {
        "enableNetworkPolicy": "true",
        "env": {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1"},
    }


def test_vpc_cni_without_subnets_for_pods() -> None:
    assert "eniConfig" not in vpc_cni_configuration(REGION, {}, "sg-1")
    assert "CUSTOM_NETWORK" not in vpc_cni_configuration(REGION, {}, "sg-1")


def test_vpc_cni_puts_pods_into_their_own_subnets() -> None:
    """The add-on names each ENIConfig by its key, and a node looks for the one named as its zone.

    https://github.com/aws/amazon-vpc-cni-k8s/pull/1918
    """
    configuration = json.loads(vpc_cni_configuration(REGION, {A: "subnet-1", C: "subnet-2"}, "sg-1"))
    assert configuration["env"] == {
        "ENABLE_PREFIX_DELEGATION": "true",
        "WARM_PREFIX_TARGET": "1",
        "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
        "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
    }
    assert configuration["eniConfig"] == {
        "create": True,
        "region": REGION,
        "subnets": {
            A: {"id": "subnet-1", "securityGroups": ["sg-1"]},
            C: {"id": "subnet-2", "securityGroups": ["sg-1"]},
        },
    }


@pytest.mark.parametrize("pod_subnets", [{}, {A: "subnet-1"}], ids=["nodes' subnets", "own subnets"])
def test_the_addon_is_configured_so(pod_subnets: dict[str, str]) -> None:
    found = _addon(_node_addons(security_group_id="sg-9", subnets=pod_subnets), "vpc-cni").inputs["configurationValues"]
    assert found == vpc_cni_configuration(REGION, pod_subnets, "sg-9")


def test_the_cni_waits_for_the_subnets_of_pods() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        subnet = ec2.Subnet("pods", vpc_id="vpc-1", opts=opts)
        pods = replace(PODS, subnets=subnet.id.apply(lambda found: {A: found}))
        NodeAddons("addons", SETTINGS, versions=VERSIONS, identity=identity(), pods=pods, opts=opts)

    plan = recorded(declare, unknown=True)
    cni = _addon(plan, "vpc-cni")
    assert needs(plan, cni, "configurationValues") == {"Subnet pods"}
    assert cni.inputs["configurationValues"] is UNKNOWN


@pytest.mark.parametrize("name", ["kube-proxy", "eks-pod-identity-agent"])
def test_addons_of_nodes_run_on_every_node(name: str) -> None:
    assert "configurationValues" not in _addon(_node_addons(), name).inputs


def test_coredns_configuration() -> None:
    stays = {"podAnnotations": {"karpenter.sh/do-not-disrupt": "true"}}
    assert json.loads(coredns_configuration(NODES)) == {**ON_NODES, **stays}
    assert json.loads(coredns_configuration(ANYWHERE)) == stays


def test_coredns_on_fargate_asks_for_it() -> None:
    """Without `computeType: Fargate` its pods have the annotation for EC2 and wait for a node that does not exist.

    The size is the smallest of Fargate, less the 256 MB that Fargate takes for itself.
    """
    size = {"cpu": "0.25", "memory": "256M"}
    assert json.loads(coredns_configuration(FARGATE)) == {
        "computeType": "Fargate",
        "resources": {"limits": size, "requests": size},
    }


def test_metrics_server_configuration() -> None:
    assert json.loads(metrics_server_configuration(NODES)) == {"replicas": 2, **ON_NODES}
    assert json.loads(metrics_server_configuration(ANYWHERE)) == {"replicas": 2}


def test_metrics_server_leaves_the_kubelets_port_on_fargate() -> None:
    assert json.loads(metrics_server_configuration(FARGATE)) == {"replicas": 2, "containerPort": 10251}


@pytest.mark.parametrize("placement", [NODES, FARGATE, ANYWHERE], ids=["nodes", "fargate", "anywhere"])
def test_addons_of_the_cluster_run_where_they_are_placed(placement: Placement) -> None:
    plan = _cluster_addons(placement=placement)
    found: dict[str, Any] = {name: _addon(plan, name).inputs.get("configurationValues") for name in _addons(plan)}
    assert found["coredns"] == coredns_configuration(placement)
    assert found["metrics-server"] == metrics_server_configuration(placement)
    on_nodes = ON_NODES if placement is NODES else {}
    assert json.loads(found["snapshot-controller"]) == on_nodes
    # The driver's other half runs on every node that has volumes, whatever its taints.
    assert json.loads(found["aws-ebs-csi-driver"]) == {"controller": on_nodes}


def test_volumes_of_claims_carry_the_tags_of_the_stack() -> None:
    """An organisation's policy that demands tags would otherwise refuse every claim."""
    tags = {"Stack": "dev", "CostCenter": "a+b=c"}
    found = _addon(_cluster_addons(tags=tags), "aws-ebs-csi-driver").inputs["configurationValues"]
    assert json.loads(found)["controller"]["extraVolumeTags"] == tags


def test_volumes_are_encrypted_gp3_unless_somebody_asks_for_another_class() -> None:
    plan = _cluster_addons()
    found = plan.one(type="kubernetes:storage.k8s.io/v1:StorageClass")
    assert {key: value for key, value in found.inputs.items() if key not in ("apiVersion", "kind")} == {
        "metadata": {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
        "provisioner": "ebs.csi.aws.com",
        "parameters": {"type": "gp3", "encrypted": "true"},
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "WaitForFirstConsumer",
    }
    assert needs(plan, found) == {"Addon addons-aws-ebs-csi-driver"}


# --- Snapshots, node monitoring -----------------------------------------------------------------------------------


def test_snapshots_are_of_the_driver_unless_somebody_asks_for_another_class() -> None:
    plan = _cluster_addons()
    found = plan.one(type=SNAPSHOT_CLASS)
    assert found.inputs == {
        "apiVersion": "snapshot.storage.k8s.io/v1",
        "kind": "VolumeSnapshotClass",
        "metadata": {"name": "ebs", "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"}},
        "driver": "ebs.csi.aws.com",
        "deletionPolicy": "Delete",
    }
    # The definition of the class comes and goes with the add-on.
    assert needs(plan, found) == {"Addon addons-snapshot-controller"}


def test_the_driver_finds_the_definitions_of_snapshots() -> None:
    """Where they come after it, it has no snapshotter (aws-ebs-csi-driver, docs/install.md)."""
    plan = _cluster_addons()
    assert "Addon addons-snapshot-controller" in needs(plan, _addon(plan, "aws-ebs-csi-driver"))
    alone = _cluster_addons(versions={name: VERSIONS[name] for name in ("coredns", "aws-ebs-csi-driver")})
    assert not [name for name in needs(alone, _addon(alone, "aws-ebs-csi-driver")) if name.startswith("Addon")]


def test_the_monitoring_agent_runs_on_every_node() -> None:
    """It tolerates every taint by itself (its chart's values)."""
    assert "configurationValues" not in _addon(_cluster_addons(), "eks-node-monitoring-agent").inputs


# --- IPv6 and Auto Mode -------------------------------------------------------------------------------------------


@KINDS
def test_with_ipv6_the_cni_has_a_policy_of_our_own(kind: str, unknown: bool) -> None:
    plan = _node_addons(kind=kind, unknown=unknown, ip_family=IpFamily.IPV6)
    attached = {entry.name for entry in plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")}
    assert attached == {"addons-vpc-cni-ipv6"}
    (policy,) = plan.find(type="aws:iam/policy:Policy")
    assert json.loads(policy.inputs["policy"]) == iam_documents.vpc_cni_ipv6(REGION)


def test_auto_mode_has_volumes_and_dns_of_its_own() -> None:
    plan = _cluster_addons(versions={"metrics-server": "v0.9.0-eksbuild.11"}, built_in_volumes=True)
    assert _addons(plan) == {"metrics-server"}
    storage = plan.one(type="kubernetes:storage.k8s.io/v1:StorageClass").inputs
    assert storage["provisioner"] == "ebs.csi.eks.amazonaws.com"
    assert storage["parameters"]["encrypted"] == "true"
    assert not plan.find(type="aws:iam/role:Role")


# --- Values of a stack file ---------------------------------------------------------------------------------------


def test_values_are_merged_into_those_of_the_program() -> None:
    more: dict[str, dict[str, Any]] = {
        "vpc-cni": {"env": {"ENABLE_POD_ENI": "true"}, "init": {"env": {"DISABLE_TCP_EARLY_DEMUX": "true"}}},
        "kube-proxy": {"mode": "nftables"},
    }
    plan = _node_addons(settings=Addons(values=more))
    cni = json.loads(_addon(plan, "vpc-cni").inputs["configurationValues"])
    assert cni["env"] == {"ENABLE_PREFIX_DELEGATION": "true", "WARM_PREFIX_TARGET": "1", "ENABLE_POD_ENI": "true"}
    assert cni["enableNetworkPolicy"] == "true"
    assert cni["init"] == {"env": {"DISABLE_TCP_EARLY_DEMUX": "true"}}
    assert json.loads(_addon(plan, "kube-proxy").inputs["configurationValues"]) == {"mode": "nftables"}
    assert "configurationValues" not in _addon(plan, "eks-pod-identity-agent").inputs


def test_values_reach_the_addons_that_need_nodes() -> None:
    scaling = {"enabled": True, "minReplicas": 2, "maxReplicas": 10}
    plan = _cluster_addons(settings=Addons(values={"coredns": {"autoScaling": scaling}}))
    found = json.loads(_addon(plan, "coredns").inputs["configurationValues"])
    assert found == {**json.loads(coredns_configuration(NODES)), "autoScaling": scaling}


# --- Storage classes ----------------------------------------------------------------------------------------------

CLASS: Final = "kubernetes:storage.k8s.io/v1:StorageClass"
KEY: Final = f"arn:aws:kms:{REGION}:111122223333:key/0f1e2d3c"
OTHER_KEY: Final = f"arn:aws:kms:{REGION}:111122223333:key/4f6c1b2a"
CLASSES: Final = Addons.model_validate_json(
    json.dumps(
        {
            "storageClasses": {
                "fast": {"type": "io2", "iops": 20000, "fsType": "xfs", "key": OTHER_KEY, "reclaim": "Retain"},
                "wide": {"iops": 4000, "throughput": 500, "default": True},
            }
        }
    )
)


def _classes(plan: Plan) -> dict[str, Mapping[str, Any]]:
    return {entry.inputs["metadata"]["name"]: entry.inputs for entry in plan.find(type=CLASS)}


def test_storage_classes_are_those_of_the_stack_file_and_one_is_the_default() -> None:
    found = _classes(_cluster_addons(settings=CLASSES, volumes_key=KEY))
    assert found["fast"]["parameters"] == {
        "type": "io2",
        "iops": "20000",
        "encrypted": "true",
        "csi.storage.k8s.io/fstype": "xfs",
        "kmsKeyId": OTHER_KEY,
    }
    assert found["fast"]["reclaimPolicy"] == "Retain"
    assert found["wide"]["parameters"]["throughput"] == "500"
    assert found["wide"]["parameters"]["kmsKeyId"] == KEY
    assert {it["volumeBindingMode"] for it in found.values()} == {"WaitForFirstConsumer"}
    default = "storageclass.kubernetes.io/is-default-class"
    assert [name for name, it in found.items() if it["metadata"].get("annotations", {}).get(default)] == ["wide"]


def test_the_driver_may_use_every_key_of_a_class() -> None:
    plan = _cluster_addons(settings=CLASSES, volumes_key=KEY)
    policy = document(plan.one(type="aws:iam/policy:Policy"), "policy")
    assert [statement["Resource"] for statement in policy["Statement"]] == [[KEY, OTHER_KEY]] * 2


def test_auto_modes_driver_makes_the_volumes_of_classes() -> None:
    plan = _cluster_addons(
        versions={}, built_in_volumes=True, settings=Addons.model_validate_json('{"storageClasses": {"slow": {}}}')
    )
    assert {it["provisioner"] for it in _classes(plan).values()} == {"ebs.csi.eks.amazonaws.com"}
