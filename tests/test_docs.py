"""What the documents name is there: make targets, settings, files."""

import re
from pathlib import Path
from typing import Any, Final

import pytest
from pydantic import BaseModel
from pydantic.alias_generators import to_camel

from facts.capabilities import CAPABILITIES
from rehearsal.program import ROOT
from settings import Stack
from settings.expected import models
from tests.test_repository import TARGETS

DOCUMENTS = [
    ROOT / "README.md",
    *sorted((ROOT / "docs").glob("*.md")),
    *sorted(ROOT.glob("examples/*/README.md")),
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    ROOT / "CHANGELOG.md",
]
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")}


def _codes(path: Path) -> list[str]:
    """Return what stands in a document as code: between backticks, and lines that are indented."""
    text = path.read_text()
    return [*re.findall(r"`([^`\n]+)`", text), *re.findall(r"^    (.+)$", text, re.MULTILINE)]


@pytest.fixture(params=DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def document(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_make_targets_are_there(document: Path) -> None:
    named = {target for code in _codes(document) for target in re.findall(r"^make (?:-s )?([a-z][a-z-]*)", code)}
    assert named <= TARGETS


def _below(annotation: Any, key: str) -> list[Any]:
    """Return the types of a field, by its key in a stack file, in the models of a type."""
    return [
        field.annotation
        for model in models(annotation)
        for field in model.model_fields.values()
        if str(field.alias) == key
    ]


def is_setting(path: str, model: type[BaseModel] = Stack) -> bool:
    """Tell whether a dotted path is one of a setting; a part may be any name where names are free."""
    found: list[Any] = [model]
    for key in path.split("."):
        found = [below for annotation in found for below in _below(annotation, key)]
    return bool(found)


SECTIONS = {str(field.alias) for field in Stack.model_fields.values()}


def test_settings_are_there(document: Path) -> None:
    named = {
        setting
        for code in re.findall(r"`([^`\n]+)`", document.read_text())
        for setting in re.findall(r"^[a-z][A-Za-z]*(?:\.[a-z][A-Za-z]*)+", code)
        if setting.split(".")[0] in SECTIONS and not setting.endswith((".py", ".md", ".sh", ".ts"))
    }
    assert {setting for setting in named if not is_setting(setting)} == set()


def test_every_controller_has_a_row() -> None:
    """docs/capabilities.md lists each entry of facts/capabilities.py."""
    text = (ROOT / "docs" / "capabilities.md").read_text()
    missing = [it.section for it in CAPABILITIES if f"| `{to_camel(it.section)}" not in text]
    assert missing == [], "add a row for each to docs/capabilities.md"


def test_files_are_there(document: Path) -> None:
    named = {
        code
        for code in _codes(document)
        if re.fullmatch(r"[\w./-]+", code) and code.split("/")[0] in FOLDERS and "/" in code
    }
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_tests_are_there(document: Path) -> None:
    """A renamed test leaves the documents with it."""
    named = {code for code in _codes(document) if re.fullmatch(r"[\w./-]+\.py::\w+", code)}
    assert {name for name in named if not _has_test(*name.split("::"))} == set()


def _has_test(file: str, test: str) -> bool:
    path = ROOT / file
    return path.is_file() and f"def {test}(" in path.read_text()


def test_links_lead_to_files(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", document.read_text())
    assert {link for link in links if "://" not in link and not (document.parent / link).exists()} == set()


def _headings(path: Path) -> set[str]:
    return set(re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE))


def _anchor(heading: str) -> str:
    """Return the anchor that GitHub gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def test_links_lead_to_headings(document: Path) -> None:
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", document.read_text())
    assert {
        anchor
        for file, anchor in links
        if anchor not in map(_anchor, _headings(document.parent / file if file else document))
    } == set()


def test_messages_name_headings() -> None:
    """Messages and docstrings lead to sections of docs/operations.md by their headings."""
    sources = [path for folder in ("settings", "components", "tools") for path in (ROOT / folder).rglob("*.py")]
    named = {heading for path in sources for heading in re.findall(r'docs/operations\.md, "([^"]+)"', path.read_text())}
    assert "Remove a zone" in named
    assert named <= _headings(ROOT / "docs" / "operations.md")


def swallowed_headings(text: str) -> list[int]:
    """Return the numbers of the lines that begin a heading, or an entry with a title in bold, without blank lines.

    A heading needs one before and after it; an entry (`**Title.** Text`) needs one before it.
    """
    lines = text.splitlines()
    found = []
    fence = ""
    for index, line in enumerate(lines):
        mark = re.match(r"\s*(```|~~~)", line)
        if mark and (not fence or mark[1] == fence):
            fence = "" if fence else mark[1]
        if fence:
            continue
        heading, entry = line.startswith("#"), bool(re.match(r"\*\*[^*]+\.\*\*", line))
        before = lines[index - 1] if index else ""
        after = lines[index + 1] if index + 1 < len(lines) else ""
        if ((heading or entry) and before.strip()) or (heading and after.strip()):
            found.append(index + 1)
    return found


MARKDOWN = [
    path
    for path in sorted(ROOT.rglob("*.md"))
    if not any(part.startswith(".") or part == "node_modules" for part in path.relative_to(ROOT).parent.parts)
]


@pytest.mark.parametrize("path", MARKDOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_headings_have_blank_lines_around_them(path: Path) -> None:
    assert swallowed_headings(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("# One\n\ntext\n\n## Two\n\ntext\n", []),
        ("# One\n\ntext\n## Two\n\ntext\n", [4]),
        ("# One\ntext\n", [1]),
        ("```\ntext\n# a comment\ntext\n```\n", []),
        ("```\n```\ntext\n# Two\n", [4]),
        ("text\n**An entry.** Text\n", [2]),
        ("text\n**a part** of a sentence\n", []),
    ],
)
def test_a_swallowed_heading_is_found(text: str, lines: list[int]) -> None:
    assert swallowed_headings(text) == lines


def test_something_of_each_is_named() -> None:
    text = " ".join(code for path in DOCUMENTS for code in _codes(path))
    for name in ("make preview", "access.entries", "components/"):
        assert name in text


@pytest.mark.parametrize(
    ("path", "there"), [("network.nat", True), ("network.nats", False), ("access.entries", True), ("nat", False)]
)
def test_a_setting_that_is_none_is_found_out(path: str, *, there: bool) -> None:
    assert is_setting(path) is there


# --- Plain English ------------------------------------------------------------------------------------------------

PLAIN: Final = {
    "whoever": "the caller, any user who ...",
    "beside": "next to, in addition to, together with",
    "for good": "cannot be changed",
    "stands there": "exists, occurs",
    "asks for": "requires",
    "take it out": "remove it",
    "take it away": "remove it",
}
"""Phrases that read as translated, and what to write instead."""
WRITTEN: Final = [
    path
    for pattern in (
        *("*.md", "*.py", "docs/*.md", "examples/*.md", "examples/*/*.md", "Makefile"),
        *(f"{folder}/**/*.py" for folder in ("bootstrap", "components", "facts", "policy", "settings", "tools")),
        *(f"{folder}/**/*.py" for folder in ("benchmarks", "harness", "rehearsal", "tests")),
    )
    for path in ROOT.glob(pattern)
    # These two list the phrases.
    if path.name not in ("test_docs.py", "test_generated.py")
]


def translated(text: str) -> list[str]:
    """Return the phrases of PLAIN that a text has, with what to write instead."""
    words = " ".join(re.sub(r"\n\s*(#|\")?", " ", text.lower()).split())
    return [f"{phrase}: write {instead}" for phrase, instead in PLAIN.items() if re.search(rf"\b{phrase}\b", words)]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_prose_is_plain_english(path: Path) -> None:
    """Documents, descriptions, docstrings, comments and messages."""
    assert translated(path.read_text()) == []


def test_a_translated_phrase_is_found() -> None:
    assert translated("A key\n# stands there once.") == ["stands there: write exists, occurs"]
    assert translated("What stands for it is besides understood") == []
