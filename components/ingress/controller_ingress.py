"""The ALB in front of Traefik, created by the load balancer controller for an Ingress."""

import json
from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi_aws import lb
from pulumi_kubernetes.meta import v1 as meta
from pulumi_kubernetes.networking import v1 as networking
from pulumi_kubernetes.rbac import v1 as rbac

from components.common.dependency import after
from components.ingress.certificate import Certificates
from components.ingress.traefik import ENTRY_POINT, NAMESPACE, PING_PORT, SERVICE
from components.services.load_balancer_controller import INGRESS_CLASS, SERVICE_ACCOUNT
from components.services.load_balancer_controller import NAMESPACE as CONTROLLER_NAMESPACE
from settings import Ingress, LoadBalancerLogin, TargetProtocol

DEREGISTRATION_SECONDS: Final = 30
"""How long the ALB waits for the open requests of a pod that terminates."""


class ControllerIngress(pulumi.ComponentResource):
    """An Ingress for every host and path to Traefik, for which the controller creates the ALB.

    Depend on the controller and on Traefik: an Ingress that outlives the controller leaves the ALB and its security
    groups behind, and its own finalizer with it (terraform-aws-eks #285).
    """

    dns_name: pulumi.Output[str]
    zone_id: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: Ingress,
        *,
        subnet_ids: pulumi.Input[list[str]],
        dual_stack: bool,
        certificates: Certificates | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the Ingress.

        subnet_ids: the ALB's subnets, in at least two zones. dual_stack: whether the ALB has IPv6 addresses next to its
        IPv4 ones, and sends to IPv6 addresses of pods. certificates: those of the HTTPS listener; None: HTTP
        alone.
        """
        super().__init__("eks-platform:index:ControllerIngress", name, {}, opts)
        backend: networking.IngressBackendArgsDict = {"service": {"name": SERVICE, "port": {"name": ENTRY_POINT}}}
        oidc = settings.login.oidc if settings.login else None
        rights = self._secret_rights(name, oidc.secret_name) if oidc else []
        arns = [certificates.default, *certificates.more.values()] if certificates else []
        ingress = networking.Ingress(
            f"{name}-ingress",
            metadata={
                "name": SERVICE,
                "namespace": NAMESPACE,
                "annotations": pulumi.Output.all(subnet_ids, *arns).apply(
                    lambda known: ingress_annotations(
                        settings, subnet_ids=known[0], dual_stack=dual_stack, certificates=known[1:]
                    )
                ),
            },
            spec={
                "ingress_class_name": INGRESS_CLASS,
                "rules": [{"http": {"paths": [{"path": "/", "path_type": "Prefix", "backend": backend}]}}],
            },
            opts=pulumi.ResourceOptions(
                parent=self,
                depends_on=rights,
                # The controller first deletes the ALB, its listeners, target groups and security groups.
                custom_timeouts=pulumi.CustomTimeouts(create="20m", delete="20m"),
            ),
        )
        self._ingress = ingress
        self.dns_name = ingress.status.load_balancer.ingress[0].hostname
        self.zone_id = lb.get_hosted_zone_id_output(
            load_balancer_type="application", opts=pulumi.InvokeOptions(parent=self)
        ).id
        self.register_outputs({"dns_name": self.dns_name, "zone_id": self.zone_id})

    def _secret_rights(self, name: str, secret: str) -> list[pulumi.Resource]:
        """Let the controller read the secret of the login's client, and no other: by itself it may read none.

        https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/helm/aws-load-balancer-controller/values.yaml
        (clusterSecretsPermissions)
        """
        child = pulumi.ResourceOptions(parent=self)
        metadata: meta.ObjectMetaArgsDict = {"name": "load-balancer-login", "namespace": NAMESPACE}
        role = rbac.Role(
            f"{name}-login",
            metadata=metadata,
            rules=[
                {
                    "api_groups": [""],
                    "resources": ["secrets"],
                    "resource_names": [secret],
                    "verbs": ["get", "list", "watch"],
                }
            ],
            opts=child,
        )
        account: rbac.SubjectArgsDict = {
            "kind": "ServiceAccount",
            "name": SERVICE_ACCOUNT,
            "namespace": CONTROLLER_NAMESPACE,
        }
        binding = rbac.RoleBinding(
            f"{name}-login",
            metadata=metadata,
            role_ref={"api_group": "rbac.authorization.k8s.io", "kind": "Role", "name": role.metadata["name"]},
            subjects=[account],
            opts=child,
        )
        return [role, binding]

    def metrics_name(self) -> pulumi.Output[str]:
        """Return the name of the ALB in CloudWatch, a part of its ARN that only AWS knows."""
        name = self.dns_name.apply(balancer_name)
        found = lb.get_load_balancer_output(name=name, opts=pulumi.InvokeOptions(parent=self)).arn_suffix
        # The result of an invoke with an unknown argument, as in a first preview, has no dependencies.
        return after([self._ingress], found)


def balancer_name(dns_name: str) -> str:
    """Return the name of the load balancer that has a DNS name: NAME-ID.REGION.elb.amazonaws.com.

    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html
    """
    return dns_name.partition(".")[0].removeprefix("internal-").rpartition("-")[0]


def ingress_annotations(
    settings: Ingress, *, subnet_ids: Sequence[str], dual_stack: bool, certificates: Sequence[str]
) -> dict[str, str]:
    """Return the Ingress's annotations. certificates: the default one first; empty: HTTP alone.

    None puts it into a group: the ALB is for this Ingress alone.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/
    """
    attributes = load_balancer_attributes(settings)
    annotations: dict[str, Any] = {
        "scheme": settings.scheme.value,
        "subnets": ",".join(subnet_ids),
        "target-type": "ip",
        "inbound-cidrs": ",".join(map(str, settings.allowed)),
        "healthcheck-path": "/ping",
        "healthcheck-port": str(PING_PORT),
        "healthcheck-interval-seconds": "10",
        "target-group-attributes": f"deregistration_delay.timeout_seconds={DEREGISTRATION_SECONDS}",
        "load-balancer-attributes": ",".join(f"{key}={value}" for key, value in attributes.items()),
        "listen-ports": json.dumps([{"HTTP": 80}]),
        # The controller leaves alone what has no annotation: without this word a web ACL would stay for ever.
        # https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/#wafv2-acl-arn
        "wafv2-acl-arn": settings.web_acl or "none",
    }
    if settings.target_protocol is TargetProtocol.HTTPS:
        # Otherwise the health check has the protocol of the requests, and the port that answers it has no TLS.
        # https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/pkg/ingress/model_build_target_group.go
        annotations |= {"backend-protocol": "HTTPS", "healthcheck-protocol": "HTTP"}
    if dual_stack:
        annotations["ip-address-type"] = "dualstack"
    if settings.login:
        annotations |= login_annotations(settings.login)
    if certificates:
        annotations |= {
            "listen-ports": json.dumps([{"HTTP": 80}, {"HTTPS": 443}]),
            "ssl-redirect": "443",
            "certificate-arn": ",".join(certificates),
            # The default policy is of 2016.
            "ssl-policy": settings.tls_policy,
        }
    return {f"alb.ingress.kubernetes.io/{key}": value for key, value in annotations.items()}


def login_annotations(login: LoadBalancerLogin) -> dict[str, Any]:
    """Return the annotations of a login, without the prefix of their names.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/#authentication
    """
    provider: dict[str, str] = {}
    if cognito := login.cognito:
        provider["auth-type"] = "cognito"
        provider["auth-idp-cognito"] = json.dumps(
            {
                "userPoolARN": cognito.user_pool,
                "userPoolClientID": cognito.client_id,
                "userPoolDomain": cognito.domain,
            }
        )
    if oidc := login.oidc:
        provider["auth-type"] = "oidc"
        provider["auth-idp-oidc"] = json.dumps(
            {
                "issuer": oidc.issuer,
                "authorizationEndpoint": oidc.authorization_endpoint,
                "tokenEndpoint": oidc.token_endpoint,
                "userInfoEndpoint": oidc.user_info_endpoint,
                "secretName": oidc.secret_name,
            }
        )
    return {
        **provider,
        "auth-scope": login.scope,
        "auth-session-timeout": str(login.session_timeout),
        "auth-on-unauthenticated-request": login.unauthenticated.value,
    }


def load_balancer_attributes(settings: Ingress) -> dict[str, str]:
    """Return the ALB's attributes by the names of the API, those that are off too: the controller leaves others alone.

    https://kubernetes-sigs.github.io/aws-load-balancer-controller/v3.5/guide/ingress/annotations/#load-balancer-attributes,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/edit-load-balancer-attributes.html
    """
    attributes = {
        "routing.http.drop_invalid_header_fields.enabled": "true",
        "deletion_protection.enabled": str(settings.deletion_protection).lower(),
        "idle_timeout.timeout_seconds": str(settings.idle_timeout),
        "access_logs.s3.enabled": str(settings.access_logs is not None).lower(),
    }
    if settings.access_logs:
        attributes["access_logs.s3.bucket"] = settings.access_logs.bucket
        # Empty: none, also where there was one.
        attributes["access_logs.s3.prefix"] = settings.access_logs.prefix or ""
    return attributes
