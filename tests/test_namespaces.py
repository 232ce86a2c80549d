"""Namespaces of the platform's own pods: on Fargate alone each needs a profile, which its release waits for."""

from functools import cache
from typing import Final

import pytest
from pydantic.alias_generators import to_camel

from facts import namespaces
from facts.capabilities import CAPABILITIES
from harness.plan import Plan
from settings import Stack
from settings.namespaces import ALWAYS, OPTIONAL, platform_namespaces
from tests.plans import any_stack, below, plan_of, run_program

OWN: Final = {to_camel(it.section): it for it in CAPABILITIES if it.has_namespace and not it.needs_nodes}
"""Sections whose pods run on Fargate too, each in a namespace of its own."""
SECTIONS: Final = {section: it.least for section, it in OWN.items()}


def test_a_section_that_is_absent_needs_no_namespace() -> None:
    assert platform_namespaces(dict.fromkeys(OPTIONAL)) == ALWAYS
    for section, namespace in OPTIONAL.items():
        assert Stack.model_fields[section].default is None
        assert platform_namespaces({section: object()}) == (*ALWAYS, namespace)


@any_stack
def test_every_release_is_in_a_namespace_that_is_known(stack: str) -> None:
    plan = plan_of(stack)
    added = {entry.urn for entry in below(plan, "ExtraChart")}
    releases = [entry for entry in plan.find(type="kubernetes:helm.sh/v3:Release") if entry.urn not in added]
    used = {str(entry.inputs["namespace"]) for entry in releases}
    assert used <= {*ALWAYS, *OPTIONAL.values()}
    # What is not the system's is made here, restricted.
    made = {entry.inputs["metadata"]["name"] for entry in plan.find(type="kubernetes:core/v1:Namespace")}
    assert used <= {namespaces.SYSTEM, *made}


@cache
def _on_fargate() -> Plan:
    """Return the plan of the stack on Fargate with all the sections, each with a profile of its own."""
    profiles = {section.lower(): {"selectors": [{"namespace": OWN[section].namespace}]} for section in SECTIONS}
    return run_program("fargate", config={**SECTIONS, "fargateProfiles": profiles})


@pytest.mark.parametrize("section", SECTIONS)
def test_on_fargate_a_release_waits_for_the_profile_of_its_namespace(section: str) -> None:
    plan = _on_fargate()
    chart, namespace = OWN[section].chart.name, OWN[section].namespace
    releases = {entry.inputs["name"]: entry for entry in plan.find(type="kubernetes:helm.sh/v3:Release")}
    assert releases[chart].inputs["namespace"] == namespace
    profiles = plan.find(type="aws:eks/fargateProfile:FargateProfile")
    taken = {entry.urn: {selector["namespace"] for selector in entry.inputs["selectors"]} for entry in profiles}
    own = [entry for entry in profiles if namespace in taken[entry.urn]]
    teams = [entry for entry in profiles if "app-*" in taken[entry.urn]]
    assert len(own) == len(teams) == 1
    assert plan.waits_for(releases[chart], own[0])
    # EKS makes one profile at a time: the teams' is the last.
    assert plan.waits_for(teams[0], own[0])
    assert not plan.waits_for(releases[chart], teams[0])


def test_on_fargate_no_webhook_takes_the_kubelets_port() -> None:
    for entry in _on_fargate().find(type="kubernetes:helm.sh/v3:Release"):
        webhook = entry.inputs["values"].get("webhook")
        if webhook:
            assert webhook.get("port", webhook.get("securePort")) not in (None, 10250)
