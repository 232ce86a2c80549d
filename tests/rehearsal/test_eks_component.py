"""`pulumi_eks.Cluster` in a rehearsal is what its provider registers: the recording of the real one says so."""

import json
import os
from pathlib import Path
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pytest

from harness.component import Child, Expansion, Made, UnsupportedInputError
from harness.plan import Plan, names
from harness.properties import UNKNOWN, Properties, Reference
from rehearsal.cloud.eks_component import expand
from rehearsal.record import record

LEAN: Properties = {
    "name": "plat",
    "vpcId": "vpc-1",
    "publicSubnetIds": ["s1", "s2"],
    "privateSubnetIds": ["s3", "s4"],
    "serviceRole": Reference("urn:svc", "svc"),
    "authenticationMode": "API",
    "bootstrapSelfManagedAddons": False,
    "skipDefaultNodeGroup": True,
    "skipDefaultSecurityGroups": True,
    "useDefaultVpcCni": True,
    "kubeProxyAddonOptions": {"enabled": False},
    "corednsAddonOptions": {"enabled": False},
}
CLUSTER: Properties = {
    "name": "plat",
    "arn": "arn:aws:eks:REGION:1:cluster/plat",
    "endpoint": "https://ENDPOINT",
    "certificateAuthority": {"data": "Q0E="},
    "identities": [{"oidcs": [{"issuer": "https://oidc.eks.REGION.amazonaws.com/id/ID"}]}],
    "vpcConfig": {"clusterSecurityGroupId": "sg-cluster"},
}


def expanded(inputs: Properties, dependencies: dict[str, set[str]] | None = None) -> tuple[list[Child], Expansion]:
    outputs: dict[str, Properties] = {
        "aws:eks/cluster:Cluster": CLUSTER,
        "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"arn": "<arn of the provider>"},
    }
    children: list[Child] = []
    steps = expand("plat", inputs, dependencies or {}, lambda _reference: {"arn": "<arn of aws:iam/role:Role>"})
    child = next(steps)
    try:
        while True:
            children.append(child)
            child = steps.send(Made(f"urn:{child.type}::{child.name}", child.name, outputs.get(child.type, {})))
    except StopIteration as end:
        return children, end.value


@pytest.mark.upstream
def test_it_registers_what_the_real_one_was_seen_to_register() -> None:
    facts = os.environ.get("UPSTREAM_FACTS")
    if not facts:
        pytest.skip("UPSTREAM_FACTS is not set: no recording of the real component, which no publisher has")
    recording = json.loads((Path(facts) / "pulumi-eks" / "lean.json").read_text())["resources"]
    component = next(entry for entry in recording if entry["type"] == "eks:index:Cluster")
    real = [entry for entry in recording if entry["name"] not in ("svc", "plat")]
    children, expansion = expanded({**component["inputs"], "serviceRole": Reference("urn:svc", "svc")})

    registered = {(child.type, child.name): child for child in children}
    assert set(registered) == {(entry["type"], entry["name"]) for entry in real}
    for entry in real:
        child = registered[entry["type"], entry["name"]]
        assert (child.parent or "plat") == entry["parent"]
        needed = child.depends_on.union(*child.property_dependencies.values())
        assert {urn.rsplit(":", 1)[-1] for urn in needed} == set(entry["dependencies"]), entry["name"]
        if "inputs" in entry:
            assert child.inputs == entry["inputs"]

    expected = component["outputs"]
    # The stand-in for AWS gave an ARN with something else where the region is, and the recorded command shows it.
    for kubeconfig in (expected["kubeconfig"], expected["core"]["kubeconfig"]):
        kubeconfig["users"][0]["user"]["exec"]["args"][1] = "REGION"
    del expected["kubeconfigJson"]
    shown = json.loads(json.dumps(expansion.outputs, default=lambda reference: {"resource": _named(reference)}))
    assert json.loads(shown.pop("kubeconfigJson")) == expected["kubeconfig"]
    assert shown.pop("oidcProviderArn") == "<arn of the provider>"
    del expected["oidcProviderArn"]
    assert shown == expected


@pytest.mark.upstream
def test_auto_mode_is_what_the_real_one_was_seen_to_ask_for() -> None:
    facts = os.environ.get("UPSTREAM_FACTS")
    if not facts:
        pytest.skip("UPSTREAM_FACTS is not set: no recording of the real component, which no publisher has")
    recording = json.loads((Path(facts) / "pulumi-eks" / "lean-auto-mode.json").read_text())["resources"]
    real = next(entry["inputs"] for entry in recording if entry["type"] == "aws:eks/cluster:Cluster")
    compute = {"nodePools": ["general-purpose", "system"], "nodeRoleArn": "<arn of aws:iam/role:Role>"}
    auto = {"autoMode": {"enabled": True, "createNodeRole": False, "computeConfig": compute}}
    children, _ = expanded({**LEAN, **auto})
    made = next(child.inputs for child in children if child.type == "aws:eks/cluster:Cluster")
    for key in ("computeConfig", "storageConfig", "kubernetesNetworkConfig"):
        assert made[key] == real[key]


def _named(reference: Reference) -> str:
    return "aws:iam/role:Role::svc" if reference.urn == "urn:svc" else reference.urn.removeprefix("urn:")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"skipDefaultNodeGroup": False}, "skipDefaultNodeGroup must be True"),
        ({"skipDefaultSecurityGroups": None}, "skipDefaultSecurityGroups must be True"),
        ({"authenticationMode": "CONFIG_MAP"}, "authenticationMode must be 'API'"),
        ({"autoMode": {"enabled": True}}, "autoMode must have a computeConfig and no createNodeRole"),
        ({"kubeProxyAddonOptions": {}}, "kubeProxyAddonOptions.enabled must be false"),
        ({"corednsAddonOptions": {"enabled": True}}, "corednsAddonOptions.enabled must not be true"),
        ({"publicAccessCidrs": ["192.0.2.0/24"], "endpointPublicAccess": False}, "can only be set when"),
    ],
)
def test_what_is_not_lean_is_refused(change: Properties, message: str) -> None:
    with pytest.raises(UnsupportedInputError, match=message):
        expanded({**LEAN, **change})


def test_dependencies_go_where_the_input_goes() -> None:
    children, _ = expanded(
        {**LEAN, "encryptionConfigKeyArn": "arn:aws:kms:k"},
        {"serviceRole": {"urn:attachment"}, "privateSubnetIds": {"urn:subnet"}, "encryptionConfigKeyArn": {"urn:key"}},
    )
    assert children[0].property_dependencies == {
        "roleArn": {"urn:attachment", "urn:svc"},
        "vpcConfig": {"urn:subnet"},
        "encryptionConfig": {"urn:key"},
    }


def test_what_the_control_plane_gets() -> None:
    children, _ = expanded(
        {**LEAN, "upgradePolicy": {"supportType": "STANDARD"}, "clusterTags": {"a": "1", "b": "1"}, "tags": {"b": "2"}}
    )
    inputs = children[0].inputs
    assert inputs["upgradePolicy"] == {"supportType": "STANDARD"}
    assert inputs["tags"] == {"Name": "plat-eksCluster", "a": "1", "b": "2"}
    assert "encryptionConfig" not in inputs
    assert children[0].ignore_changes == (
        "accessConfig.bootstrapClusterCreatorAdminPermissions",
        "bootstrapSelfManagedAddons",
    )
    assert [child.type for child in children] == ["aws:eks/cluster:Cluster", "pulumi:providers:kubernetes"]


def test_an_unknown_input_stays_unknown() -> None:
    children, _ = expanded({**LEAN, "privateSubnetIds": UNKNOWN, "serviceRole": UNKNOWN})
    assert children[0].inputs["vpcConfig"] == {"subnetIds": UNKNOWN}
    assert children[0].inputs["roleArn"] is UNKNOWN


def sample(*, unknown: bool, transforms: list[Any] | None = None) -> Plan:
    def program() -> None:
        provider = aws.Provider("aws", region="ap-northeast-1")
        in_aws = pulumi.ResourceOptions(provider=provider)
        role = aws.iam.Role("svc", assume_role_policy="{}", opts=in_aws)
        attached = aws.iam.RolePolicyAttachment(
            "attached", role=role.name, policy_arn="arn:aws:iam::aws:policy/P", opts=in_aws
        )
        cluster = eks.Cluster(
            "plat",
            name="plat",
            vpc_id="vpc-1",
            private_subnet_ids=["s1"],
            service_role=pulumi.Output.all(attached.id).apply(lambda _: role),
            authentication_mode=eks.AuthenticationMode.API,
            skip_default_node_group=True,
            skip_default_security_groups=True,
            use_default_vpc_cni=True,
            kube_proxy_addon_options={"enabled": False},
            opts=pulumi.ResourceOptions(providers=[provider], protect=True, transforms=transforms),
        )
        aws.eks.Addon("cni", cluster_name=cluster.eks_cluster.name, addon_name="vpc-cni", opts=in_aws)
        aws.eks.Addon("dns", cluster_name=cluster.core.cluster.name, addon_name="coredns", opts=in_aws)
        pulumi.export("arn", cluster.eks_cluster.arn)
        pulumi.export("group", cluster.core.cluster.vpc_config.cluster_security_group_id)
        pulumi.export("kubeconfig", cluster.kubeconfig_json)

    return record(program, unknown=unknown)


def test_the_program_can_use_the_cluster_inside() -> None:
    plan = sample(unknown=False)
    inner = plan.one(type="aws:eks/cluster:Cluster")
    assert plan.exports["arn"] == inner.outputs["arn"]
    assert plan.exports["group"] == inner.outputs["vpcConfig"]["clusterSecurityGroupId"]
    assert json.loads(plan.exports["kubeconfig"])["clusters"][0]["cluster"]["server"] == inner.outputs["endpoint"]
    assert plan.one(name="cni").inputs["clusterName"] == "plat"


@pytest.mark.parametrize("unknown", [False, True])
def test_what_uses_the_cluster_waits_for_all_of_it(unknown: bool) -> None:
    plan = sample(unknown=unknown)
    for name in ("cni", "dns"):
        waits = names(plan, plan.closure(plan.one(name=name)))
        assert {"plat-eksCluster", "attached", "svc"} <= waits


def test_in_a_first_preview_references_resolve_and_their_fields_are_unknown() -> None:
    plan = sample(unknown=True)
    assert plan.exports == {"arn": UNKNOWN, "group": UNKNOWN, "kubeconfig": UNKNOWN}
    inner = plan.one(type="aws:eks/cluster:Cluster")
    assert inner.inputs["name"] == "plat"
    assert inner.inputs["roleArn"] is UNKNOWN
    assert names(plan, inner.property_dependencies["roleArn"]) == {"attached"}
    assert plan.one(name="cni").inputs["clusterName"] == "plat"


def test_children_use_the_components_provider_and_protection() -> None:
    plan = sample(unknown=False)
    inner = plan.one(type="aws:eks/cluster:Cluster")
    assert inner.options.provider == plan.one(name="aws").urn
    assert inner.options.protect
    assert inner.parent == plan.one(name="plat").urn
    assert plan.one(type="pulumi:providers:kubernetes").options.protect


@pytest.mark.parametrize("unknown", [False, True])
def test_a_transform_of_the_component_reaches_the_control_plane(unknown: bool) -> None:
    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:eks/cluster:Cluster":
            return None
        before: Any = args.props["accessConfig"]
        access = {**before, "bootstrapClusterCreatorAdminPermissions": False}
        return pulumi.ResourceTransformResult({**args.props, "accessConfig": access}, args.opts)

    before = sample(unknown=unknown).one(type="aws:eks/cluster:Cluster")
    after = sample(unknown=unknown, transforms=[transform]).one(type="aws:eks/cluster:Cluster")
    assert before.inputs["accessConfig"]["bootstrapClusterCreatorAdminPermissions"] is True
    assert after.inputs["accessConfig"] == {
        "authenticationMode": "API",
        "bootstrapClusterCreatorAdminPermissions": False,
    }
    assert after.property_dependencies == before.property_dependencies
    assert after.options == before.options
