"""Settings of namespaces that are ready for a team: its rights, its share of the cluster, who may connect."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from settings.base import Settings
from settings.values import Cpu, Group, Memory, PodSecurity


class Quota(Settings):
    """How much all pods and objects of the namespace may take together; what is absent has no limit."""

    cpu: Cpu | None = Field(None, description="CPU requests.")
    memory: Memory | None = Field(None, description="Memory requests.")
    pods: Annotated[int, Field(ge=1, le=10000)] | None = Field(None, description="Pods.")
    volumes: Annotated[int, Field(ge=0, le=10000)] | None = Field(None, description="PersistentVolumeClaims.")
    load_balancers: Annotated[int, Field(ge=0, le=50)] | None = Field(
        None, description="Services of type LoadBalancer, each of which is a load balancer of AWS."
    )


class ContainerDefaults(Settings):
    """What a container has that says nothing about its resources."""

    cpu: Cpu = Field("100m", description="CPU request.")
    memory: Memory = Field("128Mi", description="Memory request and limit.")


class TeamNamespace(Settings):
    """A namespace that this program creates and a team fills."""

    editors: list[Group] = Field(
        [],
        description="Kubernetes groups (`access.entries.<name>.groups`) that may change everything but rights in it.",
    )
    viewers: list[Group] = Field([], description="Kubernetes groups that may read everything but secrets in it.")
    pod_security: PodSecurity = PodSecurity.RESTRICTED
    quota: Quota = Field(default_factory=Quota)
    defaults: ContainerDefaults = Field(default_factory=ContainerDefaults)
    isolated: bool = Field(
        True,
        description="Whether its pods take connections from the namespace and from Traefik alone, unless a "
        "NetworkPolicy of the team allows more; Fargate pods have no network policies.",
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
