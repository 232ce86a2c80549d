"""Resources that keep to each rule, and resources that break it, with what the rule then says."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from policy.exceptions import (
    ADDED_ADDON,
    EXTRA_CHART,
    GRAFANA,
    KARPENTER,
    LOAD_BALANCER_CONTROLLER,
    METRICS_READER,
    TEAMS,
    WORKLOAD_ROLE,
)
from policy.exceptions import NODE_GROUP as NODE_GROUP_COMPONENT
from policy.model import Resource
from policy.rules.buckets import BLOCKS, BUCKET, ENCRYPTION, PRIVATE
from policy.rules.cluster import AWS_PROVIDER, CLUSTER, KUBERNETES_PROVIDER
from policy.rules.iam import ATTACHMENT, ROLE
from policy.rules.load_balancing import BALANCER, INGRESS, LISTENER, PREFIX
from policy.rules.network import DEFAULT_GROUP, FLOW_LOG, GROUP, INGRESS_RULE, LEGACY_RULE, NAT, SUBNET, VPC
from policy.rules.nodes import INSTANCE, NODE_CLASS, NODE_GROUP, NODE_POOL, TEMPLATE
from policy.rules.pods import RELEASE
from policy.rules.workloads import DISRUPTION_BUDGET, ENFORCE, NAMESPACE

KEY: Final = "aws:kms/key:Key"
QUEUE: Final = "aws:sqs/queue:Queue"
QUEUE_POLICY: Final = "aws:sqs/queuePolicy:QueuePolicy"
TOPIC: Final = "aws:sns/topic:Topic"
POLICY: Final = "aws:iam/policy:Policy"
INLINE_POLICY: Final = "aws:iam/rolePolicy:RolePolicy"
FILE_SYSTEM: Final = "aws:efs/fileSystem:FileSystem"
VOLUME: Final = "aws:ebs/volume:Volume"
STORAGE_CLASS: Final = "kubernetes:storage.k8s.io/v1:StorageClass"
LOG_GROUP: Final = "aws:cloudwatch/logGroup:LogGroup"
ADDON: Final = "aws:eks/addon:Addon"
DEPLOYMENT: Final = "kubernetes:apps/v1:Deployment"
CRON_JOB: Final = "kubernetes:batch/v1:CronJob"
POD: Final = "kubernetes:core/v1:Pod"

WORLD: Final = "0.0.0.0/0"
OFFICE: Final = "203.0.113.0/24"
ISSUER: Final = "oidc.eks.ap-northeast-1.amazonaws.com/id/1234"
ACCOUNT: Final = "arn:aws:iam::111122223333"
SERVICE_ACCOUNT: Final = "system:serviceaccount:kube-system:karpenter"


@dataclass(frozen=True)
class Case:
    """Resources of one stack, and what a rule says of them: nothing where they keep to it."""

    rule: str
    name: str
    resources: tuple[Resource, ...]
    problems: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Return how a test run names it."""
        return f"{self.rule}, {'broken' if self.problems else 'kept'}: {self.name}"


CASES: Final[list[Case]] = []


def resource(
    type_: str,
    properties: Mapping[str, Any] | None = None,
    *,
    parents: tuple[str, ...] = (),
    name: str = "it",
    provider: Mapping[str, Any] | None = None,
    protect: bool = False,
) -> Resource:
    """Return a resource of a production stack."""
    return Resource(
        urn=f"urn:pulumi:new::eks-platform::{'$'.join((*parents, type_))}::{name}",
        type=type_,
        name=name,
        properties=properties or {},
        provider=provider,
        protect=protect,
    )


def passes(rule: str, **resources: Resource | tuple[Resource, ...]) -> None:
    """Take down resources, by what is special about them, that keep to a rule."""
    for name, given in resources.items():
        CASES.append(Case(rule, name, given if isinstance(given, tuple) else (given,)))


def breaks(rule: str, name: str, given: Resource | tuple[Resource, ...], *problems: str) -> None:
    """Take down resources that break a rule, with what it says."""
    CASES.append(Case(rule, name, given if isinstance(given, tuple) else (given,), problems))


# --- The control plane --------------------------------------------------------------------------------------------


def _endpoint(**config: Any) -> Resource:
    return resource(CLUSTER, {"vpcConfig": config})


passes(
    "cluster-public-endpoint",
    private=_endpoint(endpointPublicAccess=False),
    for_some=_endpoint(endpointPublicAccess=True, publicAccessCidrs=[OFFICE, "198.51.100.7/32"]),
    no_block=_endpoint(endpointPublicAccess=True, publicAccessCidrs=["not a block"]),
)
breaks(
    "cluster-public-endpoint",
    "default",
    resource(CLUSTER),
    "the endpoint is public and publicAccessCidrs is not set, which means 0.0.0.0/0",
)
breaks(
    "cluster-public-endpoint",
    "world",
    _endpoint(endpointPublicAccess=True, publicAccessCidrs=[OFFICE, WORLD]),
    "the endpoint is open to 0.0.0.0/0",
)
breaks(
    "cluster-public-endpoint",
    "world in two halves, and in the other protocol",
    _endpoint(publicAccessCidrs=["0.0.0.0/1", "128.0.0.0/1", "::/0"]),
    "the endpoint is open to 0.0.0.0/1",
    "the endpoint is open to 128.0.0.0/1",
    "the endpoint is open to ::/0",
)


def _encrypted(*resources: str, key: str | None = "arn:aws:kms:ap-northeast-1:111122223333:key/1") -> Resource:
    return resource(CLUSTER, {"encryptionConfig": {"provider": {"keyArn": key}, "resources": list(resources)}})


passes("cluster-secrets-encryption", key=_encrypted("secrets"))
for _name, _given in {
    "default": resource(CLUSTER),
    "no key": _encrypted("secrets", key=None),
    "other": _encrypted(),
}.items():
    breaks("cluster-secrets-encryption", _name, _given, "secrets are not encrypted with a KMS key of the account")

passes("cluster-logs", those=resource(CLUSTER, {"enabledClusterLogTypes": ["audit", "api", "authenticator"]}))
breaks("cluster-logs", "none", resource(CLUSTER), "no audit and no authenticator log")
breaks("cluster-logs", "one", resource(CLUSTER, {"enabledClusterLogTypes": ["api", "audit"]}), "no authenticator log")

passes("cluster-deletion-protection", set=resource(CLUSTER, {"deletionProtection": True}))
for _name, _properties in {"default": {}, "off": {"deletionProtection": False}}.items():
    breaks("cluster-deletion-protection", _name, resource(CLUSTER, _properties), "EKS would delete it on request")

for _type in (CLUSTER, VPC, KEY):
    passes("resource-protection", **{_type: resource(_type, protect=True)})
    breaks("resource-protection", _type, resource(_type), "it is not protected: Pulumi may delete or replace it")

passes(
    "cluster-support-policy",
    standard=resource(CLUSTER, {"upgradePolicy": {"supportType": "STANDARD"}}),
    extended_on_purpose=resource(CLUSTER, {"upgradePolicy": {"supportType": "EXTENDED"}}),
)
breaks("cluster-support-policy", "default", resource(CLUSTER), "upgradePolicy.supportType is not set")


def _access(**config: Any) -> Resource:
    return resource(CLUSTER, {"accessConfig": config})


passes(
    "cluster-access-entries",
    api=_access(authenticationMode="API", bootstrapClusterCreatorAdminPermissions=False),
)
breaks(
    "cluster-access-entries",
    "default",
    resource(CLUSTER),
    "authenticationMode is not set",
    "the creator of the cluster stays its administrator",
)
breaks(
    "cluster-access-entries",
    "both ways",
    _access(authenticationMode="API_AND_CONFIG_MAP", bootstrapClusterCreatorAdminPermissions=False),
    "authenticationMode is API_AND_CONFIG_MAP",
)
breaks(
    "cluster-access-entries",
    "creator",
    _access(authenticationMode="API", bootstrapClusterCreatorAdminPermissions=True),
    "the creator of the cluster stays its administrator",
)

passes(
    "kubernetes-provider-cluster-identifier",
    identified=resource(KUBERNETES_PROVIDER, {"clusterIdentifier": "ap-northeast-1/platform"}),
    inside_the_component=resource(KUBERNETES_PROVIDER, parents=("eks-platform:index:Cluster", "eks:index:Cluster")),
)
for _name, _parents in {
    "alone": (),
    "in ours": ("eks-platform:index:Cluster",),
    "deeper": ("eks:index:Cluster", "other:index:Thing"),
}.items():
    breaks(
        "kubernetes-provider-cluster-identifier",
        _name,
        resource(KUBERNETES_PROVIDER, {"kubeconfig": "{}"}, parents=_parents, name="eks-k8s"),
        "it has no clusterIdentifier",
    )

passes(
    "aws-provider-account",
    json=resource(AWS_PROVIDER, {"allowedAccountIds": '["111122223333"]'}),
    list=resource(AWS_PROVIDER, {"allowedAccountIds": ["111122223333"]}),
)
breaks("aws-provider-account", "any", resource(AWS_PROVIDER, {"region": "a"}), "it has no allowedAccountIds")
breaks(
    "aws-provider-account", "none", resource(AWS_PROVIDER, {"allowedAccountIds": "[]"}), "it has no allowedAccountIds"
)

# --- Encryption, retention ----------------------------------------------------------------------------------------

passes(
    "queue-encryption",
    by_sqs=resource(QUEUE, {"sqsManagedSseEnabled": True}),
    by_kms=resource(QUEUE, {"kmsMasterKeyId": "alias/queue"}),
)
breaks("queue-encryption", "default", resource(QUEUE), "it is not encrypted")
breaks("queue-encryption", "off", resource(QUEUE, {"sqsManagedSseEnabled": False}), "it is not encrypted")

passes("topic-encryption", key=resource(TOPIC, {"kmsMasterKeyId": "alias/aws/sns"}))
breaks("topic-encryption", "default", resource(TOPIC), "it is not encrypted")

passes(
    "key-rotation",
    rotates=resource(KEY, {"enableKeyRotation": True}),
    signs=resource(KEY, {"customerMasterKeySpec": "ECC_NIST_P256"}),
)
breaks("key-rotation", "default", resource(KEY), "it never rotates")

passes(
    "volume-encryption",
    volume=resource(VOLUME, {"encrypted": True}),
    files=resource(FILE_SYSTEM, {"encrypted": True}),
    ebs=resource(STORAGE_CLASS, {"provisioner": "ebs.csi.aws.com", "parameters": {"encrypted": "true"}}),
    other_driver=resource(STORAGE_CLASS, {"provisioner": "efs.csi.aws.com"}),
)
breaks("volume-encryption", "volume", resource(VOLUME, {"size": 1}), "it is not encrypted")
breaks("volume-encryption", "files", resource(FILE_SYSTEM, {"throughputMode": "elastic"}), "it is not encrypted")
for _driver in ("ebs.csi.aws.com", "ebs.csi.eks.amazonaws.com"):
    breaks(
        "volume-encryption",
        _driver,
        resource(STORAGE_CLASS, {"provisioner": _driver, "parameters": {"type": "gp3"}}),
        "its volumes are not encrypted",
    )

_BLOCKED: Final = dict.fromkeys(BLOCKS, True)


def _encrypted_bucket(**by_default: str) -> Resource:
    return resource(ENCRYPTION, {"rules": [{"applyServerSideEncryptionByDefault": by_default}]})


passes("bucket-public-access", blocked=(resource(BUCKET), resource(PRIVATE, _BLOCKED)))
breaks("bucket-public-access", "default", resource(BUCKET), "nothing blocks public access")
breaks(
    "bucket-public-access",
    "one of two",
    (resource(BUCKET), resource(BUCKET), resource(PRIVATE, _BLOCKED)),
    "nothing blocks public access",
)
breaks(
    "bucket-public-access",
    "by lists alone",
    (resource(BUCKET), resource(PRIVATE, {"blockPublicAcls": True, "ignorePublicAcls": True})),
    "it does not set blockPublicPolicy, restrictPublicBuckets",
)
passes(
    "bucket-encryption",
    key=(resource(BUCKET), _encrypted_bucket(sseAlgorithm="aws:kms", kmsMasterKeyId="arn")),
    twice=(resource(BUCKET), _encrypted_bucket(sseAlgorithm="aws:kms:dsse", kmsMasterKeyId="arn")),
)
breaks("bucket-encryption", "default", resource(BUCKET), "no key of KMS encrypts it")
for _by_default in ({"sseAlgorithm": "AES256"}, {"sseAlgorithm": "aws:kms"}):
    breaks(
        "bucket-encryption",
        f"{_by_default['sseAlgorithm']} without a key",
        (resource(BUCKET), _encrypted_bucket(**_by_default)),
        "no rule names a key of KMS",
    )

passes("log-retention", days=resource(LOG_GROUP, {"retentionInDays": 30}))
breaks("log-retention", "default", resource(LOG_GROUP), "its logs are kept forever")
breaks("log-retention", "zero", resource(LOG_GROUP, {"retentionInDays": 0}), "its logs are kept forever")

# --- IAM ----------------------------------------------------------------------------------------------------------


def statement(**parts: Any) -> str:
    """Return a policy of one statement, as JSON."""
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Sid": "One", "Effect": "Allow", **parts}]})


def trust(condition: Mapping[str, Any] | None, action: str = "sts:AssumeRoleWithWebIdentity") -> Resource:
    """Return a role that tokens of a cluster's OIDC provider assume."""
    principal = {"Federated": f"{ACCOUNT}:oidc-provider/{ISSUER}"}
    given = {} if condition is None else {"Condition": condition}
    return resource(ROLE, {"assumeRolePolicy": statement(Principal=principal, Action=action, **given)})


_AUD = {f"{ISSUER}:aud": "sts.amazonaws.com"}
_SUB = {f"{ISSUER}:sub": SERVICE_ACCOUNT}

passes(
    "irsa-trust",
    both=trust({"StringEquals": {**_AUD, **_SUB}}),
    like=trust({"StringEquals": _AUD, "StringLike": {f"{ISSUER}:sub": ["system:serviceaccount:app-*:web"]}}),
    service=resource(
        ROLE,
        {"assumeRolePolicy": statement(Principal={"Service": "ec2.amazonaws.com"}, Action="sts:AssumeRole")},
    ),
    other_issuer=trust(
        {"StringEquals": {"ci.example.jp:aud": "sts.amazonaws.com"}, "StringLike": {"ci.example.jp:sub": "repo:a/*"}}
    ),
)
breaks("irsa-trust", "sub", trust({"StringEquals": _AUD}), "statement One does not require `sub`")
breaks("irsa-trust", "aud", trust({"StringEquals": _SUB}), "statement One does not require `aud`")
for _name, _condition in {
    "neither": None,
    "if it exists": {"StringEqualsIfExists": {**_AUD, **_SUB}},
    "for all values": {"ForAllValues:StringEquals": {**_AUD, **_SUB}},
    "unlike": {"StringNotEquals": {**_AUD, **_SUB}},
}.items():
    breaks(
        "irsa-trust",
        _name,
        trust(_condition),
        "statement One does not require `aud`",
        "statement One does not require `sub`",
    )
breaks(
    "irsa-trust",
    "action by wildcard",
    trust({"StringEquals": _AUD}, "sts:Assume*"),
    "statement One does not require `sub`",
)
for _pattern in (
    "*",
    "system:serviceaccount:*",
    "system:serviceaccount:*:*",
    "system:*",
    "system:serviceaccount:?*:web",
):
    breaks(
        "irsa-trust",
        _pattern,
        trust({"StringEquals": _AUD, "StringLike": {f"{ISSUER}:sub": [SERVICE_ACCOUNT, _pattern]}}),
        f"statement One takes service accounts of any namespace: {_pattern}",
    )
breaks(
    "irsa-trust",
    "any audience",
    trust({"StringLike": {f"{ISSUER}:aud": "*", **_SUB}}),
    "statement One takes any audience: *",
)


def _pod_identity(condition: Mapping[str, Any] | None = None) -> Resource:
    given = {"Condition": condition} if condition else {}
    principal = {"Service": "pods.eks.amazonaws.com"}
    action = ["sts:AssumeRole", "sts:TagSession"]
    return resource(ROLE, {"assumeRolePolicy": statement(Principal=principal, Action=action, **given)})


_CLUSTER_ARN = "arn:aws:eks:ap-northeast-1:111122223333:cluster/platform"
passes(
    "pod-identity-trust",
    tag=_pod_identity({"StringEquals": {"aws:RequestTag/eks-cluster-arn": _CLUSTER_ARN}}),
    source=_pod_identity({"ArnEquals": {"aws:SourceArn": _CLUSTER_ARN}}),
    irsa=trust({"StringEquals": {**_AUD, **_SUB}}),
)
breaks("pod-identity-trust", "no condition", _pod_identity(), "statement One names no cluster")
breaks(
    "pod-identity-trust",
    "namespace alone",
    _pod_identity({"StringEquals": {"aws:RequestTag/kubernetes-namespace": "kube-system"}}),
    "statement One names no cluster",
)


def _queue_policy(**parts: Any) -> Resource:
    return resource(QUEUE_POLICY, {"policy": statement(Action="sqs:SendMessage", Resource="*", **parts)})


passes(
    "policy-open-to-everyone",
    service=_queue_policy(Principal={"Service": "events.amazonaws.com"}),
    narrowed=_queue_policy(Principal="*", Condition={"ArnEquals": {"aws:SourceArn": "arn:aws:sns:a:b:c"}}),
    denied=_queue_policy(Principal="*", Effect="Deny"),
    account=resource(KEY, {"policy": statement(Principal={"AWS": f"{ACCOUNT}:root"}, Action="kms:*", Resource="*")}),
)
for _name, _principal in {"star": "*", "any account": {"AWS": ["*"]}}.items():
    breaks("policy-open-to-everyone", _name, _queue_policy(Principal=_principal), "statement One is for everybody")
breaks(
    "policy-open-to-everyone",
    "role",
    resource(ROLE, {"assumeRolePolicy": statement(Principal={"AWS": "*"}, Action="sts:AssumeRole")}),
    "statement One is for everybody",
)
breaks(
    "policy-open-to-everyone",
    "all but one",
    _queue_policy(NotPrincipal={"AWS": f"{ACCOUNT}:root"}),
    "statement One is for everybody",
)


def allows(
    action: str | list[str],
    on: str | list[str] = "arn:aws:sqs:a:1:queue",
    type_: str = POLICY,
    parents: tuple[str, ...] = (),
    **parts: Any,
) -> Resource:
    """Return a policy that allows something."""
    return resource(type_, {"policy": statement(Action=action, Resource=on, **parts)}, parents=parents)


passes(
    "iam-action-wildcard",
    named=allows(["sqs:SendMessage", "sqs:ReceiveMessage"]),
    denied=resource(POLICY, {"policy": statement(Effect="Deny", Action="*", Resource="*")}),
    no_json=resource(POLICY, {"policy": "{"}),
    chart=allows(["sqs:Get*"], type_=INLINE_POLICY, parents=(EXTRA_CHART, "eks-platform:index:Irsa")),
    application=allows(["sqs:Get*"], type_=INLINE_POLICY, parents=(WORKLOAD_ROLE, "eks-platform:index:Irsa")),
)
for _parent in (ADDED_ADDON, EXTRA_CHART, WORKLOAD_ROLE):
    breaks("iam-action-wildcard", f"all, {_parent}", allows(["*"], parents=(_parent,)), "statement One allows *")
for _type in (POLICY, INLINE_POLICY):
    breaks("iam-action-wildcard", f"service, {_type}", allows("sqs:*", type_=_type), "statement One allows sqs:*")
breaks("iam-action-wildcard", "everything", allows(["*"]), "statement One allows *")
breaks(
    "iam-action-wildcard",
    "some",
    allows(["s3:Get*", "s3:Put?bject"]),
    "statement One allows s3:Get*",
    "statement One allows s3:Put?bject",
)
breaks(
    "iam-action-wildcard",
    "all but",
    resource(POLICY, {"policy": statement(NotAction="iam:*", Resource="*")}),
    "statement One allows everything but some actions",
)
breaks(
    "iam-action-wildcard",
    "in a role",
    resource(ROLE, {"inlinePolicies": [{"name": "a", "policy": statement(Action="sqs:*", Resource="*")}]}),
    "statement One allows sqs:*",
)

_ANY_INSTANCE = "arn:aws:ec2:ap-northeast-1:*:instance/*"
passes(
    "iam-resource-wildcard",
    named=allows("sqs:SendMessage"),
    part_of_a_name=allows("logs:PutLogEvents", "arn:aws:logs:a:1:log-group:/aws/vpc/platform/flow-logs:*"),
    objects_of_a_bucket=allows("s3:GetObject", "arn:aws:s3:::bucket/*"),
    read=allows(["ec2:DescribeInstances", "ec2:describesubnets"], "*"),
    by_tag=allows(
        "ec2:TerminateInstances",
        _ANY_INSTANCE,
        Condition={"StringEquals": {"aws:ResourceTag/kubernetes.io/cluster/platform": "owned"}},
    ),
    by_tag_of_what_it_makes=allows(
        "ec2:RunInstances", _ANY_INSTANCE, Condition={"StringLike": {"aws:RequestTag/Project": "eks-*"}}
    ),
    karpenter=allows("ec2:RunInstances", "arn:aws:ec2:a:*:subnet/*", parents=(KARPENTER, "eks-platform:index:Irsa")),
    controller=allows("wafv2:AssociateWebACL", "*", parents=(LOAD_BALANCER_CONTROLLER,)),
    chart=allows(["sqs:GetQueueAttributes"], "*", type_=INLINE_POLICY, parents=(EXTRA_CHART,)),
    application=allows(["sqs:GetQueueAttributes"], "*", type_=INLINE_POLICY, parents=(WORKLOAD_ROLE,)),
    dashboards=allows(["cloudwatch:GetMetricData"], "*", type_=INLINE_POLICY, parents=(GRAFANA,)),
    dashboards_elsewhere=allows(["xray:GetServiceGraph"], "*", type_=INLINE_POLICY, parents=(METRICS_READER,)),
)
breaks(
    "iam-resource-wildcard",
    "changes of alarms",
    allows(["cloudwatch:GetMetricData", "cloudwatch:PutMetricAlarm"], "*", type_=INLINE_POLICY, parents=(GRAFANA,)),
    "statement One allows cloudwatch:PutMetricAlarm on *",
)
breaks(
    "iam-resource-wildcard",
    "everything",
    allows(["sqs:SendMessage", "ec2:DescribeVpcs"], ["*"]),
    "statement One allows sqs:SendMessage on *",
)
breaks(
    "iam-resource-wildcard",
    "everything of a type",
    allows("ec2:TerminateInstances", [_ANY_INSTANCE, "arn:aws:ec2:a:1:instance/i-1"]),
    f"statement One allows ec2:TerminateInstances on {_ANY_INSTANCE}",
)
breaks(
    "iam-resource-wildcard",
    "another's exception",
    allows("ec2:RunInstances", "arn:aws:ec2:a:*:subnet/*", parents=(LOAD_BALANCER_CONTROLLER,)),
    "statement One allows ec2:RunInstances on arn:aws:ec2:a:*:subnet/*",
)
for _name, _condition in {
    "any tag": {"StringLike": {"aws:ResourceTag/Project": "*"}},
    "tag if any": {"StringEqualsIfExists": {"aws:ResourceTag/Project": "mine"}},
    "region": {"StringEquals": {"aws:RequestedRegion": "ap-northeast-1"}},
    "not a tag": {"StringNotEquals": {"aws:ResourceTag/Project": "mine"}},
}.items():
    breaks(
        "iam-resource-wildcard",
        _name,
        allows("ec2:TerminateInstances", _ANY_INSTANCE, Condition=_condition),
        f"statement One allows ec2:TerminateInstances on {_ANY_INSTANCE}",
    )
breaks(
    "iam-resource-wildcard",
    "all but",
    resource(POLICY, {"policy": statement(Action="sqs:SendMessage", NotResource="arn:aws:sqs:a:1:queue")}),
    "statement One allows sqs:SendMessage on everything but some resources",
)
breaks(
    "iam-resource-wildcard",
    "buckets",
    allows("s3:GetObject", "arn:aws:s3:::*"),
    "statement One allows s3:GetObject on arn:aws:s3:::*",
)

passes(
    "iam-administrator",
    some=resource(ATTACHMENT, {"policyArn": "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"}),
    role=resource(ROLE, {"managedPolicyArns": ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"]}),
)
for _name, _given in {
    "attached": resource(ATTACHMENT, {"policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}),
    "role": resource(ROLE, {"managedPolicyArns": ["arn:aws:iam::aws:policy/AdministratorAccess"]}),
}.items():
    breaks("iam-administrator", _name, _given, "it has arn:aws:iam::aws:policy/AdministratorAccess")

# --- Network ------------------------------------------------------------------------------------------------------


def _ingress(parents: tuple[str, ...] = (), **parts: Any) -> Resource:
    return resource(INGRESS_RULE, {"ipProtocol": "tcp", **parts}, parents=parents)


passes(
    "security-group-open",
    http=_ingress(cidrIpv4=WORLD, fromPort=80, toPort=80),
    https=_ingress(cidrIpv6="::/0", fromPort=443, toPort=443),
    office=_ingress(cidrIpv4=OFFICE, fromPort=22, toPort=22),
    group=_ingress(referencedSecurityGroupId="sg-1", fromPort=0, toPort=65535),
    inline=resource(GROUP, {"ingress": [{"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": [WORLD]}]}),
    outgoing=resource(LEGACY_RULE, {"type": "egress", "protocol": "-1", "cidrBlocks": [WORLD]}),
    outgoing_inline=resource(GROUP, {"egress": [{"protocol": "-1", "cidrBlocks": [WORLD]}]}),
    games=_ingress(ipProtocol="udp", cidrIpv4=WORLD, fromPort=7000, toPort=8000, parents=(NODE_GROUP_COMPONENT,)),
)
breaks(
    "security-group-open",
    "all of a node",
    _ingress(ipProtocol="-1", cidrIpv4=WORLD, parents=(NODE_GROUP_COMPONENT,)),
    "every port open to 0.0.0.0/0",
)
breaks(
    "security-group-open",
    "games on the cluster's own group",
    _ingress(ipProtocol="udp", cidrIpv4=WORLD, fromPort=7000, toPort=8000, parents=("eks-platform:index:Cluster",)),
    "ports 7000 to 8000 open to 0.0.0.0/0",
)
breaks("security-group-open", "ssh", _ingress(cidrIpv4=WORLD, fromPort=22, toPort=22), "port 22 open to 0.0.0.0/0")
breaks(
    "security-group-open",
    "around the web's",
    _ingress(cidrIpv6="::/0", fromPort=80, toPort=443),
    "ports 80 to 443 open to ::/0",
)
breaks("security-group-open", "all", _ingress(ipProtocol="-1", cidrIpv4=WORLD), "every port open to 0.0.0.0/0")
breaks(
    "security-group-open",
    "inline",
    resource(
        GROUP,
        {
            "ingress": [
                {"protocol": "tcp", "fromPort": 443, "toPort": 443, "cidrBlocks": [WORLD]},
                {
                    "protocol": "-1",
                    "fromPort": 0,
                    "toPort": 0,
                    "cidrBlocks": [OFFICE, WORLD],
                    "ipv6CidrBlocks": ["::/0"],
                },
            ]
        },
    ),
    "every port open to 0.0.0.0/0",
    "every port open to ::/0",
)
breaks(
    "security-group-open",
    "rule of the old type",
    resource(
        LEGACY_RULE, {"type": "ingress", "protocol": "tcp", "fromPort": 6443, "toPort": 6443, "cidrBlocks": [WORLD]}
    ),
    "port 6443 open to 0.0.0.0/0",
)

passes("default-security-group", empty=resource(DEFAULT_GROUP, {"ingress": [], "egress": []}))
breaks(
    "default-security-group",
    "AWS's own",
    resource(DEFAULT_GROUP, {"ingress": [{"self": True}], "egress": [{"protocol": "-1"}]}),
    "it has ingress rules",
    "it has egress rules",
)

_SUBNETS = tuple(resource(SUBNET, {"availabilityZone": f"ap-northeast-1{zone}"}, name=zone) for zone in "aacd")
passes(
    "nat-per-zone",
    one_each=(*_SUBNETS, *(resource(NAT, name=zone) for zone in "acd")),
    regional=(*_SUBNETS, resource(NAT, {"availabilityMode": "regional"})),
    none=_SUBNETS,
)
breaks("nat-per-zone", "single", (*_SUBNETS, resource(NAT)), "1 of 3 zones have a NAT gateway")
breaks("nat-per-zone", "two", (*_SUBNETS, resource(NAT), resource(NAT, name="2")), "2 of 3 zones have a NAT gateway")

passes("vpc-flow-logs", logged=(resource(VPC), resource(FLOW_LOG, {"vpcId": "vpc-1"})))
breaks("vpc-flow-logs", "none", resource(VPC), "its traffic is not logged")
breaks(
    "vpc-flow-logs",
    "of a subnet",
    (resource(VPC), resource(FLOW_LOG, {"subnetId": "subnet-1"})),
    "its traffic is not logged",
)

# --- Load balancers -----------------------------------------------------------------------------------------------


def ingress(spec: Mapping[str, Any] | None = None, **annotations: str) -> Resource:
    """Return an Ingress with the controller's annotations, whose dashes are underscores here."""
    named = {PREFIX + name.replace("_", "-"): value for name, value in annotations.items()}
    return resource(INGRESS, {"metadata": {"annotations": named}, "spec": spec or {"ingressClassName": "alb"}})


_TRAEFIK = {"ingressClassName": "traefik"}
_BOTH = '[{"HTTP": 80}, {"HTTPS": 443}]'
_TLS = "ELBSecurityPolicy-TLS13-1-2-Res-PQ-2025-09"

passes(
    "load-balancer-tls-policy",
    modern=resource(LISTENER, {"protocol": "HTTPS", "sslPolicy": _TLS}),
    plain=resource(LISTENER, {"protocol": "HTTP"}),
    ingress=ingress(listen_ports=_BOTH, ssl_policy=_TLS),
    plain_ingress=ingress(listen_ports='[{"HTTP": 80}]'),
    another_class=ingress(_TRAEFIK, listen_ports=_BOTH),
)
breaks("load-balancer-tls-policy", "default", resource(LISTENER, {"protocol": "HTTPS"}), "its TLS policy is not set")
for _policy in (
    "ELBSecurityPolicy-2016-08",
    "ELBSecurityPolicy-TLS13-1-0-2021-06",
    "ELBSecurityPolicy-TLS-1-1-2017-01",
):
    breaks(
        "load-balancer-tls-policy",
        _policy,
        resource(LISTENER, {"protocol": "TLS", "sslPolicy": _policy}),
        f"its TLS policy is {_policy}",
    )
breaks("load-balancer-tls-policy", "ingress", ingress(listen_ports=_BOTH), "its TLS policy is not set")
breaks("load-balancer-tls-policy", "certificate", ingress(certificate_arn="arn"), "its TLS policy is not set")

_REDIRECT = {"type": "redirect", "redirect": {"protocol": "HTTPS", "port": "443", "statusCode": "HTTP_301"}}
passes(
    "load-balancer-redirect",
    redirect=resource(LISTENER, {"protocol": "HTTP", "defaultActions": [_REDIRECT]}),
    encrypted=resource(LISTENER, {"protocol": "HTTPS", "defaultActions": [{"type": "forward"}]}),
    ingress=ingress(listen_ports=_BOTH, ssl_redirect="443"),
    https_alone=ingress(certificate_arn="arn"),
    another_class=ingress(_TRAEFIK),
)
_PLAIN = "it answers HTTP, without a redirect to HTTPS"
for _name, _action in {
    "forward": {"type": "forward", "targetGroupArn": "arn"},
    "to HTTP": {"type": "redirect", "redirect": {"protocol": "HTTP", "statusCode": "HTTP_301"}},
}.items():
    breaks(
        "load-balancer-redirect", _name, resource(LISTENER, {"protocol": "HTTP", "defaultActions": [_action]}), _PLAIN
    )
breaks("load-balancer-redirect", "ingress", ingress(listen_ports=_BOTH), "it answers HTTP, without ssl-redirect")
breaks("load-balancer-redirect", "default of an ingress", ingress(), "it answers HTTP, without ssl-redirect")

passes(
    "load-balancer-ports",
    web=ingress(scheme="internet-facing", listen_ports=_BOTH),
    internal=ingress(scheme="internal", listen_ports='[{"HTTP": 8080}]'),
    office=ingress(scheme="internet-facing", listen_ports='[{"HTTP": 8080}]', inbound_cidrs=OFFICE),
    own_groups=ingress(scheme="internet-facing", listen_ports='[{"HTTP": 8080}]', security_groups="sg-1"),
    no_json=ingress(scheme="internet-facing", listen_ports="8080"),
)
for _name, _given in {
    "default": ingress(scheme="internet-facing", listen_ports='[{"HTTPS": 443}, {"HTTP": 8080}]'),
    "world": ingress(scheme="internet-facing", listen_ports='[{"HTTP": 8080}]', inbound_cidrs=f"{OFFICE}, {WORLD}"),
}.items():
    breaks("load-balancer-ports", _name, _given, "port 8080 is open to the world")

_ATTRIBUTE = "routing.http.drop_invalid_header_fields.enabled"
passes(
    "load-balancer-invalid-headers",
    set=resource(BALANCER, {"dropInvalidHeaderFields": True}),
    network=resource(BALANCER, {"loadBalancerType": "network"}),
    ingress=ingress(load_balancer_attributes=f"deletion_protection.enabled=true,{_ATTRIBUTE}=true"),
    another_class=ingress(_TRAEFIK),
)
for _name, _given in {
    "default": resource(BALANCER, {"loadBalancerType": "application"}),
    "ingress": ingress(),
    "off": ingress(load_balancer_attributes=f"{_ATTRIBUTE}=false"),
}.items():
    breaks("load-balancer-invalid-headers", _name, _given, "it hands on headers that are not valid")

passes(
    "load-balancer-deletion-protection",
    set=resource(BALANCER, {"enableDeletionProtection": True}),
    ingress=ingress(load_balancer_attributes="deletion_protection.enabled=true"),
    another_class=ingress(_TRAEFIK),
)
for _name, _given in {
    "default": resource(BALANCER),
    "ingress": ingress(load_balancer_attributes="deletion_protection.enabled=false"),
}.items():
    breaks("load-balancer-deletion-protection", _name, _given, "AWS would delete it on request")

# --- Nodes --------------------------------------------------------------------------------------------------------


def _metadata(type_: str, **options: Any) -> Resource:
    given = {"metadataOptions": options}
    return resource(type_, {"spec": given} if type_ == NODE_CLASS else given)


passes(
    "node-imdsv2",
    template=_metadata(TEMPLATE, httpTokens="required", httpPutResponseHopLimit=1),
    no_endpoint=_metadata(TEMPLATE, httpEndpoint="disabled"),
    karpenters_default=resource(NODE_CLASS, {"spec": {}}),
    group=resource(NODE_GROUP, {"launchTemplate": {"id": "lt-1", "version": "1"}}),
)
for _type in (TEMPLATE, INSTANCE):
    breaks("node-imdsv2", f"default, {_type}", resource(_type), "httpTokens is optional")
for _type in (TEMPLATE, INSTANCE, NODE_CLASS):
    breaks("node-imdsv2", f"1, {_type}", _metadata(_type, httpTokens="optional"), "httpTokens is optional")
    breaks(
        "node-metadata-hops",
        f"hops, {_type}",
        _metadata(_type, httpTokens="required", httpPutResponseHopLimit=2),
        "httpPutResponseHopLimit is 2",
    )
passes(
    "node-metadata-hops",
    template=_metadata(TEMPLATE, httpTokens="required", httpPutResponseHopLimit=1),
    no_endpoint=_metadata(TEMPLATE, httpEndpoint="disabled", httpPutResponseHopLimit=2),
    karpenters_default=resource(NODE_CLASS, {"spec": {}}),
)
breaks("node-imdsv2", "EKS's own template", resource(NODE_GROUP), "it has no launch template that says so")


def _disks(type_: str, *flags: Any) -> Resource:
    mappings = [
        {"deviceName": f"/dev/xvd{name}", "ebs": {"encrypted": flag}} for name, flag in zip("ab", flags, strict=False)
    ]
    given = {"blockDeviceMappings": mappings}
    return resource(type_, {"spec": given} if type_ == NODE_CLASS else given)


passes(
    "node-disk-encryption",
    template=_disks(TEMPLATE, "true", "true"),
    node_class=_disks(NODE_CLASS, True),
    karpenters_default=resource(NODE_CLASS, {"spec": {}}),
    instance=resource(INSTANCE, {"rootBlockDevice": {"encrypted": True}}),
    no_disk=resource(TEMPLATE, {"blockDeviceMappings": [{"deviceName": "/dev/xvda", "noDevice": ""}]}),
)
breaks("node-disk-encryption", "no disk", resource(TEMPLATE), "it names no disk, so that the image decides")
for _type in (TEMPLATE, NODE_CLASS):
    breaks("node-disk-encryption", _type, _disks(_type, True, False), "/dev/xvdb is not encrypted")
breaks(
    "node-disk-encryption",
    "instance",
    resource(INSTANCE, {"ebsBlockDevices": [{"deviceName": "/dev/xvdb"}]}),
    "the root disk is not encrypted",
    "/dev/xvdb is not encrypted",
)

passes("node-ssh", template=resource(TEMPLATE), group=resource(NODE_GROUP))
breaks("node-ssh", "template", resource(TEMPLATE, {"keyName": "ops"}), "it takes the key ops")
breaks("node-ssh", "group", resource(NODE_GROUP, {"remoteAccess": {"ec2SshKey": "ops"}}), "it takes the key ops")

passes("node-pool-limits", cpu=resource(NODE_POOL, {"spec": {"limits": {"cpu": "64"}}}))
breaks("node-pool-limits", "none", resource(NODE_POOL, {"spec": {}}), "it has no limit for cpu")


def _budgets(*budgets: Mapping[str, Any]) -> Resource:
    return resource(NODE_POOL, {"spec": {"disruption": {"budgets": list(budgets)}}})


passes(
    "node-pool-drains",
    some=_budgets({"nodes": "10%"}),
    at_times=_budgets({"nodes": "0", "schedule": "0 0 * * mon-fri", "duration": "9h"}),
    for_some_reason=_budgets({"nodes": "0", "reasons": ["Drifted"]}),
)
breaks(
    "node-pool-drains",
    "never",
    _budgets({"nodes": "10%"}, {"nodes": "0"}),
    "a budget of 0 nodes without a schedule stops every drift and consolidation",
)

# --- What is installed --------------------------------------------------------------------------------------------

passes(
    "helm-release-version",
    pinned=resource(RELEASE, {"chart": "traefik", "version": "41.3.0"}),
    prerelease=resource(RELEASE, {"chart": "traefik", "version": "v1.2.3-rc.1+4"}),
    folder=resource(RELEASE, {"chart": "./charts/own"}),
    archive=resource(RELEASE, {"chart": "charts/own-1.0.0.tgz"}),
)
breaks("helm-release-version", "none", resource(RELEASE, {"chart": "traefik"}), "its version is not set")
for _version in ("latest", "41.x", "^41.3.0", ">=41.0.0", "41.3"):
    breaks(
        "helm-release-version",
        _version,
        resource(RELEASE, {"chart": "traefik", "version": _version}),
        f"its version is {_version}",
    )


def deployment(container: Mapping[str, Any] | None = None, /, **spec: Any) -> Resource:
    """Return a Deployment of one container."""
    pod = {"containers": [{"name": "web", **(container or {})}], **spec}
    properties = {"metadata": {"namespace": "app-web"}, "spec": {"template": {"spec": pod}}}
    return resource(DEPLOYMENT, properties)


def release(namespace: str = "traefik", **values: Any) -> Resource:
    """Return a Helm release with values."""
    return resource(RELEASE, {"chart": "a", "version": "1.0.0", "namespace": namespace, "values": values})


passes(
    "image-tag",
    tag=deployment({"image": "registry.example.jp:5000/web:1.2.3"}),
    digest=deployment({"image": "web@sha256:5aea7cc516b419e3526f47dd1531be31a56a046cfe44754d94f9383e13e2ee99"}),
    values=release(image={"tag": "v1.2.3", "repository": "traefik"}),
    what_is_no_image=release(image="traefik", strategy="latest"),
)
for _image in ("web", "registry.example.jp:5000/web", "web:latest", "web:main"):
    breaks("image-tag", _image, deployment({"image": _image}), f"container web has the image {_image}")
breaks(
    "image-tag",
    "job",
    resource(
        CRON_JOB,
        {
            "spec": {
                "jobTemplate": {"spec": {"template": {"spec": {"initContainers": [{"name": "i", "image": "a:edge"}]}}}}
            }
        },
    ),
    "container i has the image a:edge",
)
breaks("image-tag", "tag of a chart", release(image={"tag": "latest"}), "image.tag is latest")
breaks("image-tag", "image of a chart", release(image="example.jp/web:latest"), "image is example.jp/web:latest")

passes(
    "node-image-version",
    alias=resource(NODE_CLASS, {"spec": {"amiSelectorTerms": [{"alias": "bottlerocket@v1.66.0"}]}}),
    dated_alias=resource(NODE_CLASS, {"spec": {"amiSelectorTerms": [{"alias": "al2023@v20260101"}]}}),
    id=resource(NODE_CLASS, {"spec": {"amiSelectorTerms": [{"id": "ami-0123456789abcdef0"}]}}),
    group=resource(NODE_GROUP, {"releaseVersion": "1.66.0-1ad6b4a4", "launchTemplate": {"version": "1"}}),
    own_image=resource(NODE_GROUP, {"amiType": "CUSTOM", "launchTemplate": {"version": "3"}}),
    template=resource(TEMPLATE, {"imageId": "ami-0123456789abcdef0"}),
)
breaks(
    "node-image-version",
    "alias",
    resource(NODE_CLASS, {"spec": {"amiSelectorTerms": [{"alias": "bottlerocket@latest"}]}}),
    "the alias is bottlerocket@latest",
)
breaks("node-image-version", "group", resource(NODE_GROUP), "releaseVersion is not set")
breaks(
    "node-image-version",
    "template's version",
    resource(NODE_GROUP, {"releaseVersion": "1.66.0-1ad6b4a4", "launchTemplate": {"version": "$Latest"}}),
    "the version of its launch template is $Latest",
)
_PARAMETER = "resolve:ssm:/aws/service/bottlerocket/aws-k8s-1.36/x86_64/latest/image_id"
breaks("node-image-version", "parameter", resource(TEMPLATE, {"imageId": _PARAMETER}), f"the image is {_PARAMETER}")

passes(
    "eks-version",
    cluster=resource(CLUSTER, {"version": "1.36"}),
    addon=resource(ADDON, {"addonVersion": "v1.14.3-eksbuild.23"}),
)
breaks("eks-version", "cluster", resource(CLUSTER), "version is not set")
breaks("eks-version", "add-on", resource(ADDON), "addonVersion is not set")
breaks("eks-version", "latest", resource(ADDON, {"addonVersion": "latest"}), "addonVersion is latest")

# --- Pods ---------------------------------------------------------------------------------------------------------

passes(
    "pod-privileged",
    plain=deployment({"securityContext": {"privileged": False}}, volumes=[{"name": "tmp", "emptyDir": {}}]),
    system=resource(
        "kubernetes:apps/v1:DaemonSet",
        {"metadata": {"namespace": "kube-system"}, "spec": {"template": {"spec": {"hostNetwork": True}}}},
    ),
    system_release=release("kube-system", hostNetwork=True),
    values=release(hostNetwork=False, securityContext={"privileged": False}),
)
CASES.append(
    Case(
        "pod-privileged",
        "in a namespace that lets it in",
        (
            resource(NAMESPACE, {"metadata": {"name": "agents", "labels": {ENFORCE: "privileged"}}}),
            release("agents", hostNetwork=True),
        ),
    )
)
CASES.append(
    Case(
        "pod-privileged",
        "next to a namespace that lets others in",
        (
            resource(NAMESPACE, {"metadata": {"name": "agents", "labels": {ENFORCE: "privileged"}}}),
            release("other", hostNetwork=True),
        ),
        ("its value hostNetwork is true",),
    )
)
for _key in ("hostNetwork", "hostPID", "hostIPC"):
    breaks("pod-privileged", _key, deployment(**{_key: True}), f"it has {_key}")
    breaks("pod-privileged", f"release, {_key}", release(pod={_key: True}), f"its value pod.{_key} is true")
breaks(
    "pod-privileged",
    "container",
    deployment({"securityContext": {"privileged": True}}),
    "container web is privileged",
)
breaks(
    "pod-privileged",
    "volume, no namespace",
    resource(POD, {"spec": {"volumes": [{"name": "root", "hostPath": {"path": "/"}}]}}),
    "volume root is a folder of the node",
)
breaks(
    "pod-privileged",
    "release",
    release(agent={"securityContext": {"privileged": True}}, volumes=[{"name": "a", "hostPath": {"path": "/"}}]),
    "its value agent.securityContext.privileged is true",
    "its value volumes.0.hostPath is a folder of the node",
)

_REQUESTS = {"requests": {"cpu": "100m", "memory": "64Mi"}}
passes(
    "pod-requests",
    both=deployment({"resources": _REQUESTS}),
    of_the_pod=deployment(resources=_REQUESTS),
    values=release(controller={"resources": _REQUESTS}),
    values_by_component=release(resources={"operator": _REQUESTS, "webhooks": _REQUESTS}),
    chart_decides=release(resources={}),
)
breaks(
    "pod-requests",
    "none",
    deployment(),
    "container web has no request for cpu",
    "container web has no request for memory",
)
breaks(
    "pod-requests",
    "limits alone",
    deployment({"resources": {"limits": {"cpu": 1}, "requests": {"cpu": 1}}}),
    "container web has no request for memory",
)
breaks(
    "pod-requests",
    "values",
    release(controller={"resources": {"requests": {"memory": "64Mi"}}}),
    "its value controller.resources has no request for cpu",
)
breaks(
    "pod-requests",
    "values of a component",
    release(resources={"operator": _REQUESTS, "webhooks": {"limits": {"memory": "64Mi"}}}),
    "its value resources.webhooks has no request for cpu",
    "its value resources.webhooks has no request for memory",
)


def _budget(**spec: Any) -> Resource:
    return resource(DISRUPTION_BUDGET, {"spec": spec})


passes(
    "disruption-budget",
    one=_budget(maxUnavailable=1),
    most=_budget(minAvailable="50%"),
    values=release(podDisruptionBudget={"maxUnavailable": 1}),
    off=release(pdb={"enabled": False, "maxUnavailable": 0}),
)
for _value in (0, "0", "0%"):
    breaks(
        "disruption-budget",
        f"none may go: {_value!r}",
        _budget(maxUnavailable=_value),
        f"maxUnavailable: {_value} stops every drain",
    )
breaks("disruption-budget", "all must stay", _budget(minAvailable="100%"), "minAvailable: 100% stops every drain")
breaks(
    "disruption-budget",
    "values",
    release(controller={"podDisruptionBudget": {"enabled": True, "minAvailable": "100%"}}),
    "its value controller.podDisruptionBudget.minAvailable: 100% stops every drain",
)


def _namespace(name: str, level: str | None, *parents: str) -> Resource:
    labels = {ENFORCE: level} if level else {}
    return resource(NAMESPACE, {"metadata": {"name": name, "labels": labels}}, parents=parents)


passes(
    "namespace-pod-security",
    restricted=_namespace("traefik", "restricted"),
    baseline=_namespace("traefik", "baseline"),
    system=_namespace("kube-system", None),
    chart=_namespace("agents", "privileged", EXTRA_CHART),
    team=_namespace("app-shop", "privileged", TEAMS),
)
breaks("namespace-pod-security", "chart", _namespace("agents", None, EXTRA_CHART), "its level is not set")
breaks("namespace-pod-security", "none", _namespace("traefik", None), "its level is not set")
breaks("namespace-pod-security", "any", _namespace("traefik", "privileged"), "its level is privileged")

# --- Tags ---------------------------------------------------------------------------------------------------------

_TAGS = {"Project": "eks-platform", "Stack": "new", "ManagedBy": "pulumi"}
passes(
    "tags",
    by_the_provider=resource(VPC, provider={"defaultTags": json.dumps({"tags": _TAGS})}),
    as_an_object=resource(VPC, provider={"defaultTags": {"tags": _TAGS}}),
    own=resource(VPC, {"tags": _TAGS}, provider={}),
    both=resource(
        VPC, {"tags": {"ManagedBy": "pulumi"}}, provider={"defaultTags": {"tags": {"Project": "a", "Stack": "b"}}}
    ),
    without_tags=resource("aws:ec2/route:Route", provider={}),
)
breaks("tags", "none", resource(VPC, provider={"region": "a"}), "it has no tag Project, Stack, ManagedBy")
breaks("tags", "some", resource(VPC, {"tags": {"Stack": "a"}}, provider={}), "it has no tag Project, ManagedBy")


def _specifications(**tags: Mapping[str, str]) -> Resource:
    return resource(
        TEMPLATE, {"tagSpecifications": [{"resourceType": kind, "tags": given} for kind, given in tags.items()]}
    )


passes(
    "node-tags",
    template=_specifications(volume=_TAGS, instance=_TAGS),
    node_class=resource(NODE_CLASS, {"spec": {"tags": {**_TAGS, "Name": "a"}}}),
)
breaks("node-tags", "volume", _specifications(instance=_TAGS), "each volume has no tag Project, Stack, ManagedBy")
breaks(
    "node-tags",
    "some",
    _specifications(instance={"Project": "a", "Stack": "b"}, volume=_TAGS),
    "each instance has no tag ManagedBy",
)
breaks("node-tags", "node class", resource(NODE_CLASS, {"spec": {}}), "its nodes have no tag Project, Stack, ManagedBy")
