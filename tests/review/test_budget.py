"""A stack that costs more than its budget is reported by `make cost` and `make review`, and nobody else is."""

from review import money
from review.budget import violation
from review.command import of_plan
from review.plans import Recorded, Resource
from review.review import Review
from tests.plans import run_program
from tests.review.test_cost import TODAY, cost_of

STACK = "dev"


def _with(budget: object) -> list[str]:
    plan = of_plan(run_program(STACK, config={"platform": {"monthlyBudget": budget}}))
    return [str(it["problem"]) for it in plan.violations if it["policy"] == "budget"]


def test_what_the_plan_fixes_is_compared_with_the_budget_first() -> None:
    found = cost_of(run_program(STACK))
    assert 1 < found.fixed < found.high
    assert _with(1) == [f"the plan fixes ${found.fixed:,.2f} a month, more than the budget of $1.00"]
    (problem,) = _with(int(found.fixed) + 1)
    assert problem == (
        f"at the limits of what varies, a month costs ${found.high:,.2f}, "
        f"more than the budget of ${int(found.fixed) + 1:,.2f}"
    )
    assert _with(int(found.high) + 1) == []
    assert _with(None) == []


def test_it_is_a_line_of_the_cost_and_a_new_violation_of_the_review() -> None:
    before = of_plan(run_program(STACK))
    after = of_plan(run_program(STACK, config={"platform": {"monthlyBudget": 1}}))
    assert [line for line in money.text(cost_of(before)) if line.startswith("Budget")] == []
    (line,) = (line for line in money.text(cost_of(after)) if line.startswith("Budget"))
    assert "more than the budget of $1.00" in line
    (new,) = Review(STACK, before, after, TODAY).new_violations
    assert (new["policy"], new["level"]) == ("budget", "advisory")
    assert new["urn"] in after.by_urn


def test_a_region_without_prices_breaks_no_budget() -> None:
    nowhere = Recorded("test", (Resource("urn:it", "aws:eks/cluster:Cluster", "it", None, True, {}),))
    assert violation(cost_of(nowhere), 1) is None
