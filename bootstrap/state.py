"""Where the state of every stack of the account lies, and the key of its secrets."""

import json

import pulumi
from pulumi_aws import kms, s3

from facts.iam_documents.document import PolicyDocument, document
from facts.partitions import partition_of

RETENTION_DAYS = 90
"""How long an older version of a state is kept."""


class State(pulumi.ComponentResource):
    """A bucket that only its account reads, over TLS, with every version of the state; and a KMS key."""

    def __init__(
        self,
        name: str,
        *,
        bucket: str,
        account: str,
        region: str,
        protect: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        super().__init__("eks-platform-bootstrap:index:State", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        kept = pulumi.ResourceOptions(parent=self, protect=protect)
        partition = partition_of(region)
        self.key = kms.Key(
            f"{name}-key",
            description="Secrets and states of Pulumi's stacks",
            enable_key_rotation=True,
            policy=json.dumps(_key_policy(partition, account)),
            opts=kept,
        )
        self.alias = kms.Alias(f"{name}-alias", name="alias/pulumi", target_key_id=self.key.key_id, opts=child)
        self.bucket = s3.Bucket(f"{name}-bucket", bucket=bucket, opts=kept)
        arn = f"arn:{partition}:s3:::{bucket}"
        name_of_bucket = self.bucket.bucket
        private = s3.BucketPublicAccessBlock(
            f"{name}-private",
            bucket=name_of_bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=child,
        )
        owned = s3.BucketOwnershipControls(
            f"{name}-owned", bucket=name_of_bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=child
        )
        encrypted = s3.BucketServerSideEncryptionConfiguration(
            f"{name}-encrypted",
            bucket=name_of_bucket,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self.key.arn,
                    },
                    # One request to KMS for many objects.
                    "bucket_key_enabled": True,
                }
            ],
            opts=child,
        )
        versions = s3.BucketVersioning(
            f"{name}-versions", bucket=name_of_bucket, versioning_configuration={"status": "Enabled"}, opts=child
        )
        s3.BucketLifecycleConfiguration(
            f"{name}-lifecycle",
            bucket=name_of_bucket,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": RETENTION_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            # It counts versions, which there are once versioning is on.
            opts=pulumi.ResourceOptions(parent=self, depends_on=[versions]),
        )
        # S3 changes one thing about a bucket at a time: a policy put while the block of public ones is being put fails.
        s3.BucketPolicy(
            f"{name}-tls-only",
            bucket=name_of_bucket,
            policy=json.dumps(_tls_only(arn)),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[private, owned, encrypted]),
        )
        self.arn = arn
        self.register_outputs({"bucket": self.bucket.bucket, "key": self.key.arn})


def _key_policy(partition: str, account: str) -> PolicyDocument:
    """Leave the use of the key to IAM.

    https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-default.html
    """
    return document(
        {
            "Sid": "Account",
            "Effect": "Allow",
            "Principal": {"AWS": [f"arn:{partition}:iam::{account}:root"]},
            "Action": ["kms:*"],
            "Resource": ["*"],
        }
    )


def _tls_only(bucket: str) -> PolicyDocument:
    """Refuse requests without TLS.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/security-best-practices.html
    """
    return document(
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": ["*"]},
            "Action": ["s3:*"],
            "Resource": [bucket, f"{bucket}/*"],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        }
    )
