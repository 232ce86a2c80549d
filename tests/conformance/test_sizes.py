"""The operations nodes of every stack have room: for all that runs on them, at its most, and while it is replaced."""

import copy
import functools
import random
from collections.abc import Sequence
from pathlib import Path

import pytest

from rehearsal import program
from rehearsal.capacity import Node, Replicas, Room, copies, place, rolls
from tests.conformance import sizes
from tests.conformance.bundles import STACKS, bundle, bundle_of
from tests.conformance.helm import all_releases
from tests.conformance.pods import NODE_GROUP
from tests.plans import OWN, project_with, setting
from tools import new_stack

pytestmark = pytest.mark.upstream

# Which pod comes first is chance: the largest, the smallest, and orders of no meaning, the same in every run.
ORDERS = range(6)
NEW = ["--account", "111122223333", "--deployer", "arn:aws:iam::111122223333:role/deployer",
       "--reached-from", "198.51.100.0/24", "--compute", "ec2", "--domain", "acme.example.com",
       "--hosted-zone", "Z0123456789ACME"]  # fmt: skip
PEERS = program.ROOT / "examples" / "peers"
# Elsewhere Fargate or Auto Mode gives each pod its room.
with_nodes = pytest.mark.parametrize(
    "stack",
    [
        *(stack for stack in STACKS if setting(stack, "nodeGroups")),
        *(pytest.param(stack, marks=pytest.mark.own) for stack in OWN if setting(stack, "nodeGroups")),
    ],
)


def _in_order(pods: Sequence[Replicas], order: int) -> list[Replicas]:
    if order < 2:
        return sorted(pods, key=lambda one: one.each.cpu, reverse=order == 0)
    return random.Random(order).sample(pods, len(pods))  # noqa: S311


def _nodes(stack: str, size: str) -> list[Node]:
    try:
        return sizes.operations_nodes(bundle(stack), size)
    except LookupError as error:
        if stack not in OWN:
            raise
        pytest.skip(str(error))


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


def _waiting_at_most(few: Sequence[Replicas], many: Sequence[Replicas], nodes: list[Node]) -> set[str]:
    """Return what has no room, or does not roll, when autoscalers add pods: what is there before has its room."""
    found: set[str] = set()
    for order in ORDERS:
        filled = copies(nodes)
        found |= {f"{name} waits for a node" for name in place(_in_order(few, order), filled)}
        for before, after in zip(few, many, strict=True):
            more = Replicas(**{**vars(after), "count": after.count - before.count})
            found |= {f"{name} waits for a node" for name in place([more], filled)}
        found |= {f"{one.name} does not roll" for one in many if not rolls(one, copies(filled))}
    return found


@with_nodes
def test_everything_runs_and_rolls_on_the_fewest_nodes(stack: str, helm: object) -> None:
    assert _waiting(sizes.platform_pods(bundle(stack)), _nodes(stack, "minSize")) == set()


@with_nodes
def test_autoscalers_get_all_that_they_may_ask_for(stack: str, helm: object) -> None:
    """On the most nodes where something adds them, on the fewest elsewhere: nobody watches at night."""
    nodes = _nodes(stack, "maxSize" if sizes.scales(stack) else "minSize")
    few, many = (sizes.platform_pods(bundle(stack), most=most) for most in (False, True))
    assert _waiting_at_most(few, many, nodes) == set()


@pytest.mark.parametrize("zones", ["eu-west-1a,eu-west-1b", "eu-west-1a,eu-west-1b,eu-west-1c"])
@pytest.mark.parametrize("environment", ["development", "production"])
def test_a_new_stack_has_room_for_the_platform(zones: str, environment: str, tmp_path: Path, helm: object) -> None:
    project = project_with(tmp_path, "other", "config: {}\n")
    arguments = ["acme", "--region", "eu-west-1", "--zones", zones, "--environment", environment, *NEW]
    assert new_stack.main(arguments, project) == 0
    made = bundle_of(program.run_program("acme", root=project), "acme")
    few, many = (sizes.platform_pods(made, most=most) for most in (False, True))
    assert _waiting_at_most(few, many, sizes.operations_nodes(made, "minSize")) == set()


@pytest.mark.parametrize("stack", program.stacks(PEERS))
def test_an_example_of_a_peer_runs_and_rolls_on_the_fewest_nodes(stack: str, helm: object) -> None:
    plan = program.run_program(stack, root=PEERS)
    if not plan.find(type=NODE_GROUP):
        pytest.skip("no node group: Fargate or Auto Mode gives each pod its room")
    made = bundle_of(plan, stack)
    try:
        nodes = sizes.operations_nodes(made, "minSize")
    except LookupError as error:
        pytest.skip(str(error))
    assert _waiting(sizes.platform_pods(made), nodes) == set()


def test_every_addon_and_chart_is_counted() -> None:
    """An add-on that nobody has counted would make every sum too small."""
    for stack in STACKS:
        plan = bundle(stack).plan
        assert plan
        assert set(sizes.addons(plan)) <= sizes.ON_EACH_NODE.keys() | sizes.OF_ADDONS.keys()
        rendered = bundle(stack).rendered.keys()
        releases = {entry.inputs["name"] for entry in plan.find(type="kubernetes:helm.sh/v3:Release")}
        assert releases - rendered <= sizes.UNRENDERED.keys()


@pytest.mark.parametrize("chart", sorted(sizes.UNRENDERED))
def test_what_is_not_rendered_is_counted_by_the_values_of_its_release(chart: str) -> None:
    plans = [bundle(stack).plan for stack in STACKS]
    (values,) = (it.values for plan in plans if plan for it in all_releases(plan, "1.36") if it.chart == chart)
    before = sizes.of_values(chart, values)
    assert len(before) == len(sizes.UNRENDERED[chart])
    for number, part in enumerate(sizes.UNRENDERED[chart]):
        more = copy.deepcopy(values)
        *above, last = part.resources.split(".")
        place = functools.reduce(lambda found, key: found[key], above, more)
        place[last] = {"requests": {"cpu": "1", "memory": "3Gi"}}
        assert sizes.of_values(chart, more)[number].each == Room(1000, 3072)
        del place[last]
        with pytest.raises(KeyError, match=rf"{chart}: no requests at {part.resources}"):
            sizes.of_values(chart, more)


def test_the_values_of_cert_manager_spread_its_pods() -> None:
    plan = bundle("staging").plan
    assert plan
    (values,) = (it.values for it in all_releases(plan, "1.36") if it.chart == "cert-manager")
    assert {(it.count, it.zones) for it in sizes.of_values("cert-manager", values)} == {(2, True)}
