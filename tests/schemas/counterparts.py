"""Which CloudFormation type and which API requests stand for each AWS type of the program.

Properties find their counterparts by name (`words.find`); the tables have those that do not.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final, get_args, get_origin

import pulumi_aws  # noqa: F401  # registers the SDK's classes
from pulumi import _types

from harness import sdk
from rehearsal.cloud import KINDS
from tests.schemas import words
from tests.schemas.words import Node


@dataclass(frozen=True)
class Counterpart:
    """What stands for one type of the program.

    schema: a CloudFormation type; None where there is none. requests: (service, operation, path in the request).
    renamed: Pulumi's paths to the schema's where the letters differ. in_requests: likewise for the requests.
    """

    schema: str | None
    requests: tuple[tuple[str, str, str], ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    in_requests: Mapping[str, str] = field(default_factory=dict)


def _ec2(schema: str | None, operation: str, **renamed: str) -> Counterpart:
    return Counterpart(schema and f"AWS::EC2::{schema}", (("ec2", operation, ""),), renamed)


_RULE: Final = {
    "cidrIpv4": "CidrIp",
    "referencedSecurityGroupId": "SourceSecurityGroupId",
    "prefixListId": "SourcePrefixListId",
    "securityGroupId": "GroupId",
}
_RULE_REQUEST: Final = {
    "cidrIpv4": "IpPermissions.IpRanges.CidrIp",
    "cidrIpv6": "IpPermissions.Ipv6Ranges.CidrIpv6",
    "description": "IpPermissions.IpRanges.Description",
    "referencedSecurityGroupId": "IpPermissions.UserIdGroupPairs.GroupId",
    "securityGroupId": "GroupId",
}

COUNTERPARTS: Final[Mapping[str, Counterpart]] = {
    "aws:acm/certificate:Certificate": Counterpart(
        "AWS::CertificateManager::Certificate", (("acm", "RequestCertificate", ""),)
    ),
    "aws:acm/certificateValidation:CertificateValidation": Counterpart(None),
    "aws:cloudwatch/eventRule:EventRule": Counterpart("AWS::Events::Rule", (("events", "PutRule", ""),)),
    "aws:cloudwatch/eventTarget:EventTarget": Counterpart(
        None,
        (("events", "PutTargets", "Targets"), ("events", "PutTargets", "")),
        in_requests={"targetId": "Id"},
    ),
    "aws:cloudwatch/logGroup:LogGroup": Counterpart(
        "AWS::Logs::LogGroup",
        (("logs", "CreateLogGroup", ""), ("logs", "PutRetentionPolicy", "")),
        {"name": "LogGroupName"},
        {"name": "logGroupName"},
    ),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Counterpart(
        "AWS::Logs::MetricFilter",
        (("logs", "PutMetricFilter", ""),),
        {
            "name": "FilterName",
            "pattern": "FilterPattern",
            "metricTransformation": "MetricTransformations",
            "metricTransformation.name": "MetricName",
            "metricTransformation.namespace": "MetricNamespace",
            "metricTransformation.value": "MetricValue",
        },
        {
            "name": "filterName",
            "pattern": "filterPattern",
            "metricTransformation": "metricTransformations",
            "metricTransformation.name": "metricName",
            "metricTransformation.namespace": "metricNamespace",
            "metricTransformation.value": "metricValue",
        },
    ),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Counterpart(
        "AWS::CloudWatch::Alarm",
        (("cloudwatch", "PutMetricAlarm", ""),),
        {"name": "AlarmName", "metricQueries": "Metrics"},
        {"name": "AlarmName", "metricQueries": "Metrics"},
    ),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": Counterpart(None),
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": _ec2(
        "EgressOnlyInternetGateway", "CreateEgressOnlyInternetGateway"
    ),
    "aws:ec2/eip:Eip": _ec2("EIP", "AllocateAddress"),
    "aws:ec2/flowLog:FlowLog": Counterpart(
        "AWS::EC2::FlowLog",
        (("ec2", "CreateFlowLogs", ""),),
        {
            "iamRoleArn": "DeliverLogsPermissionArn",
            "vpcId": "ResourceId",
            "subnetId": "ResourceId",
            "eniId": "ResourceId",
        },
        {
            "iamRoleArn": "DeliverLogsPermissionArn",
            "vpcId": "ResourceIds",
            "subnetId": "ResourceIds",
            "eniId": "ResourceIds",
        },
    ),
    "aws:ec2/internetGateway:InternetGateway": Counterpart(
        "AWS::EC2::InternetGateway", (("ec2", "CreateInternetGateway", ""), ("ec2", "AttachInternetGateway", ""))
    ),
    "aws:ec2/placementGroup:PlacementGroup": _ec2("PlacementGroup", "CreatePlacementGroup"),
    "aws:ec2/launchTemplate:LaunchTemplate": Counterpart(
        "AWS::EC2::LaunchTemplate",
        (("ec2", "CreateLaunchTemplate", ""), ("ec2", "CreateLaunchTemplate", "LaunchTemplateData")),
        {
            "name": "LaunchTemplateName",
            "blockDeviceMappings": "LaunchTemplateData.BlockDeviceMappings",
            "metadataOptions": "LaunchTemplateData.MetadataOptions",
            "tagSpecifications": "LaunchTemplateData.TagSpecifications",
            "instanceType": "LaunchTemplateData.InstanceType",
            "imageId": "LaunchTemplateData.ImageId",
            "monitoring": "LaunchTemplateData.Monitoring",
            "userData": "LaunchTemplateData.UserData",
            "vpcSecurityGroupIds": "LaunchTemplateData.SecurityGroupIds",
            "networkInterfaces": "LaunchTemplateData.NetworkInterfaces",
            "placement": "LaunchTemplateData.Placement",
            "instanceMarketOptions": "LaunchTemplateData.InstanceMarketOptions",
            "capacityReservationSpecification": "LaunchTemplateData.CapacityReservationSpecification",
        },
        {"name": "LaunchTemplateName", "vpcSecurityGroupIds": "SecurityGroupIds"},
    ),
    "aws:ec2/natGateway:NatGateway": _ec2("NatGateway", "CreateNatGateway", privateIp="PrivateIpAddress"),
    "aws:ec2/route:Route": _ec2("Route", "CreateRoute", egressOnlyGatewayId="EgressOnlyInternetGatewayId"),
    "aws:ec2/routeTable:RouteTable": _ec2("RouteTable", "CreateRouteTable"),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": _ec2("SubnetRouteTableAssociation", "AssociateRouteTable"),
    "aws:ec2/securityGroup:SecurityGroup": Counterpart(
        "AWS::EC2::SecurityGroup",
        (("ec2", "CreateSecurityGroup", ""),),
        {"name": "GroupName", "description": "GroupDescription"},
        {"name": "GroupName"},
    ),
    "aws:ec2/subnet:Subnet": _ec2("Subnet", "CreateSubnet"),
    "aws:ec2/tag:Tag": Counterpart(
        None, (("ec2", "CreateTags", "Tags"), ("ec2", "CreateTags", "")), in_requests={"resourceId": "Resources"}
    ),
    "aws:ec2/vpc:Vpc": Counterpart(
        "AWS::EC2::VPC",
        (("ec2", "CreateVpc", ""),),
        in_requests={"assignGeneratedIpv6CidrBlock": "AmazonProvidedIpv6CidrBlock"},
    ),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2("VPCEndpoint", "CreateVpcEndpoint"),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": _ec2("VPCCidrBlock", "AssociateVpcCidrBlock"),
    "aws:eks/accessEntry:AccessEntry": Counterpart(
        "AWS::EKS::AccessEntry", (("eks", "CreateAccessEntry", ""),), {"userName": "Username"}, {"userName": "username"}
    ),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Counterpart(
        None, (("eks", "AssociateAccessPolicy", ""),)
    ),
    "aws:eks/addon:Addon": Counterpart(
        "AWS::EKS::Addon",
        (("eks", "CreateAddon", ""), ("eks", "DeleteAddon", "")),
        {"preserve": "PreserveOnDelete", "resolveConflictsOnCreate": "ResolveConflicts"},
        {"resolveConflictsOnCreate": "resolveConflicts", "resolveConflictsOnUpdate": "resolveConflicts"},
    ),
    "aws:eks/cluster:Cluster": Counterpart(
        "AWS::EKS::Cluster",
        (("eks", "CreateCluster", ""),),
        {
            "vpcConfig": "ResourcesVpcConfig",
            "enabledClusterLogTypes": "Logging.ClusterLogging.EnabledTypes",
            "enabledClusterLogTypes[]": "Type",
        },
        {
            "vpcConfig": "resourcesVpcConfig",
            "enabledClusterLogTypes": "logging.clusterLogging.types",
        },
    ),
    "aws:eks/fargateProfile:FargateProfile": Counterpart(
        "AWS::EKS::FargateProfile",
        (("eks", "CreateFargateProfile", ""),),
        {"subnetIds": "Subnets"},
        {"subnetIds": "subnets"},
    ),
    "aws:eks/identityProviderConfig:IdentityProviderConfig": Counterpart(
        "AWS::EKS::IdentityProviderConfig",
        (("eks", "AssociateIdentityProviderConfig", ""),),
    ),
    "aws:rolesanywhere/trustAnchor:TrustAnchor": Counterpart(
        "AWS::RolesAnywhere::TrustAnchor", (("rolesanywhere", "CreateTrustAnchor", ""),)
    ),
    "aws:rolesanywhere/profile:Profile": Counterpart(
        "AWS::RolesAnywhere::Profile", (("rolesanywhere", "CreateProfile", ""),)
    ),
    "aws:amp/scraper:Scraper": Counterpart(
        "AWS::APS::Scraper",
        (("amp", "CreateScraper", ""),),
        {
            "source.eks": "EksConfiguration",
            "destination.amp": "AmpConfiguration",
            "scrapeConfiguration": "ScrapeConfiguration.ConfigurationBlob",
        },
        {
            "source.eks": "eksConfiguration",
            "destination.amp": "ampConfiguration",
            "scrapeConfiguration": "scrapeConfiguration.configurationBlob",
        },
    ),
    "aws:amp/workspace:Workspace": Counterpart("AWS::APS::Workspace", (("amp", "CreateWorkspace", ""),)),
    "aws:grafana/roleAssociation:RoleAssociation": Counterpart(None, (("grafana", "UpdatePermissions", ""),)),
    "aws:grafana/workspace:Workspace": Counterpart("AWS::Grafana::Workspace", (("grafana", "CreateWorkspace", ""),)),
    "aws:efs/backupPolicy:BackupPolicy": Counterpart(None, (("efs", "PutBackupPolicy", ""),)),
    "aws:efs/fileSystem:FileSystem": Counterpart("AWS::EFS::FileSystem", (("efs", "CreateFileSystem", ""),)),
    "aws:efs/mountTarget:MountTarget": Counterpart("AWS::EFS::MountTarget", (("efs", "CreateMountTarget", ""),)),
    "aws:eks/capability:Capability": Counterpart(
        "AWS::EKS::Capability",
        (("eks", "CreateCapability", ""),),
    ),
    "aws:eks/nodeGroup:NodeGroup": Counterpart(
        "AWS::EKS::Nodegroup",
        (("eks", "CreateNodegroup", ""), ("eks", "UpdateNodegroupConfig", "")),
        {
            "nodeRoleArn": "NodeRole",
            "subnetIds": "Subnets",
            "remoteAccess.sourceSecurityGroupIds": "SourceSecurityGroups",
        },
        {
            "nodeRoleArn": "nodeRole",
            "subnetIds": "subnets",
            "remoteAccess.sourceSecurityGroupIds": "sourceSecurityGroups",
        },
    ),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Counterpart(
        "AWS::EKS::PodIdentityAssociation", (("eks", "CreatePodIdentityAssociation", ""),)
    ),
    "aws:iam/instanceProfile:InstanceProfile": Counterpart(
        "AWS::IAM::InstanceProfile",
        (("iam", "CreateInstanceProfile", ""), ("iam", "AddRoleToInstanceProfile", "")),
        {"name": "InstanceProfileName", "role": "Roles"},
        {"name": "InstanceProfileName", "role": "RoleName"},
    ),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Counterpart(
        "AWS::IAM::OIDCProvider",
        (("iam", "CreateOpenIDConnectProvider", ""),),
        {"clientIdLists": "ClientIdList", "thumbprintLists": "ThumbprintList"},
        {"clientIdLists": "ClientIDList", "thumbprintLists": "ThumbprintList"},
    ),
    "aws:iam/policy:Policy": Counterpart(
        "AWS::IAM::ManagedPolicy",
        (("iam", "CreatePolicy", ""),),
        {"name": "ManagedPolicyName", "policy": "PolicyDocument"},
        {"name": "PolicyName", "policy": "PolicyDocument"},
    ),
    "aws:iam/role:Role": Counterpart(
        "AWS::IAM::Role",
        (("iam", "CreateRole", ""),),
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
        {"name": "RoleName", "assumeRolePolicy": "AssumeRolePolicyDocument"},
    ),
    "aws:iam/rolePolicy:RolePolicy": Counterpart(
        "AWS::IAM::RolePolicy",
        (("iam", "PutRolePolicy", ""),),
        {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
        {"name": "PolicyName", "policy": "PolicyDocument", "role": "RoleName"},
    ),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Counterpart(
        None, (("iam", "AttachRolePolicy", ""),), in_requests={"role": "RoleName"}
    ),
    "aws:kms/alias:Alias": Counterpart(
        "AWS::KMS::Alias", (("kms", "CreateAlias", ""),), {"name": "AliasName"}, {"name": "AliasName"}
    ),
    "aws:kms/key:Key": Counterpart(
        "AWS::KMS::Key",
        (("kms", "CreateKey", ""), ("kms", "ScheduleKeyDeletion", "")),
        {
            "policy": "KeyPolicy",
            "deletionWindowInDays": "PendingWindowInDays",
            "customerMasterKeySpec": "KeySpec",
            "isEnabled": "Enabled",
        },
        {"deletionWindowInDays": "PendingWindowInDays", "customerMasterKeySpec": "KeySpec"},
    ),
    "aws:lb/listener:Listener": Counterpart(
        "AWS::ElasticLoadBalancingV2::Listener",
        (("elbv2", "CreateListener", ""),),
        {
            "certificateArn": "Certificates.CertificateArn",
            "defaultActions[].redirect": "RedirectConfig",
            "defaultActions[].forward": "ForwardConfig",
            "defaultActions[].fixedResponse": "FixedResponseConfig",
            "defaultActions[].authenticateCognito": "AuthenticateCognitoConfig",
        },
        {
            "certificateArn": "Certificates.CertificateArn",
            "defaultActions[].redirect": "RedirectConfig",
            "defaultActions[].forward": "ForwardConfig",
            "defaultActions[].fixedResponse": "FixedResponseConfig",
            "defaultActions[].authenticateCognito": "AuthenticateCognitoConfig",
        },
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": Counterpart(
        "AWS::ElasticLoadBalancingV2::ListenerCertificate",
        (("elbv2", "AddListenerCertificates", ""),),
        {"certificateArn": "Certificates.CertificateArn"},
        {"certificateArn": "Certificates.CertificateArn"},
    ),
    "aws:lb/listenerRule:ListenerRule": Counterpart(
        "AWS::ElasticLoadBalancingV2::ListenerRule", (("elbv2", "CreateRule", ""),)
    ),
    "aws:lb/loadBalancer:LoadBalancer": Counterpart(
        "AWS::ElasticLoadBalancingV2::LoadBalancer",
        (("elbv2", "CreateLoadBalancer", ""),),
        {"loadBalancerType": "Type", "internal": "Scheme"},
        {"loadBalancerType": "Type", "internal": "Scheme"},
    ),
    "aws:lb/targetGroup:TargetGroup": Counterpart(
        "AWS::ElasticLoadBalancingV2::TargetGroup",
        (("elbv2", "CreateTargetGroup", ""),),
        *(
            {
                "healthCheck": "",
                "healthCheck.interval": "HealthCheckIntervalSeconds",
                "healthCheck.path": "HealthCheckPath",
                "healthCheck.port": "HealthCheckPort",
                "healthCheck.protocol": "HealthCheckProtocol",
                "healthCheck.timeout": "HealthCheckTimeoutSeconds",
                "healthCheck.healthyThreshold": "HealthyThresholdCount",
                "healthCheck.unhealthyThreshold": "UnhealthyThresholdCount",
            },
        )
        * 2,
    ),
    "aws:route53/record:Record": Counterpart(
        "AWS::Route53::RecordSet",
        (
            ("route53", "ChangeResourceRecordSets", "ChangeBatch.Changes.ResourceRecordSet"),
            ("route53", "ChangeResourceRecordSets", ""),
        ),
        {
            "zoneId": "HostedZoneId",
            "records": "ResourceRecords",
            "aliases": "AliasTarget",
            "aliases[]": "",
            "aliases[].name": "DNSName",
            "aliases[].zoneId": "HostedZoneId",
            "weightedRoutingPolicies": "",
            "weightedRoutingPolicies[]": "",
        },
        {
            "zoneId": "HostedZoneId",
            "records": "ResourceRecords",
            "records[]": "Value",
            "aliases": "AliasTarget",
            "aliases[]": "",
            "aliases[].name": "DNSName",
            "aliases[].zoneId": "HostedZoneId",
            "weightedRoutingPolicies": "",
            "weightedRoutingPolicies[]": "",
        },
    ),
    "aws:s3/bucket:Bucket": Counterpart(
        "AWS::S3::Bucket",
        (("s3", "CreateBucket", ""), ("s3", "CreateBucket", "CreateBucketConfiguration")),
        {"bucket": "BucketName", "bucketPrefix": "BucketNamePrefix"},
    ),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Counterpart(
        None,
        (
            ("s3", "PutBucketLifecycleConfiguration", ""),
            ("s3", "PutBucketLifecycleConfiguration", "LifecycleConfiguration"),
        ),
    ),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Counterpart(
        None, (("s3", "PutBucketOwnershipControls", ""), ("s3", "PutBucketOwnershipControls", "OwnershipControls"))
    ),
    "aws:s3/bucketPolicy:BucketPolicy": Counterpart("AWS::S3::BucketPolicy", (("s3", "PutBucketPolicy", ""),)),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Counterpart(
        None,
        (("s3", "PutPublicAccessBlock", ""), ("s3", "PutPublicAccessBlock", "PublicAccessBlockConfiguration")),
    ),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Counterpart(
        None,
        (("s3", "PutBucketEncryption", ""), ("s3", "PutBucketEncryption", "ServerSideEncryptionConfiguration")),
    ),
    "aws:s3/bucketVersioning:BucketVersioning": Counterpart(None, (("s3", "PutBucketVersioning", ""),)),
    "aws:sns/topic:Topic": Counterpart("AWS::SNS::Topic", (("sns", "CreateTopic", ""),), {"name": "TopicName"}),
    "aws:sns/topicPolicy:TopicPolicy": Counterpart(
        "AWS::SNS::TopicPolicy",
        (("sns", "SetTopicAttributes", ""),),
        {"arn": "Topics", "policy": "PolicyDocument"},
        {"arn": "TopicArn", "policy": "AttributeValue"},
    ),
    "aws:sns/topicSubscription:TopicSubscription": Counterpart(
        "AWS::SNS::Subscription", (("sns", "Subscribe", ""),), {"topic": "TopicArn"}, {"topic": "TopicArn"}
    ),
    "aws:sqs/queue:Queue": Counterpart(
        "AWS::SQS::Queue",
        (("sqs", "CreateQueue", ""),),
        {
            "name": "QueueName",
            "messageRetentionSeconds": "MessageRetentionPeriod",
            "maxMessageSize": "MaximumMessageSize",
            "receiveWaitTimeSeconds": "ReceiveMessageWaitTimeSeconds",
            "visibilityTimeoutSeconds": "VisibilityTimeout",
        },
        {"name": "QueueName"},
    ),
    "aws:sqs/queuePolicy:QueuePolicy": Counterpart(
        "AWS::SQS::QueuePolicy",
        (("sqs", "SetQueueAttributes", ""),),
        {"queueUrl": "Queues", "policy": "PolicyDocument"},
    ),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": Counterpart(
        "AWS::EC2::SecurityGroupEgress",
        (("ec2", "AuthorizeSecurityGroupEgress", ""),),
        {
            **_RULE,
            "referencedSecurityGroupId": "DestinationSecurityGroupId",
            "prefixListId": "DestinationPrefixListId",
        },
        _RULE_REQUEST,
    ),
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": Counterpart(
        "AWS::EC2::SecurityGroupIngress", (("ec2", "AuthorizeSecurityGroupIngress", ""),), _RULE, _RULE_REQUEST
    ),
    "aws:wafv2/webAclAssociation:WebAclAssociation": Counterpart(
        "AWS::WAFv2::WebACLAssociation", (("wafv2", "AssociateWebACL", ""),)
    ),
}

TYPES: Final = tuple(sorted(type_ for type_ in KINDS if type_.startswith("aws:")))
"""Every AWS type of the program: those that the fake cloud has."""


@cache
def schema_node(type_: str, path: str) -> tuple[str, Node] | None:
    """Return the path and node in the CloudFormation schema that stand for a Pulumi property; None: none does."""
    it = COUNTERPARTS[type_]
    return words.find(words.schema(it.schema), path, it.renamed) if it.schema else None


@cache
def request_nodes(type_: str, path: str) -> list[Node]:
    """Return the nodes in API requests that stand for a Pulumi property."""
    it = COUNTERPARTS[type_]
    found = [words.find(words.request(*request), path, it.in_requests) for request in it.requests]
    return [node for _, node in filter(None, found)]


@cache
def input_paths(type_: str) -> tuple[str, ...]:
    """Return the paths of all inputs of a type, by the SDK's annotations; objects that hold themselves end."""
    return tuple(_paths(sdk.input_class(type_), "", ()))


def _paths(cls: Any, path: str, above: tuple[Any, ...]) -> Iterator[str]:
    if cls in above:
        return
    for name, hint in _types.input_type_types(cls).items():
        below = f"{path}.{name}" if path else name
        yield below
        yield from _below(hint, below, (*above, cls))


def _below(hint: Any, path: str, above: tuple[Any, ...]) -> Iterator[str]:
    for member in sdk._members(hint):
        if isinstance(member, type) and _types.is_input_type(member):
            yield from _paths(member, path, above)
        elif get_args(member) and sdk._shape(get_origin(member)) == "a list":
            yield f"{path}[]"
            yield from _below(get_args(member)[0], f"{path}[]", above)


Pairs = list[tuple[Node, Node]]


def key_and_value_nodes(type_: str, path: str) -> tuple[Pairs, Pairs]:
    """Return the nodes of keys and values of a Pulumi property that is a mapping: the schema's, and the requests'."""
    it = COUNTERPARTS[type_]
    schema = _pairs(words.schema(it.schema), path, it.renamed) if it.schema else []
    return schema, [pair for request in it.requests for pair in _pairs(words.request(*request), path, it.in_requests)]


def _pairs(root: Node, path: str, renamed: Mapping[str, str]) -> Pairs:
    found = words.find(root, path, renamed)
    pair = words.of_keys_and_values(root, found[1]) if found else None
    return [pair] if pair else []
