"""Rules about Fargate."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from settings.addons import Addons
from settings.cluster import Cluster, Identity
from settings.compute import FargateProfile, NodeGroup, OperationsPods
from settings.descheduler import Descheduler
from settings.namespaces import platform_namespaces
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.registry import rule
from settings.teams import TeamNamespace


@rule
def _profiles_for_every_namespace(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    team_namespaces: dict[str, TeamNamespace],
    sections: Mapping[str, Any],
) -> Iterator[Problem]:
    if node_groups or not fargate_profiles:
        return
    for namespace in (*platform_namespaces(sections), *team_namespaces):
        if not any(takes_all(profile, namespace) for profile in fargate_profiles.values()):
            yield Problem("fargateProfiles", f"none takes {namespace}", "expected one: there are no nodes for its pods")


@rule
def _fargate_only(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    cluster: Cluster,
    addons: Addons,
    operations_pods: OperationsPods,
) -> Iterator[Problem]:
    if node_groups or not fargate_profiles:
        return
    if cluster.identity is not Identity.IRSA:
        yield Problem("cluster.identity", cluster.identity.value, "expected irsa: Fargate has no Pod Identity agent")
    if addons.ebs_csi:
        yield Problem("addons.ebsCsi", "true", "expected false: Fargate pods take no EBS volumes")
    if operations_pods.node_selector:
        yield Problem("operationsPods.nodeSelector", "set", "expected none: there are no nodes to select")


@rule
def _descheduler(
    node_groups: dict[str, NodeGroup], fargate_profiles: dict[str, FargateProfile], descheduler: Descheduler | None
) -> Iterator[Problem]:
    if descheduler and fargate_profiles and not node_groups:
        yield Problem("descheduler", "set", "expected none: on Fargate each pod has a node of its own")


def takes_all(profile: FargateProfile, namespace: str) -> bool:
    """Tell whether a profile takes every pod of a namespace, whatever its labels."""
    return any(fnmatchcase(namespace, selector.namespace) and not selector.labels for selector in profile.selectors)


@rule
def _fargate_profiles(
    platform: Platform,
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    sections: Mapping[str, Any],
) -> Iterator[Problem]:
    if fargate_profiles and platform.name.startswith("eks-"):
        found = platform.name
        yield Problem("platform.name", found, "expected another beginning: AWS refuses it for a Fargate profile")
    for name, profile in fargate_profiles.items():
        for namespace in platform_namespaces(sections):
            if node_groups and takes_all(profile, namespace):
                path = place("fargateProfiles", name)
                yield Problem(path, f"takes {namespace}", "expected other namespaces: its pods are placed on nodes")
