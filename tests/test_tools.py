"""The programs in Go that tests use: what pins them, and that they are built once."""

import re
import stat
from pathlib import Path

import pytest

from harness.build import Tool, parse_version
from harness.build import build as build_tool
from harness.properties import reveal
from tests.plans import STACKS, plan_of
from tools import build

ALL = (build.PULUMI, build.ACTIONLINT, build.PULUMI_YAML, build.PULUMI_KUBERNETES, *build.ALL)


def test_versions() -> None:
    assert parse_version("v3.259.0-dev.1") == (3, 259, 0)
    assert build.PULUMI.version() >= (3, 259, 0)
    with pytest.raises(ValueError, match="not a version"):
        parse_version("new")


@pytest.mark.parametrize("tool", ALL, ids=lambda tool: tool.name)
def test_each_is_pinned_by_a_module_of_its_own(tool: Tool) -> None:
    text = tool.manifest.read_text()
    assert f"module eks-platform/{tool.module.relative_to(build.FOLDER.parent)}\n" in text
    if tool.package == ".":
        assert f'"{tool.source}/' in (tool.module / "main.go").read_text()
    else:
        assert re.search(rf"^(?:tool |\t){re.escape(tool.package)}$", text, re.MULTILINE)
    assert (tool.module / "go.sum").is_file()


def test_helm_is_of_the_line_in_the_provider() -> None:
    """https://github.com/pulumi/pulumi-kubernetes/blob/master/provider/go.mod."""
    assert build.HELM.version()[:2] == (3, 20)


def test_a_tool_of_a_commit_has_the_commits_folder() -> None:
    """Its three numbers alone are those of every commit before the first tag."""
    provider = build.PULUMI_KUBERNETES
    assert provider.version() == (4, 0, 0)
    assert re.fullmatch(r"4\.0\.0-\d{14}-[0-9a-f]{12}", provider.cache_folder().name)
    assert build.HELM.cache_folder().name == ".".join(map(str, build.HELM.version()))


def test_there_is_an_api_server_of_each_version_that_a_stack_has_and_of_no_other() -> None:
    assert set(build.KUBERNETES) == {reveal(plan_of(stack).exports["kubernetesVersion"]) for stack in STACKS}


@pytest.mark.parametrize("minor", build.KUBERNETES)
def test_all_modules_of_an_api_server_are_of_one_release(minor: str) -> None:
    server = build.kube_apiserver(minor)
    major_number, minor_number, patch = server.version()
    assert f"{major_number}.{minor_number}" == minor
    replaced = re.findall(r"^\t(k8s\.io/\S+) => (\S+) (\S+)$", server.manifest.read_text(), re.MULTILINE)
    assert replaced
    assert {(name == target, version) for name, target, version in replaced} == {(True, f"v0.{minor_number}.{patch}")}


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with an empty cache and nothing on PATH but what is put into the folder."""
    found = tmp_path / "bin"
    found.mkdir()
    monkeypatch.setenv("PATH", f"{found}:/usr/bin:/bin")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("shutil.which", lambda name: str(found / name) if (found / name).exists() else None)
    return found


def _go(machine: Path, body: str) -> Path:
    """Put a Go on PATH that writes down how it is called; $output is what it shall build."""
    path = machine / "go"
    calls = machine / "calls"
    path.write_text(f'#!/bin/sh\necho "$PWD $*" >> {calls}\nwhile [ "$1" != -o ]; do shift; done\noutput=$2\n{body}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return calls


def test_a_tool_is_built_once_as_its_version(machine: Path) -> None:
    calls = _go(machine, 'echo built > "$output"')
    server = build.kube_apiserver(build.KUBERNETES[0])

    path = build_tool(server)
    assert path == build_tool(server)
    assert path.read_text() == "built\n"
    assert path.stat().st_mode & stat.S_IXUSR
    assert [file.name for file in server.cache_folder().iterdir()] == ["kube-apiserver"]
    (call,) = calls.read_text().splitlines()
    major, minor, patch = server.version()
    assert call.startswith(f"{server.module} build -trimpath -ldflags -s -w ")
    assert f"-X k8s.io/component-base/version.gitVersion=v{major}.{minor}.{patch} " in call
    assert f"-X k8s.io/component-base/version.gitMinor={minor} " in call
    assert call.endswith(" k8s.io/kubernetes/cmd/kube-apiserver")


def test_a_build_that_failed_leaves_nothing_that_looks_built(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _go(machine, 'echo half > "$output"; exit 1')
    assert build.main([build.HELM]) == 1
    assert list(build.HELM.cache_folder().iterdir()) == []
    assert "returned non-zero exit status 1" in capsys.readouterr().err


def test_without_go_there_is_one_line_that_says_so(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert build.main([build.HELM, build.ETCD]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.rstrip() == "no Go to build helm with, which is not in the cache: https://go.dev/dl/"


def test_a_build_says_what_it_builds_and_how_long_that_takes(machine: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _go(machine, 'echo built > "$output"')
    assert build.main([build.HELM, build.ETCD]) == 0
    said = [re.sub(r"into [^,]+|\d+ s$|\d+\.\d+\.\d+", "-", line) for line in capsys.readouterr().err.splitlines()]
    assert said == [
        "1 of 2: building helm - with Go -, once (two minutes on two cores)",
        "built helm in -",
        "2 of 2: building etcd - with Go -, once (one minute on two cores)",
        "built etcd in -",
    ]
    assert build.main([build.HELM, build.ETCD]) == 0
    assert capsys.readouterr().err == ""
