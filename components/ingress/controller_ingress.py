"""The one ALB in front of Traefik, made by the load balancer controller from an Ingress."""

import json
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_aws import lb
from pulumi_kubernetes.networking import v1 as networking

from components.common.dependency import after
from components.ingress.traefik import ENTRY_POINT, NAMESPACE, PING_PORT, SERVICE
from components.services.load_balancer_controller import INGRESS_CLASS

DEREGISTRATION_SECONDS: Final = 30
"""How long the ALB waits for requests under way at a pod that ends."""


class AccessLogArgs(TypedDict):
    """Where an ALB writes its access logs."""

    bucket: str
    """An S3 bucket whose policy lets the load balancer write."""
    prefix: NotRequired[str]
    """The keys' beginning."""


class LoadBalancerArgs(TypedDict):
    """What an ALB in front of Traefik is made from, whoever makes it."""

    scheme: str
    """"internet-facing" or "internal"."""
    subnet_ids: pulumi.Input[list[str]]
    """The ALB's subnets, in two zones at least."""
    dual_stack: bool
    """Whether it has IPv6 addresses beside IPv4 ones, and sends to IPv6 addresses of pods."""
    allowed: list[str]
    """Who may connect, as CIDRs."""
    certificate: NotRequired[pulumi.Input[str]]
    """ARN of the certificate of the HTTPS listener; absent: HTTP alone."""
    target_protocol: str
    """"HTTP" or "HTTPS": how it sends requests to Traefik's pods."""
    tls_policy: str
    """The HTTPS listener's security policy."""
    web_acl: NotRequired[str]
    """ARN of a WAFv2 web ACL; absent: none."""
    access_logs: NotRequired[AccessLogArgs]
    """Absent: no access logs."""
    deletion_protection: bool
    """Whether AWS refuses to delete the ALB."""
    idle_timeout: int
    """Seconds after which a connection without traffic is closed."""


class ControllerIngress(pulumi.ComponentResource):
    """An Ingress for every host and path to Traefik, from which the controller makes the ALB.

    Depend on the controller and on Traefik: an Ingress that outlives the controller leaves the ALB and its security
    groups behind, and its own finalizer with it (terraform-aws-eks #285).
    """

    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]

    def __init__(self, name: str, args: LoadBalancerArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the Ingress."""
        super().__init__("eks-platform:index:ControllerIngress", name, {}, opts)
        backend: networking.IngressBackendArgsDict = {"service": {"name": SERVICE, "port": {"name": ENTRY_POINT}}}
        ingress = networking.Ingress(
            f"{name}-ingress",
            metadata={
                "name": SERVICE,
                "namespace": NAMESPACE,
                "annotations": pulumi.Output.all(args["subnet_ids"], args.get("certificate")).apply(
                    lambda known: ingress_annotations(args, known[0], known[1])
                ),
            },
            spec={
                "ingress_class_name": INGRESS_CLASS,
                "rules": [{"http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]}}],
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                # The controller takes the ALB, its listeners, target groups and security groups down first.
                custom_timeouts=pulumi.CustomTimeouts(create="20m", delete="20m"),
            ),
        )
        self._ingress = ingress
        self.dns_name = ingress.status.load_balancer.ingress[0].hostname
        self.zone_id = lb.get_hosted_zone_id_output(
            load_balancer_type="application", opts=pulumi.InvokeOptions(parent=self)
        ).id
        self.register_outputs({"dns_name": self.dns_name, "zone_id": self.zone_id})

    def metrics_name(self) -> pulumi.Output[str]:
        """Return what the ALB is called in CloudWatch: a part of its ARN, which nobody but AWS knows."""
        name = self.dns_name.apply(balancer_name)
        found = lb.get_load_balancer_output(name=name, opts=pulumi.InvokeOptions(parent=self)).arn_suffix
        # What is asked with a name that a first preview does not know yet carries no dependency.
        return after([self._ingress], found)


def balancer_name(dns_name: str) -> str:
    """Return the name of the load balancer that has a DNS name: NAME-ID.REGION.elb.amazonaws.com.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    """
    return dns_name.partition(".")[0].removeprefix("internal-").rpartition("-")[0]


def ingress_annotations(args: LoadBalancerArgs, subnet_ids: list[str], certificate_arn: str | None) -> dict[str, str]:
    """Return the Ingress's annotations.

    None puts it into a group: the ALB is for this Ingress alone.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/
    """
    annotations: dict[str, Any] = {
        "scheme": args["scheme"],
        "subnets": ",".join(subnet_ids),
        "target-type": "ip",
        "inbound-cidrs": ",".join(args["allowed"]),
        "healthcheck-path": "/ping",
        "healthcheck-port": str(PING_PORT),
        "healthcheck-interval-seconds": "10",
        "target-group-attributes": f"deregistration_delay.timeout_seconds={DEREGISTRATION_SECONDS}",
        "load-balancer-attributes": ",".join(f"{key}={value}" for key, value in load_balancer_attributes(args).items()),
        "listen-ports": json.dumps([{"HTTP": 80}]),
        # The controller leaves alone what has no annotation: without this word a web ACL would stay for ever.
        # https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/#wafv2-acl-arn
        "wafv2-acl-arn": args.get("web_acl", "none"),
    }
    if args["target_protocol"] == "HTTPS":
        # Otherwise the health check has the protocol of the requests, and the port that answers it has no TLS.
        # https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/pkg/ingress/model_build_target_group.go
        annotations |= {"backend-protocol": "HTTPS", "healthcheck-protocol": "HTTP"}
    if args["dual_stack"]:
        annotations["ip-address-type"] = "dualstack"
    if certificate_arn:
        annotations |= {
            "listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]),
            "ssl-redirect": "443",
            "certificate-arn": certificate_arn,
            # The default policy is of 2016.
            "ssl-policy": args["tls_policy"],
        }
    return {f"alb.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}


def load_balancer_attributes(args: LoadBalancerArgs) -> dict[str, str]:
    """Return the ALB's attributes by the names of the API, those that are off too: the controller leaves others alone.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/#load-balancer-attributes,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    attributes = {
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "deletion_protection.enabled": str(args["deletion_protection"]).lower(),
        "idle_timeout.timeout_seconds": str(args["idle_timeout"]),
        "access_logs.s3.enabled": str("access_logs" in args).lower(),
    }
    if "access_logs" in args:
        attributes["access_logs.s3.bucket"] = args["access_logs"]["bucket"]
        # Empty: none, also where there was one.
        attributes["access_logs.s3.prefix"] = args["access_logs"].get("prefix", "")
    return attributes
