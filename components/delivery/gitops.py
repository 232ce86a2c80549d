"""GitOps: what Argo CD deploys from Git, and what it is allowed to deploy."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import pulumi
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.core.v1 import Secret

from components.common.on_cluster import OnCluster
from components.common.pod_security import pod_security_labels
from facts import gitops_bridge, interfaces, namespaces
from settings import GitCredential, GitOpsSet
from settings import GitOps as GitOpsSettings

NAMESPACE: Final = namespaces.ARGO_CD
THIS_CLUSTER: Final = interfaces.KUBERNETES
IN_CLUSTER: Final = {"server": THIS_CLUSTER}
"""The destination of an Argo CD that runs in the cluster."""
PLATFORM_GROUPS: Final = ("karpenter.sh", "karpenter.k8s.aws", "admissionregistration.k8s.io")
"""API groups that belong to this program alone: see docs/decisions.md for why."""


class GitOps(pulumi.ComponentResource):
    """AppProjects and ApplicationSets.

    The deletion of an ApplicationSet waits for its Applications, and theirs for everything that they deployed, load
    balancers and volumes included. So this must depend on Argo CD and on every controller that cleans up after
    workloads.
    """

    def __init__(
        self,
        name: str,
        settings: GitOpsSettings,
        cluster: OnCluster,
        *,
        credentials: Mapping[str, GitCredential],
        managed_cluster: pulumi.Input[str] | None = None,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare a project and an ApplicationSet for each set, and a secret for each of `credentials`, by name.

        managed_cluster: ARN of the cluster where EKS runs Argo CD, which then knows no cluster by itself; None: Argo CD
        runs in the cluster.
        """
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
            for key, credential in credentials.items()
        ]
        needed = [*logins, *([self._cluster(name, managed_cluster)] if managed_cluster else [])]
        this_cluster = {"name": gitops_bridge.THIS_CLUSTER} if managed_cluster else IN_CLUSTER
        for key, manifests in settings.sets.items():
            metadata = {"name": key, "namespace": NAMESPACE}
            project = CustomResource(
                f"{name}-{key}",
                api_version="argoproj.io/v1alpha1",
                kind="AppProject",
                metadata=metadata,
                spec=project_spec(manifests, this_cluster),
                opts=child,
            )
            CustomResource(
                f"{name}-{key}",
                api_version="argoproj.io/v1alpha1",
                kind="ApplicationSet",
                metadata=metadata,
                spec=application_set_spec(key, manifests, cluster.kubernetes_version, this_cluster),
                opts=pulumi.ResourceOptions(
                    parent=self,
                    # An Application whose project is deleted can never be deleted itself (argo-cd #4369).
                    depends_on=[project, *needed],
                    # Pods terminate; load balancers and volumes are deleted.
                    custom_timeouts=pulumi.CustomTimeouts(delete="30m"),
                ),
            )
        self.register_outputs({})

    def _cluster(self, name: str, arn: pulumi.Input[str]) -> Secret:
        """Declare the cluster that the managed Argo CD deploys to, under the name that Argo CD has for its own.

        https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html
        """
        return Secret(
            f"{name}-cluster",
            metadata={
                "name": f"cluster-{gitops_bridge.THIS_CLUSTER}",
                "namespace": NAMESPACE,
                "labels": {"argocd.argoproj.io/secret-type": "cluster"},
            },
            string_data={"name": gitops_bridge.THIS_CLUSTER, "server": arn},
            opts=pulumi.ResourceOptions(parent=self),
        )


def credential_data(credential: GitCredential) -> dict[str, pulumi.Input[str]]:
    """Return the contents of a login's secret. The SDK's class encrypts all of it in the state.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#repository-credentials
    """
    data: dict[str, pulumi.Input[str]] = {"type": "git", "url": credential.url}
    if credential.username:
        data["username"] = credential.username
    if credential.password:
        data["password"] = pulumi.Output.secret(credential.password.get_secret_value())
    if credential.ssh_private_key:
        data["sshPrivateKey"] = pulumi.Output.secret(credential.ssh_private_key.get_secret_value())
    if app := credential.github_app:
        data["githubAppID"] = str(app.id)
        data["githubAppInstallationID"] = str(app.installation_id)
        data["githubAppPrivateKey"] = pulumi.Output.secret(app.private_key.get_secret_value())
        if app.enterprise_url:
            data["githubAppEnterpriseBaseUrl"] = app.enterprise_url
    return data


def project_spec(manifests: GitOpsSet, this_cluster: Mapping[str, str] = IN_CLUSTER) -> dict[str, Any]:
    """Return the spec of the AppProject: one repository, the set's namespaces, the kinds in the settings.

    this_cluster: the destination of a set that names no clusters.

    https://argo-cd.readthedocs.io/en/stable/user-guide/projects/
    """
    own = manifests.destinations
    clusters: list[Mapping[str, str]] = [{"name": name} for name in manifests.clusters] or [this_cluster]
    # `CreateNamespace` needs it too (argo-cd #22869).
    created = [{"group": "", "kind": "Namespace", "name": name} for name in own] if manifests.namespace_prefix else []
    return {
        "sourceRepos": [manifests.repository],
        "destinations": [{**where, "namespace": name} for where in clusters for name in own],
        "namespaceResourceWhitelist": [_kind(kind) for kind in manifests.kinds],
        "clusterResourceWhitelist": [*created, *[_kind(kind) for kind in manifests.cluster_kinds]],
        "clusterResourceBlacklist": [{"group": group, "kind": "*"} for group in PLATFORM_GROUPS],
    }


def application_set_spec(
    name: str, manifests: GitOpsSet, kubernetes_version: str, this_cluster: Mapping[str, str] = IN_CLUSTER
) -> dict[str, Any]:
    """Return the spec of the ApplicationSet: an Application for each folder, in a namespace named after the folder.

    The deletion of the set, or of a folder, also deletes what was deployed (by a finalizer of each Application):
    otherwise resources that controllers created for it in AWS would be left behind.
    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Application-Deletion/,
    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Git/
    """
    labels = pod_security_labels(manifests.pod_security.value, kubernetes_version)
    created = {"managedNamespaceMetadata": {"labels": labels}} if manifests.namespace_prefix else {}
    source = {"repoURL": manifests.repository, "revision": manifests.revision}
    folders = {"git": {**source, "directories": [{"path": manifests.path}]}}
    helm = {"helm": {"valuesObject": gitops_bridge.chart_values()}} if manifests.cluster_values else {}
    cluster = "{{.name}}-" if manifests.clusters else ""
    return {
        "goTemplate": True,
        "goTemplateOptions": ["missingkey=error"],
        "generators": [_on_clusters(manifests.clusters, folders) if manifests.clusters else folders],
        "syncPolicy": {"applicationsSync": "sync", "preserveResourcesOnDeletion": False},
        "template": {
            "metadata": {"name": f"{name}-{cluster}{{{{.path.basenameNormalized}}}}"},
            "spec": {
                "project": name,
                "source": {
                    "repoURL": manifests.repository,
                    "targetRevision": manifests.revision,
                    "path": "{{.path.path}}",
                    **helm,
                },
                "destination": {
                    **({"name": "{{.name}}"} if manifests.clusters else this_cluster),
                    "namespace": f"{manifests.namespace_prefix or ''}{{{{.path.basenameNormalized}}}}",
                },
                "syncPolicy": {
                    "automated": {"prune": manifests.prune, "selfHeal": manifests.self_heal},
                    "retry": {
                        "limit": manifests.retry.limit,
                        "backoff": {
                            "duration": manifests.retry.backoff,
                            "factor": manifests.retry.factor,
                            "maxDuration": manifests.retry.max_backoff,
                        },
                    },
                    "syncOptions": [*(["CreateNamespace=true"] if created else []), "ServerSideApply=true"],
                    **created,
                },
            },
        },
    }


def _on_clusters(names: Sequence[str], folders: Mapping[str, Any]) -> dict[str, Any]:
    """Return the generator of each folder on each cluster of these names.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Generators-Matrix/
    """
    named = {"key": gitops_bridge.NAME_LABEL, "operator": "In", "values": [*names]}
    return {"matrix": {"generators": [{"clusters": {"selector": {"matchExpressions": [named]}}}, folders]}}


def _kind(text: str) -> dict[str, str]:
    group, _, kind = text.rpartition("/")
    return {"group": group, "kind": kind}
