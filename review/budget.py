"""Whether a stack costs more than its budget: an advisory policy, which is not in the pack because it needs prices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from review.cost import Estimate
from review.money import amount
from review.plans import STACK

REASON = "The setting platform.monthlyBudget says how much the stack may cost."
FIX = "Lower what the estimate shows as dearest (`make cost`), or raise platform.monthlyBudget"


def violation(estimate: Estimate, budget: int) -> Mapping[str, Any] | None:
    """Return the violation of a budget as `rehearsal.policies.to_json` gives it; None where the stack keeps to it.

    budget: US dollars a month. What the plan fixes counts, and if that is less than the budget, what varies at its
    limits. What only use decides is in no estimate. A region without prices is compared with nothing.
    """
    if not estimate.published:
        return None
    limit = f"more than the budget of {amount(budget, budget)}"
    if estimate.fixed > budget:
        problem = f"the plan fixes {amount(estimate.fixed, estimate.fixed)} a month, {limit}"
    elif estimate.high > budget:
        problem = f"at the limits of what varies, a month costs {amount(estimate.high, estimate.high)}, {limit}"
    else:
        return None
    urn = next((it.urn for it in estimate.plan if it.type == STACK), "")
    return {"policy": "budget", "level": "advisory", "urn": urn, "problem": problem, "reason": REASON, "fix": FIX}
