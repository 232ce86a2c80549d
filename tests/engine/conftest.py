"""The stacks, and small Pulumi programs, on the real engine."""

import fcntl
import json
import os
import textwrap
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Final

import pytest

from harness.engine.process import Run
from rehearsal.engine import cli
from rehearsal.engine.rehearse import Rehearsal, owners
from tests.plans import EXAMPLES


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
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that the workers of pytest-xdist have in common: each has its own base folder in that of the run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def platforms(tmp_path_factory: pytest.TempPathFactory, shared_folder: Path, pulumi: cli.Cli) -> Platforms:
    """What gives a stack as its first `up` left it; made once, so a test that changes it copies it."""

    @cache
    def up(stack: str) -> tuple[Rehearsal, Run]:
        first, ended = shared_folder / f"first-{stack}", shared_folder / f"first-{stack}.json"
        with _alone(shared_folder / f"first-{stack}.lock"):
            if not ended.exists():
                for owner in owners(stack, EXAMPLES):
                    # One at most: it brings with it what it refers to itself.
                    platform(owner).copy(first)
                rehearsal = Rehearsal(first, stack, project=EXAMPLES)
                run = rehearsal.up(check=False, behaviour=rehearsal.paced(PACE))
                ended.write_text(json.dumps(asdict(run)))
            made = Rehearsal(first, stack, project=EXAMPLES).copy(tmp_path_factory.mktemp(stack) / "first")
        return made, Run(**json.loads(ended.read_text()))

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
