"""Teams: the roles for the platform's kinds, and what a namespace that is ready for a team has."""

import json
from typing import Any

import pytest

from components.delivery.teams import AGGREGATED, Teams, cluster_roles, network_policy, quota_limits
from harness.plan import Plan
from harness.properties import reveal
from rehearsal.cloud import MODEL
from settings import Quota, TeamNamespace
from tests.components.given import on_cluster
from tests.components.recording import assert_shape, below, recorded

RBAC = "rbac.authorization.k8s.io"
TEAM: dict[str, Any] = {
    "editors": ["team-shop"],
    "viewers": ["on-call", "auditors"],
    "podSecurity": "baseline",
    "quota": {"cpu": "8", "loadBalancers": 0},
    "defaults": {"cpu": "50m", "memory": "64Mi"},
    "isolated": True,
}


def _plan(*, unknown: bool = False, **changes: Any) -> Plan:
    """Record the namespace of TEAM; changes: settings under the names of a stack file."""
    namespaces = {"app-shop": TeamNamespace.model_validate_json(json.dumps({**TEAM, **changes}))}
    resources = {"traefik.io": ["ingressroutes"], "keda.sh": ["scaledobjects"]}
    return recorded(
        lambda opts: Teams("teams", namespaces, on_cluster(), resources=resources, opts=opts), unknown=unknown
    )


def _object(plan: Plan, name: str) -> dict[str, Any]:
    return dict(reveal(plan.one(name=f"teams-{name}").inputs))


def test_shape(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, Teams, "teams")
    for entry in plan.children(plan.one(name="teams")):
        assert MODEL.input_problems(entry.type, entry.inputs) == {}, entry.name


def test_inventory() -> None:
    plan = _plan()
    assert below(plan, plan.one(name="teams")) == {
        "ClusterRole teams-edit",
        "ClusterRole teams-view",
        "Namespace teams-app-shop",
        "RoleBinding teams-app-shop-edit",
        "RoleBinding teams-app-shop-view",
        "LimitRange teams-app-shop-defaults",
        "ResourceQuota teams-app-shop-quota",
        "NetworkPolicy teams-app-shop-network",
    }


def test_a_namespace_has_its_level_in_all_three_modes() -> None:
    labels = _object(_plan(), "app-shop")["metadata"]["labels"]
    assert labels == {
        f"pod-security.kubernetes.io/{mode}{suffix}": value
        for mode in ("enforce", "warn", "audit")
        for suffix, value in (("", "baseline"), ("-version", "v1.36"))
    }


def test_everything_in_a_namespace_waits_for_it(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    namespace = plan.one(name="teams-app-shop")
    inside = [entry for entry in plan if entry.name.startswith("teams-app-shop-")]
    assert len(inside) == 5
    assert all(plan.waits_for(entry, namespace) for entry in inside)


@pytest.mark.parametrize(("role", "groups"), [("edit", ["team-shop"]), ("view", ["on-call", "auditors"])])
def test_groups_have_the_roles_of_kubernetes_in_the_namespace_alone(role: str, groups: list[str]) -> None:
    binding = _object(_plan(), f"app-shop-{role}")
    assert binding["metadata"]["namespace"] == "app-shop"
    assert binding["roleRef"] == {"apiGroup": RBAC, "kind": "ClusterRole", "name": role}
    assert binding["subjects"] == [{"apiGroup": RBAC, "kind": "Group", "name": group} for group in groups]


def test_nobody_is_bound_where_nobody_is_named() -> None:
    plan = _plan(editors=[], viewers=[])
    assert not plan.find(type=f"kubernetes:{RBAC}/v1:RoleBinding")


def test_the_roles_are_added_to_those_of_kubernetes() -> None:
    plan = _plan()
    for role, labels in AGGREGATED.items():
        metadata = _object(plan, role)["metadata"]
        assert metadata["name"] == f"platform-{role}"
        assert metadata["labels"] == dict.fromkeys(labels, "true")
    assert all(rule["verbs"] == ["get", "list", "watch"] for rule in _object(plan, "view")["rules"])


def test_a_role_names_each_kind() -> None:
    """No wildcard: a kind that a new version of a controller brings is not in it unread."""
    for rules in cluster_roles({"traefik.io": ["ingressroutes"]}).values():
        assert [(rule["api_groups"], rule["resources"]) for rule in rules] == [(["traefik.io"], ["ingressroutes"])]
        assert "*" not in str(rules[0]["verbs"])


def test_containers_that_say_nothing_have_requests_and_a_limit_of_memory() -> None:
    assert _object(_plan(), "app-shop-defaults")["spec"]["limits"] == [
        {
            "type": "Container",
            "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
            "default": {"memory": "64Mi"},
        }
    ]


def test_the_quota_has_what_is_set() -> None:
    assert _object(_plan(), "app-shop-quota")["spec"] == {"hard": {"requests.cpu": "8", "services.loadbalancers": "0"}}
    assert quota_limits(Quota(memory="1Gi", pods=3, volumes=2)) == {
        "requests.memory": "1Gi",
        "pods": "3",
        "persistentvolumeclaims": "2",
    }
    assert not _plan(quota={}).find(type="kubernetes:core/v1:ResourceQuota")


def test_only_the_namespace_and_traefik_connect() -> None:
    (rule,) = _object(_plan(), "app-shop-network")["spec"]["ingress"]
    traefik = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}}}
    assert rule == {"from": [{"podSelector": {}}, traefik]}
    assert network_policy()["policy_types"] == ["Ingress"]
    assert not _plan(isolated=False).find(type="kubernetes:networking.k8s.io/v1:NetworkPolicy")


def test_a_share_may_have_limits_of_every_kind() -> None:
    plan = _plan(
        quota={
            "cpuLimits": "16",
            "memoryLimits": "32Gi",
            "storage": "1Ti",
            "devices": {"nvidia.com/gpu": 2},
            "objects": {"secrets": 5, "count/jobs.batch": 0},
        },
        defaults={"cpu": "50m", "memory": "64Mi", "cpuLimit": "1"},
        maximum={"cpu": "2", "memory": "4Gi", "volume": "10Gi"},
    )
    assert _object(plan, "app-shop-quota")["spec"]["hard"] == {
        "limits.cpu": "16",
        "limits.memory": "32Gi",
        "requests.storage": "1Ti",
        "requests.nvidia.com/gpu": "2",
        "secrets": "5",
        "count/jobs.batch": "0",
    }
    assert _object(plan, "app-shop-defaults")["spec"]["limits"] == [
        {
            "type": "Container",
            "defaultRequest": {"cpu": "50m", "memory": "64Mi"},
            "default": {"cpu": "1", "memory": "64Mi"},
            "max": {"cpu": "2", "memory": "4Gi"},
        },
        {"type": "PersistentVolumeClaim", "max": {"storage": "10Gi"}},
    ]


def test_other_namespaces_connect_where_the_settings_name_them() -> None:
    (rule,) = _object(_plan(allowedNamespaces=["monitoring"]), "app-shop-network")["spec"]["ingress"]
    assert rule["from"][2:] == [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "monitoring"}}}]


def test_a_label_of_the_settings_is_beside_those_of_pod_security() -> None:
    metadata = _object(_plan(labels={"cost-center": "shop"}, annotations={"owner": "Ann"}), "app-shop")["metadata"]
    assert metadata["labels"]["cost-center"] == "shop"
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "baseline"
    assert metadata["annotations"] == {"owner": "Ann"}
