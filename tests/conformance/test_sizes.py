"""The operations nodes of every stack have room: for all that runs on them, at its most, and while it is replaced."""

import random
from collections.abc import Sequence

import pytest

from tests.conformance import sizes
from tests.conformance.bundles import STACKS, bundle
from tests.conformance.capacity import Node, Replicas, copies, place, rolls
from tests.plans import setting

pytestmark = pytest.mark.upstream

# Which pod comes first is chance: the largest, the smallest, and orders of no meaning, the same in every run.
ORDERS = range(6)
# Elsewhere Fargate or Auto Mode gives each pod its room.
WITH_NODES = [stack for stack in STACKS if setting(stack, "nodeGroups")]


def _in_order(pods: Sequence[Replicas], order: int) -> list[Replicas]:
    if order < 2:
        return sorted(pods, key=lambda one: one.each.cpu, reverse=order == 0)
    return random.Random(order).sample(pods, len(pods))  # noqa: S311


def _nodes(stack: str, size: str) -> list[Node]:
    plan = bundle(stack).plan
    assert plan
    return sizes.operations_nodes(plan, size)


def _waiting(pods: Sequence[Replicas], nodes: list[Node]) -> set[str]:
    """Return what has no room, or does not roll, in any of the orders."""
    found: set[str] = set()
    for order in ORDERS:
        filled = copies(nodes)
        if waiting := place(_in_order(pods, order), filled):
            found |= {f"{name} waits for a node" for name in waiting}
            continue
        found |= {f"{one.name} does not roll" for one in pods if not rolls(one, copies(filled))}
    return found


@pytest.mark.parametrize("stack", WITH_NODES)
def test_everything_runs_and_rolls_on_the_fewest_nodes(stack: str, helm: object) -> None:
    assert _waiting(sizes.platform_pods(bundle(stack)), _nodes(stack, "minSize")) == set()


@pytest.mark.parametrize("stack", WITH_NODES)
def test_autoscalers_get_all_that_they_may_ask_for(stack: str, helm: object) -> None:
    """On the most nodes where something adds them, on the fewest elsewhere: nobody watches at night."""
    nodes = _nodes(stack, "maxSize" if sizes.scales(stack) else "minSize")
    few, many = (sizes.platform_pods(bundle(stack), most=most) for most in (False, True))
    found: set[str] = set()
    for order in ORDERS:
        filled = copies(nodes)
        assert place(_in_order(few, order), filled) == []
        # What an autoscaler adds comes after what is there.
        for before, after in zip(few, many, strict=True):
            more = Replicas(**{**vars(after), "count": after.count - before.count})
            found |= {f"{name} waits for a node" for name in place([more], filled)}
        found |= {f"{one.name} does not roll" for one in many if not rolls(one, copies(filled))}
    assert found == set()


def test_every_instance_type_of_a_stack_file_is_known() -> None:
    plans = [bundle(stack).plan for stack in STACKS]
    used = {name for plan in plans if plan for name in sizes.instance_types(plan)}
    assert used
    assert used <= sizes.INSTANCES.keys()


def test_every_addon_and_chart_is_counted() -> None:
    """An add-on that nobody has counted would make every sum too small."""
    for stack in STACKS:
        plan = bundle(stack).plan
        assert plan
        assert set(sizes.addons(plan)) <= sizes.ON_EACH_NODE.keys() | sizes.OF_ADDONS.keys()
        rendered = bundle(stack).rendered.keys()
        releases = {entry.inputs["name"] for entry in plan.find(type="kubernetes:helm.sh/v3:Release")}
        assert releases - rendered <= sizes.UNRENDERED.keys()
