"""Every name fits AWS's limits: the provider's own ones included, and at the longest that the settings allow."""

import pytest
from pulumi_aws import cloudwatch, lb

from harness import RefusedError
from rehearsal.record import record
from tests.plans import STACKS, run_program
from tests.schemas.longest import KEYS, NO_NAMES, longest, longest_name, named_keys, named_sections


@pytest.mark.parametrize("stack", STACKS)
def test_the_longest_names_fit(stack: str) -> None:
    plan = run_program(stack, config=longest(stack))  # The fake cloud refuses what AWS would.
    assert len(str(plan.exports["clusterName"])) == longest_name("platform.name")


def test_every_name_of_the_users_own_is_stretched_in_some_stack() -> None:
    assert named_keys() == {*KEYS, *NO_NAMES}
    assert [path for path in KEYS if not any(_has(stack, path) for stack in STACKS)] == []


def _has(stack: str, path: str) -> bool:
    found = named_sections(stack)
    for part in path.split("."):
        found = found.get(part) or {}
    return bool(found)


def test_a_name_that_the_provider_makes_too_long_is_refused() -> None:
    name = "platform-staging-karpenter-capacity-reservation-interruption"
    with pytest.raises(RefusedError, match=f"EventRule '{name}': name: '{name}-[0-9a-f]*' has 68 characters"):
        record(lambda: cloudwatch.EventRule(name, event_pattern="{}"))


def test_a_target_id_that_the_provider_makes_too_long_is_refused() -> None:
    name = "platform-staging-karpenter-capacity-reservation-interruption"
    with pytest.raises(RefusedError, match=r"targetId: .* has 68 characters, AWS takes at most 64"):
        record(lambda: cloudwatch.EventTarget(name, rule="short", arn="arn:aws:sqs:ap-northeast-1:111122223333:queue"))


def test_a_load_balancers_name_is_not_cut_but_refused() -> None:
    with pytest.raises(RefusedError, match="has 44 characters, AWS takes at most 32"):
        record(lambda: lb.LoadBalancer("a-very-long-name-for-a-load-balancer", subnets=["subnet-1"]))
