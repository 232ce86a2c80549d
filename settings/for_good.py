"""Settings that are for good once the cluster is there: a change ends before anything is done.

Each would make Pulumi replace, or leave behind, what cannot be replaced under a cluster that runs. FOR_GOOD is the one
table of them: it refuses, and docs/reference.md shows it.
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

WAY: Final = 'Another value needs a second cluster: docs/operations.md, "Settings that are for good"'


@dataclass(frozen=True)
class ForGood:
    """A setting that stays as it was when the cluster was made.

    path: of the setting. why: what a change would do, as a sentence. source: the page that says so. wanted: what the
    stack file says, None where it leaves the choice open. kept: what the cluster has, None where it is not known or
    does not bind.
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
        expected = "expected it left out" if kept == ABSENT else f"expected {kept}"
        return Problem(self.path, wanted, f"{expected}, as the running cluster has it. {self.why} {WAY}")


def _network(stack: Stack) -> str | None:
    existing = stack.network.existing
    if existing is None:
        return OWN
    return existing.stack or existing.vpc_id


def _pod_cidr(stack: Stack) -> str | None:
    return str(stack.network.pod_cidr or ABSENT)


FOR_GOOD: Final = (
    ForGood(
        "platform.name",
        "EKS renames no cluster: Pulumi would delete it and make another.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-cluster.html",
        lambda stack: stack.platform.name,
        lambda cluster: cluster.name,
    ),
    ForGood(
        "platform.region",
        "Nothing moves to another region: Pulumi would make everything anew.",
        "https://www.pulumi.com/registry/packages/aws/api-docs/provider/",
        lambda stack: stack.platform.region,
        lambda cluster: cluster.region,
    ),
    ForGood(
        "platform.iamPath",
        "EKS changes the role of no cluster: Pulumi would replace the role, and with it the cluster.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-cluster.html",
        lambda stack: stack.platform.iam_path or "/",
        lambda cluster: cluster.iam_path,
    ),
    ForGood(
        "network.ipFamily",
        "EKS changes the address family of no cluster: Pulumi would delete it and make another.",
        "https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html",
        lambda stack: stack.network.ip_family.value,
        lambda cluster: cluster.ip_family,
    ),
    ForGood(
        "network.cidr",
        "Another range is another VPC, and the cluster stays in the VPC it was made in.",
        "https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-vpc.html",
        lambda stack: str(stack.network.cidr) if stack.network.cidr else None,
        lambda cluster: cluster.cidr,
    ),
    ForGood(
        "network.podCidr",
        "Pods have addresses in these subnets, which AWS then does not delete. One can be added, and then stays.",
        "https://docs.aws.amazon.com/vpc/latest/userguide/subnet-deleting.html",
        _pod_cidr,
        lambda cluster: cluster.pod_cidr,
    ),
    ForGood(
        "network.existing",
        "A cluster stays in the VPC it was made in.",
        "https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterConfig.html",
        _network,
        lambda cluster: cluster.network,
    ),
    ForGood(
        "cluster.secretsKey",
        "EKS goes on with the key that it was given first: without it, every Kubernetes secret is lost.",
        "https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html",
        lambda stack: stack.cluster.secrets_key or ABSENT,
        lambda cluster: ABSENT if cluster.made_key else cluster.secrets_key,
    ),
    ForGood(
        "cluster.identity",
        "The roles in use would be deleted under the pods that use them, which nothing restarts.",
        "https://github.com/hashicorp/terraform-provider-aws/issues/30645",
        lambda stack: stack.cluster.identity.value,
        lambda cluster: cluster.identity,
    ),
)
"""In the order of the reference. `network.zones` has rules of its own: zones may be added."""


def changes_for_good(stack: Stack, state: State) -> Iterator[Problem]:
    """Yield a problem for each setting of a stack that the cluster in its state rules out."""
    cluster = running(state)
    if cluster is not None:
        found = (setting.problem(stack, cluster) for setting in FOR_GOOD)
        yield from (problem for problem in found if problem)
