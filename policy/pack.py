"""The rules as a policy pack for Pulumi's engine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)
from pulumi_policy.proxy import UnknownValueError

from facts.environments import Environment
from policy.model import UNKNOWN, Resource
from policy.rule import Level, Rule
from policy.rules import RULES

NAME: Final = "eks-platform"

ADVICE: Final = "-advice"
"""What the name of a policy ends in that only advises."""


def policies(environment: Callable[[], Environment]) -> list[Policy]:
    """Return the rules as the engine's policies.

    environment: which environment the stack is; called when a resource is checked. The level of a policy is fixed when
    the pack starts, before the engine says which stack it checks. So a rule that only advises in development is two
    policies, of which one reports in each environment.
    """
    return [_policy(rule, level, environment) for rule in RULES for level in _levels(rule)]


def _levels(rule: Rule) -> Iterator[Level]:
    yield Level.MANDATORY
    if rule.development is Level.ADVISORY:
        yield Level.ADVISORY


def _policy(rule: Rule, level: Level, environment: Callable[[], Environment]) -> Policy:
    name = rule.name if level is Level.MANDATORY else rule.name + ADVICE
    enforcement = EnforcementLevel(level.value)

    def applies() -> bool:
        return rule.level_in(environment()) is level

    if rule.whole_stack:
        return StackValidationPolicy(name, rule.reason, _of_stacks(rule, applies), enforcement, url=rule.source)
    return ResourceValidationPolicy(name, rule.reason, _of_resources(rule, applies), enforcement, url=rule.source)


def _of_resources(rule: Rule, applies: Callable[[], bool]) -> Callable[[ResourceValidationArgs, ReportViolation], None]:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        # The type first: to copy a CRD's properties for each of the rules takes seconds.
        if applies() and rule.looks_at(args.resource_type):
            _report(rule, [resource(args)], report)

    return validate


def _of_stacks(rule: Rule, applies: Callable[[], bool]) -> Callable[[StackValidationArgs, ReportViolation], None]:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        if applies():
            _report(rule, [resource(entry) for entry in args.resources if rule.looks_at(entry.resource_type)], report)

    return validate


def _report(rule: Rule, resources: list[Resource], report: ReportViolation) -> None:
    for found, problem in rule.problems(resources):
        report(rule.message(problem), found.urn)


def resource(given: ResourceValidationArgs | PolicyResource) -> Resource:
    """Return a resource as the SDK hands it over in the form that rules take."""
    return Resource(
        urn=given.urn,
        type=given.resource_type,
        name=given.name,
        properties=without_proxies(given.props),
        protect=bool(given.opts.protect),
        provider=without_proxies(given.provider.props) if given.provider else None,
    )


def without_proxies(value: Any) -> Any:
    """Return a value of the SDK, which raises on access to what is not known, as a plain one with `UNKNOWN` there."""
    if isinstance(value, Mapping):
        return {str(key): _item(value, key) for key in value}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_item(value, index) for index in range(len(value))]
    # The wire has only floats.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _item(holder: Any, key: Any) -> Any:
    try:
        return without_proxies(holder[key])
    except UnknownValueError:
        return UNKNOWN
