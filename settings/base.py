"""What every section of a stack file is: a model that refuses what it does not know."""

from collections.abc import Collection, Mapping
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Settings(BaseModel):
    """Base of every section: unknown keys are refused, values are neither guessed nor changed once read."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, alias_generator=to_camel)


T = TypeVar("T")


def required(value: T | None) -> T:
    """Return a setting that is not None, which the rules guarantee where the caller is used.

    Raises ValueError where it is None: then a rule is missing.
    """
    if value is None:
        raise ValueError("a setting is missing that the rules of `settings.rules` require here")
    return value


def plain(value: Settings | Mapping[str, Settings], *without: str) -> Any:
    """Return a model, or each model of a mapping, as plain values under the fields' names.

    The fields are named as the arguments of the component that takes them. What is None is left out, and the fields
    that are not that component's business (`without`).
    """
    if isinstance(value, Settings):
        return value.model_dump(mode="json", exclude_none=True, exclude=set(without))
    return {key: plain(item, *without) for key, item in value.items()}


Arguments = TypeVar("Arguments")


def arguments(
    shape: type[Arguments],
    section: Settings | None = None,
    *,
    without: Collection[str] = (),
    offered: Mapping[str, object] | None = None,
    **given: object,
) -> Arguments:
    """Return the arguments of a component: a section's plain values and what else is given.

    shape: the TypedDict of the arguments. A key that it does not know, or that it lacks, is a TypeError. offered: what
    many components take; those of it that this one knows are handed over.
    """
    known: Any = shape
    keys = known.__required_keys__ | known.__optional_keys__
    common = {key: value for key, value in (offered or {}).items() if key in keys}
    values = {**common, **(plain(section, *without) if section else {}), **given}
    if unknown := values.keys() - keys:
        raise TypeError(f"{shape.__name__} does not know {sorted(unknown)}")
    if missing := known.__required_keys__ - values.keys():
        raise TypeError(f"{shape.__name__} lacks {sorted(missing)}")
    return cast(Arguments, values)
