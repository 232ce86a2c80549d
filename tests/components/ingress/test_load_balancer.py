"""The program's own ALB, and the binding of Traefik's pods to it."""

import json
from typing import Any

import pulumi
import pytest
from pulumi_aws import cloudwatch

import versions
from components.ingress.certificate import Certificates
from components.ingress.load_balancer import LoadBalancer, TargetBinding
from components.ingress.traefik import NAMESPACE, PING_PORT, SERVICE, WEB_PORT
from harness.plan import Plan, Registration
from harness.properties import UNKNOWN
from settings import Ingress, IpFamily
from tests import upstream
from tests.components.recording import Probe, assert_shape, carried, label, labels, needs, recorded, waits_for

CERTIFICATE = "arn:aws:acm:ap-northeast-1:111122223333:certificate/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
WEB_ACL = "arn:aws:wafv2:ap-northeast-1:111122223333:regional/webacl/platform/0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0"
PODS = "sg-0a1b2c3d4e5f60001"
INGRESS_RULE = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"


def _balancer(opts: pulumi.ResourceOptions, name: str = "front", **changes: Any) -> LoadBalancer:
    """Declare the component. changes: its other values, and settings under the names of a stack file."""
    given: dict[str, Any] = {
        "vpc_id": "vpc-0123456789abcdef0",
        "subnet_ids": ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"],
        "dual_stack": False,
        "certificates": None,
        "pod_security_group_id": PODS,
    }
    section = {key: value for key, value in changes.items() if key not in given}
    settings = Ingress.model_validate_json(json.dumps({"allowed": ["203.0.113.0/24", "198.51.100.16/28"], **section}))
    return LoadBalancer(
        name, settings, **{**given, **{key: changes[key] for key in given if key in changes}}, opts=opts
    )


def _plan(*, unknown: bool = False, **changes: Any) -> Plan:
    def declare(opts: pulumi.ResourceOptions) -> None:
        balancer = _balancer(opts, **changes)
        Probe(
            dns_name=balancer.dns_name,
            zone_id=balancer.zone_id,
            arn=balancer.arn,
            group=balancer.security_group_id,
            targets=balancer.target_group_arn,
            metrics=balancer.metrics_name(),
        )

    return recorded(declare, unknown=unknown)


def _listeners(plan: Plan) -> dict[int, Registration]:
    return {entry.inputs["port"]: entry for entry in plan.find(type="aws:lb/listener:Listener")}


def _rules(plan: Plan, kind: str) -> dict[str, tuple[str, str, int, int, str]]:
    return {
        entry.name: (
            entry.inputs["securityGroupId"],
            entry.inputs.get("cidrIpv4") or entry.inputs["referencedSecurityGroupId"],
            entry.inputs["fromPort"],
            entry.inputs["toPort"],
            entry.inputs["ipProtocol"],
        )
        for entry in plan.find(type=kind)
    }


# --- Load balancer ------------------------------------------------------------------------------------------------


def test_its_address_and_ids_are_outputs(unknown: bool) -> None:
    plan = _plan(unknown=unknown)
    assert_shape(plan, LoadBalancer, "front")
    if unknown:
        assert plan.one(name="probe").inputs["dns_name"] is UNKNOWN
        return
    balancer = plan.one(type="aws:lb/loadBalancer:LoadBalancer")
    group = plan.one(type="aws:ec2/securityGroup:SecurityGroup")
    assert plan.one(name="probe").inputs == {
        "dns_name": balancer.outputs["dnsName"],
        "zone_id": balancer.outputs["zoneId"],
        "arn": balancer.outputs["arn"],
        "group": group.id,
        "targets": plan.one(type="aws:lb/targetGroup:TargetGroup").outputs["arn"],
        "metrics": balancer.outputs["arnSuffix"],
    }


@pytest.mark.parametrize(("scheme", "internal"), [("internet-facing", False), ("internal", True)])
def test_it_is_where_the_settings_say(scheme: str, internal: bool) -> None:
    plan = _plan(scheme=scheme)
    inputs = plan.one(type="aws:lb/loadBalancer:LoadBalancer").inputs
    assert inputs["loadBalancerType"] == "application"
    assert inputs["internal"] is internal
    assert inputs["subnets"] == ["subnet-0a1b2c3d4e5f60001", "subnet-0a1b2c3d4e5f60002"]
    assert inputs["securityGroups"] == [plan.one(type="aws:ec2/securityGroup:SecurityGroup").id]
    assert inputs["dropInvalidHeaderFields"] is True


@pytest.mark.parametrize("protected", [True, False])
def test_aws_refuses_to_delete_it_where_the_settings_say_so(protected: bool) -> None:
    inputs = _plan(deletionProtection=protected).one(type="aws:lb/loadBalancer:LoadBalancer").inputs
    assert inputs["enableDeletionProtection"] is protected


@pytest.mark.parametrize(
    ("changes", "logs"),
    [
        ({}, None),
        ({"accessLogs": {"bucket": "logs"}}, {"enabled": True, "bucket": "logs"}),
        (
            {"accessLogs": {"bucket": "logs", "prefix": "platform"}},
            {"enabled": True, "bucket": "logs", "prefix": "platform"},
        ),
    ],
    ids=["none", "logs", "logs with a prefix"],
)
def test_access_logs_go_where_the_settings_say(changes: dict[str, Any], logs: dict[str, Any] | None) -> None:
    assert _plan(**changes).one(type="aws:lb/loadBalancer:LoadBalancer").inputs.get("accessLogs") == logs


def test_names_fit_in_the_32_characters_that_elb_gives() -> None:
    # Pulumi adds a hyphen and seven digits; a platform's name has 20 characters at most.
    plan = recorded(lambda opts: _balancer(opts, "a" * 20))
    for kind in ("aws:lb/loadBalancer:LoadBalancer", "aws:lb/targetGroup:TargetGroup"):
        assert len(plan.one(type=kind).outputs["name"]) <= 32


def test_traffic_goes_to_pods_that_answer_a_ping() -> None:
    inputs = _plan().one(type="aws:lb/targetGroup:TargetGroup").inputs
    assert (inputs["targetType"], inputs["protocol"], inputs["port"]) == ("ip", "HTTP", WEB_PORT)
    check = inputs["healthCheck"]
    assert (check["protocol"], check["path"], check["port"]) == ("HTTP", "/ping", str(PING_PORT))
    assert check["timeout"] < check["interval"]
    assert inputs["deregistrationDelay"] == 30


def test_traffic_goes_to_pods_by_https_where_the_settings_say_so() -> None:
    inputs = _plan(targetProtocol="HTTPS").one(type="aws:lb/targetGroup:TargetGroup").inputs
    assert (inputs["protocol"], inputs["port"]) == ("HTTPS", WEB_PORT)
    # The port that answers pings has no TLS.
    assert (inputs["healthCheck"]["protocol"], inputs["healthCheck"]["port"]) == ("HTTP", str(PING_PORT))


def test_without_a_certificate_there_is_http_alone() -> None:
    plan = _plan()
    listeners = _listeners(plan)
    assert list(listeners) == [80]
    assert listeners[80].inputs["protocol"] == "HTTP"
    target = plan.one(type="aws:lb/targetGroup:TargetGroup").outputs["arn"]
    assert listeners[80].inputs["defaultActions"] == [{"type": "forward", "targetGroupArn": target}]
    assert {rule[2] for rule in _rules(plan, INGRESS_RULE).values() if rule[0] != PODS} == {80}


def test_with_a_certificate_http_leads_to_https() -> None:
    plan = _plan(certificates=Certificates(CERTIFICATE))
    listeners = _listeners(plan)
    assert set(listeners) == {80, 443}
    assert listeners[80].inputs["defaultActions"] == [
        {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
    ]
    secure = listeners[443].inputs
    assert (secure["protocol"], secure["certificateArn"]) == ("HTTPS", CERTIFICATE)
    # Without a policy the ALB uses the one of 2016 (ELB's page of security policies).
    assert secure["sslPolicy"] == versions.ALB_TLS_POLICY
    assert versions.ALB_TLS_POLICY.startswith("ELBSecurityPolicy-TLS13-")
    assert secure["defaultActions"][0]["type"] == "forward"
    assert {rule[2] for rule in _rules(plan, INGRESS_RULE).values() if rule[0] != PODS} == {80, 443}


def test_a_web_acl_stands_in_front_where_there_is_one() -> None:
    assert not _plan().find(type="aws:wafv2/webAclAssociation:WebAclAssociation")
    plan = _plan(webAcl=WEB_ACL)
    inputs = plan.one(type="aws:wafv2/webAclAssociation:WebAclAssociation").inputs
    assert inputs["webAclArn"] == WEB_ACL
    assert inputs["resourceArn"] == plan.one(type="aws:lb/loadBalancer:LoadBalancer").outputs["arn"]


# --- Security groups ----------------------------------------------------------------------------------------------


def test_it_lets_in_whom_the_settings_name_and_nobody_else() -> None:
    plan = _plan(certificates=Certificates(CERTIFICATE))
    group = str(plan.one(type="aws:ec2/securityGroup:SecurityGroup").id)
    assert {rule for rule in _rules(plan, INGRESS_RULE).values() if rule[0] == group} == {
        (group, cidr, port, port, "tcp") for cidr in ("203.0.113.0/24", "198.51.100.16/28") for port in (80, 443)
    }
    # Rules inside of the group itself would be removed by those next to it.
    assert not plan.by_urn[plan.one(name="front", type="aws:ec2/securityGroup:SecurityGroup").urn].inputs.keys() & {
        "ingress",
        "egress",
    }


def test_it_reaches_the_pods_on_their_two_ports_alone() -> None:
    plan = _plan()
    group = str(plan.one(type="aws:ec2/securityGroup:SecurityGroup").id)
    ports = (WEB_PORT, PING_PORT)
    assert set(_rules(plan, EGRESS_RULE).values()) == {(group, PODS, port, port, "tcp") for port in ports}
    into_pods = {rule for rule in _rules(plan, INGRESS_RULE).values() if rule[0] == PODS}
    assert into_pods == {(PODS, group, port, port, "tcp") for port in ports}


# --- Order --------------------------------------------------------------------------------------------------------


def test_only_the_way_to_the_pods_waits_for_the_cluster() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        cluster = cloudwatch.LogGroup("cluster", opts=opts)
        _balancer(opts, certificates=Certificates(CERTIFICATE), webAcl=WEB_ACL, pod_security_group_id=cluster.id)

    plan = recorded(declare)
    waiting = {label(entry) for entry in plan if entry.custom and "LogGroup cluster" in waits_for(plan, entry)}
    assert waiting == {
        "SecurityGroupEgressRule front-out-web",
        "SecurityGroupEgressRule front-out-ping",
        "SecurityGroupIngressRule front-in-web",
        "SecurityGroupIngressRule front-in-ping",
    }


@pytest.mark.parametrize(
    ("changes", "listener"),
    [({}, "Listener front-http"), ({"certificates": Certificates(CERTIFICATE)}, "Listener front-https")],
    ids=["http", "https"],
)
def test_targets_are_bound_once_a_listener_sends_to_them(changes: dict[str, Any], listener: str, unknown: bool) -> None:
    # A target group without a load balancer checks no target: pods with a readiness gate would never be ready.
    plan = _plan(unknown=unknown, **changes)
    assert carried(plan, "targets") == {"TargetGroup front-web", listener}


def test_the_https_listener_waits_for_the_certificate() -> None:
    def declare(opts: pulumi.ResourceOptions) -> None:
        certificate = cloudwatch.LogGroup("certificate", opts=opts)
        another = cloudwatch.LogGroup("another", opts=opts)
        _balancer(opts, certificates=Certificates(certificate.arn, {"example.com": another.arn}))

    plan = recorded(declare)
    assert needs(plan, _listeners(plan)[443], "certificateArn") == {"LogGroup certificate"}
    assert "LogGroup certificate" not in waits_for(plan, _listeners(plan)[80])
    # Not for the others: each is added to it by itself.
    assert "LogGroup another" not in waits_for(plan, _listeners(plan)[443])
    (added,) = plan.find(type="aws:lb/listenerCertificate:ListenerCertificate")
    assert needs(plan, added, "certificateArn") == {"LogGroup another"}
    assert needs(plan, added, "listenerArn") == {"Listener front-https"}


COGNITO: dict[str, Any] = {
    "userPool": "arn:aws:cognito-idp:ap-northeast-1:111122223333:userpool/ap-northeast-1_Example1",
    "clientId": "1example23456789",
    "domain": "login",
}


def test_users_log_in_before_a_request_is_forwarded() -> None:
    login = {"cognito": COGNITO, "scope": "openid email", "sessionTimeout": 3600, "unauthenticated": "deny"}
    plan = _plan(certificates=Certificates(CERTIFICATE), login=login)
    asks, forwards = _listeners(plan)[443].inputs["defaultActions"]
    assert (asks["type"], asks["order"], forwards["type"], forwards["order"]) == (
        "authenticate-cognito",
        1,
        "forward",
        2,
    )
    assert asks["authenticateCognito"] == {
        "userPoolArn": COGNITO["userPool"],
        "userPoolClientId": COGNITO["clientId"],
        "userPoolDomain": COGNITO["domain"],
        "scope": "openid email",
        "sessionTimeout": 3600,
        "onUnauthenticatedRequest": "deny",
    }
    # The ALB itself exchanges the code for a token.
    out = plan.one(type=EGRESS_RULE, name="front-out-login").inputs
    assert (out["cidrIpv4"], out["ipProtocol"], out["fromPort"], out["toPort"]) == ("0.0.0.0/0", "tcp", 443, 443)


def test_without_a_login_the_alb_connects_to_pods_alone() -> None:
    plan = _plan(certificates=Certificates(CERTIFICATE))
    assert [action["type"] for action in _listeners(plan)[443].inputs["defaultActions"]] == ["forward"]
    assert all("cidrIpv4" not in entry.inputs for entry in plan.find(type=EGRESS_RULE))


# --- Binding ------------------------------------------------------------------------------------------------------


def _binding(*, unknown: bool = False, ip_family: str = "ipv4") -> tuple[Plan, Registration]:
    def declare(opts: pulumi.ResourceOptions) -> None:
        targets = cloudwatch.LogGroup("targets", opts=opts)
        TargetBinding(
            "proxy",
            target_group_arn=targets.arn,
            vpc_id="vpc-0123456789abcdef0",
            ip_family=IpFamily(ip_family),
            opts=opts,
        )

    plan = recorded(declare, unknown=unknown)
    assert_shape(plan, TargetBinding, "proxy")
    return plan, plan.one(type="kubernetes:elbv2.k8s.aws/v1beta1:TargetGroupBinding")


def test_the_binding_is_of_traefiks_pods(unknown: bool) -> None:
    plan, binding = _binding(unknown=unknown)
    assert binding.inputs["metadata"] == {"name": SERVICE, "namespace": NAMESPACE}
    spec = binding.inputs["spec"]
    assert spec["serviceRef"] == {"name": SERVICE, "port": "web"}
    assert (spec["targetType"], spec["vpcID"]) == ("ip", "vpc-0123456789abcdef0")
    assert labels(plan, binding.property_dependencies["spec"]) == {"LogGroup targets"}
    # The security group rules are this program's: with `networking` the controller would make its own.
    assert "networking" not in spec


def test_another_target_group_is_another_binding() -> None:
    # The controller's webhook refuses an update; the target group is another one when its protocol changes.
    _, binding = _binding()
    assert {path.removeprefix("spec.") for path in binding.options.replace_on_changes} >= {
        key for key in binding.inputs["spec"] if key != "serviceRef"
    }
    # It has the same name as the one before.
    assert binding.options.delete_before_replace is True


@pytest.mark.parametrize("family", ["ipv4", "ipv6"])
def test_the_binding_is_of_the_family_of_the_pods(family: str) -> None:
    _, binding = _binding(ip_family=family)
    assert binding.inputs["spec"]["ipAddressType"] == family


@pytest.mark.parametrize("dual_stack", [True, False])
def test_with_ipv6_it_takes_either_family_and_sends_to_ipv6_pods(dual_stack: bool) -> None:
    plan = _plan(dual_stack=dual_stack)
    balancer = plan.one(type="aws:lb/loadBalancer:LoadBalancer").inputs.get("ipAddressType")
    targets = plan.one(type="aws:lb/targetGroup:TargetGroup").inputs.get("ipAddressType")
    assert (balancer, targets) == (("dualstack", "ipv6") if dual_stack else (None, None))


def test_ipv6_ranges_are_let_in_as_such() -> None:
    plan = _plan(dual_stack=True, allowed=["192.0.2.0/24", "2001:db8::/32", "::/0"])
    rules = plan.find(type="aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule")
    found = {
        (rule.inputs.get("cidrIpv4"), rule.inputs.get("cidrIpv6")) for rule in rules if "front-in" not in rule.name
    }
    assert found == {("192.0.2.0/24", None), (None, "2001:db8::/32"), (None, "::/0")}
    assert not any(":" in rule.name for rule in rules)


def test_the_binding_leaves_the_controller_time_to_take_the_pods_out() -> None:
    _, binding = _binding()
    assert binding.options.custom_timeouts == {"delete": "20m"}


@pytest.mark.upstream
def test_the_definition_takes_the_binding() -> None:
    _, binding = _binding()
    definition = upstream.facts("crds", "aws-load-balancer-controller", "elbv2.k8s.aws_targetgroupbindings.yaml")
    assert upstream.object_problems(definition, binding.inputs) == []
    wrong = {**binding.inputs, "spec": {**binding.inputs["spec"], "targetGroupArn": "misspelt"}}
    assert upstream.object_problems(definition, wrong)


@pytest.mark.parametrize("seconds", [60, 4000])
def test_it_waits_for_slow_answers_as_long_as_the_settings_say(seconds: int) -> None:
    (balancer,) = _plan(idleTimeout=seconds).find(type="aws:lb/loadBalancer:LoadBalancer")
    assert balancer.inputs["idleTimeout"] == seconds
