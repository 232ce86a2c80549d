"""Policies that AWS maintains, by what they are attached to, and the one of the EKS guide that AWS does not publish."""

from typing import Final

from facts.partitions import partition_of

CLUSTER_POLICY: Final = "AmazonEKSClusterPolicy"
"""For the control plane's role. https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html"""

POD_SECURITY_GROUPS_POLICY: Final = "AmazonEKSVPCResourceController"
"""For the control plane's role where pods have security groups: it creates their network interfaces.

https://docs.aws.amazon.com/eks/latest/userguide/security-groups-pods-deployment.html"""

REGISTRY_POLICY: Final = "AmazonEC2ContainerRegistryPullOnly"
SSM_POLICY: Final = "AmazonSSMManagedInstanceCore"
"""For nodes outside of AWS these two are all that they need of AWS's policies.

https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html"""

NODE_POLICIES: Final = (
    # The smaller AmazonEKSWorkerNodeMinimalPolicy is for EKS Auto Mode, without ec2:DescribeInstances, from which a
    # node of Bottlerocket or AL2023 learns its own name.
    "AmazonEKSWorkerNodePolicy",
    REGISTRY_POLICY,
    # A shell on a node without SSH, keys or open ports.
    SSM_POLICY,
)
"""For the role of EC2 nodes. https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html"""

FARGATE_POD_POLICY: Final = "AmazonEKSFargatePodExecutionRolePolicy"
"""For Fargate's pod execution role. https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"""

VPC_CNI_POLICY: Final = "AmazonEKS_CNI_Policy"
"""For the vpc-cni add-on in an IPv4 cluster. https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html"""

AUTO_MODE_CLUSTER_POLICIES: Final = (
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""For the control plane's role with EKS Auto Mode, in addition to CLUSTER_POLICY.

https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html"""

AUTO_MODE_NODE_POLICIES: Final = ("AmazonEKSWorkerNodeMinimalPolicy", REGISTRY_POLICY)
"""For the role of Auto Mode's nodes. https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html"""

EBS_CSI_POLICY: Final = "AmazonEBSCSIDriverPolicyV2"
"""For the EBS CSI add-on: only volumes and snapshots with the driver's own tag, which it sets on everything it creates.

The driver's guide recommends it over AmazonEBSCSIDriverPolicy, which reaches every volume of the account.
https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AmazonEBSCSIDriverPolicyV2.html
https://github.com/kubernetes-sigs/aws-ebs-csi-driver/blob/master/docs/install.md"""


CLOUDWATCH_AGENT_POLICY: Final = "CloudWatchAgentServerPolicy"
"""For the agents of the add-on amazon-cloudwatch-observability. The page also names
AWSXrayWriteOnlyAccess, which is for traces: there are none without Application Signals.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html"""


def managed_policy_arn(name: str, region: str) -> str:
    """Return the ARN of a policy that AWS maintains, in the partition of a region."""
    return f"arn:{partition_of(region)}:iam::aws:policy/{name}"
