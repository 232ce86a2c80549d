"""The four stacks keep to the rules; what they would break, changed here and there, is what the rules say."""

import copy
import inspect
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any, Final

import pulumi_aws
import pytest
import yaml

from facts.environments import Environment
from policy import exceptions
from policy.exceptions import PROVIDERS_OF_COMPONENTS, RESOURCE_WILDCARDS, SYSTEM_NAMESPACES, UNTAGGABLE
from policy.model import Resource, items
from policy.patterns import every_resource, like
from policy.rule import Level, violations
from policy.rules import RULES
from policy.rules.iam import IDENTITY_POLICIES, statements
from rehearsal.policies import environment_of, resources_of
from rehearsal.program import ROOT
from tests.plans import STACKS, any_stack, plan_of, run_program
from tests.policy.advice import ADVICE

UNSEEN: Final[dict[str, str]] = dict.fromkeys(
    ("bucket-public-access", "bucket-encryption"),
    "only the bootstrap has buckets, and its program its own test: tests/bootstrap/test_program.py",
)
"""Rules that look at nothing the stacks have, each with the reason why it is there all the same."""


def _found(resources: list[Resource], level: Level, environment: Environment = Environment.PRODUCTION) -> list[str]:
    found = [entry for entry in violations(resources, RULES, environment) if entry.level is level]
    return sorted(f"{entry.rule.name}: {entry.resource.name}" for entry in found)


def _of(stack: str, *, unknown: bool = False) -> list[Resource]:
    return resources_of(plan_of(stack, unknown=unknown))


@any_stack
@pytest.mark.parametrize("unknown", [False, True], ids=["known", "unknown"])
def test_a_stack_keeps_to_the_rules(stack: str, unknown: bool) -> None:
    environment = environment_of(plan_of(stack))
    assert _found(_of(stack, unknown=unknown), Level.MANDATORY, environment) == []


@pytest.mark.parametrize("stack", STACKS)
def test_an_example_is_advised_of_what_is_known(stack: str) -> None:
    environment = environment_of(plan_of(stack))
    assert _found(_of(stack), Level.ADVISORY, environment) == ADVICE.get(stack, [])


@pytest.mark.parametrize("stack", STACKS)
def test_a_first_preview_of_a_stack_says_no_more(stack: str) -> None:
    environment = environment_of(plan_of(stack))
    assert set(_found(_of(stack, unknown=True), Level.ADVISORY, environment)) <= set(ADVICE.get(stack, []))


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_looks_at_something_that_the_stacks_have(rule: Any) -> None:
    seen = any(rule.looks_at(entry.type) for stack in STACKS for entry in _of(stack))
    assert seen is (rule.name not in UNSEEN)


# --- Other stacks -------------------------------------------------------------------------------------------------


def test_production_asks_more_than_development() -> None:
    assert _found(_of("dev"), Level.MANDATORY) == [
        "cluster-deletion-protection: platform-dev-eks-eksCluster",
        "load-balancer-deletion-protection: platform-dev-ingress",
        "load-balancer-redirect: platform-dev-ingress",
        "nat-per-zone: platform-dev-nat-ap-northeast-1a",
        "resource-protection: platform-dev-eks-eksCluster",
        "resource-protection: platform-dev-secrets",
        "resource-protection: platform-dev-vpc",
        "vpc-flow-logs: platform-dev-vpc",
    ]


@cache
def _hybrid_nodes() -> list[Resource]:
    """Return the resources of `dev` with nodes outside of AWS."""
    hybrid = {"cluster": {"hybridNodes": {"nodeNetworks": ["10.80.0.0/16"]}}}
    return resources_of(run_program("dev", config=hybrid))


@cache
def _dashboards() -> list[Resource]:
    """Return the resources of `dev` with a Grafana, and a role for that of another account."""
    role = "arn:aws:iam::444455556666:role/grafana"
    grafana = {"admins": ["64c8a4d8-1011-70b7-2f6b-52e1a2c3d4e5"]}
    return resources_of(run_program("dev", config={"observability": {"grafana": grafana, "metricsReader": role}}))


@cache
def _ipv6_with_nodes() -> list[Resource]:
    """Return the resources of what none of the stacks is: nodes of our own with IPv6 addresses."""
    return resources_of(run_program("dev", config={"network": {"ipFamily": "ipv6"}}))


def test_nodes_with_ipv6_keep_to_the_rules() -> None:
    assert any(entry.kind == "NodeGroup" for entry in _ipv6_with_nodes())
    assert _found(_ipv6_with_nodes(), Level.MANDATORY, Environment.DEVELOPMENT) == []


CHANGED: Final[dict[str, tuple[dict[str, Any], set[str]]]] = {
    "one NAT gateway": ({"network": {"nat": "single"}}, {"nat-per-zone"}),
    "no flow logs": ({"network": {"flowLogs": None}}, {"vpc-flow-logs"}),
    "no audit log": ({"cluster": {"logs": ["api"]}}, {"cluster-logs"}),
    "cluster may go": ({"cluster": {"deletionProtection": False}}, {"cluster-deletion-protection"}),
    "everything may go": ({"platform": {"protect": False}}, {"resource-protection"}),
    "load balancer may go": ({"ingress": {"deletionProtection": False}}, {"load-balancer-deletion-protection"}),
    "any account": ({"platform": {"account": None}}, {"aws-provider-account"}),
    "extended support on purpose": ({"cluster": {"support": "extended"}}, set()),
}


@pytest.mark.parametrize("name", CHANGED)
def test_a_setting_that_is_wrong_in_production_is_found(name: str) -> None:
    config, expected = CHANGED[name]
    found = violations(resources_of(run_program("prod", config=config)), RULES)
    assert {entry.rule.name for entry in found} == expected
    assert {entry.level for entry in found} <= {Level.MANDATORY}


def _put(properties: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    changed: Any = copy.deepcopy(dict(properties))
    *way, last = [int(step) if step.isdigit() else step for step in path.split("/")]
    target = changed
    for step in way:
        target = target[step]
    if value is None:
        del target[last]
    else:
        target[last] = value
    return dict(changed)


NODE_CLASS: Final = "kubernetes:karpenter.k8s.aws/v1:EC2NodeClass"

BROKEN: Final = [
    ("aws:eks/cluster:Cluster", "vpcConfig/endpointPublicAccess", True, "cluster-public-endpoint"),
    ("aws:eks/cluster:Cluster", "encryptionConfig", None, "cluster-secrets-encryption"),
    ("aws:eks/cluster:Cluster", "upgradePolicy", None, "cluster-support-policy"),
    ("aws:eks/cluster:Cluster", "accessConfig", None, "cluster-access-entries"),
    ("aws:eks/cluster:Cluster", "version", None, "eks-version"),
    ("aws:ec2/launchTemplate:LaunchTemplate", "metadataOptions/httpTokens", "optional", "node-imdsv2"),
    ("aws:ec2/launchTemplate:LaunchTemplate", "blockDeviceMappings/1/ebs/encrypted", "false", "node-disk-encryption"),
    ("aws:ec2/launchTemplate:LaunchTemplate", "tagSpecifications/0", None, "node-tags"),
    ("aws:eks/nodeGroup:NodeGroup", "releaseVersion", None, "node-image-version"),
    ("aws:sqs/queue:Queue", "sqsManagedSseEnabled", False, "queue-encryption"),
    ("aws:kms/key:Key", "enableKeyRotation", False, "key-rotation"),
    ("aws:lb/loadBalancer:LoadBalancer", "dropInvalidHeaderFields", False, "load-balancer-invalid-headers"),
    (NODE_CLASS, "spec/metadataOptions/httpTokens", "optional", "node-imdsv2"),
    (NODE_CLASS, "spec/amiSelectorTerms/0/alias", "al2023@latest", "node-image-version"),
    ("kubernetes:storage.k8s.io/v1:StorageClass", "parameters/encrypted", "false", "volume-encryption"),
    ("kubernetes:core/v1:Namespace", "metadata/labels", None, "namespace-pod-security"),
    ("pulumi:providers:aws", "defaultTags", None, "tags"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "path", "value", "rule"), BROKEN, ids=str)
def test_one_wrong_property_of_production_is_found_by_one_rule(type_: str, path: str, value: Any, rule: str) -> None:
    before = _of("prod")
    target = next(entry for entry in before if entry.type == type_)
    broken = replace(target, properties=_put(target.properties, path, value))
    after = [broken if entry is target else entry for entry in before]
    if type_ == "pulumi:providers:aws":
        after = [replace(entry, provider=broken.properties) if entry.provider else entry for entry in after]
    assert {entry.rule.name for entry in violations(after, RULES)} == {rule}


def test_the_release_of_every_stack_is_seen_without_its_version() -> None:
    for stack in STACKS:
        releases = [entry for entry in _of(stack) if entry.kind == "Release"]
        bare = [replace(entry, properties=_put(entry.properties, "version", None)) for entry in releases]
        assert len(releases) >= 2
        found = violations(bare, RULES, environment_of(plan_of(stack)))
        assert {entry.rule.name for entry in found} == {"helm-release-version"}
        assert len(found) == len(releases)


def _without(key: str, role: Resource) -> Resource:
    trust = json.loads(role.properties["assumeRolePolicy"])
    for statement in trust["Statement"]:
        for keys in statement.get("Condition", {}).values():
            for name in [name for name in keys if name.endswith(key)]:
                del keys[name]
    return replace(role, properties={**role.properties, "assumeRolePolicy": json.dumps(trust)})


@pytest.mark.parametrize("key", [":sub", ":aud"])
def test_every_irsa_role_is_seen_without_its_subject_or_its_audience(key: str) -> None:
    roles = [entry for entry in _of("prod") if entry.kind == "Role" and "eks-platform:index:Irsa" in entry.parents]
    found = violations([_without(key, role) for role in roles], RULES)
    named = [entry.resource.name for entry in found if entry.rule.name == "irsa-trust"]
    assert sorted(named) == sorted(role.name for role in roles)
    assert len(roles) == 11


# --- What stands outside of the program ---------------------------------------------------------------------------


def _objects() -> Iterator[Resource]:
    for path in sorted((ROOT / "manifests").rglob("*.yaml")):
        if path.name == "kustomization.yaml":  # no object
            continue
        for document in yaml.safe_load_all(path.read_text()):
            if document:
                version = document["apiVersion"] if "/" in document["apiVersion"] else f"core/{document['apiVersion']}"
                type_ = f"kubernetes:{version}:{document['kind']}"
                name = f"{path.name} {document['metadata']['name']}"
                # Samples, which no production runs.
                yield Resource(urn=f"urn:pulumi:dev::m::{type_}::{name}", type=type_, name=name, properties=document)


def test_manifests_keep_to_the_rules() -> None:
    objects = list(_objects())
    assert any(entry.kind == "Deployment" for entry in objects)
    assert _found(objects, Level.MANDATORY, Environment.DEVELOPMENT) == []


# --- Exceptions ---------------------------------------------------------------------------------------------------


def _wild_actions() -> Iterator[tuple[str, Resource]]:
    """Yield each action on every resource that a policy of the stacks allows, or one with IPv6, or with Grafana."""
    everything = [entry for stack in STACKS for entry in _of(stack)]
    everything += [*_ipv6_with_nodes(), *_hybrid_nodes(), *_dashboards()]
    for policy in (entry for entry in everything if entry.type in IDENTITY_POLICIES):
        for statement in statements(policy.get("policy")):
            if any(every_resource(resource) for resource in items(statement.get("Resource"))):
                yield from ((action, policy) for action in items(statement["Action"]))


OF_THE_STACK_FILE: Final = (
    exceptions.EXTRA_CHART,
    exceptions.WORKLOAD_ROLE,
    exceptions.ADDED_ADDON,
    exceptions.GITHUB_ROLES,
)
"""Components whose policies a stack file, or the plan of one, writes."""


def test_every_exception_for_iam_is_used_and_has_a_reason() -> None:
    wild = list(_wild_actions())
    for entry in RESOURCE_WILDCARDS:
        assert len(entry.reason.split()) > 3
        if entry.component in OF_THE_STACK_FILE:  # tests of their own have them
            continue
        for pattern in entry.actions:
            assert any(entry.covers(action, policy) and like(pattern, action) for action, policy in wild), pattern


def test_an_exception_for_a_component_is_for_it_alone() -> None:
    # Those of the bootstrap have their test there.
    narrow = [entry for entry in RESOURCE_WILDCARDS if entry.component not in (None, exceptions.GITHUB_ROLES)]
    everything = [*(entry for stack in STACKS for entry in _of(stack)), *_hybrid_nodes(), *_dashboards()]
    assert {entry.component for entry in narrow} <= {parent for entry in everything for parent in entry.parents}
    for entry in narrow:
        assert not entry.covers(
            entry.actions[0], Resource(urn="urn:pulumi:prod::p::aws:iam/policy:Policy::p", type="", name="")
        )


def test_only_roles_of_the_stack_file_and_a_boundary_have_actions_with_a_wildcard() -> None:
    assert tuple(entry.component for entry in exceptions.ACTION_WILDCARDS) == OF_THE_STACK_FILE


def test_providers_of_components_and_system_namespaces_are_there_and_have_reasons() -> None:
    everything = [entry for stack in STACKS for entry in _of(stack)]
    exempt = {
        entry.parents[-1] for entry in everything if entry.type == "pulumi:providers:kubernetes" and entry.parents
    }
    assert PROVIDERS_OF_COMPONENTS.keys() <= exempt
    assert SYSTEM_NAMESPACES.keys() <= {entry.get("namespace") for entry in everything if entry.kind == "Release"}
    assert all(len(reason.split()) > 5 for reason in (*PROVIDERS_OF_COMPONENTS.values(), *SYSTEM_NAMESPACES.values()))


def _has_tags(type_: str) -> bool:
    """Return whether a resource class of the AWS SDK takes tags."""
    _, module, name = type_.split(":")
    class_ = getattr(getattr(pulumi_aws, module.partition("/")[0]), name)
    return "tags" in inspect.signature(class_._internal_init).parameters


def test_untaggable_is_what_the_sdk_gives_no_tags() -> None:
    types = {entry.type for stack in STACKS for entry in _of(stack) if entry.type.startswith("aws:")}
    assert {type_ for type_ in types if not _has_tags(type_)} <= UNTAGGABLE
    assert {type_ for type_ in UNTAGGABLE if _has_tags(type_)} == set()
