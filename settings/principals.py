"""IAM principals as a stack file names them: which ARN to write instead of one that EKS does not accept."""

import re
from typing import Final

from facts.partitions import ARN
from settings.regions import PARTITIONS
from settings.words import either

PRINCIPAL: Final = rf"^{ARN}:iam::[0-9]{{12}}:(role|user)/([A-Za-z0-9_+=,.@-]+/)*[A-Za-z0-9_+=,.@-]{{1,64}}$"

SSO_ROLE: Final = "AWSReservedSSO_"
SSO_PATH: Final = "role/aws-reserved/sso.amazonaws.com/"
"""The beginning and the path of each role that IAM Identity Center creates.

https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html"""


def is_sso_role_without_path(arn: str) -> bool:
    """Tell whether an ARN is that of a role of IAM Identity Center without its path, which no role has.

    EKS compares the whole ARN: https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
    """
    return f":role/{SSO_ROLE}" in arn


def whole_arn_of(role: str) -> str:
    """Return how to get the whole ARN, path included, of a role by its name."""
    return f"the ARN that `aws iam get-role --role-name {role} --query Role.Arn` prints"


def explained(text: str) -> str | None:
    """Return what to write instead of a text that is not the ARN of a role or user; None where it does not tell."""
    if found := re.search(r"arn:(aws[a-z-]*):(?:iam|sts)::([0-9]*):([\w/+=,.@-]+)", text):
        arn, partition, account, resource = found[0], found[1], found[2], found[3]
        if partition not in PARTITIONS:
            return f"expected a principal of {either(PARTITIONS)}, the partitions that a stack can be in"
        return _other_arn(arn, f"arn:{partition}:iam::{account}", resource)
    arn = "the ARN of an IAM role or user"
    if re.fullmatch(r"A(RO|ID)A[A-Z0-9]{12,}(:.*)?", text):
        return f"expected {arn}: this is its unique id"
    if re.fullmatch(r"[0-9]{12}", text):
        return f"expected {arn}, such as arn:aws:iam::{text}:role/NAME: this is an account"
    if re.fullmatch(r"[\w+=,.@/-]{1,128}", text):
        return f"expected {arn}, such as arn:aws:iam::111122223333:role/{text.strip('/')}"
    return None


def _other_arn(arn: str, beginning: str, resource: str) -> str | None:
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role":
        role = rest.partition("/")[0]
        whole = f"{beginning}:role/{role}, with its path if it has one"
        return f"expected the role of this session: {whole_arn_of(role) if role.startswith(SSO_ROLE) else whole}"
    if kind == "root":
        return "expected a role or a user: EKS has no access entry for the root user of an account"
    if kind in ("group", "instance-profile", "policy"):
        return f"expected the ARN of an IAM role or user, such as {beginning}:role/NAME, and not of {_a(kind)}"
    return f"expected the ARN alone: {arn}" if re.fullmatch(PRINCIPAL, arn) else None


def _a(kind: str) -> str:
    return f"{'an' if kind.startswith('i') else 'a'} {kind.replace('-', ' ')}"
