"""The review of a change of one stack: what changes, what it means, costs and breaks, and how long it takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pulumi

from harness import HarnessError
from harness.plan import Plan
from review.changes import Change, Operation, changes
from review.cost import Estimate, estimate
from review.duration import Duration, duration
from review.meaning import Meaning, meanings
from review.plans import Recorded
from review.prices import table


@dataclass(frozen=True)
class Review:
    """The review of one stack. before, after: its plans. refused: why the program refuses the change on what runs."""

    stack: str
    before: Recorded
    after: Recorded
    today: date
    refused: str = ""

    @cached_property
    def changes(self) -> list[Change]:
        """What is done to each resource."""
        return changes(self.before, self.after)

    @cached_property
    def meanings(self) -> list[Meaning]:
        """What it means for what runs, the worst first."""
        return meanings(self.changes)

    @cached_property
    def costs(self) -> tuple[Estimate, Estimate]:
        """The cost before and after."""
        return estimate(self.before, table(), self.today), estimate(self.after, table(), self.today)

    @cached_property
    def duration(self) -> Duration:
        """How long `up` takes for this change."""
        return duration(self.before, self.after, self.changes)

    @property
    def new_violations(self) -> list[Mapping[str, Any]]:
        """The policies that are broken after and were not before."""
        known = {_key(it) for it in self.before.violations}
        return [it for it in self.after.violations if _key(it) not in known]

    @property
    def mended(self) -> list[Mapping[str, Any]]:
        """The policies that were broken before and no longer are."""
        left = {_key(it) for it in self.after.violations}
        return [it for it in self.before.violations if _key(it) not in left]

    @property
    def errors(self) -> list[str]:
        """Why `up` would end before it is done: what the program refuses, and what is protected."""
        refused = [self.refused] if self.refused else []
        words = {Operation.DELETE: "deleted", Operation.REPLACE: "replaced"}
        return refused + [
            f"{it.resource.label} would be {words[it.operation]}, and it is protected"
            for it in self.changes
            if it.forbidden
        ]

    @property
    def unprotected(self) -> list[str]:
        """The labels of resources that are protected before and not after."""
        return [
            it.label
            for it in self.after
            if (old := self.before.by_urn.get(it.urn))
            and old.options.get("protect")
            and not it.options.get("protect")
            and it.custom
            and not it.type.startswith("pulumi:")
        ]


def _key(violation: Mapping[str, Any]) -> tuple[Any, ...]:
    return (violation["policy"], violation["urn"], violation["problem"])


Run = Callable[[Plan | None], Recorded]
"""Runs the program of the work tree: with what is deployed, or without."""


def review(stack: str, before: Recorded, run: Run, today: date) -> Review:
    """Return the review of a stack that runs as `before` says.

    Where the program refuses the change on what runs, the review shows what it would do if it did not; where it refuses
    the stack file itself, there is nothing to show but that.
    """
    try:
        return Review(stack, before, run(before.as_deployed()), today)
    except (HarnessError, pulumi.RunError) as error:
        refused = str(error).strip()
    try:
        return Review(stack, before, run(None), today, refused)
    except (HarnessError, pulumi.RunError):
        return Review(stack, before, before, today, refused)
