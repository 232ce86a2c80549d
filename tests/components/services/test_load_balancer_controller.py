"""The AWS Load Balancer Controller: its role, and a release that neither blocks the cluster nor changes by itself."""

import json
from typing import Any, Final

import pulumi
import pytest

import versions
from components.common.on_cluster import OnCluster
from components.common.placement import Placement
from components.services.load_balancer_controller import (
    IMAGE,
    INGRESS_CLASS,
    NAMESPACE,
    WITHOUT_FIREWALLS,
    LoadBalancerController,
)
from facts import iam_documents
from harness.plan import Plan
from harness.properties import UNKNOWN
from settings import Charts, Ingress
from tests import upstream
from tests.components.given import (
    CLUSTER,
    FARGATE,
    MIRROR,
    NODES,
    PUBLISHERS,
    REGISTRY,
    identity,
    on_cluster,
    release_of,
    values_of,
    waiting_for_compute,
)
from tests.components.recording import (
    ACCOUNT,
    REGION,
    Probe,
    assert_shape,
    carried,
    document,
    recorded,
    waits_for,
)
from tests.conformance.charts import unknown_keys

CHART = "aws-load-balancer-controller"
VPC = "vpc-0123456789abcdef0"
WEB_ACL: Final = "arn:aws:wafv2:ap-northeast-1:111122223333:regional/webacl/front/0f1e2d3c"
TAGS: Final = {"CostCenter": "platform"}


def _plan(cluster: OnCluster | None = None, *, unknown: bool = False, **section: Any) -> Plan:
    """Record the controller. section: settings of `ingress` under their names in a stack file."""
    settings = Ingress.model_validate_json(json.dumps(section))

    def declare(opts: pulumi.ResourceOptions) -> None:
        controller = LoadBalancerController("lbc", settings, cluster or on_cluster(tags=TAGS), opts=opts)
        Probe(role=controller.role_arn, ingress_class=controller.ingress_class)

    return recorded(declare, unknown=unknown)


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return values_of(_plan(), CHART)


def test_it_is_a_role_and_a_release(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    entry = assert_shape(plan, LoadBalancerController, "lbc")
    assert {child.type for child in plan.descendants(entry) if child.custom} == {
        "aws:iam/role:Role",
        "aws:iam/policy:Policy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "kubernetes:helm.sh/v3:Release",
    }
    assert plan.one(name="probe").inputs["ingress_class"] == INGRESS_CLASS


# --- Role ---------------------------------------------------------------------------------------------------------


def test_its_policy_is_for_this_cluster_in_this_vpc() -> None:
    policy = document(_plan().one(type="aws:iam/policy:Policy"), "policy")
    assert policy == iam_documents.load_balancer_controller(ACCOUNT, REGION, CLUSTER, VPC)


def test_with_irsa_its_service_account_alone_may_have_the_role() -> None:
    plan = _plan()
    trust = document(plan.one(type="aws:iam/role:Role"), "assumeRolePolicy")
    accounts = [(NAMESPACE, CHART)]
    assert trust == iam_documents.trust_irsa(str(identity().oidc_provider_arn), str(identity().oidc_issuer), accounts)
    role = plan.one(type="aws:iam/role:Role").outputs["arn"]
    account = values_of(plan, CHART)["serviceAccount"]
    assert account == {"name": CHART, "annotations": {"eks.amazonaws.com/role-arn": role}}


def test_with_pod_identity_its_service_account_alone_may_have_the_role() -> None:
    plan = _plan(on_cluster(identity=identity("pod-identity")))
    association = plan.one(type="aws:eks/podIdentityAssociation:PodIdentityAssociation").inputs
    assert (association["namespace"], association["serviceAccount"]) == (NAMESPACE, CHART)
    assert values_of(plan, CHART)["serviceAccount"] == {"name": CHART, "annotations": {}}


@pytest.mark.parametrize("kind", ["irsa", "pod-identity"])
def test_on_destroy_the_role_and_its_policy_outlive_the_controller(kind: str) -> None:
    # Only with its rights can the controller delete what it created in AWS (terraform-aws-eks #285).
    plan = _plan(on_cluster(identity=identity(kind)))
    needed = {"Role lbc", "Policy lbc-controller", "RolePolicyAttachment lbc-controller"}
    if kind == "pod-identity":
        needed.add(f"PodIdentityAssociation lbc-{NAMESPACE}-{CHART}")
    assert needed <= waits_for(plan, release_of(plan, CHART))


def test_who_takes_its_role_waits_for_the_policy() -> None:
    assert carried(_plan(), "role") == {"Role lbc", "RolePolicyAttachment lbc-controller"}


# --- Release ------------------------------------------------------------------------------------------------------


def test_it_is_the_pinned_chart_with_its_definitions() -> None:
    inputs = release_of(_plan(), CHART).inputs
    assert (inputs["chart"], inputs["version"]) == (CHART, versions.AWS_LOAD_BALANCER_CONTROLLER.version)
    # The one that every stack has room for: see the rule that a Fargate profile takes it.
    assert inputs["namespace"] == NAMESPACE == "kube-system"
    assert inputs["skipCrds"] is False


def test_it_comes_from_the_companys_registry_where_there_is_one() -> None:
    inputs = release_of(_plan(on_cluster(charts=REGISTRY)), CHART).inputs
    assert inputs["chart"] == f"{REGISTRY.registry}/{CHART}"
    assert "hunter2" not in repr(inputs)


@pytest.mark.parametrize(
    ("charts", "repository"),
    [(PUBLISHERS, IMAGE), (MIRROR, f"{MIRROR.images}/{IMAGE}")],
    ids=["the publisher's", "the company's own"],
)
def test_its_image_comes_from_the_companys_registry_where_there_is_one(charts: Charts, repository: str) -> None:
    assert values_of(_plan(on_cluster(charts=charts)), CHART)["image"] == {"repository": repository}


@pytest.mark.parametrize("shared", [True, False])
def test_it_finds_subnets_that_are_tagged_for_another_cluster_only_if_it_is_to(shared: bool) -> None:
    values = values_of(_plan(on_cluster(shared_subnets=shared)), CHART)
    found = values["controllerConfig"]["featureGates"]
    assert found.get("SubnetsClusterTagCheck") is (False if shared else None)
    # Nor does it look for Gateways, whichever it is (aws-load-balancer-controller #4684).
    assert {"ALBGatewayAPI": False, "NLBGatewayAPI": False, "GatewayListenerSet": False}.items() <= found.items()


@pytest.mark.parametrize("isolated", [True, False])
def test_where_nothing_leads_out_it_asks_no_firewall(isolated: bool) -> None:
    # aws-load-balancer-controller #1734: an Ingress would wait for an answer of WAF that never comes.
    values = values_of(_plan(on_cluster(isolated=isolated)), CHART)
    found = {key: values[key] for key in ("enableShield", "enableWaf", "enableWafv2") if key in values}
    assert found == (WITHOUT_FIREWALLS if isolated else {})
    assert not any(WITHOUT_FIREWALLS.values())


def test_it_is_told_where_it_is() -> None:
    # A hop limit of 1 keeps the instance metadata from pods (EKS best practices), and Fargate has none.
    plan = _plan(on_cluster(placement=FARGATE))
    assert {key: values_of(plan, CHART)[key] for key in ("clusterName", "region", "vpcId")} == {
        "clusterName": CLUSTER,
        "region": REGION,
        "vpcId": VPC,
    }


def test_services_do_not_wait_for_it(values: dict[str, Any]) -> None:
    # With its webhook no Service can be created until the controller is ready (the chart's value of that name).
    assert values["enableServiceMutatorWebhook"] is False


def test_its_certificate_stays_from_one_rendering_to_the_next(values: dict[str, Any]) -> None:
    # Otherwise each rendering makes a new CA (the chart's value of that name).
    assert values["keepTLSSecret"] is True


def test_its_ingress_class_is_no_default(values: dict[str, Any]) -> None:
    assert values["ingressClass"] == INGRESS_CLASS
    assert values["createIngressClassResource"] is True
    assert "ingressClassConfig" not in values


def test_what_it_makes_has_the_platforms_tags(values: dict[str, Any]) -> None:
    assert values["defaultTags"] == {"CostCenter": "platform"}


def test_it_survives_the_loss_of_a_zone(values: dict[str, Any]) -> None:
    assert values["replicaCount"] == 2
    assert values["podDisruptionBudget"] == {"maxUnavailable": 1}
    assert [item["whenUnsatisfiable"] for item in values["topologySpreadConstraints"]] == [
        "DoNotSchedule",
        "ScheduleAnyway",
    ]


def test_it_runs_where_the_platforms_pods_do(values: dict[str, Any]) -> None:
    assert values["nodeSelector"] == {"role": "operations"}
    assert values["tolerations"] == [{"key": "CriticalAddonsOnly", "operator": "Exists"}]
    assert values["podAnnotations"] == {"karpenter.sh/do-not-disrupt": "true"}


def test_on_fargate_no_replica_waits_for_a_zone() -> None:
    on_fargate = values_of(_plan(on_cluster(placement=FARGATE)), CHART)
    assert not on_fargate.keys() & {"nodeSelector", "tolerations"}
    assert {item["whenUnsatisfiable"] for item in on_fargate["topologySpreadConstraints"]} == {"ScheduleAnyway"}


def test_its_pods_are_restricted_and_bounded(values: dict[str, Any]) -> None:
    assert values["podSecurityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert values["securityContext"] == {
        "runAsNonRoot": True,
        "readOnlyRootFilesystem": True,
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
    }
    assert values["resources"]["limits"]["memory"] == values["resources"]["requests"]["memory"]


def test_a_first_preview_knows_all_values_but_the_role() -> None:
    # A value that is unknown in a preview must not hide the values around it.
    release = release_of(_plan(unknown=True), CHART)
    values = release.inputs["values"]
    assert values["serviceAccount"]["annotations"]["eks.amazonaws.com/role-arn"] is UNKNOWN
    assert values["vpcId"] == VPC
    assert values["enableServiceMutatorWebhook"] is False


def test_nothing_but_the_release_waits_for_compute() -> None:
    waiting = waiting_for_compute(lambda cluster, opts: LoadBalancerController("lbc", Ingress(), cluster, opts=opts))
    assert waiting == {"Release lbc-release"}


# --- Groups -------------------------------------------------------------------------------------------------------


def test_no_ingress_joins_the_load_balancer_of_another() -> None:
    assert values_of(_plan(), CHART)["disableIngressGroupNameAnnotation"] is True


# --- Gateways -----------------------------------------------------------------------------------------------------


def test_it_leaves_the_gateway_api_to_traefik() -> None:
    # All three, or it looks for the kinds of the Gateway API by itself (aws-load-balancer-controller #4721).
    assert values_of(_plan(), CHART)["controllerConfig"] == {
        "featureGates": {"ALBGatewayAPI": False, "NLBGatewayAPI": False, "GatewayListenerSet": False}
    }


# --- Upstream's own word ------------------------------------------------------------------------------------------


@pytest.mark.upstream
@pytest.mark.parametrize("placement", [NODES, FARGATE], ids=["nodes", "fargate"])
def test_the_chart_knows_every_value(placement: Placement) -> None:
    ours = values_of(_plan(on_cluster(placement=placement)), CHART)
    assert unknown_keys(upstream.chart(CHART), ours) == []


@pytest.mark.upstream
def test_replicas_are_found_by_the_labels_that_the_chart_gives(values: dict[str, Any]) -> None:
    labels_of_pods = upstream.template(upstream.chart(CHART, "templates", "_helpers.tpl"), f"{CHART}.selectorLabels")
    assert set(labels_of_pods.splitlines()) == {
        f'app.kubernetes.io/name: {{{{ include "{CHART}.name" . }}}}',
        "app.kubernetes.io/instance: {{ .Release.Name }}",
    }
    for constraint in values["topologySpreadConstraints"]:
        assert constraint["labelSelector"]["matchLabels"] == {
            "app.kubernetes.io/name": CHART,
            "app.kubernetes.io/instance": CHART,
        }


@pytest.mark.upstream
def test_the_webhooks_that_are_left_fail_open_for_pods_and_close_only_for_their_own_kinds() -> None:
    webhooks = upstream.chart(CHART, "templates", "webhook.yaml").read_text()
    # The value above is the one that the chart's template reads.
    assert "{{- if .Values.enableServiceMutatorWebhook }}" in webhooks
    assert upstream.default_values(CHART)["podMutatorWebhookConfig"]["failurePolicy"] == "Ignore"


# --- Whom the class is for ----------------------------------------------------------------------------------------


def _class(**section: Any) -> dict[str, Any]:
    params = values_of(_plan(**section), CHART)["ingressClassParams"]
    # Without a name the chart would write no reference to them into the class.
    assert (params["create"], params["name"]) == (True, INGRESS_CLASS)
    return dict(params["spec"])


def test_the_class_is_for_the_platform_alone_unless_a_stack_says_more() -> None:
    assert _class()["namespaceSelector"] == _only(["traefik"])
    dedicated = {"namespaces": ["app-nginx", "app-shop"]}
    assert _class(dedicated=dedicated)["namespaceSelector"] == _only(["traefik", "app-nginx", "app-shop"])


def _only(namespaces: list[str]) -> dict[str, Any]:
    # A label that the API server sets, and nobody changes.
    expression = {"key": "kubernetes.io/metadata.name", "operator": "In", "values": namespaces}
    return {"matchExpressions": [expression]}


def test_no_ingress_passes_by_the_class() -> None:
    # The annotation kubernetes.io/ingress.class names a controller and no class with its demands.
    assert values_of(_plan(), CHART)["disableIngressClassAnnotation"] is True


def test_every_load_balancer_of_the_class_is_as_the_settings_say() -> None:
    found = _class(webAcl=WEB_ACL, dedicated={"namespaces": ["app-nginx"], "scheme": "internal"})
    assert found["wafv2AclArn"] == WEB_ACL
    assert found["scheme"] == "internal"
    assert found["sslPolicy"] == versions.ALB_TLS_POLICY
    assert found["tags"] == [{"key": "CostCenter", "value": "platform"}]
    assert not _class().keys() & {"wafv2AclArn", "scheme", "group"}


@pytest.mark.upstream
def test_the_definition_of_class_parameters_takes_them() -> None:
    spec = _class(webAcl=WEB_ACL, dedicated={"namespaces": ["app-nginx"], "scheme": "internal"})
    body = {"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "IngressClassParams", "spec": spec}
    definition = upstream.facts("crds", "aws-load-balancer-controller", "elbv2.k8s.aws_ingressclassparams.yaml")
    assert upstream.object_problems(definition, {**body, "metadata": {"name": INGRESS_CLASS}}) == []
