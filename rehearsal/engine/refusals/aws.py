"""What AWS refuses for more than a reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from ipaddress import ip_network

from harness.engine.store import Cloud, Resource
from rehearsal.cloud.regions import ZONES_WITHOUT_EKS
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.compute import compute_problem, network_plugin_problem
from rehearsal.engine.refusals.iam import attached_policy_arns
from rehearsal.engine.refusals.routes import routes, way_out
from rehearsal.engine.refusals.rules import rule
from rehearsal.engine.refusals.uses import EC2, EFS, EKS, ELB

GUIDE = "https://docs.aws.amazon.com/eks/latest/userguide/"
PROVIDER = "https://registry.terraform.io/providers/hashicorp/aws/latest/docs/resources/"

# --- Network
# ---------------------------------------------------------------------------------------------------------------


@rule("create", uses.NAT, code="Gateway.NotAttached", source=EC2 + "CreateNatGateway.html")
def nat_without_gateway(nat: Resource, cloud: Cloud) -> str | None:
    """A public NAT gateway needs an internet gateway on its VPC."""
    vpc = _vpc_of_nat(nat, cloud)
    return None if vpc is None or _gateway_of(vpc, cloud) else f"{vpc} has no internet gateway attached"


@rule("create", uses.NAT, code="InvalidParameterCombination", source=EC2 + "CreateNatGateway.html")
def nat_of_two_kinds(nat: Resource, _cloud: Cloud) -> str | None:
    """A regional NAT gateway has a VPC and addresses by zone; another one a subnet and addresses."""
    foreign = ("subnetId", "allocationId", "secondaryAllocationIds")
    if nat.get("availabilityMode") != "regional":
        return None if nat.get("subnetId") else "a zonal NAT gateway needs a subnet"
    found = [path for path in foreign if nat.get(path)]
    if found:
        return f"a regional NAT gateway has no {found[0]}"
    return None if nat.get("vpcId") else "a regional NAT gateway needs a VPC"


@rule("create update", uses.NAT, code="Resource.AlreadyAssociated", source=EC2 + "AssociateNatGatewayAddress.html")
def address_in_use(nat: Resource, cloud: Cloud) -> str | None:
    """An address is on one NAT gateway only (pulumi-aws #1483)."""
    taken = {id_ for other in cloud.of(uses.NAT) if other.id != nat.id for id_ in _addresses_of(other)}
    found = sorted(taken & _addresses_of(nat))
    return f"{found[0]} is already associated" if found else None


def _addresses_of(nat: Resource) -> set[str]:
    paths = ("allocationId", "secondaryAllocationIds", "availabilityZoneAddresses.allocationIds")
    return {id_ for path in paths for id_ in nat.all(path)}


@rule("delete", uses.GATEWAY, code="DependencyViolation", source=EC2 + "DetachInternetGateway.html")
def gateway_with_public_addresses(gateway: Resource, cloud: Cloud) -> str | None:
    """An internet gateway stays while its VPC has public addresses mapped."""
    vpc = gateway.get("vpcId")
    nats = [nat for nat in cloud.of(uses.NAT) if _vpc_of_nat(nat, cloud) == vpc]
    balancers = [
        lb for lb in cloud.of(uses.BALANCER) if not lb.get("internal") and vpc in _vpcs_of(lb, "subnets", cloud)
    ]
    users = ", ".join(map(str, [*nats, *balancers]))
    return f"{vpc} has public addresses mapped: {users}" if users else None


@rule("create update", uses.BALANCER, code="InvalidSubnet", source=ELB + "CreateLoadBalancer.html")
def balancer_subnets(balancer: Resource, cloud: Cloud) -> str | None:
    """An application load balancer needs subnets in two zones, and an internet gateway if it is internet-facing."""
    subnets = balancer.all("subnets")
    zones = {s.get("availabilityZone") for s in cloud.of(uses.SUBNET) if s.id in subnets}
    if len(zones) < 2:
        return "an application load balancer needs subnets in two zones"
    missing = [vpc for vpc in _vpcs_of(balancer, "subnets", cloud) if not _gateway_of(vpc, cloud)]
    return f"{missing[0]} has no internet gateway" if missing and not balancer.get("internal") else None


@rule("create", uses.MOUNT_TARGET, code="MountTargetConflict", source=EFS + "CreateMountTarget.html")
def mount_target_of_a_zone(target: Resource, cloud: Cloud) -> str | None:
    """A file system has one mount target in a zone, and all of them in one VPC."""
    others = cloud.of(uses.MOUNT_TARGET, fileSystemId=target.get("fileSystemId"))
    taken = {other.get("subnetId") for other in others}
    own = cloud.one(uses.SUBNET, "id", target.get("subnetId"))
    if own is None:
        return None
    for subnet in (it for it in cloud.of(uses.SUBNET) if it.id in taken):
        if subnet.get("availabilityZone") == own.get("availabilityZone"):
            return f"{subnet} of the same zone has a mount target"
        if subnet.get("vpcId") != own.get("vpcId"):
            return f"{subnet} of another VPC has a mount target"
    return None


@rule("delete", uses.BALANCER, code="OperationNotPermitted", source=ELB + "DeleteLoadBalancer.html")
def protected_balancer(balancer: Resource, _cloud: Cloud) -> str | None:
    """Deletion protection."""
    return "deletion protection is enabled" if balancer.get("enableDeletionProtection") else None


@rule("create update", uses.LISTENER, code="UnsupportedCertificate", source=ELB + "CreateListener.html")
def pending_certificate(listener: Resource, cloud: Cloud) -> str | None:
    """A listener takes a certificate only once it is issued."""
    certificate = cloud.one(uses.CERTIFICATE, "arn", listener.get("certificateArn"))
    if certificate is None or cloud.of(uses.VALIDATION, certificateArn=certificate.get("arn")):
        return None
    return f"{certificate} is not issued: nothing has validated it"


def _vpc_of_subnet(subnet_id: str, cloud: Cloud) -> str | None:
    subnet = cloud.existing(uses.SUBNET, subnet_id)
    return None if subnet is None else str(subnet.get("vpcId"))


def _vpc_of_nat(nat: Resource, cloud: Cloud) -> str | None:
    vpc = nat.get("vpcId")
    return str(vpc) if vpc else _vpc_of_subnet(nat.get("subnetId"), cloud)


def _vpcs_of(resource: Resource, path: str, cloud: Cloud) -> set[str]:
    return {vpc for subnet in resource.all(path) if (vpc := _vpc_of_subnet(subnet, cloud)) is not None}


def _gateway_of(vpc_id: str, cloud: Cloud) -> bool:
    vpc = cloud.existing(uses.VPC, vpc_id)
    return bool(cloud.of(uses.GATEWAY, vpcId=vpc_id)) or (vpc is not None and vpc.is_given)


# --- EKS ----------------------------------------------------------------------------------------------------------


@rule("create", uses.CLUSTER, code="InvalidParameterException", source=EKS + "VpcConfigRequest.html")
def cluster_zones(cluster: Resource, cloud: Cloud) -> str | None:
    """A control plane needs subnets in two zones."""
    zones = {s.get("availabilityZone") for s in cloud.of(uses.SUBNET) if s.id in cluster.all("vpcConfig.subnetIds")}
    return None if len(zones) > 1 else "subnets must be in at least two different zones"


@rule(
    "create update",
    uses.CLUSTER,
    code="UnsupportedAvailabilityZoneException",
    source=GUIDE + "network-reqs.html#network-requirements-subnets",
)
def cluster_in_zone_without_eks(cluster: Resource, cloud: Cloud) -> str | None:
    """Some zones have no room for control planes; which ones their ids say (eksctl #817, #905)."""
    for subnet in cloud.of(uses.SUBNET):
        zone_id = subnet.get("availabilityZoneId")
        if subnet.id in cluster.all("vpcConfig.subnetIds") and zone_id in ZONES_WITHOUT_EKS:
            return f"{subnet} is in {subnet.get('availabilityZone')} ({zone_id}), which does not support EKS"
    return None


@rule("create", uses.CLUSTER, code="InvalidParameterException", source=EKS + "KubernetesNetworkConfigRequest.html")
def service_range(cluster: Resource, cloud: Cloud) -> str | None:
    """Services have a private range of their own, outside of the VPC."""
    asked = cluster.get("kubernetesNetworkConfig.serviceIpv4Cidr")
    if not asked:
        return None
    services = ip_network(asked)
    if not 12 <= services.prefixlen <= 24 or not services.is_private:
        return f"{asked} is no private range from /12 to /24"
    vpcs = _vpcs_of(cluster, "vpcConfig.subnetIds", cloud)
    blocks = [str(vpc.get("cidrBlock")) for vpc in cloud.of(uses.VPC) if vpc.id in vpcs]
    blocks += [str(more.get("cidrBlock")) for more in cloud.of(uses.RANGE) if more.get("vpcId") in vpcs]
    taken = [block for block in blocks if ip_network(block).overlaps(services)]
    return f"{asked} overlaps {taken[0]}, a range of the VPC" if taken else None


@rule("update", uses.CLUSTER, code="InvalidParameterException", source=EKS + "UpdateClusterConfig.html")
def other_cluster_zones(cluster: Resource, cloud: Cloud) -> str | None:
    """A control plane's subnets can be others in the same zones only (aws/containers-roadmap #2258)."""
    before = cloud.existing(cluster.type, cluster.id)
    zones = {s.id: s.get("availabilityZone") for s in cloud.of(uses.SUBNET)}
    old, new = ({zones.get(id_) for id_ in state.all("vpcConfig.subnetIds")} for state in (before or cluster, cluster))
    return None if old == new else "subnets must be in the zones that the cluster was created in"


@rule("create delete", uses.CLUSTER, code="AccessDenied", source=PROVIDER + "eks_cluster")
def cluster_role_without_policy(cluster: Resource, cloud: Cloud) -> str | None:
    """The control plane's role must have its policy for as long as the control plane is there.

    Without it EKS cannot clean up the security groups and network interfaces that it made.
    """
    needed = ["AmazonEKSClusterPolicy", *(AUTO_MODE_POLICIES if cluster.get("computeConfig.enabled") else ())]
    present = _policy_names(cluster.get("roleArn"), cloud)
    lacking = [policy for policy in needed if policy not in present]
    return f"the role {cluster.get('roleArn')} has no {lacking[0]}" if lacking else None


AUTO_MODE_POLICIES: Sequence[str] = (
    "AmazonEKSComputePolicy",
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
"""https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html"""


@rule("delete", uses.CLUSTER, code="InvalidRequestException", source=EKS + "DeleteCluster.html")
def protected_cluster(cluster: Resource, _cloud: Cloud) -> str | None:
    """Deletion protection."""
    return "deletion protection is enabled" if cluster.get("deletionProtection") else None


@rule("create", uses.ENTRY, code="InvalidParameterException", source=EKS + "CreateAccessEntry.html")
def entry_of_nodes(entry: Resource, _cloud: Cloud) -> str | None:
    """The entry of nodes has no groups and no name of a user: EKS gives them by the type."""
    type_ = entry.get("type") or "STANDARD"
    given = [key for key in ("kubernetesGroups", "userName") if entry.inputs.get(key)]
    return f"{given[0]} cannot be set for the type {type_}" if given and type_ != "STANDARD" else None


@rule("create", uses.ENTRY_POLICY, code="InvalidRequestException", source=EKS + "AssociateAccessPolicy.html")
def policy_of_nodes(rights: Resource, cloud: Cloud) -> str | None:
    """Only people's entries have access policies, and the nodes of Auto Mode the one for nodes."""
    names = {path: rights.get(path) for path in ("clusterName", "principalArn")}
    types = {entry.get("type") or "STANDARD" for entry in cloud.of(uses.ENTRY, **names)}
    policy = str(rights.get("policyArn")).rsplit("/", 1)[-1]
    fitting = {"EC2"} if policy == "AmazonEKSAutoNodePolicy" else {"STANDARD"}
    wrong = sorted(types - fitting)
    return f"{policy} cannot be associated with an entry of type {wrong[0]}" if wrong else None


@rule(
    "create",
    uses.IDENTITY_PROVIDER,
    code="InvalidRequestException",
    source=EKS + "AssociateIdentityProviderConfig.html",
)
def second_identity_provider(provider: Resource, cloud: Cloud) -> str | None:
    """A cluster has one OpenID Connect provider at which people log in."""
    others = cloud.of(uses.IDENTITY_PROVIDER, clusterName=provider.get("clusterName"))
    return f"the cluster has the identity provider {others[0].id} already" if others else None


NODE_POLICIES: Mapping[str, tuple[str, ...]] = {
    "a node joins the cluster": ("AmazonEKSWorkerNodePolicy", "AmazonEKSWorkerNodeMinimalPolicy"),
    "a node pulls images": ("AmazonEC2ContainerRegistryPullOnly", "AmazonEC2ContainerRegistryReadOnly"),
}


@rule("create delete", uses.NODE_GROUP, code="NodeCreationFailure", source=GUIDE + "create-node-role.html")
def node_role_without_policies(group: Resource, cloud: Cloud) -> str | None:
    """Nodes work, and drain, with their role's policies only."""
    present = _policy_names(group.get("nodeRoleArn"), cloud)
    lacking = [what for what, policies in NODE_POLICIES.items() if not present.intersection(policies)]
    return f"the role {group.get('nodeRoleArn')} has no policy by which {lacking[0]}" if lacking else None


@rule(
    "create",
    uses.NODE_GROUP,
    code="NodeCreationFailure",
    source="https://github.com/terraform-aws-modules/terraform-aws-eks/issues/3446",
)
def nodes_without_network_plugin(group: Resource, cloud: Cloud) -> str | None:
    """A node is not ready before the cluster has a network plugin."""
    return network_plugin_problem(str(group.get("clusterName")), cloud)


@rule(
    "create delete",
    uses.NODE_GROUP,
    uses.FARGATE,
    code="NodeCreationFailure",
    source="https://github.com/aws-samples/appmod-blueprints/issues/582",
)
def nodes_without_way_out(nodes: Resource, cloud: Cloud) -> str | None:
    """Nodes, and Fargate pods, reach EKS and the registries by a NAT gateway or endpoints, until they have drained."""
    return _without_way_out(nodes.all("subnetIds"), cloud)


@rule(
    "delete",
    uses.CLUSTER,
    code="NodeTerminationFailure",
    source="https://github.com/aws-samples/appmod-blueprints/issues/582",
)
def auto_nodes_without_way_out(cluster: Resource, cloud: Cloud) -> str | None:
    """Auto Mode's nodes end with the control plane, and drain until then.

    https://docs.aws.amazon.com/eks/latest/userguide/automode.html
    """
    auto = cluster.get("computeConfig.enabled") and cluster.all("computeConfig.nodePools")
    return _without_way_out(cluster.all("vpcConfig.subnetIds"), cloud) if auto else None


def _without_way_out(subnets: Sequence[str], cloud: Cloud) -> str | None:
    lost = [subnet for subnet in subnets if not way_out(subnet, cloud)]
    return f"nothing leads out of {lost[0]}: no route to a NAT or internet gateway, no endpoints" if lost else None


@rule("create", uses.NODE_GROUP, code="InvalidParameterException", source=EKS + "CreateNodegroup.html")
def versions_of_a_custom_image(group: Resource, cloud: Cloud) -> str | None:
    """A template with an AMI decides what the nodes run; without one, EKS has to."""
    template = cloud.one(uses.TEMPLATE, "id", group.get("launchTemplate.id"))
    has_image = template is not None and bool(template.get("imageId"))
    is_custom = group.get("amiType") == "CUSTOM"
    if has_image and not is_custom:
        return "You cannot specify an AMI Type other than CUSTOM, when specifying an image id in your launch template"
    return "the AMI type is CUSTOM, and the launch template has no AMI" if is_custom and not has_image else None


@rule(
    "create update",
    uses.NODE_GROUP,
    code="InvalidParameterException",
    source="https://github.com/terraform-aws-modules/terraform-aws-eks/issues/944",
)
def sizes_out_of_order(group: Resource, cloud: Cloud) -> str | None:
    """The desired size lies between the smallest and the largest, at every change."""
    sizes = {part: group.get(f"scalingConfig.{part}Size") or 0 for part in ("min", "desired", "max")}
    if sizes["min"] > sizes["max"]:
        return f"Minimum capacity {sizes['min']} can't be greater than max size {sizes['max']}"
    if sizes["min"] > sizes["desired"]:
        return f"Minimum capacity {sizes['min']} can't be greater than desired size {sizes['desired']}"
    if sizes["desired"] > sizes["max"]:
        return f"desired capacity {sizes['desired']} can't be greater than max size {sizes['max']}"
    return None


@rule("create update", uses.CLUSTER, code="InvalidParameterException", source=GUIDE + "set-builtin-node-pools.html")
def node_role_without_pools(cluster: Resource, _cloud: Cloud) -> str | None:
    """The role in the configuration is that of the built-in pools: without one, EKS refuses it."""
    if cluster.get("computeConfig.nodeRoleArn") and not cluster.all("computeConfig.nodePools"):
        return "When Compute Config nodeRoleArn is not null or empty, nodePool value(s) must be provided"
    return None


WITHOUT_PODS = frozenset({"vpc-cni", "kube-proxy", "eks-pod-identity-agent", "eks-node-monitoring-agent"})
"""Add-ons that are DaemonSets alone: they are active with no node."""


@rule("create", uses.ADDON, code="InsufficientNumberOfReplicas", source=GUIDE + "troubleshooting.html")
def addon_without_compute(addon: Resource, cloud: Cloud) -> str | None:
    """An add-on with a Deployment is not active before something can run its pods; EKS waits 20 minutes for that."""
    name = str(addon.get("addonName"))
    if name in WITHOUT_PODS:
        return None
    on_fargate = name != "coredns" or '"fargate"' in str(addon.get("configurationValues")).lower()
    problem = compute_problem(addon.get("clusterName"), "kube-system", cloud, fargate=on_fargate)
    return f"{name} is degraded after 20 minutes: {problem}" if problem else None


@rule("create", uses.FARGATE, code="InvalidParameterException", source=EKS + "CreateFargateProfile.html")
def fargate_in_public_subnet(profile: Resource, cloud: Cloud) -> str | None:
    """Fargate pods run in private subnets only."""
    for subnet in profile.all("subnetIds"):
        if any(route.get("gatewayId") for route in routes(subnet, cloud)):
            return f"{subnet} is not a private subnet"
    return None


@rule("create delete", uses.FARGATE, code="AccessDenied", source=GUIDE + "pod-execution-role.html")
def fargate_role_without_policy(profile: Resource, cloud: Cloud) -> str | None:
    """Fargate starts pods with the pod execution role's policy only."""
    role = profile.get("podExecutionRoleArn")
    has = "AmazonEKSFargatePodExecutionRolePolicy" in _policy_names(role, cloud)
    return None if has else f"the role {role} has no AmazonEKSFargatePodExecutionRolePolicy"


def _policy_names(role_arn: str, cloud: Cloud) -> set[str]:
    return {arn.rsplit("/", 1)[-1] for arn in attached_policy_arns(role_arn, cloud)}


# --- DNS
# -------------------------------------------------------------------------------------------------------------------


@rule(
    "create update",
    uses.RECORD,
    code="InvalidChangeBatch",
    source="https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeResourceRecordSets.html",
)
def record_beside_another(record: Resource, cloud: Cloud) -> str | None:
    """A name has one record of a type, or several that each have a weight and an identifier of their own."""
    same = {path: record.get(path) for path in ("zoneId", "name", "type")}
    for other in cloud.of(uses.RECORD, **same):
        identifier = other.get("setIdentifier")
        if other.key != record.key and None in (identifier, record.get("setIdentifier")):
            return f"{other} has the name already, {f'as {identifier}' if identifier else 'alone'}"
    return None
