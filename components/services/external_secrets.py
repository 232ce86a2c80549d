"""External Secrets Operator: its role, its release, and a store for each path of secrets."""

from collections.abc import Sequence
from typing import Any, Final

import pulumi
from pulumi_aws import iam
from pulumi_kubernetes.apiextensions import CustomResource

import versions
from components.common.chart import image, release
from components.common.identity import ServiceAccountName, role_annotations, workload_identity
from components.common.on_cluster import OnCluster
from components.common.placement import FARGATE_WEBHOOK_PORT, pod_annotations, pod_placement, zone_spread
from components.common.pod_security import restricted_namespace
from components.common.ready import WAIT_UNTIL_READY
from facts import iam_documents
from facts.capabilities import EXTERNAL_SECRETS
from facts.iam_documents.external_secrets import secret_store_reader, secret_store_role_path, secret_store_roles
from facts.names import nested_path
from settings.external_secrets import ExternalSecrets as ExternalSecretsSettings
from settings.external_secrets import SecretService, SecretStore

NAMESPACE: Final = EXTERNAL_SECRETS.namespace
(IMAGE,) = EXTERNAL_SECRETS.images


class ExternalSecrets(pulumi.ComponentResource):
    """The operator, which makes Kubernetes secrets of AWS's, and a ClusterSecretStore for each path.

    A store has an IAM role of its own, limited to its path, that the operator assumes: the operator's own role can read
    nothing. Namespaced SecretStores are switched off, because anyone's could name the role of any store.
    """

    def __init__(
        self,
        name: str,
        settings: ExternalSecretsSettings,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the namespace, the roles, the release and the stores."""
        super().__init__("eks-platform:index:ExternalSecrets", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        namespace = restricted_namespace(f"{name}-namespace", NAMESPACE, cluster.kubernetes_version, child)
        account, region = cluster.account_id, cluster.region
        path = secret_store_role_path(cluster.cluster_id)
        identity = workload_identity(
            f"{name}-operator",
            cluster.identity,
            ServiceAccountName(NAMESPACE, versions.EXTERNAL_SECRETS.name),
            child,
            documents={
                "store-roles": pulumi.Output.json_dumps(
                    secret_store_roles(account, region, nested_path(cluster.iam_path, path))
                ),
            },
        )
        operator = release(
            f"{name}-release",
            versions.EXTERNAL_SECRETS,
            pulumi.ResourceOptions(parent=self, depends_on=[namespace, identity]),
            namespace=cluster.namespace(NAMESPACE),
            charts=cluster.charts,
            values=external_secrets_values(cluster, role_annotations(identity)),
        )
        for key, store in settings.stores.items():
            role = iam.Role(
                f"{name}-{key}",
                path=path,
                assume_role_policy=pulumi.Output.json_dumps(identity.role_arn.apply(iam_documents.trust_role)),
                opts=child,
            )
            reader = iam.RolePolicy(
                f"{name}-{key}",
                role=role.name,
                policy=pulumi.Output.json_dumps(secret_store_reader(account, region, store.service, store.path)),
                opts=child,
            )
            CustomResource(
                f"{name}-{key}",
                api_version="external-secrets.io/v1",
                kind="ClusterSecretStore",
                metadata={"name": key, "annotations": WAIT_UNTIL_READY},
                spec=secret_store_spec(store, region, role.arn),
                # The operator's webhook validates every change of a store: the release must outlive it.
                opts=pulumi.ResourceOptions(parent=self, depends_on=[operator, reader]),
            )
        self.register_outputs({})


def external_secrets_values(cluster: OnCluster, annotations: dict[str, pulumi.Output[str]]) -> dict[str, Any]:
    """Return the chart's values (external-secrets chart 2)."""
    placement = cluster.placement
    chart = versions.EXTERNAL_SECRETS.name

    def component(pods: str, memory: str) -> dict[str, Any]:
        labels = {"app.kubernetes.io/name": pods, "app.kubernetes.io/instance": chart}
        return {
            "image": {"repository": image(IMAGE, cluster.charts)},
            "replicaCount": 2,
            "priorityClassName": "system-cluster-critical",
            "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            "resources": {"requests": {"cpu": "50m", "memory": memory}, "limits": {"memory": memory}},
            "topologySpreadConstraints": zone_spread(labels, fargate=placement.fargate),
        }

    port = {"port": FARGATE_WEBHOOK_PORT} if placement.fargate else {}
    return {
        **component(chart, "256Mi"),
        # Of the operator and of what renews the webhook's certificate.
        "leaderElect": True,
        "serviceAccount": {"name": chart, "annotations": annotations},
        # Kept without the release: without the definitions every team's ExternalSecrets, and the secrets made of
        # them, would go too. Upgrades still reach them, since they are among the chart's templates.
        "crds": {"annotations": {"helm.sh/resource-policy": "keep"}},
        "processSecretStore": False,
        **({"extraEnv": cluster.variables} if cluster.proxy else {}),
        # Else it could take the place of any service account, and of the IAM role of each.
        "rbac": {"serviceAccountTokenCreate": False},
        "webhook": {**component(f"{chart}-webhook", "128Mi"), **port},
        "certController": component(f"{chart}-cert-controller", "192Mi"),
        "global": {"podAnnotations": pod_annotations(placement), **pod_placement(placement)},
    }


def secret_store_spec(store: SecretStore, region: str, role_arn: pulumi.Input[str]) -> dict[str, Any]:
    """Return the spec of a ClusterSecretStore (https://external-secrets.io/latest/provider/aws-access/).

    Without `auth` the operator assumes the store's role by its own: with Pod Identity it can do nothing else.
    """
    return {
        "provider": {
            "aws": {
                "service": SERVICES[store.service],
                "region": region,
                "role": role_arn,
                # So that an ExternalSecret is the same in every environment.
                "prefix": store.path,
            }
        },
        "conditions": [namespace_condition(store.namespaces)],
    }


SERVICES: Final = {SecretService.SECRETS_MANAGER: "SecretsManager", SecretService.PARAMETER_STORE: "ParameterStore"}
"""https://external-secrets.io/latest/api/spec/#external-secrets.io/v1.AWSServiceType"""


def namespace_condition(patterns: Sequence[str]) -> dict[str, list[str]]:
    """Return the condition of a ClusterSecretStore that lets namespaces use it; `*` and `?` match.

    https://external-secrets.io/latest/api/clustersecretstore/
    """
    exact = [pattern for pattern in patterns if not {"*", "?"} & set(pattern)]
    regexes = [f"^{pattern.replace('*', '.*').replace('?', '.')}$" for pattern in patterns if {"*", "?"} & set(pattern)]
    return {**({"namespaces": exact} if exact else {}), **({"namespaceRegexes": regexes} if regexes else {})}
