"""What a stack tells other stacks: complete, typed, the same over all stacks, and nothing secret."""

import ast
import json
from pathlib import Path
from typing import Any, Final, NotRequired, get_args, get_origin, get_type_hints

import jsonschema_rs
import pulumi
import pytest

import outputs
from facts.contract import CONTRACT_VERSION
from harness.properties import UNKNOWN, has_secret, has_unknown
from outputs import PlatformOutputs
from tests.plans import STACKS, any_stack, of_type, plan_of

every_stack = pytest.mark.parametrize("stack", STACKS)

# What each version of the contract promised. An output that is renamed, removed or of another type makes a new version;
# one that is new is added to the newest.
CONTRACTS: Final[dict[int, dict[str, str]]] = {
    1: {
        "contractVersion": "int",
        "name": "str",
        "region": "str",
        "accountId": "str",
        "vpcId": "str",
        "privateSubnetIds": "list[str]",
        "publicSubnetIds": "list[str]",
        "privateSubnets": "dict[str, str]",
        "publicSubnets": "dict[str, str]",
        "podSubnets": "dict[str, str]",
        "routeTables": "dict[str, str]",
        "natAddresses": "list[str]",
        "clusterName": "str",
        "clusterArn": "str",
        "clusterEndpoint": "str",
        "clusterCertificateAuthority": "str",
        "clusterSecurityGroupId": "str",
        "kubernetesVersion": "str",
        "kubeconfig": "str",
        "oidcProviderArn": "str",
        "oidcIssuer": "str",
        "ingressDnsName": "str?",
        "ingressZoneId": "str?",
        "ingressHosts": "list[str]",
        "ingressClass": "str?",
        "hostedZoneId": "str?",
        "alarmsTopicArn": "str?",
        "grafanaUrl": "str?",
        "grafanaRoleArn": "str?",
        "metricsReaderRoleArn": "str?",
        "hybridNodes": "dict[str, str]?",
        "workloadRoleArns": "dict[str, str]",
        "argoCdRoleArn": "str?",
        "argoCdAccessRoleArn": "str?",
        "versions": "dict[str, str]",
    }
}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)


def _shape(hint: Any) -> str:
    if get_origin(hint) is NotRequired:
        return f"{_shape(get_args(hint)[0])}?"
    if get_origin(hint) is pulumi.Output:
        return _shape(get_args(hint)[0])
    return hint.__name__ if isinstance(hint, type) and not get_args(hint) else str(hint)


def _found(value: Any) -> str:
    if isinstance(value, list):
        assert {_found(item) for item in value} <= {"str"}
        return "list[str]"
    if isinstance(value, dict):
        assert {_found(item) for item in value.values()} <= {"str"}
        return "dict[str, str]"
    return type(value).__name__


# --- Contract -----------------------------------------------------------------------------------------------------


def test_the_types_are_the_contract() -> None:
    hints = get_type_hints(PlatformOutputs, include_extras=True)
    assert {_camel(name): _shape(hint) for name, hint in hints.items()} == CONTRACTS[CONTRACT_VERSION]
    assert max(CONTRACTS) == CONTRACT_VERSION


def test_every_output_is_described() -> None:
    tree = ast.parse(Path(outputs.__file__).read_text())
    body = next(node for node in tree.body if isinstance(node, ast.ClassDef)).body
    fields = [index for index, node in enumerate(body) if isinstance(node, ast.AnnAssign)]
    assert len(fields) == len(get_type_hints(PlatformOutputs))
    for index in fields:
        text = body[index + 1]
        assert isinstance(text, ast.Expr), ast.unparse(body[index])
        assert isinstance(text.value, ast.Constant)


@every_stack
def test_every_stack_has_the_whole_contract_in_the_same_shape(stack: str) -> None:
    exports = plan_of(stack).exports
    promised = CONTRACTS[CONTRACT_VERSION]
    always = {name for name, shape in promised.items() if not shape.endswith("?")}
    assert always <= exports.keys() <= promised.keys()
    # Stacks without compute of their own have no ALB, and this one has some.
    assert {"ingressDnsName", "ingressZoneId", "ingressClass"} <= exports.keys()
    assert ("hostedZoneId" in exports) == bool(exports["ingressHosts"])
    assert ("alarmsTopicArn" in exports) == bool(plan_of(stack).find(type="aws:sns/topic:Topic"))
    for name, value in exports.items():
        assert _found(value) == promised[name].removesuffix("?"), name
    assert exports["contractVersion"] == CONTRACT_VERSION


# --- Schema -------------------------------------------------------------------------------------------------------

SCHEMA: Final = json.loads((Path(outputs.__file__).parent / "outputs.schema.json").read_text(encoding="utf-8"))


def test_the_schema_is_one_and_is_the_contract() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    assert list(SCHEMA["properties"]) == list(CONTRACTS[CONTRACT_VERSION])
    assert SCHEMA["required"] == [name for name, shape in CONTRACTS[CONTRACT_VERSION].items() if shape[-1] != "?"]


@any_stack
def test_the_outputs_of_every_stack_are_what_the_schema_says(stack: str) -> None:
    jsonschema_rs.validate(SCHEMA, plan_of(stack).exports)


@any_stack
def test_what_a_first_preview_knows_is_what_the_schema_says(stack: str) -> None:
    exports = plan_of(stack, unknown=True).exports
    known = {name: value for name, value in exports.items() if not has_unknown(value)}
    assert len(known) > len(exports) / 4
    jsonschema_rs.validate({**SCHEMA, "required": []}, known)
    # The provider shows an Ingress without its status, of which the address is a part.
    assert set(SCHEMA["required"]) - exports.keys() <= {"ingressDnsName", "ingressZoneId"}


@pytest.mark.parametrize(
    "change",
    [
        {"contractVersion": CONTRACT_VERSION + 1},
        {"contractVersion": str(CONTRACT_VERSION)},
        {"privateSubnetIds": "subnet-1"},
        {"versions": {"traefik": 41}},
        {"clusterName": None},
    ],
    ids=str,
)
def test_outputs_of_another_shape_are_refused(change: dict[str, Any]) -> None:
    exports = {**plan_of("prod").exports, **change}
    assert not jsonschema_rs.is_valid(SCHEMA, exports)
    assert jsonschema_rs.is_valid(SCHEMA, {**plan_of("prod").exports, "another": 1})
    without = {name: value for name, value in plan_of("prod").exports.items() if name not in change}
    assert not jsonschema_rs.is_valid(SCHEMA, without)


# --- Values -------------------------------------------------------------------------------------------------------


@every_stack
def test_values_are_those_of_the_resources(stack: str) -> None:
    plan = plan_of(stack)
    exports = plan.exports
    cluster = plan.one(type="aws:eks/cluster:Cluster").outputs
    oidc = plan.one(type="aws:iam/openIdConnectProvider:OpenIdConnectProvider").outputs
    assert exports["name"] == exports["clusterName"] == cluster["name"] == f"platform-{stack}"
    assert exports["clusterArn"] == cluster["arn"]
    assert exports["clusterEndpoint"] == cluster["endpoint"]
    assert exports["clusterCertificateAuthority"] == cluster["certificateAuthority"]["data"]
    assert exports["clusterSecurityGroupId"] == cluster["vpcConfig"]["clusterSecurityGroupId"]
    assert exports["kubernetesVersion"] == cluster["version"]
    assert exports["oidcProviderArn"] == oidc["arn"]
    assert f"https://{exports['oidcIssuer']}" == oidc["url"]
    assert exports["clusterArn"].split(":")[3:5] == [exports["region"], exports["accountId"]]


@every_stack
def test_subnets_by_zone_are_the_same_subnets(stack: str) -> None:
    exports = plan_of(stack).exports
    for place in ("private", "public"):
        assert list(exports[f"{place}Subnets"].values()) == exports[f"{place}SubnetIds"]
        assert all(zone.startswith(exports["region"]) for zone in exports[f"{place}Subnets"])


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_subnets_are_those_of_the_network(stack: str) -> None:
    plan = plan_of(stack)
    assert plan.exports["vpcId"] == plan.one(type="aws:ec2/vpc:Vpc").id
    for place in ("private", "public"):
        made = {entry.id for entry in of_type(list(plan), "Subnet") if f"-{place}-" in entry.name}
        assert set(plan.exports[f"{place}SubnetIds"]) == made
        assert len(plan.exports[f"{place}SubnetIds"]) == len(made) == 3


def test_an_existing_network_is_passed_on() -> None:
    exports = plan_of("fargate").exports
    assert exports["vpcId"] == "vpc-0a1b2c3d4e5f60718"
    assert exports["privateSubnetIds"] == ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
    assert exports["publicSubnetIds"] == ["subnet-0a1b2c3d4e5f60003", "subnet-0a1b2c3d4e5f60004"]


@pytest.mark.parametrize(("stack", "hosts"), [("dev", []), ("prod", ["example.jp", "*.example.jp"])])
def test_ingress_is_where_requests_arrive(stack: str, hosts: list[str]) -> None:
    plan = plan_of(stack)
    exports = plan.exports
    if stack == "prod":
        balancer = plan.one(type="aws:lb/loadBalancer:LoadBalancer").outputs
        assert (exports["ingressDnsName"], exports["ingressZoneId"]) == (balancer["dnsName"], balancer["zoneId"])
        assert exports["hostedZoneId"] == "Z0123456789PRODUCT01"
    else:
        status = plan.one(type="kubernetes:networking.k8s.io/v1:Ingress").outputs["status"]
        assert exports["ingressDnsName"] == status["loadBalancer"]["ingress"][0]["hostname"]
    assert exports["ingressHosts"] == hosts
    (traefik,) = [entry for entry in of_type(list(plan), "Release") if entry.inputs["name"] == "traefik"]
    assert exports["ingressClass"] == traefik.inputs["values"]["ingressClass"]["name"]


@every_stack
def test_versions_are_those_of_what_runs(stack: str) -> None:
    plan = plan_of(stack)
    addons = {entry.inputs["addonName"]: entry.inputs["addonVersion"] for entry in of_type(list(plan), "Addon")}
    releases = {entry.inputs["name"]: entry.inputs["version"] for entry in of_type(list(plan), "Release")}
    # The definitions' chart is always the controller's version.
    releases.pop("karpenter-crd", None)
    assert plan.exports["versions"] == {**addons, **releases}


@every_stack
def test_what_needs_no_cloud_is_known_in_a_first_preview(stack: str) -> None:
    exports = plan_of(stack, unknown=True).exports
    assert exports.keys() == plan_of(stack).exports.keys()
    for name in ("contractVersion", "name", "region", "accountId", "ingressHosts", "ingressClass", "versions"):
        assert exports[name] == plan_of(stack).exports[name]
    for name in ("clusterEndpoint", "kubeconfig", "ingressDnsName"):
        # The provider shows an Ingress without its status, of which the address is a part.
        assert exports.get(name) in (UNKNOWN, None), name


# --- Secrets ------------------------------------------------------------------------------------------------------


@every_stack
def test_no_output_is_secret(stack: str) -> None:
    # A stack that reads a secret output needs the platform's key.
    for unknown in (False, True):
        assert not has_secret(plan_of(stack, unknown=unknown).exports)


@every_stack
def test_the_kubeconfig_holds_no_token(stack: str) -> None:
    config = json.loads(plan_of(stack).exports["kubeconfig"])
    (user,) = config["users"]
    assert user["user"].keys() == {"exec"}
    assert user["user"]["exec"]["command"] == "aws"
    assert "env" not in user["user"]["exec"]


def test_unknown_outputs_are_unknown_and_not_missing() -> None:
    exports = plan_of("prod", unknown=True).exports
    assert has_unknown(exports)
    assert exports["ingressDnsName"] is UNKNOWN
