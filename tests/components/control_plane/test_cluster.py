"""Cluster: the control plane as EKS gets it through `pulumi_eks`, and what it must not outlive."""

from dataclasses import replace
from ipaddress import ip_network
from typing import Any, Final

import pulumi
import pytest
from pulumi_aws import ec2

from components.common.where import Where
from components.control_plane.cluster import Cluster, ControlPlaneNetwork
from facts import iam_documents
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Cluster as ClusterSettings
from settings import IpFamily
from tests.components.given import section, where
from tests.components.recording import (
    ACCOUNT,
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

KEY = f"arn:aws:kms:ap-northeast-1:{ACCOUNT}:key/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
OUTPUTS = tuple(key for key, hint in Cluster.__annotations__.items() if "Output" in str(hint))
GROUP = "aws:ec2/securityGroup:SecurityGroup"
INGRESS = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"


NETWORK: Final = ControlPlaneNetwork(vpc_id="vpc-1", subnet_ids=["subnet-1", "subnet-2"], ip_family=IpFamily.IPV4)


@remembered
def _recorded(
    network: ControlPlaneNetwork = NETWORK,
    place: Where | None = None,
    *,
    logs_key: str | None = None,
    protect: bool = False,
    unknown: bool = False,
    **changes: Any,
) -> Plan:
    """Record the control plane. changes: settings by the names of their fields."""
    settings = section(ClusterSettings, {}, **changes)

    def declare(opts: pulumi.ResourceOptions) -> None:
        cluster = Cluster(
            "platform",
            settings,
            place or where(name="dev"),
            network=network,
            logs_key=logs_key,
            protect=protect,
            opts=opts,
        )
        Probe(**{key: getattr(cluster, key) for key in OUTPUTS})

    return recorded(declare, unknown=unknown)


def _control_plane(plan: Plan) -> Registration:
    return plan.one(type="aws:eks/cluster:Cluster")


# --- What there is ------------------------------------------------------------------------------------------------


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown), Cluster, "platform")


@pytest.mark.parametrize(
    ("changes", "key"),
    [({}, {"Key platform-secrets", "Alias platform-secrets"}), ({"secrets_key": KEY}, set())],
    ids=["own key", "given key"],
)
def test_inventory(changes: dict[str, Any], key: set[str], unknown: bool) -> None:
    """No security group, add-on or node group of `pulumi_eks`; the one security group is ours.

    Without its switches it creates two security groups and the newest add-ons. One of the groups has the cluster's
    tag, as EKS's own has, and two of these on a node break load balancers (terraform-aws-eks #1810).
    """
    plan = _recorded(unknown=unknown, **changes)
    entry = plan.one(type="eks-platform:index:Cluster", name="platform")
    assert below(plan, entry) == {
        "Role platform-control-plane",
        "RolePolicyAttachment platform-control-plane",
        "RolePolicy platform-secrets",
        "LogGroup platform-control-plane",
        "SecurityGroup platform-private-access",
        "Cluster platform-eks",
        "Cluster platform-eks-eksCluster",
        "kubernetes platform-eks-eks-k8s",
        "OpenIdConnectProvider platform-oidc",
        *key,
    }
    component = plan.one(type="eks:index:Cluster")
    assert {child.parent for child in plan.descendants(entry)} == {entry.urn, component.urn}


def test_the_component_of_pulumi_eks_is_told_to_stay_lean() -> None:
    """Without these arguments `pulumi_eks.Cluster` adds two security groups and the newest add-ons.

    It also waits for a public endpoint that the runner may not reach. The fake cloud refuses only some to be missing.
    """
    component = _recorded().one(type="eks:index:Cluster").inputs
    lean = {
        "skipDefaultNodeGroup": True,
        "skipDefaultSecurityGroups": True,
        "useDefaultVpcCni": True,
        "bootstrapSelfManagedAddons": False,
        "createInstanceRole": False,
        # Its own provider would need a TLS connection from the machine that runs Pulumi.
        "createOidcProvider": False,
        "nodeAssociatePublicIpAddress": False,
        "authenticationMode": "API",
        "privateSubnetIds": ["subnet-1", "subnet-2"],
    }
    assert lean.items() <= component.items()
    assert component["kubeProxyAddonOptions"]["enabled"] is False
    assert component["corednsAddonOptions"]["enabled"] is False
    more = {"accessEntries", "roleMappings", "userMappings", "fargate", "autoMode", "publicSubnetIds"}
    assert not more & component.keys()


# --- Control plane ------------------------------------------------------------------------------------------------


def test_control_plane() -> None:
    plan = _recorded(secrets_key=KEY)
    assert _control_plane(plan).inputs == {
        "name": "dev",
        "version": "1.36",
        "roleArn": plan.one(type="aws:iam/role:Role").outputs["arn"],
        "vpcConfig": {
            "subnetIds": ["subnet-1", "subnet-2"],
            "securityGroupIds": [plan.one(type=GROUP).id],
            "endpointPrivateAccess": True,
            "endpointPublicAccess": False,
        },
        "enabledClusterLogTypes": ["audit", "authenticator"],
        "encryptionConfig": {"provider": {"keyArn": KEY}, "resources": ["secrets"]},
        "accessConfig": {"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        "bootstrapSelfManagedAddons": False,
        "upgradePolicy": {"supportType": "STANDARD"},
        "deletionProtection": False,
        "tags": {"Name": "platform-eks-eksCluster"},
    }
    assert plan.one(type="eks:index:Cluster").inputs["vpcId"] == "vpc-1"


@pytest.mark.parametrize(
    ("changes", "input_", "value"),
    [
        ({"place": where(name="other")}, "name", "other"),
        ({"version": "1.35"}, "version", "1.35"),
        ({"logs": ["api"]}, "enabledClusterLogTypes", ["api"]),
        ({"deletion_protection": True}, "deletionProtection", True),
        ({"support": "extended"}, "upgradePolicy", {"supportType": "EXTENDED"}),
        ({"zonal_shift": True}, "zonalShiftConfig", {"enabled": True}),
        ({"zonal_shift": False}, "zonalShiftConfig", {"enabled": False}),
        (
            {"hybrid_nodes": {"nodeNetworks": ["10.80.0.0/16"], "podNetworks": ["10.81.0.0/16"]}},
            "remoteNetworkConfig",
            {"remoteNodeNetworks": {"cidrs": ["10.80.0.0/16"]}, "remotePodNetworks": {"cidrs": ["10.81.0.0/16"]}},
        ),
        ({"scaling_tier": "tier-xl"}, "controlPlaneScalingConfig", {"tier": "tier-xl"}),
        (
            {"service_cidr": "172.30.0.0/20"},
            "kubernetesNetworkConfig",
            {"ipFamily": "ipv4", "serviceIpv4Cidr": "172.30.0.0/20"},
        ),
        (
            {"network": replace(NETWORK, subnet_ids=["subnet-3", "subnet-4"])},
            "vpcConfig",
            {
                "subnetIds": ["subnet-3", "subnet-4"],
                "endpointPrivateAccess": True,
                "endpointPublicAccess": False,
            },
        ),
        (
            {"public_access": {"office": "203.0.113.0/24", "ci": "198.51.100.16/28"}},
            "vpcConfig",
            {
                "subnetIds": ["subnet-1", "subnet-2"],
                "endpointPrivateAccess": True,
                "endpointPublicAccess": True,
                "publicAccessCidrs": ["203.0.113.0/24", "198.51.100.16/28"],
            },
        ),
    ],
    ids=[
        *("name", "version", "logs", "deletion protection", "support", "zonal shift", "no zonal shift"),
        *("hybrid nodes", "tier"),
        *("service range", "subnets", "public access"),
    ],
)
def test_what_an_argument_changes(changes: dict[str, Any], input_: str, value: object) -> None:
    before, after = _control_plane(_recorded()).inputs, _control_plane(_recorded(**changes)).inputs
    if isinstance(value, dict) and input_ == "vpcConfig":
        value["securityGroupIds"] = before[input_]["securityGroupIds"]
    assert after[input_] == value
    assert before.get(input_) != value
    assert {**after, input_: None} == {**before, input_: None}


def test_given_security_groups_come_after_that_of_the_private_endpoint(unknown: bool) -> None:
    plan = _recorded(security_groups=["sg-11112222", "sg-33334444"], unknown=unknown)
    own = plan.one(type=GROUP).id
    assert _control_plane(plan).inputs["vpcConfig"]["securityGroupIds"] == [
        UNKNOWN if unknown else own,
        "sg-11112222",
        "sg-33334444",
    ]


def test_whoever_made_the_cluster_is_no_administrator_of_it(unknown: bool) -> None:
    """`pulumi_eks.Cluster` has no argument for it and sets true, so a transform sets false."""
    access = _control_plane(_recorded(unknown=unknown)).inputs["accessConfig"]
    assert access["bootstrapClusterCreatorAdminPermissions"] is False


@pytest.mark.parametrize("protect", [True, False])
def test_protect_is_about_the_control_plane_and_its_key(protect: bool) -> None:
    plan = _recorded(protect=protect)
    protected = {entry.type for entry in plan if entry.options.protect}
    assert protected == (
        {"aws:kms/key:Key", "eks:index:Cluster", "aws:eks/cluster:Cluster", "pulumi:providers:kubernetes"}
        if protect
        else set()
    )


def test_the_control_plane_is_outlived_by_its_rights_and_its_logs(unknown: bool) -> None:
    """`depends_on` of `pulumi_eks.Cluster` does not reach the control plane inside; dependencies of an input do."""
    plan = _recorded(unknown=unknown)
    assert {
        "RolePolicyAttachment platform-control-plane",
        "RolePolicy platform-secrets",
        "LogGroup platform-control-plane",
        "Key platform-secrets",
    } <= needs(plan, _control_plane(plan))


def test_a_new_zone_is_no_news_to_the_control_plane() -> None:
    """EKS refuses subnets of other zones than those it began with (aws/containers-roadmap #2258)."""
    ignored = _control_plane(_recorded()).options.ignore_changes
    assert "vpcConfig.subnetIds" in ignored
    assert "accessConfig.bootstrapClusterCreatorAdminPermissions" in ignored


def test_the_control_plane_waits_for_its_subnets() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        vpc = ec2.Vpc("vpc", cidr_block="10.0.0.0/16", opts=opts)
        subnets = [ec2.Subnet(f"subnet-{key}", vpc_id=vpc.id, opts=opts) for key in "ab"]
        network = replace(NETWORK, vpc_id=vpc.id, subnet_ids=pulumi.Output.all(*[subnet.id for subnet in subnets]))
        Cluster("platform", ClusterSettings(), where(), network=network, logs_key=None, protect=False, opts=opts)

    plan = recorded(declare, unknown=True)
    assert {"Subnet subnet-a", "Subnet subnet-b"} <= needs(plan, _control_plane(plan))


# --- The private endpoint -----------------------------------------------------------------------------------------


def test_who_reaches_the_private_endpoint() -> None:
    """terraform-aws-eks #2746, #1863: EKS's own group lets in nodes and pods, and no runner."""
    plan = _recorded(private_access={"runners": "10.200.0.0/24", "vpn": "2001:db8::/48"})
    group = plan.one(type=GROUP, name="platform-private-access")
    assert _control_plane(plan).inputs["vpcConfig"]["securityGroupIds"] == [group.id]
    https = {"securityGroupId": group.id, "ipProtocol": "tcp", "fromPort": 443, "toPort": 443}
    assert {entry.name: entry.inputs for entry in plan.find(type=INGRESS)} == {
        "platform-private-access-runners": {**https, "cidrIpv4": "10.200.0.0/24", "description": "API from runners"},
        "platform-private-access-vpn": {**https, "cidrIpv6": "2001:db8::/48", "description": "API from vpn"},
    }


def test_another_range_is_no_news_to_the_control_plane() -> None:
    """The group is there from the beginning: nothing says that EKS would take the last group away."""
    before, after = _recorded(), _recorded(private_access={"runners": "10.200.0.0/24"})
    assert _control_plane(before).inputs == _control_plane(after).inputs
    assert not before.find(type=INGRESS)


def test_who_uses_the_endpoint_comes_after_the_way_to_it(unknown: bool) -> None:
    plan = _recorded(unknown=unknown, private_access={"runners": "10.200.0.0/24"})
    rule = "SecurityGroupIngressRule platform-private-access-runners"
    assert rule in needs(plan, plan.one(name="probe"), "endpoint")
    assert rule not in needs(plan, _control_plane(plan))


def test_the_group_of_the_private_endpoint_is_not_the_clusters() -> None:
    """Two security groups with the cluster's tag on a node break load balancers (terraform-aws-eks #1810)."""
    group = _recorded().one(type=GROUP)
    assert group.inputs == {
        "description": "Private access to the API of dev",
        "vpcId": "vpc-1",
        "tags": {"Name": "dev-private-access"},
    }


def test_the_control_plane_goes_before_its_group(unknown: bool) -> None:
    plan = _recorded(unknown=unknown)
    assert "SecurityGroup platform-private-access" in needs(plan, _control_plane(plan), "vpcConfig")


# --- Role, key, logs ----------------------------------------------------------------------------------------------


def test_role() -> None:
    plan = _recorded()
    role = plan.one(type="aws:iam/role:Role")
    assert role.inputs.keys() == {"assumeRolePolicy"}
    (trust,) = document(role, "assumeRolePolicy")["Statement"]
    assert trust["Principal"] == {"Service": ["eks.amazonaws.com"]}
    assert plan.one(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment").inputs == {
        "role": role.outputs["name"],
        "policyArn": "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy",
    }


def test_secrets_are_encrypted_by_a_key_of_the_cluster() -> None:
    plan = _recorded()
    key = plan.one(type="aws:kms/key:Key")
    assert {name: value for name, value in key.inputs.items() if name != "policy"} == {
        "description": "Kubernetes secrets of dev",
        "enableKeyRotation": True,
        "deletionWindowInDays": 30,
    }
    assert _control_plane(plan).inputs["encryptionConfig"] == {
        "provider": {"keyArn": key.outputs["arn"]},
        "resources": ["secrets"],
    }
    assert plan.one(type="aws:kms/alias:Alias").inputs == {"name": "alias/eks/dev", "targetKeyId": key.id}
    assert probed(plan, "secrets_key_arn") == key.outputs["arn"]


def test_the_key_gives_rights_by_iam_alone(unknown: bool) -> None:
    """It names no role, and so waits for none: a key takes longer than anything else that a control plane needs."""
    plan = _recorded(place=where(account_id="999999999999"), unknown=unknown)
    key = plan.one(type="aws:kms/key:Key")
    (statement,) = document(key, "policy")["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::999999999999:root"]}
    assert needs(plan, key) == set()


@pytest.mark.parametrize("changes", [{}, {"secrets_key": KEY}], ids=["own key", "given key"])
def test_the_control_plane_may_use_its_key(changes: dict[str, Any]) -> None:
    plan = _recorded(**changes)
    policy = plan.one(type="aws:iam/rolePolicy:RolePolicy")
    assert policy.inputs["role"] == plan.one(type="aws:iam/role:Role").id
    key = KEY if changes else plan.one(type="aws:kms/key:Key").outputs["arn"]
    assert document(policy, "policy") == iam_documents.secrets_key_user(key)
    assert [statement["Resource"] for statement in document(policy, "policy")["Statement"]] == [[key], [key]]


def test_a_given_key_is_used_as_it_is(unknown: bool) -> None:
    plan = _recorded(unknown=unknown, secrets_key=KEY)
    assert _control_plane(plan).inputs["encryptionConfig"]["provider"] == {"keyArn": KEY}
    assert probed(plan, "secrets_key_arn") == KEY


@pytest.mark.parametrize("days", [1, 365])
def test_logs_go_to_the_group_that_eks_writes_to(days: int) -> None:
    """EKS makes this group itself where it is missing, and keeps its logs for ever."""
    group = _recorded(log_retention_days=days).one(type="aws:cloudwatch/logGroup:LogGroup")
    assert group.inputs == {"name": "/aws/eks/dev/cluster", "retentionInDays": days}


def test_the_log_group_does_not_wait_for_the_control_plane() -> None:
    plan = _recorded()
    assert waits_for(plan, plan.one(type="aws:cloudwatch/logGroup:LogGroup")) <= {
        "Cluster platform",
        "Stack eks-platform-dev",
        "aws aws",
    }


# --- OIDC provider ------------------------------------------------------------------------------------------------


def test_oidc_provider_of_the_clusters_issuer() -> None:
    """No thumbprint: to compute one, the runner would have to connect to the issuer."""
    plan = _recorded()
    (identity,) = _control_plane(plan).outputs["identities"]
    (oidc,) = identity["oidcs"]
    assert plan.one(type="aws:iam/openIdConnectProvider:OpenIdConnectProvider").inputs == {
        "url": oidc["issuer"],
        "clientIdLists": ["sts.amazonaws.com"],
    }
    assert f"https://{probed(plan, 'oidc_issuer')}" == oidc["issuer"]


# --- Outputs ------------------------------------------------------------------------------------------------------


def test_outputs() -> None:
    plan = _recorded()
    made = _control_plane(plan).outputs
    provider = plan.one(type="aws:iam/openIdConnectProvider:OpenIdConnectProvider").outputs
    expected = {
        "cluster_name": "dev",
        "arn": made["arn"],
        "endpoint": made["endpoint"],
        "certificate_authority": made["certificateAuthority"]["data"],
        "version": "1.36",
        "service_range": "172.20.0.0/16",
        "security_group_id": made["vpcConfig"]["clusterSecurityGroupId"],
        "oidc_provider_arn": provider["arn"],
        "oidc_issuer": made["identities"][0]["oidcs"][0]["issuer"].removeprefix("https://"),
        "secrets_key_arn": plan.one(type="aws:kms/key:Key").outputs["arn"],
    }
    assert plan.one(name="probe").inputs == expected
    assert plan.one(type="eks-platform:index:Cluster").outputs == expected


def test_the_range_of_services_of_an_ipv6_cluster_is_of_ipv6() -> None:
    plan = _recorded(replace(NETWORK, ip_family=IpFamily.IPV6))
    assert probed(plan, "service_range") == _control_plane(plan).outputs["kubernetesNetworkConfig"]["serviceIpv6Cidr"]
    assert ip_network(probed(plan, "service_range")).version == 6


def test_outputs_wait_for_the_control_plane(unknown: bool) -> None:
    """The name is what everything in the cluster takes to come after it, known or not."""
    plan = _recorded(unknown=unknown)
    for output in sorted(set(OUTPUTS) - {"oidc_provider_arn", "secrets_key_arn"}):
        assert "Cluster platform-eks-eksCluster" in carried(plan, output), output
    assert carried(plan, "oidc_provider_arn") == {"OpenIdConnectProvider platform-oidc"}
    assert carried(plan, "secrets_key_arn") == {"Key platform-secrets"}


def test_a_first_preview_knows_the_name_and_the_version_only() -> None:
    plan = _recorded(unknown=True)
    known = {output for output in OUTPUTS if probed(plan, output) is not UNKNOWN}
    assert known == {"cluster_name", "version"}


# --- IPv6 and Auto Mode -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("family", "found"), [("ipv6", "ipv6"), ("ipv4", None)])
def test_the_family_of_addresses_is_asked_for_where_it_is_not_the_usual_one(family: str, found: str | None) -> None:
    network = _control_plane(_recorded(replace(NETWORK, ip_family=IpFamily(family)))).inputs.get(
        "kubernetesNetworkConfig", {}
    )
    assert network.get("ipFamily") == found


def test_auto_mode_is_all_three_parts(unknown: bool) -> None:
    plan = _recorded(auto_mode={"nodePools": ["general-purpose", "system"]}, unknown=unknown)
    inputs = _control_plane(plan).inputs
    assert inputs["computeConfig"]["enabled"] is True
    assert inputs["computeConfig"]["nodePools"] == ["general-purpose", "system"]
    # EKS refuses one without the others.
    assert inputs["storageConfig"] == {"blockStorage": {"enabled": True}}
    assert inputs["kubernetesNetworkConfig"]["elasticLoadBalancing"] == {"enabled": True}
    if not unknown:
        assert inputs["computeConfig"]["nodeRoleArn"] == plan.one(name="platform-auto-node").outputs["arn"]


def test_auto_modes_roles_have_what_it_needs_for_as_long_as_the_control_plane_is_there(unknown: bool) -> None:
    plan = _recorded(auto_mode={"nodePools": ["system"]}, unknown=unknown)
    found = waits_for(plan, _control_plane(plan))
    own = {
        f"RolePolicyAttachment platform-control-plane-{policy}" for policy in iam_documents.AUTO_MODE_CLUSTER_POLICIES
    }
    nodes = {f"RolePolicyAttachment platform-auto-node-{policy}" for policy in iam_documents.AUTO_MODE_NODE_POLICIES}
    assert own | nodes | {"RolePolicyAttachment platform-control-plane"} <= found
    role = plan.one(name="platform-control-plane", type="aws:iam/role:Role")
    assert document(role, "assumeRolePolicy") == iam_documents.trust_service("eks", "ap-northeast-1", tags=True)


def test_without_built_in_pools_auto_mode_has_no_role() -> None:
    """EKS refuses a role without a pool: terraform-aws-eks #3711."""
    plan = _recorded(auto_mode={"nodePools": [], "nodeClasses": {"own": {}}, "pools": {"own": {"nodeClass": "own"}}})
    control_plane = plan.one(type="aws:eks/cluster:Cluster")
    assert control_plane.inputs["computeConfig"] == {"enabled": True, "nodePools": []}
    assert [entry for entry in plan.find(type="aws:iam/role:Role") if "auto-node" in entry.name] == []


def test_without_auto_mode_there_is_nothing_of_it() -> None:
    plan = _recorded()
    assert not {"computeConfig", "storageConfig"} & _control_plane(plan).inputs.keys()
    assert not [entry for entry in plan if "auto" in entry.name]
    role = plan.one(name="platform-control-plane", type="aws:iam/role:Role")
    assert document(role, "assumeRolePolicy") == iam_documents.trust_service("eks", "ap-northeast-1")
