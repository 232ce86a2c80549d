"""How a cloud answers a program: the one description that the recorder and the provider doubles both take."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from harness import sdk
from harness.component import Expand
from harness.kind import Answer, Kind, Place, Properties

EXAMPLE_ACCOUNT: Final = "111122223333"
"""The account that answers where nothing names one: https://docs.aws.amazon.com/general/latest/gr/docconventions.html."""

Problems = dict[str, str]
"""What is wrong with inputs: from property path to reason."""


def _nothing_wrong(type_: str, inputs: Mapping[str, Any]) -> Problems:
    return {}


def _has_a_class(type_: str, inputs: Mapping[str, Any]) -> list[str] | None:
    return None


def _same_place(provider: str, inputs: Properties, place: Place) -> Place:
    return place


def _no_region(config: Mapping[str, str]) -> str:
    return ""


@dataclass(frozen=True)
class Model:
    """What a project says of its cloud.

    kind_of: the `Kind` of a resource type. answer_of: how an invoke is answered, by its token. expand_of: what the
    provider of a remote component registers below it. These three raise UnmodelledError for what the model lacks.
    limits: what the cloud refuses of inputs by their size and form, their defaults filled in.
    missing_fields: which required fields the inputs of a type lack that no SDK has a class for; None for other types.
    place_of: the account, region and tags of a provider, from its type, its inputs, and the place where it says
    nothing.
    region_of: the region in a stack's configuration, or the default. account: the one that answers where no provider
    names one.
    """

    kind_of: Callable[[str], Kind]
    answer_of: Callable[[str], Answer]
    expand_of: Callable[[str], Expand]
    limits: Callable[[str, Mapping[str, Any]], Problems] = _nothing_wrong
    missing_fields: Callable[[str, Mapping[str, Any]], list[str] | None] = _has_a_class
    place_of: Callable[[str, Properties, Place], Place] = _same_place
    region_of: Callable[[Mapping[str, str]], str] = _no_region
    account: str = EXAMPLE_ACCOUNT

    def input_problems(
        self,
        type_: str,
        inputs: Mapping[str, Any],
        check: Callable[[str, Mapping[str, Any]], Problems] = sdk.problems,
    ) -> Problems:
        """Return what is wrong with the names and shapes of a resource's inputs; empty if nothing is.

        check: what asks the SDK (see `sdk.problems`). Raises sdk.UnknownTypeError for a type that no SDK has.
        """
        missing = self.missing_fields(type_, inputs)
        return check(type_, inputs) if missing is None else dict.fromkeys(missing, "is missing")

    def check(self, type_: str, name: str, inputs: Mapping[str, Any]) -> None:
        """Raise sdk.UnknownPropertyError if anything is wrong with the inputs of the resource `name`."""
        found = self.input_problems(type_, inputs)
        if found:
            reasons = "; ".join(f"{path}: {reason}" for path, reason in found.items())
            raise sdk.UnknownPropertyError(f"{type_} {name!r}: {reasons}")
