"""An EKS add-on that a stack file adds."""

import hashlib
import json
from collections.abc import Sequence

import pulumi

from components.common.identity import ServiceAccountName, role_of_service_accounts
from components.common.on_cluster import OnCluster
from components.compute.addons import managed_addon, with_values
from facts import iam_documents
from settings import AddedAddon as AddedAddonSettings
from settings import AddonRole


class AddedAddon(pulumi.ComponentResource):
    """The add-on and the role of its pods.

    Workloads may use it, such as a driver of volumes: they are created after it and deleted before it.
    """

    def __init__(
        self,
        name: str,
        settings: AddedAddonSettings,
        cluster: OnCluster,
        *,
        addon: str,
        after: Sequence[pulumi.Resource] = (),
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role and the add-on. addon: its name in EKS. after: what its pods cannot start without."""
        super().__init__("eks-platform:index:AddedAddon", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = settings.role
        identity = (
            role_of_service_accounts(
                f"{name}-pods",
                cluster.identity,
                [ServiceAccountName(settings.namespace, account) for account in role.service_accounts],
                child,
                documents=_documents(role),
                managed_policy_arns=role.managed_policies,
            )
            if role
            else None
        )
        managed_addon(
            name,
            addon,
            settings.version,
            pulumi.ResourceOptions(parent=self, depends_on=[*after]),
            cluster_name=cluster.identity.cluster_name,
            pods=cluster.namespace(settings.namespace),
            configuration=with_values(None, settings.values),
            identity=identity,
        )
        self.register_outputs({})


def _documents(role: AddonRole) -> dict[str, str]:
    return {"rights": json.dumps(iam_documents.extra_chart(role.statements))} if role.statements else {}


def short(addon: str) -> str:
    """Return an add-on's name as part of the names of resources: a role's name has 64 characters.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names
    """
    limit = 23
    return addon if len(addon) <= limit else f"{addon[: limit - 7]}-{hashlib.sha256(addon.encode()).hexdigest()[:6]}"
