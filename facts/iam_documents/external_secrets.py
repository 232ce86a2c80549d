"""What External Secrets Operator may read: each store by a role of its own, which the operator assumes."""

from typing import Final

from facts.partitions import dns_suffix, partition_of

from .document import Condition, PolicyDocument, allow, document

ACTIONS: Final = {
    "secrets-manager": [
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
        "secretsmanager:ListSecretVersionIds",
    ],
    "parameter-store": ["ssm:GetParameter", "ssm:GetParametersByPath", "ssm:ListTagsForResource"],
}
"""What reading takes, of what upstream lists.

Left out is what lists the names of the whole account (`ListSecrets`, `DescribeParameters`), because no path limits it:
`dataFrom.find` works in Parameter Store, by its path, and not in Secrets Manager.
https://external-secrets.io/latest/provider/aws-secrets-manager/#iam-policy
https://external-secrets.io/latest/provider/aws-parameter-store/#iam-policy"""

SERVICES: Final = {"secrets-manager": "secretsmanager", "parameter-store": "ssm"}
"""A store's service by the name that ARNs and KMS have for it."""

CONTEXT: Final = {"secrets-manager": "SecretARN", "parameter-store": "PARAMETER_ARN"}
"""The part of the encryption context that names what is decrypted.

https://docs.aws.amazon.com/secretsmanager/latest/userguide/security-encryption.html
https://docs.aws.amazon.com/kms/latest/developerguide/services-parameter-store.html"""


def secret_store_reader(account_id: str, region: str, service: str, path: str) -> PolicyDocument:
    """Let a store's role read what is below a path ("/dev/"), and nothing else.

    service: "secrets-manager" or "parameter-store". It may use any KMS key of the account whose own policy leaves it to
    IAM, but only through the service, and only for what is below the path.
    """
    partition = partition_of(region)
    where = f"{region}:{account_id}"
    if service == "secrets-manager":
        below = [f"arn:{partition}:secretsmanager:{where}:secret:{path}*"]
    else:
        # A parameter's own slash is the ARN's; GetParametersByPath requires the path itself.
        folder = f"arn:{partition}:ssm:{where}:parameter{path}"
        below = [f"{folder}*", folder.removesuffix("/")]
    through: Condition = {
        "StringEquals": {"kms:ViaService": f"{SERVICES[service]}.{region}.{dns_suffix(region)}"},
        "StringLike": {f"kms:EncryptionContext:{CONTEXT[service]}": below[0]},
    }
    return document(
        allow("ReadBelowPath", ACTIONS[service], below),
        allow("DecryptBelowPath", ["kms:Decrypt"], [f"arn:{partition}:kms:{where}:key/*"], through),
    )


def secret_store_roles(account_id: str, region: str, path: str) -> PolicyDocument:
    """Let the operator assume the roles of the cluster's stores, which share a path in IAM, and no other role.

    path: the whole path of the roles in IAM. By their path and not by name: their trust policies name the operator's
    role, which must therefore exist first.
    """
    roles = f"arn:{partition_of(region)}:iam::{account_id}:role{path}*"
    # Pod Identity's session tags are transitive: who passes them on needs the right to, and so does the role's trust.
    # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-abac.html
    return document(allow("AssumeStoreRoles", ["sts:AssumeRole", "sts:TagSession"], [roles]))


def secret_store_role_path(cluster_name: str) -> str:
    """Return the path in IAM of the roles of a cluster's stores, after that of all roles of the stack.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names
    """
    return f"/{cluster_name}/secret-stores/"
