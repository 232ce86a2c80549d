"""Teams: what their people may do with the platform's kinds, and namespaces that are ready for them."""

from collections.abc import Mapping
from typing import Any, Final, NotRequired, TypedDict

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, LimitRangeItemArgsDict, ResourceQuota
from pulumi_kubernetes.networking.v1 import NetworkPolicy, NetworkPolicyPeerArgsDict, NetworkPolicySpecArgsDict
from pulumi_kubernetes.rbac.v1 import ClusterRole, PolicyRuleArgsDict, RoleBinding

from components.common.pod_security import secured_namespace
from facts import namespaces


class QuotaArgs(TypedDict):
    """How much a namespace may take; what is absent has no limit."""

    cpu: NotRequired[str]
    """CPU requests."""
    memory: NotRequired[str]
    """Memory requests."""
    pods: NotRequired[int]
    """Pods."""
    volumes: NotRequired[int]
    """PersistentVolumeClaims."""
    load_balancers: NotRequired[int]
    """Services of type LoadBalancer."""


class ContainerDefaultsArgs(TypedDict):
    """What a container has that says nothing about its resources."""

    cpu: str
    """CPU request."""
    memory: str
    """Memory request and limit."""


class TeamNamespaceArgs(TypedDict):
    """A namespace that is ready for a team."""

    editors: list[str]
    """Kubernetes groups that may change everything but rights."""
    viewers: list[str]
    """Kubernetes groups that may read everything but secrets."""
    pod_security: str
    """Its Pod Security Standard."""
    quota: QuotaArgs
    """Its share of the cluster."""
    defaults: ContainerDefaultsArgs
    """What its containers have where they say nothing."""
    isolated: bool
    """Whether its pods take connections from the namespace and from Traefik alone."""


class TeamsArgs(TypedDict):
    """What teams get."""

    kubernetes_version: str
    """The minor whose Pod Security Standard holds in the namespaces."""
    resources: dict[str, list[str]]
    """API group to the plural names of the kinds that teams may use beside Kubernetes' own."""
    namespaces: dict[str, TeamNamespaceArgs]
    """Namespaces by name."""


class Teams(pulumi.ComponentResource):
    """Cluster roles for the platform's kinds, and namespaces with rights, quota, limits and network policies.

    A namespace takes along what a team put into it, load balancers and volumes included: it must depend on every
    controller that clears up after workloads.
    """

    def __init__(self, name: str, args: TeamsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        """Declare the roles, and each namespace with what belongs to it."""
        super().__init__("eks-platform:index:Teams", name, {}, opts)
        for role, rule in cluster_roles(args["resources"]).items():
            ClusterRole(
                f"{name}-{role}",
                metadata={"name": f"platform-{role}", "labels": dict.fromkeys(AGGREGATED[role], "true")},
                rules=rule,
                opts=pulumi.ResourceOptions(parent=self),
            )
        for key, team in args["namespaces"].items():
            self._namespace(f"{name}-{key}", key, team, args["kubernetes_version"])
        self.register_outputs({})

    def _namespace(self, name: str, key: str, team: TeamNamespaceArgs, kubernetes_version: str) -> None:
        namespace = secured_namespace(
            name,
            key,
            kubernetes_version,
            # Until what the team has in AWS is gone.
            pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(delete="30m")),
            standard=team["pod_security"],
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        for role, groups in {"edit": team["editors"], "view": team["viewers"]}.items():
            if groups:
                RoleBinding(
                    f"{name}-{role}",
                    metadata={"name": f"platform-{role}", "namespace": key},
                    role_ref={"api_group": RBAC, "kind": "ClusterRole", "name": role},
                    subjects=[{"api_group": RBAC, "kind": "Group", "name": group} for group in groups],
                    opts=inside,
                )
        LimitRange(
            f"{name}-defaults",
            metadata={"name": "platform-defaults", "namespace": key},
            spec={"limits": [container_limits(team["defaults"])]},
            opts=inside,
        )
        if hard := quota(team["quota"]):
            ResourceQuota(
                f"{name}-quota",
                metadata={"name": "platform-quota", "namespace": key},
                spec={"hard": hard},
                opts=inside,
            )
        if team["isolated"]:
            NetworkPolicy(
                f"{name}-network",
                metadata={"name": "platform-default", "namespace": key},
                spec=network_policy(),
                opts=inside,
            )


RBAC: Final = "rbac.authorization.k8s.io"
READ: Final = ["get", "list", "watch"]
WRITE: Final = ["create", "delete", "deletecollection", "patch", "update"]
AGGREGATED: Final = {
    "edit": [f"{RBAC}/aggregate-to-edit", f"{RBAC}/aggregate-to-admin"],
    "view": [f"{RBAC}/aggregate-to-view"],
}
"""Labels by which Kubernetes adds a role to its own `admin`, `edit` and `view`: whoever has one of these by a
RoleBinding has it. EKS access policies are lists of AWS's, and do not change.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles,
https://github.com/aws/containers-roadmap/issues/2349"""


def cluster_roles(resources: Mapping[str, list[str]]) -> dict[str, list[PolicyRuleArgsDict]]:
    """Return the rules of the roles "edit" and "view" for kinds by their API groups."""
    return {
        role: [{"api_groups": [group], "resources": kinds, "verbs": verbs} for group, kinds in resources.items()]
        for role, verbs in {"edit": WRITE, "view": READ}.items()
    }


def container_limits(args: ContainerDefaultsArgs) -> LimitRangeItemArgsDict:
    """Return the entry of a LimitRange for containers (https://kubernetes.io/docs/concepts/policy/limit-range/).

    No limit of CPU, which would slow a container down while the node's CPUs are idle.
    """
    return {
        "type": "Container",
        "default_request": {"cpu": args["cpu"], "memory": args["memory"]},
        "default": {"memory": args["memory"]},
    }


def quota(args: QuotaArgs) -> dict[str, str]:
    """Return what a ResourceQuota allows (https://kubernetes.io/docs/concepts/policy/resource-quotas/)."""
    names = {
        "cpu": "requests.cpu",
        "memory": "requests.memory",
        "pods": "pods",
        "volumes": "persistentvolumeclaims",
        "load_balancers": "services.loadbalancers",
    }
    values: Mapping[str, Any] = args
    return {name: str(values[key]) for key, name in names.items() if key in values}


def network_policy() -> NetworkPolicySpecArgsDict:
    """Return the spec of a NetworkPolicy for all pods: connections from the namespace and from Traefik alone.

    What pods connect to is left open: names, AWS and other services are different for each team.
    """
    traefik: NetworkPolicyPeerArgsDict = {
        "namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": namespaces.TRAEFIK}}
    }
    return {
        "pod_selector": {},
        "policy_types": ["Ingress"],
        "ingress": [{"from_": [{"pod_selector": {}}, traefik]}],
    }
