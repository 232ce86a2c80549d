"""Key policies of the KMS keys: Kubernetes secrets, and log groups."""

from collections.abc import Sequence

from .document import PolicyDocument, Statement, document, partition_of


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


def logs_key(account_id: str, region: str, log_group_names: Sequence[str]) -> PolicyDocument:
    """Return the policy of the key that these log groups (a name may end in `*`) are encrypted with.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    """
    partition = partition_of(region)
    groups = [f"arn:{partition}:logs:{region}:{account_id}:log-group:{name}" for name in log_group_names]
    return document(
        _administration(partition, account_id),
        {
            "Sid": "LogsUseKey",
            "Effect": "Allow",
            "Principal": {"Service": [f"logs.{region}.amazonaws.com"]},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"],
            "Resource": ["*"],
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": groups}},
        },
    )
