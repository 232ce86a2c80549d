"""The rules by which this project's provider doubles change the fake cloud."""

from __future__ import annotations

from typing import Final

from harness.engine.rules import Rules
from rehearsal.engine import helm, refusals

RULES: Final = Rules(
    refuse=refusals.refuse,
    follow=refusals.follow,
    queue_of=refusals.queue_of,
    overwritten=frozenset(refusals.OVERWRITTEN),
    under_way=helm.under_way,
)
"""What each of the doubles is given."""
