"""Amazon Managed Grafana: a workspace, the role by which it reads metrics, and who may log in."""

import json

import pulumi
from pulumi_aws import grafana, iam

from components.common.dependency import after
from components.common.on_cluster import OnCluster
from facts import iam_documents
from settings import Grafana as GrafanaSettings


class Grafana(pulumi.ComponentResource):
    """The workspace, its role, and the groups of IAM Identity Center with their roles in it.

    What people make in the workspace, such as data sources and dashboards, is deleted with it.
    """

    url: pulumi.Output[str]
    role_arn: pulumi.Output[str]
    """The role, which roles of other accounts may trust."""

    def __init__(
        self,
        name: str,
        settings: GrafanaSettings,
        cluster: OnCluster,
        *,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the workspace. cluster: where the workspace is, and whose name it has; nothing waits for it."""
        super().__init__("eks-platform:index:Grafana", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        account, region = cluster.account_id, cluster.region
        role = iam.Role(
            f"{name}-workspace",
            assume_role_policy=json.dumps(iam_documents.trust_grafana(account, region)),
            opts=child,
        )
        documents = {"metrics": iam_documents.metrics_reader(account, region)}
        if settings.roles:
            documents["accounts"] = iam_documents.assume_roles([*settings.roles.values()])
        rights = [
            iam.RolePolicy(f"{name}-workspace-{key}", role=role.id, policy=json.dumps(document), opts=child)
            for key, document in documents.items()
        ]
        workspace = grafana.Workspace(
            f"{name}-workspace",
            name=cluster.cluster_id,
            account_access_type="CURRENT_ACCOUNT",
            authentication_providers=["AWS_SSO"],
            # The API has no other value for a role of one's own.
            permission_type="CUSTOMER_MANAGED",
            grafana_version=settings.version,
            role_arn=after(rights, role.arn),
            opts=child,
        )
        groups = {"ADMIN": settings.admins, "EDITOR": settings.editors, "VIEWER": settings.viewers}
        for role_name, ids in groups.items():
            if ids:
                grafana.RoleAssociation(
                    f"{name}-{role_name.lower()}s",
                    workspace_id=workspace.id,
                    role=role_name,
                    group_ids=ids,
                    # An update adds groups and takes the role from none; only deletion does.
                    # https://github.com/hashicorp/terraform-provider-aws/issues/37777
                    opts=pulumi.ResourceOptions(
                        parent=self, delete_before_replace=True, replace_on_changes=["groupIds"]
                    ),
                )
        self.url = workspace.endpoint.apply(lambda host: f"https://{host}")
        self.role_arn = role.arn
        self.register_outputs({"url": self.url, "role_arn": self.role_arn})
