"""The bootstrap of one account: state, then the roles by which GitHub deploys."""

from typing import Final

import pulumi
import pulumi_aws as aws

from bootstrap.documents import ISSUER, Role, boundary_of, deploy_policies, deployers, plan_policies, planners, trust
from bootstrap.github import GitHubRoles
from bootstrap.needs import Needs, ask
from bootstrap.settings import Bootstrap, settings
from bootstrap.state import State
from facts.iam_documents.document import TRUST_POLICY_LIMIT, policy_size

NAME: Final = "pulumi"
"""The beginning of every resource's name."""


def declare() -> None:
    """Declare everything. Raises RunError for settings, or stack files, that do not fit the account."""
    given = settings()
    needs = [_needs(stack, given) for stack in given.stacks]
    deploy, plan = deployers(needs), planners(needs)
    _check_roles(deploy, plan, given.github.subject)
    tags = {"Project": pulumi.get_project(), "Stack": pulumi.get_stack(), "ManagedBy": "pulumi"}
    provider = aws.Provider(
        "aws", region=given.region, default_tags={"tags": tags}, allowed_account_ids=[given.account]
    )
    in_aws = pulumi.ResourceOptions(providers=[provider])
    state = State(
        NAME, bucket=given.bucket, account=given.account, region=given.region, protect=given.protect, opts=in_aws
    )
    GitHubRoles(NAME, github=given.github, deployers=deploy, planners=plan, state=state, opts=in_aws)
    for role in deploy:
        if boundary_of(role) is None:
            pulumi.warn(
                f"{role.name} can create roles with any right in the account: set platform.permissionsBoundary in "
                f"{', '.join(f'Pulumi.{it.stack}.yaml' for it in role.needs)} (docs/deploy-from-github.md)"
            )
    pulumi.export("backend", f"s3://{given.bucket}?region={given.region}&awssdk=v2")
    pulumi.export("secretsProvider", f"awskms://alias/pulumi?region={given.region}")
    for role in (*deploy, *plan):
        for environment in role.environments:
            pulumi.export(f"AWS_ROLE_ARN of {environment}", role.arn)


def _needs(stack: str, given: Bootstrap) -> Needs:
    try:
        needs = ask(stack, given.platform)
    except ValueError as error:
        raise pulumi.RunError(str(error)) from None
    if needs.account != given.account:
        raise pulumi.RunError(f"stack {stack} belongs to account {needs.account}, not to {given.account}")
    if not needs.planners:
        pulumi.warn(
            f"Pulumi.{stack}.yaml: no entry of access.entries has role: read-all, so there is no role to preview with"
        )
    return needs


def _check_roles(deploy: list[Role], plan: list[Role], repository: str) -> None:
    if both := {role.arn for role in deploy} & {role.arn for role in plan}:
        raise pulumi.RunError(f"{', '.join(sorted(both))} would preview pull requests with the rights to deploy")
    for role in (*deploy, *plan):
        if ":role/" not in role.arn:
            raise pulumi.RunError(f"{role.arn} is no role; GitHub can only assume roles")
    for role in (*deploy, *plan):
        size = policy_size(trust(role.own(f"oidc-provider/{ISSUER}"), repository, role.environments))
        if size > TRUST_POLICY_LIMIT:
            raise pulumi.RunError(
                f"{role.name} would trust {len(role.environments)} environments, which takes {size} characters; "
                f"IAM accepts {TRUST_POLICY_LIMIT}. Name another role in some of the stack files "
                "(access.deployer, access.entries)"
            )
    try:
        for role in deploy:
            deploy_policies(role, [])
        for role in plan:
            plan_policies(role)
    except ValueError as error:
        raise pulumi.RunError(f"{role.name}: {error}") from None
