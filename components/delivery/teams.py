"""Teams: permissions for the platform's kinds, and namespaces that are ready to use."""

from collections.abc import Mapping, Sequence
from typing import Final

import pulumi
from pulumi_kubernetes.core.v1 import LimitRange, LimitRangeItemArgsDict, ResourceQuota
from pulumi_kubernetes.networking.v1 import NetworkPolicy, NetworkPolicyPeerArgsDict, NetworkPolicySpecArgsDict
from pulumi_kubernetes.rbac.v1 import ClusterRole, PolicyRuleArgsDict, RoleBinding

from components.common.on_cluster import OnCluster
from components.common.pod_security import secured_namespace
from facts.namespaces import TRAEFIK
from settings import ContainerDefaults, Maximum, Quota, TeamNamespace


class Teams(pulumi.ComponentResource):
    """Cluster roles for the platform's kinds, and namespaces with rights, quota, limits and network policies.

    The deletion of a namespace deletes everything that a team created in it, load balancers and volumes included: it
    must depend on every controller that cleans up after workloads.
    """

    def __init__(
        self,
        name: str,
        namespaces: Mapping[str, TeamNamespace],
        cluster: OnCluster,
        *,
        resources: Mapping[str, list[str]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Declare the roles, and each namespace with what belongs to it.

        namespaces: settings by the namespace's name. resources: API group to the plural names of the kinds that teams
        may use in addition to those of Kubernetes.
        """
        super().__init__("eks-platform:index:Teams", name, {}, opts)
        for role, rule in cluster_roles(resources).items():
            ClusterRole(
                f"{name}-{role}",
                metadata={"name": f"platform-{role}", "labels": dict.fromkeys(AGGREGATED[role], "true")},
                rules=rule,
                opts=pulumi.ResourceOptions(parent=self),
            )
        for key, team in namespaces.items():
            self._namespace(f"{name}-{key}", key, team, cluster.kubernetes_version)
        self.register_outputs({})

    def _namespace(self, name: str, key: str, team: TeamNamespace, kubernetes_version: str) -> None:
        namespace = secured_namespace(
            name,
            key,
            kubernetes_version,
            # Time for the deletion of the team's load balancers and volumes.
            pulumi.ResourceOptions(parent=self, custom_timeouts=pulumi.CustomTimeouts(delete="30m")),
            standard=team.pod_security.value,
            labels=team.labels,
            annotations=team.annotations,
        )
        inside = pulumi.ResourceOptions(parent=self, depends_on=[namespace])
        for role, groups in {"edit": team.editors, "view": team.viewers}.items():
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
            spec={"limits": limit_range(team.defaults, team.maximum)},
            opts=inside,
        )
        if hard := quota_limits(team.quota):
            ResourceQuota(
                f"{name}-quota",
                metadata={"name": "platform-quota", "namespace": key},
                spec={"hard": hard},
                opts=inside,
            )
        if team.isolated:
            NetworkPolicy(
                f"{name}-network",
                metadata={"name": "platform-default", "namespace": key},
                spec=network_policy(team.allowed_namespaces),
                opts=inside,
            )


RBAC: Final = "rbac.authorization.k8s.io"
READ: Final = ["get", "list", "watch"]
WRITE: Final = ["create", "delete", "deletecollection", "patch", "update"]
AGGREGATED: Final = {
    "edit": [f"{RBAC}/aggregate-to-edit", f"{RBAC}/aggregate-to-admin"],
    "view": [f"{RBAC}/aggregate-to-view"],
}
"""Labels by which Kubernetes adds the rules of a role to its own `admin`, `edit` and `view`, for all who have one of
these by a RoleBinding. EKS access policies are fixed by AWS and cannot be extended.

https://kubernetes.io/docs/reference/access-authn-authz/rbac/#aggregated-clusterroles,
https://github.com/aws/containers-roadmap/issues/2349"""


def cluster_roles(resources: Mapping[str, list[str]]) -> dict[str, list[PolicyRuleArgsDict]]:
    """Return the rules of the roles "edit" and "view" for kinds by their API groups."""
    return {
        role: [{"api_groups": [group], "resources": kinds, "verbs": verbs} for group, kinds in resources.items()]
        for role, verbs in {"edit": WRITE, "view": READ}.items()
    }


def limit_range(defaults: ContainerDefaults, maximum: Maximum) -> list[LimitRangeItemArgsDict]:
    """Return the entries of a LimitRange (https://kubernetes.io/docs/concepts/policy/limit-range/).

    Without a CPU limit, unless the settings have one: it throttles a container while the node's CPUs are idle.
    """
    container: LimitRangeItemArgsDict = {
        "type": "Container",
        "default_request": {"cpu": defaults.cpu, "memory": defaults.memory},
        "default": {**({"cpu": defaults.cpu_limit} if defaults.cpu_limit else {}), "memory": defaults.memory},
    }
    largest = {name: limit for name, limit in (("cpu", maximum.cpu), ("memory", maximum.memory)) if limit}
    if largest:
        container["max"] = largest
    if not maximum.volume:
        return [container]
    return [container, {"type": "PersistentVolumeClaim", "max": {"storage": maximum.volume}}]


def quota_limits(quota: Quota) -> dict[str, str]:
    """Return the `hard` limits of a ResourceQuota (https://kubernetes.io/docs/concepts/policy/resource-quotas/)."""
    limits = {
        "requests.cpu": quota.cpu,
        "requests.memory": quota.memory,
        "pods": quota.pods,
        "persistentvolumeclaims": quota.volumes,
        "services.loadbalancers": quota.load_balancers,
        "limits.cpu": quota.cpu_limits,
        "limits.memory": quota.memory_limits,
        "requests.storage": quota.storage,
        **{f"requests.{device}": limit for device, limit in quota.devices.items()},
        **quota.objects,
    }
    return {name: str(limit) for name, limit in limits.items() if limit is not None}


def network_policy(allowed: Sequence[str] = ()) -> NetworkPolicySpecArgsDict:
    """Return the spec of a NetworkPolicy for all pods: connections from the namespace, from Traefik, from `allowed`.

    allowed: other namespaces by their names. Outbound connections are not restricted: their destinations differ from
    team to team.
    """
    others: list[NetworkPolicyPeerArgsDict] = [
        {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": name}}} for name in (TRAEFIK, *allowed)
    ]
    return {
        "pod_selector": {},
        "policy_types": ["Ingress"],
        "ingress": [{"from_": [{"pod_selector": {}}, *others]}],
    }
