"""Settings of namespaces that are ready for a team: its rights, its share of the cluster, who may connect."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from settings.base import Settings
from settings.values import Cpu, Group, Memory, PodSecurity


class Quota(Settings):
    """Limits on the total of all pods and objects in the namespace. A setting that is absent sets no limit."""

    cpu: Cpu | None = Field(None, description="Maximum total of CPU requests.")
    memory: Memory | None = Field(None, description="Maximum total of memory requests.")
    pods: Annotated[int, Field(ge=1, le=10000)] | None = Field(None, description="Maximum number of pods.")
    volumes: Annotated[int, Field(ge=0, le=10000)] | None = Field(
        None, description="Maximum number of PersistentVolumeClaims."
    )
    load_balancers: Annotated[int, Field(ge=0, le=50)] | None = Field(
        None, description="Maximum number of Services of type LoadBalancer, each of which creates an AWS load balancer."
    )


class ContainerDefaults(Settings):
    """Resources of a container that does not specify its own."""

    cpu: Cpu = Field("100m", description="CPU request of the container.")
    memory: Memory = Field("128Mi", description="Memory request and limit of the container.")


class TeamNamespace(Settings):
    """A namespace that this program creates for a team."""

    editors: list[Group] = Field(
        [],
        description="Kubernetes groups (`access.entries.<name>.groups`) that may change everything in the namespace "
        "except access rights.",
    )
    viewers: list[Group] = Field(
        [], description="Kubernetes groups that may read everything in the namespace except secrets."
    )
    pod_security: PodSecurity = PodSecurity.RESTRICTED
    quota: Quota = Field(default_factory=Quota)
    defaults: ContainerDefaults = Field(default_factory=ContainerDefaults)
    isolated: bool = Field(
        True,
        description="Whether the namespace's pods accept connections only from the namespace itself and from Traefik,"
        " unless a NetworkPolicy of the team allows more. Network policies do not apply to Fargate pods.",
    )


TRAEFIK_RESOURCES: Final[Mapping[str, list[str]]] = {
    "traefik.io": ["ingressroutes", "middlewares", "serverstransports", "traefikservices"]
}
"""Not its TCP and UDP routes, which would take an entry point from everybody; and TLS ends at the ALB."""
OPTIONAL_RESOURCES: Final[Mapping[str, Mapping[str, list[str]]]] = {
    "gateway": {"gateway.networking.k8s.io": ["grpcroutes", "httproutes"]},
    "secrets": {"external-secrets.io": ["externalsecrets"]},
    "dns": {"cert-manager.io": ["certificates"]},
}
"""Kinds of what a stack may have. Gateways, issuers and stores are the platform's.

https://gateway-api.sigs.k8s.io/concepts/roles-and-personas/"""
