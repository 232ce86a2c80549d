"""IAM roles for pods: by the cluster's OIDC provider (IRSA) or by EKS Pod Identity."""

from typing import NotRequired, TypedDict

import pulumi
from pulumi_aws import eks, iam

from components.common.dependency import after
from facts import iam_documents


class ServiceAccountArgs(TypedDict):
    """A Kubernetes service account."""

    namespace: str
    """Its namespace; `*` matches any characters (IRSA only)."""
    name: str
    """Its name; `*` matches any characters (IRSA only)."""


class IrsaArgs(TypedDict):
    """A role that service accounts assume with their projected token."""

    oidc_provider_arn: pulumi.Input[str]
    """The cluster's IAM OIDC provider."""
    oidc_issuer: pulumi.Input[str]
    """Its issuer without the scheme."""
    service_accounts: list[ServiceAccountArgs]
    """Who may assume the role."""
    policies: NotRequired[dict[str, pulumi.Input[str]]]
    """Policy documents, as JSON, by a short name."""
    managed_policy_arns: NotRequired[list[str]]
    """Policies that exist already."""


class PodIdentityArgs(TypedDict):
    """A role that the Pod Identity agent hands to pods of service accounts."""

    cluster_name: pulumi.Input[str]
    """The cluster, once it is there."""
    cluster_arn: pulumi.Input[str]
    """The cluster that the role is for."""
    service_accounts: list[ServiceAccountArgs]
    """Who gets the role: exact names."""
    policies: NotRequired[dict[str, pulumi.Input[str]]]
    """Policy documents, as JSON, by a short name."""
    managed_policy_arns: NotRequired[list[str]]
    """Policies that exist already."""


class IdentityArgs(TypedDict):
    """How the cluster gives roles to pods: what a component needs to make its own."""

    kind: str
    """"irsa" or "pod-identity"."""
    cluster_name: pulumi.Input[str]
    """The cluster, once it is there."""
    cluster_arn: pulumi.Input[str]
    """The cluster that roles are for. Where it is known before the cluster is, so are the roles."""
    oidc_provider_arn: pulumi.Input[str]
    """The cluster's IAM OIDC provider."""
    oidc_issuer: pulumi.Input[str]
    """Its issuer without the scheme."""


class Irsa(pulumi.ComponentResource):
    """IAM role for service accounts: its trust names both the subject and the audience."""

    role_arn: pulumi.Output[str]
    """Known once the policies are attached: whoever uses it is outlived by them."""
    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: IrsaArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role. Raises ValueError for a service account that is a wildcard in both parts."""
        super().__init__("eks-platform:index:Irsa", name, {}, opts)
        accounts = [(account["namespace"], account["name"]) for account in args["service_accounts"]]
        trust = pulumi.Output.all(args["oidc_provider_arn"], args["oidc_issuer"]).apply(
            lambda oidc: iam_documents.trust_irsa(oidc[0], oidc[1], accounts)
        )
        role, attachments = _role(
            self, name, pulumi.Output.json_dumps(trust), args.get("policies", {}), args.get("managed_policy_arns", [])
        )
        self.role_arn = after(attachments, role.arn)
        self.role_name = role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


class PodIdentity(pulumi.ComponentResource):
    """IAM role for pods by EKS Pod Identity; the agent must run on the pods' nodes."""

    role_arn: pulumi.Output[str]
    """Known once the policies are attached and the role is associated."""
    role_name: pulumi.Output[str]

    def __init__(self, name: str, args: PodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the role and its associations."""
        super().__init__("eks-platform:index:PodIdentity", name, {}, opts)
        accounts = [(account["namespace"], account["name"]) for account in args["service_accounts"]]
        trust = pulumi.Output.from_input(args["cluster_arn"]).apply(
            lambda cluster: iam_documents.trust_pod_identity(cluster, accounts)
        )
        role, attachments = _role(
            self, name, pulumi.Output.json_dumps(trust), args.get("policies", {}), args.get("managed_policy_arns", [])
        )
        attached = after(attachments, role.arn)
        associations = [
            eks.PodIdentityAssociation(
                f"{name}-{account['namespace']}-{account['name']}",
                cluster_name=args["cluster_name"],
                namespace=account["namespace"],
                service_account=account["name"],
                role_arn=attached,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for account in args["service_accounts"]
        ]
        self.role_arn = after(associations, attached)
        self.role_name = role.name
        self.register_outputs({"role_arn": self.role_arn, "role_name": self.role_name})


def workload_identity(
    name: str,
    source: IdentityArgs,
    service_account: ServiceAccountArgs,
    opts: pulumi.ResourceOptions,
    *,
    documents: dict[str, pulumi.Input[str]] | None = None,
    managed_policy_arns: list[str] | None = None,
) -> Irsa | PodIdentity:
    """Declare the role of one service account in the way that the cluster gives roles.

    documents: policy documents, as JSON, by a short name. managed_policy_arns: policies that exist already.
    """
    if source["kind"] == "irsa":
        return Irsa(
            name,
            {
                "oidc_provider_arn": source["oidc_provider_arn"],
                "oidc_issuer": source["oidc_issuer"],
                "service_accounts": [service_account],
                "policies": documents or {},
                "managed_policy_arns": managed_policy_arns or [],
            },
            opts,
        )
    return PodIdentity(
        name,
        {
            "cluster_name": source["cluster_name"],
            "cluster_arn": source["cluster_arn"],
            "service_accounts": [service_account],
            "policies": documents or {},
            "managed_policy_arns": managed_policy_arns or [],
        },
        opts,
    )


def role_annotations(identity: Irsa | PodIdentity) -> dict[str, pulumi.Output[str]]:
    """Return the annotations that a service account needs to get its role: none with Pod Identity."""
    return {"eks.amazonaws.com/role-arn": identity.role_arn} if isinstance(identity, Irsa) else {}


def _role(
    parent: pulumi.ComponentResource,
    name: str,
    trust: pulumi.Input[str],
    documents: dict[str, pulumi.Input[str]],
    managed_policy_arns: list[str],
) -> tuple[iam.Role, list[iam.RolePolicyAttachment]]:
    child = pulumi.ResourceOptions(parent=parent)
    role = iam.Role(name, assume_role_policy=trust, opts=child)
    own = {key: iam.Policy(f"{name}-{key}", policy=document, opts=child).arn for key, document in documents.items()}
    existing = {arn.rsplit("/", 1)[-1]: pulumi.Output.from_input(arn) for arn in managed_policy_arns}
    attachments = [
        iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=child)
        for key, arn in {**own, **existing}.items()
    ]
    return role, attachments
