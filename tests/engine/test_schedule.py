import pytest

from harness.engine.schedule import Task, schedule
from harness.engine.store import Event
from harness.engine.timeline import clock, gantt, measured_seconds, table, unexplained
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.cluster import INGRESS, RELEASE
from rehearsal.engine.timeline import lower_bound, tasks_of


def _task(name: str, seconds: float, *after: str, type_: str = "t", queue: str | None = None, **inputs: str) -> Task:
    return Task(f"urn::{name}", type_, inputs, frozenset(f"urn::{other}" for other in after), seconds, queue)


def test_each_begins_when_the_last_of_what_it_waits_for_has_ended() -> None:
    found = schedule([_task("c", 3, "a", "b"), _task("b", 5), _task("a", 2), _task("d", 1, "a")])

    assert {slot.task.name: (slot.start, slot.end) for slot in found.slots.values()} == {
        "a": (0, 2),
        "b": (0, 5),
        "c": (5, 8),
        "d": (2, 3),
    }
    assert [slot.task.name for slot in found.critical_path] == ["b", "c"]
    assert found.seconds == 8
    assert found.most_at_once == 2


def test_a_queue_does_one_at_a_time() -> None:
    found = schedule([_task(name, 2, queue="fargate") for name in "abc"])

    assert sorted(slot.start for slot in found.slots.values()) == [0, 2, 4]
    assert len(found.critical_path) == 3


def test_a_circle_is_an_error() -> None:
    with pytest.raises(ValueError, match="in a circle"):
        schedule([_task("a", 1, "b"), _task("b", 1, "a")])


def test_tasks_wait_for_dependencies_parents_and_providers() -> None:
    vpc = {
        "urn": "urn::vpc",
        "type": "aws:ec2/natGateway:NatGateway",
        "custom": True,
        "inputs": {},
        "parent": "urn::parent",
        "provider": "urn::provider::some-id",
        "dependencies": ["urn::a"],
        "propertyDependencies": {"x": ["urn::b"], "y": None},
    }
    (task,) = tasks_of([vpc])

    assert task.waits_for == {"urn::parent", "urn::provider", "urn::a", "urn::b"}
    assert task.seconds == 105
    assert tasks_of([{**vpc, "custom": False, "type": "own:index:Thing"}])[0].seconds == 0


CHAIN = [
    _task("role", 10, type_=uses.ROLE),
    _task("policy", 2, "role", type_=uses.ATTACHMENT),
    _task("cluster", 570, "policy", "slow", type_=uses.CLUSTER),
    _task("slow", 28),
    _task("cni", 35, "cluster", type_=uses.ADDON, addonName="vpc-cni"),
    _task("nodes", 120, "cni", type_=uses.NODE_GROUP),
    _task("more-nodes", 200, "cni", type_=uses.NODE_GROUP),
    _task("controller", 45, "nodes", type_=RELEASE, chart="oci://registry/aws-load-balancer-controller"),
    _task("traefik", 50, "nodes", type_=RELEASE, chart="traefik"),
    _task("ingress", 150, "controller", "traefik", type_=INGRESS),
]


def test_the_lower_bound_is_what_eks_imposes_and_nothing_else() -> None:
    bound = lower_bound(CHAIN)

    assert [name for name, _ in bound] == [
        *("role", "role's policy", "control plane", "vpc-cni", "compute", "Traefik", "healthy target"),
    ]
    assert sum(seconds for _, seconds in bound) == 10 + 2 + 570 + 35 + 120 + 50 + 150
    assert f"Ratio: {(937 + 16) / 937:.3f}" in table(schedule(CHAIN), bound)


def test_the_picture_has_a_bar_for_each_that_takes_time() -> None:
    picture = gantt(schedule([*CHAIN, _task("<component>", 0)]), "dev", shortest=0)

    assert picture.count("<title>") == len(CHAIN)
    assert picture.count('<rect class="critical"') == 6 + 1  # and in the legend
    assert "component" not in picture


def test_what_was_measured_is_compared_with_what_had_to_be() -> None:
    times = {"a": (10.0, 12.0), "b": (12.0, 13.0), "c": (15.0, 16.0)}
    events = [
        Event(0, at, f"urn::{name}", "t", name, "create", phase, "")
        for name, moments in times.items()
        for at, phase in zip(moments, ("start", "end"), strict=True)
    ]
    tasks = [_task("a", 2), _task("b", 1, "component"), _task("c", 1, "a"), _task("component", 0, "a")]

    assert measured_seconds(events, 0.5) == 12
    assert unexplained(events, tasks, 0.5) == [("c", 6), ("a", 0), ("b", 0)]


def test_clock() -> None:
    assert clock(75.4) == "1 m 15 s"
