"""Capabilities: what EKS runs for a cluster, by which IAM role, and with which rights in the cluster."""

from typing import Any

import pulumi

from components.control_plane.capabilities import Capabilities
from harness.plan import Plan
from settings import Capabilities as CapabilitiesSettings
from tests.components.given import section, where
from tests.components.recording import assert_shape, below, document, label, needs, recorded, remembered

CAPABILITY = "aws:eks/capability:Capability"
S3 = "arn:aws:iam::aws:policy/AmazonS3FullAccess"
ARGO_CD = {
    "identityCenter": "arn:aws:sso:::instance/ssoins-0123456789abcdef",
    "admins": ["08017340-8041-7093-3ffa-0123456789ab"],
}


@remembered
def _recorded(*, unknown: bool = False, **settings: Any) -> Plan:
    given = section(CapabilitiesSettings, settings)

    def declare(opts: pulumi.ResourceOptions) -> None:
        Capabilities("capability", given, where(name="dev"), cluster_name="dev", opts=opts)

    return recorded(declare, unknown=unknown)


def test_shape(unknown: bool) -> None:
    assert_shape(_recorded(ack={}, unknown=unknown), Capabilities, "capability")


def test_inventory() -> None:
    plan = _recorded(ack={"managedPolicies": [S3]}, kro={"role": "admin"}, argo_cd={**ARGO_CD, "role": "edit"})
    assert below(plan, plan.one(type="eks-platform:index:Capabilities")) == {
        *(f"Role capability-{key}" for key in ("ack", "kro", "argocd")),
        *(f"Capability capability-{key}" for key in ("ack", "kro", "argocd")),
        "RolePolicyAttachment capability-ack-AmazonS3FullAccess",
        "AccessPolicyAssociation capability-kro",
        "AccessPolicyAssociation capability-argocd",
    }


def test_ack_keeps_the_rights_of_its_role_for_as_long_as_it_is_there() -> None:
    plan = _recorded(ack={"managedPolicies": [S3]})
    capability = plan.one(type=CAPABILITY)
    assert capability.inputs == {
        "clusterName": "dev",
        "capabilityName": "ack",
        "type": "ACK",
        "roleArn": plan.one(type="aws:iam/role:Role").outputs["arn"],
        "deletePropagationPolicy": "RETAIN",
    }
    assert needs(plan, capability) == {"Role capability-ack", "RolePolicyAttachment capability-ack-AmazonS3FullAccess"}
    (statement,) = document(plan.one(type="aws:iam/role:Role"), "assumeRolePolicy")["Statement"]
    assert statement["Principal"] == {"Service": ["capabilities.eks.amazonaws.com"]}
    assert statement["Action"] == ["sts:AssumeRole", "sts:TagSession"]


def test_rights_in_the_cluster_come_after_the_entry_that_eks_makes() -> None:
    plan = _recorded(kro={"role": "admin"})
    rights = plan.one(type="aws:eks/accessPolicyAssociation:AccessPolicyAssociation")
    assert rights.inputs == {
        "clusterName": "dev",
        "principalArn": plan.one(type="aws:iam/role:Role").outputs["arn"],
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        "accessScope": {"type": "cluster"},
    }
    assert label(plan.one(type=CAPABILITY)) in needs(plan, rights)


def test_argo_cd_knows_the_groups_of_identity_center() -> None:
    viewers = ["18017340-8041-7093-3ffa-0123456789ab"]
    plan = _recorded(argo_cd={**ARGO_CD, "viewers": viewers, "identityCenterRegion": "us-east-1"})
    assert plan.one(type=CAPABILITY).inputs["configuration"] == {
        "argoCd": {
            "namespace": "argocd",
            "awsIdc": {"idcInstanceArn": ARGO_CD["identityCenter"], "idcRegion": "us-east-1"},
            "rbacRoleMappings": [
                {"role": "ADMIN", "identities": [{"id": ARGO_CD["admins"][0], "type": "SSO_GROUP"}]},
                {"role": "VIEWER", "identities": [{"id": viewers[0], "type": "SSO_GROUP"}]},
            ],
        }
    }
