"""`make review`: which stacks differ since a revision, and what is printed."""

import json
import shutil
import subprocess
from datetime import date
from pathlib import Path

import pytest
import yaml

from rehearsal.program import ROOT
from review import compare, report
from review.changes import Operation
from review.command import of_plan
from review.plans import Recorded
from review.review import Review
from review.revisions import NoRevisionError, Revision
from tests.plans import EXAMPLES, plan_of


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with two stack files that lead to the program here, and one commit."""
    project = yaml.safe_load((EXAMPLES / "Pulumi.yaml").read_text("utf-8"))
    (tmp_path / "Pulumi.yaml").write_text(yaml.safe_dump({**project, "main": str(ROOT)}))
    for name in ("private", "staging-b", "staging"):
        shutil.copy(EXAMPLES / f"Pulumi.{name}.yaml", tmp_path)
    _git(tmp_path, "init", "--quiet")
    _commit(tmp_path)
    return tmp_path


def _git(folder: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.jp", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def _commit(folder: Path) -> None:
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "--message", "test")


def _change(clone: Path, before: str, after: str) -> None:
    path = clone / "Pulumi.private.yaml"
    text = path.read_text("utf-8")
    assert before in text
    path.write_text(text.replace(before, after), "utf-8")


def test_only_the_stacks_whose_files_differ_are_reviewed(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(clone, "m6i.large", "m6i.xlarge")
    assert Revision("HEAD", clone).changed_stacks() == ["private"]
    assert compare.main(["--base", "HEAD", "--project", str(clone)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("Review of private: 1 replaced\n")
    assert "instanceTypes[0]: m6i.large -> m6i.xlarge (replaces)" in text
    assert "fixed by the plan: $487.55 -> $668.59 (+$181.04)" in text


def test_without_a_difference_there_is_nothing_to_review(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (clone / "README.md").write_text("text")
    assert compare.main(["--base", "HEAD", "--project", str(clone)]) == 0
    assert capsys.readouterr().out == "No stack changes.\n"


def test_json_has_everything(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(clone, "m6i.large", "m6i.xlarge")
    compare.main(["--base", "HEAD", "--project", str(clone), "--format", "json"])
    (found,) = json.loads(capsys.readouterr().out)
    (change,) = found["changes"]
    assert (change["operation"], change["component"]) == ("replace", "NodeGroup platform-private-operations")
    assert change["properties"] == [
        {"path": "instanceTypes[0]", "before": "m6i.large", "after": "m6i.xlarge", "replaces": True, "because": []}
    ]
    assert found["meanings"][0]["effect"] == "disruption"
    assert found["cost"]["after"]["fixed"] - found["cost"]["before"]["fixed"] == pytest.approx(181.04)
    assert (found["errors"], found["violations"]["new"]) == ([], [])


def test_a_change_that_a_running_stack_refuses_fails(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _change(clone, "name: platform-private", "name: another")
    assert compare.main(["--base", "HEAD", "--project", str(clone), "--format", "markdown"]) == 1
    text = capsys.readouterr().out
    assert "> [!CAUTION]\n> the stack's configuration has 1 error" in text
    assert "platform.name" in text


def test_another_stack_file_can_be_compared(clone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    former = clone / "former.yaml"
    shutil.copy(clone / "Pulumi.private.yaml", former)
    _change(clone, "m6i.large", "m6i.xlarge")
    assert compare.main(["--base-file", str(former), "--stack", "private", "--project", str(clone)]) == 0
    assert "Review of private: 1 replaced" in capsys.readouterr().out


def test_a_revision_that_does_not_exist_is_named(clone: Path) -> None:
    with pytest.raises(NoRevisionError, match="Git knows no revision 'nowhere'"):
        Revision("nowhere", clone)


@pytest.mark.parametrize(
    ("path", "same"),
    [("docs/x.md", True), ("tests/test_x.py", True), ("Pulumi.new.yaml", True), ("versions.py", False),
     ("components/x.py", False), ("manifests/a/b.yaml", False), ("requirements.txt", False)],
)  # fmt: skip
def test_what_no_plan_depends_on_leaves_the_program_as_it_is(clone: Path, path: str, same: bool) -> None:
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).write_text("x")
    assert Revision("HEAD", clone).has_the_same_program() is same


def test_all_stacks_may_differ_where_the_program_does(clone: Path) -> None:
    (clone / "versions.py").write_text("x")
    assert Revision("HEAD", clone).changed_stacks() == ["private", "staging", "staging-b"]


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git clone")
def test_another_program_records_its_own_plan() -> None:
    """The base is run with its own modules, in a tree of its own that is removed again."""
    revision = Revision("HEAD", EXAMPLES)
    plan = revision._with_its_program("staging-b")
    assert plan.stack == "staging-b"
    assert any(it.id and it.outputs for it in plan if it.custom)
    listed = subprocess.run(["git", "worktree", "list"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    assert "/base " not in listed


# --- The comment --------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large() -> list[Review]:
    """Reviews in which everything is created, of several stacks: far more than a comment takes."""
    today = date(2026, 12, 1)
    plans = [of_plan(plan_of(stack), EXAMPLES) for stack in ("dev", "staging", "prod")]
    return [Review(plan.stack, Recorded(plan.stack, ()), plan, today) for plan in plans for _ in range(3)]


@pytest.mark.parametrize("limit", [65_536, 10_000, 2_000])
def test_a_comment_keeps_within_the_limit_and_says_what_is_left_out(large: list[Review], limit: int) -> None:
    text = report.markdown(large, "origin/main", limit)
    assert len(text) <= limit
    assert "more parts do not fit into a comment: `make review BASE=origin/main` shows them." in text
    assert text.count("<details>") == text.count("</details>")


def test_the_worst_stack_is_first(large: list[Review]) -> None:
    calm = large[0]
    harmful = Review("other", large[4].after, Recorded("other", ()), calm.today)
    assert any(it.operation is Operation.DELETE for it in harmful.changes)
    text = report.markdown([calm, harmful], "main")
    assert text.index("### other") < text.index("### dev")


def test_a_pipe_in_a_value_does_not_end_a_cell() -> None:
    assert "a&#124;b" in "".join(report._table("t", ("x",), [("a|b",)]))
