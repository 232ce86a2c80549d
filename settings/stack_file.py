"""The text of a stack file, if the file exists: the line and the column of a problem, and what is written there.

Pulumi hands a program the values of a stack file and not the file. The messages are better with it, and complete
without it.
"""

import json
import re
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Final

import pulumi
import yaml
from pulumi import runtime

from settings.problems import HIDDEN, Problem, parts
from settings.words import nearest, shown

PULUMI_KEYS: Final = ("config", "secretsprovider", "encryptedkey", "encryptionsalt", "environment")
"""What Pulumi reads at the top of a stack file: https://www.pulumi.com/docs/reference/stack-settings-file/"""


class StackFile:
    """A stack file. name: what messages call it. text: what it holds; text that is not YAML has no places."""

    def __init__(self, name: str, text: str) -> None:
        self.name: Final = name
        try:
            self._root = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.YAMLError:
            self._root = None

    @property
    def has_config(self) -> bool:
        """Whether the file has the key under which Pulumi reads a stack's configuration."""
        return any(key.value == "config" for key, _ in _pairs(self._root))

    def outside_config(self, sections: Collection[str]) -> dict[str, Problem]:
        """Return what is wrong at the top of the file: a problem by section, or one by "config" where it is missing."""
        known = {key: section for section in sections for key in (section, f"{pulumi.get_project()}:{section}")}
        outside = {known[key.value]: key for key, _ in _pairs(self._root) if key.value in known}
        if not self.has_config:
            return {"config": self._without_config(outside)}
        return {section: self._misplaced(key, section) for section, key in outside.items()}

    def _misplaced(self, key: yaml.Node, section: str) -> Problem:
        expected = f"expected {pulumi.get_project()}:{section} below `config:`, indented by two spaces"
        return Problem(key.value, "outside of config", expected, "", self._at(key))

    def _without_config(self, outside: Collection[object]) -> Problem:
        """Return the problem of a file without the key `config`. outside: the sections at its top."""
        keys = {key.value: key for key, _ in _pairs(self._root)}
        others = keys.keys() - {*PULUMI_KEYS}
        if outside:
            expected = "expected the line `config:`, and below it all of the stack's keys, indented by two spaces"
        elif close := nearest("config", others):
            return Problem(close[0], "unknown key", "did you mean config?", "", self._at(keys[close[0]]))
        else:
            expected = f"expected the line `config:`, and below it keys such as {pulumi.get_project()}:platform"
        return Problem("config", "missing", expected, "", f"{self.name}:1:1")

    def located(self, problem: Problem) -> Problem:
        """Return a problem with its line and column, and with what is found as it is written in the file.

        A problem whose value is another one in the file stays as it is: the configuration comes from somewhere else.
        """
        config = next((pair for pair in _pairs(self._root) if pair[0].value == "config"), None)
        keys = parts(problem.path)
        if problem.at or config is None or not keys:
            return problem
        project = f"{pulumi.get_project()}:"
        namespace = project if problem.namespace is None else f"{problem.namespace}:"
        full = f"{namespace}{keys[0]}"
        ways = [_way(config[1], [name, *keys[1:]]) for name in (full, full.removeprefix(project))]
        way = max(ways, key=len)
        key, value = way[-1] if way else config
        if len(way) < len(keys) or not isinstance(value, yaml.ScalarNode) or problem.found == "unknown key":
            return replace(problem, at=self._at(key))
        if not _is_written_as(value, problem.found):
            return problem
        return replace(problem, at=self._at(value), found=_as_written(problem, value))

    def _at(self, node: yaml.Node) -> str:
        mark = node.start_mark
        return f"{self.name}:{mark.line + 1}:{mark.column + 1}" if mark else ""


_NUMBER: Final = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def _is_written_as(node: yaml.ScalarNode, found: str) -> bool:
    """Tell whether a value that a message shows may be the one of a node; true where it shows something else."""
    if _NUMBER.fullmatch(found):
        return node.value == found or (node.style is None and node.value[:1] in "+-.0123456789")
    try:
        value = json.loads(found)
    except ValueError:
        return True
    if not isinstance(value, str):
        return node.style is None
    # Of a login in a URL a message shows what is around it.
    before, hidden, after = value.partition(HIDDEN)
    written = str(node.value)
    if hidden:
        return written.startswith(before) and written.endswith(after)
    # Of a script a message shows one line.
    return value == written or value in written.splitlines()


def _as_written(problem: Problem, node: yaml.ScalarNode) -> str:
    """Return what is found: a number with its leading zeros, and a hidden value that is not encrypted."""
    if problem.found == HIDDEN and problem.in_the_clear:
        return node.value if node.style is None and node.tag != "tag:yaml.org,2002:str" else shown(node.value)
    return node.value if _NUMBER.fullmatch(problem.found) else problem.found


def _pairs(node: yaml.Node | None) -> list[tuple[yaml.Node, yaml.Node]]:
    return node.value if isinstance(node, yaml.MappingNode) else []


def _way(node: yaml.Node, keys: list[str | int]) -> list[tuple[yaml.Node, yaml.Node]]:
    """Return the keys and values on a path, as far as the file has it; an entry of a list is its own key."""
    found: list[tuple[yaml.Node, yaml.Node]] = []
    for part in keys:
        if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            found.append((node.value[part], node.value[part]))
        elif pair := next((pair for pair in _pairs(node) if pair[0].value == part), None):
            found.append(pair)
        else:
            break
        node = found[-1][1]
    return found


def stack_file(stack: str) -> StackFile | None:
    """Return the file of a stack in the folder of the project; None where there is none.

    It is called by its path from the folder of the program, or by its whole path where it is not below that.
    """
    current = Path.cwd()
    path = Path(runtime.get_root_directory() or current).resolve() / f"Pulumi.{stack}.yaml"
    name = path.relative_to(current) if path.is_relative_to(current) else path
    try:
        return StackFile(str(name), path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError):
        return None
