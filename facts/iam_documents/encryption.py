"""The KMS key of Kubernetes secrets: its own policy, and what its user needs."""

from facts.partitions import partition_of

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


def secrets_key(account_id: str, region: str) -> PolicyDocument:
    """Return the policy of the key that a control plane encrypts its secrets with: rights are given by IAM alone.

    It names no role, so that the key waits for nothing: of all that a control plane needs it takes the longest.
    https://docs.aws.amazon.com/eks/latest/userguide/envelope-encryption.html
    """
    return document(administration(partition_of(region), account_id))


def secrets_key_user(key_arn: str) -> PolicyDocument:
    """Let a control plane's role use its secrets key, itself and through grants that EKS creates and revokes.

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


def volumes_key_user(*key_arns: str) -> PolicyDocument:
    """Let a controller launch nodes with, or make, volumes that keys of the company's own encrypt.

    EC2 and EBS use the key themselves, by a grant that the caller creates for them.
    https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md (KMS key for encryption),
    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html
    """
    return document(
        allow(
            "UseVolumesKey",
            [
                "kms:Decrypt",
                "kms:DescribeKey",
                "kms:Encrypt",
                "kms:GenerateDataKeyWithoutPlaintext",
                "kms:ReEncryptFrom",
                "kms:ReEncryptTo",
            ],
            key_arns,
        ),
        allow(
            "GrantVolumesKey",
            ["kms:CreateGrant", "kms:ListGrants", "kms:RevokeGrant"],
            key_arns,
            {"Bool": {"kms:GrantIsForAWSResource": "true"}},
        ),
    )


def queue_key_reader(key_arn: str) -> PolicyDocument:
    """Let the readers of a queue decrypt its messages.

    https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-key-management.html
    """
    return document(allow("ReadQueue", ["kms:Decrypt"], [key_arn]))
