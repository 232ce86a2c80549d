"""The stacks, and small Pulumi programs, on the real engine."""

import os
import textwrap
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal, Run, owners


@pytest.fixture(scope="session")
def pulumi() -> cli.Cli:
    """The Pulumi CLI; tests are skipped without one unless EKS_PLATFORM_REQUIRE_ENGINE is set."""
    try:
        return cli.find()
    except cli.NoCliError as error:
        if os.environ.get("EKS_PLATFORM_REQUIRE_ENGINE"):
            raise
        pytest.skip(str(error))


Platforms = Callable[[str], Rehearsal]

PACE: Final = 0.001
"""How long things take in these tests, in seconds for each real one: what is in no order must be seen to overlap."""


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory, pulumi: cli.Cli) -> Platforms:
    """What gives a stack as its first `up` left it; made once, so whoever changes it takes a copy."""

    @cache
    def up(stack: str) -> tuple[Rehearsal, Run]:
        folder = tmp_path_factory.mktemp(stack) / "first"
        for owner in owners(stack):
            # One at most: it brings with it what it refers to itself.
            platform(owner).copy(folder)
        rehearsal = Rehearsal(folder, stack)
        return rehearsal, rehearsal.up(check=False, behaviour=rehearsal.paced(PACE))

    def platform(stack: str) -> Rehearsal:
        rehearsal, run = up(stack)
        assert run.code == 0, run.text
        return rehearsal

    return platform


HEAD = """
import pulumi
import pulumi_aws as aws

config = pulumi.Config()
provider = aws.Provider("aws", region="ap-northeast-1", **(config.get_object("provider") or {}))
in_aws = pulumi.ResourceOptions(provider=provider)
"""

Program = Callable[..., Rehearsal]


@pytest.fixture
def program(tmp_path: Path, pulumi: cli.Cli) -> Program:
    """What makes a rehearsal of a program; its configuration is empty unless given."""

    def rehearse(body: str, config: str = "{}") -> Rehearsal:
        project = tmp_path / "project"
        project.mkdir()
        (project / "Pulumi.yaml").write_text("name: small\nruntime: python\n")
        (project / "Pulumi.test.yaml").write_text(f"config: {config}\n")
        (project / "__main__.py").write_text(HEAD + textwrap.dedent(body))
        return Rehearsal(tmp_path / "rehearsal", "test", project=project)

    return rehearse
