"""EKS capabilities: controllers that EKS runs, each with an IAM role and its rights in the cluster."""

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import eks, iam

from components.common.dependency import after
from components.common.where import Where
from facts import iam_documents
from facts.access_policies import access_policy, access_policy_arn
from facts.partitions import partition_of
from settings import Capabilities as CapabilitiesSettings
from settings import CapabilityRole, ManagedArgoCd


class Capabilities(pulumi.ComponentResource):
    """The capabilities of a cluster. Their objects in the cluster stay when they are deleted."""

    def __init__(
        self,
        name: str,
        settings: CapabilitiesSettings,
        where: Where,
        *,
        cluster_name: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare each capability of the settings."""
        super().__init__("eks-platform:index:Capabilities", name, {}, opts)
        self._name = name
        self._where = where
        self._cluster_name = cluster_name
        self._child = pulumi.ResourceOptions(parent=self)
        if settings.ack:
            self._capability("ack", "ACK", settings.ack.managed_policies)
        if settings.kro:
            self._capability("kro", "KRO", [], settings.kro.role)
        if argo_cd := settings.argo_cd:
            self._capability("argocd", "ARGOCD", argo_cd.managed_policies, argo_cd.role, _argo_cd(argo_cd))
        self.register_outputs({})

    def _capability(
        self,
        key: str,
        type_: str,
        policies: Sequence[str],
        role_in_cluster: CapabilityRole | None = None,
        configuration: eks.CapabilityConfigurationArgs | None = None,
    ) -> None:
        role = iam.Role(
            f"{self._name}-{key}",
            assume_role_policy=json.dumps(iam_documents.trust_capability(self._where.region)),
            opts=self._child,
        )
        attachments = [
            iam.RolePolicyAttachment(
                f"{self._name}-{key}-{arn.rpartition('/')[2]}", role=role.name, policy_arn=arn, opts=self._child
            )
            for arn in policies
        ]
        capability = eks.Capability(
            f"{self._name}-{key}",
            cluster_name=self._cluster_name,
            capability_name=key,
            type=type_,
            role_arn=after(attachments, role.arn),
            # EKS has no other value.
            delete_propagation_policy="RETAIN",
            configuration=configuration,
            # EKS accepts one capability of each type.
            opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
        )
        if role_in_cluster:
            eks.AccessPolicyAssociation(
                f"{self._name}-{key}",
                cluster_name=self._cluster_name,
                # EKS makes the access entry of the role together with the capability.
                # https://docs.aws.amazon.com/eks/latest/userguide/capabilities-security.html
                principal_arn=after([capability], role.arn),
                policy_arn=access_policy_arn(
                    access_policy(role_in_cluster, whole_cluster=True), partition_of(self._where.region)
                ),
                access_scope={"type": "cluster"},
                opts=pulumi.ResourceOptions(parent=self, delete_before_replace=True),
            )


def _argo_cd(settings: ManagedArgoCd) -> eks.CapabilityConfigurationArgs:
    groups = {"ADMIN": settings.admins, "EDITOR": settings.editors, "VIEWER": settings.viewers}
    return eks.CapabilityConfigurationArgs(
        argo_cd=eks.CapabilityConfigurationArgoCdArgs(
            namespace="argocd",
            aws_idc=eks.CapabilityConfigurationArgoCdAwsIdcArgs(
                idc_instance_arn=settings.identity_center, idc_region=settings.identity_center_region
            ),
            rbac_role_mappings=[
                eks.CapabilityConfigurationArgoCdRbacRoleMappingArgs(
                    role=role,
                    identities=[
                        eks.CapabilityConfigurationArgoCdRbacRoleMappingIdentityArgs(id=group, type="SSO_GROUP")
                        for group in ids
                    ],
                )
                for role, ids in groups.items()
                if ids
            ],
        )
    )
