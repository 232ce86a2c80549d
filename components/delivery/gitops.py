"""GitOps: what Argo CD deploys from Git, and what it may."""

from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.common.pod_security import pod_security_labels
from facts import namespaces

NAMESPACE: Final = namespaces.ARGO_CD
THIS_CLUSTER: Final = "https://kubernetes.default.svc"
PLATFORM_GROUPS: Final = ("karpenter.sh", "karpenter.k8s.aws", "admissionregistration.k8s.io")
"""API groups that belong to this program alone: see docs/decisions.md for why."""


class RetryArgs(TypedDict):
    """How a failed sync is tried again."""

    limit: int
    """How often."""
    backoff: str
    """Wait before the first time, such as "10s"."""
    factor: int
    """By which each wait is longer than the last."""
    max_backoff: str
    """Longest wait."""


class GitOpsSetArgs(TypedDict):
    """Manifests of one repository, a folder each Application."""

    repository: str
    """URL of the Git repository."""
    revision: str
    """Branch, tag or commit."""
    path: str
    """Folders, with wildcards."""
    namespace_prefix: str
    """The beginning of the namespaces: the folder's name follows."""
    kinds: list[str]
    """Kinds of objects in namespaces that are allowed: "apps/Deployment", "Service", "traefik.io/*"."""
    cluster_kinds: list[str]
    """Kinds of cluster-scoped objects that are allowed."""
    pod_security: str
    """Pod Security Standard of the namespaces."""
    prune: bool
    """Whether what is no longer in Git is deleted."""
    self_heal: bool
    """Whether changes in the cluster are undone."""
    retry: RetryArgs
    """How a failed sync is tried again."""


class GitCredentialArgs(TypedDict):
    """A login to private repositories: by name and password, or by a key."""

    url: str
    """The beginning of the repositories' URLs."""
    username: NotRequired[str]
    """Who logs in by HTTPS."""
    password: NotRequired[pulumi.Input[str]]
    """Password or token."""
    ssh_private_key: NotRequired[pulumi.Input[str]]
    """Key of a login by SSH."""


class GitOpsArgs(TypedDict):
    """What Argo CD deploys."""

    kubernetes_version: str
    """The minor whose Pod Security Standard holds in the namespaces."""
    sets: dict[str, GitOpsSetArgs]
    """Sets of manifests by name."""
    credentials: dict[str, GitCredentialArgs]
    """Logins by name."""


class GitOps(pulumi.ComponentResource):
    """AppProjects and ApplicationSets.

    An ApplicationSet is gone when its Applications are, and these when all that they deployed is, load balancers and
    volumes included. So it must depend on Argo CD and on every controller that clears up after workloads.
    """

    def __init__(self, name: str, args: GitOpsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare a project and an ApplicationSet for each set, and a secret for each login."""
        super().__init__("eks-platform:index:GitOps", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        logins = [
            Secret(
                f"{name}-login-{key}",
                metadata={
                    "name": f"git-{key}",
                    "namespace": NAMESPACE,
                    "labels": {"argocd.argoproj.io/secret-type": "repo-creds"},
                },
                string_data=credential_data(credential),
                opts=child,
            )
            for key, credential in args["credentials"].items()
        ]
        for key, manifests in args["sets"].items():
            metadata = {"name": key, "namespace": NAMESPACE}
            project = CustomResource(
                f"{name}-{key}",
                api_version="argoproj.io/v1alpha1",
                kind="AppProject",
                metadata=metadata,
                spec=project_spec(manifests),
                opts=child,
            )
            CustomResource(
                f"{name}-{key}",
                api_version="argoproj.io/v1alpha1",
                kind="ApplicationSet",
                metadata=metadata,
                spec=application_set_spec(key, manifests, args["kubernetes_version"]),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # An Application whose project is gone is never gone itself (argo-cd #4369).
                    depends_on=[project, *logins],
                    # Pods end, load balancers and volumes go.
                    custom_timeouts=pulumi.CustomTimeouts(delete="30m"),
                ),
            )
        self.register_outputs({})


def credential_data(args: GitCredentialArgs) -> dict[str, pulumi.Input[str]]:
    """Return what is in the secret of a login: the SDK's class keeps all of it encrypted in the state.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repository-credentials
    """
    data: dict[str, pulumi.Input[str]] = {"type": "git", "url": args["url"]}
    if "username" in args:
        data["username"] = args["username"]
    if "password" in args:
        data["password"] = args["password"]
    if "ssh_private_key" in args:
        data["sshPrivateKey"] = args["ssh_private_key"]
    return data


def project_spec(args: GitOpsSetArgs) -> dict[str, Any]:
    """Return the spec of the AppProject: one repository, its own namespaces, no kind that is not named.

    https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
    """
    own = f"{args['namespace_prefix']}*"
    return {
        "sourceRepos": [args["repository"]],
        "destinations": [{"server": THIS_CLUSTER, "namespace": own}],
        "namespaceResourceWhitelist": [_kind(kind) for kind in args["kinds"]],
        "clusterResourceWhitelist": [
            # `CreateNamespace` needs it too (argo-cd #22869).
            {"group": "", "kind": "Namespace", "name": own},
            *[_kind(kind) for kind in args["cluster_kinds"]],
        ],
        "clusterResourceBlacklist": [{"group": group, "kind": "*"} for group in PLATFORM_GROUPS],
    }


def application_set_spec(name: str, args: GitOpsSetArgs, kubernetes_version: str) -> dict[str, Any]:
    """Return the spec of the ApplicationSet: an Application for each folder, in a namespace of the folder's name.

    Its deletion, or that of a folder, takes along what was deployed (a finalizer of each Application): what a
    controller made for it in AWS would otherwise be left behind.
    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Application-Deletion/,
    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/
    """
    standard = pod_security_labels(args["pod_security"], kubernetes_version)
    source = {"repoURL": args["repository"], "revision": args["revision"]}
    return {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [{"git": {**source, "directories": [{"path": args["path"]}]}}],
        "syncPolicy": {"applicationsSync": "sync", "preserveResourcesOnDeletion": False},
        "template": {
            "metadata": {"name": f"{name}-{{{{.path.basenameNormalized}}}}"},
            "spec": {
                "project": name,
                "source": {
                    "repoURL": args["repository"],
                    "targetRevision": args["revision"],
                    "path": "{{.path.path}}",
                },
                "destination": {
                    "server": THIS_CLUSTER,
                    "namespace": f"{args['namespace_prefix']}{{{{.path.basenameNormalized}}}}",
                },
                "syncPolicy": {
                    "automated": {"prune": args["prune"], "selfHeal": args["self_heal"]},
                    "retry": {
                        "limit": args["retry"]["limit"],
                        "backoff": {
                            "duration": args["retry"]["backoff"],
                            "factor": args["retry"]["factor"],
                            "maxDuration": args["retry"]["max_backoff"],
                        },
                    },
                    "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"],
                    "managedNamespaceMetadata": {"labels": standard},
                },
            },
        },
    }


def _kind(text: str) -> dict[str, str]:
    group, _, kind = text.rpartition("/")
    return {"group": group, "kind": kind}
