"""Rules that relate one setting of a stack to another: how they are declared, and asked.

A rule names the sections it reads and is asked only when all of them are valid by themselves, so that a stack file's
errors of both kinds are reported together. It yields a Problem for each thing it finds.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from inspect import signature
from typing import Any, Final

from settings.problems import Problem

Rule = Callable[..., Iterator[Problem]]
RULES: Final[list[Rule]] = []


def rule(function: Rule) -> Rule:
    """Register a rule. Its parameters are the sections that it reads, by the names of Stack's fields."""
    RULES.append(function)
    return function


def broken_rules(sections: Mapping[str, Any], secret: Collection[str], today: date) -> list[Problem]:
    """Return what is wrong between the valid `sections`.

    secret: the sections that hold an encrypted value. today: the day on which EKS must offer the Kubernetes version.
    A rule reads these two, and all valid `sections` together, by these names.
    """
    known = {**sections, "sections": sections, "secret": secret, "today": today}
    asked = [(ask, list(signature(ask).parameters)) for ask in RULES]
    return [
        problem
        for ask, reads in asked
        if all(name in known for name in reads)
        for problem in ask(**{name: known[name] for name in reads})
    ]


def repeated(path: str, values: Iterable[str]) -> Iterator[Problem]:
    """Yield a problem for each value that occurs more than once in the list at `path`."""
    for value, times in Counter(values).items():
        if times > 1:
            yield Problem(path, value, f"expected once, found {times} times")


def numbers(version: str) -> tuple[int, ...]:
    """Return the numbers of a version such as 1.14.1."""
    return tuple(int(part) for part in version.partition("-")[0].split("."))
