"""The plain YAML below `manifests/`: complete, pinned, restricted, and of kinds and fields that there are."""

import re
from collections.abc import Iterator
from typing import Any, Final

import pytest
import yaml

from components.ingress.traefik import GATEWAY, INGRESS_CLASS, NAMESPACE
from facts import kinds, manifests
from facts.manifests import ROOT, Object, namespace_of, objects, type_token
from rehearsal.cloud import MODEL
from rehearsal.cloud.kubernetes import is_custom
from settings import Workloads
from tests import upstream

FOLDERS: Final = manifests.folders()
every_folder = pytest.mark.parametrize("folder", FOLDERS)


def _pods(folder: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in objects(folder):
        if manifests.runs_pods(item):
            yield item["metadata"]["name"], manifests.pod_spec(item)


def _everything() -> list[Object]:
    return [item for folder in FOLDERS for item in objects(folder)]


# --- Folders ------------------------------------------------------------------------------------------------------


@every_folder
def test_a_kustomization_lists_every_file_of_its_folder_and_does_nothing_else(folder: str) -> None:
    kustomization = yaml.safe_load((ROOT / folder / manifests.KUSTOMIZATION).read_text())
    assert kustomization.keys() == {"apiVersion", "kind", "resources"}
    files = {path.name for path in (ROOT / folder).glob("*.yaml")} - {manifests.KUSTOMIZATION}
    assert set(kustomization["resources"]) == files


def test_every_file_is_in_a_folder_that_can_be_applied() -> None:
    assert {path.parent for path in ROOT.rglob("*.yaml")} == {ROOT / folder for folder in FOLDERS}


def test_no_object_stands_there_twice() -> None:
    names = [(item["kind"], namespace_of(item), item["metadata"]["name"]) for item in _everything()]
    assert len(names) == len(set(names))


@every_folder
def test_every_object_is_in_a_namespace_for_applications_that_its_folder_or_the_one_above_makes(folder: str) -> None:
    made = {namespace_of(item) for item in objects(folder.partition("/")[0]) if item["kind"] == "Namespace"}
    assert {namespace_of(item) for item in objects(folder)} <= made
    # A Fargate profile for app-* takes them.
    assert all(str(namespace).startswith("app-") for namespace in made)


@every_folder
def test_a_kind_of_kubernetes_has_no_field_that_the_sdk_does_not_know(folder: str) -> None:
    for item in objects(folder):
        if not is_custom(type_token(item)):
            assert MODEL.input_problems(type_token(item), item) == {}, item["metadata"]["name"]


@pytest.mark.upstream
def test_custom_resources_are_what_their_definitions_allow() -> None:
    found = [item for item in _everything() if is_custom(type_token(item))]
    assert {item["kind"] for item in found} == {"IngressRoute", "Middleware", "HTTPRoute", "ExternalSecret"}
    for item in found:
        group = item["apiVersion"].partition("/")[0]
        folder = {"HTTPRoute": "gateway-api", "ExternalSecret": "external-secrets"}.get(item["kind"], "traefik")
        definition = upstream.facts("crds", folder, f"{group}_{item['kind'].lower()}s.yaml")
        assert upstream.object_problems(definition, item) == []


@pytest.mark.upstream
def test_the_scope_of_a_custom_resource_is_that_of_its_definition() -> None:
    definitions = [
        document
        for path in upstream.facts("crds").glob("*/*.yaml")
        for document in yaml.safe_load_all(path.read_text())
        if document
    ]
    known = [item["spec"] for item in definitions if item["spec"]["group"] in kinds.CUSTOM_GROUPS]
    assert len(known) > 40
    for spec in known:
        kind = spec["names"]["kind"]
        assert kinds.is_namespaced(spec["group"], kind) is (spec["scope"] == "Namespaced"), kind


# --- Pods ---------------------------------------------------------------------------------------------------------


@every_folder
def test_namespaces_take_restricted_pods_only(folder: str) -> None:
    for item in objects(folder):
        if item["kind"] == "Namespace":
            assert item["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"


@every_folder
def test_pods_are_what_the_restricted_standard_asks_for(folder: str) -> None:
    # https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
    for name, pod in _pods(folder):
        assert pod["securityContext"] == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}, name
        assert pod["automountServiceAccountToken"] is False
        assert all(volume.keys() <= {"name", "emptyDir", "configMap"} for volume in pod.get("volumes", []))
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert all("hostPort" not in port for port in container.get("ports", []))


@every_folder
def test_images_are_pinned_and_every_container_says_what_it_needs(folder: str) -> None:
    for _, pod in _pods(folder):
        for container in pod["containers"]:
            assert re.fullmatch(r"[a-z0-9.-]+/[a-z0-9/-]+:[0-9][a-z0-9.-]+@sha256:[0-9a-f]{64}", container["image"])
            assert container["resources"]["requests"].keys() == {"cpu", "memory"}
            assert container["resources"]["limits"] == {"memory": container["resources"]["requests"]["memory"]}


@every_folder
def test_a_deployment_survives_nodes_and_zones(folder: str) -> None:
    budgets = [item["spec"]["selector"] for item in objects(folder) if item["kind"] == "PodDisruptionBudget"]
    for item in objects(folder):
        if item["kind"] == "Deployment":
            selector = item["spec"]["selector"]
            assert selector in budgets
            assert item["spec"]["template"]["metadata"]["labels"] == selector["matchLabels"]
            (spread,) = item["spec"]["template"]["spec"]["topologySpreadConstraints"]
            assert spread["labelSelector"] == selector
            # On Fargate a pod that must be spread stays pending.
            assert spread["whenUnsatisfiable"] == "ScheduleAnyway"


@every_folder
def test_only_who_is_named_reaches_the_pods(folder: str) -> None:
    policies = [item["spec"] for item in objects(folder) if item["kind"] == "NetworkPolicy"]
    for item in objects(folder):
        if item["kind"] == "Deployment":
            assert item["spec"]["selector"] in [policy["podSelector"] for policy in policies]
    for policy in policies:
        assert policy["policyTypes"] == ["Ingress"]
        assert all(rule["from"] and rule["ports"] for rule in policy["ingress"])
        assert "0.0.0.0/0" not in str(policy)


# --- Ways in ------------------------------------------------------------------------------------------------------


def _only(folder: str, kind: str) -> Object:
    (found,) = [item for item in objects(folder) if item["kind"] == kind]
    return found


@pytest.mark.parametrize("folder", ["hello", "nginx", "game-2048"])
def test_applications_are_behind_traefik_under_a_path(folder: str) -> None:
    route = _only(folder, "IngressRoute")["spec"]
    assert route["entryPoints"] == ["web"]
    ((match, service),) = [(rule["match"], rule["services"][0]["name"]) for rule in route["routes"]]
    found = re.fullmatch(r"Host\(`apps\.example\.jp`\) && PathPrefix\(`(/[a-z0-9]+)`\)", match)
    # A route without a host would take the path from every host behind the ALB.
    assert found, match
    assert found[1] in _only(folder, "Middleware")["spec"]["stripPrefix"]["prefixes"]
    assert service == _only(folder, "Service")["metadata"]["name"]


def test_a_route_of_the_gateway_api_is_for_the_platforms_gateway() -> None:
    route = _only("hello/http-route", "HTTPRoute")["spec"]
    assert route["hostnames"]
    assert route["parentRefs"] == [{"name": GATEWAY, "namespace": NAMESPACE, "sectionName": "web"}]
    assert INGRESS_CLASS == "traefik"
    ((backend,),) = [rule["backendRefs"] for rule in route["rules"]]
    assert backend == {"name": _only("hello", "Service")["metadata"]["name"], "port": 80}


def test_load_balancers_are_for_the_vpc_and_the_controller_makes_them() -> None:
    for target in ("instance", "ip"):
        ingress = _only(f"nginx/alb-{target}", "Ingress")
        assert ingress["spec"]["ingressClassName"] == "alb"
        annotations = ingress["metadata"]["annotations"]
        assert annotations["alb.ingress.kubernetes.io/target-type"] == target
        assert annotations["alb.ingress.kubernetes.io/scheme"] == "internal"
        # In the platform's group it would share the platform's ALB.
        assert "alb.ingress.kubernetes.io/group.name" not in annotations
    service = _only("nginx/nlb", "Service")
    assert (service["spec"]["type"], service["spec"]["loadBalancerClass"]) == ("LoadBalancer", "service.k8s.aws/nlb")
    assert service["metadata"]["annotations"]["service.beta.kubernetes.io/aws-load-balancer-scheme"] == "internal"


@pytest.mark.parametrize(
    ("folder", "needed"),
    [
        ("nginx", False),
        ("nginx/node-port", True),
        ("nginx/alb-instance", True),
        ("nginx/alb-ip", False),
        ("nginx/nlb", False),
        ("game-2048", False),
    ],
)
def test_nodes_are_needed_for_their_ports(folder: str, *, needed: bool) -> None:
    assert any(manifests.needs_nodes(item) for item in objects(folder)) is needed


def test_a_load_balancer_that_says_no_target_type_sends_to_nodes() -> None:
    ingress: Object = {"kind": "Ingress", "metadata": {"name": "a"}, "spec": {}}
    service: Object = {"kind": "Service", "metadata": {"name": "a"}, "spec": {"type": "LoadBalancer"}}
    assert manifests.needs_nodes(ingress)
    assert manifests.needs_nodes(service)
    assert not manifests.needs_nodes({**service, "spec": {}})


# --- Autoscaling --------------------------------------------------------------------------------------------------


def test_the_game_outgrows_a_few_small_nodes() -> None:
    scaler, deployment = _only("game-2048", "HorizontalPodAutoscaler")["spec"], _only("game-2048", "Deployment")
    assert scaler["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
    # Next to an autoscaler, a number of replicas would be reset by each `kubectl apply`.
    assert "replicas" not in deployment["spec"]
    (container,) = deployment["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["requests"]["cpu"] == "500m"
    assert scaler["maxReplicas"] * 0.5 >= 10


def test_the_load_is_let_in_and_ends() -> None:
    job = _only("game-2048/load", "Job")
    policy = _only("game-2048", "NetworkPolicy")["spec"]
    labels = job["spec"]["template"]["metadata"]["labels"]
    assert {"podSelector": {"matchLabels": labels}} in policy["ingress"][0]["from"]
    assert job["spec"]["activeDeadlineSeconds"] == 600
    # `pulumi up` waits for Jobs otherwise.
    assert job["metadata"]["annotations"] == {"pulumi.com/skipAwait": "true"}


def test_a_setting_names_the_namespaces_of_its_folders() -> None:
    workloads = Workloads.model_validate({"folders": ["nginx", "nginx/nlb", "hello"]})
    assert workloads.namespaces == ("app-nginx", "app-hello")


@pytest.mark.parametrize("folder", ["hello", "nginx", "game-2048"])
def test_a_pod_that_goes_still_answers_what_the_load_balancer_sends(folder: str) -> None:
    pod = _only(folder, "Deployment")["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pause >= 10
    assert pod["terminationGracePeriodSeconds"] >= pause + 30
