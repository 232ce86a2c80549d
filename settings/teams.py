"""Settings of teams, and of namespaces that are ready for a team: its rights, its share of the cluster."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import Field

from settings.argo_cd import Repository
from settings.base import Settings
from settings.external_secrets import SecretService
from settings.values import (
    AnnotationValue,
    Cpu,
    DeviceName,
    Group,
    LabelKey,
    LabelValue,
    Memory,
    Namespace,
    PodSecurity,
    Principal,
    QuotaObject,
    SecretPath,
)
from settings.workload_roles import TeamRole


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
    cpu_limits: Cpu | None = Field(
        None,
        description="Maximum total of CPU limits. Requires a CPU limit for containers that do not specify their own: "
        "`defaults.cpuLimit` or `maximum.cpu`.",
    )
    memory_limits: Memory | None = Field(None, description="Maximum total of memory limits.")
    storage: Memory | None = Field(None, description="Maximum total size of all PersistentVolumeClaims.")
    devices: dict[DeviceName, Annotated[int, Field(ge=0, le=10000)]] = Field(
        {}, description="Maximum number of devices by the name of their resource, such as `nvidia.com/gpu`."
    )
    objects: dict[QuotaObject, Annotated[int, Field(ge=0, le=100000)]] = Field(
        {}, description="Maximum number of objects by resource, such as `services` or `count/deployments.apps`."
    )


class ContainerDefaults(Settings):
    """Resources of a container that does not specify its own."""

    cpu: Cpu = Field("100m", description="CPU request of the container.")
    memory: Memory = Field("128Mi", description="Memory request and limit of the container.")
    cpu_limit: Cpu | None = Field(
        None, description="CPU limit of the container. If absent, the container may use all idle CPUs of its node."
    )


class Maximum(Settings):
    """The largest container and the largest volume in the namespace. A setting that is absent sets no limit."""

    cpu: Cpu | None = Field(
        None,
        description="Maximum CPU limit of a container, and the CPU limit of a container that does not specify one.",
    )
    memory: Memory | None = Field(None, description="Maximum memory limit of a container.")
    volume: Memory | None = Field(None, description="Maximum size of a PersistentVolumeClaim.")


class NamespaceShare(Settings):
    """What a namespace of a team may use of the cluster, and who may connect to its pods."""

    pod_security: PodSecurity = PodSecurity.RESTRICTED
    quota: Quota = Field(default_factory=Quota)
    defaults: ContainerDefaults = Field(default_factory=ContainerDefaults)
    maximum: Maximum = Field(default_factory=Maximum)
    isolated: bool = Field(
        True,
        description="Whether the namespace's pods accept connections only from the namespace itself, from Traefik and "
        "from `allowedNamespaces`, unless a NetworkPolicy of the team allows more. Network policies do not apply to "
        "Fargate pods.",
    )
    allowed_namespaces: list[Namespace] = Field(
        [], description="Other namespaces whose pods may connect to the namespace's pods."
    )
    labels: dict[LabelKey, LabelValue] = Field({}, description="Additional labels of the namespace.")
    annotations: dict[LabelKey, AnnotationValue] = Field({}, description="Annotations of the namespace.")


class TeamNamespace(NamespaceShare):
    """A namespace that this program creates for a team."""

    editors: list[Group] = Field(
        [],
        description="Kubernetes groups (`access.entries.<name>.groups`) that may change everything in the namespace "
        "except access rights.",
    )
    viewers: list[Group] = Field(
        [], description="Kubernetes groups that may read everything in the namespace except secrets."
    )


class TeamSecrets(Settings):
    """The secrets of AWS that a team may read in its namespaces."""

    service: SecretService
    path: SecretPath = Field(
        description="Prefix of the names of the team's secrets, such as /dev/shop/. An ExternalSecret of the team names"
        " the team as its ClusterSecretStore, and a secret without this prefix."
    )


class Team(Settings):
    """A team and everything that it gets: access, namespaces, secrets and deployments from Git."""

    principals: list[Principal] = Field(
        [],
        description="ARNs of the IAM roles and users that may change everything in the team's namespaces except access "
        "rights.",
    )
    viewers: list[Principal] = Field(
        [],
        description="ARNs of the IAM roles and users that may read everything in the team's namespaces except secrets.",
    )
    namespaces: dict[Namespace, NamespaceShare] = Field(
        min_length=1, description="Namespaces of the team, by name. No other team and no other section has them."
    )
    secrets: TeamSecrets | None = Field(
        None, description="Secrets of AWS that only the team's namespaces may read. Requires `externalSecrets`."
    )
    git_ops: Repository | None = Field(
        None,
        description="Git repository from which Argo CD deploys to the team's namespaces and to no other: the folder's "
        "name is the namespace. Requires `argoCd`.",
    )
    role: TeamRole | None = Field(None, description="IAM role of the team's pods. If absent, they have no role.")


def editors_of(team: str) -> str:
    """Return the Kubernetes group of a team's principals: an entry of `access` may put more principals into it."""
    return f"team:{team}"


def viewers_of(team: str) -> str:
    """Return the Kubernetes group of a team's viewers."""
    return f"team:{team}:viewers"


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
