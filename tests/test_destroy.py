"""`make destroy` says what is in the way before Pulumi begins."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.plans import EXAMPLES, STACKS, plan_of
from tools import destroy
from tools.destroy import main, obstacles

URN = "urn:pulumi:dev::eks-platform::aws:ec2/vpc:Vpc::platform-dev-vpc"


def _empty(_stack: str) -> list[dict[str, Any]] | None:
    return []


def _silent(_stack: str) -> list[dict[str, Any]] | None:
    return None


@pytest.fixture(autouse=True)
def _no_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(destroy, "_state", lambda _stack, _root: [])


def test_a_stack_without_protection_can_be_destroyed() -> None:
    assert list(obstacles("dev", EXAMPLES, _empty)) == []
    assert main(["--stack", "dev", "--project", str(EXAMPLES)]) == 0


def test_each_protection_is_named_with_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "prod", "--project", str(EXAMPLES)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line.split()[0] for line in lines] == [
        "platform.protect", "cluster.deletionProtection", "ingress.deletionProtection"
    ]  # fmt: skip
    assert all("Pulumi.prod.yaml" in line for line in lines)


def _up(_stack: str) -> list[dict[str, Any]] | None:
    return [{"urn": URN}]


@pytest.mark.parametrize("state", [_up, _silent])
def test_who_has_the_network_goes_last(state: Callable[[str], list[dict[str, Any]] | None]) -> None:
    (line,) = [line for line in obstacles("staging", EXAMPLES, state) if "uses" in line]
    assert line == "stack staging-b uses what stack staging exports: destroy staging-b first"
    assert not any("uses" in line for line in obstacles("staging-b", EXAMPLES, state))


def test_a_stack_that_is_gone_uses_nothing() -> None:
    assert not any("uses" in line for line in obstacles("staging", EXAMPLES, _empty))


@pytest.mark.parametrize(
    "entry",
    [
        {"protect": True},
        {"inputs": {"deletionProtection": True}},
        {"inputs": {"enableDeletionProtection": True}},
        {
            "inputs": {
                "metadata": {
                    "annotations": {
                        "alb.ingress.kubernetes.io/load-balancer-attributes": "a=b,deletion_protection.enabled=true"
                    }
                }
            }
        },
    ],
    ids=["Pulumi", "cluster", "load balancer", "Ingress"],
)
def test_what_the_state_still_protects_is_named(entry: dict[str, Any]) -> None:
    (line,) = obstacles("dev", EXAMPLES, lambda _stack: [{"urn": URN, **entry}])
    assert line.startswith("platform-dev-vpc is still protected: run `pulumi up --stack dev`")
    assert (
        list(obstacles("dev", EXAMPLES, lambda _stack: [{"urn": URN, "inputs": {"deletionProtection": False}}])) == []
    )


def test_the_flags_are_those_of_the_plan() -> None:
    entries = [{"urn": it.urn, "inputs": it.inputs, "protect": it.options.protect} for it in plan_of("prod")]
    (line,) = [it for it in obstacles("prod", EXAMPLES, lambda _stack: entries) if "still" in it]
    assert set(line.split(" is ")[0].split(", ")) >= {
        "platform-prod-vpc", "platform-prod-secrets", "platform-prod", "platform-prod-eks-eksCluster"
    }  # fmt: skip


def test_a_stack_that_is_not_there_is_named_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--stack", "nope", "--project", str(EXAMPLES)]) == 1
    message = capsys.readouterr().err
    assert "'nope'" in message
    assert all(stack in message for stack in STACKS)
