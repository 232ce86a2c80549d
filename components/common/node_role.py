"""The IAM role of nodes."""

import json

import pulumi
from pulumi_aws import iam

from facts import iam_documents
from settings import NodeRole


def node_role(
    name: str, more: NodeRole, region: str, opts: pulumi.ResourceOptions
) -> tuple[iam.Role, list[iam.RolePolicyAttachment]]:
    """Declare a role that EC2 instances assume, and return it with the attachments of its policies.

    more: rights in addition to what every node needs. region: that of the instances.
    """
    role = iam.Role(name, assume_role_policy=json.dumps(iam_documents.trust_service("ec2", region)), opts=opts)
    policies: dict[str, pulumi.Input[str]] = {
        policy: iam_documents.managed_policy_arn(policy, region) for policy in iam_documents.NODE_POLICIES
    }
    policies |= {arn.rsplit("/", 1)[-1]: arn for arn in more.managed_policies}
    if more.statements:
        document = json.dumps(iam_documents.extra_chart(more.statements))
        policies["rights"] = iam.Policy(f"{name}-rights", policy=document, opts=opts).arn
    attachments = [
        iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=opts)
        for key, arn in policies.items()
    ]
    return role, attachments
