"""What a person sees of a plan, and a machine."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from harness.program import PLACEHOLDER
from harness.render import short_type
from rehearsal.preview import main
from rehearsal.program import ROOT


def test_the_text_shows_tree_counts_exports_and_what_is_not_known(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--stack", "dev"], project) == 0
    out, err = capsys.readouterr()
    assert out.splitlines()[0] == "sample, stack dev: 14 resources"
    assert "├─ eks:index:Cluster platform  [protected]" in out
    assert "│  ├─ aws:eks:Cluster platform-eksCluster  [protected]" in out
    assert "  2  aws:ec2:Subnet\n" in out
    assert "  cidr: 10.0.0.0/16\n" in out
    assert "  password: [secret]\n" in out
    assert "Not known before `pulumi up`:\n  config sample:password\n" in out
    assert err == "info: declared\n"


def test_unknown_values_are_listed_by_resource(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--unknown"], project) == 0
    out = capsys.readouterr().out
    assert "  arn: [unknown]\n" in out
    assert "  aws:ec2/subnet:Subnet net-ap-northeast-1a: vpcId\n" in out


def test_json_is_only_json_and_complete(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "dev", "--format", "json"], project) == 0
    plan = json.loads(capsys.readouterr().out)
    assert set(plan) == {"project", "stack", "resources", "outputs", "unknowns", "messages", "violations"}
    assert len(plan["resources"]) == 14
    for entry in plan["resources"]:
        assert {"urn", "type", "name", "parent", "inputs", "options", "dependencies", "propertyDependencies"} <= set(
            entry
        )
    subnet = next(entry for entry in plan["resources"] if entry["name"] == "net-ap-northeast-1a")
    vpc = next(entry for entry in plan["resources"] if entry["name"] == "net")
    assert subnet["propertyDependencies"] == {"vpcId": [vpc["urn"]]}
    assert subnet["options"]["provider"].endswith("pulumi:providers:aws::aws")
    assert plan["outputs"]["cidr"] == "10.0.0.0/16"


@pytest.mark.parametrize("form", ["text", "json"])
@pytest.mark.parametrize("mode", [[], ["--unknown"]])
def test_no_secret_is_printed(project: Path, capsys: pytest.CaptureFixture[str], form: str, mode: list[str]) -> None:
    main(["--stack", "dev", "--format", form, *mode], project)
    out, err = capsys.readouterr()
    assert PLACEHOLDER not in out + err
    assert "[secret]" in out


@pytest.mark.parametrize(
    ("stack", "message"),
    [
        ("moon", "no stack 'moon': expected one of: dev, refused"),
        ("refused", "the stack's configuration has 1 error"),
    ],
)
def test_what_the_user_can_mend_is_one_message(
    project: Path, capsys: pytest.CaptureFixture[str], stack: str, message: str
) -> None:
    assert main(["--stack", stack], project) == 1
    assert capsys.readouterr() == ("", f"{message}\n")


def test_a_program_that_logs_an_error_fails(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (project / "__main__.py").write_text("import pulumi\npulumi.log.error('no way')\n")
    assert main(["--stack", "dev"], project) == 1
    assert capsys.readouterr().err == "error: no way\n"


def test_a_mistake_in_the_program_comes_with_its_traceback(project: Path) -> None:
    (project / "__main__.py").write_text("1 / 0\n")
    with pytest.raises(ZeroDivisionError):
        main(["--stack", "dev"], project)


def test_types_are_shown_as_the_cli_shows_them() -> None:
    assert short_type("aws:ec2/vpc:Vpc") == "aws:ec2:Vpc"
    assert short_type("kubernetes:core/v1:Namespace") == "kubernetes:core/v1:Namespace"
    assert short_type("pulumi:pulumi:Stack") == "pulumi:pulumi:Stack"
    assert short_type("eks:index:Cluster") == "eks:index:Cluster"


def test_the_command_runs_from_anywhere(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "rehearsal.preview", "--stack", "moon"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("no stack 'moon': expected one of: ")
