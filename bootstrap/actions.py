"""Which IAM actions Pulumi's AWS provider needs for each type of resource that the platform may have.

They are the API calls of the Terraform provider inside it
(https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service), and what AWS checks along with them.
A test compares them with the permissions in the handlers of AWS's own resource schemas, and with the service
authorization reference.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Actions:
    """The actions for one type, each list as text with blanks in between; `read` is all that a preview needs."""

    create: str = ""
    read: str = ""
    update: str = ""
    delete: str = ""

    @property
    def reads(self) -> frozenset[str]:
        """What a preview and a refresh need."""
        return frozenset(self.read.split())

    @property
    def all(self) -> frozenset[str]:
        """What `pulumi up` and `pulumi destroy` need."""
        return frozenset(f"{self.create} {self.read} {self.update} {self.delete}".split())


_EC2_TAGS: Final = "ec2:CreateTags ec2:DeleteTags"
# A subnet or a security group cannot be deleted while an interface is left in it, which the provider then looks for.
_LEFT_BEHIND: Final = "ec2:DescribeNetworkInterfaces ec2:DetachNetworkInterface ec2:DeleteNetworkInterface"
_EKS_TAGS: Final = "eks:TagResource eks:UntagResource"
# EKS makes the access entry of the role, and Argo CD's application in IAM Identity Center, with the caller's rights.
_CAPABILITY: Final = (
    "iam:PassRole iam:GetRole eks:CreateAccessEntry eks:DescribeAccessEntry eks:UpdateAccessEntry "
    "eks:DeleteAccessEntry eks:AssociateAccessPolicy eks:DisassociateAccessPolicy eks:ListAssociatedAccessPolicies "
    "identitystore:DescribeGroup identitystore:ListGroups identitystore:ListUsers "
    "sso:CreateApplication sso:DeleteApplication sso:CreateApplicationAssignment sso:DeleteApplicationAssignment "
    "sso:ListApplicationAssignments sso:PutApplicationAssignmentConfiguration sso:PutApplicationAccessScope "
    "sso:DeleteApplicationAccessScope sso:PutApplicationAuthenticationMethod "
    "sso:DeleteApplicationAuthenticationMethod sso:PutApplicationGrant sso:DeleteApplicationGrant "
    "sso:DescribeInstance sso:DescribeRegisteredRegions"
)
_ELB_TAGS: Final = "elasticloadbalancing:AddTags elasticloadbalancing:RemoveTags"
_RECORDS: Final = "route53:ChangeResourceRecordSets route53:GetChange"
_RULES_READ: Final = "ec2:DescribeSecurityGroups ec2:DescribeSecurityGroupRules"
_RULES_WRITE: Final = (
    "ec2:AuthorizeSecurityGroupEgress ec2:AuthorizeSecurityGroupIngress "
    "ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress"
)

# Groups of IAM Identity Center get their roles in a workspace of Grafana with the caller's rights.
# https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSGrafanaWorkspacePermissionManagementV2.html
_GRAFANA_PEOPLE: Final = (
    "sso:DescribeRegisteredRegions sso:GetManagedApplicationInstance sso:GetProfile sso:GetSharedSsoConfiguration "
    "sso:ListDirectoryAssociations sso:ListProfileAssociations sso:ListProfiles sso-directory:DescribeGroup "
    "sso-directory:DescribeUser"
)

ACTIONS: Final[dict[str, Actions]] = {
    "aws:acm/certificate:Certificate": Actions(
        "acm:RequestCertificate acm:AddTagsToCertificate",
        "acm:DescribeCertificate acm:ListTagsForCertificate acm:GetCertificate",
        "acm:UpdateCertificateOptions acm:AddTagsToCertificate acm:RemoveTagsFromCertificate",
        "acm:DeleteCertificate",
    ),
    "aws:acm/certificateValidation:CertificateValidation": Actions(read="acm:DescribeCertificate"),
    "aws:cloudwatch/eventRule:EventRule": Actions(
        "events:PutRule events:TagResource",
        "events:DescribeRule events:ListTagsForResource",
        "events:PutRule events:TagResource events:UntagResource events:EnableRule events:DisableRule",
        "events:DeleteRule",
    ),
    "aws:cloudwatch/eventTarget:EventTarget": Actions(
        "events:PutTargets", "events:ListTargetsByRule", "events:PutTargets", "events:RemoveTargets"
    ),
    "aws:cloudwatch/logGroup:LogGroup": Actions(
        "logs:CreateLogGroup logs:TagResource logs:PutRetentionPolicy logs:AssociateKmsKey",
        "logs:DescribeLogGroups logs:ListTagsForResource",
        "logs:PutRetentionPolicy logs:DeleteRetentionPolicy logs:AssociateKmsKey logs:DisassociateKmsKey "
        "logs:TagResource logs:UntagResource logs:PutLogGroupDeletionProtection",
        "logs:DeleteLogGroup",
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Actions(
        "logs:PutMetricFilter", "logs:DescribeMetricFilters", "logs:PutMetricFilter", "logs:DeleteMetricFilter"
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Actions(
        "cloudwatch:PutMetricAlarm cloudwatch:TagResource",
        "cloudwatch:DescribeAlarms cloudwatch:ListTagsForResource",
        "cloudwatch:PutMetricAlarm cloudwatch:TagResource cloudwatch:UntagResource",
        "cloudwatch:DeleteAlarms",
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Actions(
        f"{_RULES_WRITE} {_EC2_TAGS}", _RULES_READ, f"{_RULES_WRITE} {_EC2_TAGS}"
    ),
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": Actions(
        f"ec2:CreateEgressOnlyInternetGateway {_EC2_TAGS}",
        "ec2:DescribeEgressOnlyInternetGateways ec2:DescribeVpcs",
        _EC2_TAGS,
        "ec2:DeleteEgressOnlyInternetGateway",
    ),
    "aws:ec2/eip:Eip": Actions(
        f"ec2:AllocateAddress ec2:AssociateAddress {_EC2_TAGS}",
        "ec2:DescribeAddresses ec2:DescribeAddressesAttribute",
        f"ec2:AssociateAddress ec2:DisassociateAddress {_EC2_TAGS}",
        "ec2:DisassociateAddress ec2:ReleaseAddress",
    ),
    "aws:ec2/flowLog:FlowLog": Actions(
        f"ec2:CreateFlowLogs iam:PassRole {_EC2_TAGS}", "ec2:DescribeFlowLogs", _EC2_TAGS, "ec2:DeleteFlowLogs"
    ),
    "aws:ec2/internetGateway:InternetGateway": Actions(
        f"ec2:CreateInternetGateway ec2:AttachInternetGateway {_EC2_TAGS}",
        "ec2:DescribeInternetGateways",
        f"ec2:AttachInternetGateway ec2:DetachInternetGateway {_EC2_TAGS}",
        "ec2:DetachInternetGateway ec2:DeleteInternetGateway",
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": Actions(
        f"ec2:CreateLaunchTemplate {_EC2_TAGS}",
        "ec2:DescribeLaunchTemplates ec2:DescribeLaunchTemplateVersions",
        f"ec2:CreateLaunchTemplateVersion ec2:ModifyLaunchTemplate {_EC2_TAGS}",
        "ec2:DeleteLaunchTemplate",
    ),
    "aws:ec2/placementGroup:PlacementGroup": Actions(
        f"ec2:CreatePlacementGroup {_EC2_TAGS}",
        "ec2:DescribePlacementGroups",
        _EC2_TAGS,
        "ec2:DeletePlacementGroup",
    ),
    "aws:ec2/natGateway:NatGateway": Actions(
        f"ec2:CreateNatGateway {_EC2_TAGS}",
        "ec2:DescribeNatGateways",
        "ec2:AssociateNatGatewayAddress ec2:DisassociateNatGatewayAddress "
        f"ec2:AssignPrivateNatGatewayAddress ec2:UnassignPrivateNatGatewayAddress {_EC2_TAGS}",
        "ec2:DeleteNatGateway",
    ),
    "aws:ec2/route:Route": Actions("ec2:CreateRoute", "ec2:DescribeRouteTables", "ec2:ReplaceRoute", "ec2:DeleteRoute"),
    "aws:ec2/routeTable:RouteTable": Actions(
        f"ec2:CreateRouteTable {_EC2_TAGS}", "ec2:DescribeRouteTables", _EC2_TAGS, "ec2:DeleteRouteTable"
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Actions(
        "ec2:AssociateRouteTable",
        "ec2:DescribeRouteTables ec2:DescribeSubnets",
        "ec2:ReplaceRouteTableAssociation",
        "ec2:DisassociateRouteTable",
    ),
    "aws:ec2/securityGroup:SecurityGroup": Actions(
        f"ec2:CreateSecurityGroup {_RULES_WRITE} {_EC2_TAGS}",
        _RULES_READ,
        "ec2:UpdateSecurityGroupRuleDescriptionsEgress ec2:UpdateSecurityGroupRuleDescriptionsIngress "
        f"{_RULES_WRITE} {_EC2_TAGS}",
        f"ec2:DeleteSecurityGroup {_LEFT_BEHIND}",
    ),
    "aws:ec2/subnet:Subnet": Actions(
        f"ec2:CreateSubnet ec2:ModifySubnetAttribute {_EC2_TAGS}",
        "ec2:DescribeSubnets",
        f"ec2:ModifySubnetAttribute ec2:AssociateSubnetCidrBlock ec2:DisassociateSubnetCidrBlock {_EC2_TAGS}",
        f"ec2:DeleteSubnet {_LEFT_BEHIND}",
    ),
    "aws:ec2/tag:Tag": Actions("ec2:CreateTags", "ec2:DescribeTags", "ec2:CreateTags", "ec2:DeleteTags"),
    "aws:ec2/vpc:Vpc": Actions(
        f"ec2:CreateVpc ec2:ModifyVpcAttribute ec2:AssociateVpcCidrBlock {_EC2_TAGS}",
        "ec2:DescribeVpcs ec2:DescribeVpcAttribute ec2:DescribeNetworkAcls ec2:DescribeRouteTables "
        "ec2:DescribeSecurityGroups",
        "ec2:ModifyVpcAttribute ec2:ModifyVpcTenancy ec2:AssociateVpcCidrBlock ec2:DisassociateVpcCidrBlock "
        f"{_EC2_TAGS}",
        "ec2:DeleteVpc",
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": Actions(
        f"ec2:CreateVpcEndpoint {_EC2_TAGS}",
        "ec2:DescribeVpcEndpoints ec2:DescribePrefixLists ec2:DescribeSubnets ec2:DescribeSecurityGroups "
        "ec2:DescribeVpcs",
        f"ec2:ModifyVpcEndpoint {_EC2_TAGS}",
        "ec2:DeleteVpcEndpoints",
    ),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": Actions(
        "ec2:AssociateVpcCidrBlock", "ec2:DescribeVpcs", delete="ec2:DisassociateVpcCidrBlock"
    ),
    # The collector gets its access entry with the caller's rights.
    # https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-collector-how-to.html
    "aws:amp/scraper:Scraper": Actions(
        "aps:CreateScraper aps:DescribeWorkspace aps:TagResource eks:DescribeCluster ec2:DescribeSubnets "
        "ec2:DescribeSecurityGroups iam:CreateServiceLinkedRole eks:CreateAccessEntry eks:AssociateAccessPolicy",
        "aps:DescribeScraper aps:ListTagsForResource",
        "aps:UpdateScraper aps:DescribeScraper aps:TagResource aps:UntagResource",
        "aps:DeleteScraper",
    ),
    "aws:amp/workspace:Workspace": Actions(
        "aps:CreateWorkspace aps:TagResource kms:DescribeKey kms:CreateGrant kms:GenerateDataKey kms:Decrypt",
        "aps:DescribeWorkspace aps:ListTagsForResource aps:DescribeLoggingConfiguration",
        "aps:UpdateWorkspaceAlias aps:TagResource aps:UntagResource",
        "aps:DeleteWorkspace",
    ),
    # https://docs.aws.amazon.com/grafana/latest/userguide/AMG-and-IAM.html
    "aws:grafana/roleAssociation:RoleAssociation": Actions(
        f"grafana:UpdatePermissions {_GRAFANA_PEOPLE}",
        "grafana:ListPermissions",
        f"grafana:UpdatePermissions {_GRAFANA_PEOPLE}",
        f"grafana:UpdatePermissions {_GRAFANA_PEOPLE}",
    ),
    "aws:grafana/workspace:Workspace": Actions(
        "grafana:CreateWorkspace grafana:TagResource iam:PassRole organizations:DescribeOrganization "
        "sso:CreateManagedApplicationInstance sso:DescribeRegisteredRegions sso:GetApplicationInstance "
        "sso:GetSharedSsoConfiguration sso:ListApplicationInstances iam:CreateServiceLinkedRole",
        "grafana:DescribeWorkspace grafana:DescribeWorkspaceAuthentication grafana:DescribeWorkspaceConfiguration "
        "grafana:ListTagsForResource",
        "grafana:UpdateWorkspace grafana:UpdateWorkspaceAuthentication grafana:UpdateWorkspaceConfiguration "
        "grafana:TagResource grafana:UntagResource iam:PassRole",
        "grafana:DeleteWorkspace sso:DeleteManagedApplicationInstance",
    ),
    # AWS Backup makes its role and its vault with the first file system that it backs up.
    # https://docs.aws.amazon.com/efs/latest/ug/API_PutBackupPolicy.html
    "aws:efs/backupPolicy:BackupPolicy": Actions(
        "elasticfilesystem:PutBackupPolicy iam:CreateServiceLinkedRole",
        "elasticfilesystem:DescribeBackupPolicy",
        "elasticfilesystem:PutBackupPolicy",
        "elasticfilesystem:PutBackupPolicy",
    ),
    # EFS uses the key with the caller's rights: https://docs.aws.amazon.com/efs/latest/ug/encryption-at-rest.html
    "aws:efs/fileSystem:FileSystem": Actions(
        "elasticfilesystem:CreateFileSystem elasticfilesystem:TagResource elasticfilesystem:PutLifecycleConfiguration "
        "kms:DescribeKey kms:CreateGrant kms:GenerateDataKeyWithoutPlaintext iam:CreateServiceLinkedRole",
        "elasticfilesystem:DescribeFileSystems elasticfilesystem:DescribeLifecycleConfiguration "
        "elasticfilesystem:ListTagsForResource",
        "elasticfilesystem:UpdateFileSystem elasticfilesystem:UpdateFileSystemProtection "
        "elasticfilesystem:PutLifecycleConfiguration elasticfilesystem:TagResource elasticfilesystem:UntagResource",
        "elasticfilesystem:DeleteFileSystem",
    ),
    "aws:efs/mountTarget:MountTarget": Actions(
        "elasticfilesystem:CreateMountTarget ec2:DescribeSubnets ec2:DescribeNetworkInterfaces "
        "ec2:CreateNetworkInterface",
        "elasticfilesystem:DescribeMountTargets elasticfilesystem:DescribeMountTargetSecurityGroups",
        "elasticfilesystem:ModifyMountTargetSecurityGroups ec2:ModifyNetworkInterfaceAttribute",
        "elasticfilesystem:DeleteMountTarget ec2:DeleteNetworkInterface",
    ),
    "aws:eks/accessEntry:AccessEntry": Actions(
        f"eks:CreateAccessEntry {_EKS_TAGS}",
        "eks:DescribeAccessEntry",
        f"eks:UpdateAccessEntry {_EKS_TAGS}",
        "eks:DeleteAccessEntry",
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Actions(
        "eks:AssociateAccessPolicy",
        "eks:ListAssociatedAccessPolicies",
        "eks:AssociateAccessPolicy",
        "eks:DisassociateAccessPolicy",
    ),
    "aws:eks/addon:Addon": Actions(
        f"eks:CreateAddon eks:CreatePodIdentityAssociation iam:PassRole iam:GetRole {_EKS_TAGS}",
        "eks:DescribeAddon eks:DescribePodIdentityAssociation",
        "eks:UpdateAddon eks:DescribeUpdate eks:CreatePodIdentityAssociation eks:UpdatePodIdentityAssociation "
        f"eks:DeletePodIdentityAssociation iam:PassRole iam:GetRole {_EKS_TAGS}",
        "eks:DeleteAddon eks:DeletePodIdentityAssociation",
    ),
    # https://docs.aws.amazon.com/eks/latest/userguide/create-cluster.html
    "aws:eks/cluster:Cluster": Actions(
        f"eks:CreateCluster iam:PassRole iam:GetRole iam:ListAttachedRolePolicies iam:CreateServiceLinkedRole "
        f"ec2:DescribeSubnets ec2:DescribeVpcs kms:DescribeKey kms:CreateGrant {_EKS_TAGS}",
        "eks:DescribeCluster",
        "eks:UpdateClusterConfig eks:UpdateClusterVersion eks:AssociateEncryptionConfig eks:DescribeUpdate "
        f"iam:PassRole kms:DescribeKey kms:CreateGrant {_EKS_TAGS}",
        "eks:DeleteCluster",
    ),
    "aws:eks/fargateProfile:FargateProfile": Actions(
        f"eks:CreateFargateProfile iam:PassRole iam:GetRole iam:CreateServiceLinkedRole {_EKS_TAGS}",
        "eks:DescribeFargateProfile",
        _EKS_TAGS,
        "eks:DeleteFargateProfile",
    ),
    # With a launch template EKS tries, with the caller's rights, whether it may run instances.
    # https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html
    "aws:eks/nodeGroup:NodeGroup": Actions(
        "eks:CreateNodegroup iam:PassRole iam:GetRole iam:ListAttachedRolePolicies iam:CreateServiceLinkedRole "
        "ec2:RunInstances ec2:DescribeSubnets ec2:DescribeVpcs ec2:DescribeSecurityGroups ec2:DescribeKeyPairs "
        "ec2:DescribeRouteTables ec2:DescribeLaunchTemplates ec2:DescribeLaunchTemplateVersions "
        f"{_EC2_TAGS} {_EKS_TAGS}",
        "eks:DescribeNodegroup",
        "eks:UpdateNodegroupConfig eks:UpdateNodegroupVersion eks:DescribeUpdate eks:ListUpdates iam:PassRole "
        f"iam:GetRole ec2:RunInstances ec2:DescribeLaunchTemplateVersions {_EKS_TAGS}",
        "eks:DeleteNodegroup",
    ),
    "aws:eks/identityProviderConfig:IdentityProviderConfig": Actions(
        f"eks:AssociateIdentityProviderConfig eks:DescribeUpdate {_EKS_TAGS}",
        "eks:DescribeIdentityProviderConfig",
        _EKS_TAGS,
        "eks:DisassociateIdentityProviderConfig eks:DescribeUpdate",
    ),
    "aws:rolesanywhere/profile:Profile": Actions(
        "rolesanywhere:CreateProfile rolesanywhere:TagResource iam:GetRole iam:PassRole",
        "rolesanywhere:GetProfile rolesanywhere:ListTagsForResource",
        "rolesanywhere:UpdateProfile rolesanywhere:EnableProfile rolesanywhere:DisableProfile "
        "rolesanywhere:TagResource rolesanywhere:UntagResource iam:GetRole iam:PassRole",
        "rolesanywhere:DeleteProfile",
    ),
    "aws:rolesanywhere/trustAnchor:TrustAnchor": Actions(
        "rolesanywhere:CreateTrustAnchor rolesanywhere:TagResource iam:CreateServiceLinkedRole",
        "rolesanywhere:GetTrustAnchor rolesanywhere:ListTagsForResource",
        "rolesanywhere:UpdateTrustAnchor rolesanywhere:EnableTrustAnchor rolesanywhere:DisableTrustAnchor "
        "rolesanywhere:TagResource rolesanywhere:UntagResource",
        "rolesanywhere:DeleteTrustAnchor",
    ),
    "aws:eks/capability:Capability": Actions(
        f"eks:CreateCapability {_CAPABILITY} {_EKS_TAGS}",
        "eks:DescribeCapability",
        f"eks:UpdateCapability eks:DescribeUpdate {_CAPABILITY} {_EKS_TAGS}",
        f"eks:DeleteCapability {_CAPABILITY}",
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Actions(
        f"eks:CreatePodIdentityAssociation iam:PassRole iam:GetRole {_EKS_TAGS}",
        "eks:DescribePodIdentityAssociation",
        f"eks:UpdatePodIdentityAssociation iam:PassRole iam:GetRole {_EKS_TAGS}",
        "eks:DeletePodIdentityAssociation",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Actions(
        "iam:CreateInstanceProfile iam:TagInstanceProfile iam:AddRoleToInstanceProfile iam:PassRole",
        "iam:GetInstanceProfile iam:GetRole",
        "iam:AddRoleToInstanceProfile iam:RemoveRoleFromInstanceProfile iam:PassRole iam:TagInstanceProfile "
        "iam:UntagInstanceProfile",
        "iam:RemoveRoleFromInstanceProfile iam:DeleteInstanceProfile",
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Actions(
        "iam:CreateOpenIDConnectProvider iam:TagOpenIDConnectProvider",
        "iam:GetOpenIDConnectProvider",
        "iam:UpdateOpenIDConnectProviderThumbprint iam:AddClientIDToOpenIDConnectProvider "
        "iam:RemoveClientIDFromOpenIDConnectProvider iam:TagOpenIDConnectProvider iam:UntagOpenIDConnectProvider",
        "iam:DeleteOpenIDConnectProvider",
    ),
    "aws:iam/policy:Policy": Actions(
        "iam:CreatePolicy iam:TagPolicy",
        "iam:GetPolicy iam:GetPolicyVersion",
        "iam:CreatePolicyVersion iam:ListPolicyVersions iam:DeletePolicyVersion iam:TagPolicy iam:UntagPolicy",
        "iam:ListPolicyVersions iam:DeletePolicyVersion iam:DeletePolicy",
    ),
    "aws:iam/role:Role": Actions(
        "iam:CreateRole iam:TagRole",
        "iam:GetRole iam:ListRolePolicies iam:GetRolePolicy iam:ListAttachedRolePolicies",
        "iam:UpdateRole iam:UpdateRoleDescription iam:UpdateAssumeRolePolicy iam:PutRolePermissionsBoundary "
        "iam:TagRole iam:UntagRole",
        "iam:ListInstanceProfilesForRole iam:DeleteRole",
    ),
    "aws:iam/rolePolicy:RolePolicy": Actions(
        "iam:PutRolePolicy", "iam:GetRolePolicy", "iam:PutRolePolicy", "iam:DeleteRolePolicy"
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Actions(
        "iam:AttachRolePolicy", "iam:ListAttachedRolePolicies", delete="iam:DetachRolePolicy"
    ),
    "aws:kms/alias:Alias": Actions("kms:CreateAlias", "kms:ListAliases", "kms:UpdateAlias", "kms:DeleteAlias"),
    "aws:kms/key:Key": Actions(
        "kms:CreateKey kms:TagResource kms:PutKeyPolicy kms:EnableKeyRotation kms:DisableKey",
        "kms:DescribeKey kms:GetKeyPolicy kms:GetKeyRotationStatus kms:ListResourceTags",
        "kms:UpdateKeyDescription kms:PutKeyPolicy kms:EnableKey kms:DisableKey kms:EnableKeyRotation "
        "kms:DisableKeyRotation kms:TagResource kms:UntagResource",
        "kms:ScheduleKeyDeletion",
    ),
    "aws:lb/listener:Listener": Actions(
        f"elasticloadbalancing:CreateListener elasticloadbalancing:ModifyListenerAttributes {_ELB_TAGS}",
        "elasticloadbalancing:DescribeListeners elasticloadbalancing:DescribeListenerAttributes "
        "elasticloadbalancing:DescribeTags",
        f"elasticloadbalancing:ModifyListener elasticloadbalancing:ModifyListenerAttributes {_ELB_TAGS}",
        "elasticloadbalancing:DeleteListener",
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": Actions(
        "elasticloadbalancing:AddListenerCertificates",
        "elasticloadbalancing:DescribeListenerCertificates",
        "",
        "elasticloadbalancing:RemoveListenerCertificates",
    ),
    "aws:lb/listenerRule:ListenerRule": Actions(
        f"elasticloadbalancing:CreateRule {_ELB_TAGS}",
        "elasticloadbalancing:DescribeRules elasticloadbalancing:DescribeTags",
        f"elasticloadbalancing:ModifyRule elasticloadbalancing:SetRulePriorities {_ELB_TAGS}",
        "elasticloadbalancing:DeleteRule",
    ),
    "aws:lb/loadBalancer:LoadBalancer": Actions(
        "elasticloadbalancing:CreateLoadBalancer elasticloadbalancing:ModifyLoadBalancerAttributes "
        f"iam:CreateServiceLinkedRole {_ELB_TAGS}",
        "elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeLoadBalancerAttributes "
        "elasticloadbalancing:DescribeCapacityReservation elasticloadbalancing:DescribeTags",
        "elasticloadbalancing:ModifyLoadBalancerAttributes elasticloadbalancing:ModifyCapacityReservation "
        "elasticloadbalancing:ModifyIpPools elasticloadbalancing:SetSubnets elasticloadbalancing:SetIpAddressType "
        f"elasticloadbalancing:SetSecurityGroups {_ELB_TAGS}",
        # The load balancer's network interfaces are waited for.
        "elasticloadbalancing:DeleteLoadBalancer ec2:DescribeNetworkInterfaces",
    ),
    "aws:lb/targetGroup:TargetGroup": Actions(
        f"elasticloadbalancing:CreateTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes {_ELB_TAGS}",
        "elasticloadbalancing:DescribeTargetGroups elasticloadbalancing:DescribeTargetGroupAttributes "
        "elasticloadbalancing:DescribeTargetHealth elasticloadbalancing:DescribeTags ec2:DescribeVpcs",
        f"elasticloadbalancing:ModifyTargetGroup elasticloadbalancing:ModifyTargetGroupAttributes {_ELB_TAGS}",
        "elasticloadbalancing:DeleteTargetGroup",
    ),
    "aws:route53/record:Record": Actions(
        _RECORDS, "route53:GetHostedZone route53:ListResourceRecordSets", _RECORDS, _RECORDS
    ),
    "aws:sns/topic:Topic": Actions(
        "sns:CreateTopic sns:TagResource sns:SetTopicAttributes",
        "sns:GetTopicAttributes sns:ListTagsForResource",
        "sns:SetTopicAttributes sns:TagResource sns:UntagResource",
        "sns:DeleteTopic",
    ),
    "aws:sns/topicPolicy:TopicPolicy": Actions(
        "sns:SetTopicAttributes", "sns:GetTopicAttributes", "sns:SetTopicAttributes", "sns:SetTopicAttributes"
    ),
    "aws:sns/topicSubscription:TopicSubscription": Actions(
        "sns:Subscribe",
        "sns:GetSubscriptionAttributes sns:ListSubscriptionsByTopic",
        "sns:SetSubscriptionAttributes",
        "sns:Unsubscribe",
    ),
    "aws:sqs/queue:Queue": Actions(
        "sqs:CreateQueue sqs:TagQueue",
        "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ListQueueTags",
        "sqs:SetQueueAttributes sqs:TagQueue sqs:UntagQueue",
        "sqs:DeleteQueue",
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Actions(
        "sqs:SetQueueAttributes", "sqs:GetQueueAttributes", "sqs:SetQueueAttributes", "sqs:SetQueueAttributes"
    ),
    **{
        f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule": Actions(
            f"ec2:AuthorizeSecurityGroup{way} {_EC2_TAGS}",
            _RULES_READ,
            f"ec2:ModifySecurityGroupRules ec2:UpdateSecurityGroupRuleDescriptions{way} {_EC2_TAGS}",
            f"ec2:RevokeSecurityGroup{way}",
        )
        for way in ("Ingress", "Egress")
    },
    # The association is checked on both sides, by each service for its own.
    # https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html
    "aws:wafv2/webAclAssociation:WebAclAssociation": Actions(
        "wafv2:AssociateWebACL elasticloadbalancing:SetWebAcl",
        "wafv2:GetWebACLForResource wafv2:GetWebACL elasticloadbalancing:DescribeWebACLAssociation",
        "wafv2:AssociateWebACL elasticloadbalancing:SetWebAcl",
        "wafv2:DisassociateWebACL elasticloadbalancing:SetWebAcl",
    ),
}
"""The actions by resource type."""

ASKED: Final[dict[str, str]] = {
    "aws:ec2/getAmi:getAmi": "ec2:DescribeImages",
    "aws:ec2/getElasticIp:getElasticIp": "ec2:DescribeAddresses",
    "aws:ec2/getSubnet:getSubnet": "ec2:DescribeSubnets",
    "aws:ec2/getSubnets:getSubnets": "ec2:DescribeSubnets",
    "aws:ec2/getVpc:getVpc": "ec2:DescribeVpcs ec2:DescribeVpcAttribute ec2:DescribeRouteTables",
    "aws:ec2/getVpcEndpointService:getVpcEndpointService": "ec2:DescribeVpcEndpointServices",
    "aws:eks/getClusters:getClusters": "eks:ListClusters",
    "aws:eks/getNodeGroup:getNodeGroup": "eks:DescribeNodegroup",
    "aws:eks/getNodeGroups:getNodeGroups": "eks:ListNodegroups",
    "aws:index/getAvailabilityZones:getAvailabilityZones": "ec2:DescribeAvailabilityZones",
    # AWS answers this one without any right.
    # https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html
    "aws:index/getCallerIdentity:getCallerIdentity": "",
    "aws:index/getPartition:getPartition": "",
    "aws:index/getRegion:getRegion": "",
    "aws:lb/getHostedZoneId:getHostedZoneId": "",
    "aws:lb/getLoadBalancer:getLoadBalancer": "elasticloadbalancing:DescribeLoadBalancers "
    "elasticloadbalancing:DescribeLoadBalancerAttributes elasticloadbalancing:DescribeTags",
    "aws:ssm/getParameter:getParameter": "ssm:GetParameter",
    "aws:route53/getZone:getZone": "route53:GetHostedZone route53:ListHostedZones route53:ListTagsForResource",
}
"""The actions by function of the provider that a program may call."""
