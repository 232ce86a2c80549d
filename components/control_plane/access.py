"""Who may use the Kubernetes API: access entries, and the provider through which this program uses it."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_aws import eks, iam
from pulumi_kubernetes.rbac.v1 import ClusterRoleBinding

from components.common.dependency import after
from facts import iam_documents
from facts.access_policies import AUTO_NODE_POLICY, access_policy, access_policy_arn
from facts.kubeconfig import kubeconfig
from facts.partitions import partition_of_arn
from settings import Access, AccessEntry, AccessRight, AccessRole, EntryType, Oidc, OidcRole


@dataclass(frozen=True)
class ApiServer:
    """The Kubernetes API of a cluster.

    cluster_name: the cluster, once it exists. identifier: its unique identifier, which is known in
    every preview. endpoint: the API server's URL. certificate_authority: its certificate in base64.
    """

    cluster_name: pulumi.Input[str]
    identifier: str
    region: str
    endpoint: pulumi.Input[str]
    certificate_authority: pulumi.Input[str]


class ClusterAccess(pulumi.ComponentResource):
    """Access entries and the Kubernetes provider that depends on them.

    Every object made through `kubernetes` is deleted before the deployer loses its rights (terraform-aws-eks #3005).
    """

    kubernetes: kubernetes.Provider
    kubeconfig: pulumi.Output[str]

    def __init__(
        self, name: str, settings: Access, api: ApiServer, *, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Declare the entries and the provider, which uses `api` by the deployer's rights."""
        super().__init__("eks-platform:index:ClusterAccess", name, {}, opts)
        deployer = AccessEntry(principal=settings.deployer, role=AccessRole.ADMIN)
        rights = self._grant(name, "deployer", api.cluster_name, deployer)
        for key, entry in settings.entries.items():
            self._grant(name, key, api.cluster_name, entry)

        hub = settings.argo_cd_hub
        self._argo_cd_role_arn = self._hub(f"{name}-argo-cd", api.cluster_name, hub) if hub else None

        self.kubeconfig = pulumi.Output.all(
            api.cluster_name, api.region, api.endpoint, api.certificate_authority
        ).apply(lambda parts: kubeconfig(*parts))
        self.kubernetes = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.kubeconfig,
            # Without it a kubeconfig that a preview does not know replaces the provider and all that it made
            # (pulumi-kubernetes #4019).
            cluster_identifier=api.identifier,
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=rights),
        )
        if settings.oidc:
            self._log_in(name, settings.oidc, api.cluster_name)
        self.register_outputs({"kubeconfig": self.kubeconfig})

    def _log_in(self, name: str, oidc: Oidc, cluster_name: pulumi.Input[str]) -> None:
        """Declare the OpenID Connect provider at which people log in, and the roles of its groups."""
        eks.IdentityProviderConfig(
            f"{name}-oidc",
            cluster_name=cluster_name,
            oidc=eks.IdentityProviderConfigOidcArgs(
                identity_provider_config_name="oidc",
                issuer_url=oidc.issuer,
                client_id=oidc.client_id,
                username_claim=oidc.username_claim,
                username_prefix=oidc.username_prefix,
                groups_claim=oidc.groups_claim,
                groups_prefix=oidc.groups_prefix,
                required_claims=oidc.required_claims or None,
            ),
            # EKS changes none of it, and accepts one provider for each cluster.
            # https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateIdentityProviderConfig.html
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        for key, granted in oidc.groups.items():
            role = "cluster-admin" if granted.role is OidcRole.ADMIN else granted.role.value
            ClusterRoleBinding(
                f"{name}-oidc-{key}",
                metadata={"name": f"oidc-{key}"},
                role_ref={"api_group": RBAC, "kind": "ClusterRole", "name": role},
                subjects=[{"api_group": RBAC, "kind": "Group", "name": f"{oidc.groups_prefix}{granted.group}"}],
                # The reference to the role cannot be changed.
                opts=pulumi.ResourceOptions(parent=self, provider=self.kubernetes, delete_before_replace=True),
            )

    @property
    def argo_cd_role_arn(self) -> pulumi.Output[str] | None:
        """The role that another cluster's Argo CD assumes, known once it has its rights; None: there is no such one."""
        return self._argo_cd_role_arn

    def _grant(
        self, name: str, key: str, cluster_name: pulumi.Input[str], granted: AccessEntry
    ) -> list[eks.AccessPolicyAssociation]:
        """Declare a principal's entry and rights; return the rights.

        Both are named after what is unique in EKS: a principal's entry, a policy of a principal. Named after the
        key of the stack file, an entry that is renamed, or a deployer who exchanges roles with another principal, would
        be created again before the first one is deleted, which EKS refuses (terraform-aws-eks #2968, #3293).
        """
        named = f"{name}-{_short_name(granted.principal)}"
        former = pulumi.Alias(name=f"{name}-{key}")
        entry = eks.AccessEntry(
            named,
            cluster_name=cluster_name,
            principal_arn=granted.principal,
            type=None if granted.type is EntryType.STANDARD else granted.type.in_eks,
            kubernetes_groups=granted.groups or None,
            # Another type is another entry, and EKS has one entry for each principal.
            opts=pulumi.ResourceOptions(parent=self, aliases=[former], delete_before_replace=True),
        )
        partition = partition_of_arn(granted.principal)
        if granted.type is EntryType.EC2:
            policy = access_policy_arn(AUTO_NODE_POLICY, partition)
            return [self._associate_policy(named, entry, policy, {"type": "cluster"}, [])]
        own = [AccessRight(role=granted.role, namespaces=granted.namespaces)] if granted.role else []
        return [
            self._associate(named, entry, right, partition, [former] if right in own else [])
            for right in (*own, *granted.rights)
        ]

    def _hub(self, name: str, cluster_name: pulumi.Input[str], hub: str) -> pulumi.Output[str]:
        """Declare the role that another cluster's Argo CD assumes by its own role `hub`, of any account.

        The role has no policies: its only right is the access entry.
        """
        child = pulumi.ResourceOptions(parent=self)
        role = iam.Role(name, assume_role_policy=json.dumps(iam_documents.trust_role(hub)), opts=child)
        entry = eks.AccessEntry(name, cluster_name=cluster_name, principal_arn=role.arn, opts=child)
        right = self._associate(name, entry, AccessRight(role=AccessRole.ADMIN), partition_of_arn(hub), [])
        return after([right], role.arn)

    def _associate(
        self, named: str, entry: eks.AccessEntry, right: AccessRight, partition: str, former: Sequence[pulumi.Alias]
    ) -> eks.AccessPolicyAssociation:
        namespaces = right.namespaces
        policy = access_policy_arn(access_policy(right.role, whole_cluster=not namespaces), partition)
        scope = {"type": "namespace", "namespaces": namespaces} if namespaces else {"type": "cluster"}
        return self._associate_policy(named, entry, policy, scope, former)

    def _associate_policy(
        self, named: str, entry: eks.AccessEntry, policy: str, scope: Mapping[str, Any], former: Sequence[pulumi.Alias]
    ) -> eks.AccessPolicyAssociation:
        return eks.AccessPolicyAssociation(
            f"{named}-{policy.rsplit('/', 1)[-1]}",
            cluster_name=entry.cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=policy,
            access_scope=eks.AccessPolicyAssociationAccessScopeArgs(**scope),
            # With another scope the AWS provider replaces the association, but for EKS it is the same one: created
            # first, the new one would overwrite the old one and then be deleted in its place.
            # https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html
            opts=pulumi.ResourceOptions(parent=self, aliases=[*former], delete_before_replace=True),
        )


RBAC: Final = "rbac.authorization.k8s.io"


def _short_name(principal: str) -> str:
    """Return a name for a principal's resources: the end of its ARN to read, and a digest that sets it apart."""
    readable = re.sub("[^A-Za-z0-9_-]+", "-", principal.rsplit("/", 1)[-1])
    return f"{readable}-{hashlib.sha256(principal.encode()).hexdigest()[:8]}"
