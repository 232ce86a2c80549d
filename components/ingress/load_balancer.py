"""The one ALB in front of Traefik, owned by this program and bound to Traefik's pods."""

from typing import Final, TypedDict

import pulumi
from pulumi_aws import ec2, lb, vpc, wafv2
from pulumi_kubernetes.apiextensions import CustomResource

from components.ingress.controller_ingress import DEREGISTRATION_SECONDS, LoadBalancerArgs
from components.ingress.traefik import ENTRY_POINT, NAMESPACE, PING_PORT, SERVICE, WEB_PORT

IMMUTABLE: Final = ("spec.targetGroupARN", "spec.targetType", "spec.ipAddressType", "spec.vpcID")
"""What the controller's webhook lets nobody change in a TargetGroupBinding.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/webhooks/elbv2/targetgroupbinding_validator.go"""


class OwnedLoadBalancerArgs(LoadBalancerArgs):
    """What the program's own ALB needs besides."""

    platform_name: str
    """What the ALB and its security group are tagged with."""
    vpc_id: pulumi.Input[str]
    """The VPC of the subnets."""
    pod_security_group_id: pulumi.Input[str]
    """The security group of Traefik's pods."""


class LoadBalancer(pulumi.ComponentResource):
    """An ALB with its listeners and a target group, made beside the cluster: only the way to the pods waits for it."""

    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]
    arn: pulumi.Output[str]
    security_group_id: pulumi.Output[str]
    target_group_arn: pulumi.Output[str]
    """Known once a listener sends to the group."""

    def __init__(self, name: str, args: OwnedLoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the ALB."""
        super().__init__("eks-platform:index:LoadBalancer", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        https = "certificate" in args
        group = self._security_group(args, [80, 443] if https else [80])
        balancer = lb.LoadBalancer(
            name,
            load_balancer_type="application",
            internal=args["scheme"] == "internal",
            subnets=args["subnet_ids"],
            security_groups=[group.id],
            ip_address_type="dualstack" if args["dual_stack"] else None,
            drop_invalid_header_fields=True,
            enable_deletion_protection=args["deletion_protection"],
            idle_timeout=args["idle_timeout"],
            access_logs={"enabled": True, **args["access_logs"]} if "access_logs" in args else None,
            tags={"Name": args["platform_name"]},
            opts=self._child,
        )
        targets = lb.TargetGroup(
            f"{name}-web",
            vpc_id=args["vpc_id"],
            target_type="ip",
            ip_address_type="ipv6" if args["dual_stack"] else None,
            protocol=args["target_protocol"],
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
            default_actions=[redirect if https else forward],
            opts=self._child,
        )
        if https:
            listener = lb.Listener(
                f"{name}-https",
                load_balancer_arn=balancer.arn,
                port=443,
                protocol="HTTPS",
                certificate_arn=args["certificate"],
                ssl_policy=args["tls_policy"],
                default_actions=[forward],
                opts=self._child,
            )
        if "web_acl" in args:
            wafv2.WebAclAssociation(
                f"{name}-waf", resource_arn=balancer.arn, web_acl_arn=args["web_acl"], opts=self._child
            )
        self._way_to_pods(group, args["pod_security_group_id"])
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

    def _security_group(self, args: OwnedLoadBalancerArgs, ports: list[int]) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self._name,
            description=f"ALB {args['platform_name']}",
            vpc_id=args["vpc_id"],
            tags={"Name": args["platform_name"]},
            opts=self._child,
        )
        for cidr in args["allowed"]:
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


class TargetBindingArgs(TypedDict):
    """Which pods a target group gets."""

    target_group_arn: pulumi.Input[str]
    """The target group."""
    vpc_id: pulumi.Input[str]
    """The VPC of the target group."""
    ip_family: str
    """"ipv4" or "ipv6": the pods' addresses, which are of the target group's family."""


class TargetBinding(pulumi.ComponentResource):
    """A TargetGroupBinding: the controller keeps Traefik's pods in the target group.

    Depend on the controller and on Traefik: the binding's finalizer needs the controller (terraform-aws-eks #285).
    """

    def __init__(self, name: str, args: TargetBindingArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the binding."""
        super().__init__("eks-platform:index:TargetBinding", name, {}, opts)
        CustomResource(
            f"{name}-binding",
            api_version="elbv2.k8s.aws/v1beta1",
            kind="TargetGroupBinding",
            metadata={"name": SERVICE, "namespace": NAMESPACE},
            spec={
                "serviceRef": {"name": SERVICE, "port": ENTRY_POINT},
                "targetGroupARN": args["target_group_arn"],
                "targetType": "ip",
                "ipAddressType": args["ip_family"],
                "vpcID": args["vpc_id"],
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
