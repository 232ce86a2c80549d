"""AddedAddon: a version and values of the stack file, a role by either kind of identity, and its place in the order."""

import json
from typing import Any, Final

import pytest

from components.services.added_addon import AddedAddon, short
from harness.plan import Plan
from settings import AddedAddon as AddedAddonSettings
from tests.components.given import identity, on_cluster, waiting_for_compute
from tests.components.recording import assert_shape, document, recorded
from tests.plans import run_program

DRIVER: Final = "aws-efs-csi-driver"
POLICY: Final = "arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy"
ADDON: Final = "aws:eks/addon:Addon"
SETTINGS: Final = AddedAddonSettings.model_validate(
    {
        "version": "v3.4.2-eksbuild.1",
        "namespace": "storage",
        "role": {
            "serviceAccounts": ["controller", "node"],
            "managedPolicies": [POLICY],
            "statements": [{"sid": "Own", "actions": ["s3:ListBucket"], "resources": ["arn:aws:s3:::example"]}],
        },
        "values": {"controller": {"replicaCount": 3}},
    }
)


def _plan(settings: AddedAddonSettings = SETTINGS, *, kind: str = "irsa", **options: Any) -> Plan:
    cluster = on_cluster(identity=identity(kind))
    return recorded(lambda opts: AddedAddon("efs", settings, cluster, addon=DRIVER, opts=opts), **options)


@pytest.mark.parametrize("unknown", [False, True])
def test_it_has_the_shape_of_a_component(unknown: bool) -> None:
    assert_shape(_plan(unknown=unknown), AddedAddon, "efs")


def test_version_and_values_are_those_of_the_stack_file() -> None:
    addon = _plan().one(type=ADDON)
    assert (addon.inputs["addonName"], addon.inputs["addonVersion"]) == (DRIVER, "v3.4.2-eksbuild.1")
    assert json.loads(addon.inputs["configurationValues"]) == {"controller": {"replicaCount": 3}}


def test_with_irsa_eks_gets_the_role_and_its_trust_names_each_account() -> None:
    plan = _plan()
    role = plan.one(type="aws:iam/role:Role")
    assert plan.one(type=ADDON).inputs["serviceAccountRoleArn"] == role.outputs["arn"]
    (statement,) = document(role, "assumeRolePolicy")["Statement"]
    subjects = next(value for key, value in statement["Condition"]["StringEquals"].items() if key.endswith(":sub"))
    assert subjects == ["system:serviceaccount:storage:controller", "system:serviceaccount:storage:node"]


def test_with_pod_identity_each_account_has_an_association_before_the_addon() -> None:
    plan = _plan(kind="pod-identity")
    addon = plan.one(type=ADDON)
    assert "serviceAccountRoleArn" not in addon.inputs
    found = plan.find(type="aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert [(it.inputs["namespace"], it.inputs["serviceAccount"]) for it in found] == [
        ("storage", "controller"),
        ("storage", "node"),
    ]
    assert all(plan.waits_for(addon, association) for association in found)


def test_the_role_has_the_rights_of_the_stack_file_alone() -> None:
    plan = _plan()
    policy = plan.one(type="aws:iam/policy:Policy")
    assert [statement["Sid"] for statement in document(policy, "policy")["Statement"]] == ["Own"]
    attached = {it.inputs["policyArn"] for it in plan.find(type="aws:iam/rolePolicyAttachment:RolePolicyAttachment")}
    assert attached == {POLICY, policy.outputs["arn"]}


def test_without_a_role_there_is_an_addon_alone() -> None:
    plan = _plan(AddedAddonSettings(version="v1.0.0"))
    assert [entry.type for entry in plan if entry.custom and entry.type.startswith("aws:")] == [ADDON]
    assert "configurationValues" not in plan.one(type=ADDON).inputs


def test_it_waits_for_what_runs_its_pods() -> None:
    waiting = waiting_for_compute(lambda cluster, opts: AddedAddon("efs", SETTINGS, cluster, addon=DRIVER, opts=opts))
    assert waiting == {"Addon efs-aws-efs-csi-driver"}


def test_a_long_name_is_shortened_and_stays_its_own() -> None:
    assert short("aws-efs-csi-driver") == "aws-efs-csi-driver"
    long = ["amazon-sagemaker-hyperpod-taskgovernance", "amazon-sagemaker-hyperpod-training"]
    assert len({short(name) for name in long}) == 2
    assert all(len(short(name)) <= 23 for name in long)


# --- cert-manager first ---------------------------------------------------------------------------------------------

ADOT: Final = {"adot": {"version": "v0.117.0-eksbuild.1", "namespace": "opentelemetry-operator-system"}}
ISSUER: Final = {"email": "platform@example.jp", "hostedZoneId": "Z0123456789EXAMPLE", "domains": ["example.jp"]}


@pytest.mark.parametrize(
    ("config", "first"),
    [
        ({"certManager": {"issuers": {"public": ISSUER}}, "addons": {"more": ADOT}}, "ClusterIssuer"),
        ({"addons": {"more": {**ADOT, "cert-manager": {"version": "v1.19.1-eksbuild.1"}}}}, "Addon"),
    ],
)
def test_what_cert_manager_signs_for_waits_for_it_and_is_deleted_before_it(config: dict[str, Any], first: str) -> None:
    plan = run_program("dev", config=config)
    adot, *others = sorted(plan.find(type=ADDON), key=lambda entry: entry.inputs["addonName"] != "adot")
    assert first in {plan.by_urn[urn].type.rpartition(":")[2] for urn in plan.closure(adot) if "cert-manager" in urn}
    # Nothing else is later for it.
    rest = [entry for entry in others if entry.inputs["addonName"] != "cert-manager"]
    assert not any("cert-manager" in urn for entry in rest for urn in plan.closure(entry))
