"""Key policies of the KMS keys: Kubernetes secrets, and log groups."""

from .document import PolicyDocument, Statement, document


def _administration(partition: str, account_id: str) -> Statement:
    # Without it only the key's other principals could ever manage it: a key can lock its owner out.
    # https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    return {
        "Sid": "AccountAdministersKey",
        "Effect": "Allow",
        "Principal": {"AWS": [f"arn:{partition}:iam::{account_id}:root"]},
        "Action": ["kms:*"],
        "Resource": ["*"],
    }


def secrets_key(account_id: str, cluster_role_arn: str, partition: str = "aws") -> PolicyDocument:
    """Return the policy of the key that a control plane encrypts its secrets with.

    EKS makes a grant on the key at creation and encrypts and decrypts as the cluster's role from then on.
    https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html
    """
    return document(
        _administration(partition, account_id),
        {
            "Sid": "ControlPlaneUsesKey",
            "Effect": "Allow",
            "Principal": {"AWS": [cluster_role_arn]},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt"],
            "Resource": ["*"],
        },
        {
            "Sid": "ControlPlaneGrantsKey",
            "Effect": "Allow",
            "Principal": {"AWS": [cluster_role_arn]},
            "Action": ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            "Resource": ["*"],
            "Condition": {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        },
    )
