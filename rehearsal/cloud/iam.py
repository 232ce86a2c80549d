"""IAM: roles, policies, profiles, identity providers, which are global, and IAM Roles Anywhere, which is regional."""

from __future__ import annotations

from typing import Final

from harness.kind import CREATED_AT, Kind, Value, autoname, token, uuid
from rehearsal.cloud.aws import arn, aws_kind, global_arn, upper_token

_NAMED: Final[dict[str, Value]] = {"name": autoname, "path": "/"}

KINDS: Final[dict[str, Kind]] = {
    "aws:iam/role:Role": aws_kind(
        "{name}",
        {"arn": global_arn("iam", "role{path}{name}"), "uniqueId": upper_token("AROA", 17), "createDate": CREATED_AT},
        defaults={**_NAMED, "maxSessionDuration": 3600, "forceDetachPolicies": False},
        replaces=("name", "namePrefix", "path"),
        regional=False,
        seconds=(10.0, 2.0, 2.0),
    ),
    "aws:iam/policy:Policy": aws_kind(
        global_arn("iam", "policy{path}{name}"),
        {"arn": "{id}", "policyId": upper_token("ANPA", 17), "attachmentCount": 0},
        defaults=_NAMED,
        replaces=("name", "namePrefix", "path", "description"),
        regional=False,
    ),
    "aws:iam/rolePolicy:RolePolicy": aws_kind(
        "{role}:{name}",
        defaults={"name": autoname},
        replaces=("name", "namePrefix", "role"),
        tagged=False,
        regional=False,
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": aws_kind(
        "{role}/{policyArn}", replaces=("role", "policyArn"), tagged=False, regional=False
    ),
    "aws:iam/instanceProfile:InstanceProfile": aws_kind(
        "{name}",
        {
            "arn": global_arn("iam", "instance-profile{path}{name}"),
            "uniqueId": upper_token("AIPA", 17),
            "createDate": CREATED_AT,
        },
        defaults=_NAMED,
        replaces=("name", "namePrefix", "path"),
        regional=False,
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": aws_kind(
        lambda inputs, context: global_arn("iam", f"oidc-provider/{str(inputs['url']).removeprefix('https://')}")(
            inputs, context
        ),
        {"arn": "{id}"},
        # IAM looks the thumbprint up itself where none is given.
        defaults={"thumbprintLists": lambda inputs, context: [token("thumbprint", 40)(inputs, context)]},
        replaces=("url",),
        regional=False,
    ),
    # Like those of IAM, they have no argument `region` in the provider.
    "aws:rolesanywhere/trustAnchor:TrustAnchor": aws_kind(
        uuid(), {"arn": arn("rolesanywhere", "trust-anchor/{id}")}, defaults={"enabled": False}, regional=False
    ),
    "aws:rolesanywhere/profile:Profile": aws_kind(
        uuid(),
        {"arn": arn("rolesanywhere", "profile/{id}")},
        defaults={"enabled": False, "durationSeconds": 3600},
        replaces=("requireInstanceProperties",),
        regional=False,
    ),
}
