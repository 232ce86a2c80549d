"""Quantities of Kubernetes as numbers, to compare what a stack file says with itself."""

from decimal import Decimal
from typing import Final

SUFFIXES: Final = {
    "": Decimal(1),
    "m": Decimal("0.001"),
    **{prefix: Decimal(1000) ** power for power, prefix in enumerate(("k", "M", "G", "T"), 1)},
    **{f"{prefix}i": Decimal(1024) ** power for power, prefix in enumerate(("K", "M", "G", "T"), 1)},
}
"""https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/"""


def number(quantity: str) -> Decimal:
    """Return a quantity such as 500m, 1.5 or 2Gi as a number: of CPUs, or of bytes.

    Raises KeyError for a suffix that no setting takes, decimal.InvalidOperation where there is no number.
    """
    digits = quantity.rstrip("mkKMGTi")
    return Decimal(digits) * SUFFIXES[quantity[len(digits) :]]
