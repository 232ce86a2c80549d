"""A small project to rehearse: a VPC, the EKS component, objects in the cluster, exports, a secret."""

import textwrap
from pathlib import Path

import pytest

PROGRAM = """
import pulumi
import pulumi_aws as aws
import pulumi_eks as eks
import pulumi_kubernetes as kubernetes

config = pulumi.Config()
if config.get("refuse"):
    raise pulumi.RunError("the stack's configuration has 1 error")
network = config.require_object("network")

provider = aws.Provider("aws", region="ap-northeast-1", default_tags={"tags": {"Stack": pulumi.get_stack()}})
in_aws = pulumi.ResourceOptions(provider=provider)
vpc = aws.ec2.Vpc("net", cidr_block=network["cidr"], opts=in_aws)
subnets = [
    aws.ec2.Subnet(f"net-{zone}", vpc_id=vpc.id, cidr_block=cidr, availability_zone=zone, opts=in_aws)
    for zone, cidr in network["subnets"].items()
]
role = aws.iam.Role("control-plane", assume_role_policy="{}", opts=in_aws)
attached = aws.iam.RolePolicyAttachment("control-plane", role=role, policy_arn="arn:aws:iam::aws:policy/P", opts=in_aws)
cluster = eks.Cluster(
    "platform",
    name="platform",
    service_role=pulumi.Output.all(attached.id).apply(lambda _: role),
    vpc_id=vpc.id,
    private_subnet_ids=[subnet.id for subnet in subnets],
    authentication_mode="API",
    bootstrap_self_managed_addons=False,
    skip_default_node_group=True,
    skip_default_security_groups=True,
    use_default_vpc_cni=True,
    kube_proxy_addon_options={"enabled": False},
    coredns_addon_options={"enabled": False},
    opts=pulumi.ResourceOptions(providers=[provider], protect=True),
)
in_cluster = pulumi.ResourceOptions(
    provider=kubernetes.Provider("kubernetes", kubeconfig=cluster.kubeconfig_json, cluster_identifier="platform")
)
namespace = kubernetes.core.v1.Namespace("traefik", metadata={"name": "traefik"}, opts=in_cluster)
release = kubernetes.helm.v3.Release(
    "traefik",
    chart="traefik",
    namespace=namespace.metadata.name,
    values={"dashboard": {"password": config.require_secret("password")}},
    opts=in_cluster,
)
kubernetes.apiextensions.CustomResource(
    "general",
    api_version="karpenter.sh/v1",
    kind="NodePool",
    metadata={"name": "general"},
    spec={"weight": 10},
    opts=pulumi.ResourceOptions.merge(in_cluster, pulumi.ResourceOptions(depends_on=[release])),
)
pulumi.log.info("declared")
pulumi.export("arn", cluster.eks_cluster.arn)
pulumi.export("endpoint", cluster.core.cluster.endpoint)
pulumi.export("cidr", vpc.cidr_block)
pulumi.export("password", config.require_secret("password"))
"""

DEV = """
config:
  aws:region: ap-northeast-1
  network:
    cidr: 10.0.0.0/16
    subnets:
      ap-northeast-1a: 10.0.0.0/24
      ap-northeast-1c: 10.0.1.0/24
  sample:password:
    secure: v1:AAAA:BBBB
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The folder of a project `sample` with the stacks `dev` and `refused`."""
    (tmp_path / "Pulumi.yaml").write_text("name: sample\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text(textwrap.dedent(DEV))
    (tmp_path / "Pulumi.refused.yaml").write_text("config:\n  refuse: true\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    return tmp_path
