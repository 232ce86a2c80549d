"""EKS access policies: what the roles of a stack file are in EKS."""

from typing import Final

ACCESS_POLICIES: Final = {
    "admin": "AmazonEKSAdminPolicy",
    "edit": "AmazonEKSEditPolicy",
    "view": "AmazonEKSViewPolicy",
    "read-all": "AmazonEKSAdminViewPolicy",
}
"""https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html"""


def access_policy(role: str, *, whole_cluster: bool) -> str:
    """Return the name of the EKS access policy of a role ("admin", "edit", "view", "read-all").

    Raises KeyError for another role.

    AmazonEKSAdminPolicy is meant for namespaces: it cannot touch what belongs to none, such as CRDs and nodes.
    """
    return "AmazonEKSClusterAdminPolicy" if role == "admin" and whole_cluster else ACCESS_POLICIES[role]


def access_policy_arn(policy: str, partition: str) -> str:
    """Return the ARN of an EKS access policy by its name."""
    return f"arn:{partition}:eks::aws:cluster-access-policy/{policy}"


AUTO_NODE_POLICY: Final = "AmazonEKSAutoNodePolicy"
"""What nodes of a node class of Auto Mode need in the cluster; the only policy of an entry that is not STANDARD.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""
