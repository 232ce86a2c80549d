"""Rules about Fargate."""

from collections.abc import Iterator, Mapping
from typing import Any

from settings.addons import Addons
from settings.cluster import Cluster, Identity
from settings.compute import FargateProfile, NodeGroup, OperationsPods
from settings.descheduler import Descheduler
from settings.karpenter import Karpenter
from settings.namespaces import own_namespaces, platform_namespaces
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.registry import rule
from settings.teams import TeamNamespace


@rule
def _profiles_for_every_namespace(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    karpenter: Karpenter | None,
    team_namespaces: dict[str, TeamNamespace],
    sections: Mapping[str, Any],
) -> Iterator[Problem]:
    """All pods are on Fargate where there are no nodes; those of the platform are where Karpenter launches the nodes.

    Otherwise a node would have to be there for the controllers without which none is launched or ready.
    """
    if node_groups or not fargate_profiles:
        return
    reason = (
        "the platform's pods cannot wait for nodes of Karpenter" if karpenter else "there are no nodes for its pods"
    )
    wanted = own_namespaces(sections) if karpenter else (*platform_namespaces(sections), *team_namespaces)
    for namespace in wanted:
        if not any(profile.takes_all(namespace) for profile in fargate_profiles.values()):
            yield Problem("fargateProfiles", f"none takes {namespace}", f"expected one: {reason}")


@rule
def _fargate_only(
    node_groups: dict[str, NodeGroup],
    fargate_profiles: dict[str, FargateProfile],
    karpenter: Karpenter | None,
    cluster: Cluster,
    addons: Addons,
) -> Iterator[Problem]:
    if node_groups or not fargate_profiles:
        return
    if cluster.identity is not Identity.IRSA:
        yield Problem("cluster.identity", cluster.identity.value, "expected irsa: Fargate has no Pod Identity agent")
    # Together with Karpenter, its controller runs on Fargate, and its DaemonSet on the nodes.
    # https://docs.aws.amazon.com/eks/latest/userguide/ebs-csi.html
    if addons.ebs_csi and not karpenter:
        yield Problem("addons.ebsCsi", "true", "expected false: Fargate pods take no EBS volumes")


@rule
def _no_node_selector(
    node_groups: dict[str, NodeGroup], fargate_profiles: dict[str, FargateProfile], operations_pods: OperationsPods
) -> Iterator[Problem]:
    if fargate_profiles and not node_groups and operations_pods.node_selector:
        expected = "expected none: the platform's pods run on Fargate, which has no nodes to select"
        yield Problem("operationsPods.nodeSelector", "set", expected)


@rule
def _descheduler(
    node_groups: dict[str, NodeGroup],
    karpenter: Karpenter | None,
    fargate_profiles: dict[str, FargateProfile],
    descheduler: Descheduler | None,
) -> Iterator[Problem]:
    if descheduler and fargate_profiles and not (node_groups or karpenter):
        yield Problem("descheduler", "set", "expected none: on Fargate each pod has a node of its own")


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
            if node_groups and profile.takes_all(namespace):
                path = place("fargateProfiles", name)
                yield Problem(path, f"takes {namespace}", "expected other namespaces: its pods are placed on nodes")
