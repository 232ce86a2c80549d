"""What is wrong with a YAML text, in words, with its line and its column: for people who know no parser's terms."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import yaml


class Mistake(NamedTuple):
    """What is wrong in a YAML text. line, column: where, counted from 1. found, expected: in words."""

    line: int
    column: int
    found: str
    expected: str


# --- What YAML accepts and a stack file does not -------------------------------------------------------------------


def structural(root: yaml.Node) -> Iterator[Mistake]:
    """Yield what is wrong with the nodes of a text that YAML accepts."""
    if isinstance(root, yaml.SequenceNode):
        expected = "expected a mapping that begins with `config:`, without a hyphen before its keys"
        yield Mistake(*_at(root.start_mark), "a list at the top of the file", expected)
    elif isinstance(root, yaml.ScalarNode) and root.tag != "tag:yaml.org,2002:null":
        space = f": add a space after the colon of {root.value.partition(':')[0]}:" if ":" in root.value else ""
        expected = f"expected a mapping that begins with `config:`{space}"
        yield Mistake(*_at(root.start_mark), f"the text {_short(root.value)}", expected)
    else:
        yield from _repeated_keys(root, set())
        for key, value in root.value if isinstance(root, yaml.MappingNode) else ():
            if key.value == "config" and not _is_mapping_or_empty(value):
                found = "a list" if isinstance(value, yaml.SequenceNode) else f"the text {_short(value.value)}"
                expected = "expected a mapping of keys such as aws:region to values, without a hyphen before a key"
                yield Mistake(*_at(value.start_mark), f"{found} below config", expected)


def _is_mapping_or_empty(node: yaml.Node) -> bool:
    return isinstance(node, yaml.MappingNode) or node.tag == "tag:yaml.org,2002:null"


def _repeated_keys(node: yaml.Node, seen: set[int]) -> Iterator[Mistake]:
    if id(node) in seen:
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _repeated_keys(item, seen)
    if not isinstance(node, yaml.MappingNode):
        return
    first: dict[str, int] = {}
    for key, value in node.value:
        line, column = _at(key.start_mark)
        if not isinstance(key, yaml.ScalarNode):
            yield Mistake(line, column, *_placeholder_or(key, "a mapping or a list as a key"))
            continue
        if key.value in first:
            expected = f"expected it once: it is in line {first[key.value]} already"
            yield Mistake(line, column, f"the key {key.value} twice", expected)
        first.setdefault(key.value, line)
        yield from _repeated_keys(value, seen)


def _placeholder_or(key: yaml.Node, found: str) -> tuple[str, str]:
    if isinstance(key, yaml.MappingNode):
        return "a placeholder in {{ }}", "write the value itself, or put the whole text in quotes"
    return found, "expected text as a key"


def _at(mark: yaml.Mark | None) -> tuple[int, int]:
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _short(text: str) -> str:
    return f'"{text}"' if len(text) <= 40 else f'"{text[:37]}..."'


# --- What YAML does not accept ------------------------------------------------------------------------------------


def explained(text: str, error: yaml.MarkedYAMLError) -> Mistake:
    """Return what a person has to change, from what the parser says and from the text itself."""
    lines = text.splitlines() or [""]
    for number, text_of_line in enumerate(lines, 1):
        if re.match(r"(<{7}|={7}|>{7}|\|{7})( |$)", text_of_line):
            expected = "resolve the conflict and delete the lines that begin with <<<<<<<, ======= and >>>>>>>"
            return Mistake(number, 1, f"the marker of a merge conflict, {text_of_line[:7]}", expected)
    line, column = _at(error.problem_mark or error.context_mark)
    for explain in (_indicator, _quoted, _open_bracket, _tag_or_document, _colon):
        if mistake := explain(error, lines, line, column):
            return mistake
    return _indentation(error, lines, line, column)


def _indicator(error: yaml.MarkedYAMLError, lines: list[str], line: int, column: int) -> Mistake | None:
    """Explain a character that begins something else than text."""
    text = lines[line - 1] if line <= len(lines) else ""
    found = text[column - 1 : column]
    indentation = re.match(r"[ ]*\t[ \t]*", text)
    if indentation and column <= len(indentation[0]) + 1:
        column = indentation[0].index("\t") + 1
        return Mistake(line, column, "a tab in the indentation", "expected spaces: YAML indents with spaces only")
    if "cannot start any token" in (error.problem or ""):
        return Mistake(
            line, column, f"a value that begins with {found}", f"put it in quotes: {_in_quotes(text, column)}"
        )
    if error.context == "while scanning an alias" or "undefined alias" in (error.problem or ""):
        line, column = _at(error.context_mark or error.problem_mark)
        expected = f"put it in quotes: {_in_quotes(lines[line - 1], column)}"
        return Mistake(line, column, "a value that begins with *, which YAML reads as a reference", expected)
    if error.context == "while scanning an anchor":
        line, column = _at(error.context_mark)
        expected = f"put it in quotes: {_in_quotes(lines[line - 1], column)}"
        return Mistake(line, column, "a value that begins with &, which YAML reads as an anchor", expected)
    if error.context == "while scanning a block scalar":
        line, column = _at(error.context_mark)
        expected = f"put it in quotes: {_in_quotes(lines[line - 1], column)}"
        return Mistake(line, column, f"a value that begins with {lines[line - 1][column - 1]}", expected)
    return None


def _in_quotes(line: str, column: int) -> str:
    """Return the value that begins at a column of a line, in quotes; of a list in brackets, its entry alone."""
    rest = line[column - 1 :]
    end = r"[],]| #" if "[" in line[: column - 1] else r" #"
    value = re.split(end, rest)[0].strip()
    return f'"{value}"' if len(value) <= 60 else f'"{value[:57]}..."'


def _quoted(error: yaml.MarkedYAMLError, lines: list[str], line: int, column: int) -> Mistake | None:
    for number, earlier in enumerate(lines[:line], 1):
        # A quote further down closes it, and what is in between is wrong where the parser says.
        opened = re.match(r"""[^#"']*[:\-[,]\s+(["'])(?:(?!\1).)*$""", earlier)
        if opened and not _goes_on(lines[number:line], opened[1]):
            return Mistake(number, opened.start(1) + 1, "a quote that is not closed", "add the closing quote")
    if error.context == "while scanning a quoted scalar":
        return Mistake(*_at(error.context_mark), "a quote that is not closed", "add the closing quote")
    if "escape character" in (error.problem or ""):
        text = lines[line - 1]
        at = text.find("\\", column - 1) + 1 or column
        expected = "write it in single quotes, which leave a backslash as it is, or write \\\\"
        return Mistake(line, at, f"a backslash in double quotes, {text[at - 1 : at + 1]}", expected)
    text = lines[line - 1] if line <= len(lines) else ""
    before = text[: column - 1]
    if re.search(r"""(:|-)\s+(["']).*\2\s*$""", before) and "expected key" in (error.problem or ""):
        return Mistake(line, column, "text after the closing quote", "put the whole value in one pair of quotes")
    return None


def _goes_on(following: list[str], quote: str) -> bool:
    """Tell whether a text in quotes ends in one of the next lines, with nothing after it."""
    closing = next((text for text in following if quote in text), None)
    return closing is not None and closing.rstrip().endswith(quote) and closing.count(quote) == 1


def _open_bracket(error: yaml.MarkedYAMLError, lines: list[str], line: int, column: int) -> Mistake | None:
    brackets = {"while parsing a flow sequence": ("[", "]"), "while parsing a flow mapping": ("{", "}")}
    if error.context in brackets:
        opened, closing = brackets[error.context]
        at_line, at_column = _at(error.context_mark)
        return Mistake(at_line, at_column, f"{opened} without {closing}", f"add {closing}, or a comma between entries")
    text = lines[line - 1] if line <= len(lines) else ""
    if "did not find expected" in (error.problem or "") and text[column - 1 : column] in ("]", "}"):
        closing, opening = text[column - 1], {"]": "[", "}": "{"}[text[column - 1]]
        return Mistake(line, column, f"{closing} without {opening}", f"delete {closing}, or add {opening} before it")
    if "node content" in (error.problem or "") and text[column - 1 : column] in ("]", "}", ","):
        found = f"a value that begins with {text[column - 1]}"
        return Mistake(line, column, found, f"put it in quotes, or delete it: {_in_quotes(text, column)}")
    return None


def _tag_or_document(error: yaml.MarkedYAMLError, lines: list[str], line: int, column: int) -> Mistake | None:
    problem = error.problem or ""
    if tag := re.search(r"constructor for the tag '(.*)'", problem):
        return Mistake(line, column, f"the tag {tag[1]}", "expected a plain value: a stack file has no tags")
    if "another document" in problem or "<document start>" in problem:
        text = lines[line - 1] if line <= len(lines) else ""
        if text.startswith("---"):
            return Mistake(line, column, "a second document after ---", "expected one document: delete the line ---")
        expected = f"expected the indentation of the first key, {_indent(next(filter(str.strip, lines)))} spaces"
        return Mistake(line, column, f"a key that is indented by {_indent(text)} spaces", expected)
    return None


def _colon(error: yaml.MarkedYAMLError, lines: list[str], line: int, column: int) -> Mistake | None:
    problem = error.problem or ""
    if "could not find expected ':'" in problem and error.context_mark:
        line, column = _at(error.context_mark)
        return _without_colon(lines, line, column)
    if "mapping values are not allowed" in problem:
        text = lines[line - 1]
        before = lines[line - 2] if line > 1 else ""
        if re.search(r":\s.*:(\s|$)", text[:column]):
            value = re.sub(r"^[\s-]*[^:]*:\s+", "", text).strip()
            expected = f'put the whole value in quotes: "{value}"' if len(value) <= 60 else "put the value in quotes"
            return Mistake(line, column, "a second colon with a space after it in one value", expected)
        if re.fullmatch(r"[\w.-]+:[^\s/].*", before.strip()):
            return _without_colon(lines, line - 1, _indent(before) + 1)
        expected = f"expected the {_indent(before)} spaces of the line above, or a line above that ends with a colon"
        return Mistake(line, _indent(text) + 1, f"a key that is indented by {_indent(text)} spaces", expected)
    return None


def _without_colon(lines: list[str], line: int, column: int) -> Mistake:
    text = lines[line - 1].strip()
    key, colon, value = text.partition(":")
    if colon and value:
        return Mistake(line, column, f"no space after the colon of {_short(text)}", f"write {key}: {value}")
    return Mistake(line, column, f"{_short(text)} without a colon", f"write {text}: and a value")


def _indentation(error: yaml.MarkedYAMLError, lines: list[str], line: int, column: int) -> Mistake:
    text = lines[line - 1] if line <= len(lines) else ""
    if text.lstrip().startswith("- ") and error.context == "while parsing a block mapping":
        return Mistake(line, column, "an entry of a list among keys", "expected a key, or the list below a key")
    if error.context == "while parsing a block collection":
        opened = _at(error.context_mark)[0]
        expected = f"expected an entry that begins with a hyphen, as in line {opened}, or less indentation"
        return Mistake(line, column, "a key among the entries of a list", expected)
    if "expected key" in (error.problem or "") and error.context_mark:
        levels = sorted({_indent(it) for it in lines[: line - 1] if it.strip() and _indent(it) != _indent(text)})
        near = " or ".join(str(level) for level in levels if level > 0)
        expected = f"expected the indentation of a line above: {near or 'no'} spaces"
        return Mistake(line, _indent(text) + 1, f"a key that is indented by {_indent(text)} spaces", expected)
    return Mistake(line, column, "text that is not YAML", error.problem or "expected keys and values")


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
