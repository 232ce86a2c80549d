"""Controllers in a cluster: whether one can still do its work, and what it makes in AWS.

A controller puts a finalizer on the objects it serves, and only it can take the finalizer off. For that it needs its
Helm release, something to run on, and its IAM role with the actions that the clean-up calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from facts.capabilities import CAPABILITIES
from harness.engine.store import Cloud, Resource
from rehearsal.engine.refusals import uses
from rehearsal.engine.refusals.cluster import chart_of, namespace_of, releases_of, values_of
from rehearsal.engine.refusals.compute import auto_mode, compute_problem
from rehearsal.engine.refusals.iam import allowed, trusts_service, trusts_service_account

POD_IDENTITY_SERVICE: Final = "pods.eks.amazonaws.com"
ROLE_ANNOTATION: Final = "eks.amazonaws.com/role-arn"

BALANCER_CONTROLLER: Final = "aws-load-balancer-controller"
KARPENTER: Final = "karpenter"
ARGO_CD: Final = "argo-cd"
EXTERNAL_SECRETS: Final = "external-secrets"
CLUSTER_AUTOSCALER: Final = "cluster-autoscaler"
EXTERNAL_DNS: Final = "external-dns"
CERT_MANAGER: Final = "cert-manager"

SERVICE_ACCOUNTS: Final[Mapping[str, str]] = {
    BALANCER_CONTROLLER: "aws-load-balancer-controller",
    KARPENTER: "karpenter",
    **{it.chart.name: it.service_account for it in CAPABILITIES if it.role is not None},
}
"""The service account of a chart's controller unless its values name another. Charts not listed use no AWS API."""


@dataclass(frozen=True)
class Served:
    """How a controller serves a kind of object: its chart, and the IAM actions it needs to serve and to clean up."""

    chart: str
    create: tuple[str, ...]
    delete: tuple[str, ...]


def tags_of(resource: Resource, cloud: Cloud) -> Mapping[str, str]:
    """Return the tags of a thing in AWS: its own, the provider's default tags, and those given to it from outside."""
    outside = cloud.of("aws:ec2/tag:Tag", resourceId=resource.id)
    own = resource.outputs.get("tagsAll") or resource.outputs.get("tags") or {}
    return {**own, **{str(tag.get("key")): str(tag.get("value")) for tag in outside}}


def controller_problem(chart: str, cluster: str, actions: tuple[str, ...], cloud: Cloud) -> str | None:
    """Return why the controller of a chart cannot do `actions` for a cluster, or None if it can."""
    releases = releases_of(chart, cluster, cloud)
    if not releases:
        return f"there is no Helm release of {chart} that is ready"
    return release_problem(releases[0], actions, cloud)


def release_problem(release: Resource, actions: tuple[str, ...], cloud: Cloud) -> str | None:
    """Return why the controller of a release cannot work with these IAM actions, or None if it can."""
    chart = chart_of(release)
    problem = compute_problem(release.cluster, str(namespace_of(release)), cloud)
    if problem or chart not in SERVICE_ACCOUNTS:
        return problem
    role = _role_of(release, SERVICE_ACCOUNTS[chart], cloud)
    if role.startswith("!"):
        return role[1:]
    lacking = [action for action in actions if not allowed(role, action, cloud)]
    return f"the role {role} of {chart} does not allow {', '.join(lacking)}" if lacking else None


def _role_of(release: Resource, default_account: str, cloud: Cloud) -> str:
    """Return the ARN of the role that a release's pods get, or "!" and why they get none."""
    values = values_of(release)
    # Most charts have it at the top.
    given = values.get("serviceAccount") or (values.get("rbac") or {}).get("serviceAccount") or {}
    account, namespace = str(given.get("name") or default_account), str(namespace_of(release))
    annotated = (given.get("annotations") or {}).get(ROLE_ANNOTATION)
    if annotated:
        trusted = trusts_service_account(annotated, namespace, account, cloud)
        return annotated if trusted else f"!the role {annotated} does not trust {namespace}/{account}, or is gone"
    same = {"clusterName": release.cluster, "namespace": namespace, "serviceAccount": account}
    associations = cloud.of(uses.POD_IDENTITY, **same)
    if not associations:
        return f"!{namespace}/{account} has no IAM role: neither an annotation nor a Pod Identity association"
    agent = cloud.of(uses.ADDON, clusterName=release.cluster, addonName="eks-pod-identity-agent")
    if not agent and not auto_mode(release.cluster, cloud):
        return f"!{namespace}/{account} gets no credentials: the add-on eks-pod-identity-agent is not there"
    role = str(associations[0].get("roleArn"))
    trusted = trusts_service(role, POD_IDENTITY_SERVICE, cloud)
    return role if trusted else f"!the role {role} does not trust EKS Pod Identity, or is gone"


# --- What a selector of Karpenter or of the load balancer controller finds
# ---------------------------------------------------


def selected(type_: str, terms: list[Mapping[str, object]], cloud: Cloud) -> list[Resource]:
    """Return the resources of a type that any of an EC2NodeClass's selector terms takes.

    https://karpenter.sh/docs/concepts/nodeclasses/#specsubnetselectorterms
    """
    return [r for r in cloud.of(type_) if any(_matches(r, term, cloud) for term in terms)]


def _matches(resource: Resource, term: Mapping[str, object], cloud: Cloud) -> bool:
    if "id" in term and term["id"] != resource.id:
        return False
    if "name" in term and term["name"] != resource.get("name"):
        return False
    wanted = term.get("tags")
    if not isinstance(wanted, Mapping):
        return True
    tags = tags_of(resource, cloud)
    return all(key in tags and value in ("*", tags[key]) for key, value in wanted.items())


SUBNET_ROLES: Final[Mapping[str, str]] = {
    "internet-facing": "kubernetes.io/role/elb",
    "internal": "kubernetes.io/role/internal-elb",
}
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/deploy/subnet_discovery/"""


def balancer_subnets(scheme: str, cluster: Resource, cloud: Cloud) -> list[str]:
    """Return the subnets that the controller finds by their tags for a load balancer, one in each zone."""
    found: dict[str, str] = {}
    for subnet in cloud.of(uses.SUBNET, vpcId=cluster.get("vpcConfig.vpcId")):
        if tags_of(subnet, cloud).get(SUBNET_ROLES[scheme]) in ("", "1"):
            found.setdefault(str(subnet.get("availabilityZone")), subnet.id)
    return list(found.values())
