"""The roles that workflows of GitHub assume, and the provider that vouches for their tokens."""

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import iam

from bootstrap.documents import (
    ISSUER,
    Role,
    boundary_of,
    boundary_policy,
    deploy_policies,
    plan_policies,
    state_policy,
    trust,
)
from bootstrap.settings import GitHub
from bootstrap.state import State
from facts.iam_documents.document import PolicyDocument


class GitHubRoles(pulumi.ComponentResource):
    """A role for each principal that the stack files name: to deploy, and to preview."""

    def __init__(
        self,
        name: str,
        *,
        github: GitHub,
        deployers: Sequence[Role],
        planners: Sequence[Role],
        state: State,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("eks-platform-bootstrap:index:GitHubRoles", name, {}, opts)
        self._prefix, self._state_of_stacks = name, state
        self._below = pulumi.ResourceOptions(parent=self)
        self._subject = github.subject
        self._vouching: pulumi.Input[str] = (
            github.provider
            or iam.OpenIdConnectProvider(
                f"{name}-provider", url=f"https://{ISSUER}", client_id_lists=["sts.amazonaws.com"], opts=self._below
            ).arn
        )
        kept = [*(role.arn for role in (*deployers, *planners)), *_policies_of(deployers, name)]
        for role in deployers:
            self._role(role, deploy_policies(role, [*kept, *filter(None, [boundary_of(role)])]), writes=True)
        for role in planners:
            self._role(role, plan_policies(role), writes=False)
        self._boundaries(deployers)
        self.register_outputs({})

    def _role(self, role: Role, policies: Sequence[PolicyDocument], *, writes: bool) -> None:
        assume = pulumi.Output.from_input(self._vouching).apply(
            lambda provider: json.dumps(trust(provider, self._subject, role.environments))
        )
        made = iam.Role(
            f"{self._prefix}-{role.name}", name=role.name, path=role.path, assume_role_policy=assume, opts=self._below
        )
        child = pulumi.ResourceOptions(parent=self)
        for number, policy in enumerate(policies, start=1):
            of_role = f"{self._prefix}-{role.name}-{number}"
            managed = iam.Policy(of_role, name=of_role, policy=json.dumps(policy), opts=child)
            iam.RolePolicyAttachment(of_role, role=made.name, policy_arn=managed.arn, opts=child)
        iam.RolePolicy(
            f"{self._prefix}-{role.name}-state",
            role=made.name,
            policy=self._state_of_stacks.key.arn.apply(
                lambda key: json.dumps(state_policy(role, self._state_of_stacks.arn, key, writes=writes))
            ),
            opts=child,
        )

    def _boundaries(self, deployers: Sequence[Role]) -> None:
        for arn in dict.fromkeys(filter(None, map(boundary_of, deployers))):
            mine = [role for role in deployers if boundary_of(role) == arn]
            whole = Role(arn, tuple(needs for role in mine for needs in role.needs), ())
            path, _, name = f"/{arn.partition(':policy/')[2]}".rpartition("/")
            iam.Policy(
                f"{self._prefix}-{name}",
                name=name,
                path=f"{path}/",
                policy=json.dumps(boundary_policy(whole)),
                opts=self._below,
            )


def _policies_of(deployers: Sequence[Role], name: str) -> list[str]:
    """Return the ARNs of the policies that this project makes, with a wildcard."""
    return list(dict.fromkeys(role.own(f"policy/{name}-*") for role in deployers))
