"""Argo CD: who reaches it and who may log in, what its pods may do, and that it stays up."""

import json
from typing import Any, Final

import pytest
import yaml

import versions
from components.common.on_cluster import OnCluster
from components.common.placement import Placement
from components.delivery.argo_cd import (
    INGRESS_HEALTH,
    NAMESPACE,
    REPLICATED,
    SERVER,
    SERVER_PORT,
    SIZES,
    ArgoCd,
    argo_cd_values,
)
from components.ingress import traefik
from facts.interfaces import ARGO_CD_SERVICE
from harness.plan import Plan, Registration
from settings import ArgoCd as ArgoCdSettings
from settings import Charts
from tests import upstream
from tests.components.given import (
    FARGATE,
    MIRROR,
    NODES,
    PUBLISHERS,
    REGISTRY,
    on_cluster,
    release_of,
    repositories,
    values_of,
    waiting_for_compute,
)
from tests.components.recording import assert_shape, below, needs, recorded
from tests.conformance.charts import unknown_keys

HOST = "argocd.example.jp"
SSO: Final = {
    "issuer": "https://login.example.jp/realms/staff",
    "clientId": "argocd",
    "admins": ["platform-team", "on-call"],
    "readers": ["developers"],
}


def _settings(**section: Any) -> ArgoCdSettings:
    """Return the settings of a stack file, under whose names `section` is."""
    return ArgoCdSettings.model_validate_json(json.dumps(section))


def _plan(*, unknown: bool = False, cluster: OnCluster | None = None, **section: Any) -> Plan:
    settings = _settings(**section)
    return recorded(
        lambda opts: ArgoCd("cd", settings, cluster or on_cluster(), ingress_addresses=True, opts=opts),
        unknown=unknown,
    )


def _values(*, cluster: OnCluster | None = None, ingress_addresses: bool = True, **section: Any) -> dict[str, Any]:
    return argo_cd_values(_settings(**section), cluster or on_cluster(), ingress_addresses=ingress_addresses)


def _policies(plan: Plan) -> dict[str, Registration]:
    return {entry.name: entry for entry in plan.find(type="kubernetes:networking.k8s.io/v1:NetworkPolicy")}


# --- What there is ------------------------------------------------------------------------------------------------


def test_it_has_the_shape_of_all_components(unknown: bool) -> None:
    plan = _plan(unknown=unknown, host=HOST)
    entry = assert_shape(plan, ArgoCd, "cd")
    assert below(plan, entry) == {
        "Namespace cd-namespace",
        "NetworkPolicy cd-nobody",
        "NetworkPolicy cd-traefik",
        "Release cd-release",
    }


def test_its_namespace_takes_restricted_pods_only() -> None:
    metadata = (
        _plan(cluster=on_cluster(kubernetes_version="1.35")).one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    )
    assert metadata["name"] == NAMESPACE
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    assert metadata["labels"]["pod-security.kubernetes.io/enforce-version"] == "v1.35"


def test_everything_waits_for_the_namespace_alone(unknown: bool) -> None:
    plan = _plan(unknown=unknown, host=HOST)
    assert needs(plan, release_of(plan, "argo-cd")) == {"Namespace cd-namespace"}
    for entry in _policies(plan).values():
        assert needs(plan, entry) == {"Namespace cd-namespace"}
        assert entry.inputs["metadata"]["namespace"] == NAMESPACE or unknown


def test_nothing_but_the_release_waits_for_compute() -> None:
    waiting = waiting_for_compute(
        lambda cluster, opts: ArgoCd("cd", _settings(host=HOST), cluster, ingress_addresses=True, opts=opts)
    )
    assert waiting == {"Release cd-release"}


def test_the_chart_is_the_pinned_one_from_the_companys_registry_where_there_is_one() -> None:
    assert release_of(_plan(), "argo-cd").inputs["version"] == versions.ARGO_CD.version
    inputs = release_of(_plan(cluster=on_cluster(charts=REGISTRY)), "argo-cd").inputs
    assert inputs["chart"] == f"{REGISTRY.registry}/argo-cd"
    assert "hunter2" not in repr(inputs)


@pytest.mark.parametrize(("charts", "mirror"), [(PUBLISHERS, ""), (MIRROR, f"{MIRROR.images}/")])
def test_its_images_come_from_the_companys_mirror_if_there_is_one(charts: Charts, mirror: str) -> None:
    found = repositories(values_of(_plan(cluster=on_cluster(charts=charts)), "argo-cd"))
    assert found == [f"{mirror}public.ecr.aws/docker/library/redis", f"{mirror}quay.io/argoproj/argocd"]


def test_nothing_that_it_exports_is_its_password() -> None:
    # Argo CD makes it in the cluster; no value of the chart has one, and the component has no output at all.
    plan = _plan()
    assert plan.one(type="eks-platform:index:ArgoCd").outputs == {}
    assert "password" not in json.dumps(values_of(plan, "argo-cd")).lower()


# --- Who reaches it -----------------------------------------------------------------------------------------------


def test_nobody_reaches_a_pod_that_no_policy_names() -> None:
    assert _policies(_plan())["cd-nobody"].inputs["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"]}


def test_traefik_alone_reaches_the_server_and_only_where_there_is_a_host() -> None:
    spec = _policies(_plan(host=HOST))["cd-traefik"].inputs["spec"]
    assert spec["podSelector"]["matchLabels"] == {
        "app.kubernetes.io/name": "argocd-server",
        "app.kubernetes.io/instance": "argo-cd",
    }
    assert spec["ingress"] == [
        {
            "from": [
                {
                    "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "traefik"}},
                    "podSelector": {"matchLabels": traefik.LABELS},
                }
            ],
            "ports": [{"port": SERVER_PORT, "protocol": "TCP"}],
        }
    ]
    assert set(_policies(_plan())) == {"cd-nobody"}


def test_the_charts_policies_are_on_but_for_the_servers_which_lets_everybody_in() -> None:
    values = _values()
    assert values["global"]["networkPolicy"] == {"create": False}
    assert {part for part, own in values.items() if "networkPolicy" in own and part != "global"} == {
        "controller",
        "repoServer",
        "redis",
    }


def test_without_a_host_there_is_no_way_in() -> None:
    plan = _plan()
    assert "cd-traefik" not in _policies(plan)
    assert values_of(plan, "argo-cd")["global"]["domain"] == "localhost"


def test_the_server_speaks_plain_http_behind_the_load_balancer() -> None:
    values = _values(host=HOST)
    # Otherwise it would answer every request with a redirect to itself.
    assert values["configs"]["params"] == {"server.insecure": True}
    assert values["global"]["domain"] == HOST


def test_an_ingress_without_an_address_is_healthy_where_traefik_gives_none() -> None:
    key = "resource.customizations.health.networking.k8s.io_Ingress"
    assert key not in _values()["configs"]["cm"]
    sections: list[dict[str, Any]] = [{}, {"sso": SSO}]
    for section in sections:
        script = _values(ingress_addresses=False, host=HOST, **section)["configs"]["cm"][key]
        assert script == INGRESS_HEALTH
    # Other classes wait for theirs, as Argo CD has it by itself.
    assert f'ingressClassName == "{traefik.INGRESS_CLASS}"' in INGRESS_HEALTH
    assert INGRESS_HEALTH.count('"Progressing"') == 1


# --- Who may log in -----------------------------------------------------------------------------------------------


def test_without_single_sign_on_there_is_the_local_admin() -> None:
    configs = _values()["configs"]
    assert configs["cm"] == {"admin.enabled": True}
    assert "rbac" not in configs


def test_with_single_sign_on_there_is_no_local_user() -> None:
    configs = _values(host=HOST, sso=SSO)["configs"]
    assert configs["cm"]["admin.enabled"] is False
    assert yaml.safe_load(configs["cm"]["oidc.config"]) == {
        "name": "SSO",
        "issuer": "https://login.example.jp/realms/staff",
        "clientID": "argocd",
        # A public client: no secret to keep, and the CLI can use it too.
        "enablePKCEAuthentication": True,
        "requestedScopes": ["openid", "profile", "email", "groups"],
    }


def test_groups_have_the_roles_of_the_settings_and_others_see_nothing() -> None:
    rbac = _values(host=HOST, sso=SSO)["configs"]["rbac"]
    assert rbac["policy.csv"].splitlines() == [
        "g, platform-team, role:admin",
        "g, on-call, role:admin",
        "g, developers, role:readonly",
    ]
    assert "policy.default" not in rbac


def test_what_nobody_uses_is_off() -> None:
    values = _values(host=HOST, sso=SSO)
    assert values["dex"] == {"enabled": False}
    assert values["notifications"] == {"enabled": False}


# --- Staying up ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", REPLICATED)
def test_what_can_run_twice_survives_the_loss_of_a_zone_and_a_drain(part: str) -> None:
    own = _values()[part]
    assert own["replicas"] == 2
    assert own["pdb"] == {"enabled": True, "maxUnavailable": 1}
    assert [(item["topologyKey"], item["whenUnsatisfiable"]) for item in own["topologySpreadConstraints"]] == [
        ("topology.kubernetes.io/zone", "DoNotSchedule"),
        ("kubernetes.io/hostname", "ScheduleAnyway"),
    ]


@pytest.mark.parametrize("part", ["controller", "redis"])
def test_what_runs_once_can_be_drained(part: str) -> None:
    # A budget of one pod that may not go would hold up every drain of its node.
    assert not _values()[part].keys() & {"pdb", "replicas"}


def test_on_fargate_no_replica_waits_for_a_zone() -> None:
    values = _values(cluster=on_cluster(placement=FARGATE))
    assert not values["global"].keys() & {"nodeSelector", "tolerations"}
    for part in REPLICATED:
        assert {item["whenUnsatisfiable"] for item in values[part]["topologySpreadConstraints"]} == {"ScheduleAnyway"}


def test_it_runs_where_the_platforms_pods_do() -> None:
    values = _values()["global"]
    assert values["nodeSelector"] == {"role": "operations"}
    assert values["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


def test_every_part_has_requests_and_a_limit_of_memory() -> None:
    values = _values()
    for resources in (
        *(values[part]["resources"] for part in SIZES),
        values["repoServer"]["copyutil"]["resources"],
        values["redisSecretInit"]["resources"],
    ):
        assert resources["requests"].keys() == {"cpu", "memory"}
        assert resources["limits"] == {"memory": resources["requests"]["memory"]}


def test_the_definitions_stay_when_the_release_goes() -> None:
    # With them would go Applications that somebody made by hand, whose finalizers would wait for the controller.
    assert _values()["crds"] == {"install": True, "keep": True}


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize(
    ("section", "placement"),
    [({}, NODES), ({"host": HOST, "sso": SSO}, NODES), ({}, FARGATE)],
    ids=["least", "sso", "fargate"],
)
def test_the_chart_knows_every_value(section: dict[str, Any], placement: Placement) -> None:
    ours = values_of(_plan(cluster=on_cluster(placement=placement), **section), "argo-cd")
    defaults = upstream.default_values("argo-cd")
    assert unknown_keys(upstream.chart("argo-cd"), ours) == []
    assert ours["configs"]["cm"].keys() <= {*defaults["configs"]["cm"], "oidc.config"}


@pytest.mark.upstream
@pytest.mark.parametrize(
    "wrong",
    [{"server": {"replicaCount": 2}}, {"global": {"networkPolicies": {}}}, {"redis": {"pdb": {"minimum": 1}}}],
    ids=["another chart's", "misspelt", "below"],
)
def test_a_wrong_value_is_seen(wrong: dict[str, Any]) -> None:
    assert unknown_keys(upstream.chart("argo-cd"), wrong)


@pytest.mark.upstream
def test_names_and_labels_are_those_that_the_chart_gives() -> None:
    helpers = upstream.chart("argo-cd", "templates", "_common.tpl")
    assert upstream.template(helpers, "argo-cd.fullname").startswith("{{- if .Values.fullnameOverride -}}")
    assert (
        '{{- define "argo-cd.selectorLabels" -}}\n'
        "{{- if .name -}}\n"
        'app.kubernetes.io/name: {{ include "argo-cd.name" .context }}-{{ .name }}\n'
        "{{ end -}}\n"
        "app.kubernetes.io/instance: {{ .context.Release.Name }}\n"
    ) in helpers.read_text()
    defaults = upstream.default_values("argo-cd")
    release = release_of(_plan(), "argo-cd").inputs
    for part, name in {**REPLICATED, "controller": "application-controller", "redis": "redis"}.items():
        assert defaults[part]["name"] == name
    assert (defaults["nameOverride"], release["name"]) == ("argocd", "argo-cd")
    # The policy and Traefik's route name the server, and its Service is named after this.
    assert f"{release['values']['fullnameOverride']}-server" == SERVER
    assert f"{SERVER}.{NAMESPACE}.svc.cluster.local:80" == ARGO_CD_SERVICE
    assert defaults["server"]["containerPorts"]["server"] == SERVER_PORT
    assert defaults["server"]["service"]["servicePortHttp"] == 80


@pytest.mark.upstream
def test_the_charts_policy_for_the_server_lets_everybody_in() -> None:
    # Why it is off: when the chart's own is as strict as ours, ours can go.
    template = upstream.chart("argo-cd", "templates", "argocd-server", "networkpolicy.yaml").read_text()
    assert "  ingress:\n  - {}\n" in template
    assert "{{- if or .Values.server.networkPolicy.create .Values.global.networkPolicy.create }}" in template


def test_git_servers_of_the_company_are_trusted_in_addition_to_the_known_ones() -> None:
    certificate = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"
    configs = _values(
        gitKnownHosts=["git.example.jp ssh-ed25519 AAAA", "git.example.jp ssh-rsa AAAA"],
        gitCertificates={"git.example.jp": certificate},
    )["configs"]
    assert configs["ssh"] == {"extraHosts": "git.example.jp ssh-ed25519 AAAA\ngit.example.jp ssh-rsa AAAA\n"}
    assert configs["tls"] == {"certificates": {"git.example.jp": certificate}}
