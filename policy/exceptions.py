"""What the rules let pass on purpose, each with the reason, and for whom. A new controller adds its rows here."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from policy.model import Resource
from policy.patterns import like

LOAD_BALANCER_CONTROLLER: Final = "eks-platform:index:LoadBalancerController"
KARPENTER: Final = "eks-platform:index:Karpenter"
CLUSTER_AUTOSCALER: Final = "eks-platform:index:ClusterAutoscaler"
EXTERNAL_SECRETS: Final = "eks-platform:index:ExternalSecrets"
EXTERNAL_DNS: Final = "eks-platform:index:ExternalDns"
CERT_MANAGER: Final = "eks-platform:index:CertManager"
NODE_ADDONS: Final = "eks-platform:index:NodeAddons"
TEAMS: Final = "eks-platform:index:Teams"
EXTRA_CHART: Final = "eks-platform:index:ExtraChart"
GITHUB_ROLES: Final = "eks-platform-bootstrap:index:GitHubRoles"
WORKLOAD_ROLE: Final = "eks-platform:index:WorkloadRole"
HYBRID_NODES: Final = "eks-platform:index:HybridNodes"
ADDED_ADDON: Final = "eks-platform:index:AddedAddon"
GRAFANA: Final = "eks-platform:index:Grafana"
METRICS_READER: Final = "eks-platform:index:MetricsReader"

NODE_GROUP: Final = "eks-platform:index:NodeGroup"
NODE_POOLS: Final = "eks-platform:index:NodePools"

OPEN_PORTS: Final = {
    NODE_GROUP: "the stack file must say why in the `reason` of the rule, and is reviewed",
    NODE_POOLS: "the stack file must say why in the `reason` of the rule, and is reviewed",
}
"""Component types whose rules may open ports, but not every port, to all addresses."""


PROVIDERS_OF_COMPONENTS: Final = {
    "eks:index:Cluster": (
        "pulumi_eks makes a Kubernetes provider for its own use and takes no cluster identifier for it; "
        "no object of this program is under it"
    ),
}
"""Component types whose own Kubernetes provider needs no cluster identifier."""


UNPROTECTED: Final = {
    "eks-platform:index:Alarms": "its key encrypts messages on their way to subscribers; nothing is kept under it"
}
"""Component types whose keys need not be protected."""


@dataclass(frozen=True)
class Allowed:
    """IAM actions that may have a wildcard.

    actions: as in a policy, `*` and `?` included. component: type token of the component that the policy must be a part
    of, None for any.
    """

    actions: Sequence[str]
    reason: str
    component: str | None = None

    def covers(self, action: str, policy: Resource) -> bool:
        """Return whether the entry lets an action of a policy pass."""
        ours = self.component is None or self.component in policy.parents
        return ours and any(like(pattern.lower(), action.lower()) for pattern in self.actions)


REVIEWED: Final = "the stack file must say why in the `reason` of the statement, and is reviewed"

ACTION_WILDCARDS: Final = (
    Allowed(["?*:?*"], REVIEWED, EXTRA_CHART),
    Allowed(["?*:?*"], REVIEWED, WORKLOAD_ROLE),
    Allowed(["?*:?*"], REVIEWED, ADDED_ADDON),
    Allowed(
        ["?*:?*"],
        "a permissions boundary names whole services: it grants nothing, and each role's own policies name the actions",
        GITHUB_ROLES,
    ),
)
"""Actions that may be written with a wildcard: none of the platform's own, whose list would grow with AWS unread."""

RESOURCE_WILDCARDS: Final = (
    Allowed(
        ["ec2:Describe*", "ec2:GetCoipPoolUsage", "ec2:GetSecurityGroupsForVpc", "elasticloadbalancing:Describe*"],
        "these reads know no single resource",
    ),
    Allowed(["ssm:DescribeInstanceInformation"], "this read knows no single resource", HYBRID_NODES),
    *(
        Allowed(
            [
                *("aps:DescribeWorkspace", "aps:Get*", "aps:ListWorkspaces", "aps:QueryMetrics"),
                *("cloudwatch:Describe*", "cloudwatch:GetMetric*", "cloudwatch:ListMetrics"),
                *("logs:DescribeLogGroups", "logs:Get*", "logs:StartQuery", "logs:StopQuery"),
                *("tag:GetResources", "xray:BatchGetTraces", "xray:Get*"),
            ],
            "dashboards show the metrics, logs and traces of every cluster of the account; they change none",
            within,
        )
        for within in (GRAFANA, METRICS_READER)
    ),
    Allowed(["pricing:GetProducts"], "prices are public and no resource"),
    Allowed(["iam:ListInstanceProfiles", "iam:ListServerCertificates"], "a list is of the whole account"),
    Allowed(
        ["iam:GetInstanceProfile"],
        "Karpenter looks for profiles of its own names before it lets a node class go; it may change none",
        KARPENTER,
    ),
    Allowed(
        ["ec2:CreateFleet", "ec2:RunInstances"],
        "launching names images, subnets and security groups besides what it makes; what it makes must carry the tags",
        KARPENTER,
    ),
    Allowed(
        ["acm:DescribeCertificate", "acm:ListCertificates", "iam:GetServerCertificate"],
        "the controller finds the certificate of an Ingress by its host, among all of the account",
        LOAD_BALANCER_CONTROLLER,
    ),
    Allowed(
        ["cognito-idp:DescribeUserPoolClient"],
        "the user pool is named by the Ingress of an application team",
        LOAD_BALANCER_CONTROLLER,
    ),
    Allowed(
        [
            *("waf-regional:*WebACL*", "wafv2:*WebACL*"),
            *("shield:CreateProtection", "shield:DeleteProtection"),
            *("shield:DescribeProtection", "shield:GetSubscriptionState"),
        ],
        "the web ACL or the protection is named by the Ingress of an application team",
        LOAD_BALANCER_CONTROLLER,
    ),
    Allowed(
        [
            *("elasticloadbalancing:*Listener*", "elasticloadbalancing:*Rule*", "elasticloadbalancing:SetWebAcl"),
            *("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"),
            *("elasticloadbalancing:AddTags", "elasticloadbalancing:RemoveTags"),
        ],
        "listeners, rules and targets may be without the cluster's tag: the feature gate ListenerRulesTagging turns it "
        "off, and a TargetGroupBinding may name a target group that something else made",
        LOAD_BALANCER_CONTROLLER,
    ),
    Allowed(
        ["autoscaling:Describe*", "ec2:Describe*", "ec2:GetInstanceTypesFromInstanceRequirements"],
        "these reads know no single resource; what it changes must carry the cluster's tags",
        CLUSTER_AUTOSCALER,
    ),
    Allowed(
        ["kms:Decrypt"],
        "a secret's owner chose its key; only by way of the service, and only for names below the path",
        EXTERNAL_SECRETS,
    ),
    Allowed(["route53:ListHostedZones"], "a list is of the whole account", EXTERNAL_DNS),
    Allowed(
        ["ec2:AssignIpv6Addresses", "ec2:CreateTags"],
        "the network plugin gives a node's interface its addresses, and a tag, before any tag tells whose it is",
        NODE_ADDONS,
    ),
    Allowed(
        ["?*:?*"],
        "the roles that deploy create what has no name or tag of the platform's yet: bootstrap/documents.py names what "
        "can be named, and limits the rest to the stacks' regions",
        GITHUB_ROLES,
    ),
    Allowed(["route53:GetChange"], "a change has an id that Route 53 makes up", CERT_MANAGER),
    Allowed(["?*:?*"], REVIEWED, EXTRA_CHART),
    Allowed(["?*:?*"], REVIEWED, WORKLOAD_ROLE),
    Allowed(["?*:?*"], REVIEWED, ADDED_ADDON),
)
"""Actions that a statement may allow on every resource of a type without a condition that narrows it."""

SYSTEM_NAMESPACES: Final = {
    "kube-system": "node agents, such as the CNI and the CSI drivers, work on the host",
}
"""Namespaces whose pods may be privileged or use the host's network, processes and files."""

PRIVILEGED_NAMESPACES: Final = {
    EXTRA_CHART: "the stack file sets it in extraCharts.<name>.podSecurity, and is reviewed",
    TEAMS: "the stack file sets it in teamNamespaces.<name>.podSecurity or teams, and is reviewed",
}
"""Component types whose namespaces may let privileged pods in."""

UNTAGGABLE: Final = frozenset(
    {
        "aws:acm/certificateValidation:CertificateValidation",
        "aws:cloudwatch/eventTarget:EventTarget",
        "aws:cloudwatch/logMetricFilter:LogMetricFilter",
        "aws:ec2/mainRouteTableAssociation:MainRouteTableAssociation",
        "aws:ec2/route:Route",
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "aws:ec2/securityGroupRule:SecurityGroupRule",
        "aws:ec2/tag:Tag",
        "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation",
        "aws:efs/backupPolicy:BackupPolicy",
        "aws:efs/mountTarget:MountTarget",
        "aws:eks/accessPolicyAssociation:AccessPolicyAssociation",
        "aws:grafana/roleAssociation:RoleAssociation",
        "aws:iam/rolePolicy:RolePolicy",
        "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
        "aws:kms/alias:Alias",
        "aws:lb/targetGroupAttachment:TargetGroupAttachment",
        "aws:route53/record:Record",
        "aws:sns/topicPolicy:TopicPolicy",
        "aws:sns/topicSubscription:TopicSubscription",
        "aws:sqs/queuePolicy:QueuePolicy",
        "aws:wafv2/webAclAssociation:WebAclAssociation",
    }
)
"""Types of the AWS provider that AWS knows no tags of."""
