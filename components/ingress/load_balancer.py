"""The one ALB in front of Traefik, owned by this program and bound to Traefik's pods."""

from typing import Final

import pulumi
from pulumi_aws import ec2, lb, vpc, wafv2
from pulumi_kubernetes.apiextensions import CustomResource

from components.ingress.alias_records import named
from components.ingress.certificate import Certificates
from components.ingress.controller_ingress import DEREGISTRATION_SECONDS
from components.ingress.traefik import ENTRY_POINT, NAMESPACE, PING_PORT, SERVICE, WEB_PORT
from settings import Ingress, IpFamily, Scheme

IMMUTABLE: Final = ("spec.targetGroupARN", "spec.targetType", "spec.ipAddressType", "spec.vpcID")
"""The fields of a TargetGroupBinding that the controller's webhook does not allow to change.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/webhooks/elbv2/targetgroupbinding_validator.go"""


class LoadBalancer(pulumi.ComponentResource):
    """An ALB with its listeners and a target group, parallel to the cluster; only the target binding waits for it."""

    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]
    """Known once a listener sends to the group."""

    def __init__(
        self,
        name: str,
        settings: Ingress,
        *,
        vpc_id: pulumi.Input[str],
        subnet_ids: pulumi.Input[list[str]],
        dual_stack: bool,
        certificates: Certificates | None,
        pod_security_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the ALB.

        name: also what the ALB and its security group are tagged with. vpc_id: the VPC of the subnets. subnet_ids,
        dual_stack, certificates: see ControllerIngress. pod_security_group_id: the security group of Traefik's pods.
        """
        super().__init__("eks-platform:index:LoadBalancer", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        group = self._security_group(settings, vpc_id, [80, 443] if certificates else [80])
        balancer = lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=settings.scheme is Scheme.INTERNAL,
            subnets=subnet_ids,
            security_groups=[group.id],
            ip_address_type="dualstack" if dual_stack else None,
            drop_invalid_header_fields=True,
            enable_deletion_protection=settings.deletion_protection,
            idle_timeout=settings.idle_timeout,
            access_logs=_access_logs(settings),
            tags={"Name": name},
            opts=self._child,
        )
        targets = lb.TargetGroup(
            f"{name}-web",
            vpc_id=vpc_id,
            target_type="ip",
            ip_address_type="ipv6" if dual_stack else None,
            protocol=settings.target_protocol.value,
            port=WEB_PORT,
            deregistration_delay=DEREGISTRATION_SECONDS,
            health_check={"protocol": "HTTP", "path": "/ping", "port": str(PING_PORT), "interval": 10, "timeout": 5},
            opts=self._child,
        )
        forward: lb.ListenerDefaultActionArgsDict = {"type": "forward", "target_group_arn": targets.arn}
        redirect: lb.ListenerDefaultActionArgsDict = {
            "type": "redirect",
            "redirect": {"protocol": "HTTPS", "port": "443", "status_code": "HTTP_301"},
        }
        listener = lb.Listener(
            f"{name}-http",
            load_balancer_arn=balancer.arn,
            port=80,
            protocol="HTTP",
            default_actions=[redirect if certificates else forward],
            opts=self._child,
        )
        if certificates:
            listener = lb.Listener(
                f"{name}-https",
                load_balancer_arn=balancer.arn,
                port=443,
                protocol="HTTPS",
                certificate_arn=certificates.default,
                ssl_policy=settings.tls_policy,
                default_actions=_actions(settings, forward),
                opts=self._child,
            )
            for domain, arn in certificates.more.items():
                lb.ListenerCertificate(
                    f"{name}-https-{named(domain)}",
                    listener_arn=listener.arn,
                    certificate_arn=arn,
                    opts=self._child,
                )
        if settings.web_acl:
            wafv2.WebAclAssociation(
                f"{name}-waf", resource_arn=balancer.arn, web_acl_arn=settings.web_acl, opts=self._child
            )
        self._way_to_pods(group, pod_security_group_id)
        if settings.login:
            self._way_to_login(group)
        self.dns_name = balancer.dns_name
        self.zone_id = balancer.zone_id
        self.arn = balancer.arn
        self._arn_suffix = balancer.arn_suffix
        self.security_group_id = group.id
        # A target group without a listener has no load balancer, and its targets are never checked.
        self.target_group_arn = pulumi.Output.all(targets.arn, listener.id).apply(lambda known: str(known[0]))
        self.register_outputs(
            {
                "dns_name": self.dns_name,
                "zone_id": self.zone_id,
                "arn": self.arn,
                "security_group_id": self.security_group_id,
                "target_group_arn": self.target_group_arn,
            }
        )

    def metrics_name(self) -> pulumi.Output[str]:
        """Return what the ALB is called in CloudWatch."""
        return self._arn_suffix

    def _security_group(self, settings: Ingress, vpc_id: pulumi.Input[str], ports: list[int]) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self._name,
            description=f"ALB {self._name}",
            vpc_id=vpc_id,
            tags={"Name": self._name},
            opts=self._child,
        )
        for cidr in map(str, settings.allowed):
            for port in ports:
                vpc.SecurityGroupIngressRule(
                    f"{self._name}-{cidr.replace('/', '-').replace(':', '-')}-{port}",
                    security_group_id=group.id,
                    description=f"Port {port} from {cidr}",
                    cidr_ipv4=cidr if ":" not in cidr else None,
                    cidr_ipv6=cidr if ":" in cidr else None,
                    ip_protocol="tcp",
                    from_port=port,
                    to_port=port,
                    opts=self._child,
                )
        return group

    def _way_to_login(self, group: ec2.SecurityGroup) -> None:
        """Let the ALB exchange codes for tokens and ask for users: the provider's addresses may change, always IPv4.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/listener-authenticate-users.html
        """
        vpc.SecurityGroupEgressRule(
            f"{self._name}-out-login",
            security_group_id=group.id,
            cidr_ipv4="0.0.0.0/0",
            description="login at the identity provider",
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self._child,
        )

    def _way_to_pods(self, group: ec2.SecurityGroup, pods: pulumi.Input[str]) -> None:
        for role, port in ((ENTRY_POINT, WEB_PORT), ("ping", PING_PORT)):
            vpc.SecurityGroupEgressRule(
                f"{self._name}-out-{role}",
                security_group_id=group.id,
                referenced_security_group_id=pods,
                description=f"{role} to Traefik",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self._child,
            )
            vpc.SecurityGroupIngressRule(
                f"{self._name}-in-{role}",
                security_group_id=pods,
                referenced_security_group_id=group.id,
                description=f"{role} from the ALB",
                ip_protocol="tcp",
                from_port=port,
                to_port=port,
                opts=self._child,
            )


def _actions(settings: Ingress, forward: lb.ListenerDefaultActionArgsDict) -> list[lb.ListenerDefaultActionArgsDict]:
    """Return the actions of the HTTPS listener: the login, if there is one, and the one that forwards."""
    login = settings.login
    if not login or not login.cognito:
        return [forward]
    authenticate: lb.ListenerDefaultActionArgsDict = {
        "type": "authenticate-cognito",
        "order": 1,
        "authenticate_cognito": {
            "user_pool_arn": login.cognito.user_pool,
            "user_pool_client_id": login.cognito.client_id,
            "user_pool_domain": login.cognito.domain,
            "scope": login.scope,
            "session_timeout": login.session_timeout,
            "on_unauthenticated_request": login.unauthenticated.value,
        },
    }
    return [authenticate, {**forward, "order": 2}]


def _access_logs(settings: Ingress) -> lb.LoadBalancerAccessLogsArgsDict | None:
    if not settings.access_logs:
        return None
    logs: lb.LoadBalancerAccessLogsArgsDict = {"enabled": True, "bucket": settings.access_logs.bucket}
    return {**logs, "prefix": settings.access_logs.prefix} if settings.access_logs.prefix else logs


class TargetBinding(pulumi.ComponentResource):
    """A TargetGroupBinding: the controller keeps Traefik's pods in the target group.

    Depend on the controller and on Traefik: the binding's finalizer needs the controller (terraform-aws-eks #285).
    """

    def __init__(
        self,
        name: str,
        *,
        target_group_arn: pulumi.Input[str],
        vpc_id: pulumi.Input[str],
        ip_family: IpFamily,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the binding.

        vpc_id: the VPC of the target group. ip_family: that of the pods' addresses and of the target group.
        """
        super().__init__("eks-platform:index:TargetBinding", name, {}, opts)
        CustomResource(
            f"{name}-binding",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="TargetGroupBinding",
            metadata={"name": SERVICE, "namespace": NAMESPACE},
            spec={
                "serviceRef": {"name": SERVICE, "port": ENTRY_POINT},
                "targetGroupARN": target_group_arn,
                "targetType": "ip",
                "ipAddressType": ip_family.value,
                "vpcID": vpc_id,
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                custom_timeouts=pulumi.CustomTimeouts(delete="20m"),
                # Another target group, such as one of another protocol, is another binding. Its name is the same.
                replace_on_changes=[*IMMUTABLE],
                delete_before_replace=True,
            ),
        )
        self.register_outputs({})
