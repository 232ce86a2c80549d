"""Shows what a stack costs in a month: `python -m review.estimate --stack dev`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from review import money
from review.command import parser_of, record, run
from review.cost import estimate
from review.prices import table


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the estimate; return the exit code. Raises HarnessError where there is no such stack."""
    options = parser_of("estimate", "Shows what a stack costs in a month.").parse_args(arguments)
    found = estimate(record(options.stack, options.project), table(), datetime.now(UTC).date())
    if options.format == "json":
        print(json.dumps(money.to_json(found), indent=2))
    else:
        print("\n".join(money.markdown(found) if options.format == "markdown" else money.text(found)))
    return 0


if __name__ == "__main__":
    run(main)
