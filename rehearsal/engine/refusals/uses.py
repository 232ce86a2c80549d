"""Which resources AWS keeps while others use them, and which must exist before others can be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

EC2: Final = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_"
IAM: Final = "https://docs.aws.amazon.com/IAM/latest/APIReference/API_"
EKS: Final = "https://docs.aws.amazon.com/eks/latest/APIReference/API_"
ELB: Final = "https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_"
ACM: Final = "https://docs.aws.amazon.com/acm/latest/APIReference/API_"
APS: Final = "https://docs.aws.amazon.com/prometheus/latest/APIReference/API_"
AMG: Final = "https://docs.aws.amazon.com/grafana/latest/APIReference/API_"
EFS: Final = "https://docs.aws.amazon.com/efs/latest/ug/API_"
EVENTS: Final = "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_"
SQS: Final = "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_"


@dataclass(frozen=True)
class Use:
    """One way in which a resource refers to another.

    user, user_path: who refers, and the dotted path of its outputs that holds the reference (through lists too).
    used, used_path: whom it refers to, and the output that the reference repeats.
    code: the error of a deletion of the used one; "" where AWS deletes it all the same.
    source: the page of the deletion (or of the creation, where AWS deletes it all the same).
    """

    user: str
    user_path: str
    used: str
    used_path: str
    code: str
    source: str


VPC: Final = "aws:ec2/vpc:Vpc"
RANGE: Final = "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation"
SUBNET: Final = "aws:ec2/subnet:Subnet"
GATEWAY: Final = "aws:ec2/internetGateway:InternetGateway"
NAT: Final = "aws:ec2/natGateway:NatGateway"
ADDRESS: Final = "aws:ec2/eip:Eip"
TABLE: Final = "aws:ec2/routeTable:RouteTable"
ROUTE: Final = "aws:ec2/route:Route"
ASSOCIATION: Final = "aws:ec2/routeTableAssociation:RouteTableAssociation"
ENDPOINT: Final = "aws:ec2/vpcEndpoint:VpcEndpoint"
GROUP: Final = "aws:ec2/securityGroup:SecurityGroup"
INGRESS_RULE: Final = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
EGRESS_RULE: Final = "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule"
TEMPLATE: Final = "aws:ec2/launchTemplate:LaunchTemplate"
INSTANCE: Final = "aws:ec2/instance:Instance"
FLOW_LOG: Final = "aws:ec2/flowLog:FlowLog"
ROLE: Final = "aws:iam/role:Role"
POLICY: Final = "aws:iam/policy:Policy"
ROLE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
ATTACHMENT: Final = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
PROFILE: Final = "aws:iam/instanceProfile:InstanceProfile"
OIDC: Final = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
CLUSTER: Final = "aws:eks/cluster:Cluster"
NODE_GROUP: Final = "aws:eks/nodeGroup:NodeGroup"
FARGATE: Final = "aws:eks/fargateProfile:FargateProfile"
ADDON: Final = "aws:eks/addon:Addon"
EGRESS_GATEWAY: Final = "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway"
ENTRY: Final = "aws:eks/accessEntry:AccessEntry"
ENTRY_POLICY: Final = "aws:eks/accessPolicyAssociation:AccessPolicyAssociation"
IDENTITY_PROVIDER: Final = "aws:eks/identityProviderConfig:IdentityProviderConfig"
CAPABILITY: Final = "aws:eks/capability:Capability"
POD_IDENTITY: Final = "aws:eks/podIdentityAssociation:PodIdentityAssociation"
QUEUE: Final = "aws:sqs/queue:Queue"
QUEUE_POLICY: Final = "aws:sqs/queuePolicy:QueuePolicy"
RULE: Final = "aws:cloudwatch/eventRule:EventRule"
TARGET: Final = "aws:cloudwatch/eventTarget:EventTarget"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
RECORD: Final = "aws:route53/record:Record"
BALANCER: Final = "aws:lb/loadBalancer:LoadBalancer"
TARGET_GROUP: Final = "aws:lb/targetGroup:TargetGroup"
LISTENER: Final = "aws:lb/listener:Listener"
LISTENER_CERTIFICATE: Final = "aws:lb/listenerCertificate:ListenerCertificate"
LISTENER_RULE: Final = "aws:lb/listenerRule:ListenerRule"
CERTIFICATE: Final = "aws:acm/certificate:Certificate"
VALIDATION: Final = "aws:acm/certificateValidation:CertificateValidation"
FILE_SYSTEM: Final = "aws:efs/fileSystem:FileSystem"
MOUNT_TARGET: Final = "aws:efs/mountTarget:MountTarget"
WORKSPACE: Final = "aws:amp/workspace:Workspace"
SCRAPER: Final = "aws:amp/scraper:Scraper"
GRAFANA: Final = "aws:grafana/workspace:Workspace"
GRAFANA_ROLE: Final = "aws:grafana/roleAssociation:RoleAssociation"
BACKUP_POLICY: Final = "aws:efs/backupPolicy:BackupPolicy"
WEB_ACL: Final = "aws:wafv2/webAclAssociation:WebAclAssociation"

USES: Final[tuple[Use, ...]] = (
    # A VPC must be empty; what only carries configuration (flow logs, further address ranges) goes with it.
    Use(SUBNET, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(GROUP, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(TABLE, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(GATEWAY, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(EGRESS_GATEWAY, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(ENDPOINT, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(FLOW_LOG, "vpcId", VPC, "id", "", EC2 + "CreateFlowLogs.html"),
    Use(TARGET_GROUP, "vpcId", VPC, "id", "", ELB + "CreateTargetGroup.html"),
    # A subnet must have no network interface.
    Use(NAT, "subnetId", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(ENDPOINT, "subnetIds", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(INSTANCE, "subnetId", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(CLUSTER, "vpcConfig.subnetIds", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(NODE_GROUP, "subnetIds", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(FARGATE, "subnetIds", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(BALANCER, "subnets", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(MOUNT_TARGET, "subnetId", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(ASSOCIATION, "subnetId", SUBNET, "id", "", EC2 + "AssociateRouteTable.html"),
    # A security group must be on no network interface and in no other group's rule.
    Use(INSTANCE, "vpcSecurityGroupIds", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"),
    Use(CLUSTER, "vpcConfig.securityGroupIds", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"),
    Use(ENDPOINT, "securityGroupIds", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"),
    Use(MOUNT_TARGET, "securityGroups", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"),
    Use(BALANCER, "securityGroups", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"),
    Use(
        INGRESS_RULE, "referencedSecurityGroupId", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"
    ),
    Use(EGRESS_RULE, "referencedSecurityGroupId", GROUP, "id", "DependencyViolation", EC2 + "DeleteSecurityGroup.html"),
    Use(INGRESS_RULE, "securityGroupId", GROUP, "id", "", EC2 + "AuthorizeSecurityGroupIngress.html"),
    Use(EGRESS_RULE, "securityGroupId", GROUP, "id", "", EC2 + "AuthorizeSecurityGroupEgress.html"),
    Use(TEMPLATE, "vpcSecurityGroupIds", GROUP, "id", "", EC2 + "CreateLaunchTemplate.html"),
    Use(NAT, "allocationId", ADDRESS, "id", "InvalidIPAddress.InUse", EC2 + "ReleaseAddress.html"),
    Use(NAT, "secondaryAllocationIds", ADDRESS, "id", "InvalidIPAddress.InUse", EC2 + "ReleaseAddress.html"),
    Use(
        NAT,
        "availabilityZoneAddresses.allocationIds",
        ADDRESS,
        "id",
        "InvalidIPAddress.InUse",
        EC2 + "ReleaseAddress.html",
    ),
    Use(NAT, "vpcId", VPC, "id", "DependencyViolation", EC2 + "DeleteVpc.html"),
    Use(ROUTE, "natGatewayId", NAT, "id", "", EC2 + "CreateRoute.html"),
    Use(ROUTE, "gatewayId", GATEWAY, "id", "", EC2 + "CreateRoute.html"),
    Use(ROUTE, "egressOnlyGatewayId", EGRESS_GATEWAY, "id", "", EC2 + "CreateRoute.html"),
    Use(ROUTE, "routeTableId", TABLE, "id", "", EC2 + "CreateRoute.html"),
    Use(ENDPOINT, "routeTableIds", TABLE, "id", "", EC2 + "CreateVpcEndpoint.html"),
    Use(ASSOCIATION, "routeTableId", TABLE, "id", "DependencyViolation", EC2 + "DeleteRouteTable.html"),
    Use(NODE_GROUP, "launchTemplate.id", TEMPLATE, "id", "", EKS + "LaunchTemplateSpecification.html"),
    # IAM.
    Use(ATTACHMENT, "role", ROLE, "name", "DeleteConflict", IAM + "DeleteRole.html"),
    Use(ROLE_POLICY, "role", ROLE, "name", "DeleteConflict", IAM + "DeleteRole.html"),
    Use(PROFILE, "role", ROLE, "name", "DeleteConflict", IAM + "DeleteRole.html"),
    Use(ATTACHMENT, "policyArn", POLICY, "arn", "DeleteConflict", IAM + "DeletePolicy.html"),
    Use(INSTANCE, "iamInstanceProfile", PROFILE, "name", "DeleteConflict", IAM + "DeleteInstanceProfile.html"),
    Use(CLUSTER, "roleArn", ROLE, "arn", "", EKS + "CreateCluster.html"),
    Use(CLUSTER, "computeConfig.nodeRoleArn", ROLE, "arn", "", EKS + "CreateCluster.html"),
    Use(NODE_GROUP, "nodeRoleArn", ROLE, "arn", "", EKS + "CreateNodegroup.html"),
    Use(FARGATE, "podExecutionRoleArn", ROLE, "arn", "", EKS + "CreateFargateProfile.html"),
    Use(POD_IDENTITY, "roleArn", ROLE, "arn", "", EKS + "CreatePodIdentityAssociation.html"),
    Use(ADDON, "serviceAccountRoleArn", ROLE, "arn", "", EKS + "CreateAddon.html"),
    Use(FLOW_LOG, "iamRoleArn", ROLE, "arn", "", EC2 + "CreateFlowLogs.html"),
    # EKS deletes access entries, add-ons and Pod Identity associations with the cluster, but neither nodes nor
    # profiles.
    Use(NODE_GROUP, "clusterName", CLUSTER, "name", "ResourceInUseException", EKS + "DeleteCluster.html"),
    Use(FARGATE, "clusterName", CLUSTER, "name", "ResourceInUseException", EKS + "DeleteCluster.html"),
    Use(ADDON, "clusterName", CLUSTER, "name", "", EKS + "CreateAddon.html"),
    Use(CAPABILITY, "clusterName", CLUSTER, "name", "ResourceInUseException", EKS + "DeleteCluster.html"),
    Use(ENTRY, "clusterName", CLUSTER, "name", "", EKS + "CreateAccessEntry.html"),
    Use(ENTRY_POLICY, "clusterName", CLUSTER, "name", "", EKS + "AssociateAccessPolicy.html"),
    Use(ENTRY_POLICY, "principalArn", ENTRY, "principalArn", "", EKS + "AssociateAccessPolicy.html"),
    Use(POD_IDENTITY, "clusterName", CLUSTER, "name", "", EKS + "CreatePodIdentityAssociation.html"),
    # Collectors of metrics: their interfaces are in the subnets and on the group of the cluster.
    Use(SCRAPER, "source.eks.subnetIds", SUBNET, "id", "DependencyViolation", EC2 + "DeleteSubnet.html"),
    Use(SCRAPER, "source.eks.clusterArn", CLUSTER, "arn", "", APS + "CreateScraper.html"),
    Use(SCRAPER, "destination.amp.workspaceArn", WORKSPACE, "arn", "", APS + "CreateScraper.html"),
    # Grafana: a workspace may be deleted with its associations, and IAM does not know who uses a role.
    Use(GRAFANA, "roleArn", ROLE, "arn", "", AMG + "CreateWorkspace.html"),
    Use(GRAFANA_ROLE, "workspaceId", GRAFANA, "id", "", AMG + "UpdatePermissions.html"),
    # File systems.
    Use(MOUNT_TARGET, "fileSystemId", FILE_SYSTEM, "id", "FileSystemInUse", EFS + "DeleteFileSystem.html"),
    Use(BACKUP_POLICY, "fileSystemId", FILE_SYSTEM, "id", "", EFS + "PutBackupPolicy.html"),
    # Queues and events.
    Use(QUEUE_POLICY, "queueUrl", QUEUE, "url", "", SQS + "SetQueueAttributes.html"),
    Use(TARGET, "rule", RULE, "name", "ValidationException", EVENTS + "DeleteRule.html"),
    # Load balancers: a listener goes with its load balancer, a target group does not.
    Use(LISTENER, "loadBalancerArn", BALANCER, "arn", "", ELB + "CreateListener.html"),
    Use(
        WEB_ACL,
        "resourceArn",
        BALANCER,
        "arn",
        "",
        "https://docs.aws.amazon.com/waf/latest/APIReference/API_AssociateWebACL.html",
    ),
    Use(LISTENER_RULE, "listenerArn", LISTENER, "arn", "", ELB + "CreateRule.html"),
    Use(
        LISTENER, "defaultActions.targetGroupArn", TARGET_GROUP, "arn", "ResourceInUse", ELB + "DeleteTargetGroup.html"
    ),
    Use(LISTENER_RULE, "actions.targetGroupArn", TARGET_GROUP, "arn", "ResourceInUse", ELB + "DeleteTargetGroup.html"),
    Use(LISTENER, "certificateArn", CERTIFICATE, "arn", "ResourceInUseException", ACM + "DeleteCertificate.html"),
    Use(LISTENER_CERTIFICATE, "listenerArn", LISTENER, "arn", "", ELB + "AddListenerCertificates.html"),
    Use(
        LISTENER_CERTIFICATE,
        "certificateArn",
        CERTIFICATE,
        "arn",
        "ResourceInUseException",
        ACM + "DeleteCertificate.html",
    ),
    Use(VALIDATION, "certificateArn", CERTIFICATE, "arn", "", ACM + "DescribeCertificate.html"),
)

OUTSIDE: Final = frozenset({CERTIFICATE, QUEUE, POLICY, WORKSPACE})
"""What a program may refer to without having made it: a certificate given by ARN, a workspace of several clusters,
AWS's own policies."""


@dataclass(frozen=True)
class UniqueName:
    """What there can be only once: the outputs that make the name, and the error of a second one.

    source: the page of the creation.
    """

    paths: tuple[str, ...]
    code: str
    source: str


TAG: Final = "aws:ec2/tag:Tag"
OVERWRITTEN: Final = {TAG: EC2 + "CreateTags.html"}
"""What replaces another of the same id instead of being refused, with the page that says so: a second owner of a tag
does not notice, and the first one to delete it takes it from both."""


UNIQUE: Final[dict[str, UniqueName]] = {
    GROUP: UniqueName(("vpcId", "name"), "InvalidGroup.Duplicate", EC2 + "CreateSecurityGroup.html"),
    TEMPLATE: UniqueName(
        ("name",), "InvalidLaunchTemplateName.AlreadyExistsException", EC2 + "CreateLaunchTemplate.html"
    ),
    ROUTE: UniqueName(("routeTableId", "destinationCidrBlock"), "RouteAlreadyExists", EC2 + "CreateRoute.html"),
    ASSOCIATION: UniqueName(("subnetId",), "Resource.AlreadyAssociated", EC2 + "AssociateRouteTable.html"),
    SUBNET: UniqueName(("vpcId", "cidrBlock"), "InvalidSubnet.Conflict", EC2 + "CreateSubnet.html"),
    GATEWAY: UniqueName(("vpcId",), "Resource.AlreadyAssociated", EC2 + "AttachInternetGateway.html"),
    ROLE: UniqueName(("name",), "EntityAlreadyExists", IAM + "CreateRole.html"),
    POLICY: UniqueName(("name",), "EntityAlreadyExists", IAM + "CreatePolicy.html"),
    PROFILE: UniqueName(("name",), "EntityAlreadyExists", IAM + "CreateInstanceProfile.html"),
    OIDC: UniqueName(("url",), "EntityAlreadyExists", IAM + "CreateOpenIDConnectProvider.html"),
    CLUSTER: UniqueName(("name",), "ResourceInUseException", EKS + "CreateCluster.html"),
    NODE_GROUP: UniqueName(("clusterName", "nodeGroupName"), "ResourceInUseException", EKS + "CreateNodegroup.html"),
    FARGATE: UniqueName(
        ("clusterName", "fargateProfileName"), "ResourceInUseException", EKS + "CreateFargateProfile.html"
    ),
    ADDON: UniqueName(("clusterName", "addonName"), "ResourceInUseException", EKS + "CreateAddon.html"),
    ENTRY: UniqueName(("clusterName", "principalArn"), "ResourceInUseException", EKS + "CreateAccessEntry.html"),
    POD_IDENTITY: UniqueName(
        ("clusterName", "namespace", "serviceAccount"),
        "ResourceInUseException",
        EKS + "CreatePodIdentityAssociation.html",
    ),
    MOUNT_TARGET: UniqueName(("fileSystemId", "subnetId"), "MountTargetConflict", EFS + "CreateMountTarget.html"),
    QUEUE: UniqueName(("name",), "QueueAlreadyExists", SQS + "CreateQueue.html"),
    LOG_GROUP: UniqueName(
        ("name",),
        "ResourceAlreadyExistsException",
        "https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html",
    ),
    BALANCER: UniqueName(("name",), "DuplicateLoadBalancerName", ELB + "CreateLoadBalancer.html"),
    TARGET_GROUP: UniqueName(("name",), "DuplicateTargetGroupName", ELB + "CreateTargetGroup.html"),
    LISTENER: UniqueName(("loadBalancerArn", "port"), "DuplicateListener", ELB + "CreateListener.html"),
    "aws:kms/alias:Alias": UniqueName(
        ("name",), "AlreadyExistsException", "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html"
    ),
}
