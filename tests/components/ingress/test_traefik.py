"""Traefik: definitions as a step of their own, and a proxy that is restricted, spread, and believes only the ALB."""

import json
import re
from dataclasses import replace
from typing import Any, NamedTuple

import pulumi
import pytest
from pulumi_aws import cloudwatch

import versions
from components.common.on_cluster import OnCluster
from components.common.ready import WAIT_UNTIL_READY
from components.ingress.controller_ingress import DEREGISTRATION_SECONDS
from components.ingress.traefik import (
    ENTRY_POINT,
    GATEWAY,
    GATEWAY_CLASS,
    INGRESS_CLASS,
    LABELS,
    NAMESPACE,
    PING_PORT,
    SERVICE,
    TARGET_CERTIFICATE,
    WEB_PORT,
    Front,
    PlatformRoute,
    Traefik,
    TraefikDefinitions,
    target_certificate_spec,
    traefik_values,
)
from harness.plan import Plan
from harness.properties import UNKNOWN
from settings import Charts, Ingress, TargetProtocol
from settings import Traefik as TraefikSettings
from tests import upstream
from tests.components.given import (
    FARGATE,
    MIRROR,
    NODES,
    PUBLISHERS,
    REGISTRY,
    on_cluster,
    release_of,
    values_of,
    waiting_for_compute,
)
from tests.components.recording import assert_shape, recorded, waits_for
from tests.conformance import helm
from tests.conformance.charts import unknown_keys

TRUSTED = ["10.0.0.0/22", "10.0.16.0/22"]


class Given(NamedTuple):
    """What the component is given."""

    settings: TraefikSettings
    cluster: OnCluster
    front: Front
    routes: list[PlatformRoute]

    def values(self) -> dict[str, Any]:
        return traefik_values(self.settings, self.cluster, self.front, self.routes)


def _given(**changes: Any) -> Given:
    """Return what the component is given, with changes of it, whichever part they are of."""
    cluster = {key: changes.pop(key) for key in ("kubernetes_version", "placement", "charts") if key in changes}
    ingress: dict[str, Any] = {key: changes.pop(key) for key in ("target_protocol", "idle_timeout") if key in changes}
    if "target_protocol" in ingress:
        ingress["target_protocol"] = TargetProtocol(ingress["target_protocol"])
    front = Front(
        Ingress().model_copy(update=ingress), changes.pop("trusted_cidrs", TRUSTED), changes.pop("address", None)
    )
    routes = changes.pop("routes", [])
    assert changes.keys() <= set(TraefikSettings.model_fields)
    return Given(TraefikSettings().model_copy(update=changes), on_cluster(**cluster), front, routes)


def _traefik(opts: pulumi.ResourceOptions, cert_manager: pulumi.Resource | None = None, **changes: Any) -> Traefik:
    settings, cluster, front, routes = _given(**changes)
    return Traefik("proxy", settings, cluster, front=front, routes=routes, cert_manager=cert_manager, opts=opts)


def _plan(*, unknown: bool = False, **changes: Any) -> Plan:
    return recorded(lambda opts: _traefik(opts, **changes), unknown=unknown)


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return values_of(_plan(), "traefik")


# --- Definitions --------------------------------------------------------------------------------------------------


def test_the_definitions_are_a_step_of_their_own(unknown: bool) -> None:
    # Helm installs what is in a chart's crds/ once and never upgrades it.
    plan = recorded(
        lambda opts: TraefikDefinitions("proxy", TraefikSettings(), on_cluster(), opts=opts), unknown=unknown
    )
    assert_shape(plan, TraefikDefinitions, "proxy")
    group = plan.one(type="kubernetes:yaml/v2:ConfigGroup")
    assert group.inputs["files"] == list(versions.TRAEFIK_CRDS)
    assert release_of(_plan(), "traefik").inputs["skipCrds"] is True


def test_the_definitions_may_come_from_elsewhere() -> None:
    charts = Charts(files="https://files.example.jp/mirror")
    plan = recorded(lambda opts: TraefikDefinitions("proxy", TraefikSettings(), on_cluster(charts=charts), opts=opts))
    assert plan.one(type="kubernetes:yaml/v2:ConfigGroup").inputs["files"] == [
        f"https://files.example.jp/mirror/{url.removeprefix('https://')}" for url in versions.TRAEFIK_CRDS
    ]


def test_the_definitions_are_of_the_charts_version() -> None:
    assert all(f"/v{versions.TRAEFIK.version}/" in url for url in versions.TRAEFIK_CRDS)
    assert release_of(_plan(), "traefik").inputs["version"] == versions.TRAEFIK.version


# --- Namespace ----------------------------------------------------------------------------------------------------


def test_its_namespace_takes_restricted_pods_only(unknown: bool) -> None:
    plan = _plan(unknown=unknown, kubernetes_version="1.35")
    assert_shape(plan, Traefik, "proxy")
    metadata = plan.one(type="kubernetes:core/v1:Namespace").inputs["metadata"]
    assert metadata["name"] == NAMESPACE
    assert metadata["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    # Of the cluster's version: a newer standard could refuse the pods of a running release.
    assert metadata["labels"]["pod-security.kubernetes.io/enforce-version"] == "v1.35"


def test_its_pods_count_as_ready_only_once_the_load_balancer_has_them() -> None:
    labels = _plan().one(type="kubernetes:core/v1:Namespace").inputs["metadata"]["labels"]
    assert labels["elbv2.k8s.aws/pod-readiness-gate-inject"] == "enabled"


def test_it_is_in_its_namespace(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    release = release_of(plan, "traefik")
    assert release.inputs["namespace"] == NAMESPACE
    assert "Namespace proxy-namespace" in waits_for(plan, release)


def test_its_pods_wait_for_what_runs_them() -> None:
    def declare(cluster: OnCluster, opts: pulumi.ResourceOptions) -> None:
        settings, _, front, routes = _given()
        Traefik("proxy", settings, cluster, front=front, routes=routes, cert_manager=None, opts=opts)

    assert waiting_for_compute(declare) == {"Release proxy-release"}


def test_its_pods_are_what_the_restricted_standard_asks_for(values: dict[str, Any]) -> None:
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    pod, container = values["podSecurityContext"], values["securityContext"]
    assert pod["runAsNonRoot"] is True
    assert pod["runAsUser"] > 0
    assert pod["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["allowPrivilegeEscalation"] is False
    assert container["capabilities"] == {"drop": ["ALL"]}
    assert container["readOnlyRootFilesystem"] is True
    assert not values.keys() & {"hostNetwork", "volumes"}
    assert all("hostPort" not in port and "hostIP" not in port for port in values["ports"].values())
    # Ports below 1,024 would need a capability.
    assert min(port["port"] for port in values["ports"].values() if "port" in port) >= 1024


# --- Traffic ------------------------------------------------------------------------------------------------------


def test_it_listens_inside_the_cluster_only(values: dict[str, Any]) -> None:
    # Chart 41 ignores `service.type` and would create a load balancer of its own (its values.yaml).
    assert values["service"] == {"spec": {"type": "ClusterIP"}}


def test_tls_ends_at_the_load_balancer(values: dict[str, Any]) -> None:
    assert values["ports"]["web"]["port"] == WEB_PORT
    assert "expose" not in values["ports"]["web"]
    assert values["ports"]["websecure"] == {"expose": {"default": False}}


def test_forwarded_headers_are_believed_from_the_load_balancer_alone(values: dict[str, Any]) -> None:
    # With `insecure` Traefik believes these headers from every pod (values.yaml of the chart).
    assert values["ports"]["web"]["forwardedHeaders"] == {"trustedIPs": TRUSTED}
    assert "'insecure': True" not in repr(values)
    assert "proxyProtocol" not in repr(values)


def test_health_is_asked_on_a_port_of_its_own(values: dict[str, Any]) -> None:
    # `ping` is on the entry point of port 8080, which the Service does not have (the chart's template of pods).
    assert values["ports"]["traefik"] == {"port": PING_PORT}
    assert PING_PORT == 8080


@pytest.mark.parametrize("gone", ["logs", "ports.web.redirectTo", "ports.websecure.tls", "service.type"])
def test_nothing_is_set_that_chart_41_has_no_more(values: dict[str, Any], gone: str) -> None:
    # Chart 41 no longer has these values (its values.schema.json) and ignores them.
    value: Any = values
    for key in gone.split("."):
        value = value.get(key, {})
    assert value == {}


def test_its_ingress_class_is_no_default(values: dict[str, Any]) -> None:
    # The Ingress of the ALB has a class of its own; one without a class is nobody's.
    assert values["ingressClass"] == {"enabled": True, "isDefaultClass": False, "name": INGRESS_CLASS}


@pytest.mark.parametrize("gateway_api", [False, True])
def test_ingresses_and_the_gateway_have_the_address_of_the_load_balancer(*, gateway_api: bool) -> None:
    # Argo CD and Pulumi wait for an Ingress to have one (argo-cd #14607, pulumi-kubernetes #1812).
    providers = values_of(_plan(address="example.jp", gateway_api=gateway_api), "traefik")["providers"]
    assert providers["kubernetesIngress"]["ingressEndpoint"] == {"hostname": "example.jp"}
    # The Service is inside the cluster: its address would lead nobody to the ALB.
    assert providers["kubernetesIngress"]["publishedService"] == {"enabled": False}
    status = providers.get("kubernetesGateway", {}).get("statusAddress")
    assert status == ({"service": {"enabled": False}, "hostname": "example.jp"} if gateway_api else None)


def test_where_no_address_is_known_they_have_none(values: dict[str, Any]) -> None:
    assert "ingressEndpoint" not in values["providers"]["kubernetesIngress"]


@pytest.mark.parametrize("gateway_api", [False, True])
def test_no_route_of_a_team_refers_to_what_another_provider_has(*, gateway_api: bool) -> None:
    providers = values_of(_plan(gateway_api=gateway_api), "traefik")["providers"]
    kinds = {name: provider for name, provider in providers.items() if name.startswith("kubernetes")}
    assert set(kinds) == {"kubernetesCRD", "kubernetesIngress", *(["kubernetesGateway"] if gateway_api else [])}
    assert [provider["crossProviderNamespaces"] for provider in kinds.values()] == [[NAMESPACE]] * len(kinds)
    # Traefik takes the TLS options named `default` for every route, regardless of who wrote them.
    assert kinds["kubernetesCRD"]["defaultTLSResourcesNamespace"] == NAMESPACE


def test_there_is_no_api_and_nothing_calls_home(values: dict[str, Any]) -> None:
    # `dashboard: false` would switch the API on. Not every SDK hands over nulls in values, so it is in a file too.
    assert values["api"] is None
    files = release_of(_plan(), "traefik").inputs["valueYamlFiles"]
    assert [json.loads(file["text"]) for file in files] == [{"api": None}]
    assert "ingressRoute" not in values
    assert values["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}


@pytest.mark.upstream
@pytest.mark.parametrize("gateway_api", [False, True])
def test_helm_gives_it_no_argument_of_the_api(*, gateway_api: bool) -> None:
    assert _arguments(gateway_api=gateway_api, api={"dashboard": False}) & {"--api.dashboard=false"}
    assert not {argument for argument in _arguments(gateway_api=gateway_api) if argument.startswith("--api")}


@pytest.mark.upstream
def test_helm_hands_over_who_may_refer_to_what_and_the_times() -> None:
    assert _arguments(gateway_api=True, address="example.jp", read_timeout=300, idle_timeout=400) >= {
        "--providers.kubernetescrd.crossProviderNamespaces=traefik",
        "--providers.kubernetescrd.defaultTLSResourcesNamespace=traefik",
        "--providers.kubernetesingress.crossProviderNamespaces=traefik",
        "--providers.kubernetesgateway.crossProviderNamespaces=traefik",
        "--providers.precedence=file,kubernetesgateway,kubernetescrd,kubernetes",
        "--providers.kubernetesingress.ingressendpoint.hostname=example.jp",
        "--providers.kubernetesgateway.statusaddress.hostname=example.jp",
        "--entryPoints.web.transport.respondingTimeouts.readTimeout=300s",
        "--entryPoints.web.transport.respondingTimeouts.idleTimeout=460s",
        "--entryPoints.web.transport.lifeCycle.graceTimeOut=45s",
    }


def _arguments(*, api: Any = None, **changes: Any) -> set[str]:
    """Return the arguments of Traefik's container, as Helm renders the chart. api: the values of its API instead."""
    found = helm.release_of(release_of(_plan(**changes), "traefik"), "1.36")
    release = replace(found, values={**found.values, "api": api}) if api else found
    (pod,) = [item for item in release.rendered() if item["kind"] == "Deployment"]
    return set(pod["spec"]["template"]["spec"]["containers"][0]["args"])


def test_logs_are_json_and_each_request_has_a_line(values: dict[str, Any]) -> None:
    assert values["log"] == {"format": "json"}
    assert values["accessLog"] == {"enabled": True, "format": "json"}


# --- Gateway API --------------------------------------------------------------------------------------------------


def test_the_gateway_api_has_definitions_of_its_own(unknown: bool) -> None:
    plan = recorded(
        lambda opts: TraefikDefinitions("proxy", TraefikSettings(gatewayApi=True), on_cluster(), opts=opts),
        unknown=unknown,
    )
    assert_shape(plan, TraefikDefinitions, "proxy")
    groups = {entry.name: entry.inputs["files"] for entry in plan.find(type="kubernetes:yaml/v2:ConfigGroup")}
    assert groups == {
        "proxy-crds": list(versions.TRAEFIK_CRDS),
        "proxy-gateway-api": list(versions.GATEWAY_API_CRDS),
    }


def test_a_gateway_stands_behind_the_same_entry_point_for_the_routes_of_every_namespace() -> None:
    values = values_of(_plan(gateway_api=True), "traefik")
    assert values["gateway"]["listeners"] == {
        "web": {"port": WEB_PORT, "protocol": "HTTP", "namespacePolicy": {"from": "All"}}
    }
    assert (values["gateway"]["name"], values["gatewayClass"]["name"]) == (GATEWAY, GATEWAY_CLASS)
    assert values["providers"]["kubernetesGateway"] == {
        "enabled": True,
        "crossProviderNamespaces": [NAMESPACE],
        "statusAddress": {"service": {"enabled": False}},
    }
    # IngressRoute and Ingress go on as before, and so does the Service that the ALB knows.
    assert "enabled" not in {**values["providers"]["kubernetesCRD"], **values["providers"]["kubernetesIngress"]}
    assert values["service"] == {"spec": {"type": "ClusterIP"}}


def test_without_it_there_is_no_gateway(values: dict[str, Any]) -> None:
    assert not values.keys() & {"gateway", "gatewayClass"}


# --- HTTPS from the load balancer ---------------------------------------------------------------------------------


def test_its_certificate_is_ready_before_it_starts(unknown: bool) -> None:
    plan = _plan(unknown=unknown, target_protocol="HTTPS")
    assert_shape(plan, Traefik, "proxy")
    issuer = plan.one(type="kubernetes:cert-manager.io/v1:Issuer")
    certificate = plan.one(type="kubernetes:cert-manager.io/v1:Certificate")
    for item in (issuer, certificate):
        assert item.inputs["metadata"]["namespace"] == NAMESPACE
        assert item.inputs["metadata"]["annotations"] == WAIT_UNTIL_READY
    reference = {"group": "cert-manager.io", "kind": "Issuer", "name": issuer.inputs["metadata"]["name"]}
    assert certificate.inputs["spec"]["issuerRef"] == reference
    assert {"Certificate proxy-target-certificate", "Issuer proxy-target-issuer"} <= waits_for(
        plan, release_of(plan, "traefik")
    )
    assert "Issuer proxy-target-issuer" in waits_for(plan, certificate)
    assert not [entry for entry in _plan() if "cert-manager" in entry.type]


def test_only_its_certificate_waits_for_cert_manager() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        cert_manager = cloudwatch.LogGroup("cert-manager", opts=opts)
        _traefik(opts, cert_manager, target_protocol="HTTPS")

    plan = recorded(declare)
    assert {
        entry.type.rpartition(":")[2]
        for entry in plan
        if entry.custom and "LogGroup cert-manager" in waits_for(plan, entry)
    } == {"Issuer", "Certificate", "Release"}


def test_it_shows_the_certificate_to_whoever_names_no_server() -> None:
    plan = _plan(target_protocol="HTTPS")
    spec = plan.one(type="kubernetes:cert-manager.io/v1:Certificate").inputs["spec"]
    store = values_of(plan, "traefik")["tlsStore"]
    assert store == {"default": {"defaultCertificate": {"secretName": spec["secretName"]}}}
    # The one store there is must be in the namespace that may define it.
    crd = values_of(plan, "traefik")["providers"]["kubernetesCRD"]
    assert crd["defaultTLSResourcesNamespace"] == NAMESPACE


def test_a_self_signed_certificate_has_an_issuer_with_a_name() -> None:
    # https://cert-manager.io/docs/configuration/selfsigned/#certificate-validity
    spec = target_certificate_spec()
    assert spec["commonName"] in spec["dnsNames"]
    assert spec["privateKey"]["rotationPolicy"] == "Always"


def test_routes_of_teams_name_the_same_entry_point_with_and_without_tls(values: dict[str, Any]) -> None:
    encrypted = values_of(_plan(target_protocol="HTTPS"), "traefik")
    assert encrypted["ports"][ENTRY_POINT] == {**values["ports"][ENTRY_POINT], "http": {"tls": {"enabled": True}}}
    assert encrypted["ports"].keys() == values["ports"].keys()
    route = PlatformRoute("argocd", "argocd.example.jp", "argocd-server.argocd:80")
    file = values_of(_plan(target_protocol="HTTPS", routes=[route]), "traefik")["providers"]["file"]["content"]
    assert [router["entryPoints"] for router in file["http"]["routers"].values()] == [[ENTRY_POINT]] * 2


def test_the_gateway_has_the_protocol_of_the_entry_point() -> None:
    # Traefik has no entry point for a listener of HTTP whose port has TLS: none of its routes would be served.
    # https://github.com/traefik/traefik/blob/v3.7/pkg/provider/kubernetes/gateway/kubernetes.go, entryPointName
    values = values_of(_plan(gateway_api=True, target_protocol="HTTPS"), "traefik")
    assert values["gateway"]["listeners"] == {
        ENTRY_POINT: {
            "port": WEB_PORT,
            "protocol": "HTTPS",
            "namespacePolicy": {"from": "All"},
            "certificateRefs": [{"name": TARGET_CERTIFICATE}],
        }
    }


@pytest.mark.upstream
def test_helm_gives_the_entry_point_of_the_service_tls_and_its_certificate() -> None:
    release = helm.release_of(release_of(_plan(target_protocol="HTTPS", gateway_api=True), "traefik"), "1.36")
    rendered = {item["kind"]: item for item in release.rendered()}
    (container,) = rendered["Deployment"]["spec"]["template"]["spec"]["containers"]
    assert f"--entryPoints.{ENTRY_POINT}.http.tls=true" in container["args"]
    assert f"--entryPoints.{ENTRY_POINT}.address=:{WEB_PORT}/tcp" in container["args"]
    assert f"--entryPoints.{ENTRY_POINT}.http.tls=true" not in _arguments()
    (port,) = rendered["Service"]["spec"]["ports"]
    assert (port["name"], port["targetPort"]) == (ENTRY_POINT, ENTRY_POINT)
    store = rendered["TLSStore"]
    assert (store["metadata"]["name"], store["metadata"]["namespace"]) == ("default", NAMESPACE)
    assert store["spec"] == {"defaultCertificate": {"secretName": TARGET_CERTIFICATE}}
    (listener,) = rendered["Gateway"]["spec"]["listeners"]
    assert (listener["name"], listener["protocol"]) == (ENTRY_POINT, "HTTPS")
    assert listener["tls"] == {"certificateRefs": [{"name": TARGET_CERTIFICATE}]}


# --- Staying up ---------------------------------------------------------------------------------------------------


def test_it_scales_by_cpu_between_the_settings() -> None:
    values = _given(min_replicas=2, max_replicas=7, cpu_target_percent=55).values()
    assert values["autoscaling"] == {
        "enabled": True,
        "minReplicas": 2,
        "maxReplicas": 7,
        "metrics": [
            {
                "type": "Resource",
                "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 55}},
            }
        ],
    }
    # Next to an autoscaler a number of replicas would be set back by each `pulumi up`.
    assert "replicas" not in values["deployment"]


def test_its_size_is_the_settings() -> None:
    assert _given(cpu="500m", memory="512Mi").values()["resources"] == {
        "requests": {"cpu": "500m", "memory": "512Mi"},
        # No limit of CPU: it throttles a proxy in the middle of requests.
        "limits": {"memory": "512Mi"},
    }


def test_it_survives_the_loss_of_a_zone_and_a_drain(values: dict[str, Any]) -> None:
    assert values["podDisruptionBudget"] == {"enabled": True, "maxUnavailable": 1}
    assert [(item["topologyKey"], item["whenUnsatisfiable"]) for item in values["topologySpreadConstraints"]] == [
        ("topology.kubernetes.io/zone", "DoNotSchedule"),
        ("kubernetes.io/hostname", "ScheduleAnyway"),
    ]


def test_a_pod_that_goes_ends_its_requests_first(values: dict[str, Any]) -> None:
    pause = values["deployment"]["lifecycle"]["preStop"]["sleep"]["seconds"]
    # The ALB hears of it within seconds.
    assert pause >= 10
    # It then goes on with what it had begun for as long as `deregistration_delay`, which begins up to ten seconds late.
    drain = int(values["ports"]["web"]["transport"]["lifeCycle"]["graceTimeOut"].removesuffix("s"))
    assert pause + drain >= 10 + DEREGISTRATION_SECONDS
    assert values["deployment"]["terminationGracePeriodSeconds"] >= pause + drain + 10


@pytest.mark.parametrize(("load_balancer", "traefik"), [(60, "180s"), (120, "180s"), (121, "181s"), (4000, "4060s")])
def test_the_load_balancer_is_the_first_to_close_a_connection(load_balancer: int, traefik: str) -> None:
    # Otherwise a request comes on a connection that Traefik has just closed, and ends with 502.
    timeouts = _given(idle_timeout=load_balancer).values()["ports"]["web"]["transport"]["respondingTimeouts"]
    assert timeouts["idleTimeout"] == traefik


def test_a_client_has_as_long_as_the_settings_say() -> None:
    timeouts = _given(read_timeout=900).values()["ports"]["web"]["transport"]["respondingTimeouts"]
    assert timeouts["readTimeout"] == "900s"


def test_it_runs_where_the_platforms_pods_do(values: dict[str, Any]) -> None:
    assert values["nodeSelector"] == {"role": "operations"}
    assert values["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]


def test_on_fargate_no_replica_waits_for_a_zone() -> None:
    on_fargate = _given(placement=FARGATE).values()
    assert not on_fargate.keys() & {"nodeSelector", "tolerations"}
    assert {item["whenUnsatisfiable"] for item in on_fargate["topologySpreadConstraints"]} == {"ScheduleAnyway"}


def test_it_comes_from_the_companys_registry_where_there_is_one() -> None:
    inputs = release_of(_plan(charts=REGISTRY), "traefik").inputs
    assert inputs["chart"] == f"{REGISTRY.registry}/traefik"
    assert "hunter2" not in repr(inputs)


@pytest.mark.parametrize(
    ("charts", "registry", "repository"),
    [
        (PUBLISHERS, "docker.io", "library/traefik"),
        (MIRROR, "own.example.jp", "mirror/docker.io/library/traefik"),
    ],
    ids=["the publisher's", "the company's own"],
)
def test_its_image_comes_from_the_companys_registry_where_there_is_one(
    charts: Charts, registry: str, repository: str
) -> None:
    values = values_of(_plan(charts=charts), "traefik")
    assert values["image"] == {"registry": registry, "repository": repository, "tag": versions.TRAEFIK.tag}


def test_it_waits_for_the_subnets_that_it_trusts() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        subnet = cloudwatch.LogGroup("subnet", name="10.0.0.0/22", opts=opts)
        _traefik(opts, trusted_cidrs=pulumi.Output.all(subnet.name))

    plan = recorded(declare)
    assert "LogGroup subnet" in waits_for(plan, release_of(plan, "traefik"))


def test_a_first_preview_knows_all_values_but_unknown_subnets() -> None:
    # A value that is unknown in a preview must not hide the values around it.
    def declare(opts: pulumi.ResourceOptions) -> None:
        group = cloudwatch.LogGroup("subnet", opts=opts)
        _traefik(opts, trusted_cidrs=group.arn.apply(lambda arn: [arn]))

    values = release_of(recorded(declare, unknown=True), "traefik").inputs["values"]
    assert values["ports"]["web"]["port"] == WEB_PORT
    assert values["ports"]["web"]["forwardedHeaders"] == {"trustedIPs": UNKNOWN}
    assert values["service"] == {"spec": {"type": "ClusterIP"}}


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize("gateway_api", [False, True], ids=["ingress", "gateway"])
@pytest.mark.parametrize("placement", [NODES, FARGATE], ids=["nodes", "fargate"])
def test_the_chart_knows_every_value_and_its_schema_takes_them(placement: dict[str, Any], *, gateway_api: bool) -> None:
    protocol = "HTTPS" if gateway_api else "HTTP"
    ours = values_of(_plan(placement=placement, gateway_api=gateway_api, target_protocol=protocol), "traefik")
    defaults = upstream.default_values("traefik")
    assert unknown_keys(upstream.chart("traefik"), ours) == []
    schema = upstream.value_schema("traefik")
    assert upstream.schema_problems(schema, upstream.merged(defaults, ours)) == []


@pytest.mark.upstream
@pytest.mark.parametrize(
    "wrong",
    [
        {"accessLog": {"format": "xml"}},
        {"service": {"type": "ClusterIP"}, "logs": {"general": {"level": "INFO"}}},
        {"ports": {"web": {"port": WEB_PORT, "redirectTo": {"port": "websecure"}}}},
        {"podDisruptionBudget": {"enabled": True, "maxUnavailable": 1, "minReady": 1}},
    ],
    ids=["format", "removed", "redirect", "misspelt"],
)
def test_a_wrong_value_is_seen(wrong: dict[str, Any]) -> None:
    defaults = upstream.default_values("traefik")
    unknown = unknown_keys(upstream.chart("traefik"), wrong)
    assert unknown or upstream.schema_problems(upstream.value_schema("traefik"), upstream.merged(defaults, wrong))


@pytest.mark.upstream
def test_replicas_are_found_by_the_labels_that_the_chart_gives(values: dict[str, Any]) -> None:
    helpers = upstream.chart("traefik", "templates", "_helpers.tpl")
    assert set(upstream.template(helpers, "traefik.labelselector").splitlines()) == {
        'app.kubernetes.io/name: {{ template "traefik.name" . }}',
        'app.kubernetes.io/instance: {{ template "traefik.instance-name" . }}',
    }
    assert upstream.template(helpers, "traefik.name").startswith("{{- default .Chart.Name ")
    instance = upstream.template(helpers, "traefik.instance-name")
    assert instance.startswith('{{- default (printf "%s-%s" .Release.Name (include "traefik.namespace" .)) ')
    release = release_of(_plan(), "traefik").inputs
    labels = {
        "app.kubernetes.io/name": release["chart"],
        "app.kubernetes.io/instance": f"{release['name']}-{release['namespace']}",
    }
    assert labels == LABELS
    assert [item["labelSelector"] for item in values["topologySpreadConstraints"]] == [{"matchLabels": labels}] * 2


@pytest.mark.upstream
def test_the_service_has_the_releases_name_and_only_the_port_that_others_ask_for(values: dict[str, Any]) -> None:
    service = upstream.chart("traefik", "templates", "_service.tpl").read_text()
    assert '{{- $fullname = default (include "traefik.fullname" .root) .root.Values.service.nameOverride -}}' in service
    assert release_of(_plan(), "traefik").inputs["name"] == SERVICE
    ports = upstream.merged(upstream.default_values("traefik"), values)["ports"]
    exposed = {name: port["exposedPort"] for name, port in ports.items() if port["expose"]["default"]}
    assert exposed == {"web": 80}


@pytest.mark.upstream
def test_probes_and_the_load_balancer_ask_at_the_same_place(values: dict[str, Any]) -> None:
    pod = upstream.chart("traefik", "templates", "_podtemplate.tpl").read_text()
    # A probe with a host is refused by the restricted standard since Kubernetes 1.34.
    assert (
        "{{- $healthchecksHost := (default (.Values.ports.traefik).hostIP .Values.deployment.healthchecksHost) }}"
        in pod
    )
    assert (
        "{{- $healthchecksPort := (default (.Values.ports.traefik).port .Values.deployment.healthchecksPort) }}" in pod
    )
    effective = upstream.merged(upstream.default_values("traefik"), values)
    assert not effective["deployment"]["healthchecksHost"]
    assert not effective["deployment"]["healthchecksPort"]
    assert not effective["ports"]["traefik"]["hostIP"]
    assert effective["ports"]["traefik"]["port"] == PING_PORT


@pytest.mark.upstream
def test_the_definitions_are_of_the_kinds_that_the_chart_lets_it_see() -> None:
    rules = upstream.chart("traefik", "templates", "rbac", "clusterrole.yaml").read_text()
    (block,) = re.findall(r"- gateway.networking.k8s.io\n +resources:\n((?: +- [a-z]+\n)+) +verbs:", rules)
    seen = set(re.findall(r"- ([a-z]+)", block))
    files = [url.rpartition("/")[2] for url in versions.GATEWAY_API_CRDS]
    # Of the experimental channel.
    assert {file.partition("_")[2].removesuffix(".yaml") for file in files} == seen - {"tcproutes"}
    assert {path.name for path in upstream.facts("crds", "gateway-api").iterdir()} >= set(files)
