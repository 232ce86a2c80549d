"""A stack that refers to another one of the project: what it finds there, and in the cloud."""

import textwrap
from pathlib import Path

import pulumi
import pytest

from harness import RefusedError
from harness.program import referenced
from harness.properties import Secret
from rehearsal.program import read_configuration, run_program
from rehearsal.record import record

PROGRAM = """
import pulumi
from pulumi_aws import ec2

owner = pulumi.Config().get_object("owner")
if owner:
    subnet = pulumi.StackReference("owner", stack_name=owner["stack"]).require_output("subnet")
    pulumi.export("cidr", subnet.apply(lambda id: ec2.get_subnet_output(id=id).cidr_block))
else:
    vpc = ec2.Vpc("vpc", cidr_block="10.9.0.0/16")
    zone = "ap-northeast-1a"
    subnet = ec2.Subnet("subnet", vpc_id=vpc.id, cidr_block="10.9.4.0/24", availability_zone=zone)
    pulumi.export("subnet", subnet.id)
"""


@pytest.fixture
def two_stacks(tmp_path: Path) -> Path:
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    (tmp_path / "Pulumi.one.yaml").write_text("config: {}\n")
    (tmp_path / "Pulumi.two.yaml").write_text("config: {owner: {stack: organization/sample/one}}\n")
    (tmp_path / "__main__.py").write_text(textwrap.dedent(PROGRAM))
    return tmp_path


@pytest.mark.parametrize("unknown", [False, True])
def test_it_finds_the_outputs_of_the_other_stack_and_what_that_made(two_stacks: Path, unknown: bool) -> None:
    plan = run_program("two", root=two_stacks, unknown=unknown)
    # The other stack is up, whatever this one's preview does not know.
    assert plan.exports == {"cidr": "10.9.4.0/24"}
    (reference,) = plan.find(type="pulumi:pulumi:StackReference")
    assert (reference.read, reference.id) == (True, "organization/sample/one")


@pytest.mark.parametrize(
    ("config", "found"),
    [
        ("{owner: {stack: organization/sample/one}}", {"organization/sample/one": "one"}),
        ("{owner: acme/sample/one}", {"acme/sample/one": "one"}),
        ("{owner: organization/another/one}", {}),
        ("{owner: organization/sample/absent}", {}),
        ("{owner: organization/sample/two}", {}),
        ("{owner: 'https://git.example.jp/sample/one'}", {}),
    ],
)
def test_only_other_stacks_of_the_project_are_run_before(two_stacks: Path, config: str, found: dict[str, str]) -> None:
    (two_stacks / "Pulumi.two.yaml").write_text(f"config: {config}\n")
    assert referenced(read_configuration("two", root=two_stacks), "two", two_stacks) == found


def test_a_stack_that_is_not_there_is_refused() -> None:
    with pytest.raises(RefusedError, match="unknown stack 'organization/sample/absent'; known here: none"):
        record(lambda: pulumi.StackReference("organization/sample/absent"))


def test_a_secret_output_stays_secret() -> None:
    def program() -> None:
        reference = pulumi.StackReference("a/b/c")
        pulumi.export("password", reference.get_output("password"))
        pulumi.export("name", reference.get_output("name"))

    plan = record(program, stacks={"a/b/c": {"password": Secret("hunter2"), "name": "plain"}})
    assert plan.exports == {"password": Secret("hunter2"), "name": "plain"}
