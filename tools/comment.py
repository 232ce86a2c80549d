"""Writes the comments on a pull request, with what each stack's plan and the review say: within what GitHub takes.

`python -m tools.comment RESULTS --commit SHA --run URL > plan.md`, and with `--review` the other comment. RESULTS holds
a folder for each artifact: `plan-<stack>` or `preview-<stack>`, with a file `output`, and `review`, with `output` and
`markdown`. Code of a pull request wrote them, so all of it is quoted. It needs nothing but Python's own library.
"""

import argparse
import html
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

LIMIT: Final = 65_536
"""Characters of a comment; GitHub refuses a longer one: "Body is too long (maximum is 65536 characters)"."""

MARK: Final = "<!-- plan of every stack -->"
"""How the comment is found again."""

REVIEW_MARK: Final = "<!-- review of every stack -->"
"""How the comment with the review is found again."""

LEFT_OUT: Final = "... {lines} lines before this are in the whole output\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the comment; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.comment", description=__doc__)
    parser.add_argument("results", type=Path, help="folder of the artifacts")
    parser.add_argument("--commit", required=True, help="the commit that was planned")
    parser.add_argument("--run", required=True, help="address of the workflow's run")
    parser.add_argument(
        "--review",
        choices=("text", "markdown"),
        help="write the review, quoted or as Markdown (if the author may write)",
    )
    options = parser.parse_args(arguments)
    if options.review:
        folder, trusted = options.results / "review", options.review == "markdown"
        sys.stdout.write(review(folder, commit=options.commit, run=options.run, trusted=trusted))
    else:
        sys.stdout.write(comment(outputs(options.results), commit=options.commit, run=options.run))
    return 0


def review(folder: Path, *, commit: str, run: str, trusted: bool, limit: int = LIMIT) -> str:
    """Return the comment with the review of all stacks.

    trusted: whether its Markdown is taken as it is; else, and where it is too long, its text is quoted.
    """
    head = f"{REVIEW_MARK}\nReview of {commit} ([run]({run}))\n\n"
    markdown = _text(folder / "markdown") if trusted else ""
    if markdown.strip() and _length(head + markdown) <= limit:
        return head + markdown
    text = _text(folder / "output")
    if not text.strip():
        return f"{head}The review ended without a result.\n"
    before, after = "<pre>\n", "\n</pre>\n"
    room = limit - _length(head + before + after)
    return head + before + _end(html.escape(text.replace("\r", ""), quote=False), room) + after


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""


def outputs(results: Path) -> dict[str, tuple[str, str]]:
    """Return the make target and the output of each stack, in the order of their names.

    A plan against the account counts more than a preview without one. A stack of which there is no output, because its
    job died, has an empty one.
    """
    found: dict[str, tuple[str, str]] = {}
    for target in ("preview", "plan"):
        for folder in sorted(results.glob(f"{target}-*")):
            text = _text(folder / "output")
            stack = folder.name.removeprefix(f"{target}-")
            if text.strip() or stack not in found:
                found[stack] = (target, text)
    return dict(sorted(found.items()))


def comment(plans: Mapping[str, tuple[str, str]], *, commit: str, run: str, limit: int = LIMIT) -> str:
    """Return the comment, of at most `limit` characters as JavaScript counts them.

    Short outputs are complete. The long ones share the remaining space evenly, of which the end is kept, as it
    has the counts and the errors. Stacks for which there is no room at all are named.
    """
    head = f"{MARK}\nPlan of {commit} ([whole output]({run}))\n"
    frames = {stack: _frame(stack, target) for stack, (target, _) in plans.items()}
    texts = {stack: html.escape(text.replace("\r", ""), quote=False) for stack, (_, text) in plans.items()}
    shown = list(frames)
    # Each must have room for some lines in addition to its frame.
    while shown and _room(head, frames, shown, limit) < 200 * len(shown):
        shown.pop()
    rest = [stack for stack in frames if stack not in shown]
    shares = _shares({stack: _length(texts[stack]) for stack in shown}, _room(head, frames, shown, limit))
    body = "".join(
        before + _end(texts[stack], shares[stack]) + after for stack in shown for before, after in [frames[stack]]
    )
    return head + body + _named(rest, limit - _length(head + body))


def _frame(stack: str, target: str) -> tuple[str, str]:
    name = html.escape(stack)
    summary = f"<b>{name}</b>: <code>make {target} STACK={name}</code>"
    return f"\n<details><summary>{summary}</summary>\n\n<pre>\n", "\n</pre>\n\n</details>\n"


def _room(head: str, frames: Mapping[str, tuple[str, str]], shown: Sequence[str], limit: int) -> int:
    """Return how many characters there are for the outputs."""
    named = "" if len(shown) == len(frames) else _named([it for it in frames if it not in shown], limit)
    return limit - _length(head + named + "".join(before + after for it in shown for before, after in [frames[it]]))


def _shares(lengths: Mapping[str, int], room: int) -> dict[str, int]:
    """Return how many characters each output gets: those that need less leave the rest to the others."""
    shares: dict[str, int] = {}
    for number, (stack, length) in enumerate(sorted(lengths.items(), key=lambda item: item[1])):
        shares[stack] = min(length, room // (len(lengths) - number))
        room -= shares[stack]
    return shares


def _end(text: str, share: int) -> str:
    """Return whole lines from the end of a text, and above them how many there were before."""
    if _length(text) <= share:
        return text
    lines = text.splitlines(keepends=True)
    note = _length(LEFT_OUT.format(lines=len(lines)))
    kept: list[str] = []
    left = share - note
    while lines and _length(lines[-1]) <= left:
        left -= _length(lines[-1])
        kept.insert(0, lines.pop())
    return LEFT_OUT.format(lines=len(lines)) + "".join(kept)


def _named(stacks: Sequence[str], room: int) -> str:
    """Return a line that names stacks, cut to the room for it."""
    if not stacks:
        return ""
    line = f"\nNo room for: {', '.join(html.escape(stack) for stack in stacks)}\n"
    return line if _length(line) <= min(room, 2_000) else f"\nNo room for {len(stacks)} more stacks\n"


def _length(text: str) -> int:
    """Return how many characters a text has in JavaScript, where those beyond the first 65,536 count as two."""
    return len(text.encode("utf-16-le")) // 2


if __name__ == "__main__":
    sys.exit(main())
