"""How a resource that exists is named to Pulumi: the ids that `pulumi import` takes, and those in a state.

They are the ids of the "Import" sections of the provider's pages (https://www.pulumi.com/registry/packages/aws/), which
the SDK has in its docstrings; the examples of ids are theirs, and a test compares each. Where the provider writes
another id into the state than it takes for an import, the Terraform provider inside it says which
(https://github.com/hashicorp/terraform-provider-aws/tree/main/internal/service).
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from string import Formatter
from typing import Any, Final

from facts.partitions import dns_suffix, partition_of


@dataclass(frozen=True)
class Identity:
    """The ids of one type of resource.

    imported: the id for `pulumi import`, as a template over the inputs, `{account}`, `{region}` and `{partition}`;
    empty where AWS assigns it. in_state: the id in the state where that is another one; empty where AWS assigns it.
    form: an example of the id for `pulumi import` where AWS assigns some of it. lookup: a command, as a template, that
    prints the part that AWS assigns.
    """

    imported: str = ""
    in_state: str | None = None
    form: str = ""
    lookup: str = ""


def _ec2(form: str, kind: str, attribute: str, *filters: str) -> Identity:
    named = " ".join(f"'Name={text}'" for text in filters)
    what = f"aws ec2 describe-{kind} --region {{region}} --filters {named}"
    return Identity(form=form, lookup=f"{what} --query '{attribute}' --output text")


_OF_VPC: Final = "vpc-id,Values={vpcId}"
_RULE: Final = _ec2(
    "sgr-02108b27edd666983",
    "security-group-rules",
    "SecurityGroupRules[].[SecurityGroupRuleId,Description]",
    "group-id,Values={securityGroupId}",
)
_ELB: Final = "arn:aws:elasticloadbalancing:us-west-2"
_ELB_LOOKUP: Final = "aws elbv2 describe-{} --region {{region}} {} --query '{}' --output text"

NOTHING: Final = ("CertificateValidation", "grafana/roleAssociation:RoleAssociation")
"""The types that the provider cannot import: one waits for a certificate; the other gives groups their roles in a
workspace of Grafana, which may be repeated."""

IDENTITIES: Final[dict[str, Identity]] = {
    "aws:acm/certificate:Certificate": Identity(
        form="arn:aws:acm:eu-central-1:123456789012:certificate/7e7a28d2-163f-4b8f-b9cd-822f96c08d6a",
        lookup="aws acm list-certificates --region {region} --query "
        "\"CertificateSummaryList[?DomainName=='{domainName}'].CertificateArn\" --output text",
    ),
    "aws:cloudwatch/eventRule:EventRule": Identity("{bus}/{name}", in_state="{name}"),
    "aws:cloudwatch/eventTarget:EventTarget": Identity("{rule}/{targetId}", in_state="{rule}-{targetId}"),
    "aws:cloudwatch/logGroup:LogGroup": Identity("{name}"),
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": Identity("{logGroupName}:{name}", in_state="{name}"),
    "aws:cloudwatch/metricAlarm:MetricAlarm": Identity("{name}"),
    "aws:ec2/defaultSecurityGroup:DefaultSecurityGroup": _ec2(
        "sg-903004f8", "security-groups", "SecurityGroups[].GroupId", _OF_VPC, "group-name,Values=default"
    ),
    "aws:ec2/egressOnlyInternetGateway:EgressOnlyInternetGateway": _ec2(
        "eigw-015e0e244e24dfe8a",
        "egress-only-internet-gateways",
        "EgressOnlyInternetGateways[?Attachments[0].VpcId==`{vpcId}`].EgressOnlyInternetGatewayId",
        "tag-key,Values=Name",
    ),
    "aws:ec2/eip:Eip": _ec2(
        "eipalloc-00a10e96", "addresses", "Addresses[].[AllocationId,PublicIp]", "domain,Values=vpc"
    ),
    "aws:ec2/flowLog:FlowLog": Identity(
        form="fl-1a2b3c4d",
        lookup="aws ec2 describe-flow-logs --region {region} --filter 'Name=resource-id,Values={vpcId}' "
        "--query 'FlowLogs[].FlowLogId' --output text",
    ),
    "aws:ec2/internetGateway:InternetGateway": _ec2(
        "igw-c0a643a9",
        "internet-gateways",
        "InternetGateways[].InternetGatewayId",
        "attachment.vpc-id,Values={vpcId}",
    ),
    "aws:ec2/launchTemplate:LaunchTemplate": _ec2(
        "lt-12345678",
        "launch-templates",
        "LaunchTemplates[].[LaunchTemplateId,LaunchTemplateName]",
        "launch-template-name,Values=*",
    ),
    "aws:ec2/natGateway:NatGateway": Identity(
        form="nat-05dba92075d71c408",
        lookup="aws ec2 describe-nat-gateways --region {region} --filter 'Name=subnet-id,Values={subnetId}' "
        "--query 'NatGateways[].NatGatewayId' --output text",
    ),
    "aws:ec2/placementGroup:PlacementGroup": Identity("{name}"),
    "aws:ec2/route:Route": Identity("{routeTableId}_{destination}", in_state="r-{routeTableId}{destinationHash}"),
    "aws:ec2/routeTable:RouteTable": _ec2(
        "rtb-4e616f6d69", "route-tables", "RouteTables[].[RouteTableId,Associations[].SubnetId]", _OF_VPC
    ),
    "aws:ec2/routeTableAssociation:RouteTableAssociation": Identity(
        "{subnetId}/{routeTableId}",
        in_state="",
        lookup="aws ec2 describe-route-tables --region {region} --route-table-ids {routeTableId} --query "
        "'RouteTables[].Associations[?SubnetId==`{subnetId}`].RouteTableAssociationId' --output text",
    ),
    "aws:ec2/securityGroup:SecurityGroup": _ec2(
        "sg-903004f8", "security-groups", "SecurityGroups[].[GroupId,GroupName]", _OF_VPC
    ),
    "aws:ec2/subnet:Subnet": _ec2(
        "subnet-9d4a7b6c", "subnets", "Subnets[].SubnetId", _OF_VPC, "cidr-block,Values={cidrBlock}"
    ),
    "aws:ec2/tag:Tag": Identity("{resourceId},{key}"),
    "aws:ec2/vpc:Vpc": _ec2("vpc-a01106c2", "vpcs", "Vpcs[].VpcId", "cidr,Values={cidrBlock}"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _ec2(
        "vpce-3ecf2a57",
        "vpc-endpoints",
        "VpcEndpoints[].VpcEndpointId",
        _OF_VPC,
        "service-name,Values={serviceName}",
    ),
    "aws:ec2/vpcIpv4CidrBlockAssociation:VpcIpv4CidrBlockAssociation": Identity(
        form="vpc-cidr-assoc-021e8461d70ed08be",
        lookup="aws ec2 describe-vpcs --region {region} --vpc-ids {vpcId} --query "
        "'Vpcs[].CidrBlockAssociationSet[?CidrBlock==`{cidrBlock}`].AssociationId' --output text",
    ),
    "aws:eks/accessEntry:AccessEntry": Identity("{clusterName}:{principalArn}"),
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": Identity("{clusterName}#{principalArn}#{policyArn}"),
    "aws:eks/addon:Addon": Identity("{clusterName}:{addonName}"),
    "aws:eks/cluster:Cluster": Identity("{name}"),
    "aws:amp/scraper:Scraper": Identity(
        form="s-b6f487db-4761-4930-9215-e9d588a7efe2",
        lookup="aws amp list-scrapers --region {region} --query 'scrapers[].[scraperId,alias]' --output text",
    ),
    "aws:amp/workspace:Workspace": Identity(
        form="ws-C6DCB907-F2D7-4D96-957B-66691F865D8B",
        lookup="aws amp list-workspaces --region {region} --query 'workspaces[].[workspaceId,alias]' --output text",
    ),
    "aws:efs/backupPolicy:BackupPolicy": Identity(
        form="fs-6fa144c6",
        lookup="aws efs describe-file-systems --region {region} "
        "--query 'FileSystems[].[FileSystemId,Name]' --output text",
    ),
    "aws:efs/fileSystem:FileSystem": Identity(
        form="fs-6fa144c6",
        lookup="aws efs describe-file-systems --region {region} "
        "--query 'FileSystems[].[FileSystemId,Name]' --output text",
    ),
    "aws:efs/mountTarget:MountTarget": Identity(
        form="fsmt-52a643fb",
        lookup="aws efs describe-mount-targets --region {region} --file-system-id {fileSystemId} "
        "--query 'MountTargets[].[MountTargetId,SubnetId]' --output text",
    ),
    "aws:grafana/workspace:Workspace": Identity(
        form="g-2054c75a02",
        lookup="aws grafana list-workspaces --region {region} --query \"workspaces[?name=='{name}'].id\" --output text",
    ),
    "aws:eks/capability:Capability": Identity("{clusterName},{capabilityName}"),
    "aws:eks/identityProviderConfig:IdentityProviderConfig": Identity("{clusterName}:{provider}"),
    "aws:rolesanywhere/profile:Profile": Identity(
        form="db138a85-8925-4f9f-a409-08231233cacf",
        lookup="aws rolesanywhere list-profiles --region {region} "
        "--query \"profiles[?name=='{name}'].profileId\" --output text",
    ),
    "aws:rolesanywhere/trustAnchor:TrustAnchor": Identity(
        form="92b2fbbb-984d-41a3-a765-e3cbdb69ebb1",
        lookup="aws rolesanywhere list-trust-anchors --region {region} "
        "--query \"trustAnchors[?name=='{name}'].trustAnchorId\" --output text",
    ),
    "aws:eks/fargateProfile:FargateProfile": Identity("{clusterName}:{fargateProfileName}"),
    "aws:eks/nodeGroup:NodeGroup": Identity("{clusterName}:{nodeGroupName}"),
    "aws:eks/podIdentityAssociation:PodIdentityAssociation": Identity(
        in_state="",
        form="example-cluster,a-yrpsdroc4ei7k6xps",
        lookup="aws eks list-pod-identity-associations --region {region} --cluster-name {clusterName} "
        "--namespace {namespace} --service-account {serviceAccount} --query 'associations[].associationId' "
        "--output text",
    ),
    "aws:iam/instanceProfile:InstanceProfile": Identity("{name}"),
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": Identity(
        "arn:{partition}:iam::{account}:oidc-provider/{host}"
    ),
    "aws:iam/policy:Policy": Identity("arn:{partition}:iam::{account}:policy{path}{name}"),
    "aws:iam/role:Role": Identity("{name}"),
    "aws:iam/rolePolicy:RolePolicy": Identity("{role}:{name}"),
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": Identity("{role}/{policyArn}"),
    "aws:kms/alias:Alias": Identity("{name}"),
    "aws:kms/key:Key": Identity(
        form="1234abcd-12ab-34cd-56ef-1234567890ab",
        lookup="aws kms list-aliases --region {region} --query 'Aliases[].[AliasName,TargetKeyId]' --output text",
    ),
    "aws:lb/listener:Listener": Identity(
        form=f"{_ELB}:187416307283:listener/app/front-end-alb/8e4497da625e2d8a/9ab28ade35828f96",
        lookup=_ELB_LOOKUP.format(
            "listeners", "--load-balancer-arn {loadBalancerArn}", "Listeners[?Port==`{port}`].ListenerArn"
        ),
    ),
    "aws:lb/listenerCertificate:ListenerCertificate": Identity("{listenerArn}_{certificateArn}"),
    "aws:lb/listenerRule:ListenerRule": Identity(
        form=f"{_ELB}:187416307283:listener-rule/app/test/8e4497da625e2d8a/9ab28ade35828f96/67b3d2d36dd7c26b",
        lookup=_ELB_LOOKUP.format("rules", "--listener-arn {listenerArn}", "Rules[].[RuleArn,Priority]"),
    ),
    "aws:lb/loadBalancer:LoadBalancer": Identity(
        form=f"{_ELB}:123456789012:loadbalancer/app/my-load-balancer/50dc6c495c0c9188",
        lookup=_ELB_LOOKUP.format("load-balancers", "--names {name}", "LoadBalancers[].LoadBalancerArn"),
    ),
    "aws:lb/targetGroup:TargetGroup": Identity(
        form=f"{_ELB}:187416307283:targetgroup/app-front-end/20cfe21448b66314",
        lookup=_ELB_LOOKUP.format("target-groups", "--names {name}", "TargetGroups[].TargetGroupArn"),
    ),
    "aws:route53/record:Record": Identity("{zoneId}_{name}_{type}{set}"),
    "aws:s3/bucket:Bucket": Identity("{bucket}"),
    "aws:s3/bucketLifecycleConfiguration:BucketLifecycleConfiguration": Identity("{bucket}"),
    "aws:s3/bucketOwnershipControls:BucketOwnershipControls": Identity("{bucket}"),
    "aws:s3/bucketPolicy:BucketPolicy": Identity("{bucket}"),
    "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock": Identity("{bucket}"),
    "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration": Identity("{bucket}"),
    "aws:s3/bucketVersioning:BucketVersioning": Identity("{bucket}"),
    "aws:sns/topic:Topic": Identity("arn:{partition}:sns:{region}:{account}:{name}"),
    "aws:sns/topicPolicy:TopicPolicy": Identity("{arn}"),
    "aws:sns/topicSubscription:TopicSubscription": Identity(
        form="arn:aws:sns:us-west-2:123456789012:my-topic:8a21d249-4329-4871-acc6-7be709c6ea7f",
        lookup="aws sns list-subscriptions-by-topic --region {region} --topic-arn {topic} --query "
        "'Subscriptions[?Endpoint==`{endpoint}`].SubscriptionArn' --output text",
    ),
    "aws:sqs/queue:Queue": Identity("https://sqs.{region}.{domain}/{account}/{name}"),
    "aws:sqs/queuePolicy:QueuePolicy": Identity("{queueUrl}"),
    "aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": _RULE,
    "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": _RULE,
    "aws:wafv2/webAclAssociation:WebAclAssociation": Identity("{webAclArn},{resourceArn}"),
}
"""The ids by resource type; objects of Kubernetes are `NAMESPACE/NAME`, or `NAME` where they are in no namespace."""


_UNKNOWN: Final = Identity()
"""Of a type that the table does not have: nothing is known of its ids."""


def import_id(type_: str, inputs: Mapping[str, Any], account: str, region: str) -> str | None:
    """Return the id by which `pulumi import` finds a resource with these inputs; None where AWS assigns it."""
    return _id(type_, inputs, account, region, IDENTITIES.get(type_, _UNKNOWN).imported)


def state_id(type_: str, inputs: Mapping[str, Any], account: str, region: str) -> str | None:
    """Return the id that a resource with these inputs has in a state; None where AWS assigns it."""
    identity = IDENTITIES.get(type_, _UNKNOWN)
    template = identity.imported if identity.in_state is None else identity.in_state
    return _id(type_, inputs, account, region, template)


def _id(type_: str, inputs: Mapping[str, Any], account: str, region: str, template: str) -> str | None:
    if type_.startswith("kubernetes:"):
        return _object_id(type_, inputs)
    return _filled(template, _values(inputs, account, region))


def lookup(type_: str, inputs: Mapping[str, Any], account: str, region: str) -> str:
    """Return the command that prints what AWS assigned, with capital letters for what is not known; "" for none."""
    template = IDENTITIES.get(type_, _UNKNOWN).lookup
    values = _values(inputs, account, region)
    return template.format_map({name: values.get(name) or name.upper() for name in _fields(template)})


def _fields(template: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(template) if name]


def _filled(template: str, values: Mapping[str, str]) -> str | None:
    if not template or not all(values.get(name) is not None for name in _fields(template)):
        return None
    return template.format_map(values)


def _values(inputs: Mapping[str, Any], account: str, region: str) -> dict[str, str]:
    """Return what templates are filled with: the inputs that are plain and known, and what follows from them."""
    given = {name: str(value) for name, value in inputs.items() if isinstance(value, str | int)}
    partition = partition_of(region)
    kinds = ("destinationCidrBlock", "destinationIpv6CidrBlock", "destinationPrefixListId")
    destination = next((given[kind] for kind in kinds if given.get(kind)), None)
    found = {
        "path": "/",
        "bus": given.get("eventBusName", "default"),
        **given,
        "account": account,
        "region": region,
        "partition": partition,
        "domain": dns_suffix(region),
        "set": f"_{given['setIdentifier']}" if given.get("setIdentifier") else "",
    }
    if isinstance(inputs.get("oidc"), Mapping):
        found["provider"] = str(inputs["oidc"].get("identityProviderConfigName"))
    if "url" in given:
        found["host"] = given["url"].removeprefix("https://")
    if destination is not None:
        # https://github.com/hashicorp/terraform-provider-aws/blob/main/internal/create/hashcode.go
        found |= {"destination": destination, "destinationHash": str(zlib.crc32(destination.encode()))}
    return found


def _object_id(type_: str, inputs: Mapping[str, Any]) -> str | None:
    """Return the id of an object, or of a Helm release, which has no `metadata`."""
    named = inputs if type_ == "kubernetes:helm.sh/v3:Release" else inputs.get("metadata")
    if not isinstance(named, Mapping):
        return None
    name, namespace = named.get("name"), named.get("namespace")
    if not isinstance(name, str) or not isinstance(namespace, str | None):
        return None
    return f"{namespace}/{name}" if namespace else name
