"""The clusters that Argo CD deploys to: this one, and those of other stacks."""

import json
from collections.abc import Mapping
from typing import Any, Final

import pulumi
from pulumi_kubernetes.core.v1 import Secret

from components.common.identity import (
    ClusterIdentity,
    Irsa,
    PodIdentity,
    ServiceAccountName,
    role_of_service_accounts,
)
from facts import gitops_bridge, iam_documents, interfaces, namespaces
from facts.contract import CONTRACT_VERSION
from settings import ArgoCd as ArgoCdSettings
from settings import ClusterMetadata

NAMESPACE: Final = namespaces.ARGO_CD
SERVICE_ACCOUNTS: Final = tuple(
    ServiceAccountName(NAMESPACE, f"{interfaces.ARGO_CD_NAME}-{part}") for part in ("application-controller", "server")
)
"""The parts of Argo CD that use the Kubernetes API of other clusters."""
NEEDED: Final = (
    "accountId",
    "clusterCertificateAuthority",
    "clusterEndpoint",
    "clusterName",
    "kubernetesVersion",
    "region",
    "vpcId",
    "workloadRoleArns",
)
ROLE: Final = "argoCdAccessRoleArn"

Spokes = Mapping[str, pulumi.Output[Mapping[str, Any]]]
"""The outputs of the stacks of other clusters, by the clusters' names in Argo CD."""


def spokes_of(name: str, settings: ArgoCdSettings, opts: pulumi.ResourceOptions) -> Spokes:
    """Return the outputs of the other clusters' stacks. They raise RunError where Argo CD cannot use a cluster."""

    def outputs_of(key: str, stack: str) -> pulumi.Output[Mapping[str, Any]]:
        reference = pulumi.StackReference(f"{name}-{key}", stack_name=stack, opts=opts)
        return reference.outputs.apply(lambda outputs: usable(outputs, stack))

    return {key: outputs_of(key, spoke.stack) for key, spoke in settings.clusters.items()}


def usable(outputs: Mapping[str, Any], stack: str) -> Mapping[str, Any]:
    """Return the outputs of a stack whose cluster Argo CD can deploy to. Raises RunError where it cannot."""
    if outputs.get("contractVersion") != CONTRACT_VERSION or any(key not in outputs for key in NEEDED):
        raise pulumi.RunError(f"{stack} lacks outputs of this version of the program: first `pulumi up` there")
    if ROLE not in outputs:
        raise pulumi.RunError(
            f"{stack} has no output {ROLE}: set access.argoCdHub there to the output argoCdRoleArn of this stack"
        )
    return outputs


def hub_role(name: str, identity: ClusterIdentity, spokes: Spokes, opts: pulumi.ResourceOptions) -> Irsa | PodIdentity:
    """Declare the role of Argo CD, which assumes a role in the account of each other cluster."""
    roles = pulumi.Output.all(*[outputs.apply(lambda known: known[ROLE]) for outputs in spokes.values()])
    documents = {"clusters": roles.apply(lambda arns: json.dumps(iam_documents.assume_roles(arns)))} if spokes else {}
    return role_of_service_accounts(name, identity, SERVICE_ACCOUNTS, opts, documents=documents)


class ArgoCdClusters(pulumi.ComponentResource):
    """A secret for each cluster, with its address and what ApplicationSets read of it.

    Applications are deleted through these secrets, so what deploys to a cluster must depend on this component.
    """

    def __init__(
        self,
        name: str,
        settings: ArgoCdSettings,
        *,
        own: Mapping[str, pulumi.Input[Any]],
        spokes: Spokes,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the secrets.

        own: what the stack knows of this cluster, under the names of its outputs. spokes: the same of the others.
        """
        super().__init__("eks-platform:index:ArgoCdClusters", name, {}, opts)
        this = pulumi.Output.all(**own).apply(lambda known: {**known, "clusterEndpoint": interfaces.KUBERNETES})
        self._secret(name, gitops_bridge.THIS_CLUSTER, settings.metadata or ClusterMetadata(), this)
        for key, spoke in settings.clusters.items():
            self._secret(name, key, spoke, spokes[key])
        self.register_outputs({})

    def _secret(self, name: str, key: str, given: ClusterMetadata, known: pulumi.Output[Mapping[str, Any]]) -> None:
        own = known.apply(
            lambda it: {
                "labels": gitops_bridge.labels(key, it["region"], it["kubernetesVersion"]),
                "annotations": gitops_bridge.annotations(
                    account_id=it["accountId"],
                    cluster_name=it["clusterName"],
                    region=it["region"],
                    vpc_id=it["vpcId"],
                    workload_role_arns=it["workloadRoleArns"],
                ),
            }
        )
        kind = {"argocd.argoproj.io/secret-type": "cluster"}
        Secret(
            f"{name}-{key}",
            metadata={
                "name": f"cluster-{key}",
                "namespace": NAMESPACE,
                "labels": own.apply(lambda it: {**given.labels, **it["labels"], **kind}),
                "annotations": own.apply(lambda it: {**given.annotations, **it["annotations"]}),
            },
            string_data={
                "name": key,
                "server": known.apply(lambda it: it["clusterEndpoint"]),
                "config": known.apply(lambda it: json.dumps(connection(it))),
            },
            opts=pulumi.ResourceOptions(parent=self),
        )


def connection(known: Mapping[str, Any]) -> dict[str, Any]:
    """Return how Argo CD connects to a cluster: to its own by its service account, to another one by a role.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#eks
    """
    if ROLE not in known:
        return {"tlsClientConfig": {"insecure": False}}
    return {
        "awsAuthConfig": {"clusterName": known["clusterName"], "roleARN": known[ROLE]},
        "tlsClientConfig": {"insecure": False, "caData": known["clusterCertificateAuthority"]},
    }
