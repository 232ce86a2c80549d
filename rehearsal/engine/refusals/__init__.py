"""What the fake cloud refuses, each refusal with the page that says the real one does.

`uses` has the tables: references between AWS resources and names that can exist only once. `aws` and `api_server` have
the rules that are more than a reference, `quotas` what IAM has no room for, `waiting` what Pulumi waits for in custom
resources. `consequences` has what a change brings about besides itself.
"""

from __future__ import annotations

from typing import Final

from harness import RefusedError
from harness.engine.store import Cloud, Resource
from rehearsal.engine.refusals import api_server, aws, quotas, waiting
from rehearsal.engine.refusals.cluster import RELEASE
from rehearsal.engine.refusals.consequences import follow, queue_of
from rehearsal.engine.refusals.rules import RULES
from rehearsal.engine.refusals.uses import OUTSIDE, OVERWRITTEN, UNIQUE, USES

__all__ = ["OVERWRITTEN", "RULES", "api_server", "aws", "follow", "queue_of", "quotas", "refuse", "waiting"]


RELEASE_NAME_TAKEN: Final = "cannot re-use a name that is still in use"
"""What `helm install` says, whatever the status of the release that has the name.

https://github.com/helm/helm/blob/main/pkg/action/install.go"""


def refuse(operation: str, resource: Resource, cloud: Cloud) -> None:
    """Raise RefusedError if the real cloud would now refuse to "create", "update" or "delete" `resource`."""
    if operation == "create":
        _refuse_second(resource, cloud)
    if operation != "delete":
        _refuse_missing(resource, cloud)
    else:
        _refuse_used(resource, cloud)
    for rule in RULES:
        if operation in rule.operations and rule.applies_to(resource.type):
            reason = rule.reason(resource, cloud)
            if reason:
                raise RefusedError(f"{rule.code}: {reason} ({operation} {resource})")


def _refuse_second(resource: Resource, cloud: Cloud) -> None:
    unique = UNIQUE.get(resource.type)
    if resource.type in OVERWRITTEN:
        return
    same = cloud.existing(resource.type, resource.id, resource.cluster)
    if unique is not None:
        values = {path: resource.get(path) for path in unique.paths}
        if all(value is not None for value in values.values()):
            same = next(iter(cloud.of(resource.type, **values)), same)
    if same is not None:
        taken = RELEASE_NAME_TAKEN if resource.type == RELEASE else "AlreadyExists"
        code = unique.code if unique else taken
        raise RefusedError(f"{code}: {resource} exists already, made by {same.name}")


def _refuse_missing(resource: Resource, cloud: Cloud) -> None:
    for use in USES:
        if use.user != resource.type or use.used in OUTSIDE:
            continue
        for value in resource.all(use.user_path):
            if cloud.one(use.used, use.used_path, value) is None:
                kind = use.used.rsplit(":", 1)[-1]
                raise RefusedError(f"NotFound: {resource} names the {kind} {value}, which does not exist")


def _refuse_used(resource: Resource, cloud: Cloud) -> None:
    for use in USES:
        if use.used != resource.type or not use.code:
            continue
        value = resource.get(use.used_path)
        users = [user for user in cloud.of(use.user) if value in user.all(use.user_path)]
        if users:
            names = ", ".join(map(str, users))
            raise RefusedError(f"{use.code}: {resource} cannot be deleted, it is in use by {names}")
