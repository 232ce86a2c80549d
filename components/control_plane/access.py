"""Who may use the Kubernetes API: access entries, and the provider through which this program uses it."""

import hashlib
import re
from typing import NotRequired, TypedDict

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi_aws import eks

from facts.access_policies import access_policy_arn
from facts.kubeconfig import kubeconfig


class AccessRightArgs(TypedDict):
    """One EKS access policy."""

    role: str
    """"admin", "edit", "view" or "read-all"."""
    namespaces: NotRequired[list[str]]
    """Limits the rights to namespaces (`*` and `?` match); absent: the whole cluster."""


class AccessEntryArgs(TypedDict):
    """One IAM principal's rights."""

    principal: str
    """ARN of a role or user."""
    role: NotRequired[str]
    """"admin", "edit", "view" or "read-all"; absent: none."""
    namespaces: NotRequired[list[str]]
    """Limits the role to namespaces (`*` and `?` match); absent: the whole cluster."""
    rights: NotRequired[list[AccessRightArgs]]
    """More roles, each of another EKS access policy."""
    groups: NotRequired[list[str]]
    """Kubernetes groups, to which roles are bound in the cluster."""


class ClusterAccessArgs(TypedDict):
    """Whom to let in, and where."""

    cluster_name: pulumi.Input[str]
    """The cluster, once it is there."""
    cluster_identifier: str
    """What tells this cluster from others for good; it must be known in every preview."""
    region: str
    """AWS region of the cluster."""
    endpoint: pulumi.Input[str]
    """The API server's URL."""
    certificate_authority: pulumi.Input[str]
    """The API server's certificate in base64."""
    deployer: str
    """ARN of the principal that runs this program."""
    entries: dict[str, AccessEntryArgs]
    """Everybody else, by a name of the caller's."""


class ClusterAccess(pulumi.ComponentResource):
    """Access entries and the Kubernetes provider that depends on them.

    Every object made through `kubernetes` goes before the deployer loses its rights (terraform-aws-eks #3005).
    """

    kubernetes: kubernetes.Provider
    kubeconfig: pulumi.Output[str]

    def __init__(self, name: str, args: ClusterAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the entries and the provider."""
        super().__init__("eks-platform:index:ClusterAccess", name, {}, opts)
        deployer: AccessEntryArgs = {"principal": args["deployer"], "role": "admin"}
        rights = self._grant(name, "deployer", args["cluster_name"], deployer)
        for key, entry in args["entries"].items():
            self._grant(name, key, args["cluster_name"], entry)

        self.kubeconfig = pulumi.Output.all(
            args["cluster_name"], args["region"], args["endpoint"], args["certificate_authority"]
        ).apply(lambda parts: kubeconfig(*parts))
        self.kubernetes = kubernetes.Provider(
            f"{name}-kubernetes",
            kubeconfig=self.kubeconfig,
            # Without it a kubeconfig that a preview does not know replaces the provider and all that it made
            # (pulumi-kubernetes #4019).
            cluster_identifier=args["cluster_identifier"],
            enable_server_side_apply=True,
            opts=pulumi.ResourceOptions(parent=self, depends_on=rights),
        )
        self.register_outputs({"kubeconfig": self.kubeconfig})

    def _grant(
        self, name: str, key: str, cluster_name: pulumi.Input[str], args: AccessEntryArgs
    ) -> list[eks.AccessPolicyAssociation]:
        """Declare a principal's entry and rights; return the rights.

        Both are named after what EKS knows only once: a principal's entry, a policy of a principal. Named after the
        key of the stack file, an entry that is renamed, or a deployer that changes places with somebody, would be made
        a second time before the first one goes, which EKS refuses (terraform-aws-eks #2968, #3293).
        """
        named = f"{name}-{_short_name(args['principal'])}"
        former = pulumi.Alias(name=f"{name}-{key}")
        groups = args.get("groups", [])
        entry = eks.AccessEntry(
            named,
            cluster_name=cluster_name,
            principal_arn=args["principal"],
            kubernetes_groups=groups or None,
            opts=pulumi.ResourceOptions(parent=self, aliases=[former]),
        )
        own: list[AccessRightArgs] = []
        if "role" in args:
            own.append({"role": args["role"], "namespaces": args.get("namespaces", [])})
        return [
            self._associate(named, entry, right, [former] if right in own else [])
            for right in (*own, *args.get("rights", []))
        ]

    def _associate(
        self, named: str, entry: eks.AccessEntry, right: AccessRightArgs, former: list[pulumi.Alias]
    ) -> eks.AccessPolicyAssociation:
        namespaces = right.get("namespaces", [])
        policy = access_policy_arn(right["role"], whole_cluster=not namespaces)
        return eks.AccessPolicyAssociation(
            f"{named}-{policy.rsplit('/', 1)[-1]}",
            cluster_name=entry.cluster_name,
            principal_arn=entry.principal_arn,
            policy_arn=policy,
            access_scope={"type": "namespace", "namespaces": namespaces} if namespaces else {"type": "cluster"},
            # Another scope is another association to the AWS provider and the same one to EKS: made first, the new one
            # would overwrite the old one and then be deleted as that one.
            # https://docs.aws.amazon.com/eks/latest/APIReference/API_AssociateAccessPolicy.html
            opts=pulumi.ResourceOptions(parent=self, aliases=[*former], delete_before_replace=True),
        )


def _short_name(principal: str) -> str:
    """Return a name for a principal's resources: the end of its ARN to read, and a digest that sets it apart."""
    readable = re.sub("[^A-Za-z0-9_-]+", "-", principal.rsplit("/", 1)[-1])
    return f"{readable}-{hashlib.sha256(principal.encode()).hexdigest()[:8]}"
