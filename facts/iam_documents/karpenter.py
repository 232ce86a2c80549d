"""Permissions of Karpenter's controller, the policy of its queue, and the events about nodes that will terminate.

https://karpenter.sh/v1.14/reference/cloudformation/
"""

from collections.abc import Sequence
from typing import Final, TypedDict

from facts.partitions import partition_of

from .document import Condition, PolicyDocument, allow, document

KARPENTER_CONTROLLER_POLICIES: Final = (
    "node-lifecycle",
    "iam-integration",
    "eks-integration",
    "interruption",
    "zonal-shift",
    "resource-discovery",
)
"""The names of `karpenter_controller`'s policies, which are known before their contents are."""


def karpenter_controller(
    account_id: str,
    region: str,
    cluster_name: str,
    node_role_arn: str,
    queue_arn: str,
    *,
    image_parameters: Sequence[str] = (),
) -> dict[str, PolicyDocument]:
    """Return the controller's policies by name: upstream's six, which as one document are over IAM's limit.

    The node classes of this platform name an instance profile of our own, so the controller needs none of upstream's
    IAM writes. With a `role` instead, it creates a profile that outlives the node class, and IAM then refuses to
    delete the node role.

    image_parameters: names of the SSM parameters that have the ids of AMIs.
    """
    cluster = f"arn:{partition_of(region)}:eks:{region}:{account_id}:cluster/{cluster_name}"
    return {
        "node-lifecycle": _node_lifecycle(region, cluster_name),
        "iam-integration": document(
            allow(
                "PassNodeRole",
                ["iam:PassRole"],
                [node_role_arn],
                {"StringEquals": {"iam:PassedToService": ["ec2.amazonaws.com", "ec2.amazonaws.com.cn"]}},
            ),
            # The first spot instance of an account needs a role that EC2 then creates, if the caller is allowed to. The
            # role belongs to the account: a stack with it as a resource would fail where it exists, and its destroy
            # would delete it for everyone else.
            # https://karpenter.sh/docs/troubleshooting/#missing-service-linked-role (karpenter #504, #5436)
            # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/service-linked-roles-spot-instance-requests.html
            allow(
                "SpotServiceRole",
                ["iam:CreateServiceLinkedRole"],
                [
                    f"arn:{partition_of(region)}:iam::{account_id}:role/aws-service-role/spot.amazonaws.com/"
                    "AWSServiceRoleForEC2Spot"
                ],
                {"StringEquals": {"iam:AWSServiceName": "spot.amazonaws.com"}},
            ),
        ),
        "eks-integration": document(allow("DiscoverApiServer", ["eks:DescribeCluster"], [cluster])),
        "interruption": document(
            allow(
                "InterruptionQueue",
                ["sqs:DeleteMessage", "sqs:GetQueueUrl", "sqs:ReceiveMessage"],
                [queue_arn],
            )
        ),
        "zonal-shift": document(
            allow(
                "ReadZonalShift",
                ["arc-zonal-shift:GetManagedResource"],
                condition={"StringEquals": {"arc-zonal-shift:ResourceIdentifier": cluster}},
            )
        ),
        "resource-discovery": _resource_discovery(account_id, region, image_parameters),
    }


def _node_lifecycle(region: str, cluster_name: str) -> PolicyDocument:
    ec2 = f"arn:{partition_of(region)}:ec2:{region}"
    owner = f"kubernetes.io/cluster/{cluster_name}"
    existing: Condition = {
        "StringEquals": {f"aws:ResourceTag/{owner}": "owned"},
        "StringLike": {"aws:ResourceTag/karpenter.sh/nodepool": "*"},
    }
    new_tags = {f"aws:RequestTag/{owner}": "owned", "aws:RequestTag/eks:eks-cluster-name": cluster_name}
    any_pool: dict[str, str | list[str]] = {"aws:RequestTag/karpenter.sh/nodepool": "*"}
    made = [
        f"{ec2}:*:{kind}/*"
        for kind in ("fleet", "instance", "launch-template", "network-interface", "spot-instances-request", "volume")
    ]
    return document(
        allow(
            "LaunchFrom",
            ["ec2:CreateFleet", "ec2:RunInstances"],
            [
                f"{ec2}::image/*",
                f"{ec2}::snapshot/*",
                # Subnets and groups may be shared by another account.
                *(
                    f"{ec2}:*:{kind}/*"
                    for kind in ("capacity-reservation", "placement-group", "security-group", "subnet")
                ),
            ],
        ),
        allow(
            "LaunchFromOwnTemplate",
            ["ec2:CreateFleet", "ec2:RunInstances"],
            [f"{ec2}:*:launch-template/*"],
            existing,
        ),
        allow(
            "LaunchTagged",
            ["ec2:CreateFleet", "ec2:CreateLaunchTemplate", "ec2:RunInstances"],
            made,
            {"StringEquals": {**new_tags}, "StringLike": any_pool},
        ),
        allow(
            "TagOnLaunch",
            ["ec2:CreateTags"],
            made,
            {
                "StringEquals": {
                    **new_tags,
                    "ec2:CreateAction": ["CreateFleet", "CreateLaunchTemplate", "RunInstances"],
                },
                "StringLike": any_pool,
            },
        ),
        allow(
            "TagOwnInstances",
            ["ec2:CreateTags"],
            [f"{ec2}:*:instance/*"],
            {
                **existing,
                "StringEqualsIfExists": {"aws:RequestTag/eks:eks-cluster-name": cluster_name},
                "ForAllValues:StringEquals": {
                    "aws:TagKeys": ["Name", "eks:eks-cluster-name", "karpenter.sh/nodeclaim"]
                },
            },
        ),
        allow(
            "DeleteOwn",
            ["ec2:DeleteLaunchTemplate", "ec2:TerminateInstances"],
            [f"{ec2}:*:instance/*", f"{ec2}:*:launch-template/*"],
            existing,
        ),
    )


def _resource_discovery(account_id: str, region: str, image_parameters: Sequence[str]) -> PolicyDocument:
    partition = partition_of(region)
    own = [
        f"arn:{partition}:ssm:{region}:{account_id}:parameter{name.partition(':')[0]}"
        for name in image_parameters
        if not name.startswith("/aws/service/")
    ]
    return document(
        allow(
            "ReadRegion",
            [
                "ec2:DescribeCapacityReservations",
                "ec2:DescribeImages",
                "ec2:DescribeInstanceStatus",
                "ec2:DescribeInstanceTypeOfferings",
                "ec2:DescribeInstanceTypes",
                "ec2:DescribeInstances",
                "ec2:DescribeLaunchTemplates",
                "ec2:DescribePlacementGroups",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSpotPriceHistory",
                "ec2:DescribeSubnets",
            ],
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        allow(
            "ReadAmiParameters", ["ssm:GetParameter"], [f"arn:{partition}:ssm:{region}::parameter/aws/service/*", *own]
        ),
        allow("ReadPrices", ["pricing:GetProducts"]),
        # A node class that is deleted lists the profiles under its path and looks for one of the name of old versions,
        # with an instance profile of ours too: without both rights its finalizer stays for ever.
        # https://github.com/aws/karpenter-provider-aws/issues/9185
        # https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/controllers/nodeclass/controller.go
        allow("ListInstanceProfiles", ["iam:ListInstanceProfiles"]),
        allow(
            "ReadInstanceProfiles",
            ["iam:GetInstanceProfile"],
            [f"arn:{partition}:iam::{account_id}:instance-profile/*"],
        ),
    )


def interruption_queue(queue_arn: str, rule_arns: Sequence[str]) -> PolicyDocument:
    """Let these EventBridge rules, and nothing else, send to Karpenter's queue; refuse plain HTTP to everyone.

    Upstream names the service principal of SQS next to that of EventBridge, and no rule. Nothing here sends as SQS, and
    without the rules' ARNs a rule of any account could fill the queue.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html#eb-sqs-permissions
    """
    return document(
        {
            "Sid": "InterruptionEvents",
            "Effect": "Allow",
            "Principal": {"Service": ["events.amazonaws.com"]},
            "Action": ["sqs:SendMessage"],
            "Resource": [queue_arn],
            "Condition": {"ArnEquals": {"aws:SourceArn": list(rule_arns)}},
        },
        {
            "Sid": "DenyHTTP",
            "Effect": "Deny",
            "Principal": {"AWS": ["*"]},
            "Action": ["sqs:*"],
            "Resource": [queue_arn],
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    )


# EventBridge spells both keys so.
EventPattern = TypedDict("EventPattern", {"source": list[str], "detail-type": list[str]})

# A rule whose detail type has a letter wrong is accepted and never fires. The names are those of
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitoring-instance-state-changes.html and its neighbours.
INTERRUPTION_EVENTS: Final[dict[str, EventPattern]] = {
    "scheduled-change": {"source": ["aws.health"], "detail-type": ["AWS Health Event"]},
    "spot-interruption": {"source": ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"]},
    "rebalance": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance Rebalance Recommendation"]},
    "instance-state-change": {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]},
    "reservation-interruption": {
        "source": ["aws.ec2"],
        "detail-type": ["EC2 Capacity Reservation Instance Interruption Warning"],
    },
}
