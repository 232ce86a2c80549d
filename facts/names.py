"""Names that AWS allows fewer characters for than a cluster's name has."""

import hashlib
from typing import Final

DIGEST_LENGTH: Final = 8


def shortened(name: str, length: int) -> str:
    """Return a name of at most `length` characters: the name itself, or its beginning with a digest of the whole.

    Two long names with the same beginning stay apart. Neither part ends or begins with a hyphen.
    """
    if len(name) <= length:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:DIGEST_LENGTH]
    return f"{name[: length - DIGEST_LENGTH - 1].rstrip('-')}-{digest}"
