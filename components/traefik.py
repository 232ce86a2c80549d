"""Traefik: its custom resource definitions and its Helm release."""

from typing import Any, Final, TypedDict

import pulumi
from pulumi_kubernetes.yaml.v2 import ConfigGroup

import versions

from . import namespaces
from .chart import ChartSourceArgs, file, image, release
from .placement import PlacementArgs, pod_placement, zone_spread
from .pod_security import RESTRICTED_CONTAINER, restricted_namespace

NAMESPACE: Final = namespaces.TRAEFIK
IMAGE: Final = "docker.io/library/traefik"
INGRESS_CLASS: Final = "traefik"
GATEWAY_CLASS: Final = "traefik"
GATEWAY: Final = "traefik-gateway"
SERVICE: Final = versions.TRAEFIK.name
"""The chart names the Service after its release."""
WEB_PORT: Final = 8000
PING_PORT: Final = 8080
LABELS: Final = {"app.kubernetes.io/name": "traefik", "app.kubernetes.io/instance": "traefik-traefik"}
"""By which the chart's Service and Deployment select pods: the release's name and its namespace."""


class TraefikDefinitionsArgs(TypedDict):
    """Where the definitions come from."""

    gateway_api: bool
    """Whether the definitions of the Gateway API are installed too."""
    charts: ChartSourceArgs | None
    """Where the definitions' files come from; None: their publisher."""


class TraefikDefinitions(pulumi.ComponentResource):
    """Traefik's custom resource definitions, at the chart's version, and those of the Gateway API on demand.

    A step of their own: Helm installs what is in a chart's crds/ once and never upgrades it.
    """

    def __init__(self, name: str, args: TraefikDefinitionsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the definitions."""
        super().__init__("eks-platform:index:TraefikDefinitions", name, {}, opts)
        files = [file(url, args["charts"]) for url in versions.TRAEFIK_CRDS]
        ConfigGroup(f"{name}-crds", files=files, opts=pulumi.ResourceOptions(parent=self))
        if args["gateway_api"]:
            ConfigGroup(
                f"{name}-gateway-api",
                files=[file(url, args["charts"]) for url in versions.GATEWAY_API_CRDS],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.register_outputs({})


class TraefikArgs(TypedDict):
    """What Traefik is made from."""

    kubernetes_version: str
    """The minor whose Pod Security Standard holds in the namespace."""
    min_replicas: int
    max_replicas: int
    cpu_target_percent: int
    """CPU use, in percent of the request, that the autoscaler aims at."""
    cpu: str
    """CPU request of one replica."""
    memory: str
    """Memory request and limit of one replica."""
    trusted_cidrs: pulumi.Input[list[str]]
    """The ALB's subnets: from nowhere else are `X-Forwarded-*` headers believed."""
    gateway_api: bool
    """Whether it serves routes of the Gateway API, by a Gateway of its own behind the same ALB."""
    placement: PlacementArgs
    """Where its pods run."""
    charts: ChartSourceArgs | None
    """Where charts and images come from; None: its publisher."""


class Traefik(pulumi.ComponentResource):
    """The proxy that routes every host and path of the one ALB, by IngressRoute, Ingress or HTTPRoute.

    It listens inside the cluster only. TLS ends at the ALB. Depend on its definitions and on compute.
    """

    def __init__(self, name: str, args: TraefikArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the namespace and the release."""
        super().__init__("eks-platform:index:Traefik", name, {}, opts)
        namespace = restricted_namespace(
            f"{name}-namespace",
            NAMESPACE,
            args["kubernetes_version"],
            pulumi.ResourceOptions(parent=self),
            # New pods count as ready only once the load balancer finds them healthy.
            # https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/pod_readiness_gate/
            {"elbv2.k8s.aws/pod-readiness-gate-inject": "enabled"},
        )
        release(
            f"{name}-release",
            versions.TRAEFIK,
            pulumi.ResourceOptions(parent=self),
            namespace=namespace.metadata["name"],
            source=args["charts"],
            skip_crds=True,
            values=traefik_values(args),
        )
        self.register_outputs({})


def traefik_values(args: TraefikArgs) -> dict[str, Any]:
    """Return the chart's values (traefik chart 41)."""
    resources = {"requests": {"cpu": args["cpu"], "memory": args["memory"]}, "limits": {"memory": args["memory"]}}
    registry, _, repository = image(IMAGE, args["charts"]).partition("/")
    cpu = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": args["cpu_target_percent"]}}
    return {
        "image": {"registry": registry, "repository": repository},
        "deployment": {
            # The ALB stops sending to a pod some seconds after its endpoint is gone.
            "lifecycle": {"preStop": {"sleep": {"seconds": 15}}},
            "terminationGracePeriodSeconds": 75,
        },
        "autoscaling": {
            "enabled": True,
            "minReplicas": args["min_replicas"],
            "maxReplicas": args["max_replicas"],
            "metrics": [{"type": "Resource", "resource": cpu}],
        },
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": zone_spread(LABELS, fargate=args["placement"]["fargate"]),
        "resources": resources,
        # Like the controllers beside it, which would otherwise push it off a full node.
        "priorityClassName": "system-cluster-critical",
        # Chart 41 ignores `service.type` without a word.
        "service": {"spec": {"type": "ClusterIP"}},
        "ports": {
            "web": {"port": WEB_PORT, "forwardedHeaders": {"trustedIPs": args["trusted_cidrs"]}},
            "websecure": {"expose": {"default": False}},
            "traefik": {"port": PING_PORT},
        },
        "providers": {"kubernetesIngress": {"publishedService": {"enabled": False}}, **_gateway_provider(args)},
        **_gateway(args),
        # The ALB's own class would be claimed by two controllers if Traefik's were the default.
        "ingressClass": {"enabled": True, "isDefaultClass": False, "name": INGRESS_CLASS},
        "api": {"dashboard": False},
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
        **pod_placement(args["placement"]),
    }


def _gateway_provider(args: TraefikArgs) -> dict[str, Any]:
    # The Service is inside the cluster: its address would lead nobody to the ALB.
    status = {"service": {"enabled": False}}
    return {"kubernetesGateway": {"enabled": True, "statusAddress": status}} if args["gateway_api"] else {}


def _gateway(args: TraefikArgs) -> dict[str, Any]:
    """Return the values of the chart's Gateway: HTTP, as TLS ends at the ALB, for the routes of every namespace.

    Whoever may write an IngressRoute reaches the same hosts and paths.
    """
    if not args["gateway_api"]:
        return {}
    listener = {"port": WEB_PORT, "protocol": "HTTP", "namespacePolicy": {"from": "All"}}
    return {
        "gateway": {"enabled": True, "name": GATEWAY, "listeners": {"web": listener}},
        "gatewayClass": {"enabled": True, "name": GATEWAY_CLASS},
    }
