"""Settings of the stack as a whole."""

from typing import Annotated

from pydantic import Field

from facts.environments import Environment
from facts.names import prefix
from settings.base import Settings
from settings.values import AccountId, IamPath, Name, PolicyArn, Region, TagKey, TagValue


class Platform(Settings):
    """Name, location and owner of the stack."""

    name: Name = Field(
        description="Name of the cluster and prefix of the names of all resources. If it is longer than 20 "
        "characters, the prefix is its first 11 characters and a digest."
    )
    region: Region = Field(description="AWS region of all resources of the stack.")
    account: AccountId | None = Field(
        None, description="ID of the AWS account that the stack belongs to. The AWS provider refuses any other account."
    )
    environment: Environment | None = Field(
        None,
        description="Purpose of the stack. In a `development` stack, some policies are advisory and some do not "
        "apply. If absent, the stack is checked as `production`, in which all policies are mandatory.",
    )
    tags: dict[TagKey, TagValue] = Field(
        {},
        # AWS allows 50 on a resource; some are the platform's, Karpenter's and the controller's.
        max_length=40,
        description="Tags of all AWS resources, in addition to `Project`, `Stack` and `ManagedBy`. Except with Auto "
        "Mode, nodes, their disks and the volumes of claims have them as well. A change replaces every "
        "node, a third of a node group at a time and within Karpenter's budgets; existing volumes keep "
        "their tags.",
    )
    permissions_boundary: PolicyArn | None = Field(
        None,
        description="ARN of the IAM policy that limits the permissions of all roles of the stack, whatever their own "
        "policies allow. `bootstrap/` creates it. If absent, roles have no boundary.",
    )
    iam_path: IamPath | None = Field(
        None,
        description="Path in IAM of the stack's roles, policies and instance profiles. If absent, the path is `/`.",
    )
    protect: bool = Field(
        False, description="Whether Pulumi refuses to delete or replace the VPC, the secrets key and the cluster."
    )

    monthly_budget: Annotated[int, Field(ge=1, le=10_000_000)] | None = Field(
        None,
        description="US dollars that the stack may cost in a month. `make cost` and `make review` say so if what the "
        "plan fixes costs more, or if it would with everything that varies at its limits. Nothing in AWS enforces it. "
        "If absent, nothing is compared.",
    )

    @property
    def prefix(self) -> str:
        """The beginning of resources' names: the platform's name, shortened with a digest of it where it is long."""
        return prefix(self.name)
