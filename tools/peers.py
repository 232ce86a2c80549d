"""What examples of other tools do, as stack files: the data in `examples/peers/peers.yaml`, and the page made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

FOLDER: Final = Path("examples") / "peers"
"""The Pulumi project of the stack files, seen from the top of the repository."""

Text = Annotated[str, Field(min_length=1)]
Kind = Literal["stack", "declined", "missing", "outside"]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Example(_Strict):
    """One example of another tool, with exactly one of `stack`, `declined`, `missing` and `outside`.

    stack: the name of the stack that does the same. declined: a key of the reasons. missing: what a stack file cannot
    say, as rows of the table of capabilities (`13: Windows nodes`). outside: why the example is about no cluster.
    note: how the stack differs.
    """

    path: Text
    purpose: Text
    stack: Text | None = None
    declined: Text | None = None
    missing: Annotated[str, Field(pattern=r"^[0-9]{1,2}: \S")] | None = None
    outside: Text | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Example:
        kinds = [kind for kind in (self.stack, self.declined, self.missing, self.outside) if kind]
        if len(kinds) != 1 or (self.note and not self.stack):
            raise ValueError(
                f"{self.path}: expected one of stack, declined, missing, outside; a note only together with stack"
            )
        return self

    @property
    def kind(self) -> Kind:
        """What the project says of the example."""
        kinds: tuple[Kind, ...] = ("stack", "declined", "missing", "outside")
        return next(kind for kind in kinds if getattr(self, kind))


class Peer(_Strict):
    """The examples of one repository at a commit."""

    repository: Text
    commit: Annotated[str, Field(pattern="^[0-9a-f]{40}$")]
    examples: list[Example]


class Peers(_Strict):
    """All of `peers.yaml`.

    reasons: why examples are declined, by key. stacks: what the plan of each stack must have: types of resources, or a
    type with some of its inputs.
    """

    reasons: dict[str, Text]
    stacks: dict[str, Annotated[list[str | dict[str, dict[str, Any]]], Field(min_length=1)]]
    peers: list[Peer]

    @property
    def examples(self) -> list[Example]:
        """The examples of all repositories."""
        return [example for peer in self.peers for example in peer.examples]


def read(root: Path) -> Peers:
    """Return the data in the repository at `root`. Raises pydantic's ValidationError where it does not fit."""
    return Peers.model_validate(yaml.safe_load((root / FOLDER / "peers.yaml").read_text("utf-8")))


def page(peers: Peers) -> str:
    """Return the text of `examples/peers.md`."""
    lines = [
        "# What examples of other tools do, as stack files",
        "",
        "`make docs` writes this page from [peers/peers.yaml](peers/peers.yaml). The tests preview each stack file",
        "with computed values known and unknown, and check the plan against the policies, against AWS's schemas, for",
        "the order in which pods need compute, and for what the examples show. Only AWS can tell whether it comes up.",
        "",
        *_summary(peers),
    ]
    for peer in peers.peers:
        tree = f"https://github.com/{peer.repository}/tree/{peer.commit}"
        lines += ["", f"## {peer.repository}", ""]
        lines += ["| Example | What it is for | Stack file, or why not |", "| --- | --- | --- |"]
        lines += [
            f"| [{_short(example.path)}]({tree}/{example.path}) | {example.purpose} | {_answer(example, peers)} |"
            for example in peer.examples
        ]
    return "\n".join(lines) + "\n"


def _summary(peers: Peers) -> Iterator[str]:
    yield "| Repository | Examples in scope | A stack file does the same | Declined | Not yet |"
    yield "| --- | --- | --- | --- | --- |"
    for peer in peers.peers:
        yield _counts(f"[{peer.repository}](https://github.com/{peer.repository})", peer.examples)
    yield _counts("All", peers.examples)


def _counts(name: str, examples: Sequence[Example]) -> str:
    kinds = Counter(example.kind for example in examples)
    total = len(examples) - kinds["outside"]
    return f"| {name} | {total} | {kinds['stack']} | {kinds['declined']} | {kinds['missing']} |"


def _short(path: str) -> str:
    return path.split("/", 1)[1].removesuffix(".yaml").removesuffix(".ts")


def _answer(example: Example, peers: Peers) -> str:
    if example.stack:
        file = f"Pulumi.{example.stack}.yaml"
        return " ".join(filter(None, (f"[{example.stack}](peers/{file}).", example.note)))
    if example.declined:
        return f"Declined: {peers.reasons[example.declined]}"
    if example.missing:
        return f"Not yet. {example.missing}"
    return f"Out of scope. {example.outside}"
