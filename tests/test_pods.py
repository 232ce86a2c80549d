"""All that creates pods waits for what runs them, in every stack; a missing edge is reported."""

from dataclasses import replace

import pytest

from harness.plan import Plan, Registration
from rehearsal.pods import EXCEPTIONS, exempt, pods_without_compute
from tests.plans import STACKS, any_stack, plan_of


@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
@any_stack
def test_all_that_creates_pods_waits_for_what_runs_them(stack: str, *, unknown: bool) -> None:
    assert pods_without_compute(plan_of(stack, unknown=unknown)) == []


def test_every_exception_is_needed() -> None:
    assert set().union(*(exempt(plan_of(stack)) for stack in STACKS)) == EXCEPTIONS.keys()
    assert all(reason.endswith(".") for reason in EXCEPTIONS.values())


def _alone(plan: Plan, entry: Registration) -> Plan:
    """Return a plan in which a resource depends on nothing any more, its provider included."""
    options = replace(entry.options, provider=None)
    cut = replace(entry, options=options, parent=None, dependencies=frozenset(), property_dependencies={})
    return replace(plan, registrations=tuple(cut if it is entry else it for it in plan))


@pytest.mark.parametrize(
    ("stack", "name"),
    [
        ("dev", "traefik-release"),
        ("dev", "addons-coredns"),
        ("dev", "workloads-app-nginx-deployment-nginx"),
        ("prod", "events-deployment"),
        ("prod", "insights-amazon-cloudwatch-observability"),
        ("fargate", "lbc-release"),
        ("fargate", "addons-coredns"),
        ("auto", "addons-metrics-server"),
    ],
)
def test_an_edge_that_is_cut_is_reported(stack: str, name: str) -> None:
    plan = plan_of(stack)
    entry = plan.one(name=f"platform-{stack}-{name}")
    problems = pods_without_compute(_alone(plan, entry))
    assert problems
    assert all(problem.startswith(f"{entry.name}: does not wait for platform-{stack}-") for problem in problems)


def test_a_namespace_that_nothing_runs_pods_of_is_reported() -> None:
    plan = plan_of("fargate")
    profiles = {entry.urn for entry in plan.find(type="aws:eks/fargateProfile:FargateProfile")}
    without = replace(plan, registrations=tuple(entry for entry in plan if entry.urn not in profiles))
    assert "platform-fargate-traefik-release: nothing runs pods of traefik in the namespace traefik" in (
        pods_without_compute(without)
    )
