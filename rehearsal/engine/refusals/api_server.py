"""What a cluster refuses: access, namespaces, definitions, and finalizers that nobody is left to take off."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from harness.engine.store import Cloud, Resource
from rehearsal.cloud.kubernetes import is_custom
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.cluster import (
    ADDON_DEFINITIONS,
    APPLICATION_SET,
    AUTO_NODE_CLASS,
    BINDING,
    BUILT_IN_NAMESPACES,
    CERTIFICATE,
    CHART_DEFINITIONS,
    CLUSTER_STORE,
    INGRESS,
    ISSUER,
    NAMESPACE,
    NAMESPACE_ISSUER,
    NODE_CLASS,
    NODE_POOL,
    PROJECT,
    RELEASE,
    SERVICE,
    TEMPLATED_DEFINITIONS,
    WITHOUT_CONTROLLER,
    chart_of,
    cluster_of,
    group_of,
    is_auto_pool,
    is_defined,
    keeps_definitions,
    name_of,
    namespace_of,
    needed_groups,
    objects_in,
    values_of,
)
from rehearsal.engine.refusals.compute import compute_problem, network_plugin_problem
from rehearsal.engine.refusals.controllers import (
    ARGO_CD,
    BALANCER_CONTROLLER,
    CERT_MANAGER,
    EXTERNAL_SECRETS,
    KARPENTER,
    SERVICE_ACCOUNTS,
    Served,
    balancer_subnets,
    controller_problem,
    release_problem,
    selected,
)
from rehearsal.engine.refusals.routes import way_out
from rehearsal.engine.refusals.rules import rule

ALWAYS: Final = "create update delete"
CONTROLLER_DOCS: Final = "https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/"

SERVED: Final[Mapping[str, Served]] = {
    INGRESS: Served(
        BALANCER_CONTROLLER,
        (
            "elasticloadbalancing:CreateLoadBalancer",
            "elasticloadbalancing:CreateTargetGroup",
            "elasticloadbalancing:CreateListener",
        ),
        (
            "elasticloadbalancing:DeleteLoadBalancer",
            "elasticloadbalancing:DeleteTargetGroup",
            "ec2:DeleteSecurityGroup",
        ),
    ),
    BINDING: Served(
        BALANCER_CONTROLLER,
        ("elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DescribeTargetHealth"),
        ("elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:DescribeTargetHealth"),
    ),
    NODE_POOL: Served(KARPENTER, ("ec2:CreateFleet", "ec2:RunInstances", "iam:PassRole"), ("ec2:TerminateInstances",)),
    # Without iam:ListInstanceProfiles the finalizer stays: https://github.com/aws/karpenter-provider-aws/issues/9185
    NODE_CLASS: Served(KARPENTER, (), ("iam:ListInstanceProfiles", "ec2:DeleteLaunchTemplate")),
    # Its Applications have one: https://argo-cd.readthedocs.io/en/stable/user-guide/app_deletion/
    APPLICATION_SET: Served(ARGO_CD, (), ()),
}
"""Objects that carry a finalizer: whose it is, and what it takes to put things up and to take them off."""

BALANCER_CLASS: Final = "service.k8s.aws/nlb"
"""The class of the Services that the load balancer controller makes NLBs for.

https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb/"""


def served_by(resource: Resource) -> Served | None:
    """Return how a controller serves an object; None for one without a finalizer."""
    if resource.type == SERVICE:
        return SERVED[INGRESS] if resource.get("spec.loadBalancerClass") == BALANCER_CLASS else None
    if resource.type == NODE_POOL and is_auto_pool(resource):
        return None
    return SERVED.get(resource.type)


# --- Access
# ----------------------------------------------------------------------------------------------------------------


def _reachable(control_plane: Resource, cloud: Cloud) -> bool:
    """Return whether anybody but nodes and pods reaches a cluster's API; from where the caller comes is not modelled.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html, terraform-aws-eks #2746
    """
    if control_plane.get("vpcConfig.endpointPublicAccess"):
        return True
    groups = set(control_plane.all("vpcConfig.securityGroupIds"))
    return any(it.get("securityGroupId") in groups for it in cloud.of(uses.INGRESS_RULE, fromPort=API_PORT))


API_PORT: Final = 443


def access_problem(cluster: str, principal: str | None, cloud: Cloud) -> str | None:
    """Return why `principal` (None: an administrator) cannot use a cluster's API, or None if it can.

    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    control_plane = cluster_of(cluster, cloud)
    if control_plane is None:
        return f"the cluster {cluster} is unreachable: it does not exist"
    if not _reachable(control_plane, cloud):
        return f"the cluster {cluster} is unreachable: dial tcp: i/o timeout: nobody is let in to its private endpoint"
    if control_plane.get("accessConfig.bootstrapClusterCreatorAdminPermissions"):
        return None
    administrators = {
        p.get("principalArn")
        for p in cloud.of(uses.ENTRY_POLICY, clusterName=cluster)
        if str(p.get("policyArn")).endswith("/AmazonEKSClusterAdminPolicy")
    }
    entries = {e.get("principalArn") for e in cloud.of(uses.ENTRY, clusterName=cluster)} & administrators
    if principal in entries or (principal is None and entries):
        return None
    return f"Unauthorized: {principal or 'nobody'} has no access entry with AmazonEKSClusterAdminPolicy in {cluster}"


# --- Namespaces and definitions
# ----------------------------------------------------------------------------------------------


@rule(
    "create",
    "kubernetes:*",
    code="NotFound",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/",
)
def namespace_missing(resource: Resource, cloud: Cloud) -> str | None:
    """An object needs its namespace; a Helm release can make its own."""
    namespace = namespace_of(resource)
    if namespace is None or namespace in BUILT_IN_NAMESPACES or resource.get("createNamespace"):
        return None
    known = {name_of(other) for other in cloud.of(NAMESPACE, resource.cluster)}
    return None if namespace in known else f'namespaces "{namespace}" not found'


@rule(
    "create update",
    "kubernetes:*",
    code="NoKindMatchError",
    source="https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/custom-resources/",
)
def definition_missing(resource: Resource, cloud: Cloud) -> str | None:
    """A custom resource needs its definition."""
    group = group_of(resource.type)
    if not is_custom(resource.type) or is_defined(group, resource.cluster, cloud):
        return None
    return f"no matches for kind {resource.type.rsplit(':', 1)[-1]} in {group}: its definition is not installed"


@rule(
    "delete",
    RELEASE,
    code="WouldDeleteObjects",
    source="https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#delete-a-customresourcedefinition",
)
def definitions_in_use(release: Resource, cloud: Cloud) -> str | None:
    """Definitions take every object of theirs with them. Kubernetes would do it; here it is an error of the order."""
    groups = () if keeps_definitions(release) else TEMPLATED_DEFINITIONS.get(chart_of(release), ())
    objects = [str(o) for o in objects_in(release.cluster, cloud) if is_custom(o.type) and group_of(o.type) in groups]
    return f"its definitions would take {', '.join(objects)} with them" if objects else None


@rule(
    "delete",
    NAMESPACE,
    code="Terminating",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/",
)
def namespace_with_finalizers(namespace: Resource, cloud: Cloud) -> str | None:
    """A namespace ends with its objects, and those end with their finalizers."""
    for inner in objects_in(namespace.cluster, cloud):
        if namespace_of(inner) == name_of(namespace):
            problem = _cleanup_problem(inner, cloud)
            if problem:
                return f"{inner} keeps it terminating: {problem}"
    return None


@rule(
    "delete",
    uses.ADDON,
    code="WouldDeleteObjects",
    source="https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#delete-a-customresourcedefinition",
)
def addons_definitions_in_use(addon: Resource, cloud: Cloud) -> str | None:
    """An add-on's definitions take their objects with them too."""
    groups = ADDON_DEFINITIONS.get(str(addon.get("addonName")), ())
    inside = objects_in(str(addon.get("clusterName")), cloud)
    objects = [str(o) for o in inside if is_custom(o.type) and group_of(o.type) in groups]
    return f"its definitions would take {', '.join(objects)} with them" if objects else None


# --- Helm releases
# -----------------------------------------------------------------------------------------------------------


@rule(
    "create",
    RELEASE,
    code="context deadline exceeded",
    source="https://helm.sh/docs/intro/using_helm/#helpful-options-for-installupgraderollback",
)
def release_not_ready(release: Resource, cloud: Cloud) -> str | None:
    """A release is ready when its pods are: they need something to run on, their definitions, and their IAM role."""
    chart = chart_of(release)
    if chart in WITHOUT_CONTROLLER:
        return None
    own = () if release.get("skipCrds") else CHART_DEFINITIONS.get(chart, ())
    for group in needed_groups(release):
        if group not in own and not is_defined(group, release.cluster, cloud):
            return f"{chart} does not start: the definitions of {group} are not installed"
    if chart in SERVICE_ACCOUNTS:
        return release_problem(release, (), cloud)
    return compute_problem(release.cluster, str(namespace_of(release)), cloud)


@rule(
    "update",
    RELEASE,
    code="another operation (install/upgrade/rollback) is in progress",
    source="https://github.com/helm/helm/blob/main/pkg/action/upgrade.go",
)
def release_under_way(release: Resource, cloud: Cloud) -> str | None:
    """Helm upgrades nothing whose last operation has no end: a kill leaves it so for ever.

    https://github.com/pulumi/pulumi-kubernetes/issues/2054
    """
    existing = cloud.existing(RELEASE, release.id, release.cluster)
    status = str(existing.get("status.status")) if existing else ""
    return f"its status is {status}" if status.startswith("pending-") else None


@rule(
    "create",
    SERVICE,
    RELEASE,
    code="failed calling webhook mservice.elbv2.k8s.aws",
    source=CONTROLLER_DOCS + "deploy/configurations/",
)
def service_webhook_down(resource: Resource, cloud: Cloud) -> str | None:
    """The controller's webhook for Services holds up every Service while its pods are not ready."""
    if resource.type == RELEASE and chart_of(resource) in {BALANCER_CONTROLLER, *WITHOUT_CONTROLLER}:
        return None
    for release in cloud.of(RELEASE, resource.cluster):
        if chart_of(release) != BALANCER_CONTROLLER or values_of(release).get("enableServiceMutatorWebhook") is False:
            continue
        problem = "it is not ready yet" if release.ready > cloud.now else release_problem(release, (), cloud)
        if problem:
            return f"the webhook of {release} does not answer: {problem}"
    return None


@rule(
    "create update delete",
    CLUSTER_STORE,
    code="failed calling webhook validate.clustersecretstore.external-secrets.io",
    source="https://github.com/external-secrets/external-secrets/blob/v2.9.0/deploy/charts/external-secrets/templates/validatingwebhook.yaml",
)
def secret_store_webhook_down(store: Resource, cloud: Cloud) -> str | None:
    """The operator's webhook is asked about each store, its deletion too, and has to answer.

    Without the right to assume the store's role a store is never ready, and its secrets are never made.
    """
    return controller_problem(EXTERNAL_SECRETS, store.cluster, ("sts:AssumeRole",), cloud)


@rule(
    "create update",
    ISSUER,
    code="failed calling webhook webhook.cert-manager.io",
    source="https://github.com/cert-manager/cert-manager/blob/v1.21.2/deploy/charts/cert-manager/templates/webhook-validating-webhook.yaml",
)
def issuer_webhook_down(issuer: Resource, cloud: Cloud) -> str | None:
    """cert-manager's webhook is asked about each issuer that comes or changes.

    Without rights in Route 53 an issuer proves no domain, and its certificates are never issued.
    """
    return controller_problem(CERT_MANAGER, issuer.cluster, ("route53:ChangeResourceRecordSets",), cloud)


@rule(
    "create update",
    NAMESPACE_ISSUER,
    CERTIFICATE,
    code="failed calling webhook webhook.cert-manager.io",
    source="https://cert-manager.io/docs/concepts/webhook/",
)
def certificate_webhook_down(resource: Resource, cloud: Cloud) -> str | None:
    """The webhook is asked about these too. A self-signed certificate requires no right in AWS."""
    return controller_problem(CERT_MANAGER, resource.cluster, (), cloud)


@rule(
    "create update",
    CERTIFICATE,
    code="timed out waiting for the condition",
    source="https://cert-manager.io/docs/concepts/certificate/",
)
def certificate_without_issuer(certificate: Resource, cloud: Cloud) -> str | None:
    """Without its issuer a certificate is never ready."""
    kind, name = certificate.get("spec.issuerRef.kind") or "Issuer", certificate.get("spec.issuerRef.name")
    issuers = cloud.of(NAMESPACE_ISSUER if kind == "Issuer" else ISSUER, certificate.cluster)
    near = [it for it in issuers if kind != "Issuer" or namespace_of(it) == namespace_of(certificate)]
    return None if any(name_of(it) == name for it in near) else f'{kind} "{name}" not found'


# --- Finalizers
# --------------------------------------------------------------------------------------------------------------


@rule(
    "create", INGRESS, BINDING, SERVICE, code="failed calling webhook", source=CONTROLLER_DOCS + "deploy/installation/"
)
def object_without_controller(resource: Resource, cloud: Cloud) -> str | None:
    """The controller's webhook admits these objects, and Pulumi waits until the controller has served them."""
    served = served_by(resource)
    return controller_problem(served.chart, resource.cluster, served.create, cloud) if served else None


BINDING_IMMUTABLE: Final = ("spec.targetGroupARN", "spec.targetType", "spec.ipAddressType", "spec.vpcID")


@rule(
    "update",
    BINDING,
    code="admission webhook vtargetgroupbinding.elbv2.k8s.aws denied the request",
    source="https://github.com/kubernetes-sigs/aws-load-balancer-controller/blob/v3.5.0/webhooks/elbv2/targetgroupbinding_validator.go",
)
def immutable_binding(binding: Resource, cloud: Cloud) -> str | None:
    """A binding keeps its target group: another one is another binding."""
    before = cloud.existing(BINDING, binding.id, binding.cluster)
    changed = [path for path in BINDING_IMMUTABLE if before and before.get(path) != binding.get(path)]
    return f"update may not change these immutable fields: {','.join(changed)}" if changed else None


@rule(
    "delete",
    *SERVED,
    SERVICE,
    code="timed out waiting for the finalizer",
    source="https://kubernetes.io/docs/concepts/overview/working-with-objects/finalizers/",
)
def finalizer_forever(resource: Resource, cloud: Cloud) -> str | None:
    """An object whose controller is gone, or powerless, is never gone itself."""
    return _cleanup_problem(resource, cloud)


def _cleanup_problem(resource: Resource, cloud: Cloud) -> str | None:
    served = served_by(resource)
    return controller_problem(served.chart, resource.cluster, served.delete, cloud) if served else None


@rule(
    "delete",
    NODE_CLASS,
    AUTO_NODE_CLASS,
    code="timed out waiting for the finalizer",
    source="https://karpenter.sh/docs/concepts/nodeclasses/",
)
def node_class_with_nodes(node_class: Resource, cloud: Cloud) -> str | None:
    """A node class stays while nodes of it do."""
    nodes = [
        i for i in cloud.of(uses.INSTANCE, cluster=node_class.cluster) if i.get("nodeClass") == name_of(node_class)
    ]
    return f"{', '.join(map(str, nodes))} was launched from it" if nodes else None


@rule(
    "delete",
    APPLICATION_SET,
    code="timed out waiting for the finalizer",
    source="https://github.com/argoproj/argo-cd/issues/4369",
)
def applications_without_project(applications: Resource, cloud: Cloud) -> str | None:
    """An Application whose project is gone cannot be deleted."""
    wanted = applications.get("spec.template.spec.project")
    if any(name_of(project) == wanted for project in cloud.of(PROJECT, applications.cluster)):
        return None
    return f'appproject.argoproj.io "{wanted}" not found'


@rule(
    "delete",
    APPLICATION_SET,
    code="timed out waiting for the finalizer",
    source="https://argo-cd.readthedocs.io/en/stable/operator-manual/applicationset/Application-Deletion/",
)
def applications_with_load_balancer(applications: Resource, cloud: Cloud) -> str | None:
    """An Application ends when all that it deployed has, and a Service of type LoadBalancer has a finalizer too."""
    problem = controller_problem(BALANCER_CONTROLLER, applications.cluster, SERVED[INGRESS].delete, cloud)
    return f"the load balancers of its Applications stay: {problem}" if problem else None


# --- What controllers cannot do
# ------------------------------------------------------------------------------------------------


@rule(
    "create",
    INGRESS,
    code="admission webhook denied the request",
    source=CONTROLLER_DOCS + "guide/ingress/ingress_class/#specnamespaceselector",
)
def ingress_of_another_namespace(ingress: Resource, cloud: Cloud) -> str | None:
    """The controller's webhook asks the IngressClassParams of its class which namespaces may have it."""
    if ingress.get("spec.ingressClassName") != "alb":
        return None
    namespace = namespace_of(ingress)
    for release in cloud.of(RELEASE, ingress.cluster):
        selector = values_of(release).get("ingressClassParams", {}).get("spec", {}).get("namespaceSelector", {})
        for expression in selector.get("matchExpressions", ()) if chart_of(release) == BALANCER_CONTROLLER else ():
            if namespace not in expression["values"]:
                return f"invalid ingress class: namespaceSelector of IngressClassParams alb mismatch: {namespace}"
    return None


@rule("create", INGRESS, code="FailedBuildModel", source=CONTROLLER_DOCS + "deploy/subnet_discovery/")
def ingress_without_subnets(ingress: Resource, cloud: Cloud) -> str | None:
    """The controller finds the load balancer's subnets, in two zones, by their tags unless they are given."""
    annotations = ingress.outputs.get("metadata", {}).get("annotations") or {}
    cluster = cluster_of(ingress.cluster, cloud)
    if cluster is None or annotations.get("alb.ingress.kubernetes.io/subnets"):
        return None
    scheme = str(annotations.get("alb.ingress.kubernetes.io/scheme") or "internal")
    found = balancer_subnets(scheme, cluster, cloud)
    return (
        None if len(found) > 1 else f"couldn't auto-discover subnets for {scheme}: {len(found)} found, two zones needed"
    )


@rule("create", NODE_POOL, code="NodeClassNotReady", source="https://karpenter.sh/docs/concepts/nodeclasses/")
def node_pool_without_nodes(pool: Resource, cloud: Cloud) -> str | None:
    """A NodePool whose node class finds no subnet or security group, or whose nodes may not join, launches nothing.

    Kubernetes would take it; a platform without nodes is no platform.
    """
    wanted = pool.get("spec.template.spec.nodeClassRef.name")
    kind = AUTO_NODE_CLASS if is_auto_pool(pool) else NODE_CLASS
    classes = [c for c in cloud.of(kind, pool.cluster) if name_of(c) == wanted]
    if not classes:
        return f"there is no {kind.rsplit(':', 1)[-1]} {wanted}"
    if is_auto_pool(pool):
        return node_class_problem(classes[0], cloud)
    needed = (*SERVED[NODE_POOL].create, *(("iam:CreateServiceLinkedRole",) if _takes_spot(pool) else ()))
    problem = controller_problem(KARPENTER, pool.cluster, needed, cloud)
    return problem or node_class_problem(classes[0], cloud) or network_plugin_problem(pool.cluster, cloud)


def _takes_spot(pool: Resource) -> bool:
    """Return whether a pool takes spot instances; without a requirement Karpenter launches on-demand ones.

    Nobody has used spot instances in the fake account: with the first one EC2 makes AWSServiceRoleForEC2Spot, for a
    caller who may. Otherwise it answers AuthFailure.ServiceLinkedRoleCreationNotPermitted.
    https://karpenter.sh/docs/troubleshooting/#missing-service-linked-role
    """
    return any(
        isinstance(wanted, Mapping)
        and wanted.get("key") == "karpenter.sh/capacity-type"
        and "spot" in (wanted.get("values") or ())
        for wanted in pool.all("spec.template.spec.requirements")
    )


@rule(
    "delete",
    NODE_POOL,
    code="timed out waiting for the finalizer",
    source="https://github.com/aws-samples/appmod-blueprints/issues/582",
)
def node_pool_without_way_out(pool: Resource, cloud: Cloud) -> str | None:
    """A node drains only while its kubelet reaches what it needs; a pool stays until its nodes are gone."""
    nodes = [made for made in cloud.made_by(pool) if made.type == uses.INSTANCE]
    lost = [node for node in nodes if not way_out(str(node.get("subnetId")), cloud)]
    return f"nothing leads out of {lost[0].get('subnetId')}, where {lost[0]} drains" if lost else None


def node_class_problem(node_class: Resource, cloud: Cloud) -> str | None:
    """Return why Karpenter cannot launch a node from a node class that then joins the cluster, or None."""
    spec = node_class.outputs.get("spec", {})
    for key, type_ in (("subnetSelectorTerms", uses.SUBNET), ("securityGroupSelectorTerms", uses.GROUP)):
        if not selected(type_, spec.get(key, []), cloud):
            return f"its {key} {spec.get(key)} find nothing"
    role = node_role(node_class, cloud)
    if role is None:
        return f"its instance profile {spec.get('instanceProfile')} or role {spec.get('role')} does not exist"
    entries = cloud.of(uses.ENTRY, clusterName=node_class.cluster, principalArn=role.get("arn"))
    if any(str(e.get("type")).startswith("EC2") for e in entries):
        return None
    return f"nodes with the role {role.get('name')} cannot join: it has no access entry of type EC2_LINUX"


def node_role(node_class: Resource, cloud: Cloud) -> Resource | None:
    """Return the IAM role of a node class's nodes."""
    spec = node_class.outputs.get("spec", {})
    profile = cloud.one(uses.PROFILE, "name", spec.get("instanceProfile"))
    return cloud.one(uses.ROLE, "name", profile.get("role") if profile else spec.get("role"))
