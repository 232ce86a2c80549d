"""What a stack is for, which decides how strict its policies are."""

from enum import StrEnum


class Environment(StrEnum):
    """What a stack is for."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
