"""The ids of `pulumi import` are those that the provider's pages give as examples."""

import importlib
import inspect
import re
from typing import Any, Final

import pytest

from rehearsal.cloud import KINDS
from tools.identities import IDENTITIES, NOTHING, import_id, lookup, state_id

ACCOUNT: Final = "111122223333"
REGION: Final = "ap-northeast-1"

TYPES: Final = sorted(type_ for type_ in KINDS if type_.startswith("aws:") and not type_.endswith(NOTHING))

ELSEWHERE: Final = {
    # These pages of the SDK have the section and no command; the Terraform provider's have.
    "aws:ec2/launchTemplate:LaunchTemplate": "lt-12345678",
    "aws:eks/addon:Addon": "my_cluster_name:my_eks_addon",
    "aws:lb/listenerRule:ListenerRule": "arn:aws:elasticloadbalancing:us-west-2:187416307283:listener-rule/app/test/"
    "8e4497da625e2d8a/9ab28ade35828f96/67b3d2d36dd7c26b",
    # The page has the name that SQS had before 2011.
    # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
    "aws:sqs/queue:Queue": "https://sqs.us-west-2.amazonaws.com/123456789012/MyQueue",
}
"""https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/ of each"""

EXAMPLE: Final[dict[str, dict[str, Any]]] = {
    "aws:cloudwatch/eventRule:EventRule": {
        "eventBusName": "example-event-bus",
        "name": "capture-console-sign-in",
    },
    "aws:cloudwatch/eventTarget:EventTarget": {"rule": "rule-name", "targetId": "target-id"},
    "aws:cloudwatch/logGroup:LogGroup": {"name": "yada"},
    "aws:cloudwatch/logMetricFilter:LogMetricFilter": {"logGroupName": "example-group", "name": "example-filter"},
    "aws:cloudwatch/metricAlarm:MetricAlarm": {"name": "alarm-12345"},
    "aws:ec2/placementGroup:PlacementGroup": {"name": "production-placement-group"},
    "aws:ec2/route:Route": {"routeTableId": "rtb-656C65616E6F72", "destinationCidrBlock": "10.42.0.0/16"},
    "aws:ec2/routeTableAssociation:RouteTableAssociation": {
        "subnetId": "subnet-6777656e646f6c796e",
        "routeTableId": "rtb-656c65616e6f72",
    },
    "aws:ec2/tag:Tag": {"resourceId": "tgw-attach-1234567890abcdef", "key": "Name"},
    "aws:eks/accessEntry:AccessEntry": {
        "clusterName": "example-cluster",
        "principalArn": "arn:aws:iam::123456789012:role/example",
    },
    "aws:eks/accessPolicyAssociation:AccessPolicyAssociation": {
        "clusterName": "example-cluster",
        "principalArn": "arn:aws:iam::123456789012:role/example",
        "policyArn": "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
    },
    "aws:eks/capability:Capability": {"clusterName": "example-cluster", "capabilityName": "example-capability"},
    "aws:eks/identityProviderConfig:IdentityProviderConfig": {
        "clusterName": "example-cluster",
        "oidc": {"identityProviderConfigName": "example-config"},
    },
    "aws:eks/addon:Addon": {"clusterName": "my_cluster_name", "addonName": "my_eks_addon"},
    "aws:eks/cluster:Cluster": {"name": "example"},
    "aws:eks/fargateProfile:FargateProfile": {
        "clusterName": "example-cluster",
        "fargateProfileName": "example-profile",
    },
    "aws:eks/nodeGroup:NodeGroup": {"clusterName": "example-cluster", "nodeGroupName": "example-group"},
    "aws:iam/instanceProfile:InstanceProfile": {"name": "app-instance-profile-1"},
    "aws:iam/openIdConnectProvider:OpenIdConnectProvider": {"url": "https://accounts.google.com"},
    "aws:iam/policy:Policy": {"name": "UsersManageOwnCredentials"},
    "aws:iam/role:Role": {"name": "developer_name"},
    "aws:iam/rolePolicy:RolePolicy": {"role": "role_of_mypolicy_name", "name": "mypolicy_name"},
    "aws:iam/rolePolicyAttachment:RolePolicyAttachment": {
        "role": "test-role",
        "policyArn": "arn:aws:iam::xxxxxxxxxxxx:policy/test-policy",
    },
    "aws:lb/listenerCertificate:ListenerCertificate": {
        "listenerArn": "arn:aws:elasticloadbalancing:us-west-2:123456789012:listener/app/test/8e4497da625e2d8a/"
        "9ab28ade35828f96/67b3d2d36dd7c26b",
        "certificateArn": "arn:aws:iam::123456789012:server-certificate/tf-acc-test-6453083910015726063",
    },
    "aws:kms/alias:Alias": {"name": "alias/my-key-alias"},
    "aws:route53/record:Record": {
        "zoneId": "Z4KAPRWWNC7JR",
        "name": "dev",
        "type": "NS",
        "setIdentifier": "dev",
    },
    "aws:sns/topic:Topic": {"name": "my-topic"},
    "aws:sns/topicPolicy:TopicPolicy": {"arn": "arn:aws:sns:us-west-2:123456789012:my-topic"},
    "aws:sqs/queue:Queue": {"name": "MyQueue"},
    "aws:sqs/queuePolicy:QueuePolicy": {"queueUrl": "https://queue.amazonaws.com/123456789012/myqueue"},
    "aws:wafv2/webAclAssociation:WebAclAssociation": {
        "webAclArn": "arn:aws:wafv2:...7ce849ea",
        "resourceArn": "arn:aws:apigateway:...ages/name",
    },
}
"""Inputs that give the id of the example in the provider's page."""


def _documented(type_: str) -> list[str]:
    """Return the ids in the commands of the "Import" section of a type's docstring."""
    _, module, name = type_.split(":")
    class_ = getattr(importlib.import_module(f"pulumi_aws.{module.partition('/')[0]}"), name)
    text = inspect.getsource(inspect.getmodule(class_) or class_)
    return re.findall(rf"\$ pulumi import {type_} \S+ (\S.*)", text)


@pytest.mark.parametrize("type_", TYPES)
def test_the_id_is_the_one_in_the_providers_page(type_: str) -> None:
    examples = [ELSEWHERE[type_]] if type_ in ELSEWHERE else _documented(type_)
    inputs = EXAMPLE.get(type_, {"bucket": examples[0]} if type_.startswith("aws:s3/") else {})
    assert (import_id(type_, inputs, "123456789012", "us-west-2") or IDENTITIES[type_].form) in examples


def test_every_type_of_the_model_has_its_id_or_stands_for_nothing() -> None:
    assert set(IDENTITIES) == set(TYPES), "add the id of each new type to tools/identities.py"


@pytest.mark.parametrize("type_", TYPES)
def test_what_aws_assigns_can_be_looked_up(type_: str) -> None:
    identity = IDENTITIES[type_]
    assert bool(identity.imported) != bool(identity.form)
    assigned = not identity.imported or identity.in_state == ""
    assert assigned == bool(identity.lookup)
    command = lookup(type_, {}, ACCOUNT, REGION)
    assert "{" not in command
    assert command.startswith("aws ") == assigned


@pytest.mark.parametrize(
    ("type_", "inputs", "imported", "in_state"),
    [
        (
            "aws:ec2/route:Route",
            {"routeTableId": "rtb-1", "destinationCidrBlock": "0.0.0.0/0"},
            "rtb-1_0.0.0.0/0",
            "r-rtb-11080289494",
        ),
        ("aws:ec2/vpc:Vpc", {"cidrBlock": "10.0.0.0/16"}, None, None),
        ("aws:iam/policy:Policy", {"name": "p", "path": "/x/"}, f"arn:aws:iam::{ACCOUNT}:policy/x/p", ...),
        ("aws:sqs/queue:Queue", {"name": "q"}, f"https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/q", ...),
        ("aws:route53/record:Record", {"zoneId": "Z1", "name": "a", "type": "A"}, "Z1_a_A", ...),
        ("aws:iam/role:Role", {"name": None}, None, None),
        ("kubernetes:core/v1:Namespace", {"metadata": {"name": "traefik"}}, "traefik", ...),
        ("kubernetes:apps/v1:Deployment", {"metadata": {"name": "a", "namespace": "b"}}, "b/a", ...),
        ("kubernetes:helm.sh/v3:Release", {"name": "traefik", "namespace": "traefik"}, "traefik/traefik", ...),
        ("kubernetes:core/v1:Secret", {}, None, None),
    ],
)
def test_ids_follow_from_inputs(type_: str, inputs: dict[str, Any], imported: str | None, in_state: Any) -> None:
    assert import_id(type_, inputs, ACCOUNT, REGION) == imported
    assert state_id(type_, inputs, ACCOUNT, REGION) == (imported if in_state is ... else in_state)
