"""Admission: the policies that a stack has, each with its binding, and what they are made from.

What they refuse is tried on the API server: tests/conformance/test_tenants.py.
"""

import re
from typing import Any

import pytest

from components.services.admission import Admission
from facts.admission_policies import RULE, Guard, objects, pattern, policies, reserved
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.cloud import MODEL
from settings import AdmissionMode
from tests.components.recording import assert_shape, recorded


def _plan(guard: Guard | None = None, mode: AdmissionMode = AdmissionMode.DENY, *, unknown: bool = False) -> Plan:
    guard = guard or Guard(exempt=["traefik"])
    return recorded(lambda opts: Admission("guard", guard, mode=mode, opts=opts), unknown=unknown)


def _objects(plan: Plan, kind: str) -> dict[str, dict[str, Any]]:
    found = [reveal(entry.inputs) for entry in plan.find(type=f"kubernetes:admissionregistration.k8s.io/v1:{kind}")]
    return {item["metadata"]["name"]: item for item in found}


def test_shape(unknown: bool) -> None:
    plan = _plan(Guard(hosts=["argocd.example.jp"], stores={"shop": ["app-shop"]}), unknown=unknown)
    assert_shape(plan, Admission, "guard")
    for entry in plan.children(plan.one(name="guard")):
        assert MODEL.input_problems(entry.type, entry.inputs) == {}, entry.name


def test_every_policy_is_bound(unknown: bool) -> None:
    plan = _plan(Guard(hosts=["argocd.example.jp"]), unknown=unknown)
    bindings = _objects(plan, "ValidatingAdmissionPolicyBinding")
    assert bindings.keys() == _objects(plan, "ValidatingAdmissionPolicy").keys()
    for name, binding in bindings.items():
        # Nothing that narrows it: which namespaces are exempt is in the policy, by name.
        assert binding["spec"] == {"policyName": name, "validationActions": ["Deny", "Audit"]}


def test_a_policy_that_cannot_be_asked_refuses() -> None:
    for policy in _objects(_plan(), "ValidatingAdmissionPolicy").values():
        assert policy["spec"]["failurePolicy"] == "Fail"


def test_the_mode_warn_lets_everything_pass() -> None:
    for binding in _objects(_plan(mode=AdmissionMode.WARN), "ValidatingAdmissionPolicyBinding").values():
        assert binding["spec"]["validationActions"] == ["Warn", "Audit"]


def test_every_policy_says_why_and_where_it_is_written() -> None:
    guard = Guard(hosts=["argocd.example.jp"], stores={"shop": ["app-shop"]})
    for policy in policies(guard):
        assert policy.reason.endswith(".")
        assert policy.source.startswith("https://")
        assert all(check.message for check in policy.checks)


def test_a_stack_without_hosts_and_stores_has_no_policies_about_them() -> None:
    names = {policy.name for policy in policies(Guard())}
    assert "platform-route-hosts" not in names
    assert "platform-secret-stores" not in names


@pytest.mark.parametrize("namespace", ["kube-system", "amazon-cloudwatch", "traefik", "ops-backup"])
def test_exempt_namespaces(namespace: str) -> None:
    for item in objects(Guard(exempt=["traefik", "ops-*"]), ["Deny"]):
        for condition in item["spec"].get("matchConditions", ())[:1]:
            (regex,) = re.findall(r'matches\("(.*)"\)', condition["expression"])
            assert re.search(regex.replace("\\\\", "\\"), namespace)
            assert not re.search(regex.replace("\\\\", "\\"), f"app-{namespace}")


def test_what_leads_to_a_host() -> None:
    regex = reserved(["argocd.example.jp"])
    for host in ("argocd.example.jp", "argocd.example.jp.", "*.example.jp", "*.jp", "*"):
        assert re.search(regex, host), host
    for host in ("argocd-example.jp", "a.argocd.example.jp", "*.argocd.example.jp", "example.jp", "shop.example.jp"):
        assert not re.search(regex, host), host


def test_patterns_of_namespaces() -> None:
    assert re.search(pattern(["app-?", "ops-*"]), "app-a")
    assert not re.search(pattern(["app-?", "ops-*"]), "app-ab")
    assert not re.search(pattern([]), "app-a")


def test_the_rules_that_the_reference_of_traefik_has_are_understood() -> None:
    for rule in ("Host(`a.jp`)", "(Host(`a.jp`)||Host(`b.jp`))&&Path(`/`)", "Host(`a.jp`) && !ClientIP(`192.0.2.1`)"):
        assert re.search(RULE, rule), rule


def test_a_set_that_may_have_privileged_pods_is_left_to_pod_security() -> None:
    plan = _plan(Guard(levels={"app-*": "restricted", "ops-*": "privileged"}))
    host = _objects(plan, "ValidatingAdmissionPolicy")["platform-pods-host"]
    assert [it["name"] for it in host["spec"]["matchConditions"]] == ["namespace-of-a-team", "unprivileged-namespace"]
