"""What every controller with a section of its own has in common: role, namespace, mirrors, placement, order."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final, get_args

import pulumi
import pytest

from components.common.on_cluster import OnCluster
from facts.capabilities import CAPABILITIES, Capability
from facts.iam_documents import MANAGED_POLICY_LIMIT, policy_size
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Charts, Stack
from settings.rules.network import ENDPOINTS_WITHOUT_NAT
from tests.components.given import (
    MIRROR,
    NODES,
    PUBLISHERS,
    REGISTRY,
    granted,
    identity,
    on_cluster,
    release_of,
    repositories,
    values_of,
    waiting_for_compute,
)
from tests.components.recording import assert_shape, document, label, recorded, waits_for
from tests.iam_reference import problems
from tests.test_shape import CLASSES as COMPONENTS

CLASSES: Final[Mapping[str, Any]] = {kind.__name__: kind for kind in COMPONENTS}
MORE: Final[Mapping[str, Mapping[str, Any]]] = {"ExternalDns": {"platform_hosts": [], "platform_names": []}}
"""What a component takes in addition to its settings and the cluster."""

SEEN_OTHERWISE: Final = {
    # settings/rules/isolated.py refuses what calls it, settings/rules/external_secrets.py requires its endpoint.
    *("route53", "secretsmanager"),
    # Secrets Manager calls it with the rights of the controller.
    "kms",
}
"""Services in policies that are not among the endpoints of the registry."""
POLICIES: Final = ("aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy")

every_capability = pytest.mark.parametrize("it", CAPABILITIES, ids=[it.section for it in CAPABILITIES])
with_a_role = pytest.mark.parametrize(
    "it", [it for it in CAPABILITIES if it.role is not None], ids=lambda it: str(it.section)
)
each_kind = pytest.mark.parametrize("kind", ["irsa", "pod-identity"])


def _declare(it: Capability, cluster: OnCluster, opts: pulumi.ResourceOptions) -> pulumi.Resource:
    """Declare the component of a capability with the least settings of its section."""
    (section,) = [kind for kind in get_args(Stack.model_fields[it.section].annotation) if kind is not type(None)]
    settings = section.model_validate_json(json.dumps(it.least))
    component: pulumi.Resource = CLASSES[it.component](
        it.suffix, settings, cluster, **MORE.get(it.component, {}), opts=opts
    )
    return component


def _plan(it: Capability, *, unknown: bool = False, **cluster: Any) -> Plan:
    return recorded(lambda opts: _declare(it, on_cluster(**cluster), opts), unknown=unknown)


def _role(it: Capability, plan: Plan) -> Registration:
    return plan.one(type="aws:iam/role:Role", name=f"{it.suffix}{it.role}")


def _account(it: Capability, values: Mapping[str, Any]) -> Mapping[str, Any]:
    found: Mapping[str, Any] = values.get("serviceAccount") or values["rbac"]["serviceAccount"]
    return found


def _pods(values: Any) -> Iterator[Mapping[str, Any]]:
    """Yield each part of a chart's values that says on which nodes pods run."""
    if isinstance(values, Mapping):
        if "nodeSelector" in values:
            yield values
        for value in values.values():
            yield from _pods(value)


def test_each_field_of_the_registry_is_its_own() -> None:
    for field in ("section", "component", "suffix", "chart"):
        values = [getattr(it, field) for it in CAPABILITIES]
        assert len({str(value) for value in values}) == len(values), field
    assert CLASSES.keys() >= {it.component for it in CAPABILITIES}


@every_capability
def test_it_is_a_component_in_its_namespace(it: Capability, unknown: bool) -> None:
    plan = _plan(it, unknown=unknown)
    assert_shape(plan, CLASSES[it.component], it.suffix)
    assert release_of(plan, it.chart.name).inputs["namespace"] == it.namespace
    made = [entry.inputs["metadata"] for entry in plan.find(type="kubernetes:core/v1:Namespace")]
    assert [metadata["name"] for metadata in made] == ([it.namespace] if it.has_namespace else [])
    assert all(metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted" for metadata in made)


@each_kind
@with_a_role
def test_its_service_account_has_the_role(it: Capability, kind: str) -> None:
    plan = _plan(it, identity=identity(kind))
    role = _role(it, plan)
    trust, annotations = granted(kind, it.namespace, it.service_account, role)
    assert document(role, "assumeRolePolicy") == trust
    account = _account(it, values_of(plan, it.chart.name))
    assert account == {"name": it.service_account, "annotations": annotations}


@every_capability
def test_without_a_role_it_has_nothing_in_aws(it: Capability) -> None:
    in_aws = [entry for entry in _plan(it) if entry.type.startswith("aws:") and entry.custom]
    assert bool(in_aws) is (it.role is not None)


@pytest.mark.parametrize("region", ["ap-northeast-1", "us-gov-west-1"])
@with_a_role
def test_its_policies_grant_what_aws_has_and_no_whole_service(it: Capability, region: str) -> None:
    plan = _plan(it, region=region, cluster_id="a" * 100)
    policies = [document(entry, "policy") for kind in POLICIES for entry in plan.find(type=kind)]
    assert policies
    for policy in policies:
        assert problems(policy) == []
        sids = [statement["Sid"] for statement in policy["Statement"]]
        assert len({*sids}) == len(sids)
        allowed = [action for part in policy["Statement"] if part["Effect"] == "Allow" for action in part["Action"]]
        assert [action for action in allowed if action.endswith(":*")] == []
        assert policy_size(policy) <= MANAGED_POLICY_LIMIT


@with_a_role
def test_the_services_that_it_calls_are_among_its_endpoints(it: Capability) -> None:
    policies = [document(entry, "policy") for kind in POLICIES for entry in _plan(it).find(type=kind)]
    actions = {action for policy in policies for statement in policy["Statement"] for action in statement["Action"]}
    services = {action.partition(":")[0] for action in actions}
    assert sorted(services - ENDPOINTS_WITHOUT_NAT - it.endpoints - SEEN_OTHERWISE) == [], (
        "add the interface endpoints of these services to `endpoints` in facts/capabilities.py"
    )


@with_a_role
def test_a_first_preview_knows_all_but_the_role(it: Capability) -> None:
    known, unknown = (release_of(_plan(it, unknown=mode), it.chart.name).inputs["values"] for mode in (False, True))
    annotations = dict(_account(it, unknown)["annotations"])
    assert annotations == {"eks.amazonaws.com/role-arn": UNKNOWN}
    # Where the role is, the rest is the same.
    arn = _account(it, known)["annotations"]["eks.amazonaws.com/role-arn"]
    assert str(known).replace(str(arn), "") == str(unknown).replace(f"'{UNKNOWN!r}'", "''").replace(repr(UNKNOWN), "''")


@each_kind
@every_capability
def test_the_release_waits_for_its_rights_and_its_namespace(it: Capability, kind: str) -> None:
    plan = _plan(it, identity=identity(kind))
    awaited = waits_for(plan, release_of(plan, it.chart.name))
    rights = ("RolePolicyAttachment", "PodIdentityAssociation", "Namespace")
    needed = {label(entry) for entry in plan if entry.type.rpartition(":")[2] in rights}
    assert needed <= awaited
    if it.role is not None:
        assert any(name.startswith(f"RolePolicyAttachment {it.suffix}{it.role}") for name in needed)


@every_capability
def test_nothing_but_the_release_and_what_it_serves_waits_for_compute(it: Capability) -> None:
    waiting = waiting_for_compute(lambda cluster, opts: _declare(it, cluster, opts))
    release = f"Release {it.suffix}-release"
    assert release in waiting
    plan = _plan(it)
    served = {label(entry) for entry in plan if release in waits_for(plan, entry)}
    assert waiting <= {release, *served}


@every_capability
def test_its_chart_is_pinned_and_comes_from_the_companys_registry_where_there_is_one(it: Capability) -> None:
    assert release_of(_plan(it), it.chart.name).inputs["version"] == it.chart.version
    found = release_of(_plan(it, charts=REGISTRY), it.chart.name).inputs["chart"]
    assert found == f"{REGISTRY.registry}/{it.chart.name}"


@every_capability
@pytest.mark.parametrize(("charts", "mirror"), [(PUBLISHERS, ""), (MIRROR, f"{MIRROR.images}/")])
def test_its_images_come_from_the_companys_mirror_if_there_is_one(it: Capability, charts: Charts, mirror: str) -> None:
    found = repositories(values_of(_plan(it, charts=charts), it.chart.name))
    assert set(found) == {f"{mirror}{image}" for image in it.images}


@every_capability
def test_its_pods_run_where_the_platforms_do_and_have_a_size(it: Capability) -> None:
    values = values_of(_plan(it), it.chart.name)
    parts = list(_pods(values))
    assert parts
    for part in parts:
        assert part["nodeSelector"] == NODES.node_selector
        assert part["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    annotations = [part["podAnnotations"] for part in parts if "podAnnotations" in part]
    assert annotations
    assert all(found["karpenter.sh/do-not-disrupt"] == "true" for found in annotations)
    assert values["resources"]["limits"]["memory"] == values["resources"]["requests"]["memory"], (
        "set the limit to the request: a pod that uses more than it requested is evicted first when memory runs out"
    )
