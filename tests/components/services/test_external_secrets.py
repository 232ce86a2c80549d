"""External Secrets Operator: a role that reads nothing, and for each path a role and a store."""

import json
from typing import Any, Final

import pytest

from components.common.on_cluster import OnCluster
from components.common.placement import FARGATE_WEBHOOK_PORT
from components.services.external_secrets import (
    NAMESPACE,
    ExternalSecrets,
    external_secrets_values,
    namespace_condition,
    secret_store_spec,
)
from facts import iam_documents
from facts.iam_documents.external_secrets import secret_store_reader, secret_store_role_path, secret_store_roles
from harness.plan import Plan
from harness.properties import UNKNOWN
from settings.external_secrets import ExternalSecrets as ExternalSecretsSettings
from tests import upstream
from tests.components.given import (
    CLUSTER,
    FARGATE,
    NODES,
    granted,
    identity,
    on_cluster,
    release_of,
    values_of,
)
from tests.components.recording import ACCOUNT, REGION, assert_shape, document, needs, recorded, waits_for
from tests.conformance.charts import unknown_keys

STORE = "kubernetes:external-secrets.io/v1:ClusterSecretStore"
PODS = {
    "": "external-secrets",
    "webhook": "external-secrets-webhook",
    "certController": "external-secrets-cert-controller",
}
"""Where the values of each Deployment are, and the name by which the chart labels its pods."""


SECTION: Final = {
    "stores": {
        "secrets": {"service": "secrets-manager", "path": "dev/", "namespaces": ["app-*"]},
        "parameters": {"service": "parameter-store", "path": "/dev/", "namespaces": ["app-a", "team-?"]},
    }
}
SETTINGS: Final = ExternalSecretsSettings.model_validate_json(json.dumps(SECTION))


def _plan(cluster: OnCluster | None = None, *, unknown: bool = False) -> Plan:
    return recorded(
        lambda opts: ExternalSecrets("secrets", SETTINGS, cluster or on_cluster(), opts=opts), unknown=unknown
    )


def test_it_is_a_component(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, ExternalSecrets, "secrets")
    namespace = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert namespace["name"] == NAMESPACE == "external-secrets"
    assert namespace["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


# --- Roles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_the_operators_own_role_only_leads_to_those_of_stores(kind: str) -> None:
    plan = _plan(on_cluster(identity=identity(kind)))
    role = plan.one(type="aws:iam/role:Role", name="secrets-operator")
    trust, annotations = granted(kind, NAMESPACE, "external-secrets", role)
    assert document(role, "assumeRolePolicy") == trust
    assert values_of(plan, "external-secrets")["serviceAccount"] == {
        "name": "external-secrets",
        "annotations": annotations,
    }
    (policy,) = plan.find(type="aws:iam/policy:Policy")
    path = secret_store_role_path(CLUSTER)
    assert document(policy, "policy") == secret_store_roles(ACCOUNT, REGION, path)


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_each_store_has_a_role_that_the_operator_assumes_and_that_reads_its_path(kind: str) -> None:
    plan = _plan(on_cluster(identity=identity(kind)))
    operator = plan.one(type="aws:iam/role:Role", name="secrets-operator")
    for store, settings in SETTINGS.stores.items():
        role = plan.one(type="aws:iam/role:Role", name=f"secrets-{store}")
        assert document(role, "assumeRolePolicy") == iam_documents.trust_role(operator.outputs["arn"])
        assert role.inputs["path"] == secret_store_role_path(CLUSTER)
        reader = plan.one(type="aws:iam/rolePolicy:RolePolicy", name=f"secrets-{store}")
        assert needs(plan, reader, "role") == {f"Role secrets-{store}"}
        wanted = secret_store_reader(ACCOUNT, REGION, settings.service, settings.path)
        assert document(reader, "policy") == wanted
        spec = plan.one(type=STORE, name=f"secrets-{store}").inputs["spec"]
        assert spec["provider"]["aws"]["role"] == role.outputs["arn"]


# --- Stores -------------------------------------------------------------------------------------------------------


def test_up_waits_until_the_operator_says_that_a_store_is_ready() -> None:
    stores = _plan().find(type=STORE)
    assert stores
    for entry in stores:
        assert entry.inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}


def test_a_store_is_of_its_service_path_and_namespaces() -> None:
    stores = {entry.inputs["metadata"]["name"]: entry.inputs for entry in _plan().find(type=STORE)}
    assert set(stores) == {"secrets", "parameters"}
    secrets, parameters = (stores[name]["spec"] for name in ("secrets", "parameters"))
    for spec, service, prefix in ((secrets, "SecretsManager", "dev/"), (parameters, "ParameterStore", "/dev/")):
        provider = spec["provider"]["aws"]
        assert (provider["service"], provider["prefix"], provider["region"]) == (service, prefix, REGION)
        # With Pod Identity the operator can take no service account's place.
        assert "auth" not in provider
    assert secrets["conditions"] == [{"namespaceRegexes": ["^app-.*$"]}]
    assert parameters["conditions"] == [{"namespaces": ["app-a"], "namespaceRegexes": ["^team-.$"]}]


def test_a_condition_has_no_more_than_it_says() -> None:
    assert namespace_condition(["app-a"]) == {"namespaces": ["app-a"]}
    assert namespace_condition(["*"]) == {"namespaceRegexes": ["^.*$"]}


def test_only_stores_of_the_cluster_are_served() -> None:
    # Anyone's namespaced store could name the role of any other, and any service account.
    values = external_secrets_values(on_cluster(), {})
    assert values["processSecretStore"] is False
    assert values["rbac"]["serviceAccountTokenCreate"] is False


def test_stores_go_before_the_webhook_that_is_asked_about_them() -> None:
    plan = _plan()
    release = release_of(plan, "external-secrets")
    for store in ("secrets", "parameters"):
        entry = plan.one(type=STORE, name=f"secrets-{store}")
        assert release.urn in entry.depends_on
        assert {f"Role secrets-{store}", f"RolePolicy secrets-{store}"} <= waits_for(plan, entry)


# --- Release ------------------------------------------------------------------------------------------------------


def test_definitions_outlive_the_release() -> None:
    # Without them every ExternalSecret would be gone, and the secrets that it owns.
    release = release_of(_plan(), "external-secrets")
    assert release.inputs["values"]["crds"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    # As templates, they are upgraded with the chart.
    assert not release.inputs.get("skipCrds")
    assert "installCRDs" not in release.inputs["values"]


@pytest.mark.parametrize("where", PODS)
def test_each_part_has_a_stand_by_a_budget_a_size_and_a_spread(where: str) -> None:
    values = external_secrets_values(on_cluster(), {})
    part = values[where] if where else values
    assert part["replicaCount"] == 2
    assert part["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert part["resources"]["limits"]["memory"] == part["resources"]["requests"]["memory"]
    assert part["resources"]["requests"]["cpu"]
    zone, _host = part["topologySpreadConstraints"]
    assert zone["whenUnsatisfiable"] == "DoNotSchedule"
    assert zone["labelSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": PODS[where],
        "app.kubernetes.io/instance": "external-secrets",
    }
    # Of two, one works.
    assert values["leaderElect"] is True


def test_all_parts_run_where_the_platforms_pods_do() -> None:
    values = external_secrets_values(on_cluster(), {})
    assert values["global"] == {
        "podAnnotations": {"karpenter.sh/do-not-disrupt": "true"},
        "nodeSelector": {"role": "operations"},
        "tolerations": [{"key": "CriticalAddonsOnly", "operator": "Exists"}],
    }
    # A part's own would take the place of these.
    for where in ("webhook", "certController"):
        assert not values[where].keys() & {"nodeSelector", "tolerations"}


def test_on_fargate_the_webhook_leaves_the_kubelet_its_port() -> None:
    assert external_secrets_values(on_cluster(placement=FARGATE), {})["webhook"]["port"] == FARGATE_WEBHOOK_PORT
    assert "port" not in external_secrets_values(on_cluster(), {})["webhook"]


def test_a_first_preview_knows_all_values_but_the_roles() -> None:
    plan = _plan(unknown=True)
    values = release_of(plan, "external-secrets").inputs["values"]
    assert values["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"] is UNKNOWN
    spec = plan.one(type=STORE, name="secrets-secrets").inputs["spec"]
    assert spec["provider"]["aws"]["role"] is UNKNOWN
    assert spec["provider"]["aws"]["prefix"] == "dev/"


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize("placement", [NODES, FARGATE], ids=["nodes", "fargate"])
def test_the_chart_knows_every_value(placement: Any) -> None:
    values = values_of(_plan(on_cluster(placement=placement)), "external-secrets")
    defaults = upstream.default_values("external-secrets")
    assert unknown_keys(upstream.chart("external-secrets"), values) == []
    assert upstream.schema_problems(upstream.value_schema("external-secrets"), upstream.merged(defaults, values)) == []


@pytest.mark.upstream
def test_a_budget_counts_who_may_be_away() -> None:
    for template in ("poddisruptionbudget", "webhook-poddisruptionbudget", "cert-controller-poddisruptionbudget"):
        text = upstream.chart("external-secrets", "templates", f"{template}.yaml").read_text()
        assert 'PodDisruptionBudget "maxUnavailable"' in text.replace("podDisruptionBudget", "PodDisruptionBudget")


@pytest.mark.upstream
def test_stores_are_what_the_definition_asks_for() -> None:
    file = upstream.facts("crds", "external-secrets", "external-secrets.io_clustersecretstores.yaml")
    for entry in _plan().find(type=STORE):
        assert upstream.object_problems(file, entry.inputs) == []
    wrong = secret_store_spec(SETTINGS.stores["secrets"], REGION, "arn") | {"namespaces": []}
    body = {"apiVersion": "external-secrets.io/v1", "kind": "ClusterSecretStore", "metadata": {}, "spec": wrong}
    assert upstream.object_problems(file, body)


@pytest.mark.upstream
def test_the_webhook_is_asked_about_deletions_too() -> None:
    text = upstream.chart("external-secrets", "templates", "validatingwebhook.yaml").read_text()
    assert 'operations:  ["CREATE", "UPDATE", "DELETE"]\n    resources:   ["clustersecretstores"]' in text
    assert upstream.default_values("external-secrets")["webhook"]["failurePolicy"] == "Fail"
