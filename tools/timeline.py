"""The picture of README that shows where the time of `up` goes: the Gantt of `make timeline`, from a plan alone.

`make timeline` takes the order from the state that Pulumi's engine has written; a test compares the two.
"""

from __future__ import annotations

from harness.engine.rules import Rules
from harness.engine.schedule import planned, schedule, tasks_of
from harness.engine.timeline import gantt
from harness.plan import Plan
from rehearsal.cloud import MODEL


def draw(plan: Plan) -> str:
    """Return the Gantt picture of the `up` of a plan none of whose resources wait in a queue, such as `dev`'s."""
    return gantt(schedule(tasks_of(planned(plan), MODEL, Rules())), plan.stack)
