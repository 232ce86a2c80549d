"""Rules about teams, and about namespaces that are ready for teams."""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from pydantic.alias_generators import to_camel

from facts import namespaces
from facts.admission_policies import EKS_NAMESPACES, KUBERNETES_NAMESPACES
from settings.argo_cd import GitOps
from settings.cluster import Access, Cluster
from settings.extra_charts import ExtraChart
from settings.namespaces import platform_namespaces
from settings.problems import Problem, place
from settings.quantities import number
from settings.rules.registry import repeated, rule
from settings.teams import Team, TeamNamespace, editors_of, viewers_of
from settings.words import either


@rule
def _whose(
    team_namespaces: dict[str, TeamNamespace], cluster: Cluster, sections: Mapping[str, Any]
) -> Iterator[Problem]:
    taken = {*platform_namespaces(sections), *KUBERNETES_NAMESPACES, *EKS_NAMESPACES, "default"}
    if cluster.capabilities.argo_cd:
        taken.add(namespaces.ARGO_CD)
    for name in team_namespaces:
        if name in taken:
            found = "taken"
            yield Problem(place("teamNamespaces", name), found, "expected another name: it exists already, for others")


@rule
def _groups_of_teams(team_namespaces: dict[str, TeamNamespace]) -> Iterator[Problem]:
    for name, team in team_namespaces.items():
        path = place("teamNamespaces", name)
        yield from repeated(f"{path}.editors", team.editors)
        yield from repeated(f"{path}.viewers", team.viewers)


@rule
def _level_of_a_set(team_namespaces: dict[str, TeamNamespace], git_ops: GitOps | None) -> Iterator[Problem]:
    """Argo CD writes the set's level onto the namespace, and this program the namespace's own."""
    for name, team in team_namespaces.items():
        for key, folders in git_ops.sets.items() if git_ops else ():
            level = folders.pod_security
            prefix = folders.namespace_prefix
            if prefix and name.startswith(prefix) and team.pod_security is not level:
                path = place("teamNamespaces", name, "podSecurity")
                yield Problem(path, team.pod_security, f"expected {level}: gitOps.sets.{key} gives it that level")


@rule
def _kinds_of_charts(extra_charts: dict[str, ExtraChart]) -> Iterator[Problem]:
    for name, chart in extra_charts.items():
        yield from repeated(f"{place('extraCharts', name)}.teamResources", chart.team_resources)


@rule
def _members(teams: dict[str, Team], access: Access) -> Iterator[Problem]:
    for name, team in teams.items():
        yield from repeated(place("teams", name), [*team.principals, *team.viewers])
    groups = {group for name in teams for group in (editors_of(name), viewers_of(name))}
    for name, entry in access.entries.items():
        for group in entry.groups:
            if group.startswith(editors_of("")) and group not in groups:
                known = either(sorted(groups)) if groups else "another name: groups of teams begin like this"
                yield Problem(place("access", "entries", name, "groups"), group, f"expected {known}")


@rule
def _shares(team_namespaces: dict[str, TeamNamespace]) -> Iterator[Problem]:
    for name, share in team_namespaces.items():
        path = place("teamNamespaces", name)
        yield from repeated(f"{path}.allowedNamespaces", share.allowed_namespaces)
        if share.allowed_namespaces and not share.isolated:
            yield Problem(f"{path}.allowedNamespaces", "set", "expected isolated: true: without it all may connect")
        for key in (key for key in (*share.labels, *share.annotations) if RESERVED.search(key.partition("/")[0])):
            what = "labels" if key in share.labels else "annotations"
            expected = "expected a key that neither Kubernetes nor this program sets"
            yield Problem(place("teamNamespaces", name, what, key), "reserved", expected)
        if share.quota.cpu_limits and not (share.defaults.cpu_limit or share.maximum.cpu):
            expected = "expected defaults.cpuLimit or maximum.cpu too: each container must then have a CPU limit"
            yield Problem(f"{path}.quota.cpuLimits", share.quota.cpu_limits, expected)
        for less, more in AT_MOST:
            small, large = (getattr(getattr(share, part), name) for part, name in (less, more))
            if small and large and number(small) > number(large):
                limit = ".".join(map(to_camel, more))
                yield Problem(f"{path}.{'.'.join(map(to_camel, less))}", small, f"expected at most {limit}, {large}")


RESERVED: Final = re.compile(r"(^|\.)(kubernetes|k8s)\.io$")
"""https://kubernetes.io/docs/reference/labels-annotations-taints/"""

AT_MOST: Final = (
    (("defaults", "cpu"), ("defaults", "cpu_limit")),
    (("defaults", "cpu"), ("maximum", "cpu")),
    (("defaults", "cpu_limit"), ("maximum", "cpu")),
    (("defaults", "memory"), ("maximum", "memory")),
    (("defaults", "cpu"), ("quota", "cpu")),
    (("defaults", "memory"), ("quota", "memory")),
    (("defaults", "cpu_limit"), ("quota", "cpu_limits")),
    (("defaults", "memory"), ("quota", "memory_limits")),
)
"""Of each pair the first may not be more than the second.

The API server refuses a LimitRange whose defaults exceed its maximum, and every container that takes a default which
exceeds the quota: https://kubernetes.io/docs/concepts/policy/limit-range/"""
