"""Rules about IAM roles for the service accounts of applications."""

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from settings.cluster import Access, Cluster, Identity
from settings.compute import FargateProfile
from settings.extra_charts import ExtraChart
from settings.namespaces import platform_namespaces
from settings.platform import Platform
from settings.problems import Problem, place
from settings.rules.extra_charts import rights
from settings.rules.registry import rule
from settings.teams import TeamNamespace
from settings.workload_roles import ServiceAccount, WorkloadRole


@rule
def _rights_of_roles(workload_roles: dict[str, WorkloadRole], access: Access) -> Iterator[Problem]:
    for name, role in workload_roles.items():
        path = place("workloadRoles", name)
        own = [
            key for key, given in (("statements", role.statements), ("managedPolicies", role.managed_policies)) if given
        ]
        if not own and not role.target_role and not role.existing_role:
            expected = "expected statements, managedPolicies, targetRole or existingRole"
            yield Problem(path, "a role that may do nothing", expected)
        if role.existing_role:
            for key in own:
                yield Problem(f"{path}.{key}", "set", "expected none: the rights of existingRole are managed elsewhere")
        for key, arn in (("targetRole", role.target_role), ("existingRole", role.existing_role)):
            if arn and ":role/" not in arn:
                yield Problem(f"{path}.{key}", arn, "expected a role: nobody assumes a user")
            if arn == access.deployer:
                expected = "expected another role: the pods would have every right of access.deployer"
                yield Problem(f"{path}.{key}", arn, expected)
        yield from rights(path, role)


@rule
def _pod_identity(workload_roles: dict[str, WorkloadRole], cluster: Cluster, platform: Platform) -> Iterator[Problem]:
    # https://docs.aws.amazon.com/eks/latest/APIReference/API_CreatePodIdentityAssociation.html
    for name, role in workload_roles.items():
        path = place("workloadRoles", name)
        if not role.session_tags and cluster.identity is Identity.IRSA:
            expected = "expected true, or cluster.identity: pod-identity: IRSA adds no session tags"
            yield Problem(f"{path}.sessionTags", "false", expected)
        elif not role.session_tags and not role.existing_role:
            expected = "expected true, or existingRole: the trust policy of a new role requires the tags"
            yield Problem(f"{path}.sessionTags", "false", expected)
        elsewhere = platform.account and role.existing_role and f"::{platform.account}:" not in role.existing_role
        if elsewhere and cluster.identity is Identity.POD_IDENTITY:
            expected = f"expected a role of account {platform.account}: Pod Identity requires it; see targetRole"
            yield Problem(f"{path}.existingRole", str(role.existing_role), expected)


def _accounts(workload_roles: Mapping[str, WorkloadRole]) -> Iterator[tuple[str, ServiceAccount, WorkloadRole]]:
    for name, role in workload_roles.items():
        for index, account in enumerate(role.service_accounts):
            yield f"{place('workloadRoles', name)}.serviceAccounts[{index}]", account, role


@rule
def _service_accounts(
    workload_roles: dict[str, WorkloadRole],
    extra_charts: dict[str, ExtraChart],
    team_namespaces: dict[str, TeamNamespace],
    sections: Mapping[str, Any],
) -> Iterator[Problem]:
    """A service account has one role, and the platform's are the program's own."""
    taken = {
        (chart.namespace_name(name), chart.role.service_account): place("extraCharts", name, "role")
        for name, chart in extra_charts.items()
        if chart.role
    }
    own = platform_namespaces({**sections, "extra_charts": {}})
    for path, account, role in _accounts(workload_roles):
        found = f"{account.namespace}/{account.name}"
        first = taken.setdefault((account.namespace, account.name), path)
        if first != path:
            yield Problem(path, found, f"expected one role for each service account: {first} has it too")
        if account.namespace in own:
            yield Problem(path, found, "expected a namespace of applications: this one is the platform's")
        elif role.create_service_accounts and account.namespace not in team_namespaces:
            expected = "expected a namespace of teamNamespaces, or createServiceAccounts: false"
            yield Problem(path, found, expected)


@rule
def _roles_on_fargate(
    workload_roles: dict[str, WorkloadRole], cluster: Cluster, fargate_profiles: dict[str, FargateProfile]
) -> Iterator[Problem]:
    # https://docs.aws.amazon.com/eks/latest/userguide/pod-identities.html#pod-id-restrictions
    patterns = [selector.namespace for profile in fargate_profiles.values() for selector in profile.selectors]
    for path, account, _ in _accounts(workload_roles):
        on_fargate = any(fnmatchcase(account.namespace, pattern) for pattern in patterns)
        if cluster.identity is Identity.POD_IDENTITY and on_fargate:
            found = f"{account.namespace}/{account.name}"
            yield Problem(path, found, "expected cluster.identity: irsa: pods on Fargate get no role by Pod Identity")
