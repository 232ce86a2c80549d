"""What a stack tells other stacks: the platform's contract with the teams that use it.

Consumers read the outputs by stack reference under their camelCase names. Nothing here is a secret: a secret output
would need the two stacks to share a key. CONTRACT_VERSION grows when an output is renamed, removed or changes its
meaning; a new output does not change it.
"""

from typing import Final, NotRequired, TypedDict

import pulumi

CONTRACT_VERSION: Final = 1


class PlatformOutputs(TypedDict):
    """The outputs of a stack."""

    contract_version: int
    """Version of this contract; consumers refuse one they do not know."""
    name: str
    """Name of the platform and of its cluster."""
    region: str
    """AWS region."""
    account_id: str
    """AWS account."""
    vpc_id: pulumi.Output[str]
    """The VPC."""
    private_subnet_ids: pulumi.Output[list[str]]
    """Private subnets, a zone each; empty where nodes are public."""
    public_subnet_ids: pulumi.Output[list[str]]
    """Public subnets, a zone each."""
    private_subnets: pulumi.Output[dict[str, str]]
    """Private subnets by zone."""
    public_subnets: pulumi.Output[dict[str, str]]
    """Public subnets by zone; none where nothing leads out."""
    pod_subnets: pulumi.Output[dict[str, str]]
    """Subnets of the pods' own range by zone; none without one."""
    cluster_name: pulumi.Output[str]
    """The cluster, known once it is there."""
    cluster_arn: pulumi.Output[str]
    """The cluster's ARN."""
    cluster_endpoint: pulumi.Output[str]
    """URL of the Kubernetes API."""
    cluster_certificate_authority: pulumi.Output[str]
    """Certificate of the Kubernetes API, in base64."""
    cluster_security_group_id: pulumi.Output[str]
    """Security group of the control plane, of nodes and of Fargate pods."""
    kubernetes_version: pulumi.Output[str]
    """Kubernetes minor version."""
    kubeconfig: pulumi.Output[str]
    """Kubeconfig, as JSON, that asks the AWS CLI for a token."""
    oidc_provider_arn: pulumi.Output[str]
    """IAM OIDC provider of the cluster, for roles of service accounts."""
    oidc_issuer: pulumi.Output[str]
    """Its issuer without the scheme, as trust policies name it."""
    ingress_dns_name: pulumi.Output[str]
    """The ALB's own name."""
    ingress_zone_id: pulumi.Output[str]
    """Route 53 zone of the ALB's own name, for alias records."""
    ingress_hosts: list[str]
    """Host names that lead to the ALB; empty without a domain."""
    ingress_class: str
    """Ingress class of Traefik, behind the ALB."""
    hosted_zone_id: NotRequired[str]
    """Route 53 zone of the host names."""
    alarms_topic_arn: NotRequired[pulumi.Output[str]]
    """SNS topic of the platform's alarms, for subscribers that the stack file does not name."""
    versions: dict[str, str]
    """What runs: charts and add-ons by name."""


def export(outputs: PlatformOutputs) -> None:
    """Export the outputs of the stack under their camelCase names."""
    for name, value in outputs.items():
        first, *rest = name.split("_")
        pulumi.export(first + "".join(word.title() for word in rest), value)
