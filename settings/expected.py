"""What a setting accepts, in words: made from its type, so that every message of a stack file says it the same way."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from enum import Enum
from types import NoneType
from typing import Annotated, Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic_core import ErrorDetails

from settings.words import did_you_mean, either

MEANINGS: Final[dict[str, str]] = {}
"""What a pattern of the settings stands for."""

CHOICES: Final[dict[str, Collection[str]]] = {}
"""The values that a pattern is a form of, where all of them are known."""

ANY_SCRIPT: Final[set[str]] = set()
"""Patterns that refuse less than the check in Python does: whether a text matches tells nothing of what was meant."""

EXPLANATIONS: Final[dict[str | type[Enum], Callable[[str], str | None]]] = {}
"""By pattern, or list of choices: what to write instead of a text that is refused; None where nothing is known."""


# --- The type of a setting ----------------------------------------------------------------------------------------


def type_at(root: type[BaseModel], loc: tuple[str | int, ...]) -> Any:
    """Return the type of the setting at a place of a stack file, with its constraints; None where there is none."""
    annotation: Any = root
    for part in loc:
        annotation = _below(annotation, part)
    return annotation


def _below(annotation: Any, part: str | int) -> Any:
    """Return the type of what is under `part` (a key or an index) of a value of type `annotation`."""
    if get_origin(annotation) in (dict, list):
        return get_args(annotation)[-1]
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = next((field for field in annotation.model_fields.values() if field.alias == part), None)
        # A union has the constraints in its choices already.
        return field and (Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation)
    return next((found for found in (_below(choice, part) for choice in get_args(annotation)) if found), None)


def key_type(annotation: Any) -> Any:
    """Return the type of the keys of a mapping."""
    return next((get_args(choice)[0] for choice in _choices(annotation) if get_origin(choice) is dict), None)


def models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in a type: itself, or those of an optional, a list or a mapping."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for choice in get_args(annotation) for model in models(choice)]


def may_be_secret(annotation: Any) -> bool:
    """Tell whether a value of a type is kept secret, holds what is, or may be anything."""
    if annotation is None or annotation is Any or annotation is SecretStr:
        return True
    below = [field.annotation for model in models(annotation) for field in model.model_fields.values()]
    return any(may_be_secret(choice) for choice in (*_types(annotation), *below))


def _types(annotation: Any) -> list[Any]:
    args = get_args(annotation)
    return [arg for arg in (args[:1] if get_origin(annotation) is Annotated else args) if arg is not NoneType]


def _choices(annotation: Any) -> list[Any]:
    """Return the types that a union allows, without None and without constraints; of another type, itself."""
    if get_origin(annotation) in (dict, list) or not get_args(annotation):
        return [annotation]
    return [choice for arg in _types(annotation) for choice in _choices(arg)]


def _pattern(annotation: Any) -> str | None:
    """Return the pattern that a type's text has to match."""
    for constraint in get_args(annotation)[1:] if get_origin(annotation) is Annotated else ():
        schema = getattr(constraint, "json_schema", None) or {}
        if pattern := getattr(constraint, "pattern", None) or schema.get("pattern"):
            return str(pattern)
    inner = _types(annotation) if get_origin(annotation) not in (dict, list) else []
    return next((found for found in map(_pattern, inner) if found), None)


# --- In words -----------------------------------------------------------------------------------------------------


def accepted(annotation: Any) -> str:
    """Return what a setting of a type accepts: "a region such as ap-northeast-1", "a mapping of names to ..."."""
    if (pattern := _pattern(annotation)) in MEANINGS:
        return MEANINGS[pattern]
    (kind, *_) = _choices(annotation) or [None]
    if get_origin(kind) is dict:
        return f"a mapping of {_names(key_type(kind))} to {_plural(get_args(kind)[-1])}"
    if get_origin(kind) is list:
        return f"a list of {_plural(get_args(kind)[-1])}"
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _model(kind)
    if isinstance(kind, type) and issubclass(kind, Enum):
        return either([choice.value for choice in kind])
    return {bool: "true or false", int: "a whole number", SecretStr: "an encrypted text"}.get(kind, "text")


def _model(model: type[BaseModel]) -> str:
    required = [str(field.alias) for field in model.model_fields.values() if field.is_required()]
    if required:
        return f"a mapping with the {'key' if len(required) == 1 else 'keys'} {' and '.join(required)}"
    return f"a mapping with keys such as {either([str(it.alias) for it in model.model_fields.values()][:3])}"


NOUNS: Final[Mapping[str, str]] = {
    "FargateProfile": "Fargate profile",
    "FargateSelector": "Fargate selector",
    "GitCredential": "Git credential",
    "GitOpsSet": "GitOps set",
    "ExtraChart": "chart",
}
"""How messages call models whose names are not made of ordinary words."""


def _names(key: Any) -> str:
    meaning = MEANINGS.get(_pattern(key) or "", "")
    return next((f"{word}s" for word in ("availability zone", "key") if word in meaning), "names")


def _plural(annotation: Any) -> str:
    """Return what a type accepts, as several of them: "IPv4 ranges such as 10.0.0.0/16"."""
    kind = next(iter(_choices(annotation)), None)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _several(NOUNS.get(kind.__name__) or re.sub("(?<=[a-z])(?=[A-Z])", " ", kind.__name__).lower())
    if get_origin(kind) in (dict, list):
        return "mappings" if get_origin(kind) is dict else "lists"
    if kind is Any:
        return "values"
    meaning = accepted(annotation)
    parts = re.fullmatch(r"an? ([^:;,]*?)((?: such as |[:;,]| with | of | without ).*)?", meaning)
    if not parts:
        return meaning if kind is str and not meaning.startswith("the ") else f"values, each {meaning}"
    return _several(parts[1]) + (parts[2] or "")


def _several(noun: str) -> str:
    if noun.endswith("y"):
        return f"{noun[:-1]}ies"
    return f"{noun}es" if noun.endswith("s") else f"{noun}s"


# --- What was expected --------------------------------------------------------------------------------------------

_EXPECTED: Final[Mapping[str, str]] = {
    "string_too_short": "at least {min_length} characters",
    "string_too_long": "at most {max_length} characters",
    "greater_than_equal": "{ge} or more",
    "less_than_equal": "{le} or less",
    "too_short": "{min_length} or more entries",
    "too_long": "{max_length} entries or fewer",
}
"""Pydantic's types of errors in our words (https://docs.pydantic.dev/latest/errors/validation_errors/)."""

_BY_TYPE: Final = (
    *("string_type", "string_pattern_mismatch", "string_unicode", "enum", "bool_type", "int_type", "int_from_float"),
    *("list_type", "dict_type", "model_type"),
)
"""Errors of which the type of the setting tells what was expected."""


def expectation(detail: ErrorDetails, annotation: Any, *, tell: bool = True) -> str:
    """Return what was expected instead of the value in an error of pydantic's.

    annotation: the type of the setting. tell: whether the value may be repeated, to say what it nearly is.
    """
    kind, found = detail["type"], detail["input"]
    if kind == "string_too_long" and tell:
        near, pattern = _nearest(found, annotation), _pattern(annotation)
        # The limit alone says nothing about a text of another form, such as an ARN where an id is expected.
        if near or (pattern in MEANINGS and not _matches(pattern, found)):
            return f"expected {accepted(annotation)}{near or ', ' + _EXPECTED[kind].format_map(detail.get('ctx', {}))}"
    if kind in _EXPECTED:
        return f"expected {_EXPECTED[kind].format_map(detail.get('ctx', {}))}"
    if kind not in _BY_TYPE:
        return detail["msg"]
    pattern = _pattern(annotation) or ""
    if tell and isinstance(found, str):
        keys = [pattern, *(choice for choice in _choices(annotation) if isinstance(choice, type))]
        words = next((words for key in keys if key in EXPLANATIONS and (words := EXPLANATIONS[key](found))), None)
        if words:
            return words
    near = _nearest(found, annotation) if tell else ""
    return f"expected {accepted(annotation)}{_hint(kind, found, pattern, tell=tell)}{near}"


def _hint(kind: str, found: object, pattern: str, *, tell: bool) -> str:
    """Return what helps with YAML's quotes: 111122223333 and 1.36 are numbers without them, "3" is text with them."""
    if kind == "string_type" and isinstance(found, bool | int | float):
        text = str(found).lower() if isinstance(found, bool) else str(found)
        # An account that begins with a zero is another number, or has fewer digits, once YAML has read it.
        return ": put it in quotes" if not pattern or _matches(pattern, text) or _matches(pattern, "1" * 12) else ""
    if kind in ("int_type", "bool_type") and isinstance(found, str) and re.fullmatch("[0-9]+|true|false", found):
        return ": remove the quotes"
    if tell and kind == "list_type" and isinstance(found, str | int | float):
        return f": write [{found}]" if re.fullmatch(r"[\w./:*-]{1,60}", str(found)) else ""
    if tell and kind == "dict_type" and isinstance(found, list) and found and isinstance(found[0], str):
        return f": write {{some-name: {found[0]}}}" if re.fullmatch(r"[\w./:@+%-]{1,60}", found[0]) else ""
    return ""


def _nearest(found: object, annotation: Any) -> str:
    """Return the value that was meant, where one is spelled like what was found."""
    if not isinstance(found, str):
        return ""
    pattern = _pattern(annotation) or ""
    for kind in _choices(annotation):
        if isinstance(kind, type) and issubclass(kind, Enum):
            return did_you_mean(found, [str(choice.value) for choice in kind])
        if kind is bool:
            answers = {"yes": "true", "on": "true", "no": "false", "off": "false"}
            return f"; did you mean {answers[found.lower()]}?" if found.lower() in answers else ""
    if pattern in CHOICES:
        return did_you_mean(found, CHOICES[pattern])
    limit = max((getattr(it, "max_length", None) or 0 for it in get_args(annotation)[1:]), default=0) or 200
    near = next((text for text in _variants(found[:300]) if len(text) <= limit and _matches(pattern, text)), None)
    return f"; did you mean {near}?" if near else ""


def _variants(found: str) -> Iterator[str]:
    """Yield what a text may have been meant to be: other case, other separators, without what is around it."""
    bare = found.strip().strip("\"'\u201c\u201d\u2018\u2019` ")
    if not bare:
        return
    lower = bare.lower()
    yield from (bare, lower, bare.strip("/"), f"{bare}/", bare[:1].upper() + bare[1:])
    yield re.sub("^http://", "https://", bare)
    yield re.sub("^[a-z]+://", "", bare).strip("/")
    yield bare.removeprefix("/hostedzone/")
    if re.fullmatch("[A-Za-z0-9 _.-]+", bare):
        yield re.sub("[^a-z0-9]+", "-", lower).strip("-")
    if re.fullmatch("[0-9 ,_-]+", bare):
        yield re.sub("[^0-9]", "", bare)
    if re.match("v?[0-9]", lower):
        yield from (lower.removeprefix("v"), f"v{lower.removeprefix('v')}")
    if lower.startswith("z"):
        yield bare.upper()
    if size := re.fullmatch(r"([0-9]+) ?(k|m|g|t)i?b", lower):
        yield f"{size[1]}{size[2].capitalize()}i"
    if time := re.fullmatch(r"([0-9]+) ?(h|m|s|d)(rs?|ours?|ins?|inutes?|ecs?|econds?|ays?)?", lower):
        yield f"{int(time[1]) * 24}h" if time[2] == "d" else f"{time[1]}{time[2]}"


def _matches(pattern: str, text: str) -> bool:
    if not pattern or pattern in ANY_SCRIPT:
        return False
    return re.fullmatch(pattern, text) is not None and text.isprintable()
