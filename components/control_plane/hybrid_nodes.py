"""What nodes outside of AWS need: a role, an access entry, and ways to the control plane and to pods in the VPC."""

import json

import pulumi
from pulumi_aws import eks, iam, rolesanywhere, vpc

from components.common.where import Where
from facts import iam_documents
from settings import HybridNodes as HybridNodesSettings
from settings import Identity


class HybridNodes(pulumi.ComponentResource):
    """The role of nodes outside of AWS and all that lets them join. The routes to them are their owner's."""

    role_arn: pulumi.Output[str]
    registration: pulumi.Output[dict[str, str]]
    """What `nodeadm init` requires: `roleArn`, and with certificates `trustAnchorArn` and `profileArn`."""

    def __init__(
        self,
        name: str,
        settings: HybridNodesSettings,
        where: Where,
        *,
        identity: Identity,
        cluster_name: pulumi.Input[str],
        cluster_security_group_id: pulumi.Input[str],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the role, its access entry, and the rules for the networks of the nodes and their pods.

        cluster_security_group_id: the group that EKS created for the control plane and the nodes in the VPC.
        """
        super().__init__("eks-platform:index:HybridNodes", name, {}, opts)
        self._name = name
        self._child = pulumi.ResourceOptions(parent=self)
        anchor = self._trust_anchor(settings.certificates) if settings.certificates else None
        trust: pulumi.Input[str] = json.dumps(iam_documents.trust_hybrid_nodes(where.account_id, where.region))
        if anchor:
            trust = pulumi.Output.json_dumps(anchor.arn.apply(iam_documents.trust_nodes_with_certificates))
        role = iam.Role(f"{name}-node", assume_role_policy=trust, opts=self._child)
        for policy in [iam_documents.REGISTRY_POLICY, *([] if anchor else [iam_documents.SSM_POLICY])]:
            iam.RolePolicyAttachment(
                f"{name}-node-{policy}",
                role=role.name,
                policy_arn=iam_documents.managed_policy_arn(policy, where.region),
                opts=self._child,
            )
        iam.RolePolicy(
            f"{name}-node",
            role=role.id,
            policy=json.dumps(
                iam_documents.hybrid_node(
                    where.account_id,
                    where.region,
                    where.cluster_name,
                    ssm=anchor is None,
                    pod_identity=identity is Identity.POD_IDENTITY,
                )
            ),
            opts=self._child,
        )
        eks.AccessEntry(
            f"{name}-node", cluster_name=cluster_name, principal_arn=role.arn, type="HYBRID_LINUX", opts=self._child
        )
        networks = {"nodes": settings.node_networks, "pods": settings.pod_networks}
        for kind, blocks in networks.items():
            for block in blocks:
                # kubelets and pods use the API, CoreDNS and pods in the VPC; EKS itself only opens the API to them.
                # https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-networking.html
                vpc.SecurityGroupIngressRule(
                    f"{name}-{kind}-{str(block).replace('/', '-')}",
                    security_group_id=cluster_security_group_id,
                    description=f"Hybrid {kind}",
                    cidr_ipv4=str(block),
                    ip_protocol="-1",
                    opts=self._child,
                )
        self.role_arn = role.arn
        arns = {"roleArn": role.arn}
        if anchor:
            arns |= {"trustAnchorArn": anchor.arn, "profileArn": self._profile(role).arn}
        self.registration = pulumi.Output.all(**arns)
        self.register_outputs({"role_arn": self.role_arn, "registration": self.registration})

    def _trust_anchor(self, certificates: str) -> rolesanywhere.TrustAnchor:
        return rolesanywhere.TrustAnchor(
            f"{self._name}-certificates",
            name=self._name,
            enabled=True,
            source={
                "source_type": "CERTIFICATE_BUNDLE",
                "source_data": {"x509_certificate_data": certificates},
            },
            opts=self._child,
        )

    def _profile(self, role: iam.Role) -> rolesanywhere.Profile:
        return rolesanywhere.Profile(
            f"{self._name}-node",
            name=self._name,
            enabled=True,
            # nodeadm names each session after its node.
            accept_role_session_name=True,
            role_arns=[role.arn],
            opts=self._child,
        )
