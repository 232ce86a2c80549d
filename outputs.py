"""What a stack tells other stacks: the platform's contract with the teams that use it.

Consumers read the outputs by stack reference under their camelCase names. Nothing here is a secret: a secret output
would need the two stacks to share a key.
"""

from typing import NotRequired, TypedDict

import pulumi

from components.common.where import Where
from components.control_plane.layer import ControlPlane
from components.delivery.layer import Delivery
from components.ingress.layer import Ingress
from components.ingress.traefik import INGRESS_CLASS
from components.network.base import AnyNetwork
from components.observability.layer import Observability
from facts.contract import CONTRACT_VERSION
from settings import Stack


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
    route_tables: pulumi.Output[dict[str, str]]
    """Route tables of the VPC, for routes to a transit gateway: `public`, `private-<zone>`, `nodes-<name>` of private
    `nodeSubnets`, and `nat` of a regional NAT gateway; none in an existing VPC."""
    nat_addresses: pulumi.Output[list[str]]
    """Public addresses of the NAT gateways, for the allow lists of others; none in an existing VPC."""
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
    ingress_dns_name: NotRequired[pulumi.Output[str]]
    """The ALB's own name. Without compute of its own (`cluster.controlPlaneOnly`) a stack has no ALB."""
    ingress_zone_id: NotRequired[pulumi.Output[str]]
    """Route 53 zone of the ALB's own name, for alias records."""
    ingress_hosts: list[str]
    """Host names that lead to the ALB; empty without a domain."""
    ingress_class: NotRequired[str]
    """Ingress class of Traefik, behind the ALB."""
    hosted_zone_id: NotRequired[str]
    """Route 53 zone of the host names."""
    alarms_topic_arn: NotRequired[pulumi.Output[str]]
    """SNS topic of the platform's alarms, for subscribers that the stack file does not name."""
    grafana_url: NotRequired[pulumi.Output[str]]
    """URL of the workspace of Amazon Managed Grafana."""
    grafana_role_arn: NotRequired[pulumi.Output[str]]
    """Role by which that workspace reads metrics, for the setting `observability.metricsReader` of other stacks."""
    metrics_reader_role_arn: NotRequired[pulumi.Output[str]]
    """Role by which another stack's Grafana reads metrics of this account, for its `observability.grafana.roles`."""
    hybrid_nodes: NotRequired[pulumi.Output[dict[str, str]]]
    """What `nodeadm init` requires on a node outside of AWS: `roleArn`, and with certificates `trustAnchorArn` and
    `profileArn`."""
    workload_role_arns: pulumi.Output[dict[str, str]]
    """IAM roles of applications by their name in `workloadRoles`, or by the name of their team."""
    argo_cd_role_arn: NotRequired[pulumi.Output[str]]
    """Role by which Argo CD deploys to the clusters of other stacks, for their setting `access.argoCdHub`."""
    argo_cd_access_role_arn: NotRequired[pulumi.Output[str]]
    """Role that another cluster's Argo CD assumes to deploy to this cluster."""
    versions: dict[str, str]
    """What runs: charts and add-ons by name."""


def platform_outputs(
    settings: Stack,
    *,
    where: Where,
    network: AnyNetwork,
    control_plane: ControlPlane,
    ingress: Ingress | None,
    delivery: Delivery,
    observability: Observability,
) -> PlatformOutputs:
    """Return the outputs of the stack from its layers."""
    cluster, domain = control_plane.cluster, settings.ingress.domain
    arns = {name: role.role_arn for name, role in delivery.roles.items()}
    outputs: PlatformOutputs = {
        "contract_version": CONTRACT_VERSION,
        "name": where.cluster_name,
        "region": where.region,
        "account_id": where.account_id,
        "vpc_id": network.vpc_id,
        "private_subnet_ids": network.private_subnet_ids,
        "public_subnet_ids": network.public_subnet_ids,
        "private_subnets": network.private_subnets,
        "public_subnets": network.public_subnets,
        "pod_subnets": network.pod_subnets,
        "route_tables": network.route_tables,
        "nat_addresses": network.nat_addresses,
        "cluster_name": cluster.cluster_name,
        "cluster_arn": cluster.arn,
        "cluster_endpoint": cluster.endpoint,
        "cluster_certificate_authority": cluster.certificate_authority,
        "cluster_security_group_id": cluster.security_group_id,
        "kubernetes_version": cluster.version,
        "kubeconfig": control_plane.access.kubeconfig,
        "oidc_provider_arn": cluster.oidc_provider_arn,
        "oidc_issuer": cluster.oidc_issuer,
        "ingress_hosts": [name for it in settings.ingress.domains for name in it.names],
        # Without names, `Output.all` makes a list.
        "workload_role_arns": pulumi.Output.all(**arns) if arns else pulumi.Output.from_input(dict[str, str]()),
        "versions": settings.installed_versions,
    }
    if ingress:
        outputs["ingress_dns_name"] = ingress.load_balancer.dns_name
        outputs["ingress_zone_id"] = ingress.load_balancer.zone_id
        outputs["ingress_class"] = INGRESS_CLASS
    if domain:
        outputs["hosted_zone_id"] = domain.hosted_zone_id
    if control_plane.hybrid_nodes:
        outputs["hybrid_nodes"] = control_plane.hybrid_nodes.registration
    if delivery.argo_cd_role_arn:
        outputs["argo_cd_role_arn"] = delivery.argo_cd_role_arn
    if control_plane.access.argo_cd_role_arn:
        outputs["argo_cd_access_role_arn"] = control_plane.access.argo_cd_role_arn
    if observability.alarms:
        outputs["alarms_topic_arn"] = observability.alarms.topic_arn
    if observability.grafana:
        outputs["grafana_url"] = observability.grafana.url
        outputs["grafana_role_arn"] = observability.grafana.role_arn
    if observability.reader:
        outputs["metrics_reader_role_arn"] = observability.reader.role_arn
    return outputs


def export(outputs: PlatformOutputs) -> None:
    """Export the outputs of the stack under their camelCase names."""
    for name, value in outputs.items():
        first, *rest = name.split("_")
        pulumi.export(first + "".join(word.title() for word in rest), value)
