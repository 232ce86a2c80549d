"""The stack files that do what examples of other tools do: each does what `examples/peers/peers.yaml` says of it."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from functools import cache
from typing import Any, Final

import pytest
from pydantic import ValidationError

from harness.plan import Plan
from harness.properties import reveal
from policy.rule import Level
from rehearsal.pods import pods_without_compute
from rehearsal.policies import violations_of
from rehearsal.program import ROOT, run_program, stacks
from tests.schemas.counterparts import TYPES
from tests.schemas.test_limits import unlisted
from tools import peers

FOLDER: Final = ROOT / peers.FOLDER
PEERS: Final = peers.read(ROOT)
every_stack = pytest.mark.parametrize("stack", stacks(FOLDER))


@cache
def plan_of(stack: str, *, unknown: bool = False) -> Plan:
    """Return the plan of a stack of this folder."""
    return run_program(stack, root=FOLDER, unknown=unknown)


@every_stack
@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_a_stack_previews_and_breaks_no_rule(stack: str, unknown: bool) -> None:
    plan = plan_of(stack, unknown=unknown)
    assert plan.exports
    assert [message for message in plan.messages if message.severity != "info"] == []
    broken = [found for found in violations_of(plan, ROOT) or [] if found.level is Level.MANDATORY]
    assert [f"{found.rule.name}: {found.resource.name}: {found.problem}" for found in broken] == []
    assert pods_without_compute(plan) == []
    assert [value for entry in plan if entry.type in TYPES for value in unlisted(entry)] == []


@every_stack
def test_the_plan_has_what_the_examples_show(stack: str) -> None:
    plan = plan_of(stack)
    assert [wanted for wanted in PEERS.stacks[stack] if not _has(plan, wanted)] == []


PLUGIN: Final = "nvidia-device-plugin"


@pytest.mark.parametrize(
    "stack", [it for it in stacks(FOLDER) if f"    {PLUGIN}:" in (FOLDER / f"Pulumi.{it}.yaml").read_text("utf-8")]
)
def test_the_device_plugin_runs_on_every_node_with_gpus(stack: str) -> None:
    """Its chart requires labels of node feature discovery or this one, or the GPUs are offered to no pod.

    https://github.com/NVIDIA/k8s-device-plugin/blob/v0.17.1/deployments/helm/nvidia-device-plugin/values.yaml
    """
    plan = plan_of(stack)
    assert any(reveal(entry.inputs)["name"] == PLUGIN for entry in plan.find(type="kubernetes:helm.sh/v3:Release"))
    groups = [reveal(entry.inputs) for entry in plan.find(type="aws:eks/nodeGroup:NodeGroup")]
    with_gpus = [group for group in groups if "NVIDIA" in group["amiType"]]
    assert with_gpus
    assert [
        group["nodeGroupName"] for group in with_gpus if group["labels"].get("nvidia.com/gpu.present") != "true"
    ] == []


def _has(plan: Plan, wanted: str | Mapping[str, Mapping[str, Any]]) -> bool:
    pairs = [(wanted, {})] if isinstance(wanted, str) else wanted.items()
    return all(
        any(entry.type == type_ and matches(reveal(entry.inputs), inputs) for entry in plan) for type_, inputs in pairs
    )


def matches(found: Any, wanted: Any) -> bool:
    """Tell whether a value has all that is wanted of it: each key of an object, and each item of a list."""
    if isinstance(wanted, Mapping):
        return isinstance(found, Mapping) and all(matches(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list):
        return isinstance(found, list) and all(any(matches(item, value) for item in found) for value in wanted)
    if isinstance(wanted, str):
        return isinstance(found, str) and fnmatchcase(found, wanted)
    return type(found) is type(wanted) and found == wanted


@pytest.mark.parametrize(
    ("found", "wanted", "expected"),
    [
        ({"a": 1, "b": [{"c": "xyz"}]}, {"b": [{"c": "x*"}]}, True),
        ({"a": 1}, {"a": True}, False),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({}, {"a": "*"}, False),
    ],
)
def test_what_is_wanted_is_compared(found: Any, wanted: Any, expected: bool) -> None:
    assert matches(found, wanted) is expected


def test_every_row_names_a_file_or_a_reason_and_no_file_is_unused() -> None:
    there = set(stacks(FOLDER))
    used = {example.stack for example in PEERS.examples if example.stack}
    # The first of two clusters in one network, and the other cluster of an Argo CD and of a Grafana.
    assert there - used == {"blue", "metrics-spoke", "spoke"}
    assert used - there == set()
    assert set(PEERS.stacks) == there
    assert {example.declined for example in PEERS.examples if example.declined} == set(PEERS.reasons)


def test_an_example_is_there_once() -> None:
    paths = [(peer.repository, example.path) for peer in PEERS.peers for example in peer.examples]
    assert len(set(paths)) == len(paths)


def test_what_is_declined_is_a_decision() -> None:
    decisions = " ".join((ROOT / "docs" / "decisions.md").read_text().split())
    assert [reason for reason in PEERS.reasons.values() if reason not in decisions] == []


@pytest.mark.parametrize(
    "more",
    [{}, {"stack": "starter", "declined": "ssh"}, {"missing": "Windows"}, {"declined": "ssh", "note": "but"}],
    ids=lambda more: " ".join(more) or "nothing",
)
def test_a_row_without_one_answer_is_refused(more: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        peers.Example.model_validate({"path": "examples/a", "purpose": "A cluster.", **more})
