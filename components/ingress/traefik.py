"""Traefik: its custom resource definitions and its Helm release."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Namespace
from pulumi_kubernetes.yaml.v2 import ConfigGroup

import versions
from components.common.chart import file, image, release
from components.common.on_cluster import OnCluster
from components.common.placement import pod_placement, zone_spread
from components.common.pod_security import RESTRICTED_CONTAINER, restricted_namespace
from components.common.ready import WAIT_UNTIL_READY
from facts import namespaces
from settings import Ingress, TargetProtocol
from settings import Traefik as TraefikSettings

NAMESPACE: Final = namespaces.TRAEFIK
IMAGE: Final = "docker.io/library/traefik"
INGRESS_CLASS: Final = "traefik"
GATEWAY_CLASS: Final = "traefik"
GATEWAY: Final = "traefik-gateway"
SERVICE: Final = versions.TRAEFIK.name
"""The chart names the Service after its release."""
ENTRY_POINT: Final = "web"
"""The entry point of all routes, and the port of the Service that the ALB sends to.

Teams' routes name it, so it is the same with and without TLS behind the ALB."""
WEB_PORT: Final = 8000
PING_PORT: Final = 8080
PRE_STOP_SECONDS: Final = 15
"""How long a terminating pod accepts requests: the ALB still sends some after its endpoint is removed."""
DRAIN_SECONDS: Final = 45
"""How long it then waits for open requests: longer than the ALB does, `DEREGISTRATION_SECONDS`."""
GRACE_PERIOD_SECONDS: Final = 75
"""After which Kubernetes kills the pod."""
KEEP_ALIVE_SECONDS: Final = 180
"""Traefik's default for a connection without a request."""
TARGET_CERTIFICATE: Final = "traefik-target"
"""The name of the certificate that the pods show the ALB, of its issuer, and of its Secret."""
PRIORITY: Final = str(2**63 - 1 - 1000)
"""The highest priority that Traefik accepts from a route; it ignores a route with a higher one.

As text: it is too large for a number of JSON, in which Helm and Pulumi would round it.
https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/http/routing/rules-and-priority/#priority-calculation"""
PROVIDERS: Final = ("file", "kubernetesgateway", "kubernetescrd", "kubernetes")
"""The order in which Traefik chooses between routes of equal priority: first the platform's own, from a file.

https://doc.traefik.io/traefik/v3.7/reference/install-configuration/providers/overview/#routing-precedence"""
LABELS: Final = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik-traefik"}
"""By which the chart's Service and Deployment select pods: the release's name and its namespace."""


class TraefikDefinitions(pulumi.ComponentResource):
    """Traefik's custom resource definitions, at the chart's version, and those of the Gateway API on demand.

    A step of their own: Helm installs what is in a chart's crds/ once and never upgrades it.
    """

    def __init__(
        self,
        name: str,
        settings: TraefikSettings,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the definitions."""
        super().__init__("eks-platform:index:TraefikDefinitions", name, {}, opts)
        files = [file(url, cluster.charts) for url in versions.TRAEFIK_CRDS]
        ConfigGroup(f"{name}-crds", files=files, opts=pulumi.ResourceOptions(parent=self))
        if settings.gateway_api:
            ConfigGroup(
                f"{name}-gateway-api",
                files=[file(url, cluster.charts) for url in versions.GATEWAY_API_CRDS],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


@dataclass(frozen=True)
class PlatformRoute:
    """A host name of the platform's own, and where its requests go.

    name: what the route is called in Traefik, such as "argocd". service: host and port of the Service inside the
    cluster, such as "argocd-server.argocd.svc.cluster.local:80".
    """

    name: str
    host: str
    service: str


@dataclass(frozen=True)
class Front:
    """The ALB in front of Traefik.

    settings: its section of the stack file. subnet_cidrs: its subnets: from nowhere else are `X-Forwarded-*` headers
    believed. address: host name that leads to it, for the status of Ingresses and of the Gateway; None: they have none.
    """

    settings: Ingress
    subnet_cidrs: pulumi.Input[list[str]]
    address: pulumi.Input[str] | None

    @property
    def encrypted(self) -> bool:
        """Whether it sends HTTPS."""
        return self.settings.target_protocol is TargetProtocol.HTTPS


class Traefik(pulumi.ComponentResource):
    """The proxy that routes every host and path of the one ALB, by IngressRoute, Ingress or HTTPRoute.

    It listens inside the cluster only. The ALB terminates the users' TLS, and connects to Traefik by HTTP or HTTPS. It
    must depend on its definitions and on compute.
    """

    def __init__(
        self,
        name: str,
        settings: TraefikSettings,
        cluster: OnCluster,
        *,
        front: Front,
        routes: Sequence[PlatformRoute],
        cert_manager: pulumi.Resource | None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace, the release, and for HTTPS the certificate of the pods.

        routes: the platform's own routes, which have precedence over those of teams. cert_manager: the issuer of the
        certificate.
        """
        super().__init__("eks-platform:index:Traefik", name, {}, opts)
        namespace = restricted_namespace(
            f"{name}-namespace",
            NAMESPACE,
            cluster.kubernetes_version,
            pulumi.ResourceOptions(parent=self),
            # New pods count as ready only once the load balancer finds them healthy.
            # https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/
            {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
        )
        needed = self._certificate(name, namespace, cert_manager) if front.encrypted else []
        release(
            f"{name}-release",
            versions.TRAEFIK,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, *needed]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            skip_crds=True,
            values=traefik_values(settings, cluster, front, routes),
        )
        self.register_outputs({})

    def _certificate(
        self, name: str, namespace: Namespace, cert_manager: pulumi.Resource | None
    ) -> list[pulumi.Resource]:
        """Declare the certificate of the pods, signed by its own key: the ALB does not verify it.

        https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-routing-configuration,
        https://cert-manager.io/docs/configuration/selfsigned/
        """
        metadata = {"name": TARGET_CERTIFICATE, "namespace": namespace.metadata["name"]}
        issuer = CustomResource(
            f"{name}-target-issuer",
            api_version="cert-manager.io/v1",
            kind="Issuer",
            metadata={**metadata, "annotations": WAIT_UNTIL_READY},
            spec={"selfSigned": {}},
            opts=pulumi.ResourceOptions(parent=self, depends_on=cert_manager),
        )
        certificate = CustomResource(
            f"{name}-target-certificate",
            api_version="cert-manager.io/v1",
            kind="Certificate",
            metadata={**metadata, "annotations": WAIT_UNTIL_READY},
            spec=target_certificate_spec(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[issuer]),
        )
        return [certificate]


def target_certificate_spec() -> dict[str, Any]:
    """Return the spec of the pods' certificate. Traefik takes a renewed one without a restart.

    https://cert-manager.io/docs/usage/certificate/,
    https://docs.aws.amazon.com/elasticloadbalancing/latest/application/describe-ssl-policies.html (for the key: the
    policies of connections to targets have ciphers for ECDSA)
    """
    host = f"{SERVICE}.{NAMESPACE}.svc"
    return {
        "secretName": TARGET_CERTIFICATE,
        "issuerRef": {"group": "cert-manager.io", "kind": "Issuer", "name": TARGET_CERTIFICATE},
        # With DNS names alone a self-signed certificate would have an issuer without a name, which RFC 5280 forbids.
        "commonName": host,
        "dnsNames": [host],
        "privateKey": {"algorithm": "ECDSA", "size": 256, "rotationPolicy": "Always"},
        "usages": ["digital signature", "server auth"],
    }


def traefik_values(
    settings: TraefikSettings, cluster: OnCluster, front: Front, routes: Sequence[PlatformRoute]
) -> dict[str, Any]:
    """Return the chart's values (traefik chart 41)."""
    resources = {"requests": {"cpu": settings.cpu, "memory": settings.memory}, "limits": {"memory": settings.memory}}
    registry, _, repository = image(IMAGE, cluster.charts).partition("/")
    transport = {
        "respondingTimeouts": {
            "readTimeout": f"{settings.read_timeout}s",
            # Longer than the ALB's: otherwise it would send a request on a connection that Traefik is closing, and
            # answer 502.
            # https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-troubleshooting.html#http-502-issues
            "idleTimeout": f"{max(KEEP_ALIVE_SECONDS, front.settings.idle_timeout + 60)}s",
        },
        # After `preStop`. Traefik's default of ten seconds cuts requests that the ALB still waits for.
        "lifeCycle": {"graceTimeOut": f"{DRAIN_SECONDS}s"},
    }
    certificate = {"secretName": TARGET_CERTIFICATE}
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": settings.cpu_target_percent}}
    return {
        "image": {"registry": registry, "repository": repository, "tag": versions.TRAEFIK.tag},
        "deployment": {
            "lifecycle": {"preStop": {"sleep": {"seconds": PRE_STOP_SECONDS}}},
            "terminationGracePeriodSeconds": GRACE_PERIOD_SECONDS,
        },
        "autoscaling": {
            "enabled": True,
            "minReplicas": settings.min_replicas,
            "maxReplicas": settings.max_replicas,
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": zone_spread(LABELS, fargate=cluster.placement.fargate),
        "resources": resources,
        # As the controllers have it: otherwise they could preempt Traefik on a full node.
        "priorityClassName": "system-cluster-critical",
        # Chart 41 ignores `service.type` and reports nothing.
        "service": {"spec": {"type": "ClusterIP"}},
        "ports": {
            ENTRY_POINT: {
                "port": WEB_PORT,
                "forwardedHeaders": {"trustedIPs": front.subnet_cidrs},
                "transport": transport,
                **({"http": {"tls": {"enabled": True}}} if front.encrypted else {}),
            },
            "websecure": {"expose": {"default": False}},
            "traefik": {"port": PING_PORT},
        },
        "providers": _providers(settings, front.address, routes),
        **_gateway(settings, front),
        # The ALB names no server in its connections, so each of them gets the default certificate.
        # https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/kubernetes/crd/tls/tlsstore/
        **({"tlsStore": {"default": {"defaultCertificate": certificate}}} if front.encrypted else {}),
        # The ALB's own class would be claimed by two controllers if Traefik's were the default.
        "ingressClass": {"enabled": True, "isDefaultClass": False, "name": INGRESS_CLASS},
        # Any flag of the API, `--api.dashboard=false` included, switches it on, and a route could then publish it.
        # https://doc.traefik.io/traefik/v3.7/reference/install-configuration/api-dashboard/
        "api": None,
        "accessLog": {"enabled": True, "format": "json"},
        "log": {"format": "json"},
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "podSecurityContext": {
            "runAsNonRoot": True,
            "runAsUser": 65532,
            "runAsGroup": 65532,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "securityContext": RESTRICTED_CONTAINER,
        **pod_placement(cluster.placement),
    }


def _providers(
    settings: TraefikSettings, address: pulumi.Input[str] | None, routes: Sequence[PlatformRoute]
) -> dict[str, Any]:
    """Return the values of the providers of routes.

    Only the platform's namespace may refer to what another provider has, such as `api@internal` or the platform's own
    routes and services in the file, or define the default TLS options.
    https://doc.traefik.io/traefik/v3.7/reference/install-configuration/providers/kubernetes/kubernetes-crd/
    """
    own = {"crossProviderNamespaces": [NAMESPACE]}
    hostname = {"hostname": address} if address else {}
    # The Service is internal: as the address of an Ingress, its own would not be that of the ALB.
    ingress = {**own, "publishedService": {"enabled": False}, **({"ingressEndpoint": hostname} if hostname else {})}
    gateway = {**own, "enabled": True, "statusAddress": {"service": {"enabled": False}, **hostname}}
    return {
        "precedence": list(PROVIDERS),
        "kubernetesCRD": {**own, "defaultTLSResourcesNamespace": NAMESPACE},
        "kubernetesIngress": ingress,
        **({"kubernetesGateway": gateway} if settings.gateway_api else {}),
        **({"file": {"enabled": True, "content": platform_routes(routes)}} if routes else {}),
    }


def platform_routes(routes: Sequence[PlatformRoute]) -> dict[str, Any]:
    """Return the platform's own routes in the form of Traefik's file provider: web and gRPC on each host.

    They have the highest priority and are in the first provider of Traefik's order, so that no HTTP route of a team can
    receive their requests. The two rules of a host match no request in common: between routes of one provider with
    equal priority, Traefik's order is undefined. The gRPC route is for clients that reach
    Traefik by HTTP/2.
    """
    grpc = "Header(`Content-Type`, `application/grpc`)"
    routers, services = {}, {}
    for route in routes:
        for kind, scheme, rule in (("web", "http", f"!{grpc}"), ("grpc", "h2c", grpc)):
            name = f"{route.name}-{kind}"
            routers[name] = {
                "entryPoints": [ENTRY_POINT],
                "rule": f"Host(`{route.host}`) && {rule}",
                "priority": PRIORITY,
                "service": name,
            }
            services[name] = {"loadBalancer": {"servers": [{"url": f"{scheme}://{route.service}"}]}}
    return {"http": {"routers": routers, "services": services}}


def _gateway(settings: TraefikSettings, front: Front) -> dict[str, Any]:
    """Return the values of the chart's Gateway: the protocol that the ALB sends, for the routes of every namespace.

    Any user who can create an IngressRoute reaches the same hosts and paths.
    """
    if not settings.gateway_api:
        return {}
    protocol = front.settings.target_protocol.value
    listener: dict[str, Any] = {"port": WEB_PORT, "protocol": protocol, "namespacePolicy": {"from": "All"}}
    if front.encrypted:
        listener["certificateRefs"] = [{"name": TARGET_CERTIFICATE}]
    return {
        "gateway": {"enabled": True, "name": GATEWAY, "listeners": {ENTRY_POINT: listener}},
        "gatewayClass": {"enabled": True, "name": GATEWAY_CLASS},
    }
