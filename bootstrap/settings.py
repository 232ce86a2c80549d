"""The settings of a bootstrap stack, as strict as the platform's own."""

import json
from typing import Annotated, Any, Final

import pulumi
from pulumi import runtime
from pydantic import Field, StringConstraints, ValidationError

from settings.base import Settings

PROJECT: Final = "eks-platform-bootstrap"

AccountId = Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BucketName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$")]
StackName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
GitHubName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,100}$")]
Number = Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,19}$")]


class GitHub(Settings):
    """The repository whose workflows deploy."""

    owner: GitHubName = Field(description="The organization or user that the repository belongs to.")
    repository: GitHubName = Field(description="Name of the repository, without its owner.")
    owner_id: Number | None = Field(None, description="Number of the owner, which GitHub writes into its tokens.")
    repository_id: Number | None = Field(None, description="Number of the repository; set both numbers or neither.")
    provider: str | None = Field(
        None,
        pattern=r"^arn:[\w-]+:iam::\d{12}:oidc-provider/token\.actions\.githubusercontent\.com$",
        description="ARN of GitHub's OIDC provider where the account has one already; an account has at most one.",
    )

    @property
    def subject(self) -> str:
        """The repository as GitHub's tokens name it.

        Repositories that were created or renamed since July 2026 have the numbers in it.
        https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens/
        """
        if self.owner_id and self.repository_id:
            return f"{self.owner}@{self.owner_id}/{self.repository}@{self.repository_id}"
        return f"{self.owner}/{self.repository}"


class Bootstrap(Settings):
    """What one AWS account gets."""

    account: AccountId = Field(description="The account; the AWS provider refuses any other.")
    region: str = Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$", description="Region of the state bucket and its key.")
    bucket: BucketName = Field(description="Name of the state bucket, which nobody else in the world may have.")
    platform: str = Field(
        ".",
        pattern=r"^[\w.-]+(/[\w.-]+)*$",
        description="Folder of the project whose stacks are deployed, from the top of the repository.",
    )
    stacks: list[StackName] = Field(min_length=1, description="The platform's stacks that live in this account.")
    github: GitHub
    protect: bool = Field(True, description="Whether Pulumi refuses to delete the bucket and the key.")


def settings() -> Bootstrap:
    """Return the settings of the running stack. Raises RunError, which Pulumi shows without a traceback."""
    prefix = f"{PROJECT}:"
    config = runtime.get_config_env()
    given = {key.removeprefix(prefix): _value(text) for key, text in config.items() if key.startswith(prefix)}
    try:
        found = Bootstrap.model_validate_json(json.dumps(given))
    except ValidationError as error:
        problems = [f"  {prefix}{'.'.join(map(str, it['loc']))}: {it['msg']}" for it in error.errors()]
        raise pulumi.RunError(
            "\n".join(["the stack's configuration is wrong; nothing was changed", *problems])
        ) from None
    if bool(found.github.owner_id) != bool(found.github.repository_id):
        raise pulumi.RunError(f"{prefix}github: expected both ownerId and repositoryId, or neither")
    return found


def _value(text: str) -> Any:
    """Return a value of the configuration: objects and lists are JSON, the engine hands over everything as text."""
    if text in ("true", "false") or text.startswith(("{", "[")):
        return json.loads(text)
    return text
