"""The KMS key of Kubernetes secrets: its own policy, and what its user needs."""

from .document import PolicyDocument, Statement, allow, document


def administration(partition: str, account_id: str) -> Statement:
    """Let an account give rights to its key by IAM.

    Without it only the key's other principals could ever manage it: a key can lock its owner out.
    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return {
        "Sid": "AccountAdministersKey",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:{partition}:iam::{account_id}:root"]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }


def secrets_key(account_id: str, partition: str = "aws") -> PolicyDocument:
    """Return the policy of the key that a control plane encrypts its secrets with: rights are given by IAM alone.

    It names no role, so that the key, which takes the longest of what a control plane needs, waits for nothing.
    https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html
    """
    return document(administration(partition, account_id))


def secrets_key_user(key_arn: str) -> PolicyDocument:
    """Let a control plane's role use its secrets key, itself and through grants that EKS makes and takes back.

    https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html
    """
    return document(
        allow("UseSecretsKey", ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"], [key_arn]),
        allow(
            "GrantSecretsKey",
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            [key_arn],
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )
