"""Settings of Argo CD and of what it deploys from Git."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from settings.base import Settings
from settings.values import (
    ClientId,
    Duration,
    FolderPattern,
    GitRevision,
    GitUrl,
    Group,
    HostName,
    HttpsUrl,
    Kind,
    Label,
    NamespacePrefix,
    PodSecurity,
    Secret,
)

Login = Annotated[str, StringConstraints(min_length=1, max_length=255)]

APPLICATION_KINDS: Final = (
    "ConfigMap",
    "PersistentVolumeClaim",
    "Secret",
    "Service",
    "ServiceAccount",
    "apps/Deployment",
    "apps/StatefulSet",
    "autoscaling/HorizontalPodAutoscaler",
    "batch/CronJob",
    "batch/Job",
    "external-secrets.io/ExternalSecret",
    "gateway.networking.k8s.io/*",
    "networking.k8s.io/Ingress",
    "networking.k8s.io/NetworkPolicy",
    "policy/PodDisruptionBudget",
    "traefik.io/IngressRoute",
    "traefik.io/Middleware",
    "traefik.io/ServersTransport",
    "traefik.io/TraefikService",
)
"""What applications are made of: no Role and no RoleBinding, by which one could give itself more.

Of Traefik's kinds none by which one route takes every connection (an IngressRouteTCP comes before all HTTP routes of
its entry point), and none that holds for the routes of others (TLSOption, TLSStore).

https://doc.traefik.io/traefik/v3.7/reference/routing-configuration/tcp/routing/router/"""


class SingleSignOn(Settings):
    """An OpenID Connect provider whose users log in; Argo CD is a public client of it (PKCE) and needs no secret."""

    issuer: HttpsUrl = Field(description="Its issuer.")
    client_id: ClientId = Field(description="Argo CD's client id there.")
    admins: list[Group] = Field(min_length=1, description="Groups that may do everything in Argo CD.")
    readers: list[Group] = Field([], description="Groups that may see everything in it; others see nothing.")


class ArgoCd(Settings):
    """Argo CD: what it deploys is in `gitOps`."""

    host: HostName | None = Field(
        None, description="Host name of its web and gRPC interface, of `ingress.domain`; absent: port-forward only."
    )
    sso: SingleSignOn | None = Field(
        None, description="Single sign-on instead of the local user `admin`; absent: `admin` alone."
    )


class Retry(Settings):
    """How a failed sync is tried again."""

    limit: Annotated[int, Field(ge=0, le=100)] = Field(5, description="How often; 0: never.")
    backoff: Duration = Field("10s", description="Wait before the first time.")
    factor: Annotated[int, Field(ge=1, le=10)] = Field(2, description="By which each wait is longer than the last.")
    max_backoff: Duration = Field("5m", description="Longest wait.")


class GitOpsSet(Settings):
    """Manifests of one repository: each folder is an Application of Argo CD, in a namespace of its own."""

    repository: GitUrl = Field(description="The Git repository.")
    revision: GitRevision = Field("main", description="Branch, tag or commit.")
    path: FolderPattern = Field(description="Its folders that hold manifests, Kustomize or Helm.")
    namespace_prefix: NamespacePrefix = Field(
        description="With the folder's name after it, the folder's namespace. No other namespace can be written to."
    )
    kinds: list[Kind] = Field(
        list(APPLICATION_KINDS), min_length=1, description="Kinds of objects in namespaces that it may hold."
    )
    cluster_kinds: list[Kind] = Field(
        [], description="Kinds of cluster-scoped objects that it may hold, beside its own namespaces."
    )
    pod_security: PodSecurity = PodSecurity.RESTRICTED
    prune: bool = Field(True, description="Whether what is no longer in Git is deleted.")
    self_heal: bool = Field(True, description="Whether what somebody changed in the cluster is changed back.")
    retry: Retry = Field(default_factory=Retry)


class GitOps(Settings):
    """What Argo CD deploys from Git: an AppProject and an ApplicationSet for each set of manifests."""

    sets: dict[Label, GitOpsSet] = Field(min_length=1, description="Sets of manifests by name.")


class GitCredential(Settings):
    """A login to private Git repositories."""

    url: GitUrl = Field(description="The beginning of the repositories' URLs.")
    username: Login | None = Field(None, description="Who logs in by HTTPS.")
    password: Secret | None = Field(
        None,
        description="Or token; encrypted: `pulumi config set --secret --path 'gitCredentials.<name>.password'`.",
    )
    ssh_private_key: Secret | None = Field(
        None, description="Of a login by SSH; encrypted: `... --path 'gitCredentials.<name>.sshPrivateKey'`."
    )
