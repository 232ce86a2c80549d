"""`make destroy` says what is in the way before Pulumi begins."""

import pytest

from tests.plans import EXAMPLES, STACKS
from tools.destroy import main, obstacles


def test_a_stack_without_protection_can_be_destroyed() -> None:
    assert list(obstacles("dev", EXAMPLES)) == []
    assert main(["--stack", "dev", "--project", str(EXAMPLES)]) == 0


def test_each_protection_is_named_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "prod", "--project", str(EXAMPLES)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == [
        "platform.protect", "cluster.deletionProtection", "ingress.deletionProtection"
    ]  # fmt: skip
    assert all("Pulumi.prod.yaml" in line for line in lines)


def test_who_has_the_network_goes_last() -> None:
    (line,) = [line for line in obstacles("staging", EXAMPLES) if "uses" in line]
    assert line.startswith("stack staging-b uses what stack staging exports")
    assert not any("uses" in line for line in obstacles("staging-b", EXAMPLES))


def test_a_stack_that_is_not_there_is_named_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "nope", "--project", str(EXAMPLES)]) == 1
    message = capsys.readouterr().err
    assert "'nope'" in message
    assert all(stack in message for stack in STACKS)
