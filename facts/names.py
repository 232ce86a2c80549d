"""Names that AWS allows fewer characters for than a cluster's name has, and paths in IAM."""

import hashlib
from typing import Final

DIGEST_LENGTH: Final = 8
PREFIX_LENGTH: Final = 20
"""A target group's name has 32 characters, of which Pulumi's autonaming and our suffix take 12.

https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateTargetGroup.html"""


def shortened(name: str, length: int) -> str:
    """Return a name of at most `length` characters: the name itself, or its beginning with a digest of the whole.

    Two long names with the same beginning stay apart. Neither part ends or begins with a hyphen.
    """
    if len(name) <= length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{name[: length - DIGEST_LENGTH - 1].rstrip('-')}-{digest}"


def prefix(platform: str) -> str:
    """Return the beginning of the names of a platform's resources: its name, shortened where it is long."""
    return shortened(platform, PREFIX_LENGTH)


def nested_path(outer: str, inner: str) -> str:
    """Return the path in IAM of what has the path `inner` in a stack whose path is `outer`.

    Both begin and end with a slash: "/a/" and "/b/" are "/a/b/", "/a/" and "/" are "/a/".
    """
    return outer + inner.removeprefix("/")
