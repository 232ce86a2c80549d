"""A release is merged into a fork with `git merge`: what is the company's own neither conflicts nor changes."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

from rehearsal.program import ROOT

OWN: Final = {
    "Pulumi.yaml": "name: acme-platform\n",
    "Pulumi.dev.yaml": "config: {ours: changed}\n",
    "Pulumi.acme.yaml": "config: {ours: new}\n",
    "bootstrap/Pulumi.development.yaml": "config: {account: changed}\n",
    "bootstrap/Pulumi.live.yaml": "config: {account: new}\n",
    "manifests/acme/kustomization.yaml": "resources: []\n",
}
"""What a company changes and adds."""

RELEASE: Final = {
    "Pulumi.yaml": "name: eks-platform\ndescription: theirs\n",
    "Pulumi.dev.yaml": "config: {theirs: changed}\n",
    "Pulumi.staging.yaml": "config: {theirs: changed}\n",
    "Pulumi.extra.yaml": "config: {theirs: new}\n",
    "bootstrap/Pulumi.development.yaml": "config: {account: theirs}\n",
    "components/__init__.py": "# a new version\n",
    "CHANGELOG.md": "# a new version\n",
}
"""What a release changes and adds."""


class Repository:
    """A repository with the real attributes and the files that both sides may change."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.git("init", "--quiet", "--initial-branch", "main")
        for name in (".gitattributes", *OWN, *RELEASE):
            path = ROOT / name
            if path.exists():
                self.write({name: path.read_text(encoding="utf-8")})
        self.commit()

    def git(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        home = {"HOME": str(self.folder), "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
        who = {f"GIT_{who}_{what}": "a@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        command = ["git", *arguments]
        return subprocess.run(
            command, cwd=self.folder, env={**home, **who}, check=check, capture_output=True, text=True
        )

    def write(self, files: dict[str, str]) -> None:
        for name, text in files.items():
            (self.folder / name).parent.mkdir(parents=True, exist_ok=True)
            (self.folder / name).write_text(text, encoding="utf-8")

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "a change")

    def text(self, name: str) -> str:
        return (self.folder / name).read_text(encoding="utf-8")


@pytest.fixture
def fork(tmp_path: Path) -> Repository:
    """A fork with changes of its own, and a release that it has not merged yet."""
    repository = Repository(tmp_path)
    repository.git("switch", "--quiet", "--create", "release")
    repository.write(RELEASE)
    repository.commit()
    repository.git("tag", "v1.2.3")
    repository.git("switch", "--quiet", "main")
    repository.write(OWN)
    repository.commit()
    return repository


def test_a_release_leaves_the_companys_files_alone_and_brings_the_rest(fork: Repository) -> None:
    # As docs/upgrade-your-fork.md says.
    fork.git("config", "merge.ours.driver", "true")
    assert fork.git("merge", "--quiet", "v1.2.3", check=False).returncode == 0
    assert {name: fork.text(name) for name in OWN} == OWN
    for name in ("components/__init__.py", "CHANGELOG.md"):
        assert fork.text(name) == RELEASE[name]
    assert fork.git("status", "--porcelain").stdout == ""


def test_without_the_driver_it_would_conflict(fork: Repository) -> None:
    assert fork.git("merge", "--quiet", "v1.2.3", check=False).returncode != 0
    conflicts = fork.git("diff", "--name-only", "--diff-filter=U").stdout.split()
    assert conflicts == ["Pulumi.dev.yaml", "Pulumi.yaml", "bootstrap/Pulumi.development.yaml"]


def test_the_page_says_how_and_names_the_driver() -> None:
    page = (ROOT / "docs" / "upgrade-your-fork.md").read_text(encoding="utf-8")
    assert "git config merge.ours.driver true" in page
    for line in (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or line.endswith(" merge=ours")
