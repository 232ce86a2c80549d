"""What a change in the cloud brings about besides itself: what EKS and controllers make and remove without Pulumi."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from facts.partitions import partition_of_arn
from harness.engine.store import Cloud, Resource
from rehearsal.cloud.regions import load_balancer_zone
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.api_server import node_role, served_by
from rehearsal.engine.refusals.cluster import (
    ADDON_DEFINITIONS,
    APPLICATION_SET,
    AUTO_GROUPS,
    AUTO_NODE_CLASS,
    CHART_DEFINITIONS,
    DEFINITION,
    INGRESS,
    NAMESPACE,
    NODE_CLASS,
    NODE_POOL,
    RELEASE,
    SERVICE,
    TEMPLATED_DEFINITIONS,
    chart_of,
    cluster_of,
    is_auto_pool,
    is_defined,
    keeps_definitions,
    name_of,
    namespace_of,
    objects_in,
)
from rehearsal.engine.refusals.controllers import balancer_subnets, selected

Consequence = Callable[[str, Resource, Cloud], None]


def follow(operation: str, resource: Resource, cloud: Cloud) -> None:
    """Do what follows from an operation that has just been done."""
    consequence = CONSEQUENCES.get(resource.type)
    if consequence is not None:
        consequence(operation, resource, cloud)
    if operation == "delete":
        for made in cloud.made_by(resource):
            if resource.type in CLEANED_UP:
                cloud.remove(made)


def queue_of(type_: str, inputs: Mapping[str, Any]) -> str | None:
    """Return the queue that a change waits in, None if it waits for nothing: EKS changes one Fargate profile at a time.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateFargateProfile.html
    """
    return f"fargate/{inputs.get('clusterName')}" if type_ == uses.FARGATE else None


def _cluster(operation: str, cluster: Resource, cloud: Cloud) -> None:
    name = str(cluster.get("name"))
    if operation == "create":
        group = cluster.get("vpcConfig.clusterSecurityGroupId")
        vpc = cluster.get("vpcConfig.vpcId")
        # https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html
        tags = {
            f"kubernetes.io/cluster/{name}": "owned",
            "aws:eks:cluster-name": name,
            "Name": f"eks-cluster-sg-{name}",
        }
        _make(cluster, uses.GROUP, group, {"name": f"eks-cluster-sg-{name}", "vpcId": vpc, "tags": tags}, cloud)
        for kinds in AUTO_GROUPS if cluster.get("computeConfig.enabled") else ():
            _define(kinds, name, cluster.key, cloud)
    elif operation == "delete":
        for resource in [*objects_in(name, cloud)]:
            cloud.remove(resource)
        for type_ in (uses.ADDON, uses.ENTRY, uses.ENTRY_POLICY, uses.POD_IDENTITY):
            for resource in cloud.of(type_, clusterName=name):
                cloud.remove(resource)
    if operation != "delete" and cluster.all("enabledClusterLogTypes"):
        _write_logs(name, cloud)


def _write_logs(cluster: str, cloud: Cloud) -> None:
    """Make the control plane's log group where it is missing, as EKS does; it belongs to nobody and stays."""
    group = f"/aws/eks/{cluster}/cluster"
    if cloud.one(uses.LOG_GROUP, "name", group) is None:
        cloud.add(Resource(uses.LOG_GROUP, group, {"name": group}, {"name": group}))


def _log_group(operation: str, group: Resource, cloud: Cloud) -> None:
    if operation != "delete":
        return
    for cluster in cloud.of(uses.CLUSTER):
        if cluster.all("enabledClusterLogTypes"):
            _write_logs(str(cluster.get("name")), cloud)
    for addon in cloud.of(uses.ADDON):
        _addon("update", addon, cloud)


def _capability(operation: str, capability: Resource, cloud: Cloud) -> None:
    """Give the role of a capability its access entry, as EKS does.

    https://docs.aws.amazon.com/eks/latest/userguide/capabilities-security.html
    """
    if operation == "create":
        entry = {"clusterName": capability.get("clusterName"), "principalArn": capability.get("roleArn")}
        id_ = f"{entry['clusterName']}:{entry['principalArn']}"
        _make(capability, uses.ENTRY, id_, {**entry, "type": "STANDARD"}, cloud)


INSIGHTS: Final = "amazon-cloudwatch-observability"
INSIGHTS_GROUPS: Final = ("application", "host", "dataplane", "performance")


def _addon(operation: str, addon: Resource, cloud: Cloud) -> None:
    """Define an add-on's kinds, and let the agents of Container Insights make the log groups that they miss.

    https://github.com/aws-observability/helm-charts (auto_create_group), for ever kept and nobody's
    """
    if operation == "delete":
        return
    cluster = str(addon.get("clusterName"))
    for group in ADDON_DEFINITIONS.get(str(addon.get("addonName")), ()):
        _define(group, cluster, addon.key, cloud)
    if addon.get("addonName") == INSIGHTS:
        for kind in INSIGHTS_GROUPS:
            name = f"/aws/containerinsights/{cluster}/{kind}"
            if cloud.one(uses.LOG_GROUP, "name", name) is None:
                cloud.add(Resource(uses.LOG_GROUP, name, {"name": name}, {"name": name}))


def _release(operation: str, release: Resource, cloud: Cloud) -> None:
    chart = chart_of(release)
    groups = TEMPLATED_DEFINITIONS.get(chart, ())
    if operation == "delete":
        return
    for group in groups:
        _define(group, release.cluster, None if keeps_definitions(release) else release.key, cloud)
    for group in () if release.get("skipCrds") else CHART_DEFINITIONS.get(chart, ()):
        _define(group, release.cluster, None, cloud)


def _define(group: str, cluster: str, maker: int | None, cloud: Cloud) -> None:
    if not is_defined(group, cluster, cloud):
        outputs = {"metadata": {"name": group}, "spec": {"group": group}}
        cloud.add(Resource(DEFINITION, group, {}, outputs, cluster, maker=maker))


def _namespace(operation: str, namespace: Resource, cloud: Cloud) -> None:
    if operation == "delete":
        for resource in [r for r in objects_in(namespace.cluster, cloud) if namespace_of(r) == name_of(namespace)]:
            cloud.remove(resource)


def _ingress(operation: str, ingress: Resource, cloud: Cloud) -> None:
    """Make the load balancer that the AWS Load Balancer Controller makes for an Ingress, and keep it as that says."""
    annotations = ingress.outputs.get("metadata", {}).get("annotations") or {}
    cluster = cluster_of(ingress.cluster, cloud)
    if operation == "delete" or cluster is None:
        return
    prefix = "alb.ingress.kubernetes.io/"
    scheme = str(annotations.get(prefix + "scheme") or "internal")
    given = [part.strip() for part in str(annotations.get(prefix + "subnets") or "").split(",") if part.strip()]
    hostname = str(ingress.get("status.loadBalancer.ingress.hostname"))
    name = hostname.split(".", 1)[0].rsplit("-", 1)[0].removeprefix("internal-")
    group = f"sg-{ingress.key:017x}"
    vpc = cluster.get("vpcConfig.vpcId")
    if not annotations.get(prefix + "security-groups"):
        _make(ingress, uses.GROUP, group, {"name": name, "vpcId": vpc}, cloud)
    groups = [part.strip() for part in str(annotations.get(prefix + "security-groups") or group).split(",")]
    outputs = {
        "name": name,
        "arn": _balancer_arn(cluster, f"app/{name}"),
        "dnsName": hostname,
        "zoneId": load_balancer_zone(str(cluster.get("arn")).split(":")[3]),
        "internal": scheme != "internet-facing",
        "subnets": given or balancer_subnets(scheme, cluster, cloud),
        "securityGroups": groups,
        "tags": {"elbv2.k8s.aws/cluster": ingress.cluster, "ingress.k8s.aws/stack": ingress.id},
    }
    balancer = _make(ingress, uses.BALANCER, outputs["arn"], outputs, cloud)
    certificates = [part.strip() for part in str(annotations.get(prefix + "certificate-arn") or "").split(",")]
    listener = {"loadBalancerArn": balancer.get("arn"), "certificateArn": certificates[0] or None}
    _make(ingress, uses.LISTENER, f"{balancer.id}/listener", listener, cloud)


def _balancer_arn(cluster: Resource, name: str) -> str:
    return f"arn:{partition_of_arn(str(cluster.get('arn')))}:elasticloadbalancing:::loadbalancer/{name}"


def _service(operation: str, service: Resource, cloud: Cloud) -> None:
    """Make the NLB that the AWS Load Balancer Controller makes for a Service of its class."""
    cluster = cluster_of(service.cluster, cloud)
    if operation == "delete" or cluster is None or served_by(service) is None:
        return
    annotations = service.outputs.get("metadata", {}).get("annotations") or {}
    scheme = str(annotations.get("service.beta.kubernetes.io/aws-load-balancer-scheme") or "internal")
    arn = _balancer_arn(cluster, f"net/{service.key:x}")
    outputs = {"name": name_of(service), "arn": arn, "internal": scheme != "internet-facing", "type": "network"}
    _make(service, uses.BALANCER, arn, {**outputs, "subnets": balancer_subnets(scheme, cluster, cloud)}, cloud)


def _applications(operation: str, applications: Resource, cloud: Cloud) -> None:
    """Make a load balancer, as Argo CD and the load balancer controller do when Git has a Service that requests one."""
    cluster = cluster_of(applications.cluster, cloud)
    if operation != "create" or cluster is None:
        return
    name = f"k8s-{name_of(applications)}"
    arn = _balancer_arn(cluster, f"net/{name}")
    outputs = {"name": name, "arn": arn, "subnets": balancer_subnets("internal", cluster, cloud)}
    _make(applications, uses.BALANCER, arn, outputs, cloud)


def _node_pool(operation: str, pool: Resource, cloud: Cloud) -> None:
    """Launch the node that Karpenter launches as soon as a pod requires it."""
    wanted = pool.get("spec.template.spec.nodeClassRef.name")
    kind = AUTO_NODE_CLASS if is_auto_pool(pool) else NODE_CLASS
    node_class = next((c for c in cloud.of(kind, pool.cluster) if name_of(c) == wanted), None)
    if operation != "create" or node_class is None:
        return
    spec = node_class.outputs.get("spec", {})
    role = node_role(node_class, cloud)
    profile = spec.get("instanceProfile") or f"{pool.cluster}_{role.get('name') if role else ''}"
    # Auto Mode deletes the profile with the class.
    left = not spec.get("instanceProfile") and not is_auto_pool(pool)
    if left and cloud.one(uses.PROFILE, "name", profile) is None:
        # Karpenter 1.14 creates a profile of its own for a role and does not delete it, and IAM then refuses to
        # delete the role.
        outputs = {"name": profile, "role": spec.get("role")}
        cloud.add(Resource(uses.PROFILE, profile, outputs, outputs))
    node = {
        "cluster": pool.cluster,
        "nodeClass": name_of(node_class),
        "subnetId": selected(uses.SUBNET, spec.get("subnetSelectorTerms", []), cloud)[0].id,
        "vpcSecurityGroupIds": [g.id for g in selected(uses.GROUP, spec.get("securityGroupSelectorTerms", []), cloud)],
        "iamInstanceProfile": profile,
        "tags": {"karpenter.sh/nodepool": name_of(pool), f"kubernetes.io/cluster/{pool.cluster}": "owned"},
    }
    _make(pool, uses.INSTANCE, f"i-{pool.key:017x}", node, cloud)


def _make(maker: Resource, type_: str, id_: Any, outputs: dict[str, Any], cloud: Cloud) -> Resource:
    """Make a thing, or change it where it is there already, and return it."""
    before = cloud.existing(type_, str(id_))
    if before is None:
        return cloud.add(Resource(type_, str(id_), {}, outputs, maker=maker.key))
    after = replace(before, outputs=outputs)
    cloud.put(after)
    return after


CONSEQUENCES: Final[Mapping[str, Consequence]] = {
    uses.CLUSTER: _cluster,
    uses.LOG_GROUP: _log_group,
    uses.ADDON: _addon,
    uses.CAPABILITY: _capability,
    RELEASE: _release,
    NAMESPACE: _namespace,
    INGRESS: _ingress,
    SERVICE: _service,
    NODE_POOL: _node_pool,
    APPLICATION_SET: _applications,
}

CLEANED_UP: Final = frozenset({uses.CLUSTER, uses.ADDON, RELEASE, INGRESS, SERVICE, NODE_POOL, APPLICATION_SET})
"""What takes with it what was made for it; other resources leave it behind."""
