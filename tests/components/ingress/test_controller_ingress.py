"""The ALB that the controller makes from an Ingress."""

import json
import re
from collections.abc import Sequence
from typing import Any

import pulumi
import pytest
from pulumi_aws import cloudwatch

import versions
from components.ingress.certificate import Certificates
from components.ingress.controller_ingress import (
    ControllerIngress,
    balancer_name,
    ingress_annotations,
    load_balancer_attributes,
)
from components.ingress.traefik import NAMESPACE, PING_PORT, SERVICE
from components.services.load_balancer_controller import INGRESS_CLASS
from harness.plan import Plan
from harness.properties import UNKNOWN
from settings import Ingress
from tests import upstream
from tests.components.recording import Probe, assert_shape, needs, recorded

SUBNETS = ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
CERTIFICATE = "arn:aws:acm:ap-northeast-1:111122223333:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
WEB_ACL = "arn:aws:wafv2:ap-northeast-1:111122223333:regional/webacl/platform/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
PREFIX = "alb.ingress.kubernetes.io/"
PAGE = f"albc-{versions.AWS_LOAD_BALANCER_CONTROLLER.app_version}-ingress-annotations.md"


def _settings(**section: Any) -> Ingress:
    """Return the section of a stack file with these settings."""
    return Ingress.model_validate_json(json.dumps({"allowed": ["203.0.113.0/24", "198.51.100.16/28"], **section}))


EVERYTHING: dict[str, Any] = {
    "certificate": CERTIFICATE,
    "webAcl": WEB_ACL,
    "accessLogs": {"bucket": "logs", "prefix": "platform"},
    "deletionProtection": True,
}


def _plan(*, unknown: bool = False) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        ingress = ControllerIngress(
            "front", _settings(), subnet_ids=SUBNETS, dual_stack=False, certificates=None, opts=opts
        )
        Probe(dns_name=ingress.dns_name, zone_id=ingress.zone_id, metrics=ingress.metrics_name())

    return recorded(declare, unknown=unknown)


def _annotations(*, dual_stack: bool = False, more: Sequence[str] = (), **section: Any) -> dict[str, str]:
    settings = _settings(**section)
    arns = [settings.certificate, *more] if settings.certificate else []
    found = ingress_annotations(settings, subnet_ids=SUBNETS, dual_stack=dual_stack, certificates=arns)
    return {key.removeprefix(PREFIX): value for key, value in found.items()}


def test_it_is_one_ingress_for_every_host_and_path(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, ControllerIngress, "front")
    ingress = plan.one(type="kubernetes:networking.k8s.io/v1:Ingress")
    assert ingress.inputs["metadata"]["namespace"] == NAMESPACE
    assert ingress.inputs["spec"] == {
        "ingressClassName": INGRESS_CLASS,
        "rules": [
            {
                "http": {
                    "paths": [
                        {
                            "path": "/",
                            "pathType": "Prefix",
                            "backend": {"service": {"name": SERVICE, "port": {"name": "web"}}},
                        }
                    ]
                }
            }
        ],
    }


def test_it_leaves_the_controller_time_to_take_the_load_balancer_down() -> None:
    options = _plan().one(type="kubernetes:networking.k8s.io/v1:Ingress").options
    assert options.custom_timeouts == {"create": "20m", "delete": "20m"}


def test_its_address_is_that_of_the_load_balancer() -> None:
    plan = _plan()
    status = plan.one(type="kubernetes:networking.k8s.io/v1:Ingress").outputs["status"]
    assert plan.one(name="probe").inputs["dns_name"] == status["loadBalancer"]["ingress"][0]["hostname"]
    # https://docs.aws.amazon.com/general/latest/gr/elb.html, the zone of ALBs in Tokyo
    assert plan.one(name="probe").inputs["zone_id"] == "Z14GRHDCWA56QT"
    asked = {invocation.token.rpartition(":")[2]: invocation for invocation in plan.invocations}
    assert asked["getHostedZoneId"].arguments["loadBalancerType"] == "application"
    for invocation in asked.values():
        assert invocation.provider is not None
        assert plan.by_urn[invocation.provider].name == "aws"


def test_traffic_goes_to_pods_that_answer_a_ping() -> None:
    found = _annotations()
    assert found["target-type"] == "ip"
    assert (found["healthcheck-path"], found["healthcheck-port"]) == ("/ping", str(PING_PORT))
    # Below the interval: the controller's default timeout of five seconds is left.
    assert int(found["healthcheck-interval-seconds"]) > 5
    assert found["target-group-attributes"] == "deregistration_delay.timeout_seconds=30"


def test_traffic_goes_to_pods_by_https_where_the_settings_say_so() -> None:
    found = _annotations(targetProtocol="HTTPS")
    assert found["backend-protocol"] == "HTTPS"
    # What is not said has the protocol of the requests, and no target would be healthy: the port of pings has no TLS.
    assert (found["healthcheck-protocol"], found["healthcheck-port"]) == ("HTTP", str(PING_PORT))
    assert not _annotations().keys() & {"backend-protocol", "healthcheck-protocol"}


@pytest.mark.parametrize("scheme", ["internet-facing", "internal"])
def test_it_is_where_the_settings_say(scheme: str) -> None:
    found = _annotations(scheme=scheme)
    assert found["scheme"] == scheme
    assert found["subnets"] == ",".join(SUBNETS)


def test_its_load_balancer_is_shared_with_no_other_ingress() -> None:
    # Who can name a group can take hosts and paths of its ALB.
    assert not {key for key in _annotations(**EVERYTHING) if key.startswith("group.")}


def test_it_lets_in_whom_the_settings_name() -> None:
    assert _annotations()["inbound-cidrs"] == "203.0.113.0/24,198.51.100.16/28"


def test_without_a_certificate_there_is_http_alone() -> None:
    found = _annotations()
    assert json.loads(found["listen-ports"]) == [{"HTTP": 80}]
    assert not found.keys() & {"ssl-redirect", "ssl-policy", "certificate-arn"}


def test_with_a_certificate_http_leads_to_https() -> None:
    found = _annotations(certificate=CERTIFICATE)
    assert json.loads(found["listen-ports"]) == [{"HTTP": 80}, {"HTTPS": 443}]
    assert found["ssl-redirect"] == "443"
    assert found["certificate-arn"] == CERTIFICATE
    # The first one is the default.
    # https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/#certificate-arn
    assert _annotations(certificate=CERTIFICATE, more=["b", "a"])["certificate-arn"] == f"{CERTIFICATE},b,a"
    # Without a policy the ALB uses the one of 2016 (ELB's page of security policies).
    assert found["ssl-policy"] == versions.ALB_TLS_POLICY
    assert versions.ALB_TLS_POLICY.startswith("ELBSecurityPolicy-TLS13-")


def test_a_web_acl_stands_in_front_where_there_is_one() -> None:
    assert _annotations(webAcl=WEB_ACL)["wafv2-acl-arn"] == WEB_ACL
    # Without a word the controller would leave the one that was there (aws-load-balancer-controller #1946).
    assert _annotations()["wafv2-acl-arn"] == "none"


@pytest.mark.parametrize(
    ("changes", "attributes"),
    [
        ({}, {}),
        ({"deletionProtection": True}, {"deletion_protection.enabled": "true"}),
        ({"idleTimeout": 300}, {"idle_timeout.timeout_seconds": "300"}),
        (
            {"accessLogs": {"bucket": "logs"}},
            # An empty prefix takes away one that was there.
            {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": ""},
        ),
        (
            {"accessLogs": {"bucket": "logs", "prefix": "platform"}},
            {"access_logs.s3.enabled": "true", "access_logs.s3.bucket": "logs", "access_logs.s3.prefix": "platform"},
        ),
    ],
    ids=["none", "protected", "idle", "logs", "logs with a prefix"],
)
def test_attributes_are_those_of_the_api(changes: dict[str, Any], attributes: dict[str, str]) -> None:
    # The controller changes only what the annotation names: what is off is written as off
    # (aws-load-balancer-controller #1868).
    always = {
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "deletion_protection.enabled": "false",
        "access_logs.s3.enabled": "false",
        "idle_timeout.timeout_seconds": "60",
    }
    assert load_balancer_attributes(_settings(**changes)) == {**always, **attributes}
    written = dict(item.split("=", 1) for item in _annotations(**changes)["load-balancer-attributes"].split(","))
    assert written == {**always, **attributes}


OIDC: dict[str, str] = {
    "issuer": "https://login.example.jp",
    "authorizationEndpoint": "https://login.example.jp/authorize",
    "tokenEndpoint": "https://login.example.jp/token",
    "userInfoEndpoint": "https://login.example.jp/userinfo",
    "secretName": "alb-login",
}
COGNITO: dict[str, str] = {
    "userPool": "arn:aws:cognito-idp:ap-northeast-1:111122223333:userpool/ap-northeast-1_Example1",
    "clientId": "1example23456789",
    "domain": "login",
}


def test_a_login_is_the_controllers_annotations() -> None:
    defaults = {
        "auth-scope": "openid",
        "auth-session-timeout": "604800",
        "auth-on-unauthenticated-request": "authenticate",
    }
    oidc = _annotations(certificate=CERTIFICATE, login={"oidc": OIDC})
    assert {key: value for key, value in oidc.items() if key.startswith("auth-")} == {
        **defaults,
        "auth-type": "oidc",
        "auth-idp-oidc": json.dumps(OIDC),
    }
    cognito = _annotations(certificate=CERTIFICATE, login={"cognito": COGNITO, "scope": "email openid"})
    assert cognito["auth-type"] == "cognito"
    assert cognito["auth-scope"] == "email openid"
    assert json.loads(cognito["auth-idp-cognito"]) == {
        "userPoolARN": COGNITO["userPool"],
        "userPoolClientID": COGNITO["clientId"],
        "userPoolDomain": COGNITO["domain"],
    }
    assert not [key for key in _annotations(certificate=CERTIFICATE) if key.startswith("auth-")]


def test_the_controller_may_read_the_secret_of_the_login_and_no_other(unknown: bool) -> None:
    def declare(login: dict[str, Any], opts: pulumi.ResourceOptions) -> None:
        certificates = Certificates(CERTIFICATE)
        settings = _settings(certificate=CERTIFICATE, login=login)
        ControllerIngress("front", settings, subnet_ids=SUBNETS, dual_stack=False, certificates=certificates, opts=opts)

    plan = recorded(lambda opts: declare({"oidc": OIDC}, opts), unknown=unknown)
    role = plan.one(type="kubernetes:rbac.authorization.k8s.io/v1:Role")
    (rule,) = role.inputs["rules"]
    assert (rule["resources"], rule["resourceNames"], rule["verbs"]) == (
        ["secrets"],
        ["alb-login"],
        ["get", "list", "watch"],
    )
    binding = plan.one(type="kubernetes:rbac.authorization.k8s.io/v1:RoleBinding")
    assert {entry.inputs["metadata"]["namespace"] for entry in (role, binding)} == {"traefik"}
    assert binding.inputs["subjects"] == [
        {"kind": "ServiceAccount", "name": "aws-load-balancer-controller", "namespace": "kube-system"}
    ]
    ingress = plan.one(type="kubernetes:networking.k8s.io/v1:Ingress")
    assert {role.urn, binding.urn} <= ingress.dependencies
    without = recorded(lambda opts: declare({"cognito": COGNITO}, opts), unknown=unknown)
    assert not without.find(type="kubernetes:rbac.authorization.k8s.io/v1:Role")


def test_annotations_wait_for_the_certificate_and_the_subnets(unknown: bool) -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        subnet = cloudwatch.LogGroup("subnet", name="subnet-1", opts=opts)
        certificate = cloudwatch.LogGroup("certificate", name="issued", opts=opts)
        another = cloudwatch.LogGroup("another", name="issued-too", opts=opts)
        ControllerIngress(
            "front",
            _settings(),
            subnet_ids=pulumi.Output.all(subnet.id),
            dual_stack=False,
            certificates=Certificates(certificate.arn, {"example.com": another.arn}),
            opts=opts,
        )

    plan = recorded(declare, unknown=unknown)
    ingress = plan.one(type="kubernetes:networking.k8s.io/v1:Ingress")
    assert needs(plan, ingress, "metadata") == {"LogGroup subnet", "LogGroup certificate", "LogGroup another"}
    annotations = ingress.inputs["metadata"]["annotations"]
    # In a first preview the annotations are unknown as a whole, and the rest is known.
    assert annotations is UNKNOWN if unknown else "certificate-arn" in repr(annotations)


@pytest.mark.upstream
@pytest.mark.parametrize("changes", [{}, EVERYTHING], ids=["least", "everything"])
def test_the_controller_knows_every_annotation(changes: dict[str, Any]) -> None:
    page = upstream.facts(PAGE).read_text()
    known = set(re.findall(r"^\| \[(alb\.ingress\.kubernetes\.io/[^\]]+)\]", page, re.MULTILINE))
    assert len(known) > 50
    assert {f"{PREFIX}{key}" for key in _annotations(**changes)} <= known


@pytest.mark.upstream
def test_values_of_annotations_are_what_the_page_allows() -> None:
    page = upstream.facts(PAGE).read_text()
    found = _annotations(**EVERYTHING)
    for key, value in load_balancer_attributes(_settings(**EVERYTHING)).items():
        assert key in page, key
        assert not set(value) & {",", "="}
    assert all(isinstance(value, str) for value in found.values())


# --- In CloudWatch ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dns_name", "name"),
    [
        ("k8s-platformtest-0123456789-1234567890.ap-northeast-1.elb.amazonaws.com", "k8s-platformtest-0123456789"),
        ("internal-k8s-platform-0123456789-98765.eu-west-1.elb.amazonaws.com", "k8s-platform-0123456789"),
    ],
    ids=["internet-facing", "internal"],
)
def test_a_load_balancer_is_found_by_the_name_in_its_address(dns_name: str, name: str) -> None:
    assert balancer_name(dns_name) == name


def test_what_cloudwatch_calls_it_is_known_once_it_is_there(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    found = plan.one(name="probe").inputs.get("metrics")
    # An alarm on it comes after it, in a first preview too.
    assert needs(plan, plan.one(name="probe"), "metrics") == {"Ingress front-ingress"}
    if unknown:
        assert found is UNKNOWN
    else:
        ingress = plan.one(type="kubernetes:networking.k8s.io/v1:Ingress")
        name = balancer_name(ingress.outputs["status"]["loadBalancer"]["ingress"][0]["hostname"])
        assert re.fullmatch(rf"app/{name}/[0-9a-f]{{16}}", str(found))


@pytest.mark.parametrize("dual_stack", [True, False])
def test_with_ipv6_it_has_addresses_of_either_family(dual_stack: bool) -> None:
    found = _annotations(dual_stack=dual_stack).get("ip-address-type")
    assert found == ("dualstack" if dual_stack else None)
