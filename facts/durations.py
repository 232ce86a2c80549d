"""Durations as Kubernetes writes them."""

import re
from typing import Final

_SECONDS: Final = {"h": 3600, "m": 60, "s": 1}


def seconds(duration: str) -> int:
    """Return the seconds of a duration such as 1h30m."""
    return sum(int(number) * _SECONDS[unit] for number, unit in re.findall("([0-9]+)([hms])", duration))
