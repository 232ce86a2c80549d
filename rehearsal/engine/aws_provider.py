"""The AWS provider of a rehearsal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NoReturn

from facts.partitions import account_of_arn
from harness import RefusedError
from harness.engine.double import Double, run
from harness.engine.store import Cloud, Resource
from harness.kind import Kind
from harness.properties import Properties
from rehearsal.cloud import MODEL
from rehearsal.engine.rules import RULES
from tools.identities import import_id


class Aws(Double):
    """AWS: an account and a region."""

    package = "aws"
    model = MODEL
    rules = RULES

    def configure(self) -> None:
        """Refuse an account that the program does not allow, as the real provider does; that of the role it assumes.

        https://www.pulumi.com/registry/packages/aws/installation-configuration/#configuration-options
        (allowedAccountIds)
        """
        allowed = self.configuration.get("allowedAccountIds") or []
        roles = self.configuration.get("assumeRoles") or []
        account = account_of_arn(roles[-1]["roleArn"]) if roles else self.environment.account
        if allowed and account not in allowed:
            raise RefusedError(f"AWS account ID not allowed: {account}")

    def default_tags(self) -> Properties:
        """Return the tags that the provider puts on every resource."""
        tags = (self.configuration.get("defaultTags") or {}).get("tags")
        return dict(tags) if isinstance(tags, Mapping) else {}

    def given(self, kind: Kind, inputs: Properties) -> Properties:
        """Return the inputs with the default tags among the tags, so that another default tag is a difference."""
        own = inputs.get("tags") or {}
        if "tagsAll" not in kind.derived or not self.default_tags() or not isinstance(own, Mapping):
            return inputs
        return {**inputs, "tags": {**self.default_tags(), **own}}

    def named(self, cloud: Cloud, type_: str, id_: str) -> Resource | None:
        """Return what an id names: the one in the state, or the one that `pulumi import` takes."""
        account, region = self.environment.account, self.region()
        by_import = (it for it in cloud.of(type_) if import_id(type_, it.outputs, account, region) == id_)
        return super().named(cloud, type_, id_) or next(by_import, None)


def main() -> NoReturn:
    """Serve the provider."""
    run(Aws)
