"""What is wrong with a stack file, in words: where, what was found, and what was expected.

The wording is this program's and not pydantic's, so that the reader of a message needs to know neither it nor patterns.
What a setting accepts is put into words by `settings.expected`.
"""

import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.expected import accepted, expectation, key_type, may_be_secret, models, type_at
from settings.words import alike, shown, suggestion

HIDDEN: Final = "[secret]"
"""What a message shows instead of a value that must not be seen."""


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong with a stack file.

    path: the setting (`network.nat`). found, expected: what is there and what has to be there, in words. namespace: of
    the configuration key that the path begins with: None for the project's, empty for a key that has none. at: file,
    line and column, where they are known. in_the_clear: whether a hidden value may be shown where the file says that
    it is not encrypted.
    """

    path: str
    found: str
    expected: str
    namespace: str | None = None
    at: str = ""
    in_the_clear: bool = False

    def __str__(self) -> str:
        namespace = pulumi.get_project() if self.namespace is None else self.namespace
        key = f"{namespace}:{self.path}" if namespace else self.path
        return f"{f'{self.at}: ' if self.at else ''}{key}: {self.found}: {self.expected}"


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


def below(path: str, *keys: str | int) -> str:
    """Return the path of something below a path, as `place` writes both."""
    rest = place(*keys)
    return f"{path}{rest}" if rest.startswith("[") else f"{path}.{rest}"


def parts(path: str) -> list[str | int]:
    """Return the keys and indices of a path, as `place` writes them."""
    found = re.findall(r'\[("(?:[^"\\]|\\.)*"|[0-9]+)\]|([^.\[\]]+)', path)
    return [_key(bracket) if bracket else key for bracket, key in found]


def _key(bracket: str) -> str | int:
    try:
        key: str | int = json.loads(bracket)
    except ValueError:  # a long key is shown in part
        return bracket
    return key


_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,63}")


def problems_of(error: ValidationError, root: type[BaseModel], section: str, *, encrypted: bool) -> Iterator[Problem]:
    """Yield the problems of a section that `root`, the model of all sections, does not allow.

    encrypted: whether the section holds an encrypted value, which may be anywhere in it.
    """
    details = error.errors(include_url=False)
    unknown = [detail["loc"] for detail in details if detail["type"] == "extra_forbidden"]
    meant = {(*loc[:-1], close) for loc in unknown for close in alike(str(loc[-1]), _known(root, loc[:-1]))}
    for detail in details:
        loc = detail["loc"]
        if detail["type"] == "missing" and loc in meant:
            continue
        if detail["type"] == "extra_forbidden":
            yield Problem(place(*loc), "unknown key", suggestion(str(loc[-1]), _known(root, loc[:-1])))
        elif detail["type"] == "missing":
            yield Problem(place(*loc), "missing", f"expected {accepted(type_at(root, loc))}")
        elif loc[-1:] == ("[key]",) and detail["input"] == loc[-2]:
            expected = expectation(detail, key_type(type_at(root, loc[:-2])))
            yield Problem(place(*loc[:-2]) or section, f"key {shown(detail['input'])}", expected)
        else:
            setting = type_at(root, loc)
            secret = may_be_secret(setting) or _misplaced_secret(root, loc, detail)
            found = _hidden(detail) if secret or encrypted else shown(detail["input"])
            expected = expectation(detail, setting, tell=not secret and not encrypted)
            yield Problem(place(*loc) or section, found, expected, in_the_clear=not secret)


def _misplaced_secret(root: type[BaseModel], loc: tuple[str | int, ...], detail: Any) -> bool:
    """Tell whether a value may be a secret that is under the key of another setting: text where a number belongs."""
    if not isinstance(detail["input"], str) or not detail["type"].startswith("int"):
        return False
    others = [field.annotation for model in models(type_at(root, loc[:-1])) for field in model.model_fields.values()]
    return any(may_be_secret(other) and not models(other) for other in others)


def _hidden(detail: ErrorDetails) -> str:
    """Return what a message shows of a value that must not be seen: its kind, where that is what is wrong."""
    if detail["type"] in ("dict_type", "list_type", "model_type"):
        kinds = {bool: "a boolean", int: "a number", str: "a text", list: "a list", dict: "a mapping"}
        return kinds.get(type(detail["input"]), HIDDEN)
    return HIDDEN


def _known(root: type[BaseModel], loc: tuple[str | int, ...]) -> list[str]:
    """Return the keys that the model at `loc` of a stack file knows."""
    return [field.alias or "" for model in models(type_at(root, loc)) for field in model.model_fields.values()]
