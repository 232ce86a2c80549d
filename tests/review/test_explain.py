"""What `make explain` says of a resource: who creates it, what it follows from, what waits for it, what replaces it."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import pytest

from harness.plan import STACK, Plan
from rehearsal.program import ROOT
from review.cost import Estimate, estimate
from review.explain import Effect, NotOneError, explain, main, render, resource_of
from review.plans import Recorded, recorded
from review.prices import table
from tests.plans import EXAMPLES, STACKS, configuration_of, plan_of, run_program

GATEWAY: Final = "NatGateway platform-dev-nat-ap-northeast-1a"


NOTHING: Final = Estimate(Recorded("dev", ()), "", (), (), ())
"""The estimate of a stack without resources."""


def _cost(plan: Plan) -> Estimate:
    return estimate(recorded(plan.to_json()), table(), date(2026, 11, 1))


def _same(plan: Plan) -> Any:
    return lambda _changes: plan


def _run(changes: Mapping[str, Any]) -> Plan:
    return run_program("dev", config=changes)


@pytest.mark.parametrize("stack", STACKS)
def test_every_resource_is_found_by_its_urn_and_has_its_component(stack: str) -> None:
    plan = plan_of(stack)
    for entry in plan:
        assert entry.type == STACK or resource_of(plan, entry.urn) is entry
    for entry in {entry.type: entry for entry in plan if entry.type != STACK}.values():
        found = explain(plan, entry, {}, _same(plan), NOTHING)
        _, _, place = found.created_by.partition("(")
        assert (ROOT / place.partition(",")[0].rstrip(")")).is_file(), found.created_by


@pytest.mark.parametrize("stack", STACKS)
def test_a_program_that_ignores_its_settings_has_no_setting_to_name(stack: str) -> None:
    plan, sections = plan_of(stack), configuration_of(stack).sections
    components = {entry.type: entry for entry in plan if entry.type.startswith("eks-platform:")}
    for entry in components.values():
        assert explain(plan, entry, sections, _same(plan), NOTHING).settings == ()


def test_a_resource_follows_from_what_the_stack_file_says_and_from_what_it_could_say() -> None:
    plan = plan_of("dev")
    sections = {"network": {"cidr": "10.10.0.0/16", "nat": "single"}, "externalSecrets": {}}
    found = explain(plan, resource_of(plan, GATEWAY), sections, _run, _cost(plan))
    assert found.created_by == "Network platform-dev (components/network/vpc.py, layer network)"
    assert Effect("network.nat", "none", "has no plan: the program refuses the stack file") in found.settings
    assert not any(effect.setting.startswith("externalSecrets") for effect in found.settings)
    assert found.required == ("network.cidr",)
    assert "Subnet platform-dev-public-ap-northeast-1a" in found.waits_for
    assert "Route platform-dev-private-ap-northeast-1a-nat" in found.waited_for_by
    gateway = resource_of(plan, GATEWAY)
    assert found.waited_for_by_in_all == sum(plan.waits_for(other, gateway) for other in plan if other is not gateway)
    assert found.waited_for_by_in_all > len(found.waited_for_by)
    assert {"subnetId", "allocationId"} <= {*found.replaced_by}
    assert any(line.startswith(f"{GATEWAY}: NAT gateway, $") for line in found.costs)

    secrets = next(entry for entry in plan if entry.type.endswith(":ExternalSecrets"))
    (effect,) = explain(plan, secrets, {"externalSecrets": {}}, _run, _cost(plan)).settings
    assert str(effect) == "externalSecrets: without it, it does not exist"


def test_a_setting_that_changes_an_input_names_the_input() -> None:
    plan = plan_of("dev")
    pool = resource_of(plan, "NodePool platform-dev-nodes-general")
    limits = {"karpenter": {"nodePools": {"general": {"cpuLimit": "64"}}}}
    found = explain(plan, pool, limits, _run, _cost(plan))
    assert "karpenter.nodePools.general.cpuLimit: without it, it has another spec" in map(str, found.settings)


def test_a_name_that_several_resources_have_lists_them_and_an_unknown_one_the_nearest() -> None:
    plan = plan_of("dev")
    with pytest.raises(NotOneError, match=r"resources fit; write one of these:\n  Eip platform-dev-nat"):
        resource_of(plan, "nat-ap")
    with pytest.raises(NotOneError, match=r"no resource has this name; did you mean .*platform-dev-vpc"):
        resource_of(plan, "platform-dev-vcp")


def test_the_text_shows_some_of_a_long_list_and_json_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plan = plan_of("dev")
    monkeypatch.setattr("review.explain.run_program", lambda *_args, **_kwargs: plan)
    arguments = ["platform-dev-vpc", "--stack", "dev", "--project", str(EXAMPLES)]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert main([*arguments, "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["waited_for_by"]) > 12
    assert f"and {len(found['waited_for_by']) - 12} more" in text
    assert f"URN: {found['urn']}" in text
    with pytest.raises(NotOneError, match="did you mean"):
        main(["platform-dev-vcp", *arguments[1:]])


def test_a_resource_that_follows_from_no_setting_says_so() -> None:
    plan = plan_of("dev")
    found = explain(plan, resource_of(plan, GATEWAY), {}, _same(plan), NOTHING)
    lines = list(render(found))
    assert lines[lines.index("  Settings that it follows from:") + 1].strip() == "none"
