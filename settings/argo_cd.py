"""Settings of Argo CD and of what it deploys from Git."""

from typing import Annotated, Final

from pydantic import Field, StringConstraints

from settings.base import Settings
from settings.values import (
    AnnotationValue,
    ClientId,
    Duration,
    FolderPattern,
    GitRevision,
    GitUrl,
    Group,
    HostName,
    HttpsUrl,
    Kind,
    KnownHost,
    Label,
    LabelKey,
    LabelValue,
    Namespace,
    NamespacePrefix,
    Pem,
    PodSecurity,
    Secret,
    StackName,
)

GithubId = Annotated[int, Field(ge=1, le=999_999_999_999)]
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
    """An OpenID Connect provider for logins. Argo CD is a public client of it (PKCE) and requires no client secret."""

    issuer: HttpsUrl = Field(description="Issuer URL of the provider.")
    client_id: ClientId = Field(description="Client ID of Argo CD at the provider.")
    admins: list[Group] = Field(min_length=1, description="Groups whose members have full access to Argo CD.")
    readers: list[Group] = Field(
        [], description="Groups whose members have read access to all of Argo CD. Users in neither list see nothing."
    )


class ClusterMetadata(Settings):
    """Labels and annotations of a cluster's secret in Argo CD, in addition to what the stack knows of the cluster."""

    labels: dict[LabelKey, LabelValue] = Field({}, description="Labels, by which ApplicationSets select clusters.")
    annotations: dict[LabelKey, AnnotationValue] = Field(
        {}, description="Annotations, which ApplicationSets read, such as the URL of a repository."
    )


class OtherCluster(ClusterMetadata):
    """The cluster of another stack of this program."""

    stack: StackName = Field(
        description="The stack of the cluster, whose `access.argoCdHub` is the output `argoCdRoleArn` of this one."
    )


class ArgoCd(Settings):
    """Argo CD. `gitOps` sets what it deploys."""

    metadata: ClusterMetadata | None = Field(
        None,
        description="Labels and annotations of this cluster's own secret in Argo CD. The secret exists if this is set "
        "or `hub` is true; it has the account, region, VPC and name of the cluster and the roles of `workloadRoles`, "
        "which ApplicationSets read.",
    )
    hub: bool = Field(
        False,
        description="Whether Argo CD deploys to clusters of other stacks too. The stack then creates the IAM role of "
        "Argo CD and its output `argoCdRoleArn`.",
    )
    clusters: dict[Label, OtherCluster] = Field(
        {}, description="Clusters of other stacks that Argo CD deploys to, by their names in Argo CD. Requires `hub`."
    )
    git_known_hosts: list[KnownHost] = Field(
        [],
        description="Public keys of Git servers that are reached by SSH, each as a line of `known_hosts`. The keys of "
        "github.com, gitlab.com, bitbucket.org and Azure DevOps are known without it.",
    )
    git_certificates: dict[HostName, Pem] = Field(
        {},
        description="Certificates of private authorities, in PEM, by the host name of the Git server whose certificate "
        "they sign.",
    )

    host: HostName | None = Field(
        None,
        description="Host name of the web and gRPC interface, which must belong to `ingress.domain`. If absent, Argo "
        "CD is reachable only by port forwarding.",
    )
    sso: SingleSignOn | None = Field(
        None, description="Single sign-on, which replaces the local user `admin`. If absent, `admin` is the only user."
    )


class Retry(Settings):
    """How Argo CD retries a failed sync."""

    limit: Annotated[int, Field(ge=0, le=100)] = Field(5, description="Maximum number of retries. 0 disables retries.")
    backoff: Duration = Field("10s", description="Time to wait before the first retry.")
    factor: Annotated[int, Field(ge=1, le=10)] = Field(
        2, description="Factor by which the waiting time grows after each retry."
    )
    max_backoff: Duration = Field("5m", description="Maximum time to wait between two retries.")


class Repository(Settings):
    """Manifests in one repository. Each folder becomes an Argo CD Application with its own namespace."""

    repository: GitUrl = Field(description="URL of the Git repository.")
    revision: GitRevision = Field("main", description="Branch, tag or commit to deploy.")
    path: FolderPattern = Field(
        description="Pattern of the folders that contain plain manifests, a Kustomization or a Helm chart."
    )
    kinds: list[Kind] = Field(
        list(APPLICATION_KINDS), min_length=1, description="Kinds of namespaced objects that the set may contain."
    )
    prune: bool = Field(True, description="Whether Argo CD deletes objects that were removed from Git.")
    self_heal: bool = Field(True, description="Whether Argo CD reverts changes that were made in the cluster.")
    retry: Retry = Field(default_factory=Retry)


class GitOpsSet(Repository):
    """Manifests in one repository. Each folder becomes an Argo CD Application with its own namespace."""

    namespace_prefix: NamespacePrefix | None = Field(
        None,
        description="Prefix of the namespaces, which Argo CD creates: a folder's namespace is this prefix followed by "
        "the folder's name. The set cannot write to any other namespace. Either this or `namespaces` is required.",
    )
    namespaces: list[Namespace] = Field(
        [],
        description="Namespaces of `teamNamespaces` that the set deploys to: a folder's namespace is the folder's name."
        " The set cannot write to any other namespace, and creates none. Either this or `namespacePrefix` is required.",
    )
    clusters: list[Label] = Field(
        [],
        description="Clusters that the set deploys to: names of `argoCd.clusters`, and `in-cluster` for this one. "
        "Requires `namespacePrefix`. If empty, the set deploys to this cluster only.",
    )
    cluster_values: bool = Field(
        False,
        description="Whether the folders are Helm charts that receive the value `cluster`: an object with the `name`, "
        "`region`, `accountId`, `vpcId` and `workloadRoleArns` (JSON) of the cluster that they are deployed to. "
        "Requires `clusters`.",
    )
    cluster_kinds: list[Kind] = Field(
        [],
        description="Kinds of cluster-scoped objects that the set may contain, in addition to the namespaces with its "
        "prefix.",
    )
    pod_security: PodSecurity = Field(
        PodSecurity.RESTRICTED,
        description="Pod Security Standard of the namespaces with the set's prefix. With `namespaces`, "
        "`teamNamespaces` sets it.",
    )

    @property
    def destinations(self) -> list[str]:
        """The namespaces that the set may write to, as a pattern or by name."""
        return [f"{self.namespace_prefix}*"] if self.namespace_prefix else self.namespaces


class GitOps(Settings):
    """What Argo CD deploys from Git: an AppProject and an ApplicationSet for each set of manifests."""

    sets: dict[Label, GitOpsSet] = Field(min_length=1, description="Sets of manifests by name.")


class GithubApp(Settings):
    """A GitHub App that is installed in an organization and may read its repositories."""

    id: GithubId = Field(description="ID of the app.")
    installation_id: GithubId = Field(description="ID of its installation in the organization.")
    private_key: Secret = Field(
        description="Private key of the app in PEM. Must be encrypted: `pulumi config set --secret --path "
        "'gitCredentials.<name>.githubApp.privateKey'`."
    )
    enterprise_url: HttpsUrl | None = Field(
        None,
        description="URL of the API of a GitHub Enterprise Server, such as https://github.example.jp/api/v3. If absent,"
        " the app is one of github.com.",
    )


class GitCredential(Settings):
    """A login to private Git repositories: a password, a key, or a GitHub App."""

    url: GitUrl = Field(description="Prefix of the URLs of the repositories that the login is used for.")
    username: Login | None = Field(None, description="User name of a login by HTTPS.")
    password: Secret | None = Field(
        None,
        description="Password or token of a login by HTTPS. Must be encrypted: `pulumi config set --secret --path "
        "'gitCredentials.<name>.password'`.",
    )
    ssh_private_key: Secret | None = Field(
        None,
        description="Private key of a login by SSH. Must be encrypted: `pulumi config set --secret --path "
        "'gitCredentials.<name>.sshPrivateKey'`.",
    )
    github_app: GithubApp | None = Field(None, description="GitHub App of a login by HTTPS, instead of a password.")
