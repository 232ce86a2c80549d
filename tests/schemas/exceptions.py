"""Where the program's types and AWS's schemas do not meet, each with its reason; a test fails for a row too many."""

from collections.abc import Mapping
from typing import Final

NO_SCHEMA: Final[Mapping[str, str]] = {
    "aws:acm/certificateValidation:CertificateValidation": "no object of AWS: the provider waits until ACM has issued",
    "aws:cloudwatch/eventTarget:EventTarget": "a part of AWS::Events::Rule; the API model of PutTargets says more",
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": "comes with the VPC: CloudFormation cannot adopt it",
    "aws:ec2/tag:Tag": "a part of each tagged type; the API is CreateTags",
    "aws:efs/backupPolicy:BackupPolicy": "a part of AWS::EFS::FileSystem; the API is PutBackupPolicy",
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": "a part of AWS::EKS::AccessEntry; the API is its own",
    "aws:grafana/roleAssociation:RoleAssociation": "CloudFormation gives nobody a role; the API is UpdatePermissions",
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": "a part of AWS::IAM::Role; the API is AttachRolePolicy",
    **{
        f"aws:s3/bucket{part}:Bucket{part}": "a part of AWS::S3::Bucket; the API is its own"
        for part in (
            *("LifecycleConfiguration", "OwnershipControls", "PublicAccessBlock", "ServerSideEncryptionConfiguration"),
            "Versioning",
        )
    },
}
"""Types that CloudFormation has no type for."""

_ATTRIBUTE: Final = "an attribute: a list of keys and values, of which neither source says anything"

NO_COUNTERPART: Final[Mapping[tuple[str, str], str]] = {
    ("aws:acm/certificateValidation:CertificateValidation", "certificateArn"): "see NO_SCHEMA",
    ("aws:acm/certificateValidation:CertificateValidation", "validationRecordFqdns"): "see NO_SCHEMA",
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "egress"): "see NO_SCHEMA",
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "ingress"): "see NO_SCHEMA",
    ("aws:ec2/defaultSecurityGroup:DefaultSecurityGroup", "vpcId"): "see NO_SCHEMA",
    ("aws:ec2/launchTemplate:LaunchTemplate", "updateDefaultVersion"): "what the provider does with each new version",
    ("aws:lb/loadBalancer:LoadBalancer", "accessLogs"): _ATTRIBUTE,
    ("aws:lb/loadBalancer:LoadBalancer", "dropInvalidHeaderFields"): _ATTRIBUTE,
    ("aws:lb/loadBalancer:LoadBalancer", "enableDeletionProtection"): _ATTRIBUTE,
    ("aws:lb/loadBalancer:LoadBalancer", "idleTimeout"): _ATTRIBUTE,
    ("aws:lb/targetGroup:TargetGroup", "deregistrationDelay"): _ATTRIBUTE,
    ("aws:route53/record:Record", "allowOverwrite"): "UPSERT instead of CREATE: how the provider asks",
}
"""Inputs that the stacks use and that neither a schema nor an API model has; what is below one goes with it."""

_BY_ANOTHER_API: Final = "CloudFormation makes it anew, the provider changes it by an API of its own"
_OF_ITS_ID: Final = "CloudFormation looks for no difference there: the provider's id holds it, so another is another"
_RULE: Final = "ModifySecurityGroupRules changes a rule in place, which CloudFormation does not call"

DIFFERENT_REPLACEMENT: Final[Mapping[tuple[str, str], str]] = {
    ("aws:acm/certificate:Certificate", "validationMethod"): _OF_ITS_ID,
    ("aws:cloudwatch/eventRule:EventRule", "eventBusName"): _OF_ITS_ID,
    (
        "aws:cloudwatch/logGroup:LogGroup",
        "logGroupClass",
    ): "AWS refuses another class; the provider makes another group",
    ("aws:ec2/eip:Eip", "domain"): "the provider's schema has it so; there is one domain left",
    ("aws:ec2/eip:Eip", "publicIpv4Pool"): "CloudFormation replaces it too, and says so in prose alone",
    ("aws:ec2/placementGroup:PlacementGroup", "tags"): "CreateTags and DeleteTags change the tags in place",
    ("aws:ec2/routeTableAssociation:RouteTableAssociation", "routeTableId"): (
        "ReplaceRouteTableAssociation moves a subnet to another table without a moment between"
    ),
    ("aws:lb/listenerCertificate:ListenerCertificate", "certificateArn"): (
        "CloudFormation's type has a list of certificates, which it changes in place; the provider's has one"
    ),
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "dnsOptions.privateDnsPreference"): _BY_ANOTHER_API,
    ("aws:ec2/vpcEndpoint:VpcEndpoint", "dnsOptions.privateDnsSpecifiedDomains"): _BY_ANOTHER_API,
    ("aws:eks/cluster:Cluster", "encryptionConfig"): (
        "EKS can add encryption once and never changes its key; the provider updates without a word"
    ),
    ("aws:eks/nodeGroup:NodeGroup", "launchTemplate.id"): "EKS takes another version of a template, and no other one",
    ("aws:eks/nodeGroup:NodeGroup", "launchTemplate.name"): "EKS takes another version of a template, and no other one",
    ("aws:kms/key:Key", "customerMasterKeySpec"): "CloudFormation refuses the change, the provider makes another key",
    ("aws:kms/key:Key", "keyUsage"): "CloudFormation refuses the change, the provider makes another key",
    ("aws:kms/key:Key", "multiRegion"): "CloudFormation refuses the change, the provider makes another key",
    ("aws:route53/record:Record", "name"): _OF_ITS_ID,
    ("aws:s3/bucket:Bucket", "objectLockEnabled"): "S3 takes it later too; the provider makes another bucket",
    ("aws:sns/topicPolicy:TopicPolicy", "arn"): _OF_ITS_ID,
    ("aws:sqs/queuePolicy:QueuePolicy", "queueUrl"): _OF_ITS_ID,
    **{
        (f"aws:vpc/securityGroup{way}Rule:SecurityGroup{way}Rule", name): _RULE
        for way in ("Ingress", "Egress")
        for name in (
            "cidrIpv4",
            "cidrIpv6",
            "fromPort",
            "ipProtocol",
            "prefixListId",
            "referencedSecurityGroupId",
            "toPort",
        )
    },
}
"""Inputs whose change replaces a resource by one of the two and not by the other; what is below one goes with it.

The provider's side is https://github.com/hashicorp/terraform-provider-aws, internal/service."""

NOT_IN_A_SCHEMA: Final[Mapping[tuple[str, str], str]] = {
    ("aws:ec2/eip:Eip", "customerOwnedIpv4Pool"): "for Outposts",
    ("aws:ec2/placementGroup:PlacementGroup", "name"): "CloudFormation chooses the name and only returns it",
    (
        "aws:ec2/routeTableAssociation:RouteTableAssociation",
        "gatewayId",
    ): "AWS::EC2::GatewayRouteTableAssociation has it",
    ("aws:efs/fileSystem:FileSystem", "creationToken"): "CloudFormation chooses it",
    ("aws:kms/key:Key", "customKeyStoreId"): "CloudFormation makes no keys outside of KMS",
    ("aws:kms/key:Key", "xksKeyId"): "CloudFormation makes no keys outside of KMS",
    ("aws:lb/loadBalancer:LoadBalancer", "customerOwnedIpv4Pool"): "for Outposts",
    ("aws:lb/targetGroup:TargetGroup", "lambdaMultiValueHeadersEnabled"): _ATTRIBUTE,
}
"""Inputs whose change replaces a resource and that CloudFormation's schema does not have."""

PROVIDERS_OWN: Final[Mapping[str, str]] = {
    "region": "which of the provider's regions a resource is in, since version 6",
    "namePrefix": "the provider's other way to name a resource",
    "nodeGroupNamePrefix": "the provider's other way to name a resource",
}
"""Inputs whose change replaces a resource, and that no schema has because they are the provider's own."""
