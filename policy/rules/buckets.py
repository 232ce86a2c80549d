"""Buckets of S3: who sees them, and how they are encrypted."""

from collections.abc import Iterator
from typing import Any, Final

from policy.model import Resource, at, is_unknown, items, may_be_true, text
from policy.rule import stack_rule

BUCKET: Final = "aws:s3/bucket:Bucket"
PRIVATE: Final = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
ENCRYPTION: Final = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"

BLOCKS: Final = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")


@stack_rule(
    "bucket-public-access",
    BUCKET,
    PRIVATE,
    reason="One policy or list is enough to show a bucket to everybody, unless the bucket refuses them.",
    fix="Add a BucketPublicAccessBlock with all four set to true",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html",
)
def bucket_public_access(resources: list[Resource]) -> Iterator[tuple[Resource, str]]:
    """Each block, and that there are as many as buckets."""
    blocks = [it for it in resources if it.type == PRIVATE]
    for block in blocks:
        missing = [key for key in BLOCKS if not may_be_true(block.get(key))]
        if missing:
            yield block, f"it does not set {', '.join(missing)}"
    yield from ((bucket, "nothing blocks public access") for bucket in _buckets_beyond(len(blocks), resources))


@stack_rule(
    "bucket-encryption",
    BUCKET,
    ENCRYPTION,
    reason="With S3's own keys, read access to the bucket is enough; a KMS key can be denied, and its use is logged.",
    fix="Add a BucketServerSideEncryptionConfiguration with sseAlgorithm aws:kms and a kmsMasterKeyId",
    source="https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html",
)
def bucket_encryption(resources: list[Resource]) -> Iterator[tuple[Resource, str]]:
    """Each configuration, and that there are as many as buckets."""
    configurations = [it for it in resources if it.type == ENCRYPTION]
    for configuration in configurations:
        rules = configuration.get("rules")
        if not is_unknown(rules) and not any(_by_kms(rule) for rule in items(rules)):
            yield configuration, "no rule names a key of KMS"
    yield from ((bucket, "no key of KMS encrypts it") for bucket in _buckets_beyond(len(configurations), resources))


def _buckets_beyond(number: int, resources: list[Resource]) -> list[Resource]:
    """Return the buckets after the first `number`: their names may not be known, so they are counted."""
    return [it for it in resources if it.type == BUCKET][number:]


def _by_kms(rule: Any) -> bool:
    by_default = ("applyServerSideEncryptionByDefault",)
    return text(at(rule, *by_default, "sseAlgorithm")).startswith("aws:kms") and bool(
        at(rule, *by_default, "kmsMasterKeyId")
    )
