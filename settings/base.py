"""What every section of a stack file is: a model that refuses what it does not know."""

from typing import TypeVar

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Settings(BaseModel):
    """Base of every section: unknown keys are refused, values are neither guessed nor changed once read."""

    # `settings.stack` validates each section in a model of its own, so that most of the others are never needed.
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel, defer_build=True)


T = TypeVar("T")


def required(value: T | None) -> T:
    """Return a setting that is not None, which the rules guarantee where the caller is used.

    Raises ValueError where it is None: then a rule is missing.
    """
    if value is None:
        raise ValueError("a setting is missing that the rules of `settings.rules` require here")
    return value
