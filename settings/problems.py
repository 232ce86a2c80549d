"""What is wrong with a stack file, in words: where, what stands there, and what was expected.

The wording is ours and not pydantic's, so that a reader of a stack file needs to know neither it nor patterns.
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Final, get_args, get_origin

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

MEANINGS: Final[dict[str, str]] = {}
"""What a pattern of the settings stands for."""

HIDDEN: Final = "[secret]"
"""What stands in a message for a value that must not be seen."""


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a stack file: where (`network.nat`), what stands there, and what was expected."""

    path: str
    found: str
    expected: str

    def __str__(self) -> str:
        return f"{pulumi.get_project()}:{self.path}: {self.found}: {self.expected}"


def encrypting(path: str) -> str:
    """Return the command that writes an encrypted value at a path of the stack file."""
    return f"pulumi config set --secret --path '{pulumi.get_project()}:{path}'"


class SettingsError(Exception):
    """A stack file that cannot be used. Its text is the whole message for the user, one line a problem."""

    def __init__(self, problems: Collection[Problem]) -> None:
        self.problems = tuple(problems)
        count = "1 error" if len(problems) == 1 else f"{len(problems)} errors"
        lines = "\n".join(f"  {problem}" for problem in problems)
        super().__init__(f"the stack's configuration has {count}; nothing was changed\n{lines}")


def place(*parts: str | int) -> str:
    """Return a path as `pulumi config set --path` takes it: `network.zones[0]`, `platform.tags["a.b"]`."""
    text = ""
    for part in parts:
        if isinstance(part, str) and _PLAIN_KEY.fullmatch(part):
            text += f".{part}" if text else part
        else:
            text += f"[{shown(part)}]"
    return text


_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def shown(value: object) -> str:
    """Return a value as JSON in one line of at most 80 characters. What a terminal would act on is escaped."""
    text = "".join(
        character if character.isprintable() else character.encode("unicode_escape", "backslashreplace").decode()
        for character in json.dumps(value, ensure_ascii=False, default=str)
    )
    return text if len(text) <= 80 else f"{text[:77]}..."


def either(values: Collection[object]) -> str:
    """Return values as a sentence lists them: "a, b or c"."""
    *others, last = [str(value) for value in values]
    return f"{', '.join(others)} or {last}" if others else last


def problems_of(error: ValidationError, root: type[BaseModel], section: str, *, hidden: bool) -> Iterator[Problem]:
    """Yield the problems of a section that `root`, the model of all sections, does not allow.

    hidden: whether the values of the section must not be seen.
    """
    for detail in error.errors(include_url=False):
        loc = detail["loc"]
        if detail["type"] == "extra_forbidden":
            yield Problem(place(*loc), "unknown key", suggestion(str(loc[-1]), _known(root, loc[:-1])))
        elif detail["type"] == "missing":
            yield Problem(place(*loc), "missing", f"expected a {'value' if len(loc) > 1 else 'section'}")
        elif loc[-1:] == ("[key]",) and detail["input"] == loc[-2]:
            yield Problem(place(*loc[:-2]) or section, f"key {shown(detail['input'])}", _expected(detail))
        else:
            yield Problem(place(*loc) or section, HIDDEN if hidden else shown(detail["input"]), _expected(detail))


_EXPECTED: Final[Mapping[str, str]] = {
    "string_type": "text",
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "int_type": "a whole number",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "bool_type": "true or false",
    "enum": "{expected}",
    "list_type": "a list",
    "dict_type": "keys of its own",
    "model_type": "keys of its own",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries or fewer",
}
"""Pydantic's types of errors in our words (https://docs.pydantic.dev/latest/errors/validation_errors/)."""


def _expected(detail: ErrorDetails) -> str:
    context = detail.get("ctx", {})
    if context.get("pattern") in MEANINGS:
        return f"expected {MEANINGS[context['pattern']]}"
    if detail["type"] not in _EXPECTED:
        return detail["msg"]
    words = _EXPECTED[detail["type"]].format_map(context).replace("'", "")
    return f"expected {words}{_hint(detail['type'], detail['input'])}"


def _hint(kind: str, found: object) -> str:
    """Return what helps with YAML's quotes: 111122223333 and 1.36 are numbers without them, "3" is text with them."""
    if kind == "string_type" and isinstance(found, bool | int | float):
        return ": put it in quotes"
    if kind in ("int_type", "bool_type") and isinstance(found, str) and re.fullmatch("[0-9]+|true|false", found):
        return ": take the quotes away"
    return ""


def suggestion(key: str, known: Collection[str]) -> str:
    """Return what to write instead of an unknown key: the known one that is like it, or all of them."""
    alike = {re.sub("[-_]", "", name).lower(): name for name in known}
    close = get_close_matches(re.sub("[-_]", "", key[:64]).lower(), alike, n=1)
    return f"did you mean {alike[close[0]]}?" if close else f"expected {either(sorted(known))}"


def _known(root: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at `loc` of a stack file knows."""
    annotation: Any = root
    for part in loc:
        annotation = _below(annotation, part)
    return [field.alias or "" for model in models(annotation) for field in model.model_fields.values()]


def _below(annotation: Any, part: str | int) -> Any:
    """Return the type of what stands under `part` (a key or an index) of a value of type `annotation`."""
    if get_origin(annotation) in (dict, list):
        return get_args(annotation)[-1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return next((field.annotation for field in annotation.model_fields.values() if field.alias == part), None)
    return next((found for found in (_below(choice, part) for choice in get_args(annotation)) if found), None)


def models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in a type: itself, or those of an optional, a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for choice in get_args(annotation) for model in models(choice)]
