"""`make new` writes a stack file that previews and keeps to the policies; `make rename` renames the project."""

import io
import re
from pathlib import Path

import pytest
import yaml

from rehearsal.preview import main as preview
from rehearsal.program import ROOT, stacks
from rehearsal.record import PROJECT
from tests.plans import project_with
from tools import new_stack, rename
from tools.stacks import in_order
from tools.stacks import main as list_stacks

GIVEN = ["--region", "us-east-1", "--account", "012345678901", "--reached-from", "198.51.100.0/24"]
DEVELOPMENT = ["--environment", "development"]
PRODUCTION = ["--environment", "production", "--domain", "acme.example.com", "--hosted-zone", "Z0123456789ACME"]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_with(tmp_path, "other", "config: {eks-platform:network: {cidr: 10.10.0.0/16}}\n")


@pytest.mark.parametrize("compute", new_stack.COMPUTE)
@pytest.mark.parametrize("environment", [["--environment", "development"], PRODUCTION], ids=lambda it: it[1])
def test_a_new_stack_previews_and_breaks_no_mandatory_policy(
    compute: str, environment: list[str], project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert new_stack.main(["acme-dev", *GIVEN, *environment, "--compute", compute], project) == 0
    assert "make preview STACK=acme-dev" in capsys.readouterr().out
    assert preview(["--stack", "acme-dev"], project) == 0
    assert f"{environment[1]} stack" in capsys.readouterr().out


def test_the_file_is_small_and_says_only_what_was_asked(project: Path) -> None:
    assert new_stack.main(["acme-dev", *GIVEN, "--environment", "development"], project) == 0
    text = (project / "Pulumi.acme-dev.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=./settings.schema.json\n")
    assert len(text.splitlines()) <= 21
    config = yaml.safe_load(text)["config"]
    assert config[f"{PROJECT}:platform"] == {
        "name": "acme-dev", "region": "us-east-1", "environment": "development", "account": "012345678901",
    }  # fmt: skip
    assert config[f"{PROJECT}:access"] == {"deployer": "arn:aws:iam::012345678901:role/platform-deployer"}
    assert config[f"{PROJECT}:network"]["zones"] == ["us-east-1a", "us-east-1b", "us-east-1c"]


def test_its_range_is_one_that_no_other_stack_has(project: Path) -> None:
    assert new_stack.main(["acme-dev", *GIVEN, "--environment", "development"], project) == 0
    found = yaml.safe_load((project / "Pulumi.acme-dev.yaml").read_text())["config"][f"{PROJECT}:network"]["cidr"]
    others = [path.read_text() for path in project.glob("Pulumi.*.yaml") if path.name != "Pulumi.acme-dev.yaml"]
    assert re.fullmatch(r"10\.\d+\.0\.0/16", found)
    assert not any(f"cidr: {found}" in text for text in others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["dev", *GIVEN], "Pulumi.dev.yaml exists"),
        (["acme-dev"], "--region is missing: AWS region\n--account is missing: AWS account id, 12 digits\n--reached"),
        (["acme", *GIVEN], "--domain is missing: Domain name (required in production"),
        (["acme", *GIVEN, "--domain", ""], "domain: empty: the policies of production require HTTPS, and so a domain"),
        (["acme-dev", *GIVEN, *DEVELOPMENT, "--compute", "gpu"], "compute: gpu: expected ec2, fargate"),
        (["acme-dev", *GIVEN, "--environment", "staging", "--domain", ""], "eks-platform:platform.environment"),
        (["acme-dev", *GIVEN[:4], "--reached-from", "0.0.0.0/0", *DEVELOPMENT], "publicAccess.office"),
    ],
)  # fmt: skip
def test_what_would_not_preview_is_not_written(
    arguments: list[str],
    message: str,
    project: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO())
    before = sorted(path.name for path in project.iterdir())
    assert new_stack.main(arguments, project) == 1
    assert message in capsys.readouterr().err
    assert sorted(path.name for path in project.iterdir()) == before


def test_what_is_not_given_is_asked_for(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    replies = iter(
        [
            *("", "", "eu-west", "eu-west-1"),
            *("eu-west-1", "012345678901"),
            *("deployer", "arn:aws:iam::012345678901:role/deployer"),
            *("us-east-1a,us-east-1b", "eu-west-1a", "eu-west-1a,eu-west-1a", ""),
            *("office", "0.0.0.0/0", "10.0.0.0/8", "198.51.100.0/24"),
            *("gpu", "auto"),
            *("https://acme.example.com", "acme.example.com"),
            *("acme.example.com", "Z0123456789ACME"),
        ]
    )

    def reply(question: str) -> str:
        asked.append(question)
        return next(replies)

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", reply)
    assert new_stack.main(["acme-dev"], project) == 0
    # A wrong answer is refused at once, and the question repeated.
    assert asked.count("AWS region: ") == 3
    several = ("AWS region", "Env", "Availability zones", "Public CIDR")
    assert [sum(question.startswith(start) for question in asked) for start in several[2:]] == [4, 4]
    assert {question: asked.count(question) for question in asked if not question.startswith(several)} == dict.fromkeys(
        (question for question in asked if not question.startswith(several)), 2
    )
    assert "Environment, development or production [development]: " in asked
    assert "Availability zones, separated by commas [eu-west-1a,eu-west-1b,eu-west-1c]: " in asked


def test_without_an_answer_nothing_is_written(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def closed(_question: str) -> str:
        raise EOFError

    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", closed)
    assert new_stack.main(["acme-dev"], project) == 1
    assert capsys.readouterr().err == "\nno answer: nothing was written\n"
    assert not (project / "Pulumi.acme-dev.yaml").exists()


# --- Rename -------------------------------------------------------------------------------------------------------


def test_a_renamed_project_previews_as_before(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "Pulumi.yaml").write_text(f"name: {PROJECT}\nruntime: python\nmain: {ROOT}\n")
    for path in (ROOT / "examples" / "stacks").glob("Pulumi.*.yaml"):
        (tmp_path / path.name).write_text(path.read_text())
    assert rename.main(["acme.platform_1"], tmp_path) == 0
    assert {path for path in tmp_path.iterdir() if PROJECT in path.read_text()} == set()
    assert preview(["--stack", "staging-b"], tmp_path) == 0
    assert "acme.platform_1, stack staging-b:" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["a", "b"], ["with space"]])
def test_a_name_that_pulumi_refuses_changes_nothing(arguments: list[str], tmp_path: Path) -> None:
    assert rename.main(arguments, tmp_path) == 2


# --- The list -----------------------------------------------------------------------------------------------------


def test_stacks_are_listed_in_the_order_in_which_they_are_deployed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: shop\nruntime: python\n")
    for name, environment, network in (
        ("alone", "production", "{}"),
        ("blue", "development", "{existing: {stack: organization/shop/red}}"),
        ("red", "development", "{}"),
        ("silent", None, "{}"),
    ):
        said = f"environment: {environment}" if environment else ""
        (tmp_path / f"Pulumi.{name}.yaml").write_text(
            f"config: {{shop:platform: {{{said}}}, shop:network: {network}}}\n"
        )
    assert list(in_order(tmp_path)) == ["red", "blue", "alone", "silent"]
    assert list_stacks(["--json"], tmp_path) == 0
    assert '"development": ["red", "blue"], "production": ["alone", "silent"]' in capsys.readouterr().out
    assert stacks(tmp_path) == ["alone", "blue", "red", "silent"]


def test_a_stack_file_with_errors_is_reported_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    project = project_with(tmp_path, "broken", f"config: {{{PROJECT}:network: {{cidr: everywhere}}}}\n")
    for path in project.glob("Pulumi.*.yaml"):
        if path.name != "Pulumi.broken.yaml":
            path.unlink()
    assert list_stacks(["--check"], project) == 1
    found = capsys.readouterr()
    assert found.out == ""
    assert found.err.count('network.cidr: "everywhere": expected an IPv4 range') == 1
