"""An IAM role for service accounts of applications."""

from collections.abc import Sequence

import pulumi
from pulumi_kubernetes.core.v1 import ServiceAccount

from components.common.dependency import after
from components.common.identity import (
    ClusterIdentity,
    Irsa,
    PodIdentity,
    ServiceAccountName,
    annotations_of,
    pod_identity_associations,
    role_of_service_accounts,
)
from facts import iam_documents
from settings import Identity
from settings import WorkloadRole as WorkloadRoleSettings


class WorkloadRole(pulumi.ComponentResource):
    """A role with the rights of the stack file, which only its service accounts assume, or a role that exists.

    What runs pods with the role should depend on this: it is deleted after them.
    """

    role_arn: pulumi.Output[str]
    """Known once the rights are attached."""

    def __init__(
        self,
        name: str,
        settings: WorkloadRoleSettings,
        identity: ClusterIdentity,
        *,
        namespaces: Sequence[pulumi.Resource],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role, and the service accounts that the settings have created.

        namespaces: what makes the namespaces of the service accounts that are created.
        """
        super().__init__("eks-platform:index:WorkloadRole", name, {}, opts)
        accounts = [ServiceAccountName(account.namespace, account.name) for account in settings.service_accounts]
        if settings.existing_role:
            self.role_arn = self._existing(name, settings, settings.existing_role, identity, accounts)
        else:
            self.role_arn = self._new(name, settings, identity, accounts).role_arn
        annotations = annotations_of(self.role_arn) if identity.kind is Identity.IRSA else {}
        for account in settings.service_accounts if settings.create_service_accounts else ():
            ServiceAccount(
                f"{name}-{account.namespace}-{account.name}",
                metadata={
                    "name": account.name,
                    "namespace": account.namespace,
                    "annotations": annotations,
                },
                opts=pulumi.ResourceOptions(parent=self, depends_on=namespaces),
            )
        self.register_outputs({"role_arn": self.role_arn})

    def _existing(
        self,
        name: str,
        settings: WorkloadRoleSettings,
        role_arn: str,
        identity: ClusterIdentity,
        accounts: Sequence[ServiceAccountName],
    ) -> pulumi.Output[str]:
        if identity.kind is Identity.IRSA:
            return pulumi.Output.from_input(role_arn)
        associations = pod_identity_associations(
            name,
            identity,
            accounts,
            pulumi.ResourceOptions(parent=self),
            role_arn=role_arn,
            target_role_arn=settings.target_role,
            session_tags=settings.session_tags,
        )
        return after(associations, pulumi.Output.from_input(role_arn))

    def _new(
        self,
        name: str,
        settings: WorkloadRoleSettings,
        identity: ClusterIdentity,
        accounts: Sequence[ServiceAccountName],
    ) -> Irsa | PodIdentity:
        documents = {}
        if settings.statements:
            documents["rights"] = pulumi.Output.json_dumps(iam_documents.extra_chart(settings.statements))
        if settings.target_role:
            documents["target"] = pulumi.Output.json_dumps(iam_documents.assume_role(settings.target_role))
        return role_of_service_accounts(
            name,
            identity,
            accounts,
            pulumi.ResourceOptions(parent=self),
            documents=documents,
            managed_policy_arns=settings.managed_policies,
            target_role_arn=settings.target_role,
        )
