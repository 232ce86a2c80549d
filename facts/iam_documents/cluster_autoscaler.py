"""What Cluster Autoscaler may do: look at everything, and change the size of its own cluster's groups."""

from facts.partitions import partition_of

from .document import Condition, PolicyDocument, allow, document


def discovery_tags(cluster_name: str) -> dict[str, str]:
    """Return the tags by which a group is the autoscaler's. EKS puts them on the groups of managed node groups.

    https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html
    """
    return {
        "k8s.io/cluster-autoscaler/enabled": "true",
        f"k8s.io/cluster-autoscaler/{cluster_name}": "owned",
    }


def cluster_autoscaler(account_id: str, region: str, cluster_name: str) -> PolicyDocument:
    """Return the autoscaler's policy for one cluster: upstream's for auto-discovery, narrowed.

    Actions that change a group require the tags of this cluster's groups, by `autoscaling:ResourceTag`, the service's
    own key. An empty group's labels and taints are those that EKS has of it, hence `eks:DescribeNodegroup`.
    https://github.com/kubernetes/autoscaler/blob/cluster-autoscaler-1.36.1/cluster-autoscaler/cloudprovider/aws/README.md
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2autoscaling.html
    """
    partition = partition_of(region)
    where = f"{region}:{account_id}"
    own: Condition = {
        "StringEquals": {f"autoscaling:ResourceTag/{key}": value for key, value in discovery_tags(cluster_name).items()}
    }
    return document(
        allow(
            "ReadRegion",
            [
                "autoscaling:DescribeAutoScalingGroups",
                "autoscaling:DescribeAutoScalingInstances",
                "autoscaling:DescribeLaunchConfigurations",
                "autoscaling:DescribeScalingActivities",
                "autoscaling:DescribeTags",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeLaunchTemplateVersions",
                "ec2:GetInstanceTypesFromInstanceRequirements",
            ],
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        allow(
            "ReadOwnNodeGroups",
            ["eks:DescribeNodegroup"],
            [f"arn:{partition}:eks:{where}:nodegroup/{cluster_name}/*"],
        ),
        allow(
            "ScaleOwnGroups",
            ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"],
            [f"arn:{partition}:autoscaling:{where}:autoScalingGroup:*"],
            own,
        ),
    )
