"""What the network plugin may do in an IPv6 cluster, for which AWS maintains no policy."""

from facts.partitions import partition_of

from .document import PolicyDocument, document


def vpc_cni_ipv6(region: str) -> PolicyDocument:
    """Let the vpc-cni add-on give nodes' network interfaces IPv6 addresses.

    The actions know no condition that would tell one cluster's interfaces from another's before they are tagged.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-iam-role.html#cni-iam-role-create-ipv6-policy
    """
    return document(
        {
            "Sid": "Addresses",
            "Effect": "Allow",
            "Action": [
                "ec2:AssignIpv6Addresses",
                "ec2:DescribeInstances",
                "ec2:DescribeTags",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeInstanceTypes",
            ],
            "Resource": ["*"],
        },
        {
            "Sid": "Tags",
            "Effect": "Allow",
            "Action": ["ec2:CreateTags"],
            "Resource": [f"arn:{partition_of(region)}:ec2:{region}:*:network-interface/*"],
        },
    )
