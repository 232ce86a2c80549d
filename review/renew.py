"""Renews the table of prices from AWS's public price list, without an account: `python -m review.renew`.

It reads the list of each service and region as CSV, line by line: that of EC2 has some hundred megabytes.
https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-price-list-query-api.html (bulk API)
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.error import URLError
from urllib.request import urlopen

from facts.instance_sizes import multiple_of_large
from harness.yaml_files import read_yaml_file
from rehearsal.program import ROOT
from review.prices import TABLE

ADDRESS: Final = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/{service}/current/{region}/index.csv"

USAGES: Final[Mapping[str, frozenset[str]]] = {
    "AmazonCloudWatch": frozenset({"CW:AlarmMonitorUsage", "DataProcessing-Bytes", "TimedStorage-ByteHrs"}),
    "AmazonEC2": frozenset(
        {
            "EBS:VolumeP-IOPS.gp3",
            "EBS:VolumeP-Throughput.gp3",
            "EBS:VolumeUsage.gp2",
            "EBS:VolumeUsage.gp3",
            "NatGateway-Hours",
        }
    ),
    "AmazonEKS": frozenset({"AmazonEKS-Hours:extendedSupport", "AmazonEKS-Hours:perCluster"}),
    "AmazonVPC": frozenset({"PublicIPv4:InUseAddress", "VpcEndpoint-Hours"}),
    "AWSELB": frozenset({"LoadBalancerUsage"}),
    "awskms": frozenset({"KMS-Keys"}),
}
"""The usage types that are wanted of each service, without the prefix of their region."""

OPERATIONS: Final[Mapping[str, str]] = {"LoadBalancerUsage": "LoadBalancing:Application", "BoxUsage": "RunInstances"}
"""The operation where a usage type has several: an Application Load Balancer, and Linux.

https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html"""

LINEAR: Final = 0.001
"""How far a size may be from proportion to `large`, as a share, for its family to be one entry."""

Open = Callable[[str], AbstractContextManager[Iterable[str]]]
"""How the lines at an address are had."""


class UnreadableError(ValueError):
    """The list cannot be reached, is not in the form that is known, or lacks something; the message says what."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the table; return the exit code: 1, with the table as it was, where a list cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m review.renew", description="Renews the table of prices.")
    parser.add_argument("regions", nargs="*", help="regions (default: those of the stack files and of the table)")
    options = parser.parse_args(arguments)
    before = json.loads(TABLE.read_text("utf-8"))
    regions = options.regions or sorted({*regions_of(ROOT), *before})
    try:
        entries = {region: entry_of(region, fetched) for region in regions}
    except (OSError, UnreadableError) as error:
        print(f"{error}: the table of prices stays as it is", file=sys.stderr)
        return 1
    TABLE.write_text(written({**before, **entries}), encoding="utf-8")
    print(f"{TABLE.relative_to(ROOT)}: prices of {', '.join(regions)}")
    return 0


def regions_of(root: Path) -> set[str]:
    """Return the regions of all stack files: those at the top, and the examples."""
    paths = [*root.glob("Pulumi.*.yaml"), *root.glob("examples/*/Pulumi.*.yaml")]
    configurations = [read_yaml_file(path).get("config") or {} for path in paths]
    platforms = [value for it in configurations for key, value in it.items() if key.rpartition(":")[2] == "platform"]
    return {str(it["region"]) for it in platforms if isinstance(it, Mapping) and it.get("region")}


@contextmanager
def fetched(address: str) -> Iterator[Iterable[str]]:
    """Open an address of AWS and give its lines; raises UnreadableError where it cannot be reached."""
    try:
        answer = urlopen(address, timeout=60)  # noqa: S310  # the scheme is that of ADDRESS
    except URLError as error:
        raise UnreadableError(f"{address} cannot be reached: {error.reason}") from error
    with answer as response:
        yield io.TextIOWrapper(response, encoding="utf-8", newline="")


def entry_of(region: str, opened: Open) -> dict[str, Any]:
    """Return the entry of a region in the table; raises UnreadableError where a wanted price is missing."""
    prices: dict[str, dict[str, float]] = {}
    instances: dict[str, float] = {}
    published = ""
    for service, wanted in USAGES.items():
        with opened(ADDRESS.format(service=service, region=region)) as lines:
            day, found = offers(lines, wanted)
        published = max(published, day)
        missing = sorted(wanted - found.keys())
        if missing:
            raise UnreadableError(f"the price list of {service} in {region} has no {', '.join(missing)}")
        prices[service] = {usage: found[usage] for usage in sorted(wanted)}
        instances.update((usage.partition(":")[2], price) for usage, price in found.items() if usage not in wanted)
    return {"published": published, "prices": prices, "instances": compact(instances)}


def offers(lines: Iterable[str], wanted: frozenset[str]) -> tuple[str, dict[str, float]]:
    """Return the day of a list, and the prices on demand of the wanted usage types and of instances with Linux.

    The list has lines about itself, then a heading, then a line for each price. A price in tiers has several lines:
    the first tier that is not free counts.
    """
    rows = csv.reader(iter(lines))
    day, heading = "", list[str]()
    for row in rows:
        if row[:1] == ["Publication Date"]:
            day = row[1][:10]
        if row[:1] == ["SKU"]:
            heading = row
            break
    if not day or not {"TermType", "PricePerUnit", "usageType", "operation", "StartingRange"} <= {*heading}:
        raise UnreadableError("not a price list of AWS: no publication date, or other columns than those known")
    found: dict[str, tuple[float, float]] = {}
    for row in rows:
        entry = dict(zip(heading, row, strict=False))
        usage = _usage(entry, wanted)
        if usage is None or entry["TermType"] != "OnDemand" or not float(entry["PricePerUnit"]):
            continue
        start = float(entry["StartingRange"] or 0)
        if usage not in found or start < found[usage][0]:
            found[usage] = (start, float(entry["PricePerUnit"]))
    return day, {usage: price for usage, (_, price) in found.items()}


def _usage(entry: Mapping[str, str], wanted: frozenset[str]) -> str | None:
    """Return the usage type without its region's prefix, if it is wanted."""
    usage = next(
        (it for it in wanted if entry["usageType"] == it or entry["usageType"].endswith(f"-{it}")),
        None,
    )
    if usage is None and "AmazonEC2" in entry.get("serviceCode", "AmazonEC2"):
        _, mark, type_ = entry["usageType"].partition("BoxUsage:")
        usage = f"BoxUsage:{type_}" if mark else None
    if usage is None:
        return None
    operation = OPERATIONS.get(usage.partition(":")[0])
    return usage if operation in (None, entry["operation"]) else None


def compact(instances: Mapping[str, float]) -> dict[str, float]:
    """Return a price for each family whose sizes are in proportion, and one for each other type."""
    families: dict[str, dict[str, float]] = defaultdict(dict)
    for type_, price in instances.items():
        family, _, size = type_.partition(".")
        families[family][size] = price
    result: dict[str, float] = {}
    for family, sizes in sorted(families.items()):
        large = sizes.get("large")
        rest = {f"{family}.{size}": price for size, price in sorted(sizes.items())}
        if large is not None:
            result[family] = large
            rest = {type_: price for type_, price in rest.items() if not _in_proportion(type_, price, large)}
        result.update(rest)
    return result


def _in_proportion(type_: str, price: float, large: float) -> bool:
    times = multiple_of_large(type_.partition(".")[2])
    return times is not None and abs(price - large * times) <= LINEAR * price


def written(entries: Mapping[str, Any]) -> str:
    """Return the text of the table."""
    return json.dumps(dict(sorted(entries.items())), indent=2) + "\n"


if __name__ == "__main__":
    raise SystemExit(main())
