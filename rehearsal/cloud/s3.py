"""S3: a bucket, and what is said of it by resources of its own."""

from __future__ import annotations

from typing import Final

from harness.kind import Kind, autoname
from rehearsal.cloud.aws import aws_kind, in_partition

_OF_BUCKET: Final = aws_kind("{bucket}", replaces=("bucket", "expectedBucketOwner"), tagged=False)

KINDS: Final[dict[str, Kind]] = {
    "aws:s3/bucket:Bucket": aws_kind(
        "{bucket}",
        {
            # No account and no region: a bucket's name is its own in the whole partition.
            "arn": in_partition("arn:{partition}:s3:::{bucket}"),
            "bucketDomainName": in_partition("{bucket}.s3.{dns_suffix}"),
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": in_partition("{bucket}.s3.{region}.{dns_suffix}"),
            "hostedZoneId": "Z2M4EHUR26P7ZW",
            "websiteDomain": in_partition("s3-website-{region}.{dns_suffix}"),
            "websiteEndpoint": in_partition("{bucket}.s3-website-{region}.{dns_suffix}"),
        },
        defaults={"bucket": autoname, "bucketNamespace": "global", "forceDestroy": False, "objectLockEnabled": False},
        replaces=("bucket", "bucketPrefix", "bucketNamespace", "objectLockEnabled"),
        seconds=(3.0, 2.0, 1.0),
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": _OF_BUCKET,
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": aws_kind("{bucket}", replaces=("bucket",), tagged=False),
    "aws:s3/bucketPolicy:BucketPolicy": aws_kind("{bucket}", replaces=("bucket",), tagged=False),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": aws_kind("{bucket}", replaces=("bucket",), tagged=False),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": _OF_BUCKET,
    "aws:s3/bucketVersioning:BucketVersioning": _OF_BUCKET,
}
