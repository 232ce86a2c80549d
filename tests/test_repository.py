"""The repository itself: pins, workflows, the Makefile and the script of continuous integration hold together."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
MAKEFILE = (ROOT / "Makefile").read_text()
TARGETS = set(re.findall(r"^([a-z][a-z-]*):(?!=)", MAKEFILE, re.MULTILINE))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def _workflow(path: Path) -> dict[str, Any]:
    # YAML 1.1 reads the key `on` as true.
    document: dict[Any, Any] = yaml.safe_load(path.read_text())
    return {"on" if key is True else str(key): value for key, value in document.items()}


def _jobs() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in WORKFLOWS:
        for name, job in _workflow(path)["jobs"].items():
            yield f"{path.name}: {name}", job


def _steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, job in _jobs():
        for step in job.get("steps", []):
            yield name, step


def _requirements(name: str) -> dict[str, str]:
    """Return the requirements of a pinned file, each with all of its lines, by package name."""
    text = re.sub(r"^\s*#.*\n", "", (ROOT / name).read_text(), flags=re.MULTILINE).replace("\\\n", "")
    return {re.split(r"[=\s;<>~\[]", line)[0].lower(): line for line in text.splitlines() if line.strip()}


# --- The tree -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "Pulumi.yaml", "__main__.py", "settings", "outputs.py", "versions.py", "components", "rehearsal", "tests",
        "README.md", "LICENSE", "Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt", ".gitignore",
        "policy",
    ],
)  # fmt: skip
def test_what_readers_and_tools_look_for_is_at_the_top(name: str) -> None:
    assert (ROOT / name).exists()


NAMED = r"(?<![\w./$({-])(dev|staging|staging-b|prod|fargate)(?![\w./-])"
"""The name of a stack of the repository as a word of its own."""


@pytest.mark.parametrize(
    "path",
    [*WORKFLOWS, ROOT / "Makefile", ROOT / ".ci" / "run", *sorted((ROOT / "policy").rglob("*.py"))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_nothing_names_a_stack_but_its_file(path: Path) -> None:
    text = re.sub(r"#.*", "", path.read_text())
    assert re.findall(NAMED, text) == []


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git clone")
def test_git_ignores_no_source() -> None:
    """A pattern such as `kubeconfig*` once kept a module of that name out of every clone."""
    folders = [
        "components",
        "facts",
        "policy",
        "rehearsal",
        "review",
        "tests",
        "tools",
        "manifests",
        "docs",
        "examples/app-team/*.py",
    ]
    command = ["git", "ls-files", "--others", "--ignored", "--exclude-standard", "--", *folders]
    ignored = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    caches = re.compile(r"(^|/)(__pycache__|\.venv|\.\w+_cache)/")
    assert [path for path in ignored if not caches.search(path)] == []


NUMBERED = re.compile(r"\btraps?\s+#?\d", re.IGNORECASE)
"""A reference to an entry of a numbered list that the repository does not have."""


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="not a git clone")
def test_reasons_are_given_where_they_apply() -> None:
    """Comments give the fact and its source, not the number of an entry in a list elsewhere."""
    command = ["git", "ls-files", "-z", "--", "*.py", "*.md", "*.yaml", "*.yml", "*.go", "*.sh", "Makefile"]
    files = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\0")
    texts = {name: path.read_text() for name in files if name and (path := ROOT / name).is_file()}
    assert "tests/test_graph.py" in texts
    assert [name for name, text in texts.items() if NUMBERED.search(text)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [("# Tr" "ap 7 (terraform)", True), ("Tr" "aps 9 and 19:", True), ("traps: each has its source", False)],
)  # fmt: skip
def test_a_reference_by_number_is_found(text: str, *, found: bool) -> None:
    assert bool(NUMBERED.search(text)) is found


# --- Requirements -------------------------------------------------------------------------------------------------


PINS = ["requirements", "requirements-dev", "requirements-audit", "requirements-judges"]


def test_every_file_of_requirements_is_pinned_and_audited() -> None:
    assert {path.stem for path in ROOT.glob("requirements*")} == set(PINS)
    assert re.findall(r"^PINS := (.*)$", MAKEFILE, re.MULTILINE) == [" ".join(PINS)]


@pytest.mark.parametrize("name", [f"{name}.txt" for name in PINS])
def test_every_requirement_is_one_version_with_hashes(name: str) -> None:
    requirements = _requirements(name)
    assert requirements
    for line in requirements.values():
        assert re.fullmatch(r"[\w.-]+==[\w.]+( ; [^\\]+?)?(\s+--hash=sha256:[0-9a-f]{64})+\s*", line), line[:80]


def test_the_tests_run_on_the_versions_that_are_deployed() -> None:
    deployed, tested = _requirements("requirements.txt"), _requirements("requirements-dev.txt")
    assert deployed.items() <= tested.items()


def test_the_tools_for_the_audit_change_nothing_in_the_environment() -> None:
    tested, audit = (_requirements(f"requirements-{name}.txt") for name in ("dev", "audit"))
    assert {name: line.split()[0] for name, line in audit.items() if name in tested} == {
        name: line.split()[0] for name, line in tested.items() if name in audit
    }


@pytest.mark.parametrize("name", PINS)
def test_what_is_asked_for_is_what_is_pinned(name: str) -> None:
    pinned = _requirements(f"{name}.txt")
    asked = {key: line for key, line in _requirements(f"{name}.in").items() if not line.startswith("-")}
    assert asked
    for package, line in asked.items():
        version = line.partition("==")[2]
        assert pinned[package].split()[0].endswith(f"=={version}" if version else ""), line


# --- Workflows ----------------------------------------------------------------------------------------------------


def test_there_is_a_workflow_for_each_task() -> None:
    assert {path.stem for path in WORKFLOWS} >= {"preview", "up", "drift", "test"}


def test_workflows_call_make_targets_that_exist() -> None:
    called = {
        target
        for _, step in _steps()
        for target in re.findall(r"^\s*make (?:-s )?([a-z-]+)", step.get("run", ""), re.MULTILINE)
    }
    called |= {job["with"]["target"] for _, job in _jobs() if "target" in job.get("with", {})}
    assert called >= {"preview", "plan", "up", "drift", "check", "check-stacks", "stacks", "audit"}
    assert called <= TARGETS


def test_actions_are_pinned_by_commit_with_their_version_beside_it() -> None:
    uses = [line for path in WORKFLOWS for line in path.read_text().splitlines() if re.search(r"^\s*(- )?uses:", line)]
    assert uses
    pinned = r"uses: (\./\.github/workflows/[\w-]+\.yml|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+)$"
    for line in uses:
        assert re.search(pinned, line), line


def test_one_action_has_one_version() -> None:
    pins = {pin for path in WORKFLOWS for pin in re.findall(r"uses: ([\w./-]+@[0-9a-f]{40})", path.read_text())}
    actions = [pin.split("@")[0] for pin in pins]
    assert len(actions) == len(set(actions))


def test_workflows_grant_nothing_to_all_jobs() -> None:
    for path in WORKFLOWS:
        assert _workflow(path)["permissions"] == {}, path.name


def test_every_job_says_its_rights_and_ends() -> None:
    for name, job in _jobs():
        assert "permissions" in job, name
        assert "timeout-minutes" in job or "uses" in job, name


def test_no_job_that_runs_the_checked_out_code_may_write_to_the_repository() -> None:
    for name, job in _jobs():
        checks_out = any("actions/checkout" in step.get("uses", "") for step in job.get("steps", []))
        if checks_out or "uses" in job:
            assert {key for key, right in job["permissions"].items() if right == "write"} <= {"id-token"}, name


def test_code_of_a_pull_request_meets_no_secret() -> None:
    for path in WORKFLOWS:
        assert "pull_request_target" not in _workflow(path)["on"], path.name
        assert "secrets." not in path.read_text()


def test_what_may_write_to_a_pull_request_runs_none_of_its_code() -> None:
    """A workflow_run has the rights of the default branch: https://securitylab.github.com/resources/github-actions-preventing-pwn-requests/."""
    started = [path for path in WORKFLOWS if "workflow_run" in _workflow(path)["on"]]
    assert [path.name for path in started] == ["comment.yml"]
    jobs = _workflow(started[0])["jobs"]
    assert {name for name, job in jobs.items() if "write" in job["permissions"].values()} == {"post"}
    steps = [step for job in jobs.values() for step in job["steps"]]
    checkouts = [step["with"]["ref"] for step in steps if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts == ["${{ github.event.repository.default_branch }}"]
    assert not any("checkout" in step.get("uses", "") for step in jobs["post"]["steps"])
    assert not any(
        re.search(r"\b(make|python3?|bash results|source)\b", it.get("run", "")) for it in jobs["post"]["steps"]
    )


def test_the_comment_follows_the_workflow_whose_results_it_posts() -> None:
    started = _workflow(ROOT / ".github" / "workflows" / "comment.yml")["on"]["workflow_run"]["workflows"]
    preview = _workflow(ROOT / ".github" / "workflows" / "preview.yml")
    assert started == [preview["name"]]
    assert {"preview", "plan", "review"} < set(preview["jobs"])


def test_checkouts_leave_no_token_behind() -> None:
    checkouts = [step for _, step in _steps() if step.get("uses", "").startswith("actions/checkout@")]
    assert checkouts
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_no_script_holds_an_expression() -> None:
    """What a pull request names (a branch, a title) would run as code; values come through the environment."""
    for name, step in _steps():
        assert "${{" not in step.get("run", ""), name


def test_a_run_of_up_is_never_cancelled_and_never_beside_another_of_its_stack() -> None:
    jobs = _workflow(ROOT / ".github" / "workflows" / "up.yml")["jobs"]
    assert set(jobs) == {"stacks", "development", "production"}
    for name in ("development", "production"):
        job, stack = jobs[name], "${{ matrix.stack }}"
        assert job["concurrency"] == {"group": f"up-{stack}", "cancel-in-progress": False}
        assert job["with"] == {"target": "up", "stack": stack, "environment": stack}
        found = {"stack": f"${{{{ fromJSON(needs.stacks.outputs.{name}) }}}}"}
        # One after the other: a stack may refer to another, which the list has before it.
        assert job["strategy"] == {"max-parallel": 1, "matrix": found}
        assert f"needs.stacks.outputs.{name} != '[]'" in job["if"]
    assert jobs["production"]["needs"] == ["stacks", "development"]
    assert "!failure()" in jobs["production"]["if"]


@pytest.mark.parametrize("workflow", ["preview", "drift"])
def test_every_stack_is_previewed_and_checked_for_drift(workflow: str) -> None:
    jobs = _workflow(ROOT / ".github" / "workflows" / f"{workflow}.yml")["jobs"]
    matrices = [(job["needs"], job["strategy"]["matrix"]) for job in jobs.values() if "strategy" in job]
    assert matrices
    assert all(it == ("stacks", {"stack": "${{ fromJSON(needs.stacks.outputs.all) }}"}) for it in matrices)


def test_the_list_of_the_stacks_is_the_same_job_in_each_workflow() -> None:
    found = [job for name, job in _jobs() if name in {f"{it}.yml: stacks" for it in ("preview", "drift", "up")}]
    assert len(found) == 3
    assert all(job == found[0] for job in found)
    groups = json.loads(
        subprocess.run(
            [sys.executable, "-m", "tools.stacks", "--json"], cwd=ROOT, check=True, capture_output=True, text=True
        ).stdout
    )
    assert set(found[0]["outputs"]) == set(groups)
    assert sorted(groups["all"]) == sorted(path.name.split(".")[1] for path in ROOT.glob("Pulumi.*.yaml"))
    assert sorted(groups["development"] + groups["production"]) == sorted(groups["all"])


def test_a_pull_request_checks_the_stack_files_and_the_program_when_it_changed() -> None:
    jobs = _workflow(ROOT / ".github" / "workflows" / "test.yml")["jobs"]
    assert [step["run"] for step in jobs["stacks"]["steps"] if "run" in step] == ["make check-stacks"]
    assert "if" not in jobs["stacks"]
    assert jobs["test"]["needs"] == "changes"
    assert jobs["test"]["if"] == "${{ needs.changes.outputs.code == 'true' }}"
    assert jobs["test"]["env"]["TARGET"] == "${{ github.event_name == 'pull_request' && 'test' || 'test-all' }}"


@pytest.mark.parametrize(
    ("changed", "code"),
    [(["Pulumi.dev.yaml", "Pulumi.tokyo.yaml"], "false"), (["Pulumi.dev.yaml", "__main__.py"], "true"),
     (["examples/stacks/Pulumi.dev.yaml"], "true")],
)  # fmt: skip
def test_a_stack_file_alone_is_no_change_of_the_program(changed: list[str], code: str, tmp_path: Path) -> None:
    jobs = _workflow(ROOT / ".github" / "workflows" / "test.yml")["jobs"]
    (script,) = [step["run"] for step in jobs["changes"]["steps"] if "run" in step]

    def git(*arguments: str) -> None:
        identity = ["-c", "user.name=x", "-c", "user.email=x@example.jp"]
        subprocess.run(["git", *identity, *arguments], cwd=tmp_path, check=True, capture_output=True)

    git("init", "--quiet")
    git("commit", "--quiet", "--allow-empty", "--message", "before")
    for name in changed:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("changed")
    git("add", "--all")
    git("commit", "--quiet", "--message", "after")
    output = tmp_path / "output"
    environment = {**os.environ, "GITHUB_EVENT_NAME": "pull_request", "GITHUB_OUTPUT": str(output)}
    subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, check=True, capture_output=True)
    assert output.read_text() == f"code={code}\n"


def test_workflows_run_the_cli_of_the_sdk_version() -> None:
    sdk = _requirements("requirements.in")["pulumi"].partition("==")[2]
    versions = [step["with"]["pulumi-version"] for _, step in _steps() if "pulumi/actions@" in step.get("uses", "")]
    assert versions
    assert set(versions) == {sdk}


PINNING = [*WORKFLOWS, ROOT / "Makefile", ROOT / ".ci" / "run", *sorted(ROOT.glob("Pulumi*.yaml"))]


@pytest.mark.parametrize("path", PINNING, ids=lambda path: path.name)
def test_nothing_is_the_latest(path: Path) -> None:
    assert not re.search(r"\blatest\b", path.read_text(), re.IGNORECASE)


# --- Renewal ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ecosystem", "files"),
    [
        ("uv", ["requirements.in", "requirements-dev.in", "requirements-audit.in"]),
        # The directory / stands for the workflows.
        ("github-actions", ["Pulumi.yaml"]),
        ("gomod", ["tools/*/go.mod"]),
        ("docker", ["manifests/**/*.yaml"]),
    ],
)
def test_each_kind_of_pin_is_renewed_by_pull_request(ecosystem: str, files: list[str]) -> None:
    document = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    (update,) = [update for update in document["updates"] if update["package-ecosystem"] == ecosystem]
    directories = update.get("directories") or [update["directory"]]
    assert update["cooldown"]["default-days"] >= 7
    pinned = {"/" / path.parent.relative_to(ROOT) for pattern in files for path in ROOT.glob(pattern)}
    assert pinned
    for folder in pinned:
        assert any(folder == Path(pattern) or folder.match(pattern) for pattern in directories), folder


def test_vulnerabilities_are_looked_for_without_a_commit_too() -> None:
    test = _workflow(ROOT / ".github" / "workflows" / "test.yml")
    assert "schedule" in test["on"]
    assert [step["run"] for step in test["jobs"]["audit"]["steps"] if "run" in step] == ["make audit"]


# --- Continuous integration ---------------------------------------------------------------------------------------


def test_the_ci_script_can_run() -> None:
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)


def test_the_ci_script_previews_every_stack_file_and_ends_with_the_tests() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert "\nfor file in Pulumi.*.yaml examples/stacks/Pulumi.*.yaml; do\n" in script
    assert script.rstrip().endswith("exec make test-all")
    assert set(re.findall(r"\bmake (?:-s )?([a-z-]+)\b", re.sub(r"#.*", "", script))) <= TARGETS


# --- The Makefile -------------------------------------------------------------------------------------------------


def test_help_is_what_make_alone_prints_and_it_has_every_target() -> None:
    result = subprocess.run(["make"], cwd=ROOT, check=True, capture_output=True, text=True)
    listed = set(re.findall(r"^  ([a-z-]+) ", result.stdout, re.MULTILINE))
    assert listed == TARGETS - {"pulumi-cli"}
    assert result.stderr == ""


class Clone:
    """A folder with the Makefile, the pins and stand-ins for Python that write down how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.calls = folder / "calls"
        for name in ("Makefile", *(f"{name}.txt" for name in PINS)):
            shutil.copy(ROOT / name, folder)
        (folder / "Pulumi.tokyo.yaml").touch()

    def python(self, name: str, *, version_ok: bool = True, venv: bool = True, pip: bool = True) -> str:
        """Return a stand-in: whether it is new enough, has the venv module, and its environments' pip works."""
        inside = self._script(
            f"{name}-inside",
            f"""
            case "$*" in
              *tools/install.py*) echo noise; exit {int(not pip)};;
              *rehearsal.preview*) echo '{{"plan": true}}';;
            esac
            """,
        )
        outside = self._script(
            name,
            f"""
            case "$*" in
              *version_info*) exit {int(not version_ok)};;
              *ensurepip*) exit {int(not venv)};;
              *"-m venv"*) echo noise; rm -rf .venv; mkdir -p .venv/bin; ln -s {inside} .venv/bin/python;;
            esac
            """,
        )
        return str(outside)

    def _script(self, name: str, body: str) -> Path:
        path = self.folder / name
        path.write_text(f'#!/bin/sh\necho "$* ${{PYTHONDONTWRITEBYTECODE+uncached}}" >> {self.calls}\n{body}\n')
        path.chmod(0o755)
        return path

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("MAKE", "MFLAGS"))}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return subprocess.run(
            ["make", *arguments], cwd=self.folder, env=environment, check=False, capture_output=True, text=True
        )

    def installs(self) -> list[str]:
        """Return which requirements were installed so far."""
        return re.findall(r"^tools/install\.py (\S+)", self.calls.read_text(), re.MULTILINE)


@pytest.fixture
def clone(tmp_path: Path) -> Clone:
    return Clone(tmp_path)


def test_a_fresh_clone_prints_the_json_alone(clone: Clone) -> None:
    result = clone.make("-s", "preview", "FORMAT=json", f"PYTHON={clone.python('python3')}")
    assert (result.returncode, result.stdout) == (0, '{"plan": true}\n')
    assert "-m rehearsal.preview --project . --stack tokyo --format json" in clone.calls.read_text()


def test_a_preview_installs_no_tool_for_tests(clone: Clone) -> None:
    clone.make("preview", f"PYTHON={clone.python('python3')}")
    assert clone.installs() == ["requirements.txt"]


def test_an_audit_is_of_all_that_is_pinned_and_needs_its_hashes(clone: Clone) -> None:
    assert clone.make("audit", f"PYTHON={clone.python('python3')}").returncode == 0
    assert clone.installs() == ["requirements.txt", "requirements-audit.txt"]
    (audit,) = [line for line in clone.calls.read_text().splitlines() if "-m pip_audit" in line]
    assert re.findall(r"-r (\S+)", audit) == [f"{name}.txt" for name in PINS]
    assert {"--require-hashes", "--disable-pip"} <= set(audit.split())


def test_bytecode_is_kept_whatever_the_user_has_set(clone: Clone) -> None:
    clone.make("preview", f"PYTHON={clone.python('python3')}")
    assert "uncached" not in clone.calls.read_text()


def test_the_environment_is_made_once_and_again_when_the_pins_change(clone: Clone) -> None:
    python = clone.python("python3")
    for _ in range(2):
        assert clone.make("test", f"PYTHON={python}").returncode == 0
    assert clone.installs() == ["requirements.txt", "requirements-dev.txt"]
    stamp = (clone.folder / ".venv" / ".dev").stat().st_mtime
    os.utime(clone.folder / "requirements-dev.txt", (stamp + 1, stamp + 1))
    clone.make("test", f"PYTHON={python}")
    assert clone.installs() == ["requirements.txt", "requirements-dev.txt", "requirements-dev.txt"]


def test_a_set_up_that_failed_starts_again(clone: Clone) -> None:
    assert clone.make("preview", f"PYTHON={clone.python('python3', pip=False)}").returncode != 0
    assert clone.make("preview", f"PYTHON={clone.python('python3')}").returncode == 0
    assert clone.installs() == ["requirements.txt"] * 2


def test_an_environment_whose_python_is_gone_is_made_anew(clone: Clone) -> None:
    python = clone.python("python3")
    clone.make("test", f"PYTHON={python}")
    (clone.folder / ".venv" / "bin" / "python").unlink()
    assert clone.make("test", f"PYTHON={python}").returncode == 0
    assert clone.installs() == ["requirements.txt", "requirements-dev.txt"] * 2


def test_the_first_python_that_is_new_enough_is_taken(clone: Clone) -> None:
    old, bare = clone.python("old", version_ok=False), clone.python("bare", venv=False)
    assert clone.make("preview", f"PYTHON={old} {bare} {clone.python('good')}").returncode == 0


@pytest.mark.parametrize(
    ("stand_in", "message"),
    [
        ({"version_ok": False}, "Python 3.11 or newer is needed"),
        ({"venv": False}, "On Debian and Ubuntu: apt-get install python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_refused_with_the_remedy(
    clone: Clone, stand_in: dict[str, bool], message: str
) -> None:
    result = clone.make("-s", "preview", f"PYTHON={clone.python('python3', **stand_in)}")
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
