"""Rules about logs, metrics and alarms."""

from collections.abc import Collection, Iterator

from facts.partitions import partition_of
from settings.observability import Observability
from settings.platform import Platform
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


@rule
def _prometheus(observability: Observability | None, platform: Platform) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html."""
    if not observability or not observability.prometheus:
        return
    path, given = "observability.prometheus", observability.prometheus
    partition = partition_of(platform.region)
    if partition != "aws":
        yield Problem(
            path, "set", f"expected none in {partition}: AWS has managed collectors in commercial regions only"
        )
    if given.workspace and given.key:
        yield Problem(f"{path}.key", "set", "expected none together with workspace, which has a key of its own")
    for key in ("workspace", "key"):
        arn = getattr(given, key)
        if arn and arn.split(":")[3] != platform.region:
            yield Problem(f"{path}.{key}", arn, f"expected one in {platform.region}")
