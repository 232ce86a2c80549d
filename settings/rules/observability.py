"""Rules about logs, metrics and alarms."""

from collections.abc import Collection, Iterator

from settings.observability import Observability
from settings.problems import Problem, encrypting
from settings.rules.registry import rule


@rule
def _alarms(observability: Observability | None, secret: Collection[str]) -> Iterator[Problem]:
    if not observability or not observability.alarms:
        return
    path, alarms = "observability.alarms", observability.alarms
    if not alarms.emails and not alarms.webhooks:
        yield Problem(path, "no recipient", "expected emails or webhooks")
    if alarms.webhooks and "observability" not in secret:
        command = encrypting(f"{path}.webhooks.<name>")
        yield Problem(f"{path}.webhooks", "in the clear", f"expected encrypted values: {command}")
