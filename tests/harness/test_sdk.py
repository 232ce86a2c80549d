"""A misspelt input cannot pass: the SDKs' own annotations decide."""

import json
from typing import Any

import pulumi_aws
import pulumi_eks
import pulumi_kubernetes
import pytest

from harness import sdk
from harness.properties import UNKNOWN
from rehearsal.cloud import MODEL

SDKS = (pulumi_aws, pulumi_eks, pulumi_kubernetes)

CLUSTER = "aws:eks/cluster:Cluster"
VALID: dict[str, Any] = {"roleArn": "arn", "vpcConfig": {"subnetIds": ["subnet-1"]}}


@pytest.mark.parametrize(
    ("inputs", "path", "reason"),
    [
        ({"roleArnn": "arn"}, "roleArnn", "did you mean roleArn?"),
        ({"vpcConfig": {"subnetIds": [], "endpointPublic": True}}, "vpcConfig.endpointPublic", "not known"),
        ({"vpcConfig": ["subnet-1"]}, "vpcConfig", "is a list, and must be an object"),
        ({"vpcConfig": {"endpointPublicAccess": True}}, "vpcConfig.subnetIds", "is missing"),
        ({"enabledClusterLogTypes": {"api": True}}, "enabledClusterLogTypes", "is an object, and must be a list"),
        ({"tags": ["a"]}, "tags", "is a list, and must be an object"),
        ({"accessConfig": True}, "accessConfig", "is True, and must be an object"),
        ({"roleArn": None}, "roleArn", "is missing"),
    ],
)
def test_problems_name_the_path_and_what_is_expected(inputs: dict[str, Any], path: str, reason: str) -> None:
    found = sdk.problems(CLUSTER, {**VALID, **inputs})
    assert list(found) == [path]
    assert reason in found[path]


def test_what_the_sdk_knows_passes() -> None:
    assert sdk.problems(CLUSTER, VALID) == {}
    assert sdk.problems(CLUSTER, {"roleArn": UNKNOWN, "vpcConfig": UNKNOWN, "tags": {"any": "thing"}}) == {}
    assert sdk.problems("aws:iam/role:Role", {"assumeRolePolicy": {"Version": "2012-10-17"}}) == {}


def test_lists_of_objects_are_looked_into() -> None:
    containers = [{"name": "web", "image": "nginx"}, {"name": "side", "imag": "nginx"}]
    spec = {"selector": {"matchLabels": {}}, "template": {"spec": {"containers": containers}}}
    found = sdk.problems("kubernetes:apps/v1:Deployment", {"spec": spec})
    assert found == {
        "spec.template.spec.containers[1].imag": "is not known to the SDK (did you mean image?)",
    }


def test_maps_of_the_users_own_keys_are_free() -> None:
    values = {"any": {"key": [1, {"deep": True}]}}
    assert sdk.problems("kubernetes:helm.sh/v3:Release", {"chart": "traefik", "values": values}) == {}
    found = sdk.problems("kubernetes:helm.sh/v3:Release", {"chart": "x", "repositoryOpts": {"repository": "y"}})
    assert list(found) == ["repositoryOpts.repository"]


def test_a_custom_resource_is_free_but_for_what_all_need() -> None:
    type_ = "kubernetes:karpenter.sh/v1:NodePool"
    named = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}}
    assert MODEL.input_problems(type_, {**named, "spec": {"anything": 1}}) == {}
    assert MODEL.input_problems(type_, {"spec": {}}) == dict.fromkeys(("apiVersion", "kind", "metadata"), "is missing")


def test_a_providers_inputs_are_decoded() -> None:
    inputs = {"region": "ap-northeast-1", "defaultTags": json.dumps({"tags": {"a": "b"}, "tag": 1})}
    decoded = sdk.decode_provider_inputs("pulumi:providers:aws", inputs)
    assert decoded == {"region": "ap-northeast-1", "defaultTags": {"tags": {"a": "b"}, "tag": 1}}
    assert list(sdk.problems("pulumi:providers:aws", inputs)) == ["defaultTags.tag"]


def test_a_component_is_checked_too() -> None:
    found = sdk.problems("eks:index:Cluster", {"upgradePolicy": {"support": "STANDARD"}, "vpcID": "vpc-1"})
    assert set(found) == {"upgradePolicy.support", "vpcID"}


def test_check_names_the_resource() -> None:
    with pytest.raises(sdk.UnknownPropertyError, match=r"aws:eks/cluster:Cluster 'plat': nam: is not known"):
        MODEL.check(CLUSTER, "plat", {**VALID, "nam": "platform"})


def test_a_type_that_no_sdk_has_is_refused_by_name() -> None:
    with pytest.raises(sdk.UnknownTypeError, match="aws:ec2/moon:Moon"):
        sdk.problems("aws:ec2/moon:Moon", {})


def test_arguments_of_invokes() -> None:
    assert sdk.invoke_problems("aws:ec2/getSubnet:getSubnet", {"vpcId": "vpc-1"}) == {}
    assert list(sdk.invoke_problems("aws:ec2/getSubnet:getSubnet", {"vpc": "vpc-1"})) == ["vpc"]
    with pytest.raises(sdk.UnknownTypeError, match="getMoon"):
        sdk.invoke_problems("aws:index/getMoon:getMoon", {})


def test_versions_are_the_installed_ones() -> None:
    assert sdk.version("aws").startswith("7.")
