"""Every rule: what keeps to it, what breaks it, and what nobody knows yet."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from facts.environments import Environment
from policy.model import UNKNOWN, Resource
from policy.rule import Level, Rule, violations
from policy.rules import RULES
from tests.policy.cases import CASES, Case, resource

BY_NAME = {rule.name: rule for rule in RULES}


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_rule_says_what_is_wrong_and_nothing_else(case: Case) -> None:
    found = [problem for _, problem in BY_NAME[case.rule].problems(case.resources)]
    assert found == list(case.problems)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_tried_both_ways_and_the_resources_are_its_own(rule: Rule) -> None:
    cases = [case for case in CASES if case.rule == rule.name]
    assert {bool(case.problems) for case in cases} == {True, False}
    for case in cases:
        assert all(rule.looks_at(entry.type) for entry in case.resources), case.name
    tried = {entry.type for case in cases for entry in case.resources}
    if not any(type_.endswith(":") for type_ in rule.types):
        assert tried <= set(rule.types)


def test_no_case_is_for_a_rule_that_is_gone() -> None:
    assert {case.rule for case in CASES} == set(BY_NAME)
    assert [name for name, count in Counter(map(str, CASES)).items() if count > 1] == []


# --- What is not known --------------------------------------------------------------------------------------------


def _blanked(value: Any) -> Iterator[Any]:
    """Yield a value with each of its parts in turn not known, itself last."""
    if isinstance(value, dict):
        for key in value:
            yield from ({**value, key: part} for part in _blanked(value[key]))
    if isinstance(value, list):
        for index in range(len(value)):
            yield from ([*value[:index], part, *value[index + 1 :]] for part in _blanked(value[index]))
    yield UNKNOWN


def _less_known(entry: Resource) -> Iterator[Resource]:
    for properties in _blanked(dict(entry.properties)):
        if properties is not UNKNOWN:
            yield replace(entry, properties=properties)
    for provider in _blanked(dict(entry.provider or {})):
        if provider is not UNKNOWN:
            yield replace(entry, provider=provider)


@pytest.mark.parametrize("case", [case for case in CASES if not case.problems], ids=str)
def test_what_is_not_known_breaks_no_rule(case: Case) -> None:
    rule = BY_NAME[case.rule]
    for index, entry in enumerate(case.resources):
        for less in _less_known(entry):
            resources = [*case.resources[:index], less, *case.resources[index + 1 :]]
            assert list(rule.problems(resources)) == [], less.properties


@pytest.mark.parametrize("case", [case for case in CASES if case.problems], ids=str)
def test_what_is_not_known_hides_a_problem_and_makes_none(case: Case) -> None:
    rule = BY_NAME[case.rule]
    for index, entry in enumerate(case.resources):
        for less in _less_known(entry):
            resources = [*case.resources[:index], less, *case.resources[index + 1 :]]
            found = {problem.replace("[unknown]", "") for _, problem in rule.problems(resources)}
            assert len(found) <= len(case.problems), (found, less.properties)


def _keys() -> list[str]:
    """Return every key that a case has anywhere, so that what is made up is not only ignored."""
    found: set[str] = set()

    def collect(value: Any) -> None:
        if isinstance(value, dict):
            found.update(value)
            for item in value.values():
                collect(item)
        elif isinstance(value, list):
            for item in value:
                collect(item)

    for case in CASES:
        for entry in case.resources:
            collect(dict(entry.properties))
    return sorted(found)


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-1, 500), st.just(UNKNOWN), st.text(max_size=8),
    st.sampled_from(["*", "[", '{"Statement": [1]}', '{"Statement": {"Effect": "Allow", "Action": {}}}', "[{}]", "0%"]),
)  # fmt: skip
_VALUES = st.recursive(
    _SCALARS,
    lambda below: st.one_of(st.lists(below, max_size=3), st.dictionaries(st.sampled_from(_keys()), below, max_size=4)),
    max_leaves=12,
)
_PROPERTIES = st.dictionaries(st.sampled_from(_keys()), _VALUES, max_size=5)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
@settings(max_examples=25)
@given(data=st.data())
def test_no_rule_stumbles_over_a_shape_that_it_did_not_expect(rule: Rule, data: st.DataObject) -> None:
    types = [f"{type_}ec2/vpc:Vpc" if type_.endswith(":") else type_ for type_ in rule.types]
    given_ = [
        resource(data.draw(st.sampled_from(types)), data.draw(_PROPERTIES), provider=data.draw(st.none() | _PROPERTIES))
        for _ in range(2)
    ]
    for _, problem in rule.problems(given_):
        assert isinstance(problem, str)


# --- Levels and messages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_mandatory_in_production_and_tells_why_and_what_to_do(rule: Rule) -> None:
    assert rule.level_in(Environment.PRODUCTION) is Level.MANDATORY
    assert rule.level_in(Environment.DEVELOPMENT) is rule.development
    assert rule.name == rule.name.lower().replace("_", "-").replace(" ", "-")
    assert rule.reason.endswith(".")
    assert not rule.fix.endswith(".")
    assert rule.source.startswith("https://")
    assert rule.message("it is wrong") == f"it is wrong. {rule.fix}."


def test_what_is_wrong_in_itself_is_mandatory_in_development_too() -> None:
    assert {rule.name for rule in RULES if rule.development is Level.MANDATORY} >= {
        "cluster-public-endpoint", "cluster-secrets-encryption", "cluster-support-policy", "irsa-trust",
        "iam-action-wildcard", "iam-resource-wildcard", "node-imdsv2", "node-disk-encryption",
        "kubernetes-provider-cluster-identifier", "security-group-open", "queue-encryption", "pod-privileged",
        "helm-release-version", "image-tag", "node-image-version", "load-balancer-tls-policy", "disruption-budget",
    }  # fmt: skip


def test_the_level_of_a_violation_is_that_of_the_environment_and_mandatory_ones_are_first() -> None:
    cluster = resource("aws:eks/cluster:Cluster", {"vpcConfig": {"endpointPublicAccess": False}})
    production, development = (
        {found.rule.name: found.level for found in violations([cluster], RULES, environment)}
        for environment in (Environment.PRODUCTION, Environment.DEVELOPMENT)
    )
    assert set(production.values()) == {Level.MANDATORY}
    assert development["cluster-logs"] is Level.ADVISORY
    assert development["cluster-secrets-encryption"] is Level.MANDATORY
    assert "cluster-deletion-protection" in production.keys() - development.keys()
    assert list(development.values()) == sorted(development.values(), key=list(Level).index)
    assert {found.rule.name: found.level for found in violations([cluster], RULES)} == production
