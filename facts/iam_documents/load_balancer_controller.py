"""What the AWS Load Balancer Controller may do: upstream's policy of v3.5.0, narrowed to one cluster's own resources.

https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/docs/install/iam_policy.json
"""

from facts.partitions import partition_of

from .document import Condition, PolicyDocument, Statement, allow, document

_CLUSTER_TAG = "elbv2.k8s.aws/cluster"


def load_balancer_controller(account_id: str, region: str, cluster_name: str, vpc_id: str) -> PolicyDocument:
    """Return the controller's policy for one cluster in one VPC.

    Narrower than upstream's in these ways, each safe for a cluster that starts with this version:

    * the tag `elbv2.k8s.aws/cluster`, which the controller sets on everything it creates, must name this cluster, where
      upstream only requires the tag to exist: clusters of one account cannot touch each other's load balancers;
    * everything regional is for this region, and security group rules are for this VPC;
    * the service-linked role that may be created is that of Elastic Load Balancing.

    Listeners, rules and targets stay free of the tag's condition, as upstream: the feature gate ListenerRulesTagging
    may turn their tags off, and a TargetGroupBinding may name a target group that the controller has not created.

    What has one condition is one statement, for both services: apart they pass IAM's limit with a long cluster name.
    """
    partition = partition_of(region)
    return document(
        *_services(partition, region, account_id),
        *_own(partition, region, cluster_name, f"arn:{partition}:ec2:{region}:*:vpc/{vpc_id}"),
        *_listeners(f"arn:{partition}:elasticloadbalancing:{region}:*"),
    )


def _services(partition: str, region: str, account_id: str) -> list[Statement]:
    elb = "elasticloadbalancing.amazonaws.com"
    return [
        allow(
            "ServiceLinkedRole",
            ["iam:CreateServiceLinkedRole"],
            [f"arn:{partition}:iam::{account_id}:role/aws-service-role/{elb}/*"],
            {"StringEquals": {"iam:AWSServiceName": elb}},
        ),
        allow(
            "RegionalServices",
            [
                "acm:DescribeCertificate",
                "acm:ListCertificates",
                "cognito-idp:DescribeUserPoolClient",
                "ec2:DescribeAccountAttributes",
                "ec2:DescribeAddresses",
                "ec2:DescribeAvailabilityZones",
                "ec2:DescribeCoipPools",
                "ec2:DescribeInstances",
                "ec2:DescribeInternetGateways",
                "ec2:DescribeIpamPools",
                "ec2:DescribeNetworkInterfaces",
                "ec2:DescribeRouteTables",
                "ec2:DescribeSecurityGroups",
                "ec2:DescribeSubnets",
                "ec2:DescribeTags",
                "ec2:DescribeVpcPeeringConnections",
                "ec2:DescribeVpcs",
                "ec2:GetCoipPoolUsage",
                "ec2:GetSecurityGroupsForVpc",
                "elasticloadbalancing:DescribeCapacityReservation",
                "elasticloadbalancing:DescribeListenerAttributes",
                "elasticloadbalancing:DescribeListenerCertificates",
                "elasticloadbalancing:DescribeListeners",
                "elasticloadbalancing:DescribeLoadBalancerAttributes",
                "elasticloadbalancing:DescribeLoadBalancers",
                "elasticloadbalancing:DescribeRules",
                "elasticloadbalancing:DescribeSSLPolicies",
                "elasticloadbalancing:DescribeTags",
                "elasticloadbalancing:DescribeTargetGroupAttributes",
                "elasticloadbalancing:DescribeTargetGroups",
                "elasticloadbalancing:DescribeTargetHealth",
                "elasticloadbalancing:DescribeTrustStores",
                # WAF requires the action without a resource: it supports none.
                # https://docs.aws.amazon.com/service-authorization/latest/reference/list_awselasticloadbalancingv2.html
                "elasticloadbalancing:SetWebAcl",
                "waf-regional:AssociateWebACL",
                "waf-regional:DisassociateWebACL",
                "waf-regional:GetWebACL",
                "waf-regional:GetWebACLForResource",
                "wafv2:AssociateWebACL",
                "wafv2:DisassociateWebACL",
                "wafv2:GetWebACL",
                "wafv2:GetWebACLForResource",
            ],
            condition={"StringEquals": {"aws:RequestedRegion": region}},
        ),
        # IAM and Shield answer from one region for the whole partition.
        allow(
            "GlobalServices",
            [
                "iam:GetServerCertificate",
                "iam:ListServerCertificates",
                "shield:CreateProtection",
                "shield:DeleteProtection",
                "shield:DescribeProtection",
                "shield:GetSubscriptionState",
            ],
        ),
    ]


def _own(partition: str, region: str, cluster_name: str, vpc: str) -> list[Statement]:
    """Security groups, load balancers and target groups: created with the cluster's tag, changed only with it."""
    groups = f"arn:{partition}:ec2:{region}:*:security-group/*"
    balancers = f"arn:{partition}:elasticloadbalancing:{region}:*:*"
    created = {f"aws:RequestTag/{_CLUSTER_TAG}": cluster_name}
    owned: Condition = {"StringEquals": {f"aws:ResourceTag/{_CLUSTER_TAG}": cluster_name}}
    return [
        # Rules also go into the nodes' and pods' groups, which are not the controller's and have no tag of its own.
        allow(
            "SecurityGroupRules",
            ["ec2:AuthorizeSecurityGroupIngress", "ec2:RevokeSecurityGroupIngress"],
            [groups],
            {"ArnLike": {"ec2:Vpc": vpc}},
        ),
        # EC2 requires the right for the new group and for its VPC; the VPC has no such tag.
        allow("CreateInVpc", ["ec2:CreateSecurityGroup"], [vpc]),
        allow(
            "Create",
            [
                "ec2:CreateSecurityGroup",
                "elasticloadbalancing:CreateLoadBalancer",
                "elasticloadbalancing:CreateTargetGroup",
            ],
            [groups, balancers],
            {"StringEquals": {**created}},
        ),
        allow(
            "TagNewGroup",
            ["ec2:CreateTags"],
            [groups],
            {"StringEquals": {**created, "ec2:CreateAction": "CreateSecurityGroup"}},
        ),
        allow(
            "TagNewBalancer",
            ["elasticloadbalancing:AddTags"],
            [balancers],
            {
                "StringEquals": {
                    **created,
                    "elasticloadbalancing:CreateAction": ["CreateLoadBalancer", "CreateTargetGroup"],
                }
            },
        ),
        # Any tag of the cluster's own resources, except the one that says whose they are.
        allow(
            "ChangeTags",
            [
                "ec2:CreateTags",
                "ec2:DeleteTags",
                "elasticloadbalancing:AddTags",
                "elasticloadbalancing:RemoveTags",
            ],
            [groups, balancers],
            {"Null": {f"aws:RequestTag/{_CLUSTER_TAG}": "true"}, **owned},
        ),
        allow(
            "Change",
            [
                "ec2:DeleteSecurityGroup",
                "elasticloadbalancing:DeleteLoadBalancer",
                "elasticloadbalancing:DeleteTargetGroup",
                "elasticloadbalancing:ModifyCapacityReservation",
                "elasticloadbalancing:ModifyIpPools",
                "elasticloadbalancing:ModifyListenerAttributes",
                "elasticloadbalancing:ModifyLoadBalancerAttributes",
                "elasticloadbalancing:ModifyTargetGroup",
                "elasticloadbalancing:ModifyTargetGroupAttributes",
                "elasticloadbalancing:SetIpAddressType",
                "elasticloadbalancing:SetSecurityGroups",
                "elasticloadbalancing:SetSubnets",
            ],
            [groups, balancers],
            owned,
        ),
    ]


def _listeners(elb: str) -> list[Statement]:
    return [
        allow(
            "TagListeners",
            ["elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"],
            [f"{elb}:listener/*", f"{elb}:listener-rule/*"],
        ),
        allow(
            "ListenersAndTargets",
            [
                "elasticloadbalancing:AddListenerCertificates",
                "elasticloadbalancing:CreateListener",
                "elasticloadbalancing:CreateRule",
                "elasticloadbalancing:DeleteListener",
                "elasticloadbalancing:DeleteRule",
                "elasticloadbalancing:DeregisterTargets",
                "elasticloadbalancing:ModifyListener",
                "elasticloadbalancing:ModifyRule",
                "elasticloadbalancing:RegisterTargets",
                "elasticloadbalancing:RemoveListenerCertificates",
                "elasticloadbalancing:SetRulePriorities",
            ],
            [f"{elb}:*"],
        ),
    ]
