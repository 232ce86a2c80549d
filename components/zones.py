"""Availability zones that EKS refuses. Their names differ from account to account, their ids do not."""

from collections.abc import Mapping
from typing import Final

import pulumi

REFUSED_ZONES: Final[Mapping[str, str]] = {
    "us-east-1": "use1-az3",
    "us-west-1": "usw1-az2",
    "ca-central-1": "cac1-az3",
}
"""Zones by region in which a control plane cannot have subnets (eksctl #817, #905).

https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets"""


def check_zones(setting: str, zone_ids: Mapping[str, str]) -> None:
    """Raise RunError if EKS refuses one of the zones that a setting names; zone_ids: zone's name to its id."""
    for zone, zone_id in zone_ids.items():
        if zone_id in REFUSED_ZONES.values():
            raise pulumi.RunError(
                f"{setting}: {zone}: expected another zone: in this account it is {zone_id}, which EKS refuses"
            )
