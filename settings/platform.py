"""Settings of the stack as a whole."""

from typing import Final

from pydantic import Field

from facts.environments import Environment
from facts.names import shortened
from settings.base import Settings
from settings.values import AccountId, Name, PolicyArn, Region, TagKey, TagValue

PREFIX_LENGTH: Final = 20
"""A target group's name has 32 characters, of which Pulumi's autonaming and our suffix take 12.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"""


class Platform(Settings):
    """What the stack is called and whom it belongs to."""

    name: Name = Field(
        description="Name of the cluster, and the beginning of every resource's name. Where it is longer than 20 "
        "characters, resources' names begin with 11 of them and a digest."
    )
    region: Region = Field(description="AWS region of everything in the stack.")
    account: AccountId | None = Field(
        None, description="The account that the stack belongs to; the AWS provider refuses any other."
    )
    environment: Environment | None = Field(
        None,
        description="What the stack is for. In a `development` stack some policies only advise and some do not apply; "
        "absent: `production`, where every policy must be kept.",
    )
    tags: dict[TagKey, TagValue] = Field(
        {},
        # AWS allows 50 on a resource; some are the platform's, Karpenter's and the controller's.
        max_length=40,
        description="Tags on every AWS resource, beside `Project`, `Stack` and `ManagedBy`; also on nodes, their disks "
        "and volumes of claims, except with Auto Mode. A change replaces every node, a third of a node group at a time "
        "and within Karpenter's budgets; volumes that exist keep the tags they have.",
    )
    permissions_boundary: PolicyArn | None = Field(
        None,
        description="The IAM policy that limits what any role of the stack may do, whatever its own policies say; "
        "`bootstrap/` creates it. Absent: roles have no boundary.",
    )
    protect: bool = Field(
        False, description="Whether Pulumi refuses to delete or replace the VPC, the secrets key and the cluster."
    )

    @property
    def prefix(self) -> str:
        """The beginning of resources' names: the platform's name, shortened with a digest of it where it is long."""
        return shortened(self.name, PREFIX_LENGTH)
