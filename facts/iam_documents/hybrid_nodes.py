"""What nodes outside of AWS may do."""

from facts.partitions import partition_of

from .document import Condition, PolicyDocument, Statement, allow, document


def hybrid_node(account_id: str, region: str, cluster_name: str, *, ssm: bool, pod_identity: bool) -> PolicyDocument:
    """Let nodes outside of AWS join one cluster.

    ssm: whether Systems Manager has registered them, so that `nodeadm uninstall` ends the registration, of those whose
    activation has the tag EKSClusterARN of this cluster. pod_identity: whether pods get roles by EKS Pod Identity.
    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html
    """
    partition = partition_of(region)
    cluster = f"arn:{partition}:eks:{region}:{account_id}:cluster/{cluster_name}"
    statements: list[Statement] = [allow("JoinCluster", ["eks:DescribeCluster", "eks:ListAccessEntries"], [cluster])]
    if pod_identity:
        statements.append(allow("PodIdentity", ["eks-auth:AssumeRoleForPodIdentity"], [cluster]))
    if ssm:
        instances = f"arn:{partition}:ssm:{region}:{account_id}:managed-instance/*"
        own: Condition = {"StringEquals": {"ssm:resourceTag/EKSClusterARN": cluster}}
        statements += [
            allow("FindRegistration", ["ssm:DescribeInstanceInformation"]),
            allow("EndRegistration", ["ssm:DeregisterManagedInstance"], [instances], own),
        ]
    return document(*statements)
