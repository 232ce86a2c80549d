"""The EKS control plane and what it needs: role, secrets key, log group, OIDC provider."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_eks
from pulumi_aws import cloudwatch, ec2, iam, kms, vpc

from components.common.dependency import after
from components.common.node_role import node_role
from components.common.node_security import ingress_rules
from components.common.where import Where
from facts import iam_documents
from settings import AutoMode, IpFamily
from settings import Cluster as ClusterSettings


@dataclass(frozen=True)
class ControlPlaneNetwork:
    """Where a control plane is.

    subnet_ids: subnets for its network interfaces, in two zones at least; only those of its creation count. ip_family:
    the family of the addresses of pods and Services; another one is another cluster.
    """

    vpc_id: pulumi.Input[str]
    subnet_ids: pulumi.Input[Sequence[str]]
    ip_family: IpFamily


class Cluster(pulumi.ComponentResource):
    """A control plane without nodes, without add-ons and without administrators of its own accord."""

    cluster_name: pulumi.Output[str]
    """The name, known once the control plane exists."""
    arn: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    certificate_authority: pulumi.Output[str]
    """The API server's certificate, in base64."""
    version: pulumi.Output[str]
    service_range: pulumi.Output[str]
    """The range of addresses of Services."""
    security_group_id: pulumi.Output[str]
    """The security group that EKS created for the control plane and nodes: the only one tagged for the cluster."""
    oidc_provider_arn: pulumi.Output[str]
    oidc_issuer: pulumi.Output[str]
    """The issuer without its scheme, as trust policies name it."""
    secrets_key_arn: pulumi.Output[str]

    def __init__(
        self,
        name: str,
        settings: ClusterSettings,
        where: Where,
        *,
        network: ControlPlaneNetwork,
        logs_key: str | None,
        protect: bool,
        pod_security_groups: bool = False,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the control plane, whose name in EKS is the platform's.

        logs_key: ARN of a KMS key of the company's own for the log group; None: CloudWatch's. protect: whether Pulumi
        refuses to delete or replace the control plane and its key. pod_security_groups: whether pods can have security
        groups of their own.
        """
        super().__init__("eks-platform:index:Cluster", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        self._protected = pulumi.ResourceOptions(parent=self, protect=protect)
        public = [str(range_) for range_ in settings.public_access.values()]

        role = iam.Role(
            f"{name}-control-plane",
            assume_role_policy=json.dumps(
                iam_documents.trust_service("eks", where.region, tags=settings.auto_mode is not None)
            ),
            opts=self._child,
        )
        self.secrets_key_arn = (
            pulumi.Output.from_input(settings.secrets_key) if settings.secrets_key else self._key(where)
        )
        group, ways_in = self._private_access(settings.private_access, where, network)
        component = pulumi_eks.Cluster(
            f"{name}-eks",
            name=where.cluster_name,
            version=settings.version,
            vpc_id=network.vpc_id,
            # The component only tells them apart to place node groups of its own, of which it gets none.
            private_subnet_ids=network.subnet_ids,
            endpoint_private_access=True,
            endpoint_public_access=bool(public),
            public_access_cidrs=public or None,
            enabled_cluster_log_types=settings.logs,
            encryption_config_key_arn=self.secrets_key_arn,
            cluster_tags=settings.tags or None,
            deletion_protection=settings.deletion_protection,
            upgrade_policy=aws.eks.ClusterUpgradePolicyArgs(support_type=settings.support.upper()),
            ip_family="ipv6" if network.ip_family is IpFamily.IPV6 else None,
            kubernetes_service_ip_address_range=str(settings.service_cidr) if settings.service_cidr else None,
            auto_mode=self._auto_mode(settings.auto_mode, where.region) if settings.auto_mode else None,
            authentication_mode=pulumi_eks.AuthenticationMode.API,
            service_role=self._equipped(role, settings, where, logs_key, pod_security_groups=pod_security_groups),
            # An own OIDC provider needs no TLS connection from the machine that runs Pulumi.
            create_oidc_provider=False,
            skip_default_node_group=True,
            create_instance_role=False,
            node_associate_public_ip_address=False,
            # Otherwise a second group tagged for the cluster ends up on the nodes (terraform-aws-eks #1810).
            skip_default_security_groups=True,
            cluster_security_group=group,
            # Otherwise the component adds add-ons of whatever version is the newest on that day.
            use_default_vpc_cni=True,
            bootstrap_self_managed_addons=False,
            kube_proxy_addon_options=pulumi_eks.KubeProxyAddonOptionsArgs(enabled=False),
            coredns_addon_options=pulumi_eks.CoreDnsAddonOptionsArgs(enabled=False),
            opts=pulumi.ResourceOptions.merge(
                self._protected,
                pulumi.ResourceOptions(transforms=[_without_argument(settings), _subnets_are_immutable]),
            ),
        )
        control_plane = component.eks_cluster
        oidc_url: pulumi.Output[str] = control_plane.apply(
            lambda cluster: cluster.identities.apply(lambda identities: _issuer(identities[0]))
        )
        oidc = iam.OpenIdConnectProvider(
            f"{name}-oidc", url=oidc_url, client_id_lists=["sts.amazonaws.com"], opts=self._child
        )

        self.cluster_name = control_plane.apply(lambda cluster: cluster.name)
        self.arn = control_plane.apply(lambda cluster: cluster.arn)
        # One of these may let in the caller of this program.
        endpoint: pulumi.Output[str] = control_plane.apply(lambda cluster: cluster.endpoint)
        self.endpoint = after(ways_in, endpoint)
        self.certificate_authority = control_plane.apply(lambda cluster: cluster.certificate_authority.data)
        self.version = control_plane.apply(lambda cluster: cluster.version)
        self.service_range = control_plane.apply(
            lambda cluster: cluster.kubernetes_network_config.apply(
                lambda config: config.service_ipv6_cidr or config.service_ipv4_cidr or ""
            )
        )
        self.security_group_id = control_plane.apply(lambda cluster: cluster.vpc_config.cluster_security_group_id)
        self._security_group(settings)
        self.oidc_provider_arn = oidc.arn
        self.oidc_issuer = oidc_url.apply(lambda url: url.removeprefix("https://"))
        self.register_outputs(
            {
                "cluster_name": self.cluster_name,
                "arn": self.arn,
                "endpoint": self.endpoint,
                "certificate_authority": self.certificate_authority,
                "version": self.version,
                "service_range": self.service_range,
                "security_group_id": self.security_group_id,
                "oidc_provider_arn": self.oidc_provider_arn,
                "oidc_issuer": self.oidc_issuer,
                "secrets_key_arn": self.secrets_key_arn,
            }
        )

    def _key(self, where: Where) -> pulumi.Output[str]:
        key = kms.Key(
            f"{self._name}-secrets",
            description=f"Kubernetes secrets of {where.cluster_name}",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=json.dumps(iam_documents.secrets_key(where.account_id, where.region)),
            opts=self._protected,
        )
        kms.Alias(
            f"{self._name}-secrets", name=f"alias/eks/{where.cluster_name}", target_key_id=key.id, opts=self._child
        )
        return key.arn

    def _private_access(
        self, allowed: Mapping[str, IPv4Network | IPv6Network], where: Where, network: ControlPlaneNetwork
    ) -> tuple[ec2.SecurityGroup, list[vpc.SecurityGroupIngressRule]]:
        """Return the security group, with its rules, that lets networks connect to the private endpoint.

        Rules of the group that EKS creates would open the nodes too; the problem of two groups with the cluster's tag
        (terraform-aws-eks #1810) concerns nodes only. The group exists without rules too: EKS accepts another list of
        groups for a running cluster, but its documentation does not say that it accepts an empty list.
        https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html,
        https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html
        """
        group = ec2.SecurityGroup(
            f"{self._name}-private-access",
            description=f"Private access to the API of {where.cluster_name}",
            vpc_id=network.vpc_id,
            tags={"Name": f"{where.name}-private-access"},
            opts=self._child,
        )
        rules = [
            vpc.SecurityGroupIngressRule(
                f"{self._name}-private-access-{key}",
                security_group_id=group.id,
                description=f"API from {key}",
                cidr_ipv4=str(cidr) if cidr.version == 4 else None,
                cidr_ipv6=str(cidr) if cidr.version == 6 else None,
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                opts=self._child,
            )
            for key, cidr in allowed.items()
        ]
        return group, rules

    def _security_group(self, settings: ClusterSettings) -> None:
        """Declare what the stack file adds to the security group that EKS created, whose own rules stay as they are.

        https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
        """
        ingress_rules(f"{self._name}-cluster", self.security_group_id, settings.security_rules, self._child)
        for key, value in settings.security_group_tags.items():
            ec2.Tag(
                f"{self._name}-cluster-{key.replace('/', '-')}",
                resource_id=self.security_group_id,
                key=key,
                value=value,
                opts=self._child,
            )

    def _auto_mode(self, settings: AutoMode, region: str) -> pulumi_eks.AutoModeOptionsArgs:
        """Return the options by which EKS launches nodes; they have a role, and EKS makes its access entry itself.

        Without a built-in pool there must be no role: EKS refuses one.
        https://docs.aws.amazon.com/eks/latest/userguide/auto-learn-iam.html
        https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3711
        """
        if not settings.node_pools:
            return pulumi_eks.AutoModeOptionsArgs(
                enabled=True,
                create_node_role=False,
                compute_config=pulumi_eks.ClusterComputeConfigArgs(node_pools=[]),
            )
        role, attachments = node_role(
            f"{self._name}-auto-node", region, self._child, policies=iam_documents.AUTO_MODE_NODE_POLICIES
        )
        return pulumi_eks.AutoModeOptionsArgs(
            enabled=True,
            create_node_role=False,
            compute_config=pulumi_eks.ClusterComputeConfigArgs(
                node_pools=settings.node_pools, node_role_arn=after(attachments, role.arn)
            ),
        )

    def _equipped(
        self,
        role: iam.Role,
        settings: ClusterSettings,
        where: Where,
        logs_key: str | None,
        *,
        pod_security_groups: bool,
    ) -> pulumi.Output[iam.Role]:
        """Return the control plane's role, with dependencies on what must be deleted after the control plane.

        `depends_on` on the component would not reach the control plane inside it: a destroy could then detach the
        role's policy before EKS has removed its network interfaces, or EKS could create a new log group after ours is
        deleted.
        """
        attachment = iam.RolePolicyAttachment(
            f"{self._name}-control-plane",
            role=role.name,
            policy_arn=iam_documents.managed_policy_arn(iam_documents.CLUSTER_POLICY, where.region),
            opts=self._child,
        )
        more = [
            *(iam_documents.AUTO_MODE_CLUSTER_POLICIES if settings.auto_mode else ()),
            *([iam_documents.POD_SECURITY_GROUPS_POLICY] if pod_security_groups else ()),
        ]
        use_key = iam.RolePolicy(
            f"{self._name}-secrets",
            role=role.id,
            policy=pulumi.Output.json_dumps(self.secrets_key_arn.apply(iam_documents.secrets_key_user)),
            opts=self._child,
        )
        # EKS creates a missing group itself, never expires its logs, and does not delete it with the cluster.
        # https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
        logs = cloudwatch.LogGroup(
            f"{self._name}-control-plane",
            name=f"/aws/eks/{where.cluster_name}/cluster",
            retention_in_days=settings.log_retention_days,
            kms_key_id=logs_key,
            opts=self._child,
        )
        others = [
            iam.RolePolicyAttachment(
                f"{self._name}-control-plane-{policy}",
                role=role.name,
                policy_arn=iam_documents.managed_policy_arn(policy, where.region),
                opts=self._child,
            )
            for policy in more
        ]
        return after([attachment, *others, use_key, logs], role)


def _issuer(identity: aws.eks.outputs.ClusterIdentity) -> str:
    oidc = (identity.oidcs or [])[0]
    return oidc.issuer or ""


def _without_argument(settings: ClusterSettings) -> pulumi.ResourceTransform:
    """Return the transform that sets the inputs of the control plane for which the component has no argument."""
    given: dict[str, Any] = {}
    if hybrid := settings.hybrid_nodes:
        given["remoteNetworkConfig"] = {
            f"remote{kind}Networks": {"cidrs": [str(block) for block in blocks]}
            for kind, blocks in (("Node", hybrid.node_networks), ("Pod", hybrid.pod_networks))
            if blocks
        }
    if settings.zonal_shift is not None:
        given["zonalShiftConfig"] = {"enabled": settings.zonal_shift}
    if settings.scaling_tier:
        given["controlPlaneScalingConfig"] = {"tier": settings.scaling_tier.value}

    def transform(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
        if args.type_ != "aws:eks/cluster:Cluster":
            return None
        props: dict[str, Any] = {**args.props, **given}
        # The creator of the cluster gets no administrator's rights.
        props["accessConfig"] = {**props["accessConfig"], "bootstrapClusterCreatorAdminPermissions": False}
        groups = [*props["vpcConfig"]["securityGroupIds"], *settings.security_groups]
        props["vpcConfig"] = {**props["vpcConfig"], "securityGroupIds": groups}
        return pulumi.ResourceTransformResult(props=props, opts=args.opts)

    return transform


def _subnets_are_immutable(args: pulumi.ResourceTransformArgs) -> pulumi.ResourceTransformResult | None:
    """Keep the control plane in the subnets in which it was created.

    EKS accepts other subnets in the same zones only: with one more zone in the network it would refuse every update.
    https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html, aws/containers-roadmap #2258
    """
    if args.type_ != "aws:eks/cluster:Cluster":
        return None
    fixed = pulumi.ResourceOptions(ignore_changes=["vpcConfig.subnetIds"])
    return pulumi.ResourceTransformResult(props=args.props, opts=pulumi.ResourceOptions.merge(args.opts, fixed))
