"""The installed objects follow every rule, and each rule sees what breaks it."""

import copy
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conformance import meaning
from tests.conformance.bundles import NAMES, STACKS, Bundle, Object, bundle, label_of
from tests.plans import OWN_PARAMETERS, any_stack

pytestmark = pytest.mark.upstream

ALL = {**meaning.RULES, **meaning.STACK_RULES}


@pytest.mark.parametrize("name", [*NAMES, *OWN_PARAMETERS])
@pytest.mark.parametrize("rule", meaning.RULES)
def test_what_is_installed_follows_the_rules(rule: str, name: str, helm: Path) -> None:
    assert meaning.problems(bundle(name), rule) == []


@any_stack
@pytest.mark.parametrize("rule", meaning.STACK_RULES)
def test_stacks_follow_theirs(rule: str, stack: str, helm: Path) -> None:
    assert meaning.problems(bundle(stack), rule) == []


def test_every_exception_is_needed(helm: Path) -> None:
    found = {
        (rule, problem.partition(":")[0])
        for rule, function in ALL.items()
        for name in (STACKS if rule in meaning.STACK_RULES else NAMES)
        for problem in function(bundle(name))
    }
    assert meaning.EXCEPTIONS.keys() <= found


def test_every_release_with_arguments_is_installed(helm: Path) -> None:
    assert meaning.ARGUMENTS.keys() <= {release for stack in STACKS for release in bundle(stack).rendered}


# --- What breaks each rule ----------------------------------------------------------------------------------------

Objects = dict[str, Object]
Change = Callable[[Objects], Any]

TRAEFIK = "Deployment traefik/traefik"
KARPENTER = "Deployment kube-system/karpenter"
CONTROLLER = "Deployment kube-system/aws-load-balancer-controller"


def _changed(name: str, change: Change) -> Bundle:
    """Return a bundle after a change of its objects, by label; what is taken out is no longer installed."""
    found = bundle(name)
    objects = {label_of(item): copy.deepcopy(item) for item in found.objects}
    change(objects)
    kept = {
        release: tuple(objects[label_of(item)] for item in items if label_of(item) in objects)
        for release, items in found.rendered.items()
    }
    own = tuple(objects[label_of(item)] for item in found.own if label_of(item) in objects)
    return replace(found, own=own, rendered=kept)


def _at(label: str, path: str, value: Any) -> Change:
    """Return the change that puts a value at a path of an object; None takes away what is there."""

    def change(objects: Objects) -> None:
        *above, last = path.split(".")
        node: Any = objects[label]
        for name in above:
            node = node[int(name)] if isinstance(node, list) else node.setdefault(name, {})
        key: str | int = int(last) if isinstance(node, list) else last
        if value is None:
            del node[key]
        else:
            node[key] = value

    return change


def _pod(label: str, path: str, value: Any) -> Change:
    return _at(label, f"spec.template.spec.{path}", value)


def _without(label: str) -> Change:
    return lambda objects: objects.pop(label)


BROKEN: list[tuple[str, str, Change, str]] = [
    ("pods_have_nothing_of_their_node", "dev", _pod(KARPENTER, "hostNetwork", True), "hostNetwork"),
    ("pods_have_nothing_of_their_node", "dev", _pod(KARPENTER, "hostPID", True), "hostPID"),
    (
        "pods_have_nothing_of_their_node", "dev",
        _pod(TRAEFIK, "volumes.0", {"name": "etc", "hostPath": {"path": "/etc"}}), "hostPath etc",
    ),
    ("pods_have_nothing_of_their_node", "dev", _pod(TRAEFIK, "containers.0.ports.0.hostPort", 80), "hostPort 80"),
    (
        "pods_have_nothing_of_their_node", "dev",
        _pod(TRAEFIK, "initContainers", [{"name": "x", "securityContext": {"privileged": True}}]), "privileged",
    ),
    ("pods_are_restricted", "dev", _pod(TRAEFIK, "securityContext.runAsNonRoot", None), "runAsNonRoot"),
    ("pods_are_restricted", "prod", _pod(CONTROLLER, "securityContext.seccompProfile", None), "seccompProfile"),
    (
        "pods_are_restricted", "manifests/hello",
        _pod("Deployment app-hello/hello", "containers.0.securityContext.capabilities", {}), "capabilities",
    ),
    ("containers_have_requests", "dev", _pod(KARPENTER, "containers.0.resources.requests.cpu", None), "no cpu request"),
    ("containers_have_requests", "dev", _pod(TRAEFIK, "initContainers", [{"name": "x"}]), "x: no memory request"),
    ("containers_have_requests", "dev", _pod(TRAEFIK, "containers.0.resources.limits", {}), "memory limit is not"),
    ("images_are_pinned", "dev", _pod(TRAEFIK, "containers.0.image", "docker.io/traefik:latest"), "traefik:latest"),
    ("images_are_pinned", "dev", _pod(TRAEFIK, "containers.0.image", "registry:5000/traefik"), "registry:5000/traefik"),
    ("replicas_survive_drains_and_zones", "dev", _without("PodDisruptionBudget traefik/traefik"), "0 budgets"),
    (
        "replicas_survive_drains_and_zones", "dev",
        _at("PodDisruptionBudget kube-system/karpenter", "spec", {"minAvailable": 2, "selector": {}}), "blocks",
    ),
    (
        "replicas_survive_drains_and_zones", "dev",
        _at("PodDisruptionBudget kube-system/karpenter", "spec.maxUnavailable", 0), "blocks",
    ),
    ("replicas_survive_drains_and_zones", "dev", _pod(TRAEFIK, "topologySpreadConstraints.0", None), "not spread over"),
    (
        "selectors_find_pods", "dev",
        _at("PodDisruptionBudget traefik/traefik", "spec.selector.matchLabels", {"app": "x"}), "selects nothing",
    ),
    (
        "selectors_find_pods", "manifests/hello",
        _at("NetworkPolicy app-hello/hello", "spec.podSelector.matchLabels", {"app": "x"}), "selects nothing",
    ),
    ("selectors_find_pods", "dev", _at("Service traefik/traefik", "spec.selector", {"app": "x"}), "selects nothing"),
    (
        "selectors_find_pods", "dev",
        _at("HorizontalPodAutoscaler traefik/traefik", "spec.scaleTargetRef.name", "x"), "scales nothing",
    ),
    (
        "selectors_find_pods", "dev",
        _pod(TRAEFIK, "topologySpreadConstraints.0.labelSelector.matchLabels", {"app": "x"}), "spreads other pods",
    ),
    ("services_stay_inside", "dev", _at("Service traefik/traefik", "spec.type", "LoadBalancer"), "LoadBalancer"),
    (
        "services_lead_to_ports", "dev",
        _at("Service traefik/traefik", "spec.ports.0.targetPort", "metric"), "nothing listens on metric",
    ),
    ("backends_exist", "dev", _without("Service traefik/traefik"), "Ingress traefik/traefik: no Service"),
    ("backends_exist", "prod", _without("Service traefik/traefik"), "TargetGroupBinding traefik/traefik: no Service"),
    (
        "backends_exist", "dev",
        _at("Service kube-system/aws-load-balancer-webhook-service", "spec.ports.0.port", 8443),
        "ValidatingWebhookConfiguration /aws-load-balancer-webhook: no Service",
    ),
    (
        "backends_exist", "manifests/hello", _at("Service app-hello/hello", "spec.ports.0.name", "web"),
        "IngressRoute app-hello/hello: no Service app-hello/hello with port http",
    ),
    ("rights_are_of_somebody", "dev", _without("ServiceAccount traefik/traefik"), "no ServiceAccount traefik/traefik"),
    ("rights_are_of_somebody", "dev", _without("ClusterRole /karpenter"), "no ClusterRole karpenter"),
    (
        "custom_resources_are_defined", "fargate",
        lambda objects: objects["Ingress traefik/traefik"].update(apiVersion="karpenter.sh/v1", kind="NodePool"),
        "nothing installs karpenter.sh/v1",
    ),
    (
        # The stack that installs most of them installs no other.
        "custom_resources_are_defined", "manifests/hello/http-route",
        lambda objects: objects["HTTPRoute app-hello/hello"].update(kind="UDPRoute"),
        "nothing installs gateway.networking.k8s.io/v1",
    ),
    (
        "roles_and_service_accounts_agree", "dev",
        _at("ServiceAccount kube-system/karpenter", "metadata.annotations", None), "has the role None",
    ),
    (
        "roles_and_service_accounts_agree", "dev",
        _pod(KARPENTER, "serviceAccountName", "karpenter-controller"), "no pod has the service account",
    ),
    (
        "roles_and_service_accounts_agree", "staging",
        _at("ServiceAccount kube-system/karpenter", "metadata.name", "another"), "kube-system/karpenter",
    ),
    (
        "roles_and_service_accounts_agree", "examples/app-team",
        _at("ServiceAccount app-orders/orders", "metadata.annotations", {meaning.ROLE_ANNOTATION: "arn:other"}),
        "has the role arn:other",
    ),
    (
        "roles_and_service_accounts_agree", "dev",
        _at("ServiceAccount traefik/traefik", "metadata.annotations", {meaning.ROLE_ANNOTATION: "arn:x"}), "arn:x",
    ),
    ("the_platforms_pods_find_a_node", "dev", _pod(TRAEFIK, "tolerations", []), "operations-nodes"),
    ("the_platforms_pods_find_a_node", "dev", _pod(TRAEFIK, "nodeSelector.disk", "fast"), "operations-nodes"),
    (
        "the_platforms_pods_find_a_node", "auto",
        _pod(TRAEFIK, "tolerations", []), "none of ['general-purpose', 'system'] takes it",
    ),
    ("the_platforms_pods_find_a_node", "fargate", _at(TRAEFIK, "metadata.namespace", "elsewhere"), "none of []"),
    ("the_platforms_pods_are_put_where_the_settings_say", "dev", _pod(TRAEFIK, "nodeSelector", {}), "operations"),
    (
        "the_platforms_pods_are_put_where_the_settings_say", "dev",
        _pod(TRAEFIK, "tolerations", []), "CriticalAddonsOnly: not tolerated",
    ),
    ("the_platforms_pods_go_before_others", "dev", _pod(TRAEFIK, "priorityClassName", None), "priority class None"),
    ("pods_fit_fargate", "fargate", lambda objects: objects[TRAEFIK].update(kind="DaemonSet"), "a DaemonSet"),
    ("pods_fit_fargate", "fargate", _at(TRAEFIK, "metadata.namespace", "elsewhere"), "no profile takes it"),
    ("pods_fit_fargate", "fargate", _pod(TRAEFIK, "containers.0.ports.0.containerPort", 10250), "the kubelet's port"),
    ("pods_fit_fargate", "fargate", _pod(TRAEFIK, "containers.0.args.0", "--port=10250"), "the kubelet's port"),
    ("controllers_are_told_what_they_need", "dev", _pod(CONTROLLER, "containers.0.args.1", None), "not told --ingress"),
    ("controllers_are_told_what_they_need", "prod", _pod(CONTROLLER, "containers.0.args.3", "x"), "told --aws-vpc-id="),
    ("controllers_are_told_what_they_need", "dev", _pod(KARPENTER, "containers.0.env", []), "INTERRUPTION_QUEUE="),
]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "name", "change", "message"), BROKEN, ids=[f"{rule}-{number}" for number, (rule, *_) in enumerate(BROKEN)]
)
def test_a_rule_sees_what_breaks_it(rule: str, name: str, change: Change, message: str, helm: Path) -> None:
    assert message in "\n".join(ALL[rule](_changed(name, change)))


def test_there_is_something_broken_for_every_rule() -> None:
    assert {rule for rule, *_ in BROKEN} == ALL.keys()
