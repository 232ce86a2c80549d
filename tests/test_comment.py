"""The comment on a pull request keeps within what GitHub takes, with the real outputs of all stacks."""

import re
from pathlib import Path
from typing import Final

import pytest

from harness.render import render
from rehearsal import policies
from rehearsal.program import ROOT
from tests.plans import STACKS, plan_of
from tools.comment import LIMIT, MARK, REVIEW_MARK, comment, main, outputs, review

RUN: Final = "https://github.com/example-jp/eks-platform/actions/runs/12345678901"
COMMIT: Final = "9ecf3f5cfe701775c707fd05aa15d223e306228e"


def _length(text: str) -> int:
    """Return the length as GitHub, whose interface is JavaScript, counts it."""
    return sum(2 if ord(character) > 0xFFFF else 1 for character in text)


@pytest.fixture(scope="module")
def real() -> dict[str, tuple[str, str]]:
    """What `make preview` prints for each of the reference stacks."""
    found = {}
    for stack in STACKS:
        plan = plan_of(stack)
        lines = [*render(plan), *policies.render(policies.violations_of(plan, ROOT), policies.environment_of(plan))]
        found[stack] = ("preview", "\n".join(lines) + "\n")
    return found


def _written(plans: dict[str, tuple[str, str]], limit: int = LIMIT) -> str:
    text = comment(plans, commit=COMMIT, run=RUN, limit=limit)
    assert _length(text) <= limit
    assert text.startswith(MARK)
    assert text.count("<details>") == text.count("</details>") == text.count("<pre>") == text.count("</pre>")
    return text


def _shown(text: str) -> dict[str, str]:
    pattern = r"<details><summary><b>(\S+)</b>.*?<pre>\n(.*?)\n</pre>\n\n</details>"
    return dict(re.findall(pattern, text, re.DOTALL))


def test_the_real_outputs_of_all_stacks_are_more_than_a_comment_takes(real: dict[str, tuple[str, str]]) -> None:
    assert sum(_length(text) for _, text in real.values()) > LIMIT


def test_the_comment_for_the_real_outputs_is_one_that_github_takes(real: dict[str, tuple[str, str]]) -> None:
    shown = _shown(_written(real))
    assert set(shown) == set(STACKS)
    for stack, text in shown.items():
        # The end has the outputs, the unknowns and the policies.
        assert text.splitlines()[-1] == real[stack][1].splitlines()[-1]
    assert _length(_written(real)) > LIMIT * 0.95


def test_nothing_is_cut_that_fits(real: dict[str, tuple[str, str]]) -> None:
    few = {stack: real[stack] for stack in ("fargate", "auto")}
    assert "lines before this" not in _written(few)
    assert "lines before this" in _written(real)


def test_what_short_outputs_leave_goes_to_the_long_ones() -> None:
    plans = {"long": ("plan", "x\n" * 50_000), "short": ("plan", "nothing changes\n")}
    text = _written(plans)
    assert "nothing changes" in _shown(text)["short"]
    assert _length(_shown(text)["long"]) > LIMIT - 600


def test_an_output_is_cut_at_the_beginning_of_a_line_and_says_how_many_are_missing() -> None:
    lines = [f"line {number}" for number in range(20_000)]
    shown = _shown(_written({"dev": ("plan", "\n".join(lines))}))["dev"].splitlines()
    missing = int(shown[0].split()[1])
    assert shown[1:] == lines[missing:]


@pytest.mark.parametrize("text", ["<" * 70_000, "&\n" * 40_000, "漢字😀\n" * 20_000, "x" * 100_000, "\r\n" * 40_000])
def test_what_grows_by_escaping_and_what_counts_twice_keeps_within_the_limit_too(text: str) -> None:
    written = _written({"dev": ("plan", text), "prod": ("plan", text)})
    assert not re.search(r"<(?!/?(?:details|summary|pre|b|code)>|!-- plan)", written)


def test_markup_in_an_output_is_shown_as_it_is() -> None:
    text = _written({"dev": ("plan", "</pre></details><img src=x>&amp;\n")})
    assert "&lt;/pre&gt;&lt;/details&gt;&lt;img src=x&gt;&amp;amp;" in text


@pytest.mark.parametrize("count", [100, 400, 1_000])
def test_stacks_without_room_are_named_or_counted(count: int) -> None:
    plans = {f"stack-{number:04}": ("plan", "a line\n" * 400) for number in range(count)}
    text = _written(plans)
    shown = _shown(text)
    assert shown
    if len(shown) < count:
        assert re.search(rf"No room for({': stack-' + f'{len(shown):04}'}| {count - len(shown)} more)", text)
    assert all("a line" in output for output in shown.values())


def test_an_output_against_the_account_comes_before_one_without(tmp_path: Path) -> None:
    for name, text in {"preview-dev": "a", "plan-dev": "b", "preview-prod": "c", "plan-prod": ""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "output").write_text(text)
    (tmp_path / "preview-died").mkdir()
    assert outputs(tmp_path) == {"dev": ("plan", "b"), "died": ("preview", ""), "prod": ("preview", "c")}


def test_it_reads_what_is_no_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "plan-dev").mkdir()
    (tmp_path / "plan-dev" / "output").write_bytes(b"\xff\xfe half a \xe6\xbc character")
    assert main([str(tmp_path), "--commit", COMMIT, "--run", RUN]) == 0
    assert "half a" in capsys.readouterr().out


def test_no_plan_at_all_is_a_comment_too() -> None:
    assert _written({}).splitlines() == [MARK, f"Plan of {COMMIT} ([whole output]({RUN}))"]


# --- The review ---------------------------------------------------------------------------------------------------


def _review(folder: Path, *, trusted: bool, output: str = "", markdown: str = "") -> str:
    (folder / "output").write_text(output)
    (folder / "markdown").write_text(markdown)
    text = review(folder, commit=COMMIT, run=RUN, trusted=trusted)
    assert _length(text) <= LIMIT
    assert text.startswith(REVIEW_MARK)
    return text


def test_the_markdown_of_a_fork_is_not_posted(tmp_path: Path) -> None:
    found = _review(tmp_path, trusted=False, output="</pre> @everyone\n", markdown="# Approved by the maintainers\n")
    assert "Approved" not in found
    assert "<pre>\n&lt;/pre&gt; @everyone\n" in found
    assert "# Approved" in _review(tmp_path, trusted=True, output="text", markdown="# Approved by the maintainers\n")


def test_a_review_that_is_too_long_is_cut_and_one_that_is_missing_says_so(tmp_path: Path) -> None:
    long = "a line of the review\n" * 10_000
    assert "lines before this" in _review(tmp_path, trusted=True, output=long, markdown=long)
    assert "without a result" in _review(tmp_path, trusted=True)


def test_the_command_writes_the_review(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "review").mkdir()
    (tmp_path / "review" / "output").write_text("nothing changes")
    assert main([str(tmp_path), "--commit", COMMIT, "--run", RUN, "--review", "text"]) == 0
    assert "nothing changes" in capsys.readouterr().out
