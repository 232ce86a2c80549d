"""What a rule is, how one is declared, and how all of them are run."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NotRequired, TypedDict, Unpack

from facts.environments import Environment
from policy.model import Resource


class Level(StrEnum):
    """What a violation does: stop the deployment, be shown, or nothing."""

    MANDATORY = "mandatory"
    ADVISORY = "advisory"
    OFF = "off"


ResourceCheck = Callable[[Resource], Iterable[str]]
"""Takes a resource and gives what is wrong with it, a message for each thing."""

StackCheck = Callable[[list[Resource]], Iterable[tuple[Resource, str]]]
"""Takes the resources of a stack that a rule looks at and gives those that are wrong, each with what is."""


@dataclass(frozen=True, kw_only=True)
class Rule:
    """One thing that every stack must keep to; a violation is mandatory in production.

    name: for people and for `--policy-pack-config`. reason: why it matters, a sentence. fix: what to do, without a full
    stop. source: the page that taught it. types: tokens of the resources that it looks at; one that ends in ":" is for
    all of a package. development: what a violation does in a development stack. whole_stack: its check needs all of a
    stack's resources at once.
    """

    name: str
    reason: str
    fix: str
    source: str
    types: tuple[str, ...]
    check: StackCheck
    whole_stack: bool
    development: Level = Level.MANDATORY

    def looks_at(self, type_: str) -> bool:
        """Return whether the rule has something to say about resources of a type."""
        return any(type_ == own or (own.endswith(":") and type_.startswith(own)) for own in self.types)

    def level_in(self, environment: Environment) -> Level:
        """Return what a violation does in a stack of an environment."""
        return Level.MANDATORY if environment is Environment.PRODUCTION else self.development

    def problems(self, resources: Iterable[Resource]) -> Iterable[tuple[Resource, str]]:
        """Return each resource that breaks the rule with what is wrong about it."""
        return self.check([resource for resource in resources if self.looks_at(resource.type)])

    def message(self, problem: str) -> str:
        """Return the message of a violation without the reason, which the engine puts before it."""
        return f"{problem}. {self.fix}."


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A rule that a resource breaks. problem: what is wrong with this resource."""

    rule: Rule
    resource: Resource
    problem: str
    level: Level


RULES: Final[list[Rule]] = []
"""All rules; `policy.rules` fills it."""


class Words(TypedDict):
    """What a rule says and how strict it is; see `Rule`."""

    reason: str
    fix: str
    source: str
    development: NotRequired[Level]


def stack_rule(name: str, *types: str, **words: Unpack[Words]) -> Callable[[StackCheck], StackCheck]:
    """Make a function from the resources of a stack to those that are wrong a rule; see `Rule`."""

    def add(check: StackCheck) -> StackCheck:
        RULES.append(Rule(name=name, types=types, check=check, whole_stack=True, **words))
        return check

    return add


def rule(name: str, *types: str, **words: Unpack[Words]) -> Callable[[ResourceCheck], ResourceCheck]:
    """Make a function from one resource to what is wrong with it a rule; see `Rule`."""

    def add(check: ResourceCheck) -> ResourceCheck:
        def each(resources: list[Resource]) -> Iterator[tuple[Resource, str]]:
            for resource in resources:
                yield from ((resource, problem) for problem in check(resource))

        RULES.append(Rule(name=name, types=types, check=each, whole_stack=False, **words))
        return check

    return add


def violations(
    resources: Iterable[Resource], rules: Iterable[Rule], environment: Environment = Environment.PRODUCTION
) -> list[Violation]:
    """Return where the resources of one stack break rules that are not off in its environment: mandatory ones first."""
    given = list(resources)
    found = [
        Violation(rule=entry, resource=resource, problem=problem, level=entry.level_in(environment))
        for entry in rules
        for resource, problem in entry.problems(given)
    ]
    order = list(Level)
    kept = [violation for violation in found if violation.level is not Level.OFF]
    return sorted(kept, key=lambda violation: order.index(violation.level))
