"""Reads the YAML files of a Pulumi project as the engine does, and says in one line what is wrong with one."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, ClassVar, Final

import yaml

from harness import HarnessError
from harness.yaml_mistakes import Mistake, explained, structural

_SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_SafeLoader):  # type: ignore[misc]  # the loader in C, where there is one
    """Reads YAML as the engine does, where `on` and `12:30` are text: by the core schema of YAML 1.2."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", [*"tTfF"]),
    ("int", r"[-+]?(0[0-7]*|[1-9][0-9]*|0x[0-9a-fA-F]+)", [*"-+0123456789"]),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", [*"-+.0123456789"]),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"(?:{_pattern})$"), _first)


class YamlFileError(HarnessError):
    """A file that the engine could not read. The message is one line: the place, what was found, what to write."""


class _MistakeError(Exception):
    def __init__(self, mistake: Mistake) -> None:
        super().__init__(mistake.found)
        self.mistake = mistake


def read_yaml_file(path: Path) -> dict[str, Any]:
    """Return the mapping in a file of a Pulumi project; empty for an empty file.

    A key that is written twice is refused, as the engine refuses it. Raises YamlFileError.
    """
    try:
        found = _load(_decoded(path.read_bytes()))
    except _MistakeError as error:
        line, column, what, expected = error.mistake
        raise YamlFileError(f"{path.name}:{line}:{column}: {what}: {expected}") from None
    return found


def _decoded(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line, column = _position(content.decode(errors="replace"), len(content[: error.start].decode()))
        found = f"byte 0x{content[error.start]:02x}, which is not UTF-8"
        raise _MistakeError(Mistake(line, column, found, "save the file in the encoding UTF-8")) from None


def _load(text: str) -> dict[str, Any]:
    if character := _CONTROL.search(text):
        line, column = _position(text, character.start())
        raise _MistakeError(Mistake(line, column, f"the control character U+{ord(character[0]):04X}", "delete it"))
    loader = _Loader(text)
    try:
        node = loader.get_single_node()
        if node is None:
            return {}
        for mistake in structural(node):
            raise _MistakeError(mistake)
        found = loader.construct_document(node)
    except yaml.MarkedYAMLError as error:
        raise _MistakeError(explained(text, error)) from None
    finally:
        loader.dispose()
    return found or {}


_CONTROL: Final = re.compile(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What YAML allows nowhere: https://yaml.org/spec/1.2.2/#51-character-set"""


def _position(text: str, index: int) -> tuple[int, int]:
    before = text[:index]
    return before.count("\n") + 1, len(before.rpartition("\n")[2]) + 1
