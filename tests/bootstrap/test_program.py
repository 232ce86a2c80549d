"""The plan of a bootstrap stack: state that only its account reads, roles for whom the stack files name."""

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from functools import cache
from typing import Any, Final

import pulumi
import pytest

from bootstrap import program
from bootstrap.documents import deploy_policies, deployers, plan_policies, planners
from bootstrap.needs import Needs
from bootstrap.plan import main, of_stack
from facts.iam_documents.document import TRUST_POLICY_LIMIT
from harness.plan import Plan, Registration
from harness.properties import reveal
from policy.exceptions import GITHUB_ROLES
from policy.rule import violations
from policy.rules import RULES
from policy.rules.buckets import ENCRYPTION, PRIVATE
from rehearsal.policies import resources_of
from rehearsal.program import ROOT, run_program
from tests.iam_reference import problems, size
from tests.plans import EXAMPLES

BOOTSTRAP: Final = ROOT / "examples" / "bootstrap"
STACK: Final = "development"
PREFIX: Final = "eks-platform-bootstrap"
ADMINISTRATOR: Final = "arn:aws:iam::aws:policy/AdministratorAccess"


@cache
def known(stack: str) -> Needs:
    return of_stack(stack, EXAMPLES)


@pytest.fixture(autouse=True)
def _asked_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The plans are made once, and here; the process of its own has its test on the engine."""
    plans = {stack: known(stack) for stack in ("dev", "staging")}
    monkeypatch.setattr(program, "ask", lambda stack, _platform: plans[stack])


def bootstrap(*, unknown: bool = False, **config: Any) -> Plan:
    return run_program(STACK, root=BOOTSTRAP, unknown=unknown, config=config)


def one(plan: Plan, kind: str, name: str | None = None) -> dict[str, Any]:
    (found,) = [it for it in plan if it.type.rpartition(":")[2] == kind and name in (None, it.name)]
    return dict(reveal(found.inputs))


# --- State --------------------------------------------------------------------------------------------------------


def test_the_state_is_versioned_encrypted_private_and_over_tls_alone() -> None:
    plan = bootstrap()
    assert one(plan, "BucketVersioning")["versioningConfiguration"] == {"status": "Enabled"}
    (rule,) = one(plan, "BucketServerSideEncryptionConfiguration")["rules"]
    assert rule["applyServerSideEncryptionByDefault"]["sseAlgorithm"] == "aws:kms"
    assert ":key/" in rule["applyServerSideEncryptionByDefault"]["kmsMasterKeyId"]
    private = one(plan, "BucketPublicAccessBlock")
    assert {value for key, value in private.items() if key != "bucket"} == {True}
    assert len(private) == 5
    assert one(plan, "BucketOwnershipControls")["rule"] == {"objectOwnership": "BucketOwnerEnforced"}
    (statement,) = json.loads(one(plan, "BucketPolicy")["policy"])["Statement"]
    assert (statement["Effect"], statement["Principal"]) == ("Deny", {"AWS": ["*"]})
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert statement["Resource"] == [f"arn:aws:s3:::{_bucket(plan)}", f"arn:aws:s3:::{_bucket(plan)}/*"]
    assert problems({"Version": "2012-10-17", "Statement": [statement]}) == []
    assert one(plan, "Key")["enableKeyRotation"] is True


def _bucket(plan: Plan) -> str:
    return str(one(plan, "Bucket")["bucket"])


def test_old_versions_go_only_once_there_are_versions() -> None:
    plan = bootstrap()
    (lifecycle,) = plan.find(type="aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration")
    (versions,) = plan.find(type="aws:s3/bucketVersioning:BucketVersioning")
    assert plan.waits_for(lifecycle, versions)
    (rule,) = reveal(lifecycle.inputs)["rules"]
    assert rule["noncurrentVersionExpiration"] == {"noncurrentDays": 90}
    assert "expiration" not in rule


def test_the_bucket_and_the_key_are_protected() -> None:
    kept = {entry.name for entry in bootstrap() if entry.options.protect}
    assert kept == {"pulumi-bucket", "pulumi-key"}
    assert not [entry for entry in bootstrap(protect=False) if entry.options.protect]


def test_what_to_tell_github_and_pulumi_is_exported() -> None:
    exports = bootstrap().exports
    assert exports["backend"] == "s3://example-jp-pulumi-state-111122223333?region=ap-northeast-1&awssdk=v2"
    assert exports["secretsProvider"] == "awskms://alias/pulumi?region=ap-northeast-1"
    assert {name for name in exports if name.startswith("AWS")} == {
        "AWS_ROLE_ARN of dev", "AWS_ROLE_ARN of dev-plan", "AWS_ROLE_ARN of staging"
    }  # fmt: skip


# --- Roles --------------------------------------------------------------------------------------------------------


def _policies(plan: Plan, role: str) -> list[Any]:
    attached = [reveal(it.inputs) for it in plan if it.type.endswith(":RolePolicyAttachment")]
    names = [it["policyArn"].rpartition("/")[2] for it in attached if it["role"] == role]
    return [json.loads(one(plan, "Policy", name)["policy"]) for name in sorted(names)]


def test_each_role_has_the_rights_that_its_plans_need() -> None:
    plan = bootstrap()
    needs = [known("dev"), known("staging")]
    (deployer,), (planner,) = deployers(needs), planners(needs)
    given = _policies(plan, "platform-deployer")
    kept = next(s for policy in given for s in policy["Statement"] if s["Effect"] == "Deny")["Resource"]
    assert given == deploy_policies(deployer, kept)
    assert kept == [
        "arn:aws:iam::111122223333:policy/pulumi-*",
        "arn:aws:iam::111122223333:role/platform-deployer",
        "arn:aws:iam::111122223333:role/platform-preview",
    ]
    assert _policies(plan, "platform-preview") == plan_policies(planner)


@pytest.mark.parametrize(
    ("role", "environments"), [("platform-deployer", ["dev", "staging"]), ("platform-preview", ["dev-plan"])]
)
def test_a_role_is_for_the_environments_of_the_workflows(role: str, environments: list[str]) -> None:
    policy = json.loads(one(bootstrap(), "Role", f"pulumi-{role}")["assumeRolePolicy"])
    assert policy["Statement"][0]["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"] == [
        f"repo:example-jp@1234567/eks-platform@891011121:environment:{name}" for name in environments
    ]


def test_a_repository_from_before_the_numbers_is_known_by_its_name() -> None:
    plan = bootstrap(github={"ownerId": None, "repositoryId": None})
    policy = one(plan, "Role", "pulumi-platform-preview")["assumeRolePolicy"]
    assert '"repo:example-jp/eks-platform:environment:dev-plan"' in policy


def test_only_who_deploys_may_write_state() -> None:
    plan = bootstrap()
    states = {role: _state(plan, role) for role in ("deployer", "preview")}
    assert states["deployer"] - states["preview"] == {
        "s3:PutObject", "s3:DeleteObject", "kms:Encrypt", "kms:GenerateDataKey"
    }  # fmt: skip


def _state(plan: Plan, role: str) -> set[str]:
    policy = json.loads(one(plan, "RolePolicy", f"pulumi-platform-{role}-state")["policy"])
    assert problems(policy) == []
    return {action for statement in policy["Statement"] for action in statement["Action"]}


def test_a_provider_that_the_account_has_is_used() -> None:
    arn = "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com"
    plan = bootstrap(github={"provider": arn})
    assert not plan.find(type="aws:iam/openIdConnectProvider:OpenIdConnectProvider")
    assert arn in one(plan, "Role", "pulumi-platform-preview")["assumeRolePolicy"]


def _with(monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    monkeypatch.setattr(program, "ask", lambda stack, _platform: replace(known(stack), **changed))


def test_a_boundary_that_the_stack_files_name_is_created(monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, boundary="arn:aws:iam::111122223333:policy/limits/platform")
    plan = bootstrap()
    boundary = one(plan, "Policy", "pulumi-platform")
    assert (boundary["name"], boundary["path"]) == ("platform", "/limits/")
    granted = json.loads(boundary["policy"])["Statement"]
    assert "ec2:*" in granted[0]["Action"]
    denied = [s for p in _policies(plan, "platform-deployer") for s in p["Statement"] if s["Effect"] == "Deny"]
    assert "arn:aws:iam::111122223333:policy/limits/platform" in denied[0]["Resource"]
    assert not [message for message in plan.messages if "permissionsBoundary" in message.text]


def test_without_a_boundary_it_is_said_what_that_means() -> None:
    (message,) = [it for it in bootstrap().messages if "permissionsBoundary" in it.text]
    assert message.severity == "warning"
    assert "Pulumi.dev.yaml, Pulumi.staging.yaml" in message.text


# --- What does not fit --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"account": "444455556666"}, "stack dev belongs to account 111122223333, not to 444455556666"),
        ({"account": "4444"}, "account: String should match"),
        ({"bucket": "Upper"}, "bucket: String should match"),
        ({"buckett": "x"}, "buckett: Extra inputs are not permitted"),
        ({"github": {"ownerId": None}}, "expected both ownerId and repositoryId, or neither"),
        ({"github": {"branch": "main"}}, "github.branch: Extra inputs are not permitted"),
        ({"stacks": []}, "stacks: List should have at least 1 item"),
        ({"protect": "perhaps"}, "protect: Input should be a valid boolean"),
    ],
)
def test_wrong_settings_end_before_anything_is_registered(config: Mapping[str, Any], message: str) -> None:
    with pytest.raises(pulumi.RunError, match=message.replace(".", r"\.")):
        bootstrap(**config)


def test_a_preview_with_the_rights_to_deploy_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    deployer = known("dev").deployer
    _with(monkeypatch, planners=[deployer])
    with pytest.raises(pulumi.RunError, match="would preview pull requests with the rights to deploy"):
        bootstrap()


def test_a_user_cannot_be_assumed(monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, deployer="arn:aws:iam::111122223333:user/me")
    with pytest.raises(pulumi.RunError, match="user/me is no role"):
        bootstrap()


def test_a_stack_that_fails_is_said_to(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(stack: str, platform: str) -> Needs:
        raise ValueError(f"the plan of stack {stack} fails:\nno stack 'dev'")

    monkeypatch.setattr(program, "ask", fails)
    with pytest.raises(pulumi.RunError, match="no stack 'dev'"):
        bootstrap()


def test_more_environments_than_a_trust_policy_holds_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(program, "ask", lambda stack, _platform: replace(known("dev"), stack=stack))
    stacks = [f"stack-{number:02}" for number in range(30)]
    with pytest.raises(pulumi.RunError, match=r"platform-deployer would trust 30 environments, .* IAM accepts 2048"):
        bootstrap(stacks=stacks)
    for entry in bootstrap(stacks=stacks[:20]).find(type="aws:iam/role:Role"):
        assert size(json.loads(reveal(entry.inputs)["assumeRolePolicy"])) <= TRUST_POLICY_LIMIT


def test_more_rights_than_policies_hold_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, zones=[f"Z{number:020}" for number in range(200)])
    with pytest.raises(pulumi.RunError, match=r"platform-deployer: the statement WriteRecords is longer"):
        bootstrap()


# --- Policies -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
@pytest.mark.parametrize("boundary", [None, "arn:aws:iam::111122223333:policy/platform"])
def test_it_keeps_to_the_rules(boundary: str | None, unknown: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    _with(monkeypatch, boundary=boundary)
    assert violations(resources_of(bootstrap(unknown=unknown)), RULES) == []


@pytest.mark.parametrize(
    ("type_", "path", "value", "rule"),
    [
        ("aws:kms/key:Key", "enableKeyRotation", False, "key-rotation"),
        (PRIVATE, "restrictPublicBuckets", False, "bucket-public-access"),
        (ENCRYPTION, "rules", [], "bucket-encryption"),
        ("aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", ADMINISTRATOR, "iam-administrator"),
    ],
)
def test_what_would_be_wrong_is_found(type_: str, path: str, value: Any, rule: str) -> None:
    resources = resources_of(bootstrap())
    broken = next(entry for entry in resources if entry.type == type_)
    others = [entry for entry in resources if entry is not broken]
    changed = replace(broken, properties={**broken.properties, path: value})
    assert {found.rule.name for found in violations([*others, changed], RULES)} == {rule}


def test_the_exceptions_of_the_rules_are_for_its_roles_alone() -> None:
    """What they let pass is limited otherwise: see test_permissions.py."""
    policies = [entry for entry in resources_of(bootstrap()) if entry.type == "aws:iam/policy:Policy"]
    assert policies
    assert all(GITHUB_ROLES in entry.parents for entry in policies)
    elsewhere = [replace(entry, urn=entry.urn.replace("GitHubRoles", "Other")) for entry in policies]
    assert {found.rule.name for found in violations(elsewhere, RULES)} == {"iam-resource-wildcard"}


# --- The program itself -------------------------------------------------------------------------------------------


def test_a_first_preview_knows_all_but_what_has_an_arn_of_awss_own() -> None:
    unknown = [entry for entry in bootstrap(unknown=True) if entry.unknown_inputs]
    assert _names(unknown) <= {
        "pulumi-alias", "pulumi-encrypted", "pulumi-platform-deployer", "pulumi-platform-deployer-1",
        "pulumi-platform-deployer-2", "pulumi-platform-preview", "pulumi-platform-preview-1",
        "pulumi-platform-deployer-state", "pulumi-platform-preview-state",
    }  # fmt: skip


def _names(entries: list[Registration]) -> set[str]:
    return {entry.name for entry in entries}


def test_everything_has_a_parent_and_the_providers_tags() -> None:
    for entry in bootstrap():
        if entry.custom and not entry.type.startswith("pulumi:"):
            assert entry.parent is not None
            assert entry.parent.rpartition("::")[0].endswith(("index:State", "index:GitHubRoles")), entry.urn


def test_what_a_stack_needs_is_printed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--project", str(EXAMPLES)]) == 0
    assert Needs(**json.loads(capsys.readouterr().out)) == known("dev")
    assert asdict(known("dev"))["project"] == "eks-platform"
