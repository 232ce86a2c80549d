"""Rules about EKS capabilities."""

from collections.abc import Iterator

from facts.partitions import partition_of
from settings.argo_cd import ArgoCd
from settings.cluster import Cluster
from settings.platform import Platform
from settings.problems import Problem
from settings.rules.extra_charts import policy_names
from settings.rules.registry import repeated, rule


@rule
def _capabilities(cluster: Cluster, platform: Platform) -> Iterator[Problem]:
    """https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html."""
    path, given = "cluster.capabilities", cluster.capabilities
    partition = partition_of(platform.region)
    if (given.ack or given.kro or given.argo_cd) and partition != "aws":
        yield Problem(path, "set", f"expected none in {partition}: EKS has capabilities in commercial regions only")
    if (given.ack or given.kro or given.argo_cd) and platform.iam_path:
        # The pattern of `RoleArn` in AWS::EKS::Capability allows no path.
        yield Problem(
            path, "set, with platform.iamPath", "expected no platform.iamPath: EKS takes a role without a path"
        )
    policies = {"ack": given.ack.managed_policies if given.ack else []}
    policies["argoCd"] = given.argo_cd.managed_policies if given.argo_cd else []
    for key, arns in policies.items():
        yield from repeated(f"{path}.{key}.managedPolicies", arns)
        yield from policy_names(f"{path}.{key}.managedPolicies", arns)
    if given.argo_cd:
        groups = [*given.argo_cd.admins, *given.argo_cd.editors, *given.argo_cd.viewers]
        yield from repeated(f"{path}.argoCd", groups)


@rule
def _one_argo_cd(cluster: Cluster, argo_cd: ArgoCd | None) -> Iterator[Problem]:
    if cluster.capabilities.argo_cd and argo_cd:
        yield Problem(
            "argoCd", "set", "expected none together with cluster.capabilities.argoCd: both have the same kinds"
        )
