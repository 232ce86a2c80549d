"""The URNs of the stacks, compared with recorded lists: a resource whose URN changes is deleted and made anew.

`python -m tests.test_urns` records them again. A rename or a move needs an alias; the former URN stays in the list for
as long as the alias is there, so that nobody takes it away while a stack may still need it.
https://www.pulumi.com/docs/iac/concepts/options/aliases/
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

import pulumi
import pytest
from pulumi_aws import cloudwatch

from harness import aliases
from harness.plan import Plan
from rehearsal.record import record
from tests import plans, test_peers

FOLDER: Final = Path(__file__).parent / "urns"

PEERS: Final = (
    "capabilities",
    "file-systems",
    "graviton",
    "hub",
    "hybrid-nodes-certificates",
    "metrics-hub",
    "metrics-spoke",
)
"""Stacks of `examples/peers` whose components no stack of `examples/stacks` has."""

RECORDED: Final = (*plans.STACKS, *PEERS)
"""The stacks with a list."""


def plan_of(stack: str) -> Plan:
    """Return the plan of a stack with a list."""
    return test_peers.plan_of(stack) if stack in PEERS else plans.plan_of(stack)


def recorded_urns(stack: str) -> set[str]:
    return set((FOLDER / f"{stack}.txt").read_text().split())


def urns(plan: Plan) -> set[str]:
    return {entry.urn for entry in plan}


# --- Aliases ------------------------------------------------------------------------------------------------------


def former_urns(plan: Plan) -> set[str]:
    """Return under which other URNs the engine looks for the plan's resources."""
    return {urn for known in aliases.former_urns(plan).values() for urn in known}


# --- The lists ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stack", RECORDED)
def test_what_a_stack_has_keeps_its_urn_or_an_alias_to_it(stack: str) -> None:
    plan = plan_of(stack)
    lost = sorted(recorded_urns(stack) - urns(plan) - former_urns(plan))
    assert not lost, "`pulumi up` would delete these; give what they became an alias, or record the lists again"


@pytest.mark.parametrize("stack", RECORDED)
def test_the_lists_are_complete(stack: str) -> None:
    new = sorted(urns(plan_of(stack)) - recorded_urns(stack))
    assert not new, "record the lists again: .venv/bin/python -m tests.test_urns"


def write_lists() -> None:
    for stack in RECORDED:
        plan = plan_of(stack)
        kept = recorded_urns(stack) & former_urns(plan) if (FOLDER / f"{stack}.txt").exists() else set()
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{stack}.txt").write_text("".join(f"{urn}\n" for urn in sorted(urns(plan) | kept)))


# --- The lists' own reader ----------------------------------------------------------------------------------------


class Thing(pulumi.ComponentResource):
    def __init__(self, kind: str, name: str, *, child: str, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__(f"eks-platform:index:{kind}", name, {}, opts)
        cloudwatch.LogGroup(child, opts=pulumi.ResourceOptions(parent=self))


def _aliased(*aliases: pulumi.Alias | str) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions(aliases=[*aliases])


def _grouped(opts: pulumi.ResourceOptions) -> None:
    group = pulumi.ComponentResource("eks-platform:index:Group", "group")
    Thing(
        "Thing", "dev", child="dev-logs", opts=pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(parent=group))
    )


NEW: Final[Mapping[str, Callable[[], object]]] = {
    "component renamed": lambda: Thing("Thing", "prod", child="prod-logs", opts=_aliased(pulumi.Alias(name="dev"))),
    "component retyped": lambda: Thing(
        "Other", "dev", child="dev-logs", opts=_aliased(pulumi.Alias(type_="eks-platform:index:Thing"))
    ),
    "component moved below another": lambda: _grouped(_aliased(pulumi.Alias(parent=pulumi.ROOT_STACK_RESOURCE))),
    "component by urn": lambda: Thing(
        "Thing", "prod", child="prod-logs", opts=_aliased("urn:pulumi:dev::eks-platform::eks-platform:index:Thing::dev")
    ),
}


@pytest.mark.parametrize("change", NEW.values(), ids=NEW)
def test_an_alias_leads_to_the_former_urns_of_a_component_and_its_children(change: Callable[[], object]) -> None:
    before = record(lambda: Thing("Thing", "dev", child="dev-logs"))
    after = record(change)
    assert len(urns(before) - urns(after)) == 2
    assert urns(before) <= urns(after) | former_urns(after)


def test_without_an_alias_nothing_leads_there() -> None:
    after = record(lambda: Thing("Thing", "prod", child="prod-logs"))
    assert former_urns(after) == set()


if __name__ == "__main__":
    write_lists()
