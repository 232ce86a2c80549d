"""Settings that cannot be changed while the cluster exists: a change is refused before a resource is registered.

A change would make Pulumi replace resources that a running cluster needs, or leave them behind. IMMUTABLE lists these
settings for the check and for docs/reference.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from settings.deployed import OWN, Running, State, running
from settings.problems import Problem

if TYPE_CHECKING:
    from settings.stack import Stack

ABSENT: Final = "absent"

WAY: Final = 'Another value requires a second cluster: docs/operations.md, "Settings that cannot be changed"'


@dataclass(frozen=True)
class Immutable:
    """A setting whose value is fixed when the cluster is created.

    path: of the setting. why: what a change would do, as a sentence. source: the page that documents it. wanted: the
    value in the stack file; None: the stack file does not choose one. kept: the value of the cluster; None: unknown, or
    it may change.
    """

    path: str
    why: str
    source: str
    wanted: Callable[[Stack], str | None]
    kept: Callable[[Running], str | None]

    def problem(self, stack: Stack, cluster: Running) -> Problem | None:
        """Return what is wrong with the setting in view of the cluster that runs, or None."""
        wanted, kept = self.wanted(stack), self.kept(cluster)
        if wanted is None or kept is None or wanted == kept:
            return None
        expected = "expected no value" if kept == ABSENT else f"expected {kept}"
        return Problem(self.path, wanted, f"{expected}, as the running cluster has it. {self.why} {WAY}")


def _network(stack: Stack) -> str | None:
    existing = stack.network.existing
    if existing is None:
        return OWN
    return existing.stack or existing.vpc_id


def _control_plane_subnets(stack: Stack) -> str | None:
    existing = stack.network.existing
    return (existing.control_plane_subnet_list or ABSENT) if existing and not existing.stack else None


def _pod_cidr(stack: Stack) -> str | None:
    return str(stack.network.pod_cidr or ABSENT)


IMMUTABLE: Final = (
    Immutable(
        "platform.name",
        "EKS cannot rename a cluster: Pulumi would delete it and create another.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-cluster.html",
        lambda stack: stack.platform.name,
        lambda cluster: cluster.name,
    ),
    Immutable(
        "platform.region",
        "Resources cannot be moved to another region: Pulumi would create all of them again.",
        "https://www.pulumi.com/registry/packages/aws/api-docs/provider/",
        lambda stack: stack.platform.region,
        lambda cluster: cluster.region,
    ),
    Immutable(
        "platform.account",
        "Resources cannot be moved to another account: Pulumi would not find them there, and create all of them again.",
        "https://www.pulumi.com/registry/packages/aws/api-docs/provider/",
        lambda stack: stack.platform.account,
        lambda cluster: cluster.account,
    ),
    Immutable(
        "platform.iamPath",
        "EKS cannot change the role of a cluster: Pulumi would replace the role, and the cluster with it.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-cluster.html",
        lambda stack: stack.platform.iam_path or "/",
        lambda cluster: cluster.iam_path,
    ),
    Immutable(
        "network.ipFamily",
        "EKS cannot change the address family of a cluster: Pulumi would delete it and create another.",
        "https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html",
        lambda stack: stack.network.ip_family.value,
        lambda cluster: cluster.ip_family,
    ),
    Immutable(
        "network.cidr",
        "Another range requires another VPC, and a cluster cannot be moved to another VPC.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html",
        lambda stack: str(stack.network.cidr) if stack.network.cidr else None,
        lambda cluster: cluster.cidr,
    ),
    Immutable(
        "network.podCidr",
        "AWS does not delete subnets in which pods have addresses. A range can be added, but not changed or removed.",
        "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html",
        _pod_cidr,
        lambda cluster: cluster.pod_cidr,
    ),
    Immutable(
        "network.existing",
        "A cluster cannot be moved to another VPC.",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
        _network,
        lambda cluster: cluster.network,
    ),
    Immutable(
        "network.existing.controlPlaneSubnets",
        "EKS accepts other subnets in the same zones only, so the program keeps those of the cluster's creation.",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
        _control_plane_subnets,
        lambda cluster: None if cluster.control_plane_subnets is None else cluster.control_plane_subnets or ABSENT,
    ),
    Immutable(
        "cluster.serviceCidr",
        "EKS cannot change the range of Services: Pulumi would delete the cluster and create another.",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html",
        lambda stack: str(stack.cluster.service_cidr) if stack.cluster.service_cidr else None,
        lambda cluster: cluster.service_cidr,
    ),
    Immutable(
        "cluster.secretsKey",
        "EKS keeps using the first key: if it is deleted, every Kubernetes secret is lost.",
        "https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html",
        lambda stack: stack.cluster.secrets_key or ABSENT,
        lambda cluster: ABSENT if cluster.made_key else cluster.secrets_key,
    ),
    Immutable(
        "cluster.identity",
        "The roles would be deleted while pods still use them, and nothing restarts these pods.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/30645",
        lambda stack: stack.cluster.identity.value,
        lambda cluster: cluster.identity,
    ),
)
"""In the order of the reference. `network.zones` has rules of its own: zones may be added."""


def immutable_changes(stack: Stack, state: State) -> Iterator[Problem]:
    """Yield a problem for each setting of a stack that the cluster in its state rules out."""
    cluster = running(state)
    if cluster is not None:
        found = (setting.problem(stack, cluster) for setting in IMMUTABLE)
        yield from (problem for problem in found if problem)
