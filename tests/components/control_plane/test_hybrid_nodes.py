"""HybridNodes: the role of nodes outside of AWS, by which they join, and who is let in to the cluster."""

from typing import Any

import pulumi
import pytest

from components.control_plane.hybrid_nodes import HybridNodes
from harness.plan import Plan
from settings import HybridNodes as HybridNodesSettings
from settings import Identity
from tests.components.given import section, where
from tests.components.recording import ACCOUNT, REGION, assert_shape, below, document, recorded, remembered

CLUSTER = f"arn:aws:eks:{REGION}:{ACCOUNT}:cluster/dev"
CERTIFICATES = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
ROLE = "aws:iam/role:Role"
POLICY = "aws:iam/rolePolicy:RolePolicy"


@remembered
def _recorded(*, identity: Identity = Identity.IRSA, unknown: bool = False, **changes: Any) -> Plan:
    settings = section(HybridNodesSettings, {"node_networks": ["10.80.0.0/16"]}, **changes)

    def declare(opts: pulumi.ResourceOptions) -> None:
        HybridNodes(
            "hybrid",
            settings,
            where(name="dev"),
            identity=identity,
            cluster_name="dev",
            cluster_security_group_id="sg-1",
            opts=opts,
        )

    return recorded(declare, unknown=unknown)


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(unknown=unknown), HybridNodes, "hybrid")


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, {"RolePolicyAttachment hybrid-node-AmazonSSMManagedInstanceCore"}),
        ({"certificates": CERTIFICATES}, {"TrustAnchor hybrid-certificates", "Profile hybrid-node"}),
    ],
    ids=["Systems Manager", "Roles Anywhere"],
)
def test_inventory(changes: dict[str, Any], more: set[str]) -> None:
    plan = _recorded(**changes)
    assert below(plan, plan.one(type="eks-platform:index:HybridNodes")) == {
        "Role hybrid-node",
        "RolePolicy hybrid-node",
        "RolePolicyAttachment hybrid-node-AmazonEC2ContainerRegistryPullOnly",
        "AccessEntry hybrid-node",
        "SecurityGroupIngressRule hybrid-nodes-10.80.0.0-16",
        *more,
    }


def test_their_role_has_an_entry_of_their_type() -> None:
    plan = _recorded()
    assert plan.one(type="aws:eks/accessEntry:AccessEntry").inputs == {
        "clusterName": "dev",
        "principalArn": plan.one(type=ROLE).outputs["arn"],
        "type": "HYBRID_LINUX",
    }


def test_systems_manager_of_this_account_and_region_gives_the_role() -> None:
    (statement,) = document(_recorded().one(type=ROLE), "assumeRolePolicy")["Statement"]
    assert statement["Principal"] == {"Service": ["ssm.amazonaws.com"]}
    assert statement["Action"] == ["sts:AssumeRole"]
    assert statement["Condition"] == {
        "StringEquals": {"aws:SourceAccount": ACCOUNT},
        "ArnEquals": {"aws:SourceArn": f"arn:aws:ssm:{REGION}:{ACCOUNT}:*"},
    }


def test_a_certificate_gives_the_role_in_the_name_of_its_node() -> None:
    plan = _recorded(certificates=CERTIFICATES)
    anchor = plan.one(type="aws:rolesanywhere/trustAnchor:TrustAnchor")
    assert anchor.inputs["source"] == {
        "sourceType": "CERTIFICATE_BUNDLE",
        "sourceData": {"x509CertificateData": CERTIFICATES},
    }
    tagging, assuming = document(plan.one(type=ROLE), "assumeRolePolicy")["Statement"]
    assert tagging["Action"] == ["sts:TagSession", "sts:SetSourceIdentity"]
    assert assuming["Action"] == ["sts:AssumeRole"]
    assert assuming["Condition"]["StringEquals"] == {"sts:RoleSessionName": "${aws:PrincipalTag/x509Subject/CN}"}
    for statement in (tagging, assuming):
        assert statement["Principal"] == {"Service": ["rolesanywhere.amazonaws.com"]}
        assert statement["Condition"]["ArnEquals"] == {"aws:SourceArn": anchor.outputs["arn"]}
    profile = plan.one(type="aws:rolesanywhere/profile:Profile").inputs
    assert profile["roleArns"] == [plan.one(type=ROLE).outputs["arn"]]
    assert profile["acceptRoleSessionName"] is True


@pytest.mark.parametrize(
    ("changes", "actions"),
    [
        ({}, {"eks:DescribeCluster", "eks:ListAccessEntries"} | {"ssm:DescribeInstanceInformation"}),
        ({"certificates": CERTIFICATES}, {"eks:DescribeCluster", "eks:ListAccessEntries"}),
        (
            {"certificates": CERTIFICATES, "identity": Identity.POD_IDENTITY},
            {"eks:DescribeCluster", "eks:ListAccessEntries", "eks-auth:AssumeRoleForPodIdentity"},
        ),
    ],
    ids=["Systems Manager", "Roles Anywhere", "Pod Identity"],
)
def test_what_nodes_may_do(changes: dict[str, Any], actions: set[str]) -> None:
    statements = document(_recorded(**changes).one(type=POLICY), "policy")["Statement"]
    free = [it for it in statements if "Condition" not in it]
    assert {action for it in free for action in it["Action"]} == actions
    assert {resource for it in free for resource in it["Resource"]} <= {CLUSTER, "*"}
    limited = [it for it in statements if "Condition" in it]
    assert [it["Action"] for it in limited] == (
        [] if "certificates" in changes else [["ssm:DeregisterManagedInstance"]]
    )
    assert all(it["Condition"] == {"StringEquals": {"ssm:resourceTag/EKSClusterARN": CLUSTER}} for it in limited)


def test_their_networks_reach_the_cluster() -> None:
    plan = _recorded(pod_networks=["10.81.0.0/16"])
    rules = [it.inputs for it in plan.find(type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")]
    assert [(it["cidrIpv4"], it["ipProtocol"], it["securityGroupId"]) for it in rules] == [
        ("10.80.0.0/16", "-1", "sg-1"),
        ("10.81.0.0/16", "-1", "sg-1"),
    ]
