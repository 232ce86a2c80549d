import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from harness import RefusedError, sdk
from rehearsal.engine.refusals import RULES, uses
from rehearsal.engine.refusals.aws import AUTO_MODE_POLICIES
from rehearsal.engine.refusals.cluster import (
    CERTIFICATE,
    CLUSTER_STORE,
    DEFINITION,
    INGRESS,
    NAMESPACE,
    NAMESPACE_ISSUER,
    NODE_CLASS,
    NODE_POOL,
    PROJECT,
    RELEASE,
    SERVICE,
)
from rehearsal.engine.refusals.controllers import POD_IDENTITY_SERVICE
from rehearsal.engine.refusals.quotas import counted
from tests.engine.fake_cloud import (
    BALANCER_ACTIONS,
    DEPLOYER,
    KARPENTER_ACTIONS,
    REGION,
    FakeCloud,
    allow,
    cert_manager,
    platform,
    trust,
)

CONTROLLER = "aws-load-balancer-controller"


@pytest.fixture
def cloud(tmp_path: Path) -> FakeCloud:
    return platform(tmp_path)


TEARDOWN = (
    *("applications", "project", "argo-cd", "argocd"),
    *("ingress", "binding", "pool", "node-class", "node-entry", "karpenter", "definitions", CONTROLLER),
    *("service", "namespace", "coredns", "nodes", "vpc-cni", "rights", "entry", "oidc", "cluster", "logs"),
    *("public-route", "private-route", "nat", "address"),
)


def test_a_platform_is_taken_down_in_the_right_order_and_leaves_nothing(cloud: FakeCloud) -> None:
    for name in TEARDOWN:
        cloud.delete(name)
    kinds = (uses.ASSOCIATION, uses.TABLE, uses.GATEWAY, uses.SUBNET, uses.VPC)
    for kind in (*kinds, uses.ATTACHMENT, uses.POLICY, uses.PROFILE, uses.ROLE):
        for name, resource in cloud.made.items():
            if resource.type == kind:
                cloud.delete(name)

    assert cloud.left() == []


IN_USE = {
    "vpc": "DependencyViolation",
    "public-a": "DependencyViolation",
    "private-a": "DependencyViolation",
    "gateway": "DependencyViolation",
    "address": "InvalidIPAddress.InUse",
    "public-table": "DependencyViolation",
    "control-plane-role": "DeleteConflict",
    "karpenter-node-role": "DeleteConflict",
    "karpenter-policy": "DeleteConflict",
    "profile": "DeleteConflict",
    "cluster": "ResourceInUseException",
    "node-class": "timed out waiting for the finalizer",
    "definitions": "WouldDeleteObjects",
}


@pytest.mark.parametrize(("name", "code"), IN_USE.items(), ids=IN_USE)
def test_what_is_in_use_stays(cloud: FakeCloud, name: str, code: str) -> None:
    with pytest.raises(RefusedError, match=code):
        cloud.delete(name)

    assert str(cloud[name]) in cloud.left()


LOST = [
    ("control-plane-AmazonEKSClusterPolicy", "cluster", "has no AmazonEKSClusterPolicy"),
    ("private-route", "nodes", "nothing leads out of"),
    ("public-route", "nodes", "nothing leads out of"),
    ("nat", "nodes", "nothing leads out of"),
    ("private-route", "pool", "nothing leads out of"),
    ("node-AmazonEKSWorkerNodePolicy", "nodes", "no policy by which a node joins"),
    (CONTROLLER, "ingress", "no Helm release"),
    (CONTROLLER, "binding", "no Helm release"),
    (f"{CONTROLLER}-attachment", "ingress", "does not allow"),
    (f"{CONTROLLER}-role", "binding", "or is gone"),
    ("oidc", "ingress", "or is gone"),
    ("nodes", "ingress", "there is no ready node"),
    ("karpenter", "pool", "no Helm release"),
    ("karpenter", "node-class", "no Helm release"),
    ("karpenter-attachment", "pool", "does not allow ec2:TerminateInstances"),
    ("rights", "namespace", "Unauthorized"),
    ("entry", "ingress", "Unauthorized"),
    ("cluster", "namespace", "unreachable"),
    (CONTROLLER, "namespace", "keeps it terminating"),
    ("argo-cd", "applications", "no Helm release"),
    ("argo-cd", "argocd", "keeps it terminating"),
    ("project", "applications", 'appproject.argoproj.io "applications" not found'),
    (CONTROLLER, "applications", "the load balancers of its Applications stay"),
]


@pytest.mark.parametrize(("lost", "name", "reason"), LOST, ids=[f"{name} without {lost}" for lost, name, _ in LOST])
def test_what_has_lost_its_helper_stays_for_ever(cloud: FakeCloud, lost: str, name: str, reason: str) -> None:
    if lost == "nodes":
        cloud.delete("pool")  # Else Karpenter's node takes the controllers' pods.
    if name == "cluster":
        cloud.lose("nodes")
    cloud.lose(lost)

    with pytest.raises(RefusedError, match=reason):
        cloud.delete(name)

    assert str(cloud[name]) in cloud.left()


@pytest.mark.parametrize(
    ("services", "reason"),
    [
        ("10.0.128.0/20", r"overlaps 10\.0\.0\.0/16, a range of the VPC"),
        ("192.168.0.0/25", "is no private range from /12 to /24"),
        ("8.8.0.0/16", "is no private range from /12 to /24"),
    ],
)
def test_services_have_a_private_range_outside_of_the_vpc(cloud: FakeCloud, services: str, reason: str) -> None:
    inputs = {**cloud["cluster"].inputs, "name": "second", "kubernetesNetworkConfig": {"serviceIpv4Cidr": services}}
    with pytest.raises(RefusedError, match=f"InvalidParameterException: {services} {reason}"):
        cloud.make("second", uses.CLUSTER, **inputs)


def test_entries_of_nodes_have_neither_groups_nor_policies_of_people(cloud: FakeCloud) -> None:
    role = "arn:aws:iam::111122223333:role/nodes"
    on_cluster = {"clusterName": "platform", "principalArn": role}
    with pytest.raises(RefusedError, match="kubernetesGroups cannot be set for the type EC2_WINDOWS"):
        cloud.make("nodes-entry", uses.ENTRY, **on_cluster, type="EC2_WINDOWS", kubernetesGroups=["a"])
    cloud.make("nodes-entry", uses.ENTRY, **on_cluster, type="EC2")
    policies = "arn:aws:eks::aws:cluster-access-policy"
    scope = {"type": "cluster"}
    with pytest.raises(RefusedError, match="AmazonEKSViewPolicy cannot be associated with an entry of type EC2"):
        cloud.make(
            "view", uses.ENTRY_POLICY, **on_cluster, policyArn=f"{policies}/AmazonEKSViewPolicy", accessScope=scope
        )
    node_policy = f"{policies}/AmazonEKSAutoNodePolicy"
    cloud.make("auto", uses.ENTRY_POLICY, **on_cluster, policyArn=node_policy, accessScope=scope)
    people = {"clusterName": "platform", "principalArn": DEPLOYER, "policyArn": node_policy, "accessScope": scope}
    with pytest.raises(
        RefusedError, match="AmazonEKSAutoNodePolicy cannot be associated with an entry of type STANDARD"
    ):
        cloud.make("people", uses.ENTRY_POLICY, **people)


def test_the_role_of_a_capability_gets_its_entry_from_eks(cloud: FakeCloud) -> None:
    role = "arn:aws:iam::111122223333:role/kro"
    capability = {"clusterName": "platform", "capabilityName": "kro", "type": "KRO", "roleArn": role}
    rights: dict[str, Any] = {"clusterName": "platform", "principalArn": role, "accessScope": {"type": "cluster"}}
    rights["policyArn"] = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSEditPolicy"
    with pytest.raises(RefusedError, match="names the AccessEntry"):
        cloud.make("kro-rights", uses.ENTRY_POLICY, **rights)
    cloud.make("kro", uses.CAPABILITY, **capability, deletePropagationPolicy="RETAIN")
    cloud.make("kro-rights", uses.ENTRY_POLICY, **rights)


def test_a_cluster_has_one_provider_of_users(cloud: FakeCloud) -> None:
    oidc = {"identityProviderConfigName": "one", "issuerUrl": "https://login.example.jp", "clientId": "a"}
    cloud.make("one", uses.IDENTITY_PROVIDER, clusterName="platform", oidc=oidc)
    another = {**oidc, "identityProviderConfigName": "two"}
    with pytest.raises(RefusedError, match="has the identity provider platform:one already"):
        cloud.make("two", uses.IDENTITY_PROVIDER, clusterName="platform", oidc=another)


def test_a_private_endpoint_lets_nobody_in_by_itself(cloud: FakeCloud) -> None:
    """terraform-aws-eks #2746: the group that EKS makes knows nodes and pods alone."""
    group = cloud.make("private-access", uses.GROUP, vpcId=cloud["vpc"].id, name="private-access").id
    network = {**cloud["cluster"].inputs["vpcConfig"], "securityGroupIds": [group]}
    private = {**network, "endpointPublicAccess": False, "endpointPrivateAccess": True}
    cloud.change("cluster", vpcConfig=private)
    another: dict[str, Any] = {"metadata": {"name": "another"}}
    with pytest.raises(RefusedError, match="nobody is let in to its private endpoint"):
        cloud.make("another", NAMESPACE, **another)

    https = {"ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    cloud.make("runners", uses.INGRESS_RULE, securityGroupId=group, cidrIpv4="10.200.0.0/24", **https)
    assert cloud.make("another", NAMESPACE, **another).get("metadata.name") == "another"


def test_a_lost_controller_leaves_its_load_balancer_in_the_way_of_the_network(cloud: FakeCloud) -> None:
    for name in ("pool", CONTROLLER, "ingress"):
        cloud.lose(name)

    with pytest.raises(RefusedError, match=r"DependencyViolation.*LoadBalancer"):
        cloud.delete("public-c")


def test_a_node_pool_that_goes_takes_its_node_with_it(cloud: FakeCloud) -> None:
    before = [name for name in cloud.left() if name.startswith("Instance ")]
    cloud.delete("pool")

    assert len(before) == 1
    assert not [name for name in cloud.left() if name.startswith("Instance ")]


def test_applications_take_their_load_balancers_with_them(cloud: FakeCloud) -> None:
    balancers = [name for name in cloud.left() if name.startswith("LoadBalancer ")]
    cloud.delete("applications")

    gone = set(balancers) - set(cloud.left())
    assert len(gone) == 1
    assert "net/k8s-applications" in gone.pop()


@pytest.mark.parametrize("lost", ["private-route", "nat", "private-a-routes", "public-route", "gateway"])
def test_auto_modes_nodes_need_their_way_out_until_they_end_with_the_control_plane(cloud: FakeCloud, lost: str) -> None:
    for policy in AUTO_MODE_POLICIES:
        arn = f"arn:aws:iam::aws:policy/{policy}"
        cloud.make(policy, uses.ATTACHMENT, role="control-plane", policyArn=arn)
    cloud.lose("nodes")
    cloud.change("cluster", computeConfig={"enabled": True, "nodePools": ["system"]})
    cloud.lose(lost)

    with pytest.raises(RefusedError, match=r"NodeTerminationFailure.*nothing leads out of"):
        cloud.delete("cluster")


def test_a_tag_with_two_owners_goes_with_the_first_of_them(cloud: FakeCloud) -> None:
    subnet = {"resourceId": cloud["private-a"].id, "key": "kubernetes.io/role/internal-elb", "value": "1"}
    cloud.make("tag of one", uses.TAG, **subnet)
    cloud.make("tag of another", uses.TAG, **subnet)
    assert cloud.left().count(str(cloud["tag of one"])) == 1
    cloud.delete("tag of one")

    assert str(cloud["tag of another"]) not in cloud.left()


SPOT = [{"key": "karpenter.sh/capacity-type", "operator": "In", "values": ["spot", "on-demand"]}]


def test_the_first_spot_instance_of_an_account_needs_its_service_linked_role(cloud: FakeCloud) -> None:
    spec = {"template": {"spec": {"nodeClassRef": {"name": "default"}, "requirements": SPOT}}}
    with pytest.raises(RefusedError, match="does not allow iam:CreateServiceLinkedRole"):
        cloud.make("spot", NODE_POOL, kind="NodePool", metadata={"name": "spot"}, spec=spec)

    cloud.change("karpenter-policy", policy=allow(*KARPENTER_ACTIONS, "iam:CreateServiceLinkedRole"))
    cloud.make("spot", NODE_POOL, kind="NodePool", metadata={"name": "spot"}, spec=spec)


@pytest.mark.parametrize("kept", [True, False])
def test_argo_cds_definitions_stay_unless_its_values_say_otherwise(cloud: FakeCloud, *, kept: bool) -> None:
    for name in ("applications", "project", "argo-cd"):
        cloud.delete(name)
    for name in [name for name in cloud.left() if "argoproj.io" in name]:
        cloud.made[name] = next(resource for resource in cloud.store.resources() if str(resource) == name)
        cloud.lose(name)
    cloud.make("argo-cd", RELEASE, name="argo-cd", chart="argo-cd", namespace="argocd", values={"crds": {"keep": kept}})
    cloud.make("project", PROJECT, kind="AppProject", metadata={"name": "a", "namespace": "argocd"}, spec={})

    if kept:
        cloud.delete("argo-cd")
        assert any("argoproj.io" in name for name in cloud.left())
    else:
        with pytest.raises(RefusedError, match="WouldDeleteObjects"):
            cloud.delete("argo-cd")


def test_the_control_plane_writes_its_log_group_again(cloud: FakeCloud) -> None:
    cloud.delete("logs")

    assert str(cloud["logs"]) in cloud.left()


INSIGHTS = "amazon-cloudwatch-observability"
INSIGHTS_LOGS = [
    f"/aws/containerinsights/platform/{kind}" for kind in ("application", "host", "dataplane", "performance")
]


def test_agents_make_the_log_groups_that_they_miss_and_leave_them_behind(cloud: FakeCloud) -> None:
    group = cloud.make("group", uses.LOG_GROUP, name=INSIGHTS_LOGS[0])
    cloud.make("insights", uses.ADDON, clusterName="platform", addonName=INSIGHTS)
    made = {name.partition(" ")[2] for name in cloud.left() if "/aws/containerinsights/" in name}
    assert {name for log in INSIGHTS_LOGS for name in made if log in name} == made
    assert len(made) == len(INSIGHTS_LOGS)

    cloud.delete("group")
    assert str(group) in cloud.left()


def test_log_groups_that_go_after_the_agents_are_gone(cloud: FakeCloud) -> None:
    for number, name in enumerate(INSIGHTS_LOGS):
        cloud.make(f"group-{number}", uses.LOG_GROUP, name=name)
    cloud.make("insights", uses.ADDON, clusterName="platform", addonName=INSIGHTS)
    cloud.delete("insights")
    for number in range(len(INSIGHTS_LOGS)):
        cloud.delete(f"group-{number}")

    assert not [name for name in cloud.left() if "/aws/containerinsights/" in name]


SNAPSHOT_CLASS = "kubernetes:snapshot.storage.k8s.io/v1:VolumeSnapshotClass"


def test_the_kinds_of_snapshots_come_and_go_with_their_controller(cloud: FakeCloud) -> None:
    given = {"apiVersion": "snapshot.storage.k8s.io/v1", "kind": "VolumeSnapshotClass", "metadata": {"name": "ebs"}}
    with pytest.raises(RefusedError, match="NoKindMatchError"):
        cloud.make("class", SNAPSHOT_CLASS, **given)
    cloud.make("snapshots", uses.ADDON, clusterName="platform", addonName="snapshot-controller")
    cloud.make("class", SNAPSHOT_CLASS, **given)
    with pytest.raises(RefusedError, match="WouldDeleteObjects"):
        cloud.delete("snapshots")
    cloud.delete("class")
    cloud.delete("snapshots")

    assert not [name for name in cloud.left() if "snapshot.storage.k8s.io" in name]


def test_deletion_protection(cloud: FakeCloud) -> None:
    cloud.lose("nodes")
    cloud.change("cluster", deletionProtection=True)

    with pytest.raises(RefusedError, match="InvalidRequestException: deletion protection"):
        cloud.delete("cluster")


def test_a_control_plane_stays_in_its_zones(cloud: FakeCloud) -> None:
    inside, outside = (
        cloud.make(
            zone, uses.SUBNET, vpcId=cloud["vpc"].id, availabilityZone=f"ap-northeast-1{zone}", cidrBlock=block
        ).id
        for zone, block in (("c", "10.0.20.0/24"), ("d", "10.0.21.0/24"))
    )
    first = cloud["private-a"].id

    cloud.change("cluster", vpcConfig={"subnetIds": [first, inside]})
    for subnets in ([first, inside, outside], [first]):
        with pytest.raises(RefusedError, match="in the zones that the cluster was created in"):
            cloud.change("cluster", vpcConfig={"subnetIds": subnets})


def test_a_control_plane_is_in_zones_that_eks_takes(tmp_path: Path) -> None:
    """The preview leaves the zone out, so the program never gets here (eksctl #817)."""
    cloud = FakeCloud(tmp_path)
    cloud.aws.configuration = {"region": "us-east-1"}
    vpc = cloud.make("vpc", uses.VPC, cidrBlock="10.0.0.0/16").id
    subnets = [
        cloud.make(zone, uses.SUBNET, vpcId=vpc, availabilityZone=zone, cidrBlock=f"10.0.{number}.0/24").id
        for number, zone in enumerate(("us-east-1a", "us-east-1e"))
    ]
    with pytest.raises(RefusedError, match=r"UnsupportedAvailabilityZone.* is in us-east-1e \(use1-az3\)"):
        cloud.make("cluster", uses.CLUSTER, name="platform", vpcConfig={"subnetIds": subnets})


def test_an_ingress_takes_another_certificate_and_lets_go_of_the_first(cloud: FakeCloud) -> None:
    for name in ("first", "second"):
        arn = cloud.make(name, uses.CERTIFICATE, domainName="example.jp", validationMethod="DNS").get("arn")
        cloud.make(f"{name}-validation", uses.VALIDATION, certificateArn=arn)
        annotations = {**cloud["ingress"].get("metadata.annotations"), "alb.ingress.kubernetes.io/certificate-arn": arn}
        cloud.change("ingress", metadata={**cloud["ingress"].get("metadata"), "annotations": annotations})

    with pytest.raises(RefusedError, match="in use by Listener"):
        cloud.delete("second")
    cloud.delete("first")


def test_a_binding_keeps_its_target_group(cloud: FakeCloud) -> None:
    cloud.change("binding", spec={"serviceRef": {"name": "traefik", "port": "web"}})
    with pytest.raises(RefusedError, match=r"immutable fields: spec\.targetGroupARN"):
        cloud.change("binding", spec={"targetGroupARN": "arn:aws:elasticloadbalancing:::targetgroup/other"})


def test_a_certificate_needs_cert_manager_and_its_issuer(cloud: FakeCloud) -> None:
    metadata = {"name": "target", "namespace": "traefik", "annotations": {"pulumi.com/waitFor": "condition=Ready"}}
    spec = {"secretName": "target", "issuerRef": {"kind": "Issuer", "name": "target"}}
    cloud.make(
        "certificates-definition",
        DEFINITION,
        spec={"group": "cert-manager.io"},
        metadata={"name": "certificates.cert-manager.io"},
    )
    with pytest.raises(RefusedError, match=r"failed calling webhook webhook\.cert-manager\.io"):
        cloud.make("issuer", NAMESPACE_ISSUER, kind="Issuer", metadata=metadata, spec={"selfSigned": {}})
    cert_manager(cloud)
    with pytest.raises(RefusedError, match='Issuer "target" not found'):
        cloud.make("certificate", CERTIFICATE, kind="Certificate", metadata=metadata, spec=spec)
    cloud.make("issuer", NAMESPACE_ISSUER, kind="Issuer", metadata=metadata, spec={"selfSigned": {}})
    cloud.make("certificate", CERTIFICATE, kind="Certificate", metadata=metadata, spec=spec)


def test_a_name_can_be_used_once(cloud: FakeCloud) -> None:
    with pytest.raises(RefusedError, match="EntityAlreadyExists"):
        cloud.make("again", uses.ROLE, name="node", assumeRolePolicy="{}")
    with pytest.raises(RefusedError, match="ResourceInUseException"):
        cloud.make("again", uses.ENTRY, clusterName="platform", principalArn=DEPLOYER)
    with pytest.raises(RefusedError, match="AlreadyExists"):
        cloud.make("again", SERVICE, kind="Service", metadata={"name": "traefik", "namespace": "traefik"})


def test_what_is_named_must_exist(cloud: FakeCloud) -> None:
    with pytest.raises(RefusedError, match="names the Subnet subnet-x, which does not exist"):
        cloud.make("x", uses.NAT, subnetId="subnet-x")
    cloud.lose("node-role")
    with pytest.raises(RefusedError, match="names the Role node, which does not exist"):
        cloud.make("x", uses.PROFILE, name="x", role="node")


def _again(cloud: FakeCloud, name: str) -> None:
    """Make something once more that was lost."""
    resource = cloud[name]
    cloud.lose(name)
    cloud.make(name, resource.type, **resource.inputs)


def test_a_regional_nat_gateway_is_of_a_vpc(cloud: FakeCloud) -> None:
    vpc, other = cloud["vpc"].id, cloud.make("second", uses.ADDRESS, domain="vpc").id
    zones = [{"availabilityZone": "ap-northeast-1a", "allocationIds": [other]}]
    regional = {"availabilityMode": "regional", "availabilityZoneAddresses": zones}
    with pytest.raises(RefusedError, match="a regional NAT gateway has no subnetId"):
        cloud.make("regional", uses.NAT, vpcId=vpc, subnetId=cloud["public-a"].id, **regional)
    with pytest.raises(RefusedError, match="a regional NAT gateway needs a VPC"):
        cloud.make("regional", uses.NAT, **regional)
    with pytest.raises(RefusedError, match="a zonal NAT gateway needs a subnet"):
        cloud.make("regional", uses.NAT, vpcId=vpc, allocationId=other)
    used = [{"availabilityZone": "ap-northeast-1a", "allocationIds": [cloud["address"].id]}]
    with pytest.raises(RefusedError, match="is already associated"):
        cloud.make("regional", uses.NAT, vpcId=vpc, availabilityMode="regional", availabilityZoneAddresses=used)
    cloud.make("regional", uses.NAT, vpcId=vpc, **regional)
    for name, code in {"second": "InvalidIPAddress.InUse", "gateway": "has public addresses mapped"}.items():
        with pytest.raises(RefusedError, match=code):
            cloud.delete(name)


def test_nodes_reach_the_internet_through_a_regional_nat_gateway(cloud: FakeCloud) -> None:
    """It needs no route of a public subnet."""
    cloud.lose("private-route")
    cloud.lose("public-route")
    address = cloud.make("second", uses.ADDRESS, domain="vpc").id
    zones = [{"availabilityZone": "ap-northeast-1a", "allocationIds": [address]}]
    nat = cloud.make(
        "regional",
        uses.NAT,
        vpcId=cloud["vpc"].id,
        availabilityMode="regional",
        availabilityZoneAddresses=zones,
    )
    table = cloud["private-table"].id
    cloud.make("way", uses.ROUTE, routeTableId=table, destinationCidrBlock="0.0.0.0/0", natGatewayId=nat.id)
    _again(cloud, "nodes")
    cloud.lose("gateway")
    with pytest.raises(RefusedError, match="nothing leads out of"):
        _again(cloud, "nodes")


NEEDED = [
    ("gateway", "nat", "has no internet gateway attached"),
    ("vpc-cni", "nodes", "has no vpc-cni"),
    ("private-route", "nodes", "nothing leads out of"),
    ("node-AmazonEC2ContainerRegistryPullOnly", "nodes", "no policy by which a node pulls images"),
    ("nodes", "coredns", "degraded after 20 minutes"),
    ("nodes", CONTROLLER, "there is no ready node"),
    (f"{CONTROLLER}-role", CONTROLLER, "or is gone"),
    (CONTROLLER, "ingress", "no Helm release"),
    ("definitions", "pool", "its definition is not installed"),
    ("node-class", "pool", "there is no EC2NodeClass default"),
    ("profile", "pool", "instance profile karpenter-node"),
    ("node-entry", "pool", "no access entry of type EC2_LINUX"),
    ("vpc-cni", "pool", "has no vpc-cni"),
    ("namespace", "service", 'namespaces "traefik" not found'),
]


@pytest.mark.parametrize(("lost", "name", "reason"), NEEDED, ids=[f"{name} without {lost}" for lost, name, _ in NEEDED])
def test_what_needs_something_is_not_made_without_it(cloud: FakeCloud, lost: str, name: str, reason: str) -> None:
    cloud.delete("pool")
    cloud.lose(lost)
    if lost == "definitions":
        with cloud.store.change() as inside:
            for resource in inside.made_by(cloud["definitions"]):
                inside.remove(resource)

    with pytest.raises(RefusedError, match=reason):
        _again(cloud, name)


def test_coredns_runs_on_fargate_only_if_it_is_told_to(cloud: FakeCloud) -> None:
    cloud.delete("pool")
    cloud.lose("nodes")
    role = "arn:aws:iam::111122223333:role/pods"
    cloud.make("pods", uses.ROLE, name="pods", assumeRolePolicy="{}")
    policy = "arn:aws:iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy"
    cloud.make("pods-policy", uses.ATTACHMENT, role="pods", policyArn=policy)
    profile = {"clusterName": "platform", "podExecutionRoleArn": role, "selectors": [{"namespace": "kube-*"}]}
    with pytest.raises(RefusedError, match="not a private subnet"):
        cloud.make("profile", uses.FARGATE, fargateProfileName="x", subnetIds=[cloud["public-a"].id], **profile)
    cloud.make("profile", uses.FARGATE, fargateProfileName="x", subnetIds=[cloud["private-a"].id], **profile)

    with pytest.raises(RefusedError, match="not configured for Fargate"):
        _again(cloud, "coredns")
    configuration = json.dumps({"computeType": "Fargate"})
    cloud.make("coredns", uses.ADDON, clusterName="platform", addonName="coredns", configurationValues=configuration)


def test_the_service_webhook_holds_up_every_service(cloud: FakeCloud) -> None:
    values = {**cloud[CONTROLLER].inputs["values"], "enableServiceMutatorWebhook": True}
    cloud.change(CONTROLLER, values=values)
    cloud.lose(f"{CONTROLLER}-role")

    with pytest.raises(RefusedError, match=r"failed calling webhook mservice\.elbv2\.k8s\.aws"):
        _again(cloud, "service")


WEIGHTED = [
    (None, None, "exists already"),
    (None, "blue", "has the name already, alone"),
    ("blue", None, "has the name already, as blue"),
    ("blue", "blue", "exists already"),
    ("blue", "green", None),
]


@pytest.mark.parametrize(("first", "second", "problem"), WEIGHTED)
def test_a_name_has_one_record_or_several_with_weights(
    cloud: FakeCloud, first: str | None, second: str | None, problem: str | None
) -> None:
    record = {"zoneId": "Z1", "name": "example.jp", "type": "A"}
    cloud.make("first", uses.RECORD, **record, **({"setIdentifier": first} if first else {}))
    share = {"setIdentifier": second} if second else {}
    if problem is None:
        cloud.make("second", uses.RECORD, **record, **share)
        return
    with pytest.raises(RefusedError, match=problem):
        cloud.make("second", uses.RECORD, **record, **share)


def test_a_record_alone_gets_a_weight_where_it_is(cloud: FakeCloud) -> None:
    cloud.make("record", uses.RECORD, zoneId="Z1", name="example.jp", type="A")
    cloud.change("record", setIdentifier="blue")


def _secrets_operator(cloud: FakeCloud) -> None:
    """Install External Secrets Operator, whose own role may assume others, and make a store."""
    account = {"clusterName": "platform", "namespace": "external-secrets", "serviceAccount": "external-secrets"}
    cloud.make("agent", uses.ADDON, clusterName="platform", addonName="eks-pod-identity-agent")
    role = cloud.make("operator", uses.ROLE, name="operator", assumeRolePolicy=trust({"Service": POD_IDENTITY_SERVICE}))
    cloud.make("operator-policy", uses.ROLE_POLICY, role="operator", name="operator", policy=allow("sts:AssumeRole"))
    cloud.make("operator-association", uses.POD_IDENTITY, roleArn=role.get("arn"), **account)
    cloud.make("secrets-namespace", NAMESPACE, kind="Namespace", metadata={"name": "external-secrets"})
    place = {"name": "external-secrets", "namespace": "external-secrets"}
    cloud.make("external-secrets", RELEASE, chart="external-secrets", values={}, **place)
    body = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {"name": "secrets"}}
    cloud.make("store", CLUSTER_STORE, **body)


def test_a_secret_store_goes_while_its_operator_answers(cloud: FakeCloud) -> None:
    _secrets_operator(cloud)
    with pytest.raises(RefusedError, match="WouldDeleteObjects"):
        cloud.delete("external-secrets")
    cloud.lose("operator-policy")
    with pytest.raises(RefusedError, match="does not allow sts:AssumeRole"):
        cloud.delete("store")
    cloud.lose("external-secrets")
    with pytest.raises(RefusedError, match=r"failed calling webhook validate\.clustersecretstore"):
        cloud.delete("store")


def test_pod_identity_needs_its_agent(cloud: FakeCloud) -> None:
    role = cloud[f"{CONTROLLER}-role"]
    trust = {"Effect": "Allow", "Principal": {"Service": "pods.eks.amazonaws.com"}}
    cloud.change(f"{CONTROLLER}-role", assumeRolePolicy=json.dumps({"Statement": [trust]}))
    cloud.change(CONTROLLER, values={"serviceAccount": {"name": CONTROLLER}})
    with pytest.raises(RefusedError, match="has no IAM role"):
        cloud.delete("ingress")
    association = {"clusterName": "platform", "namespace": "kube-system", "serviceAccount": CONTROLLER}
    cloud.make("association", uses.POD_IDENTITY, roleArn=role.get("arn"), **association)
    with pytest.raises(RefusedError, match="eks-pod-identity-agent is not there"):
        cloud.delete("ingress")
    cloud.make("agent", uses.ADDON, clusterName="platform", addonName="eks-pod-identity-agent")

    cloud.delete("ingress")


@pytest.mark.parametrize("action", [a for a in KARPENTER_ACTIONS if not a.startswith(("ec2:Cr", "ec2:Ru", "iam:P"))])
def test_karpenter_needs_each_action_of_its_clean_up(cloud: FakeCloud, action: str) -> None:
    rest = [other for other in KARPENTER_ACTIONS if other != action]
    cloud.change("karpenter-policy", policy=allow(*rest))

    if action != "ec2:TerminateInstances":
        cloud.delete("pool")
    with pytest.raises(RefusedError, match=f"does not allow {action}"):
        cloud.delete("pool" if action == "ec2:TerminateInstances" else "node-class")


def test_an_ingress_of_the_class_is_only_in_a_namespace_that_the_class_allows(cloud: FakeCloud) -> None:
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": ["traefik"]}
    spec = {"namespaceSelector": {"matchExpressions": [expression]}}
    cloud.change(CONTROLLER, values={**cloud[CONTROLLER].get("values"), "ingressClassParams": {"spec": spec}})
    cloud.make("app", NAMESPACE, metadata={"name": "app-shop"}, kind="Namespace")
    given = {"kind": "Ingress", "spec": {"ingressClassName": "alb"}}
    annotations = {"alb.ingress.kubernetes.io/scheme": "internet-facing"}
    with pytest.raises(RefusedError, match="namespaceSelector of IngressClassParams alb mismatch: app-shop"):
        cloud.make(
            "shop", INGRESS, metadata={"name": "s", "namespace": "app-shop", "annotations": annotations}, **given
        )
    cloud.make("ours", INGRESS, metadata={"name": "o", "namespace": "traefik", "annotations": annotations}, **given)


def test_an_ingress_finds_its_subnets_by_their_tags(cloud: FakeCloud) -> None:
    cloud.delete("ingress")
    cloud.change("public-a", tags={})

    with pytest.raises(RefusedError, match="couldn't auto-discover subnets for internet-facing: 1 found"):
        cloud.make("ingress", INGRESS, **cloud["ingress"].inputs)


def test_a_node_class_with_a_role_leaves_an_instance_profile_behind(cloud: FakeCloud) -> None:
    cloud.delete("pool")
    spec = {key: value for key, value in cloud["node-class"].inputs["spec"].items() if key != "instanceProfile"}
    cloud.change("node-class", spec={**spec, "role": "karpenter-node"})
    cloud.make("pool", NODE_POOL, **cloud["pool"].inputs)
    for name in ("pool", "node-class", "profile"):
        cloud.delete(name)

    with pytest.raises(RefusedError, match=r"DeleteConflict.*InstanceProfile platform_karpenter-node"):
        cloud.delete("karpenter-node-role")


SIZES = [
    ({"minSize": 3, "maxSize": 4, "desiredSize": 2}, "can't be greater than desired size 2"),
    ({"minSize": 1, "maxSize": 2, "desiredSize": 3}, "can't be greater than max size 2"),
    ({"minSize": 3, "maxSize": 2, "desiredSize": 3}, "can't be greater than max size 2"),
]


@pytest.mark.parametrize(("sizes", "reason"), SIZES)
def test_a_group_has_no_size_beyond_its_bounds(cloud: FakeCloud, sizes: dict[str, int], reason: str) -> None:
    with pytest.raises(RefusedError, match=f"InvalidParameterException.*{reason}"):
        cloud.change("nodes", scalingConfig=sizes)


def test_every_path_of_the_tables_is_an_output_that_the_sdk_knows() -> None:
    import pulumi_aws  # noqa: F401, PLC0415  # its types are known once it is imported

    paths = {(use.user, use.user_path) for use in uses.USES} | {(use.used, use.used_path) for use in uses.USES}
    paths |= {(type_, path) for type_, unique in uses.UNIQUE.items() for path in unique.paths}
    # An instance that Karpenter launches is ours to describe: no program makes one.
    unknown = [
        (type_, path)
        for type_, path in paths
        if type_ != uses.INSTANCE and path != "id" and path.split(".")[0] not in sdk.output_names(type_)
    ]

    assert unknown == []


def test_every_refusal_names_its_source() -> None:
    sources = [use.source for use in uses.USES] + [u.source for u in uses.UNIQUE.values()] + [r.source for r in RULES]

    assert all(source.startswith("https://") for source in sources)
    assert all(dataclasses.asdict(rule)["code"] for rule in RULES)


def test_no_rule_is_about_a_type_that_nobody_can_make() -> None:
    known = {value for value in vars(uses).values() if isinstance(value, str)} | {RELEASE, SERVICE, NODE_CLASS}
    aws = [type_ for rule in RULES for type_ in rule.types if type_.startswith("aws:")]

    assert set(aws) <= known


def test_balancer_actions_cover_what_the_controller_calls(cloud: FakeCloud) -> None:
    cloud.change(f"{CONTROLLER}-policy", policy=allow(*BALANCER_ACTIONS[1:]))

    cloud.delete("ingress")
    with pytest.raises(RefusedError, match="does not allow elasticloadbalancing:CreateLoadBalancer"):
        cloud.make("ingress", INGRESS, **cloud["ingress"].inputs)


def _nlb(cloud: FakeCloud, **spec: str) -> None:
    metadata = {"name": "nlb", "namespace": "traefik"}
    cloud.make("nlb", SERVICE, kind="Service", metadata=metadata, spec={"type": "LoadBalancer", **spec})


def test_a_file_system_has_one_mount_target_in_a_zone(cloud: FakeCloud) -> None:
    system = cloud.make("files", uses.FILE_SYSTEM, encrypted=True).id
    cloud.make("target-a", uses.MOUNT_TARGET, fileSystemId=system, subnetId=cloud["private-a"].id)
    other = {"fileSystemId": system, "subnetId": cloud["public-a"].id}
    with pytest.raises(RefusedError, match=r"MountTargetConflict.*of the same zone"):
        cloud.make("target-b", uses.MOUNT_TARGET, **other)
    cloud.make("target-c", uses.MOUNT_TARGET, fileSystemId=system, subnetId=cloud["private-c"].id)
    cloud.delete("target-a")
    cloud.make("target-b", uses.MOUNT_TARGET, **other)


def test_a_file_system_has_its_mount_targets_in_one_vpc(cloud: FakeCloud) -> None:
    system = cloud.make("files", uses.FILE_SYSTEM, encrypted=True).id
    cloud.make("target-a", uses.MOUNT_TARGET, fileSystemId=system, subnetId=cloud["private-a"].id)
    place = {"vpcId": cloud.make("other", uses.VPC, cidrBlock="10.9.0.0/16").id, "availabilityZone": f"{REGION}c"}
    subnet = cloud.make("far", uses.SUBNET, cidrBlock="10.9.0.0/24", **place).id
    with pytest.raises(RefusedError, match=r"MountTargetConflict.*of another VPC"):
        cloud.make("target-c", uses.MOUNT_TARGET, fileSystemId=system, subnetId=subnet)


def test_an_nlb_comes_and_goes_with_its_service(cloud: FakeCloud) -> None:
    before = cloud.left()
    _nlb(cloud, loadBalancerClass="service.k8s.aws/nlb")
    assert len(cloud.left()) == len(before) + 2
    cloud.delete("nlb")
    assert cloud.left() == before


def test_a_service_with_an_nlb_needs_the_controller_and_others_do_not(cloud: FakeCloud) -> None:
    _nlb(cloud, loadBalancerClass="service.k8s.aws/nlb")
    cloud.lose(CONTROLLER)
    with pytest.raises(RefusedError, match="no Helm release"):
        cloud.delete("nlb")
    cloud.lose("nlb")
    with pytest.raises(RefusedError, match="no Helm release"):
        _nlb(cloud, loadBalancerClass="service.k8s.aws/nlb")
    _nlb(cloud)
    cloud.delete("nlb")


def test_traefik_needs_the_gateway_api_that_it_shall_serve(cloud: FakeCloud) -> None:
    values = {"providers": {"kubernetesGateway": {"enabled": True}}}
    release = {"name": "traefik", "chart": "traefik", "namespace": "traefik", "skipCrds": True, "values": values}
    for group in ("traefik.io", "gateway.networking.k8s.io"):
        with pytest.raises(RefusedError, match=f"the definitions of {group} are not installed"):
            cloud.make("traefik", RELEASE, **release)
        cloud.make(group, DEFINITION, kind="CustomResourceDefinition", metadata={"name": group}, spec={"group": group})
    cloud.make("traefik", RELEASE, **release)


WAIT = {"name": "default", "annotations": {"pulumi.com/waitFor": "condition=Ready"}}


def test_up_waits_for_a_node_class_that_finds_its_subnets(cloud: FakeCloud) -> None:
    inputs = cloud["node-class"].inputs
    for name in ("pool", "node-class"):
        cloud.delete(name)
    nothing = {**inputs["spec"], "subnetSelectorTerms": [{"id": "subnet-0"}]}
    # Kubernetes takes it, and `up` is green although no node of it can ever be launched.
    cloud.make("node-class", NODE_CLASS, **{**inputs, "spec": nothing})
    cloud.delete("node-class")
    with pytest.raises(RefusedError, match=r"timed out waiting for the condition.*find nothing"):
        cloud.make("node-class", NODE_CLASS, **{**inputs, "spec": nothing, "metadata": WAIT})
    cloud.make("node-class", NODE_CLASS, **{**inputs, "metadata": WAIT})
    with pytest.raises(RefusedError, match=r"timed out waiting for the condition.*find nothing"):
        cloud.change("node-class", spec=nothing)


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("condition=Redy", "nothing reports a condition Redy of it"),
        ("condition=Ready=False", "is True and not False"),
        ("jsonpath={.status.phase}=Ready", "nothing reports a condition"),
    ],
)
def test_a_condition_that_nobody_reports_is_waited_for_in_vain(cloud: FakeCloud, expression: str, reason: str) -> None:
    inputs = cloud["node-class"].inputs
    metadata = {"name": "default", "annotations": {"pulumi.com/waitFor": expression}}
    for name in ("pool", "node-class"):
        cloud.delete(name)
    with pytest.raises(RefusedError, match=reason):
        cloud.make("node-class", NODE_CLASS, **{**inputs, "metadata": metadata})


def test_a_project_of_argo_cd_reports_no_condition(cloud: FakeCloud) -> None:
    metadata = {**cloud["project"].inputs["metadata"], "annotations": WAIT["annotations"]}
    with pytest.raises(RefusedError, match="but none at all"):
        cloud.change("project", metadata=metadata)


@pytest.mark.parametrize("type_", [uses.ROLE, uses.POLICY, uses.PROFILE])
@pytest.mark.parametrize("path", ["/aws-service-role/", "/AWS-Reserved/sso.amazonaws.com/"])
def test_nothing_is_created_in_a_path_that_iam_keeps_for_aws(cloud: FakeCloud, type_: str, path: str) -> None:
    inputs = {uses.ROLE: {"assumeRolePolicy": "{}"}, uses.POLICY: {"policy": "{}"}, uses.PROFILE: {"role": "node"}}[
        type_
    ]
    cloud.make("service", type_, **inputs, name="service", path="/service-role/")
    with pytest.raises(RefusedError, match=r"InvalidInput.*only AWS creates"):
        cloud.make("reserved", type_, **inputs, name="reserved", path=path)


def _policy(characters: int) -> str:
    """Return a policy with so many characters that are no white space, and some that are."""
    empty = json.dumps({"Statement": [{"Sid": ""}]}, indent=2)
    return empty.replace('""', f'"{"a" * (characters - counted(empty))}"')


@pytest.mark.parametrize(
    ("type_", "inputs", "limit", "message"),
    [
        (uses.ROLE, ("assumeRolePolicy", {"name": "long"}), 2_048, "ACLSizePerRole: 2048"),
        (uses.POLICY, ("policy", {"name": "long"}), 6_144, "PolicySize: 6144"),
        (uses.ROLE_POLICY, ("policy", {"name": "long", "role": "node"}), 10_240, "10240 bytes exceeded for role node"),
    ],
    ids=["trust", "managed", "inline"],
)
def test_a_policy_is_as_long_as_iam_takes_and_no_longer(
    cloud: FakeCloud, type_: str, inputs: tuple[str, dict[str, str]], limit: int, message: str
) -> None:
    path, others = inputs
    cloud.make("long", type_, **others, **{path: _policy(limit)})
    with pytest.raises(RefusedError, match=f"LimitExceeded.*{message}"):
        cloud.change("long", **{path: _policy(limit + 1)})
    with pytest.raises(RefusedError, match=f"LimitExceeded.*{message}"):
        cloud.make("longer", type_, **{**others, "name": "longer"}, **{path: _policy(limit + 1)})


def test_the_inline_policies_of_a_role_share_their_length(cloud: FakeCloud) -> None:
    cloud.make("one", uses.ROLE_POLICY, role="node", name="one", policy=_policy(6_000))
    cloud.make("other role", uses.ROLE_POLICY, role="control-plane", name="one", policy=_policy(6_000))
    with pytest.raises(RefusedError, match="Maximum policy size of 10240 bytes exceeded for role node"):
        cloud.make("two", uses.ROLE_POLICY, role="node", name="two", policy=_policy(4_241))
    cloud.make("two", uses.ROLE_POLICY, role="node", name="two", policy=_policy(4_240))


def test_a_role_has_ten_managed_policies(cloud: FakeCloud) -> None:
    cloud.make("role", uses.ROLE, name="full", assumeRolePolicy="{}")
    arns = [f"arn:aws:iam::aws:policy/Policy{number}" for number in range(11)]
    for arn in arns[:-1]:
        cloud.make(arn, uses.ATTACHMENT, role="full", policyArn=arn)
    with pytest.raises(RefusedError, match=r"LimitExceeded.*PoliciesPerRole: 10"):
        cloud.make(arns[-1], uses.ATTACHMENT, role="full", policyArn=arns[-1])
    cloud.delete(arns[0])
    cloud.make(arns[-1], uses.ATTACHMENT, role="full", policyArn=arns[-1])
