"""AWS's public prices, from a dated table that `make prices` renews (`review/prices.json`).

The keys of the table are AWS's own: the code of the service and the usage type without the prefix of its region, as
they are in the price list: https://docs.aws.amazon.com/awsaccountbilling/latest/aboutv2/using-the-aws-price-list-bulk-api.html.
For each price there is also a page for people: `PAGES`. All prices are in US dollars, on demand, before taxes and
discounts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from facts.instance_sizes import multiple_of_large

TABLE: Final = Path(__file__).resolve().parent / "prices.json"

HOURS: Final = 730
"""Hours of a month, as AWS's calculator and Infracost have it.

https://docs.aws.amazon.com/pricing-calculator/latest/userguide/what-is-pricing-calculator.html,
https://www.infracost.io/docs/features/usage_based_resources/"""

PAGES: Final[Mapping[str, str]] = {
    "AmazonCloudWatch": "https://aws.amazon.com/cloudwatch/pricing/",
    "AmazonEC2": "https://aws.amazon.com/ec2/pricing/on-demand/",
    "AmazonEKS": "https://aws.amazon.com/eks/pricing/",
    "AmazonVPC": "https://aws.amazon.com/vpc/pricing/",
    "AWSELB": "https://aws.amazon.com/elasticloadbalancing/pricing/",
    "awskms": "https://aws.amazon.com/kms/pricing/",
}
"""The page with the prices of each service, by its code in the price list."""

SPOT_DISCOUNT: Final = 0.9
"""How much less than on demand a spot instance costs at most: https://aws.amazon.com/ec2/spot/pricing/."""


class UnpricedError(LookupError):
    """The table has no such price; the message says what is missing."""


@dataclass(frozen=True)
class Prices:
    """The prices of one region.

    published: the day of AWS's price list. copied: whether a person copied the prices from public sources that repeat
    that list, so that they were not compared with it; `make prices` replaces them. services: by the code of the service
    and the usage type. instances: an hour of the size `large` by family, where the other sizes are in proportion to it;
    else by type.
    """

    region: str
    published: str
    services: Mapping[str, Mapping[str, float]]
    instances: Mapping[str, float]
    copied: bool = False

    def of(self, service: str, usage: str) -> float:
        """Return the price of a usage type of a service; raises UnpricedError where the table has none."""
        price = self.services.get(service, {}).get(usage)
        if price is None:
            raise UnpricedError(f"no price of {service} {usage} in {self.region}")
        return price

    def instance(self, type_: str) -> float:
        """Return the price of an instance type with Linux for an hour; raises UnpricedError where there is none."""
        family, _, size = type_.partition(".")
        own = self.instances.get(type_)
        if own is not None:
            return own
        times = multiple_of_large(size)
        if family not in self.instances or times is None:
            raise UnpricedError(f"no price of the instance type {type_} in {self.region}")
        return self.instances[family] * times

    def families(self) -> list[str]:
        """Return the families with a price in proportion to the size."""
        return sorted(name for name in self.instances if "." not in name)


@cache
def table() -> dict[str, Prices]:
    """Return the prices by region."""
    return {region: parse(region, entry) for region, entry in json.loads(TABLE.read_text("utf-8")).items()}


def parse(region: str, entry: Mapping[str, Any]) -> Prices:
    """Return the prices of a region from its entry in the table."""
    copied = bool(entry.get("copied"))
    return Prices(region, entry["published"], entry["prices"], entry["instances"], copied)
