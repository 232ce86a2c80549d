"""Which stacks are production: every stack that is not named here."""

from enum import StrEnum
from typing import Final


class Environment(StrEnum):
    """What a stack is for."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"


DEVELOPMENT: Final = {
    "dev": "nobody but the teams that build on the platform notices when it is gone",
    "staging": "it holds copies of what production has and can be made anew from them",
    "fargate": "an example of a stack without EC2; who runs production on it takes it from this list",
    "staging-b": "the cluster that takes over from that of staging",
    "private": "an example of a network without internet; who runs production in it takes it from this list",
    "auto": "an example of EKS Auto Mode and of IPv6; who runs production on it takes it from this list",
}
"""Stacks where some rules only advise or do not apply, each with the reason why that is enough."""


def environment_of(stack: str) -> Environment:
    """Return what a stack is for; a stack that nobody has named is production, so a new one starts strict."""
    return Environment.DEVELOPMENT if stack in DEVELOPMENT else Environment.PRODUCTION
