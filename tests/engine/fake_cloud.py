"""A small platform in the fake cloud, made through the provider doubles without the engine."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from harness.engine.environment import Environment
from harness.engine.store import Resource
from rehearsal.engine.aws_provider import Aws
from rehearsal.engine.kubernetes_provider import Kubernetes
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.cluster import (
    APPLICATION_SET,
    BINDING,
    INGRESS,
    NAMESPACE,
    NODE_CLASS,
    NODE_POOL,
    PROJECT,
    RELEASE,
    SERVICE,
)

REGION: Final = "ap-northeast-1"
DEPLOYER: Final = "arn:aws:iam::111122223333:role/deployer"
ADMIN: Final = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"
ISSUER_HOST: Final = f"oidc.eks.{REGION}.amazonaws.com"

BALANCER_ACTIONS: Final = [
    *("elasticloadbalancing:Create*", "elasticloadbalancing:Delete*", "elasticloadbalancing:Describe*"),
    *("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets", "ec2:DeleteSecurityGroup"),
]
KARPENTER_ACTIONS: Final = [
    *("ec2:CreateFleet", "ec2:RunInstances", "ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"),
    *("iam:PassRole", "iam:ListInstanceProfiles"),
]


class FakeCloud:
    """The doubles on one folder; resources are known by a short name."""

    def __init__(self, folder: Path, environment: Environment | None = None) -> None:
        (environment or Environment(deployer=DEPLOYER)).write(folder)
        self.aws = Aws(folder)
        self.aws.configuration = {"region": REGION}
        self.kubernetes = Kubernetes(folder)
        self.store = self.aws.store
        self.made: dict[str, Resource] = {}

    def __getitem__(self, name: str) -> Resource:
        return self.made[name]

    def make(self, name: str, type_: str, /, **inputs: Any) -> Resource:
        double = self.kubernetes if type_.startswith("kubernetes:") else self.aws
        self.made[name] = double.make(f"urn:pulumi:test::test::{type_}::{name}", inputs)
        return self.made[name]

    def change(self, name: str, **inputs: Any) -> Resource:
        resource = self.made[name]
        double = self.kubernetes if resource.cluster else self.aws
        self.made[name] = double.alter(resource.urn, resource.id, {**resource.inputs, **inputs})
        return self.made[name]

    def delete(self, name: str) -> None:
        resource = self.made[name]
        (self.kubernetes if resource.cluster else self.aws).destroy(resource.urn, resource.id)

    def lose(self, name: str) -> None:
        """Take something away that nothing guards, as somebody with a console could."""
        with self.store.change() as cloud:
            cloud.remove(self.made[name])

    def connect(self, cluster: Resource) -> None:
        server = {"name": "c", "cluster": {"server": cluster.get("endpoint")}}
        self.kubernetes.configuration = {"kubeconfig": json.dumps({"clusters": [server]})}

    def left(self) -> list[str]:
        return [str(resource) for resource in self.store.resources()]


def allow(*actions: str) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": "*"}]})


def trust(principal: Mapping[str, str], **conditions: Any) -> str:
    return json.dumps({"Statement": [{"Effect": "Allow", "Principal": principal, "Condition": conditions}]})


def platform(folder: Path) -> FakeCloud:
    """Return a cloud with a network, a control plane, nodes, three controllers, and what they serve."""
    cloud = FakeCloud(folder)
    _network(cloud)
    _control_plane(cloud)
    _nodes(cloud)
    _balancer(cloud)
    _karpenter(cloud)
    _argo_cd(cloud)
    return cloud


def _network(cloud: FakeCloud) -> None:
    vpc = cloud.make("vpc", uses.VPC, cidrBlock="10.0.0.0/16").id
    gateway = cloud.make("gateway", uses.GATEWAY, vpcId=vpc).id
    for number, zone in enumerate("ac"):
        place: dict[str, Any] = {"vpcId": vpc, "availabilityZone": f"{REGION}{zone}"}
        public = {"kubernetes.io/role/elb": "1"}
        cloud.make(f"public-{zone}", uses.SUBNET, cidrBlock=f"10.0.{number}.0/24", tags=public, **place)
        nodes = {"karpenter.sh/discovery": "platform"}
        cloud.make(f"private-{zone}", uses.SUBNET, cidrBlock=f"10.0.1{number}.0/24", tags=nodes, **place)
    address = cloud.make("address", uses.ADDRESS, domain="vpc").id
    nat = cloud.make("nat", uses.NAT, allocationId=address, subnetId=cloud["public-a"].id).id
    for kind, way in (("public", {"gatewayId": gateway}), ("private", {"natGatewayId": nat})):
        table = cloud.make(f"{kind}-table", uses.TABLE, vpcId=vpc).id
        cloud.make(f"{kind}-route", uses.ROUTE, routeTableId=table, destinationCidrBlock="0.0.0.0/0", **way)
        for zone in "ac":
            subnet = cloud[f"{kind}-{zone}"].id
            cloud.make(f"{kind}-{zone}-routes", uses.ASSOCIATION, subnetId=subnet, routeTableId=table)


def _role(cloud: FakeCloud, name: str, assume: str, *policies: str) -> str:
    role = cloud.make(f"{name}-role", uses.ROLE, name=name, assumeRolePolicy=assume)
    for policy in policies:
        arn = f"arn:aws:iam::aws:policy/{policy}"
        cloud.make(f"{name}-{policy}", uses.ATTACHMENT, role=name, policyArn=arn)
    return str(role.get("arn"))


def _control_plane(cloud: FakeCloud) -> None:
    role = _role(cloud, "control-plane", "{}", "AmazonEKSClusterPolicy")
    name = "/aws/eks/platform/cluster"
    cloud.make("logs", uses.LOG_GROUP, name=name)
    cluster = cloud.make(
        "cluster",
        uses.CLUSTER,
        name="platform",
        roleArn=role,
        bootstrapSelfManagedAddons=False,
        accessConfig={"authenticationMode": "API", "bootstrapClusterCreatorAdminPermissions": False},
        enabledClusterLogTypes=["audit"],
        vpcConfig={"subnetIds": [cloud["private-a"].id, cloud["private-c"].id]},
    )
    issuer = cluster.get("identities.oidcs.issuer")
    cloud.make("oidc", uses.OIDC, url=issuer, clientIdLists=["sts.amazonaws.com"])
    cloud.make("entry", uses.ENTRY, clusterName="platform", principalArn=DEPLOYER)
    scope = {"type": "cluster"}
    rights = {"clusterName": "platform", "principalArn": DEPLOYER, "policyArn": ADMIN, "accessScope": scope}
    cloud.make("rights", uses.ENTRY_POLICY, **rights)
    cloud.connect(cluster)


def _nodes(cloud: FakeCloud) -> None:
    cloud.make("vpc-cni", uses.ADDON, clusterName="platform", addonName="vpc-cni")
    role = _role(cloud, "node", "{}", "AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
    cloud.make(
        "nodes",
        uses.NODE_GROUP,
        clusterName="platform",
        nodeGroupName="operations",
        nodeRoleArn=role,
        subnetIds=[cloud["private-a"].id],
        scalingConfig={"minSize": 1, "maxSize": 2, "desiredSize": 1},
    )
    cloud.make("coredns", uses.ADDON, clusterName="platform", addonName="coredns")


def cert_manager(cloud: FakeCloud) -> None:
    """Make the release of cert-manager, with a role that may do nothing."""
    _controller(cloud, "cert-manager", _controller_role(cloud, "cert-manager", ["sts:GetCallerIdentity"]))


def _controller(cloud: FakeCloud, chart: str, role: str) -> None:
    cloud.make(
        chart,
        RELEASE,
        name=chart,
        chart=chart,
        namespace="kube-system",
        skipCrds=chart == "karpenter",
        values={
            "enableServiceMutatorWebhook": False,
            "serviceAccount": {"name": chart, "annotations": {"eks.amazonaws.com/role-arn": role}},
        },
    )


def _controller_role(cloud: FakeCloud, chart: str, actions: list[str]) -> str:
    provider = str(cloud["oidc"].get("arn"))
    host = provider.split("oidc-provider/")[1]
    subject = f"system:serviceaccount:kube-system:{chart}"
    conditions = {f"{host}:sub": subject, f"{host}:aud": "sts.amazonaws.com"}
    role = _role(cloud, chart, trust({"Federated": provider}, StringEquals=conditions))
    policy = cloud.make(f"{chart}-policy", uses.POLICY, name=f"{chart}-policy", policy=allow(*actions)).get("arn")
    cloud.make(f"{chart}-attachment", uses.ATTACHMENT, role=chart, policyArn=policy)
    return role


def _balancer(cloud: FakeCloud) -> None:
    chart = "aws-load-balancer-controller"
    _controller(cloud, chart, _controller_role(cloud, chart, BALANCER_ACTIONS))
    cloud.make("namespace", NAMESPACE, metadata={"name": "traefik"}, kind="Namespace")
    cloud.make("service", SERVICE, metadata={"name": "traefik", "namespace": "traefik"}, kind="Service")
    annotations = {"alb.ingress.kubernetes.io/scheme": "internet-facing"}
    metadata = {"name": "traefik", "namespace": "traefik", "annotations": annotations}
    cloud.make("ingress", INGRESS, kind="Ingress", metadata=metadata, spec={})
    cloud.make("binding", BINDING, kind="TargetGroupBinding", metadata={"name": "traefik", "namespace": "traefik"})


def _karpenter(cloud: FakeCloud) -> None:
    role = _controller_role(cloud, "karpenter", KARPENTER_ACTIONS)
    cloud.make("definitions", RELEASE, name="karpenter-crd", chart="karpenter-crd", namespace="kube-system")
    _controller(cloud, "karpenter", role)
    node_role = _role(cloud, "karpenter-node", "{}")
    cloud.make("profile", uses.PROFILE, name="karpenter-node", role="karpenter-node")
    cloud.make("node-entry", uses.ENTRY, clusterName="platform", principalArn=node_role, type="EC2_LINUX")
    cloud.make(
        "node-class",
        NODE_CLASS,
        kind="EC2NodeClass",
        metadata={"name": "default"},
        spec={
            "instanceProfile": "karpenter-node",
            "subnetSelectorTerms": [{"tags": {"karpenter.sh/discovery": "platform"}}],
            "securityGroupSelectorTerms": [{"tags": {"kubernetes.io/cluster/platform": "owned"}}],
        },
    )
    reference = {"nodeClassRef": {"name": "default"}}
    pool = {"template": {"spec": reference}}
    cloud.make("pool", NODE_POOL, kind="NodePool", metadata={"name": "general"}, spec=pool)


def _argo_cd(cloud: FakeCloud) -> None:
    cloud.make("argocd", NAMESPACE, metadata={"name": "argocd"}, kind="Namespace")
    cloud.make("argo-cd", RELEASE, name="argo-cd", chart="argo-cd", namespace="argocd")
    metadata = {"name": "applications", "namespace": "argocd"}
    cloud.make("project", PROJECT, kind="AppProject", metadata=metadata, spec={})
    template = {"spec": {"project": "applications"}}
    cloud.make("applications", APPLICATION_SET, kind="ApplicationSet", metadata=metadata, spec={"template": template})
