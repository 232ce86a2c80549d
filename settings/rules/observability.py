"""Rules about logs, metrics and alarms."""

from collections.abc import Collection, Iterator
from typing import Final

from facts.partitions import partition_of
from settings.observability import Observability
from settings.platform import Platform
from settings.problems import Problem, encrypting
from settings.rules.registry import repeated, rule
from versions import GRAFANA_VERSIONS


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


GRAFANA_REGIONS: Final = frozenset(
    {
        "ap-northeast-1",
        "ap-northeast-2",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-central-1",
        "eu-west-1",
        "eu-west-2",
        "us-east-1",
        "us-east-2",
        "us-west-2",
    }
)
"""https://docs.aws.amazon.com/general/latest/gr/grafana-service.html."""


@rule
def _grafana(observability: Observability | None, platform: Platform) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/grafana/latest/userguide/AMG-manage-users-and-groups-AMG.html."""
    if not observability:
        return
    if observability.grafana:
        path, given = "observability.grafana", observability.grafana
        if platform.region not in GRAFANA_REGIONS:
            yield Problem(path, "set", f"expected none: Amazon Managed Grafana is not in {platform.region}")
        if given.version not in GRAFANA_VERSIONS:
            yield Problem(f"{path}.version", given.version, f"expected one of {', '.join(GRAFANA_VERSIONS)}")
        # Each group has one role.
        yield from repeated(path, [*given.admins, *given.editors, *given.viewers])
        yield from repeated(f"{path}.roles", [*given.roles.values()])
        for name, arn in given.roles.items():
            yield from _no_role(f"{path}.roles.{name}", arn)
    if observability.metrics_reader:
        yield from _no_role("observability.metricsReader", observability.metrics_reader)


def _no_role(path: str, arn: str) -> Iterator[Problem]:
    if ":role/" not in arn:
        yield Problem(path, arn, "expected the ARN of an IAM role")
