"""The tables say what the SDKs have, and answer the same each time."""

import json
from dataclasses import replace
from typing import Final

import pulumi_aws
import pulumi_eks
import pulumi_kubernetes
import pytest

from facts import kinds
from harness import sdk
from harness.deployment import Inventory
from harness.kind import Context, EmptyWorld, Kind, Place, Properties, UnmodelledError, autoname, get, put
from harness.properties import UNKNOWN
from rehearsal.cloud import ACCOUNT, INVOKES, KINDS, answer_of, kind_of

SDKS = (pulumi_aws, pulumi_eks, pulumi_kubernetes)

REGION = "ap-northeast-1"
HERE = Context(account=ACCOUNT, region=REGION, urn="urn:pulumi:dev::p::t::net")

# Outputs that are empty for what this platform makes of these types.
EMPTY = {
    "aws:ec2/vpc:Vpc": {"ipv6AssociationId"},
    "aws:ec2/subnet:Subnet": {"ipv6CidrBlockAssociationId"},
    "aws:ec2/eip:Eip": {"associationId", "carrierIp", "customerOwnedIp", "privateDns", "privateIp", "ptrRecord"},
    "aws:ec2/natGateway:NatGateway": {"regionalNatGatewayAddresses"},
    "aws:ec2/route:Route": {"instanceId", "instanceOwnerId"},
    "aws:ec2/vpcEndpoint:VpcEndpoint": {"cidrBlocks"},
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": {"namePrefix"},
    "aws:eks/cluster:Cluster": {"clusterId"},
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": {"externalId"},
    "aws:acm/certificate:Certificate": {"notAfter", "notBefore", "renewalSummaries", "validationEmails"},
    "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition": {"status"},
    "kubernetes:networking.k8s.io/v1:NetworkPolicy": {"status"},
    "kubernetes:policy/v1:PodDisruptionBudget": {"status"},
    "kubernetes:autoscaling/v2:HorizontalPodAutoscaler": {"status"},
    "kubernetes:batch/v1:Job": {"status"},
    "kubernetes:core/v1:PersistentVolumeClaim": {"status"},
    "kubernetes:core/v1:Pod": {"status"},
    "kubernetes:core/v1:ResourceQuota": {"status"},
    "kubernetes:apps/v1:DaemonSet": {"status"},
}


def made(type_: str, inputs: Properties, context: Context = HERE) -> tuple[str, Properties]:
    kind = kind_of(type_)
    id_ = kind.id_of(inputs, context)
    return id_, kind.settle(inputs, replace(context, id=id_))


@pytest.mark.parametrize("type_", sorted(KINDS))
def test_a_kind_names_only_properties_that_the_sdk_has(type_: str) -> None:
    kind, inputs, outputs = KINDS[type_], sdk.input_names(type_), sdk.output_names(type_)
    named = {path.partition(".")[0] for path in (*kind.defaults, *kind.replaces)}
    given = {path.partition(".")[0] for path in (*kind.outputs, *kind.derived, *kind.renews)}
    assert named <= inputs
    assert given <= outputs


@pytest.mark.parametrize("type_", sorted(KINDS))
def test_a_kind_has_every_output_that_is_no_input(type_: str) -> None:
    kind = KINDS[type_]
    given = {path.partition(".")[0] for path in (*kind.outputs, *kind.derived)}
    computed = sdk.output_names(type_) - sdk.input_names(type_)
    assert computed - given == EMPTY.get(type_, set())


class _Groups(EmptyWorld):
    """A cluster with a node group, which AWS refuses questions about where it is missing."""

    def every(self, type_: str) -> list[Properties]:
        if type_ != "aws:eks/nodeGroup:NodeGroup":
            return []
        words = ("amiType", "capacityType", "arn", "nodeRoleArn", "releaseVersion", "status", "version")
        lists = ("instanceTypes", "resources", "subnetIds")
        group = {"clusterName": "one", "nodeGroupName": "a", "scalingConfig": {}}
        return [{**group, **dict.fromkeys(words, "x"), **{name: [] for name in lists}}]


GROUPS: Final = _Groups()
ASKED: Final[dict[str, Properties]] = {
    "aws:eks/getNodeGroup:getNodeGroup": {"clusterName": "one", "nodeGroupName": "a"},
    "aws:eks/getNodeGroups:getNodeGroups": {"clusterName": "one"},
    "aws:ssm/getParameter:getParameter": {"name": "/images/node/id"},
}


@pytest.mark.parametrize("token", sorted(INVOKES))
def test_an_answer_has_only_what_the_sdk_reads(token: str) -> None:
    result = answer_of(token)(ASKED.get(token, {}), Place(ACCOUNT, REGION, GROUPS))
    assert set(result) <= sdk.result_names(token)
    json.dumps(result)


def test_an_unknown_type_is_refused_by_name() -> None:
    with pytest.raises(UnmodelledError, match="aws:ec2/vpcc:Vpcc"):
        kind_of("aws:ec2/vpcc:Vpcc")
    with pytest.raises(UnmodelledError, match="kubernetes:batch/v1:Cronjob"):
        kind_of("kubernetes:batch/v1:Cronjob")
    with pytest.raises(UnmodelledError, match="kubernetes:policy/v1beta1:PodDisruptionBudget"):
        kind_of("kubernetes:policy/v1beta1:PodDisruptionBudget")
    with pytest.raises(UnmodelledError, match="aws:index/getMoon:getMoon"):
        answer_of("aws:index/getMoon:getMoon")


BUILT_IN = sorted(
    (group, kind, namespaced)
    for namespaced, table in ((False, kinds.CLUSTER_KINDS), (True, kinds.NAMESPACED_KINDS))
    for group, found in table.items()
    for kind in found
)


@pytest.mark.parametrize(("group", "kind", "namespaced"), BUILT_IN)
def test_every_object_of_kubernetes_is_made_in_its_scope(group: str, kind: str, namespaced: bool) -> None:
    version = kinds.versions(group)[0]
    type_ = f"kubernetes:{group or 'core'}/{version}:{kind}"
    assert sdk.resource_class(type_).__name__ == kind
    given = {"apiVersion": f"{group}/{version}".lstrip("/"), "kind": kind, "metadata": {"name": "one"}}
    id_, outputs = made(type_, given)
    assert id_ == ("default/one" if namespaced else "one")
    assert outputs["metadata"]["uid"]


def test_ids_are_the_same_each_time_and_differ_by_seed() -> None:
    first, _ = made("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})
    again, _ = made("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"})
    other, _ = made("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, replace(HERE, seed="replacement"))
    assert first == again != other
    assert first.startswith("vpc-")
    assert len(first) == len("vpc-") + 17


def test_outputs_take_account_region_and_the_providers_tags() -> None:
    context = replace(HERE, default_tags={"Team": "platform", "Name": "default"})
    id_, outputs = made("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16", "tags": {"Name": "own"}}, context)
    assert outputs["arn"] == f"arn:aws:ec2:{REGION}:{ACCOUNT}:vpc/{id_}"
    assert outputs["tagsAll"] == {"Team": "platform", "Name": "own"}
    assert outputs["tags"] == {"Name": "own"}
    assert outputs["region"] == REGION


def test_a_name_is_given_where_there_is_none() -> None:
    id_, outputs = made("aws:iam/role:Role", {"assumeRolePolicy": "{}"})
    assert id_ == outputs["name"] == autoname({}, HERE)
    assert outputs["arn"] == f"arn:aws:iam::{ACCOUNT}:role/{id_}"
    named, _ = made("aws:iam/role:Role", {"assumeRolePolicy": "{}", "name": "node", "path": "/platform/"})
    assert named == "node"


def test_a_name_is_never_shortened() -> None:
    context = replace(HERE, urn="urn:pulumi:dev::p::t::a-very-long-name-for-a-load-balancer")
    _, outputs = made("aws:lb/loadBalancer:LoadBalancer", {"subnets": ["subnet-1"]}, context)
    assert outputs["name"] == f"a-very-long-name-for-a-load-balancer-{context.digest('name', 7)}"
    assert outputs["zoneId"] == "Z14GRHDCWA56QT"


def test_a_listener_and_its_rules_are_below_their_load_balancer() -> None:
    balancer, _ = made("aws:lb/loadBalancer:LoadBalancer", {"name": "shared"})
    listener, outputs = made("aws:lb/listener:Listener", {"loadBalancerArn": balancer, "protocol": "HTTPS"})
    rule, _ = made("aws:lb/listenerRule:ListenerRule", {"listenerArn": listener})
    path = balancer.split(":loadbalancer/")[1]
    assert f":listener/{path}/" in listener
    assert f":listener-rule/{path}/" in rule
    assert outputs["sslPolicy"] == "ELBSecurityPolicy-2016-08"


def test_a_wildcard_and_its_apex_share_a_validation_record() -> None:
    inputs = {
        "domainName": "example.jp",
        "subjectAlternativeNames": ["*.example.jp", "example.jp", "api.example.jp"],
        "validationMethod": "DNS",
    }
    _, outputs = made("aws:acm/certificate:Certificate", inputs)
    options = {option["domainName"]: option["resourceRecordName"] for option in outputs["domainValidationOptions"]}
    assert list(options) == ["example.jp", "*.example.jp", "api.example.jp"]
    assert options["example.jp"] == options["*.example.jp"] != options["api.example.jp"]


def test_a_launch_template_gets_a_new_version_with_each_update() -> None:
    kind = kind_of("aws:ec2/launchTemplate:LaunchTemplate")
    first = kind.settle({"updateDefaultVersion": True}, HERE)
    second = kind.settle({"updateDefaultVersion": True}, replace(HERE, previous=first))
    kept = kind.settle({}, replace(HERE, previous=first))
    assert [first["latestVersion"], second["latestVersion"], second["defaultVersion"]] == [1, 2, 2]
    assert kept["defaultVersion"] == 1
    shown = kind.preview({}, replace(HERE, previous=first), UNKNOWN)
    assert shown["latestVersion"] is UNKNOWN
    assert shown["arn"] == first["arn"]


def test_a_control_plane_answers_like_eks() -> None:
    world = Inventory()
    world.add("aws:ec2/subnet:Subnet", "subnet-1", {"vpcId": "vpc-1"})
    inputs = {
        "name": "platform",
        "roleArn": "arn",
        "vpcConfig": {"subnetIds": ["subnet-1"], "endpointPublicAccess": False},
    }
    id_, outputs = made("aws:eks/cluster:Cluster", inputs, replace(HERE, world=world))
    assert id_ == "platform"
    assert outputs["arn"] == f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/platform"
    assert outputs["vpcConfig"]["vpcId"] == "vpc-1"
    assert outputs["vpcConfig"]["clusterSecurityGroupId"].startswith("sg-")
    assert outputs["vpcConfig"]["endpointPublicAccess"] is False
    issuer = outputs["identities"][0]["oidcs"][0]["issuer"]
    assert issuer.startswith(f"https://oidc.eks.{REGION}.amazonaws.com/id/")
    assert inputs["vpcConfig"] == {"subnetIds": ["subnet-1"], "endpointPublicAccess": False}


def test_a_preview_knows_the_inputs_and_no_more() -> None:
    kind = kind_of("aws:eks/cluster:Cluster")
    shown = kind.preview({"name": "platform", "roleArn": UNKNOWN, "vpcConfig": {"subnetIds": ["a"]}}, HERE, UNKNOWN)
    assert shown["name"] == "platform"
    assert shown["endpoint"] is UNKNOWN
    assert shown["vpcConfig"]["subnetIds"] == ["a"]
    assert shown["vpcConfig"]["clusterSecurityGroupId"] is UNKNOWN
    wholly = kind.preview({"name": "platform", "vpcConfig": UNKNOWN}, HERE, UNKNOWN)
    assert wholly["vpcConfig"] is UNKNOWN


def test_a_preview_shows_a_kubernetes_object_as_it_is_given() -> None:
    shown = kind_of("kubernetes:core/v1:Namespace").preview({"metadata": {"name": "traefik"}}, HERE, UNKNOWN)
    assert shown["metadata"]["name"] == "traefik"
    assert "status" not in shown


def test_a_preview_of_an_update_keeps_an_objects_status_unless_its_inputs_are_unknown() -> None:
    ingress = "kubernetes:networking.k8s.io/v1:Ingress"
    metadata = {"name": "web", "namespace": "web", "annotations": {"a": "1"}}
    id_, before = made(ingress, {"kind": "Ingress", "metadata": metadata})
    there = replace(HERE, id=id_, previous=before)

    for annotation, status in (("2", before["status"]), (UNKNOWN, None)):
        inputs = {"kind": "Ingress", "metadata": {**metadata, "annotations": {"a": annotation}}}
        assert kind_of(ingress).preview(inputs, there, UNKNOWN).get("status") == status


def test_a_custom_resource_needs_no_entry() -> None:
    inputs = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}}
    assert made("kubernetes:karpenter.sh/v1:NodePool", inputs)[0] == "general"
    binding = {"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "TargetGroupBinding", "metadata": {"name": "web"}}
    assert made("kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding", binding)[0] == "default/web"


def test_an_ingress_of_the_controller_gets_a_host_name() -> None:
    annotations = {
        "alb.ingress.kubernetes.io/group.name": "platform-dev",
        "alb.ingress.kubernetes.io/scheme": "internet-facing",
    }
    inputs = {"metadata": {"name": "web", "namespace": "traefik", "annotations": annotations}}
    _, outputs = made("kubernetes:networking.k8s.io/v1:Ingress", inputs)
    hostname = outputs["status"]["loadBalancer"]["ingress"][0]["hostname"]
    assert hostname.startswith("k8s-platformdev-")
    assert hostname.endswith(f".{REGION}.elb.amazonaws.com")


def test_durations_follow_the_published_ones() -> None:
    addon = kind_of("aws:eks/addon:Addon")
    assert [addon.seconds("create", {"addonName": name}) for name in ("vpc-cni", "coredns", "kube-proxy")] == [
        35,
        35,
        40,
    ]
    cluster = kind_of("aws:eks/cluster:Cluster")
    assert (cluster.seconds("create", {}), cluster.seconds("delete", {})) == (570, 150)


def test_defaults_reach_into_objects_without_changing_the_inputs() -> None:
    kind = Kind("{id}", defaults={"a.b": 1, "a.c": lambda _inputs, _context: None})
    inputs: Properties = {"a": {"d": 2}}
    assert kind.complete(inputs, HERE) == {"a": {"b": 1, "d": 2}}
    assert inputs == {"a": {"d": 2}}
    assert kind.complete({"a": UNKNOWN}, HERE) == {"a": UNKNOWN}


def test_paths() -> None:
    properties: Properties = {"a": {"b": 1}, "c": 2}
    put(properties, "a.d", 3)
    put(properties, "e.f", 4)
    put(properties, "c.g", 5)
    assert properties == {"a": {"b": 1, "d": 3}, "c": 2, "e": {"f": 4}}
    assert (get(properties, "a.d"), get(properties, "c.g"), get(None, "a")) == (3, None, None)


def test_an_invoke_answers_about_what_was_made() -> None:
    world = Inventory()
    world.add(
        "aws:ec2/subnet:Subnet",
        "subnet-1",
        {"vpcId": "vpc-1", "availabilityZone": f"{REGION}a", "cidrBlock": "10.9.0.0/24"},
    )
    place = Place(ACCOUNT, REGION, world)
    subnet = answer_of("aws:ec2/getSubnet:getSubnet")({"id": "subnet-1"}, place)
    assert (subnet["vpcId"], subnet["cidrBlock"], subnet["availabilityZoneId"]) == ("vpc-1", "10.9.0.0/24", "apne1-az4")
    elsewhere = answer_of("aws:ec2/getSubnet:getSubnet")({"id": "subnet-0000000000000000c"}, place)
    assert elsewhere["availabilityZone"].startswith(REGION)
    world.add("aws:lb/loadBalancer:LoadBalancer", "arn", {"name": "shared", "arnSuffix": "app/shared/0123456789abcdef"})
    balancer = answer_of("aws:lb/getLoadBalancer:getLoadBalancer")
    assert balancer({"name": "shared"}, place)["arnSuffix"] == "app/shared/0123456789abcdef"
    assert balancer({"name": "another"}, place)["arnSuffix"].startswith("app/another/")
    zones = answer_of("aws:index/getAvailabilityZones:getAvailabilityZones")({"excludeNames": [f"{REGION}d"]}, place)
    assert zones["names"] == [f"{REGION}a", f"{REGION}c"]
