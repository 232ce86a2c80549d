"""The IAM role of nodes."""

import json
from collections.abc import Sequence

import pulumi
from pulumi_aws import iam

from facts import iam_documents
from settings import NodeRole


def node_role(
    name: str,
    region: str,
    opts: pulumi.ResourceOptions,
    *,
    policies: Sequence[str] = iam_documents.NODE_POLICIES,
    more: NodeRole | None = None,
) -> tuple[iam.Role, list[iam.RolePolicyAttachment]]:
    """Declare a role that EC2 instances assume, and return it with the attachments of its policies.

    region: that of the instances. policies: names of AWS's policies that every such node needs. more: rights in
    addition to these.
    """
    role = iam.Role(name, assume_role_policy=json.dumps(iam_documents.trust_service("ec2", region)), opts=opts)
    arns: dict[str, pulumi.Input[str]] = {it: iam_documents.managed_policy_arn(it, region) for it in policies}
    if more:
        arns |= {arn.rsplit("/", 1)[-1]: arn for arn in more.managed_policies}
    if more and more.statements:
        document = json.dumps(iam_documents.extra_chart(more.statements))
        arns["rights"] = iam.Policy(f"{name}-rights", policy=document, opts=opts).arn
    attachments = [
        iam.RolePolicyAttachment(f"{name}-{key}", role=role.name, policy_arn=arn, opts=opts)
        for key, arn in arns.items()
    ]
    return role, attachments
