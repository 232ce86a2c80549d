"""Settings of the stack as a whole."""

from pydantic import Field

from facts.environments import Environment
from settings.base import Settings
from settings.values import AccountId, Name, PolicyArn, Region, TagKey, TagValue


class Platform(Settings):
    """What the stack is called and whom it belongs to."""

    name: Name = Field(description="Name of the cluster, and the beginning of every resource's name.")
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
