"""S3: a bucket, and what is said of it by resources of its own."""

from __future__ import annotations

from typing import Final

from harness.kind import Kind, autoname
from rehearsal.cloud.aws import aws_kind

_OF_BUCKET: Final = aws_kind("{bucket}", replaces=("bucket", "expectedBucketOwner"), tagged=False)

KINDS: Final[dict[str, Kind]] = {
    "aws:s3/bucket:Bucket": aws_kind(
        "{bucket}",
        {
            # No account and no region: a bucket's name is its own in the whole partition.
            "arn": lambda inputs, _context: f"arn:aws:s3:::{inputs['bucket']}",
            "bucketDomainName": "{bucket}.s3.amazonaws.com",
            "bucketRegion": "{region}",
            "bucketRegionalDomainName": "{bucket}.s3.{region}.amazonaws.com",
            "hostedZoneId": "Z2M4EHUR26P7ZW",
            "websiteDomain": "s3-website-{region}.amazonaws.com",
            "websiteEndpoint": "{bucket}.s3-website-{region}.amazonaws.com",
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
